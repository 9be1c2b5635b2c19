package batches

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/cache"
	"candor/internal/day"
	"candor/internal/store"
)

// memory remembers what an index answered, for as long as nothing has changed that the
// answer rests on. Every answer notes after which change it was asked for, and of every
// rule and day it is noted which change touched alerts of it last. What cases say is no
// part of the index: where it differs, the alerts of the cases that differ are looked for.
//
// A change is noted twice, before it can be seen and after: what was answered in between
// is not remembered, so that no answer is taken for newer than it is.
type memory struct {
	index Index

	mu      sync.Mutex
	asked   bool                           // something was
	at      int64                          // counts what was noted
	from    int64                          // what was answered before this is worth nothing
	under   bool                           // a change is under way
	touched map[string]map[day.Date]int64  // when alerts of a rule and day were touched last
	last    map[string]int64               // when those of a rule were, on whichever day
	days    map[day.Date]int64             // when those of a day were, of whichever rule
	size    int                            // of touched
	legacy  map[string]alert.Legacy        // by name
	differ  map[[2]string]*differing       // by the names of two
	raised  *answered[[]store.AlertRule]   // what Rules answered
	sums    cache.Cache[*answered[summed]] // by set and all else that is asked
	shares  sharing
	nearby  nearby
	present cache.Cache[*answered[[]alert.Presence]]  // by day
	counted cache.Cache[*answered[[]alert.CaseCount]] // by days, site and what cases say
}

// answered is an answer with what it rests on.
type answered[V any] struct {
	value V
	at    int64
	cases string // the name of what cases said
}

// summed are sums with what else than alerts of their own rules they rest on.
type summed struct {
	alert.Sums
	trials string   // the exercises, where tests are among the alerts
	all    bool     // all alerts, as duplicates do, which repeat any
	cases  []string // what these say, which alerts belong to
}

// differing are the rules of the alerts of the cases of which two legacies say something
// else, as it was after a change.
type differing struct {
	rules map[string]bool
	at    int64
}

// What is remembered takes about so many bytes at most, and so many rules and days are
// told apart: beyond them all is forgotten.
const (
	memoryOfSums    = 32 << 20
	memoryOfDays    = 16 << 20 // of presence
	memoryOfCounts  = 4 << 20  // of the alerts of cases
	memoryOfTouches = 200_000
	memoryOfCases   = 16 // legacies
)

func newMemory(x Index) *memory {
	m := &memory{index: x}
	m.sums.Most, m.sums.Cost = memoryOfSums, func(a *answered[summed]) int64 {
		s := &a.value
		return 1024 + 48*int64(len(s.Classes)+len(s.Days)+len(s.Rules)+len(s.Pairs))
	}
	m.shares.rules.Most, m.shares.rules.Cost = memoryOfRules, func(s *stretch[[]alert.RuleShare]) int64 { return s.cost }
	m.shares.sets.Most, m.shares.sets.Cost = memoryOfSets, func(s *stretch[alert.SetShare]) int64 { return s.cost }
	m.nearby.limit()
	m.present.Most, m.present.Cost = memoryOfDays, func(a *answered[[]alert.Presence]) int64 { return 256 + 128*int64(len(a.value)) }
	m.counted.Most, m.counted.Cost = memoryOfCounts, func(a *answered[[]alert.CaseCount]) int64 { return 256 + 128*int64(len(a.value)) }
	m.clear()
	return m
}

// clear forgets which changes touched what. The caller sees to it that nothing that was
// answered before counts.
func (m *memory) clear() {
	m.touched, m.last, m.days, m.size = map[string]map[day.Date]int64{}, map[string]int64{}, map[day.Date]int64{}, 0
	m.legacy, m.differ = map[string]alert.Legacy{}, map[[2]string]*differing{}
}

// idle reports whether nothing was asked so far.
func (m *memory) idle() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.asked
}

// change does what makes a change seen, and notes what it touches; nil is for all.
func (m *memory) change(touched []Touch, see func() error) error {
	m.note(touched, true)
	err := see()
	m.note(touched, false)
	return err
}

// note notes that a change which touches alerts begins to be seen, or is.
func (m *memory) note(touched []Touch, under bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at++
	m.under = under
	if touched == nil || m.size+len(touched) > memoryOfTouches {
		m.from, m.raised = m.at, nil
		m.clear()
		return
	}
	for _, t := range touched {
		of := m.touched[t.Rule]
		if of == nil {
			of = map[day.Date]int64{}
			m.touched[t.Rule] = of
		}
		if of[t.Day] == 0 {
			m.size++
		}
		of[t.Day], m.last[t.Rule], m.days[t.Day] = m.at, m.at, m.at
	}
}

