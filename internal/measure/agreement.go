package measure

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"candor/internal/alert"
)

// Pair is how many alerts somebody read as First and somebody else as Second.
type Pair struct {
	First  alert.Reading `json:"first"`
	Second alert.Reading `json:"second"`
	N      int64         `json:"n"`
}

// Agreement is how far second readings agree with the first.
type Agreement struct {
	// Pairs are alerts read by two persons, in so many Episodes; Agreed of them were read
	// alike.
	Pairs    int64 `json:"pairs"`
	Agreed   int64 `json:"agreed"`
	Episodes int   `json:"episodes"`
	// AC1 is Gwet's coefficient: 1 is full agreement, 0 what chance alone would give. It
	// is nil without any pair.
	AC1      *float64  `json:"ac1"`
	Interval *Interval `json:"interval"`
}

// Agree returns how far two readings agree, by Gwet's AC1 (K. L. Gwet, "Computing
// inter-rater reliability and its variance in the presence of high agreement", British
// Journal of Mathematical and Statistical Psychology 61, 2008), with the interval that
// follows from its variance over alerts and Student's t. Categories are those that
// occur, at least two. Pairs of one episode are taken to be one: the variance is
// multiplied by pairs/episodes, and there are episodes - 1 degrees of freedom. Where all
// pairs are read alike, or none, that variance is 0 and says nothing: the interval is then
// that of the share read alike, Jeffreys on episodes. An interval lies within -1 and 1 and
// holds the coefficient.
func Agree(pairs []Pair, episodes int, confidence float64) Agreement {
	a := Agreement{Episodes: episodes}
	for _, p := range pairs {
		a.Pairs += p.N
		if p.First == p.Second {
			a.Agreed += p.N
		}
	}
	if a.Pairs == 0 {
		return a
	}
	g := newGwet(pairs, a.Pairs)
	alike := share(a.Agreed, a.Pairs)
	ac1 := g.coefficient(alike)
	a.AC1 = &ac1
	a.Interval = new(g.interval(&a, alike, confidence))
	return a
}

// gwet is how often each reading was made, by either reader.
type gwet struct {
	pairs  []Pair
	n      float64
	use    map[alert.Reading]float64 // its share of all readings
	others float64                   // one less than there are categories
	chance float64
}

func newGwet(pairs []Pair, n int64) *gwet {
	g := &gwet{pairs: pairs, n: float64(n), use: map[alert.Reading]float64{}}
	for _, p := range pairs {
		if p.N > 0 {
			g.use[p.First] += float64(p.N) / (2 * g.n)
			g.use[p.Second] += float64(p.N) / (2 * g.n)
		}
	}
	g.others = float64(max(2, len(g.use)) - 1)
	for _, r := range alert.Readings() { // in one order, so that sums are the same
		g.chance += g.use[r] * (1 - g.use[r]) / g.others
	}
	return g
}

// coefficient returns AC1 where a share of pairs is read alike.
func (g *gwet) coefficient(alike float64) float64 { return (alike - g.chance) / (1 - g.chance) }

// variance returns the variance of the coefficient over alerts that are independent.
func (g *gwet) variance(ac1 float64) float64 {
	var sum float64
	for _, p := range g.pairs {
		alike := 0.0
		if p.First == p.Second {
			alike = 1
		}
		chance := (1 - (g.use[p.First]+g.use[p.Second])/2) / g.others
		d := g.coefficient(alike) - 2*(1-ac1)*(chance-g.chance)/(1-g.chance) - ac1
		sum += float64(p.N) * d * d
	}
	return sum / (g.n * (g.n - 1))
}

func (g *gwet) interval(a *Agreement, alike, confidence float64) Interval {
	m := float64(min(int64(a.Episodes), a.Pairs))
	if m < 2 {
		return Interval{-1, 1}
	}
	i := Interval{*a.AC1, *a.AC1}
	if v := g.variance(*a.AC1) * g.n / m; a.Agreed == 0 || a.Agreed == a.Pairs || v == 0 {
		j := Jeffreys(alike*m, m, confidence)
		i = Interval{g.coefficient(j[0]), g.coefficient(j[1])}
	} else {
		t := distuv.StudentsT{Sigma: 1, Nu: m - 1}.Quantile(1 - (1-confidence)/2)
		i = Interval{i[0] - t*math.Sqrt(v), i[1] + t*math.Sqrt(v)}
	}
	return Interval{max(-1, min(i[0], *a.AC1)), min(1, max(i[1], *a.AC1))}
}
