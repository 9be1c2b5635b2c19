package measure

import (
	"math"
	"slices"

	"candor/internal/alert"
)

// count adds alerts. A label of a provenance that policy does not count, the labels
// test and duplicate included, leaves the alert unlabelled.
func (s *Statement) count(c alert.ClassCount, p *Policy) {
	class := c.Class
	if class != alert.Unlabelled && !slices.Contains(p.Provenances, string(c.Provenance)) {
		class = alert.Unlabelled
		s.NotCounted += c.N
	}
	switch {
	case class == alert.TruePositive:
		s.TruePositive += c.N
	case class == alert.BenignPositive:
		s.BenignPositive += c.N
	case class.False():
		s.FalsePositive += c.N
	case class == alert.Test:
		s.Test += c.N
	case class == alert.Duplicate:
		s.Duplicate += c.N
	default:
		s.Unlabelled += c.N
	}
}

// load is what one rule puts on people. Bounds of volume and workload are of
// one rule, so that of several rules the busiest is held against them.
type load struct {
	rule    string
	alerts  int64
	days    int
	perDay  float64
	minutes float64 // per day
}

// loadOf is that of the busiest rule, of equals of the first by ID.
func (l Lately) loadOf(sums *alert.Sums, window int, p *Policy) load {
	var most load
	for _, r := range sums.Rules {
		of := load{rule: r.Rule, alerts: r.N, days: l.days(r.Rule, window)}
		if of.days > 0 {
			of.perDay = share(of.alerts, int64(of.days))
		}
		if of.perDay > most.perDay {
			most = of
		}
	}
	most.minutes = most.perDay * p.MinutesPerAlert
	return most
}

func (l *load) overVolume(p *Policy) bool {
	return p.MaxAlertsPerDay > 0 && l.perDay > p.MaxAlertsPerDay
}

func (l *load) overWorkload(p *Policy) bool {
	return p.MaxMinutesPerDay > 0 && l.minutes > p.MaxMinutesPerDay
}

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
