package cli

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/day"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/ingest"
	"candor/internal/people"
	"candor/internal/policy"
	"candor/internal/sample"
	"candor/internal/token"
)

// gallery is what `candor gallery` is asked to do.
type gallery struct {
	dir, browser, only string
}

// exhibited is a page state that was rendered.
type exhibited struct {
	Name   string `json:"name"`
	Says   string `json:"says"`
	Path   string `json:"path"`
	Status int    `json:"status"`
	File   string `json:"file"`
	// Pictures are files beside it, where a browser made any.
	Pictures []string `json:"pictures,omitempty"`
	body     []byte
}

func (p *program) galleryCommand() *cobra.Command {
	var g gallery
	c := &cobra.Command{
		Use:   "gallery DIR",
		Short: "Render every page state of the demonstration to files",
		Long: `Gallery renders the pages of the demonstration to a new folder, as HTML files with an
index: every page, empty and wrong states, forms that were refused, and what a browser
with a session sees. It needs no network and touches no data folder.

With --browser it has that browser make pictures of each: light, dark, and as wide as
a phone as PNG, and what a printer would get as PDF. The browser is a Chromium.`,
		Example: "  candor gallery looks\n  candor gallery looks --browser chromium --only gap",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			g.dir = p.path(args[0])
			return p.gallery(cmd, g)
		},
	}
	c.Flags().StringVar(&g.browser, "browser", "", "Chromium that makes pictures, by its name or path")
	c.Flags().StringVar(&g.only, "only", "", "only page states whose names hold this text")
	return c
}

