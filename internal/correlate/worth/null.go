package worth

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/correlate"
)

// nulls is the chance of all sites together, of each, and of the time outside incidents.
type nulls struct {
	all      Chance
	control  *Chance
	sites    map[string]Chance
	controls map[string]*Chance
	shift    string
}

// epochs counts the chains of windows with fixed edges.
func (s *sample) epochs() {
	w := int64(s.d.Span)
	s.each(func(o *Seen, f *fitting) {
		at := o.Time.UnixNano() / w
		s.event(o, f, at)
		t := f.of
		if n := len(t.windows); n == 0 || t.windows[n-1].from != at {
			t.windows = append(t.windows, window{from: at, to: at, site: o.Site})
		}
		u := &t.windows[len(t.windows)-1]
		u.stages |= f.stages
		u.hit, u.judged = u.hit || o.Label == Hit, u.judged || o.Label == Hit || o.Label == Miss
	})
	for _, t := range s.groups {
		for i := range t.windows {
			u := &t.windows[i]
			is := s.enough(u.stages)
			if is {
				s.chain(u.site, u.from*w, u.hit, u.judged)
			}
			if u.hit {
				s.found(u.site, is)
			}
		}
	}
	s.each(func(o *Seen, f *fitting) {
		at, t := o.Time.UnixNano()/w, f.of
		for t.windows[t.next].from < at {
			t.next++
		}
		s.alertOf(o, s.enough(t.windows[t.next].stages))
	})
}

func (s *sample) enough(stages uint64) bool {
	n := int64(bits.OnesCount64(stages))
	return n >= s.d.Condition.Lower && n <= s.d.Condition.Upper
}

// found counts a unit with a true positive, and whether a chain has one of it.
func (s *sample) found(site string, chained bool) {
	c := s.recall[site]
	c.of++
	if chained {
		c.hits++
	}
	s.recall[site] = c
}

// runs counts findings of the engine.
func (s *sample) runs(findings []correlate.Finding) {
	by := map[string][]window{}
	for i := range findings {
		if f := &findings[i]; f.Definition == s.d.Key() && !f.Open {
			parts := make([]string, len(s.d.GroupBy))
			for k, g := range s.d.GroupBy {
				parts[k] = f.Group[g]
			}
			group := strings.Join(parts, "\x1f")
			by[group] = append(by[group], window{from: f.From.UnixNano(), to: f.Last.UnixNano()})
		}
	}
	for _, list := range by {
		slices.SortFunc(list, func(a, b window) int { return cmp.Compare(a.from, b.from) })
	}
	hits := map[spot]bool{}
	s.each(func(o *Seen, f *fitting) {
		at, t := o.Time.UnixNano(), f.of
		s.event(o, f, at)
		list := by[t.group]
		for t.next < len(list) && list[t.next].to < at {
			t.next++
		}
		chained := t.next < len(list) && list[t.next].from <= at
		if chained {
			l := &list[t.next]
			l.site = o.Site
			l.hit, l.judged = l.hit || o.Label == Hit, l.judged || o.Label == Hit || o.Label == Miss
		}
		s.alertOf(o, chained)
		if o.Label == Hit {
			u := spot{nil, o.Site, alert.FoldEntity(o.Entity) + "\x1f" + o.Time.UTC().Format(time.DateOnly)}
			hits[u] = hits[u] || chained
		}
	})
	for _, list := range by {
		for i := range list {
			s.chain(list[i].site, list[i].from, list[i].hit, list[i].judged)
		}
	}
	for u, chained := range hits {
		s.found(u.site, chained)
	}
}

// event adds what a group was observed in, at a time or in a window.
func (s *sample) event(o *Seen, f *fitting, at int64) {
	list := &f.of.families[f.family].events
	outside := f.stages
	if o.Incident {
		outside, s.incident = 0, true
	}
	s.overlap = s.overlap || f.stages&(f.stages-1) != 0
	if n := len(*list); n > 0 && (*list)[n-1].at == at {
		(*list)[n-1].stages |= f.stages
		(*list)[n-1].outside |= outside
		return
	}
	*list = append(*list, event{at: at, stages: f.stages, outside: outside})
}

