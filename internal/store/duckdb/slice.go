//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"

	"candor/internal/fault"
)

// arrival is an alert on its way into the store, with what was said of it. Its
// row is what arrived, and what becomes of it if the alert is new.
type arrival struct {
	row
	seq  int64
	news statement
}

// slice is a part of a batch: what arrived, and what becomes of it.
type slice struct {
	*entry
	texts
	arrivals []arrival
	seen     digests
	again    map[int64]struct{} // the digests that arrived more than once
	suspects []int64            // the digests that the store may have
	parted   digests            // those of them that were put aside

	// met are the alerts that are known, and those that arrived more than once.
	met    map[string]*met
	stated map[stated]struct{} // what has been said of them

	fresh   []int32 // places in arrivals of the alerts that are new
	changed []*met
	laters  []later
	origins []row // as they arrived first
}

// met is an alert that is revised.
type met struct {
	*row
	// waiting is what partial arrivals say of an alert that does not count; nil
	// when there are none.
	waiting               *row
	fresh, heard, amended bool
}

// stated is a statement about the alert with a number.
type stated struct {
	alert int64
	statement
}

// later is what the arrival in a place says of an alert that was known, or a
// statement about a new one.
type later struct {
	place           int32
	alert           int64
	was, rule, name int32
	restated        bool
}

func newSlice(e *entry) *slice {
	s := &slice{entry: e}
	s.clear()
	return s
}

// clear makes room for the next slice.
func (s *slice) clear() {
	*s = slice{entry: s.entry, texts: texts{s.text[:0]}, arrivals: s.arrivals[:0], seen: s.seen, again: map[int64]struct{}{},
		suspects: s.suspects[:0], met: map[string]*met{}, stated: map[stated]struct{}{}, fresh: s.fresh[:0], laters: s.laters[:0], parted: s.parted}
	s.seen.clear()
	s.parted.clear()
}

// part puts aside what arrived of alerts that the store may have, as far as the
// filter knows. Whatever arrives of one of them later is put aside too, so what
// is said of an alert stays in order.
func (s *slice) part(known *filter, aside *slice) {
	kept := 0
	for i := range s.arrivals {
		v := &s.arrivals[i]
		switch there := s.seen.add(v.digest); {
		case !there && known.add(v.digest):
			s.parted.add(v.digest)
			aside.adopt(v, s)
		case there && s.parted.has(v.digest):
			aside.adopt(v, s)
		case kept < i:
			s.arrivals[kept] = *v
			fallthrough
		default:
			kept++
		}
	}
	s.arrivals = s.arrivals[:kept]
	s.seen.clear()
}

// adopt takes over what arrived in another slice, whose terms are settled.
func (s *slice) adopt(v *arrival, from *slice) {
	s.arrivals = append(s.arrivals, *v)
	a := &s.arrivals[len(s.arrivals)-1]
	a.id = s.keep(append(s.text, from.of(v.id)...))
	a.fields = s.keep(append(s.text, from.of(v.fields)...))
}

// sift looks for digests that arrived more than once; the store may have any of
// the others, or none.
func (s *slice) sift(none bool) {
	for i := range s.arrivals {
		d := s.arrivals[i].digest
		if s.seen.add(d) {
			s.again[d] = struct{}{}
		} else if !none {
			s.suspects = append(s.suspects, d)
		}
	}
}

// renumber gives terms from first on the numbers that they have in the store.
func (s *slice) renumber(first int32, numbers []int32) {
	if numbers == nil {
		return
	}
	renumber := func(term *int32) {
		if *term >= first {
			*term = numbers[*term-first]
		}
	}
	for i := range s.arrivals {
		v := &s.arrivals[i]
		for w := range v.words {
			renumber(&v.words[w])
		}
		for _, term := range [...]*int32{&v.news.class, &v.news.word, &v.news.author, &v.news.provenance} {
			renumber(term)
		}
	}
}

