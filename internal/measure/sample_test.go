package measure_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"candor/internal/measure"
	"pgregory.net/rapid"
)

func drawn(ids []string, n int, seed uint64) []string {
	d := measure.NewDraw[string](measure.Drawing{N: n, Seed: seed})
	for _, id := range ids {
		d.Show(id, id)
	}
	return d.Sample()
}

func TestASampleDependsOnSeedAndIDsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.StringN(1, 6, -1), 0, 60, rapid.ID).Draw(t, "ids")
		n := rapid.IntRange(0, 70).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		first := drawn(ids, n, seed)
		if len(first) != min(n, len(ids)) {
			t.Fatalf("%d drawn of %d, want %d", len(first), len(ids), n)
		}
		if again := drawn(rapid.Permutation(ids).Draw(t, "other order"), n, seed); !slices.Equal(first, again) {
			t.Fatalf("another order drew %v, not %v", again, first)
		}
		if more := drawn(ids, n+5, seed); !slices.Equal(first, more[:len(first)]) {
			t.Fatalf("a larger sample %v does not begin with %v", more, first)
		}
		left := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(first, id) })
		if next, both := drawn(left, n, seed), drawn(ids, 2*n, seed); !slices.Equal(both, append(first, next...)) {
			t.Fatalf("drawing from what is left gave %v, want the rest of %v", next, both)
		}
	})
}

// TestEveryAlertIsAsLikely draws 5 of 50 under many seeds: each id should be in
// a tenth of the samples, within five standard deviations.
func TestEveryAlertIsAsLikely(t *testing.T) {
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = fmt.Sprintf("alert-%d", i)
	}
	const seeds = 4000
	times := map[string]float64{}
	for seed := range uint64(seeds) {
		for _, id := range drawn(ids, 5, seed) {
			times[id]++
		}
	}
	for _, id := range ids {
		if off := math.Abs(times[id] - seeds/10); off > 5*math.Sqrt(seeds*0.1*0.9) {
			t.Errorf("%s was drawn %v times of %d", id, times[id], seeds)
		}
	}
}

func TestShrunkValuesLieBetweenTheRulesOwnAndThatOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) measure.Statement {
			n := rapid.Float64Range(0, 500).Draw(t, "n")
			if n < 1 {
				return measure.Statement{}
			}
			p := rapid.Float64Range(0, 1).Draw(t, "p")
			return measure.Statement{Precision: &p, EffectiveN: &n}
		}), 0, 12).Draw(t, "statements")
		var n, k float64
		for _, s := range list {
			if s.Precision != nil {
				n, k = n+*s.EffectiveN, k+*s.EffectiveN**s.Precision
			}
		}
		mean := 0.5
		if n > 0 {
			mean = k / n
		}
		for i, x := range measure.Shrink(list) {
			own := mean
			if list[i].Precision != nil {
				own = *list[i].Precision
			}
			if x < min(own, mean)-1e-9 || x > max(own, mean)+1e-9 {
				t.Fatalf("shrunk to %v, outside %v and %v", x, own, mean)
			}
		}
	})
}

func TestFewLabelsAreDrawnFurtherThanMany(t *testing.T) {
	s := func(p, n float64) measure.Statement { return measure.Statement{Precision: &p, EffectiveN: &n} }
	got := measure.Shrink([]measure.Statement{s(1, 1), s(1, 200), s(0.1, 100), s(0.4, 100), s(0.05, 100), {}})
	if !(got[0] < got[1] && got[1] > 0.95 && got[5] < got[0]) {
		t.Errorf("got %v: one label of 1 should rank below two hundred, and above none", got)
	}
}

// TestTheHeadOfADrawIsASample labels the first few alerts of a draw, and others besides
// because they are easy to call true: the head must not count those.
func TestTheHeadOfADrawIsASample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, head := rapid.IntRange(1, 80).Draw(t, "alerts"), rapid.IntRange(0, 20).Draw(t, "labelled of the draw")
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprint("a", i)
		}
		order := drawn(ids, n, 7)
		head = min(head, n)
		labelled := map[string]bool{}
		for _, id := range order[:head] {
			labelled[id] = true
		}
		easy := rapid.SliceOfN(rapid.SampledFrom(ids), 0, 10).Draw(t, "easy")
		for _, id := range easy {
			if at := slices.Index(order, id); at > head {
				labelled[id] = true
			}
		}
		var p measure.Prefix
		for _, id := range rapid.Permutation(ids).Draw(t, "order") {
			p.Show(7, id, labelled[id], slices.Contains(easy, id))
		}
		hits := 0
		for _, id := range order[:head] {
			if slices.Contains(easy, id) {
				hits++
			}
		}
		if d, h := p.Count(); d != int64(head) || h != int64(hits) {
			t.Fatalf("%d drawn, %d hits; want %d and %d", d, h, head, hits)
		}
	})
}