// now tells after which change it is, and whether one is under way.
func (m *memory) now() (at int64, under bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = true
	return m.at, m.under
}

// holds reports whether nothing touched alerts of a rule, or of any where it has no name,
// of some days since something was answered. The caller holds mu.
func (m *memory) holds(at int64, rule string, from, to day.Date) bool {
	if at < m.from {
		return false
	}
	of := m.days
	if rule != "" {
		if m.last[rule] <= at {
			return true
		}
		of = m.touched[rule]
	}
	for d, last := range of {
		if last > at && (from == "" || d >= from) && (to == "" || d <= to) {
			return false
		}
	}
	return true
}

// fewRules is of how many rules at most a part of an answer is asked for again. Of more, all of
// it is.
const fewRules = 40

// stale lists the rules of which something touched alerts of some days since something was
// answered, in order; nil where there are more than a few, or that is not known. The caller
// holds mu.
func (m *memory) stale(at int64, from, to day.Date) []string {
	if at < m.from {
		return nil
	}
	rules := []string{}
	if m.holds(at, "", from, to) {
		return rules
	}
	for r, last := range m.last {
		if last > at && !m.holds(at, r, from, to) {
			if rules = append(rules, r); len(rules) > fewRules {
				return nil
			}
		}
	}
	slices.Sort(rules)
	return rules
}

// named returns the name of what cases say, which is another one when they say something
// else. The caller holds mu.
func (m *memory) named(cases alert.Legacy) string {
	if len(cases) == 0 {
		return ""
	}
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(cases)) {
		c := cases[id]
		fmt.Fprintf(h, "%q %q %d %d %q\n", id, c.Class, c.At.Unix(), c.At.Nanosecond(), c.By)
	}
	name := hex.EncodeToString(h.Sum(nil))
	if _, ok := m.legacy[name]; !ok {
		if len(m.legacy) >= memoryOfCases {
			clear(m.legacy)
			clear(m.differ)
		}
		m.legacy[name] = cases
	}
	return name
}

