package batches

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"candor/internal/alert"
	"candor/internal/cache"
	"candor/internal/day"
)

// sharing remembers the shares of sums by day: those of each rule, and those of each set of
// rules at sites. What is asked of the index is the days on which something has changed
// since. Its own lock is taken before that of the memory.
type sharing struct {
	sync.Mutex
	rules cache.Cache[*stretch[[]alert.RuleShare]] // by provenances and rule
	sets  cache.Cache[*stretch[alert.SetShare]]    // by provenances and what the set has on a day
}

// stretch is what is remembered by day. It changes as more is.
type stretch[V any] struct {
	days map[day.Date]share[V]
	cost int64
}

// share is that of one day, nil where there are no alerts, with what it rests on.
type share[V any] struct {
	value  *V
	at     int64
	cases  string // the name of what cases said
	trials string // the exercises of the day, where tests are among the alerts
	all    bool   // it rests on all alerts, as duplicates do, which repeat any
}

// What shares take is bounded.
const (
	memoryOfRules = 64 << 20
	memoryOfSets  = 48 << 20
)

// put remembers a day.
func (s *stretch[V]) put(d day.Date, fresh share[V], cost func(*V) int64) {
	if old, had := s.days[d]; had {
		s.cost -= 96 + cost(old.value)
	}
	s.days[d] = fresh
	s.cost += 96 + cost(fresh.value)
}

func costOfRules(list *[]alert.RuleShare) (n int64) {
	if list == nil {
		return 0
	}
	for i := range *list {
		r := &(*list)[i]
		n += 240 + 48*int64(len(r.Classes)+len(r.Persons)+len(r.Pairs)+len(r.Cases)+len(r.Minutes.Far)) + int64(len(r.Minutes.Near))
	}
	return n
}

func costOfSet(s *alert.SetShare) int64 {
	if s == nil {
		return 0
	}
	return 320 + 80*int64(len(s.Cases))
}

// daysOfShares is of how many days at most shares are remembered at a time.
const daysOfShares = 1000

// adding is a question about sums on its way to its answer from shares.
type adding struct {
	*memory
	q      *alert.Question
	at     int64
	cases  string     // the name of what they say
	counts string     // the provenances, which begin every key
	days   []day.Date // that are asked about
	trials []string   // the exercises of each, never empty
	others others
	rules  map[string]*ruleDays // by rule
	sets   map[string]*setDays  // by what a set has on a day
	keys   [][]string           // of sets, by set and day
	wants  []want               // what the index is asked
}

// otherwise are the cases of which something else is said now; known is false where that is not
// known.
type otherwise struct {
	cases map[string]bool
	known bool
}

// any reports whether it is so of one of some cases.
func (o *otherwise) any(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return o.cases[id] })
}

// others are what cases say otherwise, by the name of what they said.
type others map[string]*otherwise

// of looks for it once. The caller holds the memory's lock.
func (o others) of(m *memory, before, now string) *otherwise {
	if o[before] == nil {
		cases, known := m.otherwise(before, now)
		o[before] = &otherwise{cases, known}
	}
	return o[before]
}

// ruleDays are the shares of a rule by day, as far as they are not lacking.
type ruleDays struct {
	*stretch[[]alert.RuleShare]
	list  []share[[]alert.RuleShare]
	lacks []bool
	fresh []bool // was asked for
}

// setDays are those of what a set has, by day.
type setDays struct {
	*stretch[alert.SetShare]
	list  []*alert.SetShare
	asked []bool
}

// want is a set that the index is asked about, and the places of the days of which it is.
type want struct {
	set  int
	days []int
}