// null draws the null.
func (s *sample) null(unit Unit, p *Policy) nulls {
	n := nulls{sites: map[string]Chance{}, controls: map[string]*Chance{}}
	why := s.noNull(unit)
	tracks := make([]*track, 0, len(s.groups))
	for _, t := range s.groups {
		t.families = slices.DeleteFunc(t.families, func(f family) bool { return len(f.events) == 0 })
		if len(t.families) == 0 {
			continue
		}
		slices.SortStableFunc(t.families, func(a, b family) int {
			return cmp.Or(cmp.Compare(bits.TrailingZeros64(a.events[0].stages), bits.TrailingZeros64(b.events[0].stages)), strings.Compare(a.name, b.name))
		})
		tracks = append(tracks, t)
	}
	slices.SortFunc(tracks, bySite)
	drawn, control := map[string]*draws{}, map[string]*draws{}
	r := ring{d: &s.d, unit: unit}
	for _, t := range tracks {
		if why != "" {
			break
		}
		c, ok := s.spans.sites[t.site]
		if !ok {
			c = s.spans.all
		}
		r.on(c)
		n.shift = r.shift()
		r.draw(t, p, false, drawn)
		if s.incident {
			r.draw(t, p, true, control)
		}
	}
	total := int64(0)
	for site := range s.spans.sites {
		t := s.chains[site]
		total += t.chains
		own := why
		if own == "" && drawn[site] == nil && drawn[""] != nil {
			own = "it does not group by site: its null is of all sites together"
		}
		n.sites[site] = chanceOf(t.chains, drawn[site], own, s.powerless(site), p.Repeats)
		if d := control[site]; d != nil {
			n.controls[site] = new(chanceOf(d.observed, d, "", s.powerless(site), p.Repeats))
		}
	}
	n.all = chanceOf(total, together(drawn), why, s.powerless(""), p.Repeats)
	if all := together(control); s.incident && why == "" && all != nil {
		n.control = new(chanceOf(all.observed, all, "", s.powerless(""), p.Repeats))
	}
	return n
}

// noNull says why a definition has no null; empty where it has one.
func (s *sample) noNull(unit Unit) string {
	d := &s.d
	families := map[string]bool{}
	for _, t := range s.groups {
		for _, f := range t.families {
			families[f.name] = true
		}
	}
	switch {
	case d.Type != correlate.Temporal && d.Type != correlate.TemporalOrdered:
		return "it counts, and compares nothing that could be shifted against each other"
	case unit == Epoch && d.Type != correlate.Temporal:
		return "a window with fixed edges has no order"
	case d.Condition.Upper != correlate.Unbounded:
		return "its condition has an upper bound"
	case unit == Epoch && dayLong%int64(d.Span) != 0:
		return "a day is not a whole number of its windows"
	case slices.ContainsFunc(d.Stages, func(s correlate.Selector) bool { return s.Kind == correlate.OfChain }):
		return "one of its rules is another definition"
	case s.overlap:
		return "some observations fit two of its rules"
	case len(families) < 2:
		return "all that was seen of it is of one family, which cannot be shifted against another"
	}
	return ""
}

// powerless reports whether the window is a tenth of the span or more.
func (s *sample) powerless(site string) bool {
	c, ok := s.spans.sites[site]
	if !ok {
		c.length = math.MaxInt64
		for _, of := range s.spans.sites {
			c.length = min(c.length, of.length)
		}
	}
	return int64(s.d.Span) >= c.length/10
}

// draws is how many chains there are, and are in each repeat.
type draws struct {
	observed int64
	null     []int64
}

func together(of map[string]*draws) *draws {
	var all *draws
	for _, d := range of {
		if all == nil {
			all = &draws{null: make([]int64, len(d.null))}
		}
		all.observed += d.observed
		for i, n := range d.null {
			all.null[i] += n
		}
	}
	return all
}

func chanceOf(observed int64, d *draws, why string, powerless bool, repeats int) Chance {
	c := Chance{Observed: observed, Why: why, Powerless: powerless}
	if d == nil || repeats == 0 {
		if why == "" {
			c.Why = "nothing was seen of it"
		}
		return c
	}
	sum, as := int64(0), 0
	for _, n := range d.null {
		sum += n
		if n >= observed {
			as++
		}
	}
	c.Expected, c.P = new(float64(sum)/float64(len(d.null))), new(float64(1+as)/float64(1+len(d.null)))
	if sum > 0 {
		c.Ratio = new(float64(observed) / *c.Expected)
	}
	return c
}

// ring is the circle on which families are shifted, in windows or in nanoseconds.
type ring struct {
	d      *correlate.Definition
	unit   Unit
	from   int64
	length int64
	// step is what shifts are whole numbers of, and least the least one.
	step, least int64
	marks       []uint64
	heads       []head
}

// head is how far a family was read.
type head struct{ at, left, off int64 }

// wholeDays are from how many days on, and up to which window, shifts are by whole days:
// what happens at the same hours every day lines up in them as well.
const (
	wholeDays  = 7
	wholeHours = time.Hour
)

func (r *ring) on(c circle) {
	w := int64(r.d.Span)
	if r.unit == Epoch {
		r.from, r.length, r.step, r.least = c.from/w, c.length/w, 1, 1
		if int64(len(r.marks)) < r.length {
			r.marks = make([]uint64, r.length)
		}
		return
	}
	r.from, r.length, r.step, r.least = c.from, c.length, int64(time.Second), (w+int64(time.Second)-1)/int64(time.Second)
	if r.days() {
		r.step, r.least = dayLong, 1
	}
}

func (r *ring) days() bool {
	return r.unit == Sliding && r.d.Span <= wholeHours && r.length >= wholeDays*dayLong
}

func (r *ring) shift() string {
	switch {
	case r.unit == Epoch:
		return "each family of each entity but the first is turned by any number of windows"
	case r.days():
		return "each family of each entity but the first is turned by whole days"
	}
	return "each family of each entity but the first is turned by any offset of at least one window"
}