// merge merges the slice into what is there, which has none of its alerts if
// that is said.
func (s *slice) merge(ctx context.Context, none bool) error {
	if len(s.arrivals) == 0 {
		return nil
	}
	s.sift(none)
	if err := s.meet(ctx); err != nil {
		return err
	}
	for i := range s.arrivals {
		if err := s.take(i); err != nil {
			return fmt.Errorf("update alert %q: %w", s.of(s.arrivals[i].id), err)
		}
	}
	return s.write(ctx)
}

// take merges the arrival in a place into its alert.
func (s *slice) take(i int) error {
	v := &s.arrivals[i]
	if len(s.met) > 0 {
		if m := s.met[string(s.of(v.id))]; m != nil {
			return s.revise(m, i)
		}
	}
	if v.partial() {
		return unknownAlert(string(s.of(v.id)))
	}
	s.enter(i)
	return nil
}

// unknownAlert is the error for something said of an alert that is not there.
func unknownAlert(id string) error {
	return fault.New(fault.NotFound, "there is no alert %q that this could be said of", id).
		Next("check the id; alert ids are those of the imported file")
}

// enter takes the arrival in a place as a new alert.
func (s *slice) enter(i int) {
	v := &s.arrivals[i]
	s.New++
	s.fresh = append(s.fresh, int32(i))
	v.row.seq, v.batch = v.seq, s.seq
	v.unsay()
	if _, twice := s.again[v.digest]; twice {
		s.met[string(s.of(v.id))] = &met{row: &v.row, fresh: true}
	}
	if s.hear(&v.row, v) {
		s.laters = append(s.laters, later{place: int32(i), alert: v.seq})
	}
}

// revive makes an alert that did not count one of which nothing is said but what
// waited.
func (m *met) revive() {
	m.saying, m.void = silence(), false
	m.unsay()
	if w := m.waiting; w != nil {
		m.saying = w.saying
		m.class, m.provenance, m.said = w.class, w.provenance, w.said
	}
}

// revise merges the arrival in a place into an alert that is known. The arrival
// of an alert that did not count makes it new, with nothing but what arrived and
// what waited for it.
func (s *slice) revise(m *met, i int) error {
	v, before := &s.arrivals[i], *m.row
	if m.void && v.partial() {
		return unknownAlert(string(s.of(v.id)))
	}
	l := later{place: int32(i), alert: m.seq, restated: m.revised || !s.same(&m.saying, &v.saying)}
	if !m.void {
		l.was = m.words[wordRule]
	}
	if m.void {
		m.revive()
	}
	amended, err := s.texts.merge(&m.saying, &v.saying)
	if err != nil {
		return err
	}
	heard := s.hear(m.row, v)
	switch {
	case before.void:
		s.New++
	case amended || heard:
		s.Updated++
	default:
		s.Unchanged++
	}
	if amended || heard {
		l.rule, l.name = m.words[wordRule], v.words[wordName]
		s.change(m, &before, amended, heard)
	}
	s.laters = append(s.laters, l)
	return nil
}

// change notes that an alert has changed.
func (s *slice) change(m *met, before *row, amended, heard bool) {
	if !m.fresh && !m.amended && !m.heard {
		s.changed = append(s.changed, m)
	}
	m.amended, m.heard = m.amended || amended, m.heard || heard
	if !m.revised && !s.same(&before.saying, &m.saying) {
		m.revised = true
		s.origins = append(s.origins, *before)
	}
}

// hear takes over what v states about r, and reports whether no batch that
// counts has stated it before.
func (s *slice) hear(r *row, v *arrival) bool {
	if v.news.class == 0 {
		return false
	}
	if len(s.met) > 0 {
		d := stated{alert: r.seq, statement: v.news}
		if _, before := s.stated[d]; before {
			return false
		}
		s.stated[d] = struct{}{}
	}
	r.hear(v.news)
	return true
}