// added answers a question from shares; ok is false where that cannot be done, or something
// changed meanwhile.
func (m *memory) added(ctx context.Context, q *alert.Question) (sums []summed, ok bool, err error) {
	n := q.From.Until(q.To)
	if q.From == "" || q.To == "" || n < 0 || n >= daysOfShares {
		return nil, false, nil
	}
	x := &adding{memory: m, counts: fmt.Sprintf("%q ", q.Provenances), others: others{}, rules: map[string]*ruleDays{}, sets: map[string]*setDays{}}
	var under bool
	if x.at, under = m.now(); under {
		return nil, false, nil
	}
	if x.q, ok = atSite(q); !ok {
		return nil, false, nil
	}
	for d := q.From; d <= q.To; d = d.Add(1) {
		x.days = append(x.days, d)
	}
	x.trials = trialsByDay(x.q, x.days)
	asked := x.missing()
	var got alert.Shares
	if len(asked.Sets) > 0 {
		if got, err = m.index.Shares(ctx, asked); err != nil {
			return nil, false, err
		}
	}
	x.takeOver(&got)
	if then, under := m.now(); then != x.at || under {
		return nil, false, nil
	}
	x.remember()
	return x.sums(), true, nil
}

// missing returns the question of what is not remembered: of each set, the days of which it is
// not.
func (x *adding) missing() *alert.Question {
	x.shares.Lock()
	defer x.shares.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cases = x.named(x.q.Cases)
	for _, r := range x.q.Rules() {
		x.rules[r] = x.recalled(r)
	}
	asked := *x.q
	asked.Sets, x.keys = nil, make([][]string, len(x.q.Sets))
	first, last := len(x.days), -1
	for i, set := range x.q.Sets {
		wanted, of, places := alert.Set{}, dailyOf(set), []int{}
		x.keys[i] = make([]string, len(x.days))
		for j, d := range x.days {
			key := of.key(d)
			if x.keys[i][j] = key; key == "" {
				continue
			}
			own := x.ownOf(key)
			if own.list[j] != nil || own.asked[j] || x.fits(own, set, j) {
				continue
			}
			own.asked[j] = true
			wanted, places = wanting(wanted, set, d), append(places, j)
		}
		if len(wanted) > 0 {
			first, last = min(first, places[0]), max(last, places[len(places)-1])
			asked.Sets, x.wants = append(asked.Sets, wanted), append(x.wants, want{i, places})
		}
	}
	if last >= 0 {
		asked.From, asked.To = x.days[first], x.days[last]
	}
	return &asked
}

// recalled are the days of a rule, as far as what is remembered of them is what would be
// answered now.
func (x *adding) recalled(rule string) *ruleDays {
	r := &ruleDays{list: make([]share[[]alert.RuleShare], len(x.days)), lacks: make([]bool, len(x.days)), fresh: make([]bool, len(x.days))}
	if r.stretch, _ = x.shares.rules.Get(x.counts + rule); r.stretch == nil {
		r.stretch = &stretch[[]alert.RuleShare]{days: map[day.Date]share[[]alert.RuleShare]{}}
	}
	for j, d := range x.days {
		s, ok := r.days[d]
		fits := ok && x.holds(s.at, rule, d, d) && (!s.all || x.holds(s.at, "", "", "")) && (s.trials == "" || s.trials == x.trials[j])
		if fits && s.cases != x.cases {
			if fits = x.untold(s.cases, s.value); fits {
				s.cases = x.cases
				r.days[d] = s
			}
		}
		r.list[j], r.lacks[j] = s, !fits
	}
	return r
}

// untold reports whether cases say of none of some alerts something else than they did.
func (x *adding) untold(before string, list *[]alert.RuleShare) bool {
	if list == nil {
		return true
	}
	other := x.others.of(x.memory, before, x.cases)
	return other.known && !slices.ContainsFunc(*list, func(r alert.RuleShare) bool { return other.any(r.Cases) })
}