func (p *program) gallery(cmd *cobra.Command, g gallery) error {
	if g.browser != "" {
		path, err := exec.LookPath(g.browser)
		if err != nil {
			return fault.New(fault.NotFound, "there is no such browser").At("--browser %s", g.browser).Next("name a Chromium that is installed, or leave the flag out")
		}
		g.browser = path
	}
	if _, err := os.Lstat(g.dir); err == nil {
		return fault.New(fault.Conflict, "the folder is there already").At("%s", g.dir).Next("name a new folder, or remove this one")
	}
	work, err := os.MkdirTemp("", "candor-gallery-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var all []exhibited
	for _, room := range []string{"full", "library", "empty"} {
		p.data = filepath.Join(work, room)
		err := p.with(cmd, true, func(ctx context.Context, d *Desk) error {
			some, err := p.pose(ctx, d, room, g.only)
			all = append(all, some...)
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return fault.New(fault.NotFound, "no page state has %q in its name", g.only).At("--only").Next("leave it out to render all")
	}
	if err := g.hang(cmd.Context(), all); err != nil {
		return err
	}
	return p.emit(all, func(s *sheet) {
		s.line("%d page states in %s: open %s", len(all), g.dir, filepath.Join(g.dir, "index.html"))
	})
}

// pose fills a data folder and renders the page states that need such a one.
func (p *program) pose(ctx context.Context, d *Desk, room, only string) ([]exhibited, error) {
	v := visitor{cookies: map[string]string{}}
	var err error
	switch room {
	case "full":
		if err = p.fillDemo(ctx, d, filepath.Join(p.data, ".."), 1); err == nil {
			err = p.lived(ctx, d, &v)
		}
	case "library":
		bundle := filepath.Join(p.data, "..", "miniature-alone.json")
		if err = os.WriteFile(bundle, sample.Bundle(), 0o600); err == nil {
			_, err = d.Bundles.Import(ctx, ingest.BundleRequest{Source: bundle, StandsIn: true, Now: p.Now()})
		}
	}
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	v.pages = d.Handler(door.New(door.Config{Tokens: p.tokens(), Now: p.Now}), p.policyNow, log)
	v.locked = d.Handler(door.New(door.Config{Rules: identity.Rules{TokenToRead: true}, Tokens: p.tokens(), Now: p.Now}), p.policyNow, log)
	v.staffed = func() (http.Handler, string, error) {
		_, secret, err := d.People.Add(ctx, people.New{Name: "ann", Role: identity.Admin, By: "candor gallery"})
		at := door.Config{Tokens: p.tokens(), Accounts: d.People, Noted: d.Visits.Note, Now: p.Now}
		return d.Handler(door.New(at), p.policyNow, log), secret, err
	}
	var all []exhibited
	for _, s := range states(room, v.rule) {
		if s.form == nil && s.file == "" && !strings.Contains(s.name, only) {
			continue // and nothing that comes later rests on it
		}
		made, err := v.visit(ctx, s)
		if err != nil {
			return nil, err
		}
		if strings.Contains(s.name, only) {
			all = append(all, made)
		}
	}
	return all, nil
}

// lived leaves in a demonstration what only use leaves: an assessment that was kept and a
// token.
func (p *program) lived(ctx context.Context, d *Desk, v *visitor) error {
	a, err := d.Assessment.Assess(ctx, assessment.Request{AsOf: day.Of(p.Now()).Add(-30).Time(), Policy: policy.Default()})
	if err != nil {
		return err
	}
	if _, _, err := p.archive().Keep("last-month", p.Now().Add(-30*24*time.Hour), a); err != nil {
		return err
	}
	_, v.secret, err = p.tokens().Create(token.Request{Name: "ann", Scopes: []string{"dispositions", identity.Gaps, identity.Evidence}}, p.Now())
	if err != nil {
		return err
	}
	rules, err := d.Alerts.Rules(ctx)
	for _, r := range rules {
		if v.rule == "" || r.Alerts > 20 && r.Alerts < 500 {
			v.rule = r.ID
		}
	}
	return err
}

// visitor is who asks for the pages.
type visitor struct {
	pages, locked http.Handler
	// staffed makes a server at which ann signs in, with a one-time password at first.
	staffed func() (h http.Handler, oneTime string, err error)
	people  http.Handler
	oneTime string
	secret  string
	cookies map[string]string
	// rule is one that raised alerts, brought where files wait that were brought, and sum
	// what their form holds.
	rule, brought, sum string
}

// visit asks for a page state, and follows where a form leads.
func (v *visitor) visit(ctx context.Context, s state) (exhibited, error) {
	path := strings.ReplaceAll(s.path, "{brought}", v.brought)
	if s.staffed && v.people == nil {
		var err error
		if v.people, v.oneTime, err = v.staffed(); err != nil {
			return exhibited{}, err
		}
	}
	r, err := v.request(ctx, s, path)
	if err != nil {
		return exhibited{}, err
	}
	a := v.ask(r, s)
	for hops := 0; a.status == http.StatusSeeOther && hops < 3; hops++ {
		path = a.header.Get("Location")
		if r, err = http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, http.NoBody); err != nil {
			return exhibited{}, err
		}
		if strings.HasPrefix(path, "/bring/") {
			v.brought = path
		}
		a = v.ask(r, s)
	}
	if a.status != s.want() {
		return exhibited{}, fault.New(fault.Internal, "the page %s answers %d, not %d", path, a.status, s.want()).At("%s", s.name).Next("report it, with what candor version prints")
	}
	if m := checkedSum.FindSubmatch(a.body.Bytes()); m != nil {
		v.sum = string(m[1])
	}
	return exhibited{Name: s.name, Says: s.says, Path: path, Status: a.status, File: s.name + ".html", body: a.body.Bytes()}, nil
}

// request is what a browser would send for a page state.
func (v *visitor) request(ctx context.Context, s state, path string) (*http.Request, error) {
	method, body, kind := http.MethodGet, &bytes.Buffer{}, ""
	switch {
	case s.file != "":
		w := multipart.NewWriter(body)
		part, err := w.CreateFormFile("file", s.file)
		if err != nil {
			return nil, err
		}
		fmt.Fprint(part, s.text)
		if err := w.Close(); err != nil {
			return nil, err
		}
		method, kind = http.MethodPost, w.FormDataContentType()
	case s.form != nil:
		f := url.Values{}
		for name, value := range s.form {
			f.Set(name, strings.NewReplacer("{secret}", v.secret, "{one-time}", v.oneTime, "{sha256}", v.sum).Replace(value))
		}
		body.WriteString(f.Encode())
		method, kind = http.MethodPost, "application/x-www-form-urlencoded"
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err == nil && kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r, err
}

// checkedSum is the sum of files that were checked, as their form holds it.
var checkedSum = regexp.MustCompile(`name="sha256" value="([0-9a-f]+)"`)

// answered is what the handler said.
type answered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answered) Header() http.Header { return a.header }

func (a *answered) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answered) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// ask sends a request with the cookies of the visitor, and keeps those that come back.
func (v *visitor) ask(r *http.Request, s state) *answered {
	a := &answered{header: http.Header{}}
	if s.locked {
		v.locked.ServeHTTP(a, r)
		return a
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if s.staffed {
		v.people.ServeHTTP(a, r)
	} else {
		v.pages.ServeHTTP(a, r)
	}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		v.cookies[c.Name] = c.Value
	}
	return a
}

// ours is a link, or a file that a page needs, of the server's own.
var ours = regexp.MustCompile(`(href|src|action)="(/[^"]*)"`)

// hang writes page states to the folder, with an index and, where there is a browser,
// pictures.
func (g gallery) hang(ctx context.Context, all []exhibited) error {
	if err := os.MkdirAll(filepath.Join(g.dir, "static"), 0o755); err != nil {
		return err
	}
	files := map[string]string{}
	for i := range all {
		files[template.HTMLEscapeString(all[i].Path)] = all[i].File
	}
	for i := range all {
		if err := os.WriteFile(filepath.Join(g.dir, all[i].File), local(all[i].body, files), 0o644); err != nil {
			return err
		}
	}
	if err := g.fittings(ctx); err != nil {
		return err
	}
	for i := range all {
		if err := g.photograph(ctx, &all[i]); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := hall.Execute(&b, all); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(g.dir, "index.html"), b.Bytes(), 0o644)
}

// local leads the links of a page to the files of the folder, and those to what is not
// there to the index.
func local(page []byte, files map[string]string) []byte {
	return ours.ReplaceAllFunc(page, func(m []byte) []byte {
		part := ours.FindSubmatch(m)
		to, anchor, _ := strings.Cut(string(part[2]), "#")
		if anchor != "" {
			anchor = "#" + anchor
		}
		switch file, ok := files[to]; {
		case strings.HasPrefix(to, "/static/"):
			to = to[1:]
		case ok:
			to = file + anchor
		default:
			to = "index.html#elsewhere"
		}
		return fmt.Appendf(nil, `%s="%s"`, part[1], to)
	})
}
