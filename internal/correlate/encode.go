package correlate

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// magic begins a saved state; the digit is the version of its form.
const magic = "candor-correlate-3\n"

// ErrOtherPlan says that a saved state is of other definitions.
var ErrOtherPlan = errors.New("the saved state is of other definitions")

// ErrNoState says that bytes are no saved state, or not all of one.
var ErrNoState = errors.New("not a saved state of this version")

// Save returns the state as bytes, the same for states that are the same. Load goes on
// from them as though nothing had happened.
func (s *State) Save() []byte {
	w := &writer{}
	w.Write([]byte(magic))
	w.Write(s.plan.print[:])
	w.ints(int64(s.limits.Lateness), s.quantum, s.edge, s.newestAt, truth(s.begun), s.stats.Read, s.stats.Fitting, int64(s.stats.Peak))
	for _, c := range Causes() {
		w.ints(s.stats.Amiss[c])
	}
	w.ints(int64(len(s.stats.Examples)))
	for _, e := range s.stats.Examples {
		w.text(string(e.Cause), e.ID, e.Definition)
		w.ints(e.Time.UnixNano())
	}
	w.ints(int64(len(s.buckets)))
	for _, number := range slices.Sorted(maps.Keys(s.buckets)) {
		w.ints(number)
		w.bucket(s.buckets[number])
	}
	w.ints(int64(s.count))
	for _, o := range s.inOrder() {
		w.holder(s, s.holder(o.of))
	}
	return w.Bytes()
}