// offset is how far a family is turned in a repeat: by the first eight bytes of the
// SHA-256 over seed, repeat, group and family.
func (r *ring) offset(p *Policy, repeat int, t *track, family string) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%d|%s|%s", p.Seed, repeat, t.key, family))
	x := binary.BigEndian.Uint64(sum[:8])
	choices := r.length/r.step - 2*r.least + 1
	if choices < 1 {
		return 0
	}
	return (r.least + int64(x%uint64(choices))) * r.step
}

// draw adds the chains of a group, as they are and turned.
func (r *ring) draw(t *track, p *Policy, outside bool, into map[string]*draws) {
	d := into[t.site]
	if d == nil {
		d = &draws{null: make([]int64, p.Repeats)}
		into[t.site] = d
	}
	offs := make([]int64, len(t.families))
	n := r.count(t, offs, outside)
	d.observed += n
	if len(t.families) < 2 {
		for i := range d.null {
			d.null[i] += n
		}
		return
	}
	for b := range p.Repeats {
		for i := 1; i < len(offs); i++ {
			offs[i] = r.offset(p, b+1, t, t.families[i].name)
		}
		d.null[b] += r.count(t, offs, outside)
	}
}

// count returns how many chains a group has when its families are turned so far.
func (r *ring) count(t *track, offs []int64, outside bool) int64 {
	if r.unit == Epoch {
		return r.windows(t, offs, outside)
	}
	return r.sliding(t, offs, outside)
}

func (e *event) shown(outside bool) uint64 {
	if outside {
		return e.outside
	}
	return e.stages
}

func (r *ring) windows(t *track, offs []int64, outside bool) (n int64) {
	need := int(r.d.Condition.Lower)
	for i := range t.families {
		for k := range t.families[i].events {
			e := &t.families[i].events[k]
			at := (e.at - r.from + offs[i]) % r.length
			before := r.marks[at]
			r.marks[at] = before | e.shown(outside)
			if bits.OnesCount64(before) < need && bits.OnesCount64(r.marks[at]) >= need {
				n++
			}
		}
	}
	for i := range t.families {
		for k := range t.families[i].events {
			r.marks[(t.families[i].events[k].at-r.from+offs[i])%r.length] = 0
		}
	}
	return n
}

// sliding merges the families, and counts runs as the engine does.
func (r *ring) sliding(t *track, offs []int64, outside bool) int64 {
	r.heads = r.heads[:0]
	for i := range t.families {
		es := t.families[i].events
		first, _ := slices.BinarySearchFunc(es, r.from+r.length-offs[i], func(e event, at int64) int { return cmp.Compare(e.at, at) })
		r.heads = append(r.heads, head{at: int64(first % len(es)), left: int64(len(es)), off: offs[i]})
	}
	c := newRunning(r.d)
	for {
		t0, best := int64(math.MaxInt64), uint64(0)
		for i := range r.heads {
			if h := &r.heads[i]; h.left > 0 {
				if at := r.time(h, t.families[i].events); at < t0 {
					t0 = at
				}
			}
		}
		if t0 == math.MaxInt64 {
			return c.n
		}
		for i := range r.heads {
			for h, es := &r.heads[i], t.families[i].events; h.left > 0 && r.time(h, es) == t0; {
				best |= es[h.at].shown(outside)
				h.left--
				if h.at++; h.at == int64(len(es)) {
					h.at = 0
				}
			}
		}
		if best != 0 {
			c.see(t0, best)
		}
	}
}

func (r *ring) time(h *head, es []event) int64 {
	at := es[h.at].at - r.from + h.off
	if at >= r.length {
		at -= r.length
	}
	return at
}

// running counts the runs of one group.
type running struct {
	d     *correlate.Definition
	last  [correlate.MostStages]int64 // when a stage was seen last, or of an order the latest beginning of a chain up to it
	going bool
	when  int64
	n     int64
}

const never = math.MinInt64 / 2

func newRunning(d *correlate.Definition) *running {
	c := &running{d: d}
	for i := range d.Stages {
		c.last[i] = never
	}
	return c
}

// see takes in the stages that are seen at a time.
func (c *running) see(t int64, stages uint64) {
	span, k := int64(c.d.Span), len(c.d.Stages)
	holds := false
	if c.d.Type == correlate.Temporal {
		n := int64(0)
		for i := range k {
			if stages&(1<<i) != 0 {
				c.last[i] = t
			}
			if c.last[i] >= t-span {
				n++
			}
		}
		holds = n >= c.d.Condition.Lower
	} else {
		for i := k - 1; i > 0; i-- {
			if stages&(1<<i) != 0 && c.last[i-1] >= t-span {
				c.last[i] = max(c.last[i], c.last[i-1])
			}
		}
		if stages&1 != 0 {
			c.last[0] = t
		}
		holds = c.last[k-1] >= t-span
	}
	if holds && !(c.going && t-c.when <= span) {
		c.n++
	}
	if c.going = holds; holds {
		c.when = t
	}
}
