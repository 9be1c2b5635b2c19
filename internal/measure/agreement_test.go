package measure_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"candor/internal/alert"
	"candor/internal/measure"
)

func pairs(of ...any) (list []measure.Pair) {
	words := map[string]alert.Reading{"t": alert.ReadTrue, "b": alert.ReadBenign, "f": alert.ReadFalse, "o": alert.ReadOut, "u": alert.Untold}
	for i := 0; i < len(of); i += 3 {
		list = append(list, measure.Pair{First: words[of[i].(string)], Second: words[of[i+1].(string)], N: int64(of[i+2].(int))})
	}
	return list
}

// The first is the example that Gwet's paper is known for. Coefficients and intervals are
// those of the package irrCAC 0.4 for Python, which works them out from single ratings;
// the last two are worked by hand.
func TestKnownAgreements(t *testing.T) {
	for _, c := range []struct {
		name     string
		pairs    []measure.Pair
		episodes int
		ac1      float64
		low, up  float64
	}{
		{"two readings, one rare", pairs("t", "t", 118, "t", "f", 5, "f", "t", 2), 125, 0.9407763376, 0.8951401466, 0.9864125286},
		{"three readings", pairs("t", "t", 40, "t", "b", 3, "b", "t", 1, "b", "b", 20, "f", "f", 30, "f", "t", 2, "b", "f", 4), 100, 0.8520053278, 0.7630106608, 0.9409999948},
		{"five readings, cut off at 1", pairs("t", "t", 9, "t", "f", 1, "f", "f", 6, "o", "o", 2, "o", "f", 1, "b", "u", 1), 20, 0.8216939079, 0.6147993469, 1},
		{"no better than chance", pairs("t", "f", 5, "f", "t", 5, "t", "t", 5, "f", "f", 5), 20, 0, -0.4801726495, 0.4801726495},
		// Jeffreys on 10 of 10 begins at 0.782804; with one category in use, chance is 0.
		{"all alike, in fewer episodes", pairs("t", "t", 40), 10, 1, 0.7828037325, 1},
		{"one episode says nothing", pairs("t", "t", 40), 1, 1, -1, 1},
	} {
		a := measure.Agree(c.pairs, c.episodes, 0.95)
		if math.Abs(*a.AC1-c.ac1) > 1e-9 || math.Abs(a.Interval[0]-c.low) > 1e-6 || math.Abs(a.Interval[1]-c.up) > 1e-6 {
			t.Errorf("%s: AC1 %.10f in %.10f, want %.10f in %g to %g", c.name, *a.AC1, *a.Interval, c.ac1, c.low, c.up)
		}
	}
	if a := measure.Agree(nil, 0, 0.95); a.AC1 != nil || a.Interval != nil {
		t.Errorf("without pairs: %+v", a)
	}
}

func TestPairsOfABurstWeighLess(t *testing.T) {
	p := pairs("t", "t", 118, "t", "f", 5, "f", "t", 2)
	wide, narrow := measure.Agree(p, 12, 0.95), measure.Agree(p, 125, 0.95)
	if *wide.AC1 != *narrow.AC1 || wide.Interval[0] >= narrow.Interval[0] || wide.Interval[1] < narrow.Interval[1] {
		t.Errorf("%v in 12 episodes and %v in 125", *wide.Interval, *narrow.Interval)
	}
}

func TestEveryClassIsReadAsSomething(t *testing.T) {
	want := map[alert.Class]alert.Reading{alert.TruePositive: alert.ReadTrue, alert.BenignPositive: alert.ReadBenign, alert.FalsePositive: alert.ReadFalse,
		alert.FalseLogic: alert.ReadFalse, alert.FalseData: alert.ReadFalse, alert.Test: alert.ReadOut, alert.Duplicate: alert.ReadOut, alert.Unlabelled: alert.Untold, alert.Open: alert.Untold}
	for _, c := range append(alert.Classes(), alert.Open) {
		if got := c.Reading(); got != want[c] {
			t.Errorf("%s is read as %s", c, got)
		}
	}
}

// TestLongAgreementCovers draws pairs of two readers, one of whom slips: how often the
// interval holds the coefficient that endless pairs would give. The floors are what 5,000
// repeats showed, less a margin for 200.
func TestLongAgreementCovers(t *testing.T) {
	repeats := 200
	if os.Getenv("CANDOR_TEST_LONG") != "" {
		repeats = 5000
	}
	t.Logf("%5s %5s %5s | %8s  (%d repeats)", "true", "slip", "pairs", "coverage", repeats)
	for _, truth := range []float64{0.1, 0.5, 0.9} {
		for _, slip := range []float64{0.02, 0.1, 0.3} {
			for _, n := range []int{20, 50, 200} {
				got := agreementCoverage(truth, slip, n, repeats)
				t.Logf("%5.2f %5.2f %5d | %8.3f", truth, slip, n, got)
				if got < 0.87 {
					t.Errorf("with %d pairs, %g true and %g slips the interval holds the coefficient in %.3f of samples", n, truth, slip, got)
				}
			}
		}
	}
}

func agreementCoverage(truth, slip float64, n, repeats int) float64 {
	// Of endless pairs: both readers slip by themselves.
	both := func(a, b float64) int { return int(math.Round(1e9 * (truth*a*b + (1-truth)*(1-a)*(1-b)))) }
	keep := 1 - slip
	ends := pairs("t", "t", both(keep, keep), "t", "f", both(keep, slip), "f", "t", both(slip, keep), "f", "f", both(slip, slip))
	want := *measure.Agree(ends, 1<<40, 0.95).AC1
	r := rand.New(rand.NewPCG(uint64(n), uint64(100*truth)+uint64(1000*slip)))
	read := func(is bool) int {
		if (r.Float64() < slip) != is {
			return 1
		}
		return 0
	}
	held := 0
	for range repeats {
		var of [2][2]int
		for range n {
			is := r.Float64() < truth
			of[read(is)][read(is)]++
		}
		a := measure.Agree(pairs("t", "t", of[1][1], "t", "f", of[1][0], "f", "t", of[0][1], "f", "f", of[0][0]), n, 0.95)
		if a.Interval[0] <= want && want <= a.Interval[1] {
			held++
		}
	}
	return float64(held) / float64(repeats)
}
