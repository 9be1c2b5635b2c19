package measure

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/alert"
)

// Detail is a statement with what people ask of it besides: the trend, who made
// the labels, and which burst was the busiest.
type Detail struct {
	Statement
	// RuleName is the rule's name as the alerts give it, if the caller knows it.
	RuleName string `json:"rule_name,omitempty"`
	// Trend is nil when the window is shorter than a week.
	Trend *Trend `json:"trend"`
	// Provenance is who made the dispositions in force, by number of alerts.
	Provenance []LabelCount `json:"provenance"`
	// Times is how long alerts wait to be acknowledged and to be closed; nil when it
	// was not asked for.
	Times *Times `json:"times,omitempty"`
	// Busiest is the cluster with the most alerts; nil without alerts.
	Busiest *Burst `json:"busiest_cluster"`
}

// LabelCount is how many alerts carry a disposition of one provenance, and
// whether policy counts it.
type LabelCount struct {
	Provenance alert.Provenance `json:"provenance"`
	Alerts     int64            `json:"alerts"`
	Counts     bool             `json:"counts"`
}

// Burst is a cluster of alerts.
type Burst struct {
	// Cluster names it for people: the case, or site, entity and day.
	Cluster string  `json:"cluster"`
	Alerts  int64   `json:"alerts"`
	Share   float64 `json:"share"`
}

// Detailed returns the detail of a set of alerts, which are of the span, under id; see
// Of.
func Detailed(id string, sums *alert.Sums, s Span, p Policy) Detail {
	return Lately{}.Detailed(id, sums, s, p)
}

// Detailed is as the function is; see Lately.Of.
func (l Lately) Detailed(id string, sums *alert.Sums, s Span, p Policy) Detail {
	labels := map[alert.Provenance]int64{}
	for _, c := range sums.Classes {
		if c.Class != alert.Unlabelled {
			labels[c.Provenance] += c.N
		}
	}
	alike := s // the days on which all rules were as they are
	if since := l.newest(sums); since != "" {
		alike.From = max(s.From, since)
	}
	d := Detail{
		Statement:  l.Of(id, sums, s.Days(), p),
		Trend:      TheilSen(series(sums.Days, alike), p.Confidence),
		Provenance: labelCounts(labels, p.Provenances),
	}
	if sums.Most > 0 {
		d.Busiest = &Burst{Cluster: ClusterWords(sums.Busiest), Alerts: sums.Most, Share: share(sums.Most, sums.Alerts)}
	}
	return d
}

func labelCounts(labels map[alert.Provenance]int64, counting []string) []LabelCount {
	list := []LabelCount{}
	for p, n := range labels {
		list = append(list, LabelCount{Provenance: p, Alerts: n, Counts: slices.Contains(counting, string(p))})
	}
	slices.SortFunc(list, func(a, b LabelCount) int {
		return cmp.Or(cmp.Compare(b.Alerts, a.Alerts), cmp.Compare(a.Provenance, b.Provenance))
	})
	return list
}

// ClusterWords returns the name of a cluster as people read it.
func ClusterWords(cluster string) string {
	return strings.Join(strings.FieldsFunc(cluster, func(r rune) bool { return r == '\x1f' }), " ")
}

// At returns what would be concluded if policy asked for precision threshold,
// and how many more alerts to label for that to be decided; see ToLabel.
func (s *Statement) At(threshold float64, p Policy) (Conclusion, int64) {
	p.MinPrecision = threshold
	conclusion := s.conclude(&p)
	if conclusion != Undecided {
		return conclusion, 0
	}
	return conclusion, s.toLabel(&p)
}

// LowerBound is the lower of the lower limits of alerts, clustered, and of
// episodes: what may be relied on. It is 0 when nothing is labelled.
func (s *Statement) LowerBound() float64 {
	if s.ClusteredInterval == nil || s.EpisodeInterval == nil {
		return 0
	}
	return min(s.ClusteredInterval[0], s.EpisodeInterval[0])
}
