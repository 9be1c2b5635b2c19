package web

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/custody"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/ledger"
	"candor/internal/store"
)

// Ledger is the record that no batch can be changed behind.
type Ledger interface {
	Size(ctx context.Context) (int64, error)
	Part(ctx context.Context, from, upTo int64) ([]ledger.Entry, error)
	About(ctx context.Context, batches ...string) ([]ledger.Entry, error)
	Where(ctx context.Context, is func(k ledger.Kind, id string) bool) ([]ledger.Entry, error)
	Include(ctx context.Context, seq int64) (ledger.Inclusion, error)
}

// evidenceView is the list of the imports of evidence.
type evidenceView struct {
	frame
	Kind    string
	Kinds   []choice
	Batches []store.Batch // newest first
	// Bare says that there is no evidence yet.
	Bare   bool
	Paging paging
}

func (s *site) evidence(r *http.Request) (view, error) {
	fr, err := s.begin(r, "evidence", "Evidence")
	if err != nil {
		return view{}, err
	}
	v := evidenceView{frame: fr, Kind: strings.TrimSpace(r.URL.Query().Get("kind"))}
	for _, k := range evidence.Names(func(*evidence.Kind) bool { return true }) {
		v.Kinds = append(v.Kinds, choice{Name: words(k), Value: k, Chosen: k == v.Kind})
	}
	slices.SortFunc(v.Kinds, func(a, b choice) int { return strings.Compare(a.Name, b.Name) })
	v.Batches, v.Paging, err = s.newest(r, v.Kind)
	v.Bare = v.Kind == "" && v.Paging.Total == 0
	return view{name: "evidence", data: v}, err
}

// Lists are the lists of what the batches brought.
func (v evidenceView) Lists() []link {
	var ls []link
	for _, x := range assessment.Rosters() {
		if shelf(x.Name).here == "evidence" {
			ls = append(ls, link{Text: x.Title, URL: v.Sel.List(x.Name)})
		}
	}
	return ls
}

// newest returns the batches of a kind that a request asks for, the newest first, and their
// place among all of that kind; an empty kind is every one.
func (s *site) newest(r *http.Request, kind string) ([]store.Batch, paging, error) {
	if kind != "" {
		all, err := s.batches(r.Context())
		if err != nil {
			return nil, paging{}, err
		}
		all = slices.DeleteFunc(all, func(b store.Batch) bool { return b.Kind != kind })
		slices.Reverse(all)
		return onPage(r, all)
	}
	offset, err := offsetOf(r)
	if err != nil {
		return nil, paging{}, err
	}
	l, err := store.NewestOf(r.Context(), s.Evidence, s.Alerts, "", min(offset, math.MaxInt32)+perPage)
	if err != nil {
		return nil, paging{}, err
	}
	rows := l.Batches[min(offset, len(l.Batches)):]
	for i := range rows {
		rows[i] = rows[i].Outside()
	}
	return rows, page(r, offset, len(rows), l.Total), nil
}

// heap returns the frame of a page about evidence, and all batches.
func (s *site) heap(r *http.Request) (frame, []store.Batch, error) {
	fr, err := s.begin(r, "evidence", "Evidence")
	if err != nil {
		return frame{}, nil, err
	}
	bs, err := s.batches(r.Context())
	return fr, bs, err
}

// pushed reports whether a batch was pushed by a program, so that its input is no
// file of anybody's.
func pushed(b store.Batch) bool { return strings.HasPrefix(b.By, intake.Author) }

// batchView is one batch with what the ledger says of it.
type batchView struct {
	frame
	B       store.Batch
	Entries []ledger.Entry
	// Proof is the proof of the entry of the batch; nil without an entry.
	Proof *ledger.Inclusion
	// Gone are what the batch retired, by name.
	Gone []string
	// Others are the batches that came and went with it.
	Others []link
}

// Records is the address of the records of the batch.
func (v batchView) Records() string {
	return v.Sel.Link("/evidence/" + url.PathEscape(v.B.ID) + "/records")
}

func (s *site) batch(r *http.Request) (view, error) {
	fr, bs, err := s.heap(r)
	if err != nil {
		return view{}, err
	}
	id := r.PathValue("id")
	i := slices.IndexFunc(bs, func(b store.Batch) bool { return b.ID == id })
	if i < 0 {
		return view{}, fault.New(fault.NotFound, "there is no batch %s", id).Next("the page Evidence lists every batch")
	}
	fr.Title = "Batch " + id
	v := batchView{frame: fr, B: bs[i]}
	gone, err := s.Evidence.Retired(r.Context(), id)
	if err != nil {
		return view{}, err
	}
	for _, g := range gone {
		v.Gone = append(v.Gone, ingest.Title(g))
	}
	for _, b := range bs {
		if b.Accompanies(id) || v.B.Accompanies(b.ID) {
			v.Others = append(v.Others, link{Text: b.ID, URL: fr.Sel.Batch(b.ID)})
		}
	}
	return view{name: "batch", data: v}, s.vouch(r.Context(), &v)
}

// vouch adds what the ledger says of a batch.
func (s *site) vouch(ctx context.Context, v *batchView) error {
	all, err := s.Ledger.About(ctx, v.B.ID)
	if err != nil {
		return err
	}
	v.Entries = custody.Accounts([]store.Batch{v.B}, all)[0].Ledger
	if len(v.Entries) == 0 {
		return nil
	}
	proof, err := s.Ledger.Include(ctx, v.Entries[0].Seq)
	v.Proof = &proof
	return err
}

// ledgerView is the list of the ledger's entries.
type ledgerView struct {
	frame
	Entries []ledger.Entry // newest first
	Root    ledger.Root
	Paging  paging
}

func (s *site) ledger(r *http.Request) (view, error) {
	fr, err := s.begin(r, "evidence", "Ledger")
	if err != nil {
		return view{}, err
	}
	offset, err := offsetOf(r)
	if err != nil {
		return view{}, err
	}
	size, err := s.Ledger.Size(r.Context())
	if err != nil {
		return view{}, err
	}
	v := ledgerView{frame: fr}
	if size > 0 {
		last, err := s.Ledger.Include(r.Context(), size-1)
		if err != nil {
			return view{}, err
		}
		v.Root = last.Root
	}
	upTo := max(0, size-int64(offset))
	v.Entries, err = s.Ledger.Part(r.Context(), max(0, upTo-perPage), upTo)
	slices.Reverse(v.Entries)
	v.Paging = page(r, offset, len(v.Entries), int(size))
	return view{name: "ledger", data: v}, err
}

// About returns the link to what an entry is about; it has no address where there
// is no page of it.
func (v ledgerView) About(e ledger.Entry) link {
	switch e.Kind {
	case ledger.Batch, ledger.Withdrawal:
		return link{Text: e.ID, URL: v.Sel.Batch(e.ID)}
	case ledger.Policy:
		return link{Text: e.ID, URL: v.Sel.Link("/policy")}
	}
	return link{Text: e.ID}
}
