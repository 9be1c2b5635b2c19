package web

import (
	"net/http"
	"slices"

	"candor/internal/hook"
	"candor/internal/ledger"
	"candor/internal/roster"
)

// ledgerView is the list of the ledger's entries.
type ledgerView struct {
	rosterView
	Entries []ledger.Entry // newest first, unless another order is asked for
	Root    ledger.Root
	// Signed are the signed heads; nil where the server knows none.
	Signed *Heads
}

// Heads is the head of the ledger as it is signed now, and where heads are sent.
type Heads struct {
	// Note is the signed note and Key what its key is called; Missing says instead why there
	// is none.
	Note, Key, Missing string
	Places             []hook.HeadsStatus
}

// ledgerPage is the page of the entries.
func (s *site) ledgerPage(r *http.Request) (view, error) {
	v, err := s.ledger(r)
	if err == nil && v.Paging.Total == 0 {
		v.Entries, v.Paging, err = onPage(r, v.Entries)
	}
	if err == nil && s.Heads != nil && !v.Bare {
		var h Heads
		h, err = s.Heads(r.Context())
		v.Signed = &h
	}
	return view{name: "ledger", data: v}, err
}

// ledger is the entries as a request asks for them. Of all in their own order a page has
// only those that it shows, and no more are read.
func (s *site) ledger(r *http.Request) (v ledgerView, err error) {
	fr, err := s.begin(r, "evidence", "Ledger")
	if err != nil {
		return v, err
	}
	offset, err := offsetOf(r)
	if err != nil {
		return v, err
	}
	size, err := s.Ledger.Size(r.Context())
	if err != nil {
		return v, err
	}
	if size > 0 {
		last, err := s.Ledger.Include(r.Context(), size-1)
		if err != nil {
			return v, err
		}
		v.Root = last.Root
	}
	t := listing[ledger.Entry]{List: roster.List{Name: "ledger", Title: "Entries", Order: "when they were recorded, the newest first"}, Cols: entryColumns()}
	from, upTo, part := int64(0), size, asIs(r, "records") && !toFile(r)
	if part {
		upTo = max(0, size-int64(offset))
		from, t.All = max(0, upTo-perPage), int(size)
	}
	if t.Items, err = s.Ledger.Part(r.Context(), from, upTo); err != nil {
		return v, err
	}
	slices.Reverse(t.Items)
	if v.rosterView, v.Entries, err = listed(r, fr, t); part {
		v.Paging = page(r, offset, perPage, int(size))
	}
	v.offered("records", []string{string(ledger.Batch), string(ledger.Withdrawal), string(ledger.Policy), string(ledger.Release), string(ledger.Removal), string(ledger.Merge), string(ledger.Expiry), string(ledger.Key), string(ledger.Account), string(ledger.Access)})
	return v, err
}

// entryColumns are the columns of the entries.
func entryColumns() []roster.Col[ledger.Entry] {
	return []roster.Col[ledger.Entry]{
		counted("entry", "Entry", func(e *ledger.Entry) int { return int(e.Seq) }),
		kinded(roster.Column{Key: "when", Name: "When", Kind: roster.Moment}, func(e *ledger.Entry) roster.Cell { return roster.At(e.Time) }),
		noted("reason", chosen(kinded(roster.Column{Key: "records", Name: "Records", Kind: roster.Text}, func(e *ledger.Entry) roster.Cell {
			return roster.Words(string(e.Kind)).With(e.Reason)
		}))),
		column("about", "About", func(e *ledger.Entry) string { return e.ID }),
		column("by", "By", func(e *ledger.Entry) string { return e.By }),
		column("sha256", "Vouches for SHA-256", func(e *ledger.Entry) string { return e.SHA256 }),
	}
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