// differing returns the rules of the alerts of cases of which two legacies say something
// else; ok is false where that is not known, as one of them is forgotten.
func (m *memory) differing(ctx context.Context, old, now string) (rules map[string]bool, ok bool, err error) {
	if old == now {
		return nil, true, nil
	}
	m.mu.Lock()
	at := m.at
	have := m.differ[[2]string{old, now}]
	before, known := m.legacy[old]
	after, too := m.legacy[now]
	m.mu.Unlock()
	if !known && old != "" || !too && now != "" {
		return nil, false, nil
	}
	if have != nil && have.at == at {
		return have.rules, true, nil
	}
	other := alert.Legacy{}
	for _, one := range []alert.Legacy{before, after} {
		for id, c := range one {
			if b, had := before[id]; !had || b != after[id] {
				other[id] = c
			} else if _, has := after[id]; !has {
				other[id] = c
			}
		}
	}
	d := &differing{rules: map[string]bool{}, at: at}
	counts, err := m.index.CaseCounts(ctx, &alert.Question{Cases: other})
	if err != nil {
		return nil, false, err
	}
	for _, c := range counts {
		d.rules[c.Rule] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.legacy[old] == nil && old != "" || m.legacy[now] == nil && now != "" {
		return d.rules, true, nil // forgotten meanwhile
	}
	m.differ[[2]string{old, now}] = d
	return d.rules, true, nil
}

// attempts is how often it is tried to answer from what is remembered and from the index
// with no change in between.
const attempts = 2

// Sums answers a question; see store.AlertReader.
func (m *memory) Sums(ctx context.Context, q *alert.Question) ([]alert.Sums, error) {
	if len(q.Sets) > 0 {
		x := &summing{memory: m, q: q, trials: fmt.Sprint(q.Trials), others: others{}}
		x.rest = fmt.Sprintf("%q %q %q %q ", q.From, q.To, q.Site, q.Provenances)
		for range attempts {
			if out, ok, err := x.try(ctx); ok || err != nil {
				return out, err
			}
		}
	}
	s, err := m.index.Shares(ctx, q)
	if err != nil {
		return nil, err
	}
	return q.Composed(&s), nil
}

// summing is a question about sums on its way to its answer.
type summing struct {
	*memory
	q                   *alert.Question
	rest, trials, cases string // what is asked beside sets
	others              others
}

// key is under what the sums of a set are remembered.
func (x *summing) key(s alert.Set) string {
	var b strings.Builder
	b.WriteString(x.rest)
	for i := range s {
		fmt.Fprintf(&b, "%q %s %s %q,", s[i].Rule, s[i].From, s[i].To, s[i].Site)
	}
	return b.String()
}

// try answers the question; ok is false where something changed meanwhile, or shares cannot
// answer it.
func (x *summing) try(ctx context.Context) (out []alert.Sums, ok bool, err error) {
	at, under := x.now()
	x.mu.Lock()
	x.cases = x.named(x.q.Cases)
	x.mu.Unlock()
	out = make([]alert.Sums, len(x.q.Sets))
	places, asked := []int{}, *x.q
	asked.Sets = nil
	for i, set := range x.q.Sets {
		if have, _ := x.sums.Get(x.key(set)); !under && x.fits(have, set) {
			if have.cases != x.cases { // so that the difference is not looked for again
				x.sums.Put(x.key(set), &answered[summed]{have.value, at, x.cases})
			}
			out[i] = have.value.copied()
			continue
		}
		places, asked.Sets = append(places, i), append(asked.Sets, set)
	}
	if len(places) > 0 {
		got, ok, err := x.added(ctx, &asked)
		if !ok || err != nil {
			return nil, false, err
		}
		for n, i := range places {
			s := got[n]
			s.rests(x.trials)
			out[i] = s.copied()
			x.sums.Put(x.key(x.q.Sets[i]), &answered[summed]{s, at, x.cases})
		}
	}
	then, under := x.now()
	return out, then == at && !under, nil
}

// fits reports whether what was answered of a set is what would be answered now.
func (x *summing) fits(have *answered[summed], set alert.Set) bool {
	if have == nil || have.value.trials != "" && have.value.trials != x.trials {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if have.cases != x.cases {
		if other := x.others.of(x.memory, have.cases, x.cases); !other.known || other.any(have.value.cases) {
			return false
		}
	}
	if have.value.all && !x.holds(have.at, "", "", "") {
		return false
	}
	for i := range set {
		p := &set[i]
		from, to := max(x.q.From, p.From), x.q.To
		if to == "" || p.To != "" && p.To < to {
			to = p.To
		}
		if !x.holds(have.at, p.Rule, from, to) {
			return false
		}
	}
	return true
}

// rests notes on what the sums rest beside the alerts of their own rules.
func (s *summed) rests(trials string) {
	for _, c := range s.Classes {
		switch c.Class {
		case alert.Test:
			s.trials = cmp.Or(trials, "none")
		case alert.Duplicate:
			s.all = true
		}
	}
}

// copied returns the sums for someone to keep.
func (s *summed) copied() alert.Sums {
	c := s.Sums
	c.Classes, c.Days, c.Rules, c.Pairs = slices.Clone(c.Classes), slices.Clone(c.Days), slices.Clone(c.Rules), slices.Clone(c.Pairs)
	return c
}

// Presence counts alerts by rule, site and day; see store.AroundReader. Those of each day
// are remembered by themselves.
func (m *memory) Presence(ctx context.Context, from, to day.Date) ([]alert.Presence, error) {
	if n := from.Until(to); n < 0 || from == "" || to == "" || n > daysOfPresence {
		return m.index.Presence(ctx, from, to)
	}
	for range attempts {
		if out, ok, err := m.tryPresence(ctx, from, to); ok || err != nil {
			return out, err
		}
	}
	return m.index.Presence(ctx, from, to)
}

// daysOfPresence is of how many days presence is remembered at a time.
const daysOfPresence = 1000

// tryPresence does so; ok is false where something changed meanwhile. Where few rules make
// days other than they were, those alone are asked for.
func (m *memory) tryPresence(ctx context.Context, from, to day.Date) (list []alert.Presence, ok bool, err error) {
	at, under := m.now()
	by, first, last, rules := map[day.Date][]alert.Presence{}, day.Date(""), day.Date(""), []string{}
	for d := from; d <= to; d = d.Add(1) {
		late := []string(nil)
		if have, _ := m.present.Get(string(d)); have != nil {
			m.mu.Lock()
			late = m.stale(have.at, d, d)
			m.mu.Unlock()
			by[d] = have.value
		}
		if late != nil && len(late) == 0 {
			continue
		}
		first, last = cmp.Or(first, d), d
		if late == nil || rules == nil {
			rules = nil
			continue
		}
		rules = append(rules, late...)
	}
	recalled := len(by) > 0
	slices.Sort(rules)
	rules = slices.Compact(rules)
	if first != "" {
		got, err := m.index.PresenceOf(ctx, rules, first, last)
		if err != nil {
			return nil, false, err
		}
		for d := first; d <= last; d = d.Add(1) {
			by[d] = without(by[d], rules)
		}
		for _, p := range got {
			by[day.Date(p.Day)] = append(by[day.Date(p.Day)], p)
		}
		for d := first; d <= last && !under; d = d.Add(1) {
			m.present.Put(string(d), &answered[[]alert.Presence]{value: by[d], at: at})
		}
	}
	for _, of := range by {
		list = append(list, of...)
	}
	slices.SortFunc(list, history.ComparePresence)
	then, _ := m.now()
	return list, then == at || !recalled, nil
}

// CaseCounts counts the alerts of cases; see store.AlertReader. What was answered holds until
// an alert of its days is touched.
func (m *memory) CaseCounts(ctx context.Context, q *alert.Question) ([]alert.CaseCount, error) {
	at, under := m.now()
	m.mu.Lock()
	key := fmt.Sprintf("%q %q %q %s", q.From, q.To, q.Site, m.named(q.Cases))
	m.mu.Unlock()
	have, _ := m.counted.Get(key)
	m.mu.Lock()
	holds := have != nil && !under && m.holds(have.at, "", q.From, q.To)
	m.mu.Unlock()
	if holds {
		return slices.Clone(have.value), nil
	}
	got, err := m.index.CaseCounts(ctx, q)
	if err != nil {
		return nil, err
	}
	if then, still := m.now(); then == at && !under && !still {
		m.counted.Put(key, &answered[[]alert.CaseCount]{value: got, at: at})
	}
	return slices.Clone(got), nil
}

// without returns the presence of other rules than some, in a list of its own; none where
// those are nil, which stands for all.
func without(list []alert.Presence, rules []string) (kept []alert.Presence) {
	if rules == nil {
		return nil
	}
	for _, p := range list {
		if !slices.Contains(rules, p.RuleID) {
			kept = append(kept, p)
		}
	}
	return kept
}

// Rules lists the rules of alerts; see store.AlertReader. Only those are asked for of which
// alerts were touched.
func (m *memory) Rules(ctx context.Context) ([]store.AlertRule, error) {
	for range attempts {
		if out, ok, err := m.tryRules(ctx); ok || err != nil {
			return out, err
		}
	}
	return m.index.Rules(ctx)
}

// tryRules does so; ok is false where something changed meanwhile.
func (m *memory) tryRules(ctx context.Context) (list []store.AlertRule, ok bool, err error) {
	at, under := m.now()
	m.mu.Lock()
	have, asked := m.raised, []string(nil)
	if have != nil && have.at >= m.from {
		asked = []string{}
		for r, last := range m.last {
			if last > have.at {
				asked = append(asked, r)
			}
		}
	}
	m.mu.Unlock()
	if asked != nil && len(asked) == 0 {
		return shared(have.value), true, nil
	}
	got, err := m.index.RulesOf(ctx, asked)
	if err != nil {
		return nil, false, err
	}
	if asked != nil {
		kept := slices.DeleteFunc(slices.Clone(have.value), func(r store.AlertRule) bool { return slices.Contains(asked, alert.RuleKey(r.Source, r.ID)) })
		got = append(kept, got...)
		slices.SortFunc(got, func(a, b store.AlertRule) int {
			return strings.Compare(alert.RuleKey(a.Source, a.ID), alert.RuleKey(b.Source, b.ID))
		})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at == at && !under {
		m.raised = &answered[[]store.AlertRule]{value: got, at: at}
	}
	return shared(got), m.at == at || asked == nil, nil
}

// shared returns a list of rules for someone to keep, whose lists nobody appends to.
func shared(list []store.AlertRule) []store.AlertRule {
	out := slices.Clone(list)
	for i := range out {
		out[i].Batches, out[i].Sites = slices.Clip(out[i].Batches), slices.Clip(out[i].Sites)
	}
	return out
}
