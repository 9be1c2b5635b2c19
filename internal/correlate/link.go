package correlate

import "slices"

// link is the last item of a chain and the chain before it. Chains share their beginnings,
// and the chains of several definitions a first link, so that each counts its uses: it is
// used again once it has none.
type link struct {
	at, began int64
	id, of    string
	stages    uint64
	before    *link
	uses      int
}

// items adds the items of a chain to a list, from its first.
func (l *link) items(list []item) []item {
	from := len(list)
	for ; l != nil; l = l.before {
		list = append(list, item{at: l.at, id: l.id, of: l.of, stages: l.stages})
	}
	slices.Reverse(list[from:])
	return list
}

// links is how many links are made at once.
const links = 256

// link makes a link with one use, of an item and the chain before it.
func (s *State) link(it *item, before *link) *link {
	if s.links == nil {
		more := make([]link, links)
		for i := range more {
			more[i].before, s.links = s.links, &more[i]
		}
	}
	l := s.links
	s.links = l.before
	l.at, l.began, l.id, l.of, l.stages, l.before, l.uses = it.at, it.at, it.id, it.of, it.stages, before, 1
	if before != nil {
		before.uses++
		l.began = before.began
	}
	return l
}

// let gives up a use of a chain. What a link said stays in it until it is used again: no more
// is held by that than was at once before, and to clear it would be work for the collector.
func (s *State) let(l *link) {
	for l != nil {
		if l.uses--; l.uses > 0 {
			return
		}
		before := l.before
		l.before, s.links, l = s.links, l, before
	}
}

// first makes an item the first link of a chain, the same for all definitions of which it
// is a first stage.
func (s *State) first(it *item) *link {
	if b := s.start; b == nil || b.at != it.at || b.id != it.id || b.of != it.of || b.stages != it.stages {
		s.let(s.start)
		s.start = s.link(it, nil)
	}
	s.start.uses++
	return s.start
}

// advance carries chains on by the items of a time, and reports whether one of all stages
// lies in the window; made is that chain if it was made now, which it is whenever there was
// none. Two items of one time are in no order, so every chain is carried on from where it
// was before.
func (s *State) advance(g *group, d *compiled, now []item) (made *link, holds bool) {
	last, from := len(d.Stages)-1, now[0].at-d.span
	var at uint64
	for i := range now {
		at |= now[i].stages
	}
	for stage := last; stage >= 0; stage-- {
		if at&(1<<stage) == 0 {
			continue
		}
		it := &now[slices.IndexFunc(now, func(it item) bool { return it.stages&(1<<stage) != 0 })]
		next := s.next(g, stage, it, from)
		if next == nil {
			continue
		}
		if stage < last {
			s.let(*g.chain(stage))
			*g.chain(stage) = next
		} else {
			made, g.whole = next, next.began
		}
	}
	s.forget(g, last, from)
	return made, g.whole != none
}

// next is the chain up to a stage that an item ends, if there is one in the window and none
// that began as late.
func (s *State) next(g *group, stage int, it *item, from int64) *link {
	if stage == 0 {
		return s.first(it)
	}
	before := *g.chain(stage - 1)
	if before == nil || before.began < from {
		return nil
	}
	have := g.whole
	if g.held != nil && stage <= len(g.then) {
		have = none
		if c := *g.chain(stage); c != nil {
			have = c.began
		}
	}
	if have >= before.began {
		return nil
	}
	return s.link(it, before)
}

// forget drops the chains that began before a time.
func (s *State) forget(g *group, last int, from int64) {
	for stage := range last {
		if c := g.chain(stage); *c != nil && (*c).began < from {
			s.let(*c)
			*c = nil
		}
	}
	if g.whole < from {
		g.whole = none
	}
}
