package measure_test

import (
	"math"
	"slices"
	"testing"

	"candor/internal/alert"
	"candor/internal/measure"
	"pgregory.net/rapid"
)

func TestTheilSenKnownAnswers(t *testing.T) {
	tests := []struct {
		name             string
		y                []int64
		slope, low, high float64
	}{
		{"a straight line", []int64{3, 5, 7, 9, 11, 13, 15}, 2, 2, 2},
		{"one day out of line does not move it", []int64{3, 5, 7, 900, 11, 13, 15}, 2, 2, 2},
		// 28 pairs; Var S = 8*7*21/18 = 65.33 without ties, so C = 15.84, and the
		// interval is from the 6th to the 23rd slope.
		{"eight uneven days", []int64{10, 15, 12, 20, 18, 25, 30, 28}, 3, 1.5, 4.5},
		{"nothing changes", []int64{4, 4, 4, 4, 4, 4, 4, 4}, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := measure.TheilSen(tt.y, 0.95)
			if math.Abs(got.Slope-tt.slope) > 1e-12 || math.Abs(got.Interval[0]-tt.low) > 1e-9 || math.Abs(got.Interval[1]-tt.high) > 1e-9 {
				t.Errorf("got %v in %v, want %v in [%v %v]", got.Slope, got.Interval, tt.slope, tt.low, tt.high)
			}
		})
	}
	if got := measure.TheilSen([]int64{1, 2, 3, 4, 5, 6}, 0.95); got != nil {
		t.Errorf("six days gave %+v, want no trend", got)
	}
}

func TestTrendTurnsAndScalesWithTheSeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.Int64Range(0, 1000), 7, 40).Draw(t, "y")
		a := measure.TheilSen(y, 0.95)
		if a.Slope < a.Interval[0] || a.Slope > a.Interval[1] {
			t.Fatalf("slope %v is outside %v", a.Slope, a.Interval)
		}
		back := slices.Clone(y)
		slices.Reverse(back)
		if b := measure.TheilSen(back, 0.95); math.Abs(a.Slope+b.Slope) > 1e-9 {
			t.Fatalf("slope %v, backwards %v", a.Slope, b.Slope)
		}
		for i := range y {
			y[i] = 3*y[i] + 7
		}
		if b := measure.TheilSen(y, 0.95); math.Abs(3*a.Slope-b.Slope) > 1e-9 {
			t.Fatalf("slope %v, of three times as many %v", a.Slope, b.Slope)
		}
	})
}

func TestALongSeriesKeepsItsSlope(t *testing.T) {
	y := make([]int64, 3660)
	for i := range y {
		y[i] = int64(2 * i)
	}
	if got := measure.TheilSen(y, 0.95); math.Abs(got.Slope-2) > 1e-9 || got.Days != 3660 {
		t.Errorf("got %+v, want slope 2 of 3660 days", got)
	}
}

func TestDetailNamesTrendProvenanceAndBusiestBurst(t *testing.T) {
	tally := func(day, host string, c alert.Class, p alert.Provenance, n int64) alert.Tally {
		return alert.Tally{RuleID: "r", Cluster: "site\x1f" + host + "\x1f" + day, Day: day, Class: c, Provenance: p, N: n}
	}
	d := measure.Detailed("r", sums(policy(),
		tally("2026-05-03", "h1", alert.TruePositive, alert.Analyst, 2),
		tally("2026-05-03", "h1", alert.Unlabelled, "", 5),
		tally("2026-05-04", "h2", alert.FalsePositive, alert.Automation, 3),
		tally("2026-05-06", "h2", alert.BenignPositive, alert.Analyst, 1),
	), measure.Span{From: "2026-05-01", To: "2026-05-08"}, policy())
	if d.Trend == nil || d.Trend.Days != 8 || d.WindowDays != 8 {
		t.Errorf("trend %+v over %d days, want 8", d.Trend, d.WindowDays)
	}
	if d.Busiest == nil || d.Busiest.Cluster != "site h1 2026-05-03" || d.Busiest.Alerts != 7 {
		t.Errorf("busiest %+v, want 7 alerts of site h1", d.Busiest)
	}
	if len(d.Provenance) != 2 || d.Provenance[0] != (measure.LabelCount{Provenance: alert.Analyst, Alerts: 3, Counts: true}) || d.Provenance[1].Counts {
		t.Errorf("provenance %+v", d.Provenance)
	}
	if d.LastLabelled != "2026-05-06" {
		t.Errorf("last labelled %s, want 2026-05-06", d.LastLabelled)
	}
}

func TestAtAgreesWithThePolicyThatItStandsFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tallies := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) alert.Tally {
			c := rapid.SampledFrom([]alert.Class{alert.TruePositive, alert.FalsePositive, alert.Unlabelled}).Draw(t, "class")
			cluster := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"}).Draw(t, "cluster")
			return alert.Tally{RuleID: "r", Cluster: cluster, Day: "2026-05-01", Class: c, Provenance: alert.Analyst, N: rapid.Int64Range(1, 50).Draw(t, "n")}
		}), 0, 12).Draw(t, "tallies")
		p := policy()
		s := pool("r", tallies, 10, p)
		threshold := rapid.Float64Range(0, 1).Draw(t, "threshold")
		conclusion, more := s.At(threshold, p)
		p.MinPrecision = threshold
		if want := pool("r", tallies, 10, p); want.Conclusion != conclusion || want.ToLabel != more {
			t.Fatalf("at %v: %s, %d; a policy of that gives %s, %d", threshold, conclusion, more, want.Conclusion, want.ToLabel)
		}
	})
}
