package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"candor/internal/crew"
	"candor/internal/door"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/mapping"
	"candor/internal/scratch"
)

// bringPath is the page on which files of evidence are brought.
const bringPath = "/bring"

// Bounds of what is brought.
const (
	// mostBytes and mostFiles bound what is brought at once; more is added on the command
	// line.
	mostBytes = 256 << 20
	mostFiles = 50
	// mostBrought is how many wait to land at once, in all browsers, and keptFor how long.
	mostBrought = 8
	keptFor     = time.Hour
	// bringTime is how long sending files, and a look at them, may take.
	bringTime = 10 * time.Minute
	// mostShown is how many records are shown as they would land.
	mostShown = 10
	// atOnce is how long a page waits for a look or a landing to end, before it says that
	// it is under way.
	atOnce = 2 * time.Second
)

// Bringer checks files of evidence, and lands them.
type Bringer interface {
	Check(ctx context.Context, r ingest.Request) (ingest.Check, error)
	Add(ctx context.Context, r ingest.Request) (ingest.Result, error)
}

// Stages of what is brought.
const (
	stageChecking = "checking"
	stageChecked  = "checked"
	stageWrong    = "wrong"
	stageLanding  = "landing"
	stageLanded   = "landed"
)

// brought is files that a person brought, in a folder of their own. They do not change:
// what was checked is what lands.
type brought struct {
	ID, Browser string
	Folder      *scratch.Folder
	Names       []string
	Bytes       int64
	// SHA256 is over the bytes of the files in order, each behind its name.
	SHA256 string
	At     time.Time
	// Kind and Format are what the person says, empty where the content tells; Mapping is
	// the text of a mapping, empty without one.
	Kind, Format, Mapping string
	// Choice is what the person chose of a proposed mapping, nil for nothing yet, and
	// Dates the order of day and month.
	Choice *mapping.Choice
	Dates  string

	Stage       string
	Done, Total int64
	Told        string // the kind that was told or said
	Check       *ingest.Check
	Proposed    *ingest.Proposed
	Result      *ingest.Result
	Wrong, Hint string
}

// tray is what was brought and has not been forgotten.
type tray struct {
	mu  sync.Mutex
	all []*brought
}

// look returns a copy of what a browser brought; false where it brought no such thing.
func (p *tray) look(id, browser string) (brought, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.all, func(b *brought) bool { return b.ID == id && b.Browser == browser && browser != "" })
	if i < 0 {
		return brought{}, false
	}
	return *p.all[i], true
}

// change changes what was brought, and reports whether it is still there and may be.
func (p *tray) change(id string, do func(b *brought) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.all, func(b *brought) bool { return b.ID == id })
	return i >= 0 && do(p.all[i])
}

// add keeps what was brought, and forgets what is old or too much.
func (p *tray) add(b *brought, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, b)
	busy := func(o *brought) bool { return o.Stage == stageChecking || o.Stage == stageLanding }
	for i, over := 0, len(p.all)-mostBrought; i < len(p.all); {
		o := p.all[i]
		if o != b && !busy(o) && (over > 0 || now.Sub(o.At) > keptFor) {
			_ = o.Folder.Remove() // what cannot be removed now is collected later
			p.all = slices.Delete(p.all, i, i+1)
			over--
			continue
		}
		i++
	}
}

// drop forgets what was brought.
func (p *tray) drop(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, func(b *brought) bool {
		if b.ID == id {
			_ = b.Folder.Remove()
		}
		return b.ID == id
	})
}

// bringView is the page of files that are brought.
type bringView struct {
	frame
	// B is what was brought; nil where files are still to be chosen.
	B *brought
	// Kinds are what files may be said to be, with the formats of each.
	Kinds []kindChoice
	// Mapped are the kinds that a mapping makes.
	Mapped    []choice
	Most      string
	MostFiles int
	Wrong     string
}

// kindChoice is a kind with its formats.
type kindChoice struct {
	choice
	Formats []choice
}

// Busy says that it is under way.
func (v bringView) Busy() bool {
	return v.B != nil && (v.B.Stage == stageChecking || v.B.Stage == stageLanding)
}

