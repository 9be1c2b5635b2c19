package alert

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"candor/internal/day"
)

// Sums answers the question from counts of alerts, which come in any order and as they
// are before anything is inherited: one answer for each set.
func (q *Question) Sums(tallies iter.Seq[Tally]) []Sums {
	type place struct {
		set  int
		part *Part
	}
	of := map[string][]place{}
	all := make([]*summing, len(q.Sets))
	for i, s := range q.Sets {
		all[i] = newSumming(q)
		for j := range s {
			of[s[j].Rule] = append(of[s[j].Rule], place{i, &s[j]})
		}
	}
	whole := Part{From: q.From, To: q.To}
	for t := range tallies {
		if d := day.Date(t.Day); whole.Within(d) && q.At(t.Site) {
			t = q.Cases.inherited(t)
			for _, p := range of[t.RuleID] {
				if p.part.Within(d) && at(p.part.Site, t.Site) {
					all[p.set].add(&t)
				}
			}
		}
	}
	sums := make([]Sums, len(all))
	for i := range all {
		sums[i] = all[i].sums()
	}
	return sums
}

// SumsOf answers about one set that holds whatever is counted.
func SumsOf(counting []Provenance, tallies iter.Seq[Tally]) Sums {
	s := newSumming(&Question{Provenances: counting})
	for t := range tallies {
		s.add(&t)
	}
	return s.sums()
}

// CaseCounts counts the alerts of the question's cases and days; its sets do not matter.
func (q *Question) CaseCounts(tallies iter.Seq[Tally]) []CaseCount {
	whole, counts := Part{From: q.From, To: q.To}, map[CaseCount]int64{}
	for t := range tallies {
		id, _ := CaseOf(t.Cluster)
		closing, ok := q.Cases[id]
		if !ok || !whole.Within(day.Date(t.Day)) || !q.At(t.Site) {
			continue
		}
		again := !closing.At.IsZero() && t.Opened.After(closing.At)
		t = q.Cases.inherited(t)
		counts[CaseCount{Case: id, Rule: t.RuleID, Class: t.Class, Provenance: t.Provenance, Reopened: again}] += t.N
	}
	list := counted(counts, func(c CaseCount, n int64) CaseCount { c.N = n; return c })
	slices.SortFunc(list, func(a, b CaseCount) int {
		return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Provenance, b.Provenance), before(a.Reopened, b.Reopened))
	})
	return list
}

// before puts false before true.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// inherited returns t as it counts once alerts have inherited.
func (l Legacy) inherited(t Tally) Tally {
	if t.Class == Unlabelled {
		if class, ok := l.class(t.Cluster, t.Opened); ok {
			id, _ := CaseOf(t.Cluster)
			t.Class, t.Provenance, t.Void = class, Incident, false
			t.By, t.Said = l[id].By, l[id].At
		}
		t.Opened = time.Time{}
	}
	return t
}

// summing is what sums are made of.
type summing struct {
	q        *Question
	clusters map[string]*cluster
	classes  map[ClassCount]int64
	days     map[day.Date]int64
	rules    map[string]int64
	hours    map[siteDay]Hours
	last     day.Date
	labels   labelling
}

type cluster struct{ all, n, h int64 }

type siteDay struct{ site, day string }

func newSumming(q *Question) *summing {
	return &summing{q: q, labels: newLabelling(), clusters: map[string]*cluster{}, classes: map[ClassCount]int64{}, days: map[day.Date]int64{}, rules: map[string]int64{}, hours: map[siteDay]Hours{}}
}

// unknownHour stands for the hours of alerts of which only the day is known.
const unknownHour Hours = 1 << 24

func (s *summing) add(t *Tally) {
	d := day.Date(t.Day)
	s.days[d] += t.N
	s.rules[t.RuleID] += t.N
	s.classes[ClassCount{Class: t.Class, Provenance: t.Provenance}] += t.N
	c := s.clusters[t.Cluster]
	if c == nil {
		c = &cluster{}
		s.clusters[t.Cluster] = c
	}
	c.all += t.N
	if counts := s.labels.add(t, s.q); !counts || !t.Class.Judges() {
		return
	}
	c.n += t.N
	if t.Class == TruePositive {
		c.h += t.N
	}
	s.last = max(s.last, d)
	s.hours[siteDay{t.Site, t.Day}] |= cmp.Or(t.Hours, unknownHour)
}

func (s *summing) sums() Sums {
	sums := Sums{Clusters: int64(len(s.clusters)), LastLabelled: s.last, Labelling: s.labels.sum(),
		Classes: classesOf(s.classes), Rules: rulesOf(s.rules),
		Days: counted(s.days, func(d day.Date, n int64) DayCount { return DayCount{d, n} })}
	slices.SortFunc(sums.Days, func(a, b DayCount) int { return cmp.Compare(a.Day, b.Day) })
	for _, r := range sums.Rules {
		sums.Alerts += r.N
	}
	for name, c := range s.clusters {
		sums.busy(name, c.all)
		sums.Episode(c.n, c.h)
	}
	for _, h := range s.hours {
		sums.Occasions += int64(h.Len())
	}
	return sums
}

// Episode adds a cluster of n labelled alerts, h of which are true positives, to the sums
// over labelled clusters. One without labels changes nothing.
func (s *Sums) Episode(n, h int64) {
	if n == 0 {
		return
	}
	s.Episodes++
	if h > 0 {
		s.Hits++
	}
	s.Largest = max(s.Largest, n)
	s.N, s.H = s.N+n, s.H+h
	s.NN, s.NH, s.HH = s.NN+n*n, s.NH+n*h, s.HH+h*h
}

// classesOf lists how many alerts there are of each class and provenance, by these.
func classesOf(counts map[ClassCount]int64) []ClassCount {
	list := counted(counts, func(c ClassCount, n int64) ClassCount { c.N = n; return c })
	slices.SortFunc(list, func(a, b ClassCount) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Provenance, b.Provenance))
	})
	return list
}

// rulesOf lists how many there are of each rule, by these.
func rulesOf(counts map[string]int64) []RuleCount {
	list := counted(counts, func(r string, n int64) RuleCount { return RuleCount{r, n} })
	slices.SortFunc(list, func(a, b RuleCount) int { return cmp.Compare(a.Rule, b.Rule) })
	return list
}

// busy takes a cluster of n alerts for the busiest, if it is.
func (s *Sums) busy(name string, n int64) {
	if n > s.Most || n == s.Most && name < s.Busiest {
		s.Busiest, s.Most = name, n
	}
}

// counted lists what was counted, in no order; nil when nothing was.
func counted[K comparable, V any](of map[K]int64, with func(K, int64) V) []V {
	var list []V
	for k, n := range maps.All(of) {
		list = append(list, with(k, n))
	}
	return list
}
