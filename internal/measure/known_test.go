package measure_test

import (
	"math"
	"slices"
	"testing"

	"candor/internal/alert"
	"candor/internal/measure"
)

// known is a row of the known answers in doc/statistics.md.
type known struct {
	rule            string
	alerts, tp      int64
	plain           measure.Interval
	deff            float64
	kish, effective float64
	occasions       int
	clustered       measure.Interval
	hits, episodes  int
	episode         measure.Interval
}

var knownAnswers = []known{
	{"W-Acc-400", 399190, 399042, measure.Interval{0.999566, 0.999685}, 152.2680, 1.102469, 1.102469, 23,
		measure.Interval{0.167732, 0.999640}, 4, 28, measure.Interval{0.050207, 0.304758}},
	{"S-Tls-Rec", 26646, 8, measure.Interval{0.000142, 0.000566}, 3.3244, 31.080793, 31.080793, 290,
		measure.Interval{0.000018, 0.077798}, 3, 49, measure.Interval{0.017544, 0.154451}},
	{"A-Acc-Chr2", 2773, 2556, measure.Interval{0.911308, 0.931303}, 207.0546, 1.266271, 1.266271, 41,
		measure.Interval{0.159799, 0.998817}, 4, 29, measure.Interval{0.048405, 0.295365}},
	{"A-All-Evt", 2480, 1485, measure.Interval{0.579394, 0.617956}, 518.5858, 3.337765, 3.337765, 76,
		measure.Interval{0.153471, 0.934836}, 4, 100, measure.Interval{0.013650, 0.092290}},
	{"W-Acc-Sus", 492, 492, measure.Interval{0.994910, 1}, 123, 1.132368, 1.132368, 4,
		measure.Interval{0.174052, 1}, 4, 4, measure.Interval{0.555237, 1}},
	{"W-Sys-Fai", 190, 0, measure.Interval{0, 0.013117}, 4.6341, 29.019293, 29.019293, 75,
		measure.Interval{0, 0.082235}, 0, 41, measure.Interval{0, 0.059076}},
	{"S-Flw-Nmp", 66, 66, measure.Interval{0.962794, 1}, 5.0769, 9.68, 3, 3,
		measure.Interval{0.464417, 1}, 13, 13, measure.Interval{0.827381, 1}},
}

// Without the cap of Kish's number, and where occasions do not bind, the degrees of
// freedom alone give these, in the order of knownAnswers.
var uncapped = []float64{2392.127395, 7616.344329, 12.261080, 4.666045, 1.517169, 38.558045}

// cluster is the labelled alerts of one cluster, and how many of them are hits.
type cluster struct{ N, Hits int64 }

// summed is what sums say of labelled clusters.
func summed(occasions int64, clusters ...cluster) *alert.Sums {
	s := &alert.Sums{Occasions: occasions}
	for _, c := range clusters {
		s.Episode(c.N, c.Hits)
	}
	return s
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
			got := measure.Clustered(float64(k.tp)/float64(k.alerts), k.effective, 0.95)
			if math.Abs(got[0]-k.clustered[0]) > 2e-6 || math.Abs(got[1]-k.clustered[1]) > 2e-6 {
				t.Errorf("clustered: got %s, want %s", six(got), six(k.clustered))
			}
		})
	}
}

// TestWhatLimitsTheWeight checks the degrees of freedom alone, and each of the caps,
// with equal clusters where nothing else binds.
func TestWhatLimitsTheWeight(t *testing.T) {
	equal := func(m int, n, hits int64) []cluster { return slices.Repeat([]cluster{{n, hits}}, m) }
	for _, c := range []struct {
		name      string
		clusters  []cluster
		occasions int64
		want      float64
	}{
		{"nothing", nil, 0, 1},
		{"one burst is one alert", []cluster{{N: 100, Hits: 50}}, 9, 1},
		// z = 1.959964, t with 1 and 9 degrees of freedom = 12.706205 and 2.262157.
		{"two single alerts", equal(2, 1, 1), 2, 1},
		{"ten single alerts", equal(10, 1, 1), 10, 10 * 1.959964 * 1.959964 / (2.262157 * 2.262157)},
		{"ten alike bursts weigh no more than ten", equal(10, 100, 50), 10, 10},
		{"on three occasions", equal(10, 100, 50), 3, 3},
		{"unequal bursts weigh less than their number", append(equal(19, 1, 1), cluster{100, 100}), 100, 119 * 119 / 10019.0},
		{"clusters without labels do not count", append(equal(10, 1, 1), make([]cluster, 5)...), 10, 10 * 1.959964 * 1.959964 / (2.262157 * 2.262157)},
	} {
		if got := measure.EffectiveN(summed(c.occasions, c.clusters...), 0.95); math.Abs(got-c.want) > 1e-5 {
			t.Errorf("%s: got %.6f, want %.6f", c.name, got, c.want)
		}
	}
}

func TestDesignEffect(t *testing.T) {
	for _, c := range []struct {
		name     string
		clusters []cluster
		want     float64
	}{
		{"no clusters", nil, 1},
		{"empty clusters are left out", []cluster{{}, {N: 6, Hits: 6}, {}}, 6},
		{"all hits: mean cluster size", []cluster{{N: 3, Hits: 3}, {N: 5, Hits: 5}}, 4},
		{"all misses: mean cluster size", []cluster{{N: 9}, {N: 1}}, 5},
		{"one mixed cluster: its size", []cluster{{N: 7, Hits: 2}}, 7},
		// By hand: 2/1 * (2.5*2.5 + 2.5*2.5) / (10*10) = 0.25, over (1/4)/10 = 0.025.
		{"two pure clusters", []cluster{{N: 5, Hits: 5}, {N: 5}}, 10},
		{"alike clusters are no better than independent", []cluster{{N: 4, Hits: 2}, {N: 4, Hits: 2}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := measure.Deff(summed(0, c.clusters...)); got < c.want-1e-9 || got > c.want+1e-9 {
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
