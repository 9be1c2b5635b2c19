package correlate

import (
	"cmp"
	"container/heap"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits bound what a State takes and holds.
type Limits struct {
	// Lateness is how much later than a newer observation one may arrive and still be put
	// in its place, at least. 0 is for observations that arrive in the order of time.
	Lateness time.Duration
	// From and Until bound the time of observations, both included; the zero time is no
	// bound. One that is outside is counted and not read, so that a clock that runs ahead
	// makes nobody else late.
	From, Until time.Time
	// Groups is how many groups are held at once, at most; 0 means DefaultGroups. Of more,
	// the one that was observed longest ago is evicted, and counted.
	Groups int
}

// DefaultGroups is how many groups a State holds where Limits do not say.
const DefaultGroups = 2_000_000

// Cause is why an observation was not read, or not for all that it could have been.
type Cause string

// The causes.
const (
	Late      Cause = "late"       // newer ones were read already
	Outside   Cause = "outside"    // its time is out of bounds
	Duplicate Cause = "duplicate"  // it was read already
	Ungrouped Cause = "ungrouped"  // it has no value for a field that a definition groups by
	NoValue   Cause = "no_value"   // it has no value that a definition counts or sums
	Evicted   Cause = "evicted"    // a group that was given up to bound the state
	Dropped   Cause = "not_summed" // more are in one window than are summed
)

// Causes lists them.
func Causes() []Cause { return []Cause{Late, Outside, Duplicate, Ungrouped, NoValue, Evicted, Dropped} }

// Stats is what a State read, and what it could not.
type Stats struct {
	// Read is how many observations there were, and Fitting how many of them bear on any
	// definition and were taken in.
	Read    int64 `json:"read"`
	Fitting int64 `json:"fitting"`
	// Groups is how many groups are held, and Peak the most that were.
	Groups int   `json:"groups"`
	Peak   int   `json:"groups_at_most"`
	Amiss  Amiss `json:"amiss"`
	// Examples are the first of each cause.
	Examples []Example `json:"examples"`
}

// Amiss counts by cause. An observation is counted once for each definition that it could
// not be read for.
type Amiss map[Cause]int64

// Example is an observation, or for an evicted group the group, that was not read.
type Example struct {
	Cause Cause     `json:"cause"`
	ID    string    `json:"id"`
	Time  time.Time `json:"time"`
	// Definition is the one for which it could not be read; empty for all.
	Definition string `json:"definition,omitempty"`
}

// mostExamples is how many examples of a cause are told.
const mostExamples = 5

// State is all that a plan remembers of what it was shown. It is used by one goroutine.
type State struct {
	plan     *Plan
	limits   Limits
	matched  map[*Sort][]match
	indices  []index
	oldest   *holder // the ends of the list of holders, by when they were observed last
	newest   *holder
	buckets  map[int64]*bucket
	waiting  ids
	quantum  int64
	edge     int64 // the first bucket that may still be filled
	newestAt int64
	begun    bool
	stats    Stats
	out      []Finding
	queued   [][]queued // by level
	touched  []touch
	count    int   // of holders
	span     int64 // the longest of all definitions
	seed     maphash.Seed
	free     *holder   // those that are not in use, by next
	given    []*holder // those that were given up at the time that is being read
	recent   *holder   // the one that was looked up last
	spare    []*bucket
	sort     *Sort // that of the last observation, and its matches
	fit      []match
	begin    *link // the first link that was made last
	start    func(*item) *link
}

// bucket is observations of one stretch of time that wait for late ones.
type bucket struct {
	arrivals []arrival
	hits     []hit
}

// arrival is an observation that waits; its hits are those of its bucket from..to.
type arrival struct {
	at       int64
	id, of   string
	from, to int32
}

// hit is what an arrival bears on.
type hit struct {
	def, from int32
	stages    uint64
	key       string
	value     string
	amount    int64
}

type queued struct {
	def int
	key string
	it  item
	// source is the arrival that it came with.
	source *arrival
}

type touch struct {
	of     *holder
	at     int // the place of the group
	source *arrival
	now    []item // what came, of temporal_ordered
}

// ids is a heap of the numbers of buckets.
type ids []int64

func (h ids) Len() int           { return len(h) }
func (h ids) Less(i, j int) bool { return h[i] < h[j] }
func (h ids) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a number; package heap calls it.
func (h *ids) Push(x any) { *h = append(*h, x.(int64)) }

// Pop takes the last; package heap calls it.
func (h *ids) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// NewState returns the state of a plan that was shown nothing.
func NewState(p *Plan, l Limits) *State {
	s := &State{plan: p, limits: l, matched: map[*Sort][]match{}, buckets: map[int64]*bucket{}, edge: math.MinInt64,
		quantum: max(int64(time.Second), int64(l.Lateness)/16), queued: make([][]queued, p.levels), seed: maphash.MakeSeed()}
	s.start = s.startOf
	if s.limits.Groups <= 0 {
		s.limits.Groups = DefaultGroups
	}
	for i := range p.spaces {
		s.indices = append(s.indices, index{})
		s.span = max(s.span, p.spaces[i].span)
	}
	s.stats.Amiss = Amiss{}
	return s
}

// Stats returns what the state read so far.
func (s *State) Stats() Stats {
	out := s.stats
	out.Amiss, out.Examples = Amiss{}, slices.Clone(s.stats.Examples)
	for c, n := range s.stats.Amiss {
		out.Amiss[c] = n
	}
	out.Groups = s.count
	return out
}

// Step shows an observation to a state, and returns the findings that began or ended by
// it, of which the State keeps none: the slice is good until the next call.
func Step(s *State, o *Observation) []Finding {
	s.out = s.out[:0]
	s.stats.Read++
	t := o.Time.UnixNano()
	if sec := o.Time.Unix(); sec < 0 || sec >= beyond || !s.limits.From.IsZero() && o.Time.Before(s.limits.From) ||
		!s.limits.Until.IsZero() && o.Time.After(s.limits.Until) {
		s.amiss(Outside, o.ID, o.Time, "")
		return nil
	}
	number := floor(t, s.quantum)
	if number < s.edge {
		s.amiss(Late, o.ID, o.Time, "")
		return nil
	}
	s.take(o, t, number)
	if t > s.newestAt || !s.begun {
		s.newestAt, s.begun = t, true
		s.release(floor(t-int64(s.limits.Lateness), s.quantum))
	}
	return s.out
}

// Flush reads what still waits for late observations, and ends what goes on: nothing more
// will come. It returns the findings that began or ended.
func (s *State) Flush() []Finding {
	s.out = s.out[:0]
	s.release(math.MaxInt64)
	for s.oldest != nil {
		s.give(s.oldest, false)
	}
	return s.out
}

// beyond is the beginning of 2262, in which nanoseconds no longer fit.
const beyond = 9_214_646_400

// floor is t divided by a unit, rounded down.
func floor(t, by int64) int64 {
	n := t / by
	if t%by < 0 {
		n--
	}
	return n
}

func (s *State) amiss(c Cause, id string, at time.Time, definition string) {
	if s.stats.Amiss[c]++; s.stats.Amiss[c] <= mostExamples {
		s.stats.Examples = append(s.stats.Examples, Example{c, bounded(id), at.UTC(), definition})
	}
}

// mostSorts bounds how many sorts a state remembers the matches of.
const mostSorts = 100_000

func (s *State) matches(of *Sort) []match {
	if of == s.sort && of != nil {
		return s.fit
	}
	ms, known := s.matched[of]
	if !known {
		if len(s.matched) >= mostSorts {
			clear(s.matched)
		}
		ms = s.plan.matches(of)
		s.matched[of] = ms
	}
	s.sort, s.fit = of, ms
	return ms
}

// take puts an observation with those of its time.
func (s *State) take(o *Observation, t, number int64) {
	ms := s.matches(o.Sort)
	if len(ms) == 0 {
		return
	}
	b := s.buckets[number]
	if b == nil {
		b = s.newBucket()
		s.buckets[number] = b
		heap.Push(&s.waiting, number)
	}
	from := len(b.hits)
	space, key := -1, ""
	for i := range ms {
		m, d := &ms[i], &s.plan.defs[ms[i].def]
		if d.space != space || len(d.Aliases) > 0 {
			space, key = d.space, groupKey(o, m.groups)
		}
		h := hit{def: int32(m.def), from: int32(m.from), stages: m.stages, key: key}
		if key == "" {
			s.amiss(Ungrouped, o.ID, o.Time, d.Key())
			continue
		}
		if d.Type.Valued() && !h.read(d, o) {
			s.amiss(NoValue, o.ID, o.Time, d.Key())
			continue
		}
		b.hits = append(b.hits, h)
	}
	if len(b.hits) > from {
		s.stats.Fitting++
		b.arrivals = append(b.arrivals, arrival{at: t, id: bounded(o.ID), of: o.Sort.label(), from: int32(from), to: int32(len(b.hits))})
	}
}

// groupKey joins the values of the fields that a definition groups by, folded; empty
// where one has none.
func groupKey(o *Observation, fields []string) string {
	if len(fields) == 1 {
		return fold(o.field(fields[0]))
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		if parts[i] = fold(o.field(f)); parts[i] == "" {
			return ""
		}
	}
	return strings.Join(parts, "\x1f")
}

// fold is the form in which two spellings of a host or an account are the same.
func fold(s string) string { return bounded(strings.ToLower(strings.TrimSpace(s))) }

// mostAmount bounds a summed value: as many as are summed cannot overflow.
const mostAmount = 1e12

// read reads what a definition counts or sums, and reports whether there is any.
func (h *hit) read(d *compiled, o *Observation) bool {
	var parts []string
	for _, f := range d.Field {
		if v := o.field(f); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) < len(d.Field) {
		return false
	}
	h.value = bounded(strings.Join(parts, "\x1f"))
	if d.Type == ValueSum {
		x, err := strconv.ParseFloat(strings.TrimSpace(h.value), 64)
		if err != nil || !(math.Abs(x) <= mostAmount) {
			return false
		}
		h.amount = int64(math.Round(x * Milli))
	}
	return true
}

// release reads the buckets before a number, in the order of time.
func (s *State) release(before int64) {
	if before <= s.edge {
		return
	}
	s.edge = before
	for len(s.waiting) > 0 && s.waiting[0] < before {
		number := heap.Pop(&s.waiting).(int64)
		b := s.buckets[number]
		delete(s.buckets, number)
		s.read(b)
		s.putBack(b)
	}
	if before != math.MaxInt64 && before > math.MinInt64/s.quantum {
		s.pass(before * s.quantum)
	}
}

// mostSpare bounds the buckets that are kept to be used again.
const mostSpare = 64

func (s *State) newBucket() *bucket {
	last := len(s.spare) - 1
	if last < 0 {
		return &bucket{}
	}
	b := s.spare[last]
	s.spare = s.spare[:last]
	return b
}

// putBack keeps a bucket that was read to be used again, without what was in it.
func (s *State) putBack(b *bucket) {
	if len(s.spare) >= mostSpare || cap(b.arrivals) > 1024 {
		return
	}
	clear(b.arrivals)
	clear(b.hits)
	b.arrivals, b.hits = b.arrivals[:0], b.hits[:0]
	s.spare = append(s.spare, b)
}

// startOf returns an item as the first link of a chain, the same for all definitions of
// which it is a first stage.
func (s *State) startOf(it *item) *link {
	if b := s.begin; b == nil || b.at != it.at || b.id != it.id || b.of != it.of || b.stages != it.stages {
		s.begin = &link{at: it.at, began: it.at, id: it.id, of: it.of, stages: it.stages}
	}
	return s.begin
}

// read reads a bucket.
func (s *State) read(b *bucket) {
	slices.SortFunc(b.arrivals, func(x, y arrival) int {
		if x.at != y.at {
			return cmp.Compare(x.at, y.at)
		}
		return cmp.Or(strings.Compare(x.id, y.id), strings.Compare(x.of, y.of), compareHits(b.hits[x.from:x.to], b.hits[y.from:y.to]))
	})
	for i := 0; i < len(b.arrivals); {
		n := i
		for i < len(b.arrivals) && b.arrivals[i].at == b.arrivals[n].at {
			a := &b.arrivals[i]
			if i > n && a.id != "" && a.id == b.arrivals[i-1].id && a.of == b.arrivals[i-1].of {
				s.amiss(Duplicate, a.id, time.Unix(0, a.at), "")
			} else {
				s.direct(b, a)
			}
			i++
		}
		s.conclude(b, b.arrivals[n].at)
	}
}

func compareHits(x, y []hit) int {
	return slices.CompareFunc(x, y, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.def, b.def), strings.Compare(a.key, b.key), strings.Compare(a.value, b.value))
	})
}

