package measure

import "gonum.org/v1/gonum/stat/distuv"

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

// Clustered returns the interval of k hits in n alerts, at least one, whose
// bursts have the design effect deff: Jeffreys on n/deff alerts with the same
// share of hits. It is widened to hold that share, which Jeffreys can miss where
// a single burst leaves one effective alert.
func Clustered(k, n, deff, confidence float64) Interval {
	p, effective := k/n, n/deff
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