// ownOf are the days of what a set has.
func (x *adding) ownOf(key string) *setDays {
	s := x.sets[key]
	if s == nil {
		s = &setDays{list: make([]*alert.SetShare, len(x.days)), asked: make([]bool, len(x.days))}
		if s.stretch, _ = x.shares.sets.Get(x.counts + key); s.stretch == nil {
			s.stretch = &stretch[alert.SetShare]{days: map[day.Date]share[alert.SetShare]{}}
		}
		x.sets[key] = s
	}
	return s
}

// fits reports whether what is remembered of a set on a day is what would be answered now, and
// takes it over then.
func (x *adding) fits(own *setDays, set alert.Set, j int) bool {
	d := x.days[j]
	s, ok := own.days[d]
	for i := 0; ok && i < len(set); i++ {
		if p := &set[i]; p.Within(d) {
			of := x.rules[p.Rule]
			rests := &of.list[j]
			ok = !of.lacks[j] && x.holds(s.at, p.Rule, d, d) && (!rests.all || x.holds(s.at, "", "", "")) && (rests.trials == "" || s.trials == rests.trials) &&
				(s.cases == x.cases || x.untold(s.cases, rests.value))
		}
	}
	if !ok {
		return false
	}
	if s.cases != x.cases {
		s.cases = x.cases
		own.days[d] = s
	}
	own.list[j], own.asked[j] = s.value, true
	return true
}

// wanting adds a day to the parts of a set that are wanted, which are drawn out by it where
// they end the day before.
func wanting(wanted alert.Set, set alert.Set, d day.Date) alert.Set {
	before := d.Add(-1)
	for _, p := range set {
		if !p.Within(d) {
			continue
		}
		if i := slices.IndexFunc(wanted, func(w alert.Part) bool { return w.To == before && w.Rule == p.Rule && w.Site == p.Site }); i >= 0 {
			wanted[i].To = d
			continue
		}
		wanted = append(wanted, alert.Part{Rule: p.Rule, From: d, To: d, Site: p.Site})
	}
	return wanted
}

// daily is a set by the day: what it has on one is named alike wherever it has the same.
type daily struct {
	set  alert.Set
	name string // where it has the same on every day
}

func dailyOf(set alert.Set) *daily {
	d := &daily{set: set}
	if !slices.ContainsFunc(set, func(p alert.Part) bool { return p.From != "" || p.To != "" }) {
		d.name = nameOf(set)
	}
	return d
}

// key names what the set has on a day; empty where it has nothing.
func (s *daily) key(d day.Date) string {
	if s.name != "" {
		return s.name
	}
	var has alert.Set
	for _, p := range s.set {
		if p.Within(d) {
			has = append(has, p)
		}
	}
	return nameOf(has)
}

