package measure

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"candor/internal/alert"
	"candor/internal/day"
)

// counts are the tallies of one rule, or of several together, summed under a
// policy. Sums of whole numbers do not depend on the order of the tallies.
type counts struct {
	statement Statement // the counts of it alone
	labelled  map[string]Cluster
	bursts    map[string]int64 // alerts by cluster, labelled or not
	days      map[string]int64 // alerts by day
	rules     map[string]int64 // alerts by rule
}

func newCounts(id string) *counts {
	return &counts{
		statement: Statement{RuleID: id},
		labelled:  map[string]Cluster{},
		bursts:    map[string]int64{},
		days:      map[string]int64{},
		rules:     map[string]int64{},
	}
}

// add adds a tally. A label of a provenance that policy does not count, the
// labels test and duplicate included, leaves the alert unlabelled.
func (c *counts) add(t *alert.Tally, p *Policy) {
	s := &c.statement
	s.Alerts += t.N
	c.bursts[t.Cluster] += t.N
	c.days[t.Day] += t.N
	c.rules[t.RuleID] += t.N
	class := t.Class
	if class != alert.Unlabelled && !slices.Contains(p.Provenances, string(t.Provenance)) {
		class = alert.Unlabelled
		s.NotCounted += t.N
	}
	var hits int64
	switch {
	case class == alert.TruePositive:
		s.TruePositive += t.N
		hits = t.N
	case class == alert.BenignPositive:
		s.BenignPositive += t.N
	case class.False():
		s.FalsePositive += t.N
	case class == alert.Test:
		s.Test += t.N
		return
	case class == alert.Duplicate:
		s.Duplicate += t.N
		return
	default:
		s.Unlabelled += t.N
		return
	}
	s.LastLabelled = max(s.LastLabelled, day.Date(t.Day))
	burst := c.labelled[t.Cluster]
	c.labelled[t.Cluster] = Cluster{N: burst.N + t.N, Hits: burst.Hits + hits}
}

// clusters returns the labelled clusters in an order that does not depend on
// that of the tallies, so that sums of fractions do not either.
func (c *counts) clusters() []Cluster {
	return slices.SortedFunc(maps.Values(c.labelled), func(a, b Cluster) int {
		return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.Hits, b.Hits))
	})
}

// busiest returns the share of all alerts that the busiest cluster raised.
func (c *counts) busiest() float64 {
	var most int64
	for _, n := range c.bursts {
		most = max(most, n)
	}
	if c.statement.Alerts == 0 {
		return 0
	}
	return share(most, c.statement.Alerts)
}

// load is what one rule puts on people. Bounds of volume and workload are of
// one rule, so that of several rules the busiest is held against them.
type load struct {
	rule    string
	alerts  int64
	perDay  float64
	minutes float64 // per day
}

func (c *counts) load(days int, p *Policy) load {
	var l load
	for id, n := range c.rules {
		if n > l.alerts || n == l.alerts && id < l.rule {
			l.rule, l.alerts = id, n
		}
	}
	if days > 0 {
		l.perDay = share(l.alerts, int64(days))
	}
	l.minutes = l.perDay * p.MinutesPerAlert
	return l
}

func (l *load) overVolume(p *Policy) bool {
	return p.MaxAlertsPerDay > 0 && l.perDay > p.MaxAlertsPerDay
}

func (l *load) overWorkload(p *Policy) bool {
	return p.MaxMinutesPerDay > 0 && l.minutes > p.MaxMinutesPerDay
}

// windowDays is the length of the window: days, and no less than the number of
// days that have alerts.
func (c *counts) windowDays(days int) int { return max(days, len(c.days)) }

// Volume summarises alerts per day over a window of days, of which those not
// in perDay have none. The 95th percentile is the least number of alerts that
// at least 95 % of the days do not exceed.
func Volume(perDay []int64, days int) PerDay {
	days = max(days, len(perDay))
	if days == 0 {
		return PerDay{}
	}
	sorted := make([]int64, days)
	copy(sorted, perDay)
	slices.Sort(sorted)
	var sum int64
	for _, n := range sorted {
		sum += n
	}
	return PerDay{
		Mean:   share(sum, int64(days)),
		Median: float64(sorted[(days-1)/2]+sorted[days/2]) / 2,
		P95:    float64(sorted[int(math.Ceil(0.95*float64(days)))-1]),
		Max:    sorted[days-1],
	}
}