// Columns are the names that the shown records have, in an order that keeps the first's.
func columnsOf(records []map[string]any) []string {
	seen := map[string]bool{}
	var names []string
	for _, r := range records {
		for name := range r {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Columns are the names of the records that are shown.
func (v bringView) Columns() []string { return columnsOf(v.Shown()) }

// Shown are the records as they would land.
func (v bringView) Shown() []map[string]any {
	switch {
	case v.B.Check != nil && len(v.B.Check.Shown) > 0:
		return v.B.Check.Shown
	case v.B.Proposed != nil:
		return v.B.Proposed.Shown
	}
	return nil
}

// Cell writes a value of a record.
func (bringView) Cell(record map[string]any, name string) string {
	switch v := record[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any:
		var parts []string
		for k, t := range v {
			parts = append(parts, fmt.Sprintf("%s: %v", k, t))
		}
		slices.Sort(parts)
		return strings.Join(parts, "; ")
	case []any:
		var parts []string
		for _, t := range v {
			parts = append(parts, fmt.Sprint(t))
		}
		return strings.Join(parts, ", ")
	default:
		return fmt.Sprint(v)
	}
}

// bringFrame readies the page.
func (s *site) bringFrame(r *http.Request, b *brought) (bringView, error) {
	fr, err := s.begin(r, "evidence", "Bring evidence")
	v := bringView{frame: fr, B: b, Most: size(mostBytes), MostFiles: mostFiles}
	for _, k := range ingest.Kinds() {
		c := kindChoice{choice: choice{Name: words(k), Value: k, Chosen: b != nil && b.Kind == k && b.Format == ""}}
		for _, f := range ingest.Formats() {
			if f.Kind == k && !strings.Contains(f.Name, "mapped") {
				c.Formats = append(c.Formats, choice{Name: f.Description, Value: k + "/" + f.Name, Chosen: b != nil && b.Kind == k && b.Format == f.Name})
			}
		}
		v.Kinds = append(v.Kinds, c)
	}
	for _, k := range mapping.Kinds() {
		v.Mapped = append(v.Mapped, choice{Name: words(k), Value: k, Chosen: b != nil && cmp.Or(b.Kind, b.Told, evidence.Alerts) == k})
	}
	return v, err
}

// bring shows the form on which files are chosen.
func (s *site) bring(_ http.ResponseWriter, r *http.Request) (done, error) {
	v, err := s.bringFrame(r, nil)
	return done{view: view{name: "bring", data: v}}, err
}

// broughtPage shows what would come of what was brought, or what came of it.
func (s *site) broughtPage(w http.ResponseWriter, r *http.Request) (done, error) {
	b, ok := s.tray.look(r.PathValue("id"), s.browser(r))
	if !ok {
		return done{}, fault.New(fault.NotFound, "this browser brought no such files, or they were forgotten").Next("bring them again; what landed is among the batches")
	}
	v, err := s.bringFrame(r, &b)
	if v.Busy() {
		w.Header().Set("Refresh", "1")
	}
	return done{view: view{name: "bring", data: v}}, err
}

// takeFiles takes files that a person sends, and has a look at them.
func (s *site) takeFiles(w http.ResponseWriter, r *http.Request) (done, error) {
	c := http.NewResponseController(w)
	until := time.Now().Add(bringTime)
	_ = errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until.Add(time.Minute))) // where they cannot be set, the usual ones hold
	r.Body = http.MaxBytesReader(w, r.Body, mostBytes+1<<20)
	b, err := s.receiveFiles(r)
	if err != nil {
		if k := fault.KindOf(err); k != fault.Usage && k != fault.Invalid {
			return done{}, err
		}
		v, failed := s.bringFrame(r, nil)
		v.Wrong = sentence(fault.HintOf(err))
		var f *fault.Error
		if errors.As(err, &f) {
			v.Wrong = sentence(f.What) + ". " + v.Wrong + "."
		}
		return done{view: view{name: "bring", status: http.StatusUnprocessableEntity, data: v}}, failed
	}
	s.tray.add(b, s.Clock())
	s.lookAt(b.ID)
	return done{to: fr(r, bringPath+"/"+b.ID)}, nil
}

// fr returns an address with the selection of a request.
func fr(r *http.Request, path string) string {
	sel, err := selected(r)
	if err != nil {
		return path
	}
	return sel.Link(path)
}

// receiveFiles streams the files of a request into a folder.
func (s *site) receiveFiles(r *http.Request) (b *brought, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, fault.New(fault.Usage, "what was sent holds no files").Because(err).Next("choose files on the page")
	}
	folder, err := scratch.Make(os.TempDir(), "candor-brought-")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the files cannot be kept for a look").Because(err).Next("make room in the folder of temporary files")
	}
	b = &brought{ID: rand.Text(), Browser: s.browser(r), Folder: folder, At: s.Clock(), Stage: stageChecking}
	defer func() {
		if err != nil {
			err = errors.Join(err, folder.Remove())
		}
	}()
	sum := sha256.New()
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b, unread(err)
		}
		if err := b.take(part, sum); err != nil {
			return b, err
		}
	}
	if len(b.Names) == 0 {
		return b, fault.New(fault.Usage, "no file was chosen").Next("choose one or several")
	}
	b.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return b, nil
}

