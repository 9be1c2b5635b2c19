package alert

import (
	"iter"
	"maps"
	"slices"
	"time"

	"candor/internal/day"
)

// Shares are what the alerts of single days add to sums: as clusters and hours end with
// their day, but for those of cases, which are told apart, the shares of the days of any
// window add up to the sums of it. So what was counted of the days that nothing changed
// need not be counted again.
type Shares struct {
	// Rules is what the rules have by themselves: at most one for each rule, day and site.
	Rules []RuleShare
	// Sets is what the rules of a set share, on each day that has any: at most one for each set
	// and day.
	Sets []SetShare
}

// RuleShare is what the alerts of one rule that name one site, or none, on one day add to
// the sums of every set that has them. Its lists are in no order.
type RuleShare struct {
	Rule string
	Day  day.Date
	Site string
	// Classes count every alert, once alerts have inherited.
	Classes []ClassCount
	// Persons made the labels that count and judge, as they are spelled.
	Persons []PersonCount
	// Minutes are those in which such labels were made that are known to have been.
	Minutes LabelMinutes
	// Unexercised and Unoriginal are as in Labelling, and so are Pairs.
	Unexercised, Unoriginal int64
	Pairs                   []PairCount
	// Cases are those that alerts belong to, by ID.
	Cases []string
}

// PersonCount is how many labels are of somebody.
type PersonCount struct {
	Name string
	N    int64
}

// SetShare is what the alerts of the rules of a set on one day come to together.
type SetShare struct {
	Set int // the place of the set in the question
	Day day.Date
	// Clusters is how many clusters there are apart from cases. Busiest, Most, Largest and
	// Moments are of them, too; see Sums.
	Clusters int64
	Busiest  string
	Most     int64
	Largest  int64
	Moments
	// Occasions are the hours that hold labelled alerts.
	Occasions int64
	// Strict and PairClusters are as in Labelling, apart from cases.
	Strict       Moments
	PairClusters int64
	// Cases are the clusters of cases, as far as they lie on the day.
	Cases []CaseShare
}

// CaseShare is the alerts of a case on one day: how many there are, how many of them have a
// label that counts and judges, and how many are true positives; the same read strictly
// (Labelling.Strict), and how many were read twice.
type CaseShare struct {
	Case                   string
	N, Labelled, Hits      int64
	StrictLabelled, Strict int64
	Pairs                  int64
}

// LabelMinutes are minutes, each as often as something was in it. Most of those in which alerts
// are labelled lie in the weeks after them, and are a character each: Near counts from the
// beginning of the alerts' day, whose first minute is U+0001. Others lie in Far, by their
// number since 1970, with how often each comes.
type LabelMinutes struct {
	Near string
	Far  []MinuteCount
}

// MinuteCount is how often a minute, by its number since 1970, comes.
type MinuteCount struct{ Minute, N int64 }

// NearMinutes is how many minutes from the beginning of a day lie near it. All are
// characters that every encoding of Unicode has.
const NearMinutes = 38 * 24 * 60

// Add adds a minute n times.
func (m *LabelMinutes) Add(d day.Date, minute, n int64) {
	if o := minute - startOf(d); o >= 0 && o < NearMinutes {
		for range n {
			m.Near += string(rune(o + 1))
		}
		return
	}
	m.Far = append(m.Far, MinuteCount{minute, n})
}

// startOf is the first minute of a day.
func startOf(d day.Date) int64 { return d.Time().Unix() / 60 }

// Known returns how often any comes.
func (m *LabelMinutes) Known() (n int64) {
	for range m.Near {
		n++
	}
	for _, f := range m.Far {
		n += f.N
	}
	return n
}

// Shares answers what q asks day by day, from counts of alerts that have inherited nothing
// yet, in any order; Adding makes sums of them. It tells of every rule of the sets on every
// day that one of their parts has, whatever sites those have.
func (q *Question) Shares(tallies iter.Seq[Tally]) Shares {
	type place struct {
		set  int
		part *Part
	}
	of := map[string][]place{}
	for i, s := range q.Sets {
		for j := range s {
			of[s[j].Rule] = append(of[s[j].Rule], place{i, &s[j]})
		}
	}
	rules, sets := map[ruleDay]*summing{}, map[setDay]*sharing{}
	whole := Part{From: q.From, To: q.To}
	for t := range tallies {
		d := day.Date(t.Day)
		if !whole.Within(d) || !q.At(t.Site) {
			continue
		}
		t, asked := q.Cases.inherited(t), false
		for _, p := range of[t.RuleID] {
			if !p.part.Within(d) {
				continue
			}
			if asked = true; at(p.part.Site, t.Site) {
				sharingOf(sets, setDay{p.set, d}, q).add(&t)
			}
		}
		if asked {
			k := ruleDay{t.RuleID, d, t.Site}
			if rules[k] == nil {
				rules[k] = newSumming(q)
			}
			rules[k].add(&t)
		}
	}
	var s Shares
	for k, r := range rules {
		s.Rules = append(s.Rules, r.share(k))
	}
	for k, r := range sets {
		s.Sets = append(s.Sets, r.share(k))
	}
	return s
}

