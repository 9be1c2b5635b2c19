package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/mapping"
	"candor/internal/pseudonym"
	"candor/internal/store"
)

// Evidence adds batches of evidence to the stores.
type Evidence struct {
	evidence store.Evidence
	alerts   store.Alerts
	now      func() time.Time
	names    *names // nil where names are held against nothing
	// veil returns the key by which names are kept; nil keeps them as they are.
	veil func() (*pseudonym.Key, error)
}

// NewEvidence returns what adds evidence to ev and alerts to al. The clock gives
// the time at which a batch was added. Without stores it can only check.
func NewEvidence(ev store.Evidence, al store.Alerts, clock func() time.Time) *Evidence {
	return &Evidence{evidence: ev, alerts: al, now: clock}
}

// Veiled keeps names by the key that veil returns when a batch begins, as they are where
// it returns none, and returns e.
func (e *Evidence) Veiled(veil func() (*pseudonym.Key, error)) *Evidence {
	e.veil = veil
	return e
}

// Request is one batch to add.
type Request struct {
	// Kind is one of Kinds.
	Kind string
	// Paths are files and folders; rules may be in a tar archive, and any file may
	// be packed with gzip.
	Paths []string
	// Format is the name of one of the kind's Formats, and empty to tell the format
	// of each file from its content.
	Format string
	// Mapping is the path of the mapping file, through which a file of any shape becomes
	// records; empty for files of a known format.
	Mapping string
	// Choice is what of a proposed mapping somebody chose; only Propose asks for it.
	Choice mapping.Choice
	// Dates is the order of day and month in dates, one of decode's orders; empty where
	// each file tells it.
	Dates string
	// Text says that the files are lines of text of the Format, whatever they begin
	// with: none is taken for packed, or for another format.
	Text bool
	// Product is the column of a table of products that is meant, and empty for every
	// other format.
	Product string
	// Source is whose statements they are; empty where nobody says. Whole says that the
	// input is all there is of the source, so that what it lacks is retired.
	Source string
	Whole  bool
	// By is who adds it, for the record.
	By string
	// Dir is the folder that relative paths start at; empty for the working folder.
	Dir string
	// New says that whoever asks knows that the input is not there yet, so that it
	// is not looked for among all batches. If it is, Add still changes nothing.
	New bool
	// Show is how many records a check shows as they would land.
	Show int
	// RejectsDir is the folder for the file of rejected records; empty keeps none.
	RejectsDir string
	// Progress is told how many bytes of how many are done; it may be nil. The
	// total counts a byte once for each time that it is read.
	Progress func(done, total int64)
}

// Result is what came of a request.
type Result struct {
	store.Batch
	// Linked is the batch that ties the alerts which cases list to them, where there
	// is one, and Links says that it landed just now.
	Linked *store.Batch `json:"linked,omitempty"`
	Links  bool         `json:"-"`
	// Fresh is false when the same input was there already and nothing changed.
	Fresh bool `json:"fresh"`
	// Gone are what the batch retired, by name.
	Gone []string `json:"retired_records,omitempty"`
	// Rejects are the first of the rejected records; Batch.Rejects is the path of
	// the file that has them all.
	Rejects []evidence.Reject `json:"rejected_records"`
	// Warnings are what was met and passed over.
	Warnings []string `json:"warnings"`
}

// kind is how the evidence of one kind is found and decoded.
type kind struct {
	evidence.Kind
	// decode is nil for alerts and dispositions, which are streamed.
	decode func(*batch, []file) error
}

// kinds lists the kinds that files hold. What nothing else decodes is read by the
// formats of its kind, file by file.
func kinds() []kind {
	own := map[string]func(*batch, []file) error{
		evidence.Feeds: decodeFeeds, evidence.Rules: decodeRules, evidence.Exercises: decodeExercises, evidence.Runbooks: decodeRunbooks,
	}
	var list []kind
	for _, k := range evidence.Kinds() {
		switch decode := own[k.Name]; {
		case k.Files == "":
		case len(k.Records) == 0:
			list = append(list, kind{Kind: k})
		case decode != nil:
			list = append(list, kind{k, decode})
		default:
			list = append(list, kind{k, decodeFiles})
		}
	}
	return list
}

