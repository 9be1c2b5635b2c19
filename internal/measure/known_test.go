package measure_test

import (
	"fmt"
	"math"
	"testing"

	"candor/internal/alert"
	"candor/internal/measure"
)

// known is a row of the known answers in doc/statistics.md.
type known struct {
	rule            string
	alerts, tp      int64
	plain           measure.Interval
	deff, effective float64
	clustered       measure.Interval
	hits, episodes  int
	episode         measure.Interval
}

var knownAnswers = []known{
	{"W-Acc-400", 399190, 399042, measure.Interval{0.999566, 0.999685}, 152.2680, 2621.628,
		measure.Interval{0.998238, 0.999961}, 4, 28, measure.Interval{0.050207, 0.304758}},
	{"S-Tls-Rec", 26646, 8, measure.Interval{0.000142, 0.000566}, 3.3244, 8015.244,
		measure.Interval{0.000072, 0.000882}, 3, 49, measure.Interval{0.017544, 0.154451}},
	{"A-Acc-Chr2", 2773, 2556, measure.Interval{0.911308, 0.931303}, 207.0546, 13.393,
		measure.Interval{0.695268, 0.990984}, 4, 29, measure.Interval{0.048405, 0.295365}},
	{"A-All-Evt", 2480, 1485, measure.Interval{0.579394, 0.617956}, 518.5858, 4.782,
		measure.Interval{0.202395, 0.908570}, 4, 100, measure.Interval{0.013650, 0.092290}},
	{"W-Acc-Sus", 492, 492, measure.Interval{0.994910, 1}, 123, 4,
		measure.Interval{0.555237, 1}, 4, 4, measure.Interval{0.555237, 1}},
	{"W-Sys-Fai", 190, 0, measure.Interval{0, 0.013117}, 4.6341, 41,
		measure.Interval{0, 0.059076}, 0, 41, measure.Interval{0, 0.059076}},
}

func policy() measure.Policy {
	return measure.Policy{
		MinPrecision: 0.5, MinEpisodes: 5, MinutesPerAlert: 10,
		Provenances: []string{"analyst", "incident", "exercise"}, Confidence: 0.95,
	}
}

func TestKnownAnswersFromCountsAlone(t *testing.T) {
	for _, k := range knownAnswers {
		t.Run(k.rule, func(t *testing.T) {
			for _, c := range []struct {
				name string
				got  measure.Interval
				want measure.Interval
			}{
				{"plain", measure.Jeffreys(float64(k.tp), float64(k.alerts), 0.95), k.plain},
				{"episodes", measure.Jeffreys(float64(k.hits), float64(k.episodes), 0.95), k.episode},
			} {
				if six(c.got) != six(c.want) {
					t.Errorf("%s: got %s, want %s", c.name, six(c.got), six(c.want))
				}
			}
			// The known design effects are rounded, so that the sixth decimal may differ.
			got := measure.Clustered(float64(k.tp), float64(k.alerts), k.deff, 0.95)
			if math.Abs(got[0]-k.clustered[0]) > 2e-6 || math.Abs(got[1]-k.clustered[1]) > 2e-6 {
				t.Errorf("clustered: got %s, want %s", six(got), six(k.clustered))
			}
		})
	}
}

// Where the share of hits is 0 or 1, the number of clusters and of alerts is
// all that the design effect needs.
func TestKnownAnswersOfWholeStatements(t *testing.T) {
	for _, k := range knownAnswers {
		if k.tp != 0 && k.tp != k.alerts {
			continue
		}
		t.Run(k.rule, func(t *testing.T) {
			class := alert.TruePositive
			if k.tp == 0 {
				class = alert.FalsePositive
			}
			s := measure.Rules(burstsOf(k.rule, class, k.alerts, k.episodes), 6, policy())[k.rule]
			checkKnown(t, &s, k)
		})
	}
}

// burstsOf spreads n alerts of one class over m clusters, unevenly.
func burstsOf(rule string, class alert.Class, n int64, m int) []alert.Tally {
	var ts []alert.Tally
	for i := range m {
		ts = append(ts, alert.Tally{
			RuleID: rule, Cluster: fmt.Sprint("host", i), Day: fmt.Sprintf("2026-03-%02d", 1+i%6),
			Class: class, Provenance: alert.Analyst, N: 1,
		})
	}
	ts[0].N += n - int64(m)
	return ts
}

func TestDesignEffect(t *testing.T) {
	for _, c := range []struct {
		name     string
		clusters []measure.Cluster
		want     float64
	}{
		{"no clusters", nil, 1},
		{"empty clusters are left out", []measure.Cluster{{}, {N: 6, Hits: 6}, {}}, 6},
		{"all hits: mean cluster size", []measure.Cluster{{N: 3, Hits: 3}, {N: 5, Hits: 5}}, 4},
		{"all misses: mean cluster size", []measure.Cluster{{N: 9}, {N: 1}}, 5},
		{"one mixed cluster: its size", []measure.Cluster{{N: 7, Hits: 2}}, 7},
		// By hand: 2/1 * (2.5*2.5 + 2.5*2.5) / (10*10) = 0.25, over (1/4)/10 = 0.025.
		{"two pure clusters", []measure.Cluster{{N: 5, Hits: 5}, {N: 5}}, 10},
		{"alike clusters are no better than independent", []measure.Cluster{{N: 4, Hits: 2}, {N: 4, Hits: 2}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := measure.Deff(c.clusters); got < c.want-1e-9 || got > c.want+1e-9 {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestVolume(t *testing.T) {
	for _, c := range []struct {
		name   string
		perDay []int64
		days   int
		want   measure.PerDay
	}{
		{"no window", nil, 0, measure.PerDay{}},
		{"days without alerts count", []int64{8}, 4, measure.PerDay{Mean: 2, Median: 0, P95: 8, Max: 8}},
		{"even number of days", []int64{1, 2, 4, 9}, 4, measure.PerDay{Mean: 4, Median: 3, P95: 9, Max: 9}},
		{"a window shorter than its days", []int64{2, 4}, 1, measure.PerDay{Mean: 3, Median: 3, P95: 4, Max: 4}},
		{"one day in twenty may exceed the percentile", append(make([]int64, 19), 100), 20, measure.PerDay{Mean: 5, P95: 0, Max: 100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := measure.Volume(c.perDay, c.days); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