// nameOf names rules at sites.
func nameOf(set alert.Set) string {
	names := make([]string, len(set))
	for i, p := range set {
		names[i] = strconv.Quote(p.Rule) + strconv.Quote(p.Site)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// trialsByDay returns the exercises of each day, as a text.
func trialsByDay(q *alert.Question, days []day.Date) []string {
	texts := make([]string, len(days))
	for j := range texts {
		texts[j] = "on it:"
	}
	for i := range q.Trials {
		t := &q.Trials[i]
		text := fmt.Sprintf(" %d %d %q %q,", t.From.UnixNano(), t.To.UnixNano(), t.Site, t.Entity)
		for j := max(0, q.From.Until(day.Of(t.From))); j < len(days) && days[j] <= day.Of(t.To); j++ {
			texts[j] += text
		}
	}
	return texts
}

// takeOver takes over what the index answered.
func (x *adding) takeOver(got *alert.Shares) {
	place := make(map[day.Date]int, len(x.days))
	for j, d := range x.days {
		place[d] = j
	}
	for _, w := range x.wants {
		for _, j := range w.days {
			for _, p := range x.q.Sets[w.set] {
				if r := x.rules[p.Rule]; p.Within(x.days[j]) && r.lacks[j] && !r.fresh[j] {
					r.fresh[j], r.list[j] = true, share[[]alert.RuleShare]{at: x.at, cases: x.cases}
				}
			}
		}
	}
	for i := range got.Rules {
		r := &got.Rules[i]
		if of, j := x.rules[r.Rule], place[r.Day]; of != nil && of.fresh[j] {
			grow(&of.list[j], r, x.trials[j])
		}
	}
	for i := range got.Sets {
		s := &got.Sets[i]
		j := place[s.Day]
		x.sets[x.keys[x.wants[s.Set].set][j]].list[j] = s
	}
}

// grow adds what is of one site to the share of a rule, and notes on what it rests.
func grow(s *share[[]alert.RuleShare], r *alert.RuleShare, trials string) {
	if s.value == nil {
		s.value = new([]alert.RuleShare)
	}
	*s.value = append(*s.value, *r)
	for _, c := range r.Classes {
		switch c.Class {
		case alert.Test:
			s.trials = trials
		case alert.Duplicate:
			s.all = true
		}
	}
}

// remember keeps what was taken over.
func (x *adding) remember() {
	x.shares.Lock()
	defer x.shares.Unlock()
	for _, w := range x.wants {
		for _, j := range w.days {
			key, d := x.keys[w.set][j], x.days[j]
			own := x.sets[key]
			own.put(d, share[alert.SetShare]{value: own.list[j], at: x.at, cases: x.cases, trials: x.trials[j]}, costOfSet)
			for _, p := range x.q.Sets[w.set] {
				if r := x.rules[p.Rule]; p.Within(d) && r.fresh[j] {
					r.fresh[j] = false
					r.put(d, r.list[j], costOfRules)
				}
			}
		}
	}
	for r, s := range x.rules {
		x.shares.rules.Put(x.counts+r, s.stretch)
	}
	for key, s := range x.sets {
		x.shares.sets.Put(x.counts+key, s.stretch)
	}
}

// sums adds the shares up.
func (x *adding) sums() []summed {
	out, a := make([]summed, len(x.q.Sets)), &alert.Adding{}
	for i, set := range x.q.Sets {
		cases := map[string]bool{}
		for j, d := range x.days {
			key := x.keys[i][j]
			if key == "" {
				continue
			}
			for k := range set {
				p := &set[k]
				list := x.rules[p.Rule].list[j].value
				if list == nil || !p.Within(d) {
					continue
				}
				for l := range *list {
					if r := &(*list)[l]; p.At(r.Site) {
						a.Rule(r)
					}
				}
			}
			if s := x.sets[key].list[j]; s != nil {
				a.Set(s)
				for _, c := range s.Cases {
					cases[c.Case] = true
				}
			}
		}
		out[i].Sums, out[i].cases = a.Sums(), slices.Collect(maps.Keys(cases))
	}
	return out
}

// atSite returns a question about one site alone as one whose parts are.
func atSite(q *alert.Question) (asked *alert.Question, ok bool) {
	if q.Site == "" {
		return q, true
	}
	c := *q
	c.Site, c.Sets = "", slices.Clone(q.Sets)
	for i, set := range c.Sets {
		c.Sets[i] = slices.Clone(set)
		for j := range set {
			if set[j].Site != "" && set[j].Site != q.Site {
				return nil, false
			}
			c.Sets[i][j].Site = q.Site
		}
	}
	return &c, true
}

// otherwise returns the cases of which two legacies say something else; ok is false where one of
// them is forgotten. The caller holds mu.
func (m *memory) otherwise(old, now string) (cases map[string]bool, ok bool) {
	before, known := m.legacy[old]
	after, too := m.legacy[now]
	if !known && old != "" || !too && now != "" {
		return nil, false
	}
	cases = map[string]bool{}
	for id := range maps.All(before) {
		if c, has := after[id]; !has || c != before[id] {
			cases[id] = true
		}
	}
	for id := range maps.All(after) {
		if _, had := before[id]; !had {
			cases[id] = true
		}
	}
	return cases, true
}