// Kinds lists the kinds of evidence that a request may name.
func Kinds() []string { return evidence.Added() }

// Add adds one batch, whole or not at all. Records that are refused do not keep
// the others out, unless nothing else is left. The same input again changes
// nothing. Faults: Usage for a request that makes no sense, NotFound for a path
// that is not there, Invalid for input that is not what it should be, Conflict
// for input that changes while it is read.
func (e *Evidence) Add(ctx context.Context, r Request) (Result, error) {
	k, err := r.check()
	if err != nil {
		return Result{}, err
	}
	if k.decode == nil {
		return e.addAlerts(ctx, r, k)
	}
	return e.addRecords(ctx, r, k)
}

// check returns the kind that a request names, and fault.Usage for a request
// that makes no sense.
func (r Request) check() (kind, error) {
	list := kinds()
	i := slices.IndexFunc(list, func(k kind) bool { return k.Name == r.Kind })
	switch {
	case i < 0:
		return kind{}, fault.New(fault.Usage, "there is no kind of evidence %q", r.Kind).Next("use one of: %s", strings.Join(Kinds(), ", "))
	case len(r.Paths) == 0:
		return kind{}, fault.New(fault.Usage, "no path was given").Next("name the file or folder that holds the %s", list[i].Files)
	case r.Product != "" && r.Kind != evidence.Telemetry:
		return kind{}, fault.New(fault.Usage, "a product is named for a table of products' telemetry, not for %s", r.Kind).Next("leave the product out")
	case r.Mapping != "" && !slices.Contains(mapping.Kinds(), r.Kind):
		return kind{}, fault.New(fault.Usage, "no mapping file makes %s", r.Kind).Next("leave the mapping out; mappings make %s", strings.Join(mapping.Kinds(), ", "))
	}
	if _, ok := decode.ParseOrder(r.Dates); !ok {
		return kind{}, fault.New(fault.Usage, "%q is no order of day and month", r.Dates).Next("use %s or %s", decode.DayFirst, decode.MonthFirst)
	}
	if err := r.checkSource(list[i]); err != nil {
		return kind{}, err
	}
	return list[i], r.checkFormat()
}

// checkFormat returns fault.Usage for a format that the kind does not have, or
// that does not go with the mapping.
func (r Request) checkFormat() error {
	var names []string
	for _, f := range formatsOf(r.Kind) {
		names = append(names, f.Name)
	}
	switch {
	case r.Format != "" && !slices.Contains(names, r.Format):
		return fault.New(fault.Usage, "%s do not come in a format %q", r.Kind, r.Format).Next("use one of: %s; or leave the format out", strings.Join(names, ", "))
	case isMapped(r.Format) && r.Mapping == "":
		return fault.New(fault.Usage, "the format %s needs a mapping file", r.Format).Next("name the mapping file that says which columns make which field (--mapping FILE)")
	case r.Mapping != "" && r.Format != "" && !isMapped(r.Format):
		return fault.New(fault.Usage, "a mapping file does not go with the format %s", r.Format).Next("leave one of them out")
	}
	return nil
}

// batch is a batch that is being made.
type batch struct {
	store.Batch
	forced string // the format that the request forces
	as     string // what the format is called where the records came through a mapping
	// texts are what a mapping made of the files, by how people find them.
	texts    map[string]*mapping.Text
	product  string // the product that the request names
	rejects  *rejects
	warnings []string
	records  []store.Record
	// beside are the texts of rules: they are kept with the records, and are none.
	beside  []store.Record
	good    int64
	gone    []string // what is retired, by name
	refused bool     // as a whole, once it was read
	// changes says that the input has a statement for every change of a record, so
	// that more than one about the same is no slip.
	changes bool
	// key is that of the pseudonyms in the place of names; nil where they stay.
	key   *pseudonym.Key
	calls calls // how the alerts name their rules
	ages  decode.Ages
}