// unread says why what was sent could not be read.
func unread(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return fault.New(fault.Usage, "the files have more than %s together", size(mostBytes)).Next("add them on the command line, where there is no such bound, or fewer at once")
	}
	return fault.New(fault.Usage, "the files did not come whole").Because(err).Next("send them again")
}

// take takes one part of a form: a file, or what the person says of the files.
func (b *brought) take(part *multipart.Part, sum io.Writer) error {
	defer part.Close()
	if part.FormName() != "file" {
		text, err := io.ReadAll(io.LimitReader(part, 200))
		if err != nil {
			return unread(err)
		}
		if part.FormName() == "as" {
			b.Kind, b.Format, _ = strings.Cut(string(text), "/")
		}
		return nil
	}
	name := plainFileName(part.FileName())
	if name == "" {
		return nil // the browser sends an empty part where none was chosen
	}
	if len(b.Names) == mostFiles {
		return fault.New(fault.Usage, "more than %d files were chosen", mostFiles).Next("pack them into one archive, or bring fewer at once")
	}
	if slices.ContainsFunc(b.Names, func(n string) bool { return strings.EqualFold(n, name) }) {
		return fault.New(fault.Usage, "two files are called %s", name).Next("rename one of them, or bring one after the other")
	}
	f, err := os.OpenFile(filepath.Join(b.Folder.Path(), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Unavailable, "a file cannot be kept for a look").Because(err).Next("make room in the folder of temporary files")
	}
	fmt.Fprintf(sum, "%s\x00", name)
	n, err := io.Copy(io.MultiWriter(f, sum), part)
	b.Names, b.Bytes = append(b.Names, name), b.Bytes+n
	if closed := f.Close(); err == nil && closed != nil {
		return fault.New(fault.Unavailable, "a file cannot be kept for a look").Because(closed).Next("make room in the folder of temporary files")
	}
	if err != nil {
		return unread(err)
	}
	return nil
}

// plainFileName returns the last part of the name of a file, without what no name of a
// file of ours has.
func plainFileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '/' || r == '\\' || r == unicode.ReplacementChar {
			return '_'
		}
		return r
	}, evidence.FileName(name))
	name = strings.TrimLeft(name, ". ")
	for len(name) > 120 { // its end tells what it is
		_, n := firstRune(name)
		name = name[n:]
	}
	return name
}

func firstRune(s string) (rune, int) {
	for i, r := range s {
		if i > 0 {
			return r, i
		}
	}
	return 0, len(s)
}

// request is what is asked of what was brought.
func (b *brought) request() ingest.Request {
	r := ingest.Request{Kind: b.Kind, Paths: b.Names, Format: b.Format, Dir: b.Folder.Path(), Show: mostShown, Dates: b.Dates}
	if b.Mapping != "" {
		r.Mapping = mappingFile
		r.Format = ""
	}
	return r
}

// mappingFile is the name of the mapping in the folder of what was brought. No file that
// is brought begins with a dot.
const mappingFile = ".mapping.yaml"

// lookAt checks what was brought, and returns when that has ended or takes long.
func (s *site) lookAt(id string) {
	s.work(id, func(b brought, tell func(done, total int64)) func(*brought) {
		chosen, err := b.compose()
		r := b.request()
		r.Progress = tell
		told := b.Kind
		if err == nil && told == "" {
			if told, err = r.KindOf(); err == nil {
				r.Kind = told
			} else if fault.KindOf(err) == fault.Usage { // which the form lists
				err = fault.New(fault.Usage, "which kind of evidence this is cannot be told from its content").
					Next("choose the kind below, or make a mapping of it").Because(err)
			}
		}
		var c ingest.Check
		if err == nil {
			c, err = s.Writing.Bring.Check(context.Background(), r)
		}
		p := chosen
		if p == nil && (err != nil && b.Mapping == "" || b.Mapping != "" && err != nil) {
			p = proposed(b, cmp.Or(told, evidence.Alerts))
		}
		return func(b *brought) {
			b.Told, b.Stage, b.Check, b.Proposed, b.Wrong, b.Hint = told, stageChecked, &c, p, "", ""
			if chosen != nil {
				b.Mapping = chosen.Text
			}
			if err != nil {
				b.Check = nil
				b.fail(err)
			}
		}
	})
}

// fail says why what was brought does not land as it is.
func (b *brought) fail(err error) {
	b.Stage, b.Wrong, b.Hint = stageWrong, "The files could not be read, for a reason of the server's own.", "the server's log says why"
	var f *fault.Error
	if errors.As(err, &f) && fault.KindOf(err) != fault.Internal {
		b.Wrong, b.Hint = sentence(f.What), forPages(f.Hint)
		if f.Where != "" {
			b.Wrong = evidence.FileName(f.Where) + ": " + f.What
		}
	}
}