// direct queues what an arrival bears on by itself.
func (s *State) direct(b *bucket, a *arrival) {
	for i := a.from; i < a.to; i++ {
		if h := &b.hits[i]; h.from < 0 {
			s.queue(h, a)
		}
	}
}

func (s *State) queue(h *hit, a *arrival) {
	level := s.plan.defs[h.def].level
	s.queued[level] = append(s.queued[level], queued{def: int(h.def), key: h.key, source: a,
		it: item{at: a.at, id: a.id, of: a.of, value: h.value, amount: h.amount, stages: h.stages}})
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
			g := &h.of.groups[h.at]
			if !h.of.gone && s.ask(g, h, t) {
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
	d := &s.plan.defs[q.def]
	ordered := d.Type == TemporalOrdered
	h := s.find(d.space, q.key)
	at := h.place(q.def)
	if ordered && at < 0 && q.it.stages&1 == 0 {
		return
	}
	h = s.observed(h, d.space, q.key, q.it.at)
	if at < 0 || at >= len(h.groups) {
		at = h.room(d, q.def)
	}
	g := &h.groups[at]
	if !ordered {
		for n := g.add(d, q.it); n > 0; n-- {
			s.amiss(Dropped, q.it.id, time.Unix(0, q.it.at), d.Key())
		}
	}
	if g.run != nil {
		g.run.coming++
	}
	t := s.touch(h, at, q.source)
	if ordered {
		t.now = append(t.now, q.it)
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
		made, holds = g.advance(d, of.now, s.start)
		amount = int64(len(d.Stages))
	} else {
		amount, holds = g.amountAt(d, t)
	}
	if g.run != nil && (!holds || t-g.run.last > d.span) {
		s.end(g, key, false)
	}
	if !holds {
		return false
	}
	if g.run == nil {
		g.run = g.begin(made, t, amount)
		if d.Condition.Upper == Unbounded {
			s.out = append(s.out, s.finding(g, key, true))
		}
	}
	g.run.last, g.run.most = t, max(g.run.most, amount)
	g.run.seen, g.run.coming = g.run.seen+g.run.coming, 0
	return true
}

// begin is the run that begins at t, by the chain that was made or the items that are held.
func (g *group) begin(made *link, t, amount int64) *run {
	r := &run{at: t, last: t, amount: amount}
	if g.held == nil {
		r.from = made.began
		for l := made; l != nil; l = l.before {
			r.seen++
		}
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

// end ends a run. What has an upper bound is told only now, if it was never exceeded.
func (s *State) end(g *group, key string, cut bool) {
	if g.run.most <= s.plan.defs[g.def].Condition.Upper {
		f := s.finding(g, key, false)
		f.Cut = cut
		s.out = append(s.out, f)
	}
	g.run = nil
}

// finding returns a run as people are told of it.
func (s *State) finding(g *group, key string, open bool) Finding {
	d, r := &s.plan.defs[g.def], g.run
	at := func(t int64) time.Time { return time.Unix(0, t).UTC() }
	f := Finding{ID: findingID(d.Key(), key, r.at), Definition: d.Key(), Title: d.Title, Level: d.Level, Group: map[string]string{},
		From: at(r.from), At: at(r.at), Last: at(r.last), Open: open, Amount: float64(r.amount), Observations: r.seen, More: r.more, Members: []Member{}}
	if d.Type == ValueSum {
		f.Amount /= Milli
	}
	for i, part := range strings.SplitN(key, "\x1f", len(d.GroupBy)) {
		f.Group[d.GroupBy[i]] = part
	}
	members := r.list()
	for i := range members {
		m := &members[i]
		f.Members = append(f.Members, Member{ID: m.id, Time: at(m.at), Of: m.of, Stages: d.names(m.stages), Value: strings.ReplaceAll(m.value, "\x1f", " ")})
	}
	return f
}

// String says in a line how much was read.
func (s Stats) String() string {
	text := fmt.Sprintf("%d observations read, %d fit", s.Read, s.Fitting)
	for _, c := range Causes() {
		if n := s.Amiss[c]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, strings.ReplaceAll(string(c), "_", " "))
		}
	}
	return text
}
