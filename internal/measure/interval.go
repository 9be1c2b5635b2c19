package measure

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/stat/distuv"

	"candor/internal/alert"
)

// Jeffreys returns the equal-tailed Jeffreys interval of k hits in n: quantiles
// of Beta(k + 1/2, n - k + 1/2), with 0 as the lower limit when k is 0 and 1 as
// the upper limit when k is n (Brown, Cai and DasGupta, Statistical Science 16,
// 2001). Counts may be fractions, as effective counts are; k is at least 0 and
// at most n. Confidence is above 0 and below 1. No trials say nothing: [0, 1].
func Jeffreys(k, n, confidence float64) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	tail := (1 - confidence) / 2
	beta := distuv.Beta{Alpha: k + 0.5, Beta: n - k + 0.5}
	i := Interval{0, 1}
	if k > 0 {
		i[0] = beta.Quantile(tail)
	}
	if k < n {
		i[1] = beta.Quantile(1 - tail)
	}
	return i
}

// WorstCase returns the least and the greatest share of hits that the
// unlabelled leave possible: all of them misses, or all of them hits. The
// counts are of alerts; without any alert everything is possible.
func WorstCase(hits, labelled, unlabelled int64) Interval {
	all := labelled + unlabelled
	if all <= 0 {
		return Interval{0, 1}
	}
	return Interval{share(hits, all), share(hits+unlabelled, all)}
}

// Deff returns the design effect of clustering on the share of hits: the
// between-cluster variance of the ratio estimate over the variance that
// independent alerts would have, and at least 1 (Kish, Survey Sampling, 1965).
// Where the share is 0 or 1, or there is one cluster only, the variance says
// nothing, and the design effect is the mean cluster size, as though alerts of
// one cluster were one. Without any labelled alert it is 1.
func Deff(s *alert.Sums) float64 {
	switch {
	case s.N == 0:
		return 1
	case s.H == 0 || s.H == s.N || s.Episodes == 1:
		return max(1, share(s.N, s.Episodes))
	}
	// With p = H/N and m clusters, m/(m-1) * sum((h-pn)^2) / N^2 over p(1-p)/N is
	// m * (N^2*HH - 2*N*H*NH + H^2*NN) over (m-1) * N*H*(N-H): the sums alone. The
	// difference can be small beside its terms, so it is taken of whole numbers.
	product := func(of ...int64) *big.Int {
		p := big.NewInt(1)
		for _, x := range of {
			p.Mul(p, big.NewInt(x))
		}
		return p
	}
	between := product(s.Episodes, s.N, s.N, s.HH)
	between.Sub(between, product(s.Episodes, 2, s.N, s.H, s.NH)).Add(between, product(s.Episodes, s.H, s.H, s.NN))
	deff, _ := new(big.Rat).SetFrac(between, product(s.Episodes-1, s.N, s.H, s.N-s.H)).Float64()
	return max(1, deff)
}

// Kish returns (sum n)^2 / sum n^2 of the clusters: how many equal clusters would
// weigh as much as these if all alerts of one were one (Kish, Survey Sampling,
// 1965). It is 0 without any labelled alert.
func Kish(s *alert.Sums) float64 {
	if s.NN == 0 {
		return 0
	}
	return float64(s.N) * float64(s.N) / float64(s.NN)
}

// bursts is what of the bursts of labelled alerts limits how much they weigh. The
// counts may be fractions, as those that are supposed are.
type bursts struct {
	n         float64 // labelled alerts, at least one
	deff      float64 // of the clusters, at least 1
	kish      float64
	clusters  float64
	occasions float64
}

// effective returns how many independent alerts the labelled ones weigh: n/deff,
// less for the degrees of freedom that few clusters leave (Korn and Graubard, Survey
// Methodology 24, 1998), and not more than there are alerts, than Kish's number of
// clusters, or than there are occasions. It is at least 1, and 1 where all are one
// burst.
func (b bursts) effective(confidence float64) float64 {
	if b.clusters <= 1 {
		return 1
	}
	tail := (1 - confidence) / 2
	z := distuv.UnitNormal.Quantile(1 - tail)
	t := student(z, tail, b.clusters-1)
	free := z * z / (t * t)
	if math.IsNaN(free) { // with next to no degree of freedom the quantile has no number
		free = 0
	}
	return max(1, min(b.n, b.n/b.deff*free, b.kish, b.occasions))
}

// manyFree are degrees of freedom from which on Student's quantile is had from that of the
// normal distribution to the tenth digit.
const manyFree = 300

// student returns the quantile of Student's distribution with nu degrees of freedom that
// leaves out tail above it, where z is that of the normal distribution. With many it is the
// expansion in 1/nu (M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 1964,
// 26.7.5), which takes a hundredth of the time of the inversion.
func student(z, tail, nu float64) float64 {
	if nu < manyFree || z > 4 {
		return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: nu}.Quantile(1 - tail)
	}
	w := z * z
	g := [...]float64{
		(w + 1) / 4,
		(5*w*w + 16*w + 3) / 96,
		(3*w*w*w + 19*w*w + 17*w - 15) / 384,
		(79*w*w*w*w + 776*w*w*w + 1482*w*w - 1920*w - 945) / 92160,
	}
	return z * (1 + (g[0]+(g[1]+(g[2]+g[3]/nu)/nu)/nu)/nu)
}

// EffectiveN returns how many independent alerts the labelled ones weigh: see
// Clustered. Without any labelled alert it is 1.
func EffectiveN(s *alert.Sums, confidence float64) float64 {
	return bursts{n: float64(s.N), deff: Deff(s), kish: Kish(s), clusters: float64(s.Episodes), occasions: float64(s.Occasions)}.effective(confidence)
}

// Clustered returns the interval of a share p of hits in alerts that come in bursts
// and weigh as much as so many independent ones: Jeffreys on these. It is widened to
// hold p, which Jeffreys can miss where little weight is left.
func Clustered(p, effective, confidence float64) Interval {
	i := Jeffreys(p*effective, effective, confidence)
	return Interval{min(i[0], p), max(i[1], p)}
}

func share(k, n int64) float64 { return float64(k) / float64(n) }
