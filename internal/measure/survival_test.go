package measure_test

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"

	"candor/internal/alert"
	"candor/internal/measure"
	"pgregory.net/rapid"
)

// spells makes durations of triples: minutes, 1 if reached, number.
func spells(triples ...[3]int64) []alert.Duration {
	var ds []alert.Duration
	for _, t := range triples {
		ds = append(ds, alert.Duration{RuleID: "r", To: alert.Closed, Minutes: t[0], Reached: t[1] == 1, N: t[2]})
	}
	return ds
}

// drawnSpells are 300 simulated spells, a third of them censored.
func drawnSpells(t *testing.T) []alert.Duration {
	t.Helper()
	f, err := os.Open("testdata/waiting.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var ds []alert.Duration
	for _, row := range rows[1:] {
		m, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ds = append(ds, alert.Duration{Minutes: m, Reached: row[1] == "1", N: 1})
	}
	return ds
}

// The values are those of the Python package lifelines 0.30.0, whose interval at
// the very last step, where nobody waits any more, is 0; here it is not known, and
// what would rest on it is not reached. The first two sets are the remissions of
// E. A. Freireich et al. (Blood 21, 1963), in weeks.
func TestWaitingTimesKnownAnswers(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		name        string
		of          []alert.Duration
		median, p90 [3]float64 // value, low, high
	}{
		{"remissions under treatment", spells([3]int64{6, 1, 3}, [3]int64{6, 0, 1}, [3]int64{7, 1, 1}, [3]int64{9, 0, 1}, [3]int64{10, 1, 1}, [3]int64{10, 0, 1},
			[3]int64{11, 0, 1}, [3]int64{13, 1, 1}, [3]int64{16, 1, 1}, [3]int64{17, 0, 1}, [3]int64{19, 0, 1}, [3]int64{20, 0, 1}, [3]int64{22, 1, 1},
			[3]int64{23, 1, 1}, [3]int64{25, 0, 1}, [3]int64{32, 0, 2}, [3]int64{34, 0, 1}, [3]int64{35, 0, 1}),
			[3]float64{23, 13, inf}, [3]float64{inf, inf, inf}},
		{"remissions without", spells([3]int64{1, 1, 2}, [3]int64{2, 1, 2}, [3]int64{3, 1, 1}, [3]int64{4, 1, 2}, [3]int64{5, 1, 2}, [3]int64{8, 1, 4},
			[3]int64{11, 1, 2}, [3]int64{12, 1, 2}, [3]int64{15, 1, 1}, [3]int64{17, 1, 1}, [3]int64{22, 1, 1}, [3]int64{23, 1, 1}),
			[3]float64{8, 4, 11}, [3]float64{17, 12, inf}},
		{"three hundred", drawnSpells(t), [3]float64{94, 73, 110}, [3]float64{256, 229, 376}},
		{"all censored", spells([3]int64{5, 0, 10}, [3]int64{9, 0, 3}), [3]float64{inf, inf, inf}, [3]float64{inf, inf, inf}},
		{"none censored", spells([3]int64{1, 1, 1}, [3]int64{2, 1, 1}, [3]int64{3, 1, 1}, [3]int64{4, 1, 1}, [3]int64{5, 1, 1}, [3]int64{6, 1, 1},
			[3]int64{7, 1, 1}, [3]int64{8, 1, 1}, [3]int64{9, 1, 1}, [3]int64{10, 1, 1}), [3]float64{5, 1, 8}, [3]float64{9, 7, inf}},
		{"all at once", spells([3]int64{4, 1, 7}), [3]float64{4, 4, inf}, [3]float64{4, 4, inf}},
		{"nothing", nil, [3]float64{inf, inf, inf}, [3]float64{inf, inf, inf}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := measure.Waits(tt.of, 0.95)
			if got := triple(w.Median); got != tt.median {
				t.Errorf("median %v, want %v", got, tt.median)
			}
			if got := triple(w.P90); got != tt.p90 {
				t.Errorf("90th percentile %v, want %v", got, tt.p90)
			}
		})
	}
}

func triple(q measure.Quantile) [3]float64 {
	out := [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	for i, p := range []*float64{q.Value, q.Low, q.High} {
		if p != nil {
			out[i] = *p
		}
	}
	return out
}

func TestWaitingIsCountedWhole(t *testing.T) {
	of := append(spells([3]int64{5, 1, 3}, [3]int64{8, 0, 4}, [3]int64{alert.Untimed, 1, 6}), alert.Duration{To: alert.Acknowledged, Minutes: 2, Reached: true, N: 9})
	times := measure.TimesOf(of, 0.95)
	if c := times.Close; c.Alerts != 7 || c.Done != 3 || c.Censored != 4 || c.Untimed != 6 {
		t.Errorf("to close: %+v", c)
	}
	if a := times.Acknowledge; a.Alerts != 9 || *a.Median.Value != 2 {
		t.Errorf("to acknowledge: %+v", a)
	}
}

func TestWaitingDependsNeitherOnOrderNorOnHowItIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) alert.Duration {
			return alert.Duration{Minutes: rapid.Int64Range(0, 12).Draw(t, "minutes"), Reached: rapid.Bool().Draw(t, "reached"), N: rapid.Int64Range(1, 4).Draw(t, "n")}
		}), 0, 12).Draw(t, "durations")
		var single []alert.Duration
		for _, d := range of {
			for range d.N {
				single = append(single, alert.Duration{Minutes: d.Minutes, Reached: d.Reached, N: 1})
			}
		}
		a, b := measure.Waits(of, 0.9), measure.Waits(rapid.Permutation(single).Draw(t, "one by one"), 0.9)
		if triple(a.Median) != triple(b.Median) || triple(a.P90) != triple(b.P90) || a.Alerts != b.Alerts {
			t.Fatalf("%+v, one by one %+v", a, b)
		}
		for _, q := range []measure.Quantile{a.Median, a.P90} {
			if x := triple(q); x[1] > x[0] || x[0] > x[2] {
				t.Fatalf("value %v outside its interval %v to %v", x[0], x[1], x[2])
			}
		}
		if x, y := triple(a.Median), triple(a.P90); x[0] > y[0] {
			t.Fatalf("the median %v is after the 90th percentile %v", x, y)
		}
	})
}