// ruleDay is the alerts of a rule at a site on a day.
type ruleDay struct {
	rule string
	day  day.Date
	site string
}

// setDay is those of a set on a day.
type setDay struct {
	set int
	day day.Date
}

// share is what the alerts of one rule, day and site come to.
func (s *summing) share(of ruleDay) RuleShare {
	sums := s.sums()
	r := RuleShare{Rule: of.rule, Day: of.day, Site: of.site, Classes: sums.Classes, Unexercised: sums.Unexercised, Unoriginal: sums.Unoriginal, Pairs: sums.Pairs}
	for _, p := range s.labels.persons {
		r.Persons = append(r.Persons, PersonCount{p.name, p.n})
	}
	for at, n := range s.labels.minutes {
		r.Minutes.Add(of.day, at.Unix()/60, n)
	}
	for name := range s.clusters {
		if id, ok := CaseOf(name); ok {
			r.Cases = append(r.Cases, id)
		}
	}
	return r
}

// sharing is what a set's share of a day is made of: all alerts, those of no case, and those
// of each.
type sharing struct {
	q         *Question
	all, rest *summing
	cases     map[string]*summing
}

func sharingOf(sets map[setDay]*sharing, k setDay, q *Question) *sharing {
	s := sets[k]
	if s == nil {
		s = &sharing{q, newSumming(q), newSumming(q), map[string]*summing{}}
		sets[k] = s
	}
	return s
}

func (s *sharing) add(t *Tally) {
	s.all.add(t)
	id, cased := CaseOf(t.Cluster)
	if !cased {
		s.rest.add(t)
		return
	}
	if s.cases[id] == nil {
		s.cases[id] = newSumming(s.q)
	}
	s.cases[id].add(t)
}

func (s *sharing) share(of setDay) SetShare {
	all, rest := s.all.sums(), s.rest.sums()
	out := SetShare{Set: of.set, Day: of.day, Clusters: rest.Clusters, Busiest: rest.Busiest, Most: rest.Most, Largest: rest.Largest,
		Moments: Moments{rest.Episodes, rest.Hits, rest.N, rest.H, rest.NN, rest.NH, rest.HH}, Occasions: all.Occasions, Strict: rest.Strict, PairClusters: rest.PairClusters}
	for id, c := range s.cases {
		sums := c.sums()
		out.Cases = append(out.Cases, CaseShare{id, sums.Alerts, sums.N, sums.H, sums.Strict.N, sums.Strict.H, sums.PairClusters})
	}
	return out
}

// Adding adds shares of one set up to its sums: those of its rules, as far as they are of the
// days and the site of their part, and its own. Shares of a later day come after those of
// an earlier one.
type Adding struct {
	sums    Sums
	classes map[ClassCount]int64
	rules   map[string]int64
	persons map[string]person
	pairs   map[PairCount]int64
	cases   map[string]*CaseShare
	minutes []minutes
	counts  []int32 // space
}

// minutes are those of one day.
type minutes struct {
	day int64 // its first minute
	*LabelMinutes
}

// Rule adds the share of a rule.
func (a *Adding) Rule(r *RuleShare) {
	if a.classes == nil {
		a.classes, a.rules, a.persons, a.pairs, a.cases = map[ClassCount]int64{}, map[string]int64{}, map[string]person{}, map[PairCount]int64{}, map[string]*CaseShare{}
	}
	var all int64
	for _, c := range r.Classes {
		all += c.N
		a.classes[ClassCount{Class: c.Class, Provenance: c.Provenance}] += c.N
	}
	a.rules[r.Rule] += all
	if last := len(a.sums.Days) - 1; last >= 0 && a.sums.Days[last].Day == r.Day {
		a.sums.Days[last].N += all
	} else {
		a.sums.Days = append(a.sums.Days, DayCount{r.Day, all})
	}
	for _, c := range r.Persons {
		a.sums.Named += c.N
		p, known := a.persons[fold(c.Name)]
		if !known || c.Name < p.name {
			p.name = c.Name
		}
		p.n += c.N
		a.persons[fold(c.Name)] = p
	}
	for _, p := range r.Pairs {
		a.pairs[PairCount{First: p.First, Second: p.Second}] += p.N
	}
	a.sums.Unexercised, a.sums.Unoriginal = a.sums.Unexercised+r.Unexercised, a.sums.Unoriginal+r.Unoriginal
	if len(r.Minutes.Near)+len(r.Minutes.Far) > 0 {
		a.minutes = append(a.minutes, minutes{startOf(r.Day), &r.Minutes})
	}
}

