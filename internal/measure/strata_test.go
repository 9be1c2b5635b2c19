package measure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/measure"
)

func strata(of ...int64) (list []measure.Stratum) {
	for i := 0; i < len(of); i += 3 {
		list = append(list, measure.Stratum{Name: fmt.Sprint(i), Alerts: of[i], Drawn: of[i+1], Hits: of[i+2]})
	}
	return list
}

// The estimates are sums of W p, by hand; the intervals are quantiles that scipy gives for
// the beta distribution of that mean and variance.
func TestKnownStrata(t *testing.T) {
	for _, c := range []struct {
		name       string
		strata     []measure.Stratum
		p, low, up float64
	}{
		// 1000/1250 x 1/4 + 200/1250 x 3/4 + 50/1250 x 1
		{"three", strata(1000, 20, 5, 200, 20, 15, 50, 10, 10), 0.36, 0.22528856355, 0.51985282921},
		{"hardly a hit", strata(400, 20, 0, 100, 10, 1), 0.02, 0.00499624278, 0.12383347238},
		// Jeffreys of 12 in 40 is 0.175620 to 0.452158.
		{"one that is large is Jeffreys", strata(1_000_000_000, 40, 12), 0.3, 0.17561980574, 0.45215830799},
		{"all drawn leaves no doubt", strata(7, 7, 2, 3, 3, 3), 0.5, 0.5, 0.5},
		// Half of the alerts were never looked at: from p/2 to p/2 + 1/2.
		{"one of which nothing was drawn", strata(10, 10, 4, 10, 0, 0), 0.4, 0.2, 0.7},
	} {
		w := measure.Weigh(c.strata, 0.95)
		if math.Abs(*w.Precision-c.p) > 1e-12 || math.Abs(w.Interval[0]-c.low) > 1e-6 || math.Abs(w.Interval[1]-c.up) > 1e-6 {
			t.Errorf("%s: %.9f in %.9f, want %g in %g to %g", c.name, *w.Precision, *w.Interval, c.p, c.low, c.up)
		}
	}
	if w := measure.Weigh(strata(9, 0, 0), 0.95); w.Precision != nil || w.Interval != nil || w.Unseen != 9 {
		t.Errorf("without a draw: %+v", w)
	}
}

func TestAllotmentSeesEveryStratum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []measure.Stratum
		var open int64
		for i, n := range rapid.SliceOfN(rapid.Int64Range(0, 500), 0, 6).Draw(t, "unlabelled") {
			list = append(list, measure.Stratum{Name: fmt.Sprint(i), Unlabelled: n})
			open += n
		}
		n := rapid.IntRange(1, 700).Draw(t, "n")
		measure.Allot(list, n)
		given, used := 0, 0
		for _, s := range list {
			if given += s.Chosen; s.Unlabelled > 0 {
				used++
			}
			if int64(s.Chosen) > s.Unlabelled || s.Chosen < 0 {
				t.Fatalf("%d drawn of %d", s.Chosen, s.Unlabelled)
			}
			if n >= 2*len(list) && s.Unlabelled > 0 && s.Chosen == 0 {
				t.Fatalf("none of %d drawn, with %d in all: %+v", s.Unlabelled, n, list)
			}
		}
		if int64(given) != min(int64(n), open) {
			t.Fatalf("%d drawn of %d asked for, with %d there: %+v", given, n, open, list)
		}
	})
	list := []measure.Stratum{{Name: "low", Unlabelled: 900}, {Name: "high", Unlabelled: 100}}
	if measure.Allot(list, 40); list[0].Chosen != 28 || list[1].Chosen != 12 {
		t.Errorf("of 40: %+v, want 28 and 12", list)
	}
}

// TestLongStrataCover draws from populations of three strata that are there once and for
// all: the interval must hold their true share, and the estimate lie about it.
func TestLongStrataCover(t *testing.T) {
	repeats := 200
	if os.Getenv("CANDOR_TEST_LONG") != "" {
		repeats = 5000
	}
	sizes := []int64{2000, 300, 60}
	t.Logf("%17s %6s | %8s %8s %8s  (%d repeats)", "shares", "sample", "true", "mean", "coverage", repeats)
	for _, shares := range [][]float64{{0.1, 0.5, 0.9}, {0.02, 0.02, 0.02}, {0.5, 0.5, 0.5}, {0.9, 0.3, 0}, {0.98, 0.98, 1}} {
		for _, n := range []int{30, 100} {
			truth, mean, held := strataCoverage(sizes, shares, n, repeats)
			t.Logf("%17s %6d | %8.4f %8.4f %8.3f", fmt.Sprint(shares), n, truth, mean, held)
			if held < 0.92 {
				t.Errorf("shares %v, sample of %d: the interval holds the truth in %.3f of samples", shares, n, held)
			}
			if math.Abs(mean-truth) > 0.02 {
				t.Errorf("shares %v, sample of %d: the estimate is %.4f in the mean, and the truth %.4f", shares, n, mean, truth)
			}
		}
	}
}

func strataCoverage(sizes []int64, shares []float64, n, repeats int) (truth, mean, held float64) {
	r := rand.New(rand.NewPCG(uint64(n), uint64(1000*shares[0])))
	var hits, all int64
	of := make([]int64, len(sizes))
	for i := range sizes {
		of[i] = int64(math.Round(float64(sizes[i]) * shares[i]))
		hits, all = hits+of[i], all+sizes[i]
	}
	truth = float64(hits) / float64(all)
	for range repeats {
		list := make([]measure.Stratum, len(sizes))
		for i := range sizes {
			list[i] = measure.Stratum{Alerts: sizes[i], Unlabelled: sizes[i]}
		}
		measure.Allot(list, n)
		for i := range list {
			for _, at := range r.Perm(int(sizes[i]))[:list[i].Chosen] {
				list[i].Drawn++
				if int64(at) < of[i] {
					list[i].Hits++
				}
			}
		}
		w := measure.Weigh(list, 0.95)
		mean += *w.Precision / float64(repeats)
		if w.Interval[0] <= truth && truth <= w.Interval[1] {
			held += 1 / float64(repeats)
		}
	}
	return truth, mean, held
}