// newBatch begins a batch. It fails where names are to be pseudonyms and their key is not
// there.
func (e *Evidence) newBatch(r Request, sum [32]byte) (*batch, error) {
	b := &batch{rejects: &rejects{dir: r.RejectsDir, base: r.Dir}, calls: calls{}, forced: r.Format, product: r.Product}
	if e.veil != nil {
		var err error
		if b.key, err = e.veil(); err != nil {
			return nil, err
		}
	}
	if b.key != nil {
		b.Names, b.rejects.veiled = b.key.Fingerprint(), true
	}
	how := r.Format
	if r.Kind == evidence.Dispositions {
		how = r.Kind + " " + how
	}
	if r.Product != "" {
		how += "\x00product " + r.Product
	}
	if r.Source != "" {
		how += "\x00source " + r.Source
	}
	if r.Dates != "" {
		how += "\x00dates " + r.Dates
	}
	if r.Whole {
		how += "\x00complete"
	}
	if how != "" { // the same bytes read otherwise are another input
		sum = sha256.Sum256(append([]byte(how+"\x00"), sum[:]...))
	}
	b.Kind, b.Paths, b.By, b.Added = r.Kind, r.Paths, r.By, e.now().UTC()
	b.Source, b.Whole = r.Source, r.Whole
	b.ages.Tomorrow = b.Added.Add(24 * time.Hour)
	b.named(hexSum(sum))
	return b, nil
}

// format notes the format of one of the inputs.
func (b *batch) format(name string) {
	name = cmp.Or(b.as, name)
	switch {
	case b.Format == "":
		b.Format = name
	case !slices.Contains(strings.Split(b.Format, "+"), name):
		b.Format += "+" + name
	}
}

// span widens the bounds of the batch's time by t, unless t is zero.
func (b *batch) span(t time.Time) {
	b.ages.See(t)
	if t.IsZero() {
		return
	}
	if b.First.IsZero() || t.Before(b.First) {
		b.First = t
	}
	if t.After(b.Last) {
		b.Last = t
	}
}

// maxShown is how many rejects and warnings a result carries.
const maxShown = 20

// result is what a request came to.
func (b *batch) result(landed store.Batch, fresh bool) Result {
	shown := b.warnings
	if len(shown) > maxShown {
		shown = append(slices.Clone(shown[:maxShown]), plural(len(shown)-maxShown, "more warning"))
	}
	return Result{Batch: landed, Fresh: fresh, Gone: b.gone, Rejects: b.rejects.first, Warnings: shown}
}

// check refuses a batch in which nothing is good.
func (b *batch) check() error {
	if b.good > 0 {
		return nil
	}
	if b.Rejected == 0 {
		why := ""
		if len(b.warnings) > 0 {
			why = ": " + b.warnings[0] // of a file all of which was passed over
		}
		f := fault.New(fault.Invalid, "the input holds no %s%s", b.Kind, why).At("%s", strings.Join(b.Paths, " "))
		if b.Whole { // an empty file is a failed export far more often than an empty source
			return f.Next("check that this is the file you mean; nothing was added or retired. If %s holds none any more, withdraw the batches that brought them (candor evidence list)", b.Source)
		}
		return f.Next("check that this is the file you mean; nothing was added")
	}
	first := b.rejects.first
	var reasons []string
	for _, r := range first[:min(3, len(first))] {
		reasons = append(reasons, r.String())
	}
	if common := b.rejects.common(b.Read); common != "" {
		reasons = append(reasons[:1], common)
	}
	f := fault.New(fault.Invalid, "every one of %s was rejected; the first: %s", plural(int(b.Rejected), "record"), strings.Join(reasons, "; ")).
		At("%s", strings.Join(b.Paths, " "))
	if b.Rejects == "" {
		return f.Next("correct the input and add it again; nothing was added")
	}
	return f.Next("read %s, correct the input and add it again; nothing was added", b.Rejects)
}
