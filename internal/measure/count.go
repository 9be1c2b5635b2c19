package measure

import (
	"cmp"
	"math"
	"slices"

	"candor/internal/alert"
	"candor/internal/day"
)

// counts are the tallies of one rule, or of several together, summed under a
// policy. Sums of whole numbers do not depend on the order of the tallies, but
// those that come by rule and cluster, as stores give them, are summed fastest.
type counts struct {
	statement Statement // the counts of it alone
	bursts    []burst   // by cluster once sealed
	occasions occasions
	days      dayCounts
	rules     map[string]int64 // alerts by rule, but for those of the last
	rule      string
	ofRule    int64
}

// burst is the alerts of one cluster: all of them, and the labelled ones.
type burst struct {
	cluster string
	all     int64
	Cluster
}

func newCounts(id string) *counts {
	return &counts{statement: Statement{RuleID: id}, rules: map[string]int64{}, occasions: occasions{}}
}

// add adds a tally. A label of a provenance that policy does not count, the
// labels test and duplicate included, leaves the alert unlabelled.
func (c *counts) add(t *alert.Tally, p *Policy) {
	s := &c.statement
	s.Alerts += t.N
	b := c.burst(t)
	b.all += t.N
	c.days.add(t.Day, t.N)
	c.of(t.RuleID, t.N)
	class := t.Class
	if class != alert.Unlabelled && !slices.Contains(p.Provenances, string(t.Provenance)) {
		class = alert.Unlabelled
		s.NotCounted += t.N
	}
	switch {
	case class == alert.TruePositive:
		s.TruePositive += t.N
		b.Hits += t.N
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
	b.N += t.N
	c.occasions.add(t)
}

// occasions are the hours of each day and site in which labelled alerts fell. What
// one thing raises within an hour at a site is one piece of news, on however many
// hosts.
type occasions map[siteDay]alert.Hours

type siteDay struct{ site, day string }

// unknownHour stands for the hours of alerts of which only the day is known.
const unknownHour alert.Hours = 1 << 24

func (o occasions) add(t *alert.Tally) {
	hours := t.Hours
	if hours == 0 {
		hours = unknownHour
	}
	o[siteDay{t.Site, t.Day}] |= hours
}

// count is how many occasions there are.
func (o occasions) count() int {
	n := 0
	for _, hours := range o {
		n += hours.Len()
	}
	return n
}

// burst returns the burst of a tally: that of the tally before it, or a new one.
func (c *counts) burst(t *alert.Tally) *burst {
	if n := len(c.bursts); n == 0 || c.bursts[n-1].cluster != t.Cluster {
		c.bursts = append(c.bursts, burst{cluster: t.Cluster})
	}
	return &c.bursts[len(c.bursts)-1]
}

// of counts alerts of a rule.
func (c *counts) of(rule string, n int64) {
	if rule != c.rule {
		c.rules[c.rule] += c.ofRule
		c.rule, c.ofRule = rule, 0
	}
	c.ofRule += n
}

// seal ends the counting: every cluster is one burst, by name.
func (c *counts) seal() *counts {
	if c.ofRule > 0 {
		c.rules[c.rule] += c.ofRule
		c.ofRule = 0
	}
	c.bursts = mergeRuns(c.bursts)
	return c
}

// clusters returns the labelled clusters in an order that does not depend on
// that of the tallies, so that sums of fractions do not either.
func (c *counts) clusters() []Cluster {
	list := make([]Cluster, 0, len(c.bursts))
	for i := range c.bursts {
		if c.bursts[i].N > 0 {
			list = append(list, c.bursts[i].Cluster)
		}
	}
	slices.SortFunc(list, func(a, b Cluster) int { return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.Hits, b.Hits)) })
	return list
}

// labelled returns the clusters that have labels, by name.
func (c *counts) labelled() map[string]Cluster {
	by := map[string]Cluster{}
	for i := range c.bursts {
		if b := &c.bursts[i]; b.N > 0 {
			by[b.cluster] = b.Cluster
		}
	}
	return by
}

// busiest returns the share of all alerts that the busiest cluster raised.
func (c *counts) busiest() float64 {
	var most int64
	for i := range c.bursts {
		most = max(most, c.bursts[i].all)
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
func (c *counts) windowDays(days int) int { return max(days, len(c.days.each())) }

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
