package correlate

import (
	"slices"
	"strings"
	"time"
)

// touch is a group that is asked about.
type touch struct {
	of     *holder
	at     int // the place of the group
	source *arrival
	now    []item // what came, of temporal_ordered
}

// conclude asks the definitions about time t, those first that are stages of others.
func (s *State) conclude(b *bucket, t int64) {
	s.recycle()
	s.pass(t)
	for level := range s.queued {
		s.touched = s.touched[:0]
		for i := range s.queued[level] {
			s.apply(&s.queued[level][i])
		}
		s.queued[level] = s.queued[level][:0]
		for i := range s.touched {
			h := &s.touched[i]
			if h.of.gone {
				continue
			}
			g := &h.of.groups[h.at]
			if s.ask(g, h, t) {
				s.raise(b, int(g.def), h.source)
			}
		}
	}
}

// raise queues a definition that holds as an observation of those that it is a stage of.
func (s *State) raise(b *bucket, def int, a *arrival) {
	if len(s.plan.defs[def].parents) == 0 {
		return
	}
	for i := a.from; i < a.to; i++ {
		if h := &b.hits[i]; h.from == int32(def) {
			s.queue(h, a)
		}
	}
}

// apply adds a queued item to its group. What is a later stage of an order that did not
// begin changes nothing, and nothing is held of it.
func (s *State) apply(q *queued) {
	d := &s.plan.defs[q.of.def]
	ordered := d.Type == TemporalOrdered
	h := s.find(d.space, q.of)
	at := h.place(q.of.def)
	if ordered && at < 0 && q.of.stages&1 == 0 {
		return
	}
	h = s.observed(h, d.space, q.of, q.source.at)
	if at < 0 || at >= len(h.groups) {
		at = s.room(h, q.of.def)
	}
	g := &h.groups[at]
	if !ordered {
		for n := g.add(d, q.item()); n > 0; n-- {
			s.amiss(Dropped, q.source.id, time.Unix(0, q.source.at), d.Key())
		}
	}
	if g.run != nil {
		g.run.coming++
	}
	t := s.touch(h, at, q.source)
	if ordered {
		t.now = append(t.now, q.item())
	}
}

// touch puts a group among those that are asked about.
func (s *State) touch(h *holder, at int, source *arrival) *touch {
	g := &h.groups[at]
	if n := int(g.touched); n < len(s.touched) && s.touched[n].of == h && s.touched[n].at == at {
		s.touched[n].source = source
		return &s.touched[n]
	}
	n := len(s.touched)
	g.touched = int32(n)
	if n < cap(s.touched) {
		s.touched = s.touched[:n+1]
	} else {
		s.touched = append(s.touched, touch{})
	}
	t := &s.touched[n]
	t.of, t.at, t.source, t.now = h, at, source, t.now[:0]
	return t
}

// ask asks a definition about the window of a group that ends at t, and reports whether
// it holds.
func (s *State) ask(g *group, of *touch, t int64) bool {
	d := &s.plan.defs[g.def]
	key := of.of.key
	var made *link
	var amount int64
	var holds bool
	if d.Type == TemporalOrdered {
		made, holds = s.advance(g, d, of.now)
		amount = int64(len(d.Stages))
	} else {
		amount, holds = g.amountAt(d, t)
	}
	if g.run != nil && (!holds || t-g.run.last > d.span) {
		s.end(g, key, false)
	}
	if holds {
		s.hold(g, key, made, t, amount)
	}
	if made != nil {
		s.let(made)
	}
	return holds
}

// hold begins a run where there is none, and carries it on to t.
func (s *State) hold(g *group, key string, made *link, t, amount int64) {
	if g.run == nil {
		g.run = s.begin(g, made, t, amount)
		if s.plan.defs[g.def].Condition.Upper == Unbounded {
			s.out = append(s.out, s.finding(g, key, true))
		}
	}
	g.run.last, g.run.most = t, max(g.run.most, amount)
	g.run.seen, g.run.coming = g.run.seen+g.run.coming, 0
}

// begin is the run that begins at t, by the chain that was made or the items that are held.
func (s *State) begin(g *group, made *link, t, amount int64) *run {
	r := &run{}
	if last := len(s.runs) - 1; last >= 0 {
		r, s.runs = s.runs[last], s.runs[:last]
	}
	r.at, r.last, r.amount = t, t, amount
	if made != nil {
		r.from = made.began
		for l := made; l != nil; l = l.before {
			r.seen++
		}
		made.uses++
		r.chain = made
		return r
	}
	r.from, r.seen, r.more = t, int64(len(g.items)), max(0, len(g.items)-MostMembers)
	for i := range g.items {
		r.from = min(r.from, g.items[i].at)
	}
	r.members = slices.Clone(g.items[:min(len(g.items), MostMembers)])
	return r
}

// mostRuns bounds the runs that are kept to be used again.
const mostRuns = 4096

// end ends a run. What has an upper bound is told only now, if it was never exceeded.
func (s *State) end(g *group, key string, cut bool) {
	r := g.run
	if r.most <= s.plan.defs[g.def].Condition.Upper {
		f := s.finding(g, key, false)
		f.Cut = cut
		s.out = append(s.out, f)
	}
	g.run = nil
	if r.chain != nil {
		s.let(r.chain)
	}
	if *r = (run{}); len(s.runs) < mostRuns {
		s.runs = append(s.runs, r)
	}
}

// finding returns a run as people are told of it.
func (s *State) finding(g *group, key string, open bool) Finding {
	d, r := &s.plan.defs[g.def], g.run
	at := func(t int64) time.Time { return time.Unix(0, t).UTC() }
	f := Finding{ID: findingID(d.Key(), key, r.at), Definition: d.Key(), Title: d.Title, Level: d.Level, Group: make(map[string]string, len(d.GroupBy)),
		From: at(r.from), At: at(r.at), Last: at(r.last), Open: open, Amount: float64(r.amount), Observations: r.seen, More: r.more}
	if d.Type == ValueSum {
		f.Amount /= Milli
	}
	rest := key
	for i, name := range d.GroupBy {
		part := rest
		if i < len(d.GroupBy)-1 {
			part, rest, _ = strings.Cut(rest, "\x1f")
		}
		f.Group[name] = part
	}
	members := s.members(r)
	f.Members = make([]Member, len(members))
	for i := range members {
		m := &members[i]
		f.Members[i] = Member{ID: m.id, Time: at(m.at), Of: m.of, Stages: d.names(m.stages), Value: strings.ReplaceAll(m.value, "\x1f", " ")}
	}
	return f
}

// members are those that are told of a run, until they are asked for again.
func (s *State) members(r *run) []item {
	if r.chain == nil {
		return r.members
	}
	s.listed = r.chain.items(s.listed[:0])
	return s.listed
}