// work does something with what was brought beside the request that asks for it, and
// returns when it has ended or takes long.
func (s *site) work(id string, do func(b brought, tell func(done, total int64)) func(*brought)) {
	var b brought
	if !s.tray.change(id, func(of *brought) bool { b = *of; return true }) {
		return
	}
	tell := func(done, total int64) {
		s.tray.change(id, func(of *brought) bool { of.Done, of.Total = done, total; return true })
	}
	ended := crew.Go(func() error {
		err := crew.Do(func() error {
			then := do(b, tell)
			s.tray.change(id, func(of *brought) bool { then(of); return true })
			return nil
		})
		if err != nil {
			s.Log.Error("what was brought failed", "error", err)
			s.tray.change(id, func(of *brought) bool { of.fail(err); return true })
		}
		return err
	})
	select {
	case <-ended:
	case <-time.After(atOnce):
	}
}

// askBrought does with what was brought what a person asks for: look again in another
// way, land, or forget it.
func (s *site) askBrought(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	id := r.PathValue("id")
	b, ok := s.tray.look(id, s.browser(r))
	if !ok {
		return done{}, fault.New(fault.NotFound, "this browser brought no such files, or they were forgotten").Next("bring them again; what landed is among the batches")
	}
	to := fr(r, bringPath+"/"+id)
	switch f.Get("do") {
	case "drop":
		s.tray.drop(id)
		return done{to: fr(r, bringPath)}, nil
	case "land":
		if f.Get("sha256") != b.SHA256 {
			return done{}, fault.New(fault.Usage, "what is to land is not what was checked").Next("go back to the page, and look at what was checked")
		}
		if !s.tray.change(id, func(of *brought) bool { return of.Stage == stageChecked && of.begin(stageLanding) }) {
			return done{to: to}, nil // it lands already, or has
		}
		s.land(id, door.Who(r.Context()).Author())
	default:
		text := strings.TrimSpace(plainLines(f.Get("mapping")))
		if !s.tray.change(id, func(of *brought) bool {
			if of.Stage != stageChecked && of.Stage != stageWrong || !of.begin(stageChecking) {
				return false
			}
			of.Kind, of.Format, _ = strings.Cut(f.Get("as"), "/")
			of.Mapping, of.Choice, of.Dates = text, nil, ""
			switch f.Get("do") {
			case "map":
			case "choose":
				of.Mapping = ""
				of.choose(f)
			default:
				of.Mapping = ""
			}
			return true
		}) {
			return done{to: to}, nil
		}
		if text != "" {
			if err := os.WriteFile(filepath.Join(b.Folder.Path(), mappingFile), []byte(text+"\n"), 0o600); err != nil {
				return done{}, fault.New(fault.Unavailable, "the mapping cannot be kept").Because(err).Next("make room in the folder of temporary files")
			}
		}
		s.lookAt(id)
	}
	return done{to: to}, nil
}

func (b *brought) begin(stage string) bool {
	b.Stage, b.Done, b.Total = stage, 0, 0
	return true
}

// land lands what was checked.
func (s *site) land(id, author string) {
	s.work(id, func(b brought, tell func(done, total int64)) func(*brought) {
		r := b.request()
		r.Kind, r.By, r.Progress = cmp.Or(b.Kind, b.Told), author, tell
		var res ingest.Result
		err := b.same()
		if err == nil {
			res, err = s.Writing.Bring.Add(context.Background(), r)
		}
		return func(b *brought) {
			b.Stage, b.Result = stageLanded, &res
			if err != nil {
				b.Result = nil
				b.fail(err)
			}
		}
	})
}

// same returns fault.Conflict unless the files are those that were checked.
func (b *brought) same() error {
	sum := sha256.New()
	for _, name := range b.Names {
		f, err := os.Open(filepath.Join(b.Folder.Path(), name))
		if err != nil {
			return fault.New(fault.Unavailable, "a file that was brought is gone").At("%s", name).Because(err).Next("bring it again")
		}
		fmt.Fprintf(sum, "%s\x00", name)
		_, err = io.Copy(sum, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return fault.New(fault.Unavailable, "a file that was brought cannot be read").At("%s", name).Because(err).Next("bring it again")
		}
	}
	if hex.EncodeToString(sum.Sum(nil)) != b.SHA256 {
		return fault.New(fault.Conflict, "the files are not those that were checked").Next("bring them again; nothing landed")
	}
	return nil
}
