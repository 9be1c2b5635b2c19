package sqlite

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"candor/internal/store/stamp"
)

// page is how many alerts are replayed at a time.
const page = 2048

// replay works out anew, from what arrived in batches that count, the row of
// every alert and everything that is counted.
type replay struct {
	*auditor
	tx      *sql.Tx
	silent  silent
	counts  *counts
	sealing bool // the seals are wanted too
	texts   *texts
	leaf    []byte

	batch int64 // of the alert that is visited
}

// kept is an alert as the table has it.
type kept struct {
	row
	digest, batch, place int64
	odd                  bool // a flag is neither set nor clear
}

// said is something that arrived of an alert.
type said struct {
	at           int64 // its place in the table of arrivals; 0 if it has none
	batch, place int64
	row          // what it said, unless same
	same         bool
	news         *statement
}

func (a *Alerts) newReplay(ctx context.Context, tx *sql.Tx) (*replay, error) {
	found, err := a.journal.audit(ctx, tx)
	if err != nil {
		return nil, err
	}
	r := &replay{auditor: found, tx: tx, counts: newCounts(), texts: newTexts(tx)}
	r.silent, err = silentOf(ctx, tx)
	r.counts.silent = r.silent
	return r, err
}

// run visits every alert in the order of the table, as it is and as it should be.
func (r *replay) run(ctx context.Context, visit func(have, want *row) error) error {
	for after := int64(math.MinInt64); after != math.MaxInt64; {
		alerts, err := r.alerts(ctx, after)
		if err != nil {
			return err
		}
		upTo := int64(math.MaxInt64)
		if len(alerts) == page {
			upTo = alerts[page-1].seq
		}
		if err := r.page(ctx, alerts, after, upTo, visit); err != nil {
			return err
		}
		after = upTo
	}
	return nil
}

// page visits the alerts after one place, up to another.
func (r *replay) page(ctx context.Context, alerts []kept, after, upTo int64, visit func(have, want *row) error) error {
	origins, err := r.origins(ctx, after, upTo)
	if err != nil {
		return err
	}
	arrivals, err := r.arrivals(ctx, after, upTo)
	if err != nil {
		return err
	}
	if r.sealing {
		if err := r.texts.load(ctx, termsOfPage(alerts, origins, arrivals)); err != nil {
			return err
		}
	}
	for i := range alerts {
		k := &alerts[i]
		first := r.first(k, origins)
		want := r.fold(k, first, arrivals[k.seq])
		delete(origins, k.seq)
		delete(arrivals, k.seq)
		r.batch = k.batch
		if err := visit(&k.row, &want); err != nil {
			return err
		}
	}
	if n := len(origins) + len(arrivals); n > 0 {
		r.amiss(0, "something was said of %d alerts that are not there", n)
	}
	return nil
}

// first returns what arrived first of an alert.
func (r *replay) first(k *kept, origins map[int64]row) row {
	first := k.row
	origin, revised := origins[k.seq]
	if revised {
		first = origin
		first.seq, first.id = k.seq, k.id
	}
	if revised != k.revised || k.odd || k.digest != digest(k.id) {
		r.amiss(k.batch, "the row of alert %q contradicts itself", k.id)
	}
	if r.seal(k.batch) == nil {
		r.amiss(0, "alert %q is of a batch that is not there", k.id)
	}
	return first
}

// fold returns what an alert is after all that arrived of it.
func (r *replay) fold(k *kept, first row, arrivals []said) row {
	f := folding{replay: r, row: row{seq: first.seq, id: first.id, time: stamp.Unknown, revised: k.revised, void: true}}
	f.unsay(r.silent)
	opening := said{batch: k.batch, place: k.place, row: first}
	i := slices.IndexFunc(arrivals, func(s said) bool { return s.batch == k.batch && s.place == k.place })
	if i >= 0 {
		opening.at, opening.news = arrivals[i].at, arrivals[i].news
		if !arrivals[i].same || opening.news == nil {
			r.amiss(k.batch, "what arrived first of alert %q contradicts itself", k.id)
		}
		arrivals = slices.Delete(arrivals, i, i+1)
	}
	if r.sealing {
		r.sealFirst(&opening)
	}
	f.hear(&opening)
	for i := range arrivals {
		s := &arrivals[i]
		if s.same {
			s.row = first
		}
		f.hear(s)
	}
	if f.row.void { // of an alert that does not count, the row has what arrived first
		f.row = first
		f.row.void, f.revised = true, k.revised
		f.unsay(r.silent)
	}
	f.revised = f.revised || !f.saysSame(&first)
	r.counts.add(&f.row)
	return f.row
}

// folding is an alert while what was said of it is taken in.
type folding struct {
	*replay
	row
	heard []statement
}

// hear takes in what arrived, unless its batch is withdrawn.
func (f *folding) hear(s *said) {
	if f.replay.void[s.batch] {
		return
	}
	before := f.row
	f.row.void = f.row.void && s.partial()
	changed, err := f.merge(&s.row)
	if err != nil {
		f.amiss(s.batch, "the fields of alert %q cannot be read", f.id)
	}
	if s.news != nil && !slices.Contains(f.heard, *s.news) {
		f.heard = append(f.heard, *s.news)
		f.row.hear(*s.news, f.silent)
		changed = true
	}
	if changed && !f.row.void {
		f.counts.move(&before, &f.row, s)
	}
}

// sealFirst adds what arrived first of an alert to the seal of its batch.
func (r *replay) sealFirst(s *said) {
	if seal := r.seal(s.batch); seal != nil {
		seal.first.Write(r.leafOf(s, s.seq))
	}
}

// leafOf returns what a seal hashes of what arrived. The texts must be loaded.
func (r *replay) leafOf(s *said, alert int64) []byte {
	var words [numWords]string
	for i, w := range s.words {
		words[i] = r.texts.of(w)
	}
	r.leaf = sealSaid(sealPlace(r.leaf[:0], [...]int64{s.at, alert, s.place}), &s.row, words)
	if n := s.news; n != nil {
		r.leaf = sealStatement(r.leaf, n.time,
			[...]string{r.texts.of(n.class), r.texts.of(n.word), r.texts.of(n.author), r.texts.of(n.provenance)})
	}
	return r.leaf
}

// sealLater adds to the seals what arrived of alerts that were known.
func (r *replay) sealLater(ctx context.Context) error {
	for after := int64(math.MinInt64); ; {
		list, last, err := r.later(ctx, after)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := r.texts.load(ctx, termsOf(nil, list)); err != nil {
			return err
		}
		for i := range list {
			if seal := r.seal(list[i].batch); seal != nil {
				seal.later.Write(r.leafOf(&list[i], list[i].seq))
			}
		}
		after = last
	}
}
