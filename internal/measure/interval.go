package measure

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
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

// Cluster is the labelled alerts of one burst, and how many of them are hits.
type Cluster struct {
	N    int64
	Hits int64
}

// Deff returns the design effect of clustering on the share of hits: the
// between-cluster variance of the ratio estimate over the variance that
// independent alerts would have, and at least 1 (Kish, Survey Sampling, 1965).
// Where the share is 0 or 1, or there is one cluster only, the variance says
// nothing, and the design effect is the mean cluster size, as though alerts of
// one cluster were one. Clusters without alerts are left out; without any
// labelled alert the design effect is 1.
func Deff(clusters []Cluster) float64 {
	var n, k, m int64
	for _, c := range clusters {
		if c.N > 0 {
			n, k, m = n+c.N, k+c.Hits, m+1
		}
	}
	if n == 0 {
		return 1
	}
	if k == 0 || k == n || m == 1 {
		return max(1, share(n, m))
	}
	p := share(k, n)
	var squares float64
	for _, c := range clusters {
		d := float64(c.Hits) - p*float64(c.N)
		squares += d * d
	}
	between := float64(m) / float64(m-1) * squares / float64(n) / float64(n)
	return max(1, between/(p*(1-p)/float64(n)))
}

// Kish returns (sum n)^2 / sum n^2 of the clusters: how many equal clusters would
// weigh as much as these if all alerts of one were one (Kish, Survey Sampling,
// 1965). It is 0 without any labelled alert.
func Kish(clusters []Cluster) float64 {
	var sum, squares float64
	for _, c := range clusters {
		n := float64(c.N)
		sum, squares = sum+n, squares+n*n
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
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
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: b.clusters - 1}.Quantile(1 - tail)
	free := z * z / (t * t)
	if math.IsNaN(free) { // with next to no degree of freedom the quantile has no number
		free = 0
	}
	return max(1, min(b.n, b.n/b.deff*free, b.kish, b.occasions))
}

// EffectiveN returns how many independent alerts labelled ones in these clusters
// weigh, which fell on so many occasions: see Clustered. Without any labelled alert
// it is 1.
func EffectiveN(clusters []Cluster, occasions int, confidence float64) float64 {
	b := bursts{deff: Deff(clusters), kish: Kish(clusters), occasions: float64(occasions)}
	for _, c := range clusters {
		if c.N > 0 {
			b.n, b.clusters = b.n+float64(c.N), b.clusters+1
		}
	}
	return b.effective(confidence)
}

// Clustered returns the interval of a share p of hits in alerts that come in bursts
// and weigh as much as so many independent ones: Jeffreys on these. It is widened to
// hold p, which Jeffreys can miss where little weight is left.
func Clustered(p, effective, confidence float64) Interval {
	i := Jeffreys(p*effective, effective, confidence)
	return Interval{min(i[0], p), max(i[1], p)}
}

// Episodes returns how many clusters there are and how many of them hold at
// least one hit. Clusters without alerts are left out.
func Episodes(clusters []Cluster) (hits, episodes int) {
	for _, c := range clusters {
		if c.N > 0 {
			episodes++
		}
		if c.Hits > 0 {
			hits++
		}
	}
	return hits, episodes
}

func share(k, n int64) float64 { return float64(k) / float64(n) }