// inOrder are the holders, by when they were observed last.
func (s *State) inOrder() []old {
	list := make([]old, 0, s.count)
	for _, slot := range s.table.slots {
		if number := int32(uint32(slot)); number != 0 {
			list = append(list, old{s.holder(number).last, number})
		}
	}
	slices.SortFunc(list, s.older)
	return list
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

type writer struct{ bytes.Buffer }

func (w *writer) ints(list ...int64) {
	var b [binary.MaxVarintLen64]byte
	for _, n := range list {
		w.Write(b[:binary.PutVarint(b[:], n)])
	}
}

func (w *writer) text(list ...string) {
	for _, s := range list {
		w.ints(int64(len(s)))
		w.WriteString(s)
	}
}

// bucket writes the arrivals in their order: it can follow from when they came, but
// nothing that is read from them does.
func (w *writer) bucket(b *bucket) {
	w.ints(int64(len(b.arrivals)))
	for i := range b.arrivals {
		a := &b.arrivals[i]
		w.ints(a.at, int64(a.to-a.from))
		w.text(a.id, a.of)
		for _, h := range b.hits[a.from:a.to] {
			w.ints(int64(h.def), int64(h.from), int64(h.stages), h.amount)
			w.text(h.key, h.value)
		}
	}
}

func (w *writer) items(list []item) {
	w.ints(int64(len(list)))
	for i := range list {
		it := &list[i]
		w.ints(it.at, it.amount, int64(it.stages))
		w.text(it.id, it.of, it.value)
	}
}

func (w *writer) holder(s *State, h *holder) {
	w.ints(int64(h.space), h.last, int64(len(h.groups)))
	w.text(h.key)
	for i := range h.groups {
		w.group(s, &h.groups[i])
	}
}

// group writes its chains as items each: that they share links is nothing that is read.
func (w *writer) group(s *State, g *group) {
	w.ints(int64(g.def), truth(g.run != nil))
	d := &s.plan.defs[g.def]
	if d.Type != TemporalOrdered {
		w.ints(g.sum)
		w.items(g.items)
	} else {
		w.ints(g.whole)
		g.chains(d, func(c **link) { w.items((*c).items(nil)) })
	}
	if r := g.run; r != nil {
		w.ints(r.from, r.at, r.last, r.amount, r.most, r.seen, int64(r.more))
		w.items(s.members(r))
	}
}

// Load returns the state that Save wrote of the same definitions, with the limits l but
// for the lateness, which is the saved one's. It is ErrOtherPlan for a state of others, and
// ErrNoState for anything else.
func Load(p *Plan, l Limits, saved []byte) (*State, error) {
	rest, ok := bytes.CutPrefix(saved, []byte(magic))
	if !ok || len(rest) < len(p.print) {
		return nil, ErrNoState
	}
	if !bytes.Equal(rest[:len(p.print)], p.print[:]) {
		return nil, ErrOtherPlan
	}
	r := &reader{left: rest[len(p.print):]}
	l.Lateness = time.Duration(r.int())
	s := NewState(p, l)
	r.state(s)
	if r.bad || len(r.left) > 0 {
		return nil, fmt.Errorf("%w: it ends or goes on where it should not", ErrNoState)
	}
	return s, nil
}

type reader struct {
	left []byte
	bad  bool
}

func (r *reader) int() int64 {
	n, used := binary.Varint(r.left)
	if used <= 0 {
		r.bad, r.left = true, nil
		return 0
	}
	r.left = r.left[used:]
	return n
}

// upTo reads a number from 0 to a limit, which is an index or a length.
func (r *reader) upTo(limit int) int {
	n := r.int()
	if n < 0 || n > int64(limit) {
		r.bad, r.left = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.upTo(len(r.left))
	if r.bad || n > len(r.left) { // the length itself took some of what was left
		r.bad, r.left = true, nil
		return ""
	}
	s := string(r.left[:n])
	r.left = r.left[n:]
	return s
}

func (r *reader) state(s *State) {
	if q := r.int(); q > 0 {
		s.quantum = q
	} else {
		r.bad = true
	}
	s.edge, s.newestAt, s.begun = r.int(), r.int(), r.int() == 1
	s.stats.Read, s.stats.Fitting, s.stats.Peak = r.int(), r.int(), r.upTo(1<<40)
	for _, c := range Causes() {
		if n := r.int(); n != 0 {
			s.stats.Amiss[c] = n
		}
	}
	for n := r.upTo(len(r.left)); n > 0 && !r.bad; n-- {
		e := Example{Cause: Cause(r.text()), ID: r.text(), Definition: r.text()}
		e.Time = time.Unix(0, r.int()).UTC()
		s.stats.Examples = append(s.stats.Examples, e)
	}
	for n := r.upTo(len(r.left)); n > 0 && !r.bad; n-- {
		number := r.int()
		if _, twice := s.buckets[number]; twice {
			r.bad = true
			return
		}
		s.buckets[number] = r.bucket(s)
		heap.Push(&s.waiting, number)
	}
	for n := r.upTo(len(r.left)); n > 0 && !r.bad; n-- {
		r.holder(s)
	}
}

func (r *reader) bucket(s *State) *bucket {
	b, p := &bucket{}, s.plan
	for n := r.upTo(len(r.left)); n > 0 && !r.bad; n-- {
		a := arrival{at: r.int(), from: int32(len(b.hits))}
		hits := r.upTo(len(r.left))
		a.id, a.of = r.text(), r.text()
		for ; hits > 0 && !r.bad; hits-- {
			h := hit{def: int32(r.upTo(len(p.defs) - 1)), from: int32(r.int()), stages: uint64(r.int()), amount: r.int()}
			if h.from < -1 || int(h.from) >= len(p.defs) || h.stages == 0 || h.stages>>len(p.defs[h.def].Stages) != 0 {
				r.bad = true
			}
			h.key, h.value = r.text(), r.text()
			if !r.bad {
				h.sum = s.sum(p.defs[h.def].space, h.key)
			}
			b.hits = append(b.hits, h)
		}
		a.to = int32(len(b.hits))
		b.arrivals = append(b.arrivals, a)
	}
	return b
}

func (r *reader) items(d *compiled) (list []item) {
	for n := r.upTo(len(r.left)); n > 0 && !r.bad; n-- {
		it := item{at: r.int(), amount: r.int(), stages: uint64(r.int())}
		if it.stages == 0 || it.stages>>len(d.Stages) != 0 {
			r.bad = true
		}
		it.id, it.of, it.value = r.text(), r.text(), r.text()
		list = append(list, it)
	}
	return list
}

func (r *reader) holder(s *State) {
	if len(s.plan.spaces) == 0 {
		r.bad = true
		return
	}
	space, last := r.upTo(len(s.plan.spaces)-1), r.int()
	n := r.upTo(len(s.plan.defs))
	of := &hit{key: r.text()}
	of.sum = s.sum(space, of.key)
	if r.bad || s.find(space, of) != nil {
		r.bad = true
		return
	}
	peak := s.stats.Peak
	s.limits.Groups = max(s.limits.Groups, s.count+1)
	h := s.observed(nil, space, of, last)
	s.stats.Peak = peak
	for ; n > 0 && !r.bad; n-- {
		def := int32(r.upTo(len(s.plan.defs) - 1))
		r.group(s, &h.groups[s.room(h, def)])
	}
}

// group reads what is held of a definition.
func (r *reader) group(s *State, g *group) {
	d := &s.plan.defs[g.def]
	going, ordered := r.int() == 1, d.Type == TemporalOrdered
	if !ordered {
		g.sum, g.items = r.int(), r.items(d)
	} else {
		g.whole = r.int()
		long := 0
		g.chains(d, func(c **link) {
			long++
			*c = r.chain(s, d, long)
		})
	}
	if going {
		g.run = &run{from: r.int(), at: r.int(), last: r.int(), amount: r.int(), most: r.int(), seen: r.int(), more: r.upTo(1 << 40)}
		if g.run.members = r.items(d); ordered {
			g.run.chain, g.run.members = s.linked(g.run.members), nil
		}
	}
	if g.whole != none && (g.run == nil || g.whole < 0 || g.whole > g.run.last) {
		r.bad = true // a chain of all stages is a run that goes on
	}
}

// chain reads one of so many items, or none.
func (r *reader) chain(s *State, d *compiled, long int) *link {
	list := r.items(d)
	if len(list) > 0 && len(list) != long {
		r.bad = true
	}
	return s.linked(list)
}

// linked is a chain of items.
func (s *State) linked(list []item) (l *link) {
	for i := range list {
		before := l
		l = s.link(&list[i], before)
		s.let(before) // what is before is used by it alone
	}
	return l
}