// Set adds a share of the set.
func (a *Adding) Set(s *SetShare) {
	t := &a.sums
	t.Clusters += s.Clusters
	t.busy(s.Busiest, s.Most)
	t.Episodes, t.Hits, t.Largest = t.Episodes+s.Episodes, t.Hits+s.Hits, max(t.Largest, s.Largest)
	t.N, t.H, t.NN, t.NH, t.HH = t.N+s.N, t.H+s.H, t.NN+s.NN, t.NH+s.NH, t.HH+s.HH
	if t.Occasions += s.Occasions; s.Occasions > 0 {
		t.LastLabelled = max(t.LastLabelled, s.Day)
	}
	t.PairClusters += s.PairClusters
	m, o := &t.Strict, &s.Strict
	*m = Moments{m.Episodes + o.Episodes, m.Hits + o.Hits, m.N + o.N, m.H + o.H, m.NN + o.NN, m.NH + o.NH, m.HH + o.HH}
	for i := range s.Cases {
		c := &s.Cases[i]
		sum := a.cases[c.Case]
		if sum == nil {
			sum = &CaseShare{}
			a.cases[c.Case] = sum
		}
		sum.N, sum.Labelled, sum.Hits = sum.N+c.N, sum.Labelled+c.Labelled, sum.Hits+c.Hits
		sum.StrictLabelled, sum.Strict, sum.Pairs = sum.StrictLabelled+c.StrictLabelled, sum.Strict+c.Strict, sum.Pairs+c.Pairs
	}
}

// Sums returns the sums of what was added, and begins anew.
func (a *Adding) Sums() Sums {
	s := &a.sums
	for id, c := range a.cases {
		s.Clusters++
		s.busy(caseMark+id, c.N)
		s.Episode(c.Labelled, c.Hits)
		s.Strict.add(c.StrictLabelled, c.Strict)
		if c.Pairs > 0 {
			s.PairClusters++
		}
	}
	s.Classes = classesOf(a.classes)
	s.Rules = rulesOf(a.rules)
	for _, r := range s.Rules {
		s.Alerts += r.N
	}
	s.Persons = int64(len(a.persons))
	for _, p := range a.persons {
		if p.n > s.ByPerson || p.n == s.ByPerson && p.name < s.Person {
			s.Person, s.ByPerson = p.name, p.n
		}
	}
	s.Pairs = pairsOf(a.pairs)
	a.minute()
	out := a.sums
	a.sums, a.minutes = Sums{}, a.minutes[:0]
	clear(a.classes)
	clear(a.rules)
	clear(a.persons)
	clear(a.pairs)
	clear(a.cases)
	return out
}

// minute finds the minute in which the most labels were made, and counts all. Where they lie
// close together, as the work of days does, each minute between the first and the last
// has a count; else they are put in order.
func (a *Adding) minute() {
	var first, last int64
	s := &a.sums
	for at, n := range a.labelled() {
		if s.Timed == 0 || at < first {
			first = at
		}
		if s.Timed == 0 || at > last {
			last = at
		}
		s.Timed += n
	}
	if s.Timed == 0 {
		return
	}
	if span := last - first + 1; span <= 4096+64*s.Timed && span < 1<<24 {
		a.counts = slices.Grow(a.counts[:0], int(span))[:span]
		clear(a.counts)
		for at, n := range a.labelled() {
			a.counts[at-first] += int32(n)
		}
		for i, n := range a.counts {
			s.within(first+int64(i), int64(n))
		}
		return
	}
	counts := map[int64]int64{}
	for at, n := range a.labelled() {
		counts[at] += n
	}
	for at, n := range counts {
		s.within(at, n)
	}
}

// within takes a minute in which n labels were made for the busiest, if it is.
func (s *Sums) within(minute, n int64) {
	if n == 0 || n < s.InMinute {
		return
	}
	if at := time.Unix(minute*60, 0).UTC(); n > s.InMinute || at.Before(s.Minute) {
		s.Minute, s.InMinute = at, n
	}
}

// labelled yields the minutes in which labels were made, and how often.
func (a *Adding) labelled() iter.Seq2[int64, int64] {
	return func(yield func(minute, n int64) bool) {
		for _, m := range a.minutes {
			for _, c := range m.Near {
				if !yield(m.day+int64(c)-1, 1) {
					return
				}
			}
			for _, f := range m.Far {
				if !yield(f.Minute, f.N) {
					return
				}
			}
		}
	}
}

// Composed returns the sums of the question's sets that the shares which answer it add up to.
func (q *Question) Composed(s *Shares) []Sums {
	type at struct {
		rule string
		day  day.Date
	}
	rules, sets, days := map[at][]*RuleShare{}, map[setDay]*SetShare{}, map[day.Date]bool{}
	for i := range s.Rules {
		r := &s.Rules[i]
		rules[at{r.Rule, r.Day}] = append(rules[at{r.Rule, r.Day}], r)
		days[r.Day] = true
	}
	for i := range s.Sets {
		sets[setDay{s.Sets[i].Set, s.Sets[i].Day}] = &s.Sets[i]
	}
	order, out, a := slices.Sorted(maps.Keys(days)), make([]Sums, len(q.Sets)), &Adding{}
	for i, set := range q.Sets {
		for _, d := range order {
			for _, p := range set {
				if !p.Within(d) {
					continue
				}
				for _, r := range rules[at{p.Rule, d}] {
					if p.At(r.Site) {
						a.Rule(r)
					}
				}
			}
			if own := sets[setDay{i, d}]; own != nil {
				a.Set(own)
			}
		}
		out[i] = a.Sums()
	}
	return out
}
