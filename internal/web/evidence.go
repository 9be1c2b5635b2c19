package web

import (
	"cmp"
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
	"candor/internal/identity"
	"candor/internal/ingest"
	"candor/internal/ledger"
	"candor/internal/roster"
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
	rosterView
	Batches []store.Batch // newest first, unless another order is asked for
}

// evidencePage is the page of the imports.
func (s *site) evidencePage(r *http.Request) (view, error) {
	v, err := s.evidence(r)
	if err == nil && v.Paging.Total == 0 {
		v.Batches, v.Paging, err = onPage(r, v.Batches)
	}
	return view{name: "evidence", data: v}, err
}

// evidence is the imports as a request asks for them. Of all in their own order a page has
// only those that it shows, and no more are read.
func (s *site) evidence(r *http.Request) (v evidenceView, err error) {
	fr, err := s.begin(r, "evidence", "Evidence")
	if err != nil {
		return v, err
	}
	t := listing[store.Batch]{List: roster.List{Name: "batches", Title: "Batches", Order: "when they were added, the newest first"}, Cols: batchColumns()}
	var place paging
	if asIs(r, "kind") && !toFile(r) {
		t.Items, place, err = s.newest(r)
		t.All = place.Total
	} else {
		t.Items, err = s.batches(r.Context())
		slices.Reverse(t.Items)
	}
	if err != nil {
		return v, err
	}
	v.rosterView, v.Batches, err = listed(r, fr, t)
	v.Paging = place
	kinds := evidence.Names(func(*evidence.Kind) bool { return true })
	slices.SortFunc(kinds, func(a, b string) int { return strings.Compare(words(a), words(b)) })
	v.offered("kind", kinds)
	return v, err
}

// batchColumns are the columns of the imports.
func batchColumns() []roster.Col[store.Batch] {
	many := func(key, name string, of func(*store.Batch) int64) roster.Col[store.Batch] {
		return counted(key, name, func(b *store.Batch) int { return int(of(b)) })
	}
	return []roster.Col[store.Batch]{
		noted("withdrawn", kinded(roster.Column{Key: "id", Name: "Batch", Kind: roster.Text}, func(b *store.Batch) roster.Cell {
			c := roster.Words(b.ID)
			if b.Withdrawn != nil {
				c.Note = cmp.Or(b.Withdrawn.Reason, "withdrawn")
			}
			return c
		})),
		noted("format", chosen(kinded(roster.Column{Key: "kind", Name: "Kind", Kind: roster.Text}, func(b *store.Batch) roster.Cell { return roster.Words(b.Kind).With(b.Format) }))),
		noted("by", kinded(roster.Column{Key: "added", Name: "Added", Kind: roster.Moment}, func(b *store.Batch) roster.Cell { return roster.At(b.Added).With(b.By) })),
		column("input", "Input", inputOf),
		many("read", "Read", func(b *store.Batch) int64 { return b.Read }),
		many("new", "New", func(b *store.Batch) int64 { return b.New }),
		many("updated", "Updated", func(b *store.Batch) int64 { return b.Updated }),
		many("unchanged", "Unchanged", func(b *store.Batch) int64 { return b.Unchanged }),
		many("rejected", "Rejected", func(b *store.Batch) int64 { return b.Rejected }),
		noted("upto", kinded(roster.Column{Key: "first", Name: "Records from–to", Kind: roster.Moment}, func(b *store.Batch) roster.Cell {
			return roster.At(b.First).With(roster.At(b.Last).Text)
		})),
	}
}

// inputOf says what a batch was made from.
func inputOf(b *store.Batch) string {
	if pushed(*b) {
		return "pushed"
	}
	return strings.Join(b.Paths, ", ")
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

// newest returns the batches that a page of all of them shows, the newest first, and their
// place among all.
func (s *site) newest(r *http.Request) ([]store.Batch, paging, error) {
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
	return rows, page(r, offset, perPage, l.Total), nil
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
func pushed(b store.Batch) bool {
	return strings.HasPrefix(b.By, identity.OfToken) || strings.HasPrefix(b.By, identity.OfAccount)
}

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
