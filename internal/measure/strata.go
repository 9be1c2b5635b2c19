package measure

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Stratum is a part of the alerts of a rule, such as those of one severity, and what is
// known of a sample that was drawn from it.
type Stratum struct {
	Name string `json:"name"`
	// Alerts are those that it has, Unlabelled of them without a label that counts, and
	// Chosen how many of these are drawn now.
	Alerts     int64 `json:"alerts"`
	Unlabelled int64 `json:"unlabelled"`
	Chosen     int   `json:"chosen"`
	// Drawn are the first of them in the order of the draw, as far as every one of these
	// is labelled, and Hits of those are true positives.
	Drawn int64 `json:"drawn"`
	Hits  int64 `json:"hits"`
}

// Weighed is what a sample from strata says of all their alerts: the precision that would
// be seen if every one of them were labelled.
type Weighed struct {
	// Alerts are those of all strata, and Unseen of them are in strata of which nothing
	// was drawn.
	Alerts int64 `json:"alerts"`
	Unseen int64 `json:"unseen"`
	// Drawn and Hits are sums over the strata. Precision weighs each by its alerts, and
	// leaves out those of which nothing was drawn; it is nil where nothing was drawn at
	// all.
	Drawn     int64     `json:"drawn"`
	Hits      int64     `json:"hits"`
	Precision *float64  `json:"precision"`
	Interval  *Interval `json:"interval"`
}

// Whole reports whether nothing is left to be drawn, so that the precision is that of the
// labels and no estimate.
func (w *Weighed) Whole() bool { return w.Drawn == w.Alerts }

// Weigh returns what samples from strata say together, by the stratified estimator (W. G.
// Cochran, Sampling Techniques, 1977, chapter 5): the sum of W p over the strata, with W
// the stratum's share of all alerts and p the share of hits in its sample. Its variance is
// the sum of W^2 (1 - f) v, where f is the share of the stratum that was drawn. In place of
// p(1-p)/(n-1), which is 0 where a small sample holds hits alone or none, v is the variance
// of Beta(k+1/2, n-k+1/2), and the interval is that of the beta distribution with the mean
// and the variance that follow: with one stratum that is large, Jeffreys. It is widened to
// hold the estimate. Alerts of strata of which nothing was drawn may all be misses or all
// be hits.
func Weigh(strata []Stratum, confidence float64) Weighed {
	var w Weighed
	var seen int64
	for _, s := range strata {
		w.Alerts, w.Drawn, w.Hits = w.Alerts+s.Alerts, w.Drawn+s.Drawn, w.Hits+s.Hits
		if s.Drawn > 0 {
			seen += s.Alerts
		}
	}
	w.Unseen = w.Alerts - seen
	if seen == 0 {
		return w
	}
	var p, mean, variance float64
	for _, s := range strata {
		if s.Drawn == 0 {
			continue
		}
		weight, drawn := share(s.Alerts, seen), share(s.Drawn, s.Alerts)
		a, b := float64(s.Hits)+0.5, float64(s.Drawn-s.Hits)+0.5
		own := share(s.Hits, s.Drawn)
		p += weight * own
		mean += weight * (drawn*own + (1-drawn)*a/(a+b))
		variance += weight * weight * (1 - drawn) * a * b / ((a + b) * (a + b) * (a + b + 1))
	}
	i := Interval{p, p}
	if variance > 0 {
		n := mean*(1-mean)/variance - 1
		tail := (1 - confidence) / 2
		beta := distuv.Beta{Alpha: mean * n, Beta: (1 - mean) * n}
		i = Interval{min(p, beta.Quantile(tail)), max(p, beta.Quantile(1-tail))}
	}
	known := share(seen, w.Alerts)
	w.Precision, w.Interval = &p, &Interval{i[0] * known, i[1]*known + (1 - known)}
	return w
}

// Allot says how many of n to draw from each stratum, none from one that has no more
// unlabelled alerts than that: half of n in equal parts, so that a small stratum is seen,
// and the rest in proportion to the unlabelled alerts. It sets Chosen.
func Allot(strata []Stratum, n int) {
	var open int64
	left := 0
	for i := range strata {
		open += strata[i].Unlabelled
		if strata[i].Unlabelled > 0 {
			left++
		}
	}
	if left == 0 {
		return
	}
	n = int(min(int64(n), open))
	given := 0
	for i := range strata {
		s := &strata[i]
		if s.Unlabelled == 0 {
			continue
		}
		part := float64(n)/2/float64(left) + float64(n)/2*share(s.Unlabelled, open)
		s.Chosen = int(min(s.Unlabelled, int64(math.Floor(part))))
		given += s.Chosen
	}
	byRoom := make([]*Stratum, len(strata))
	for i := range strata {
		byRoom[i] = &strata[i]
	}
	for given < n {
		slices.SortStableFunc(byRoom, func(a, b *Stratum) int {
			return cmp.Compare(b.Unlabelled-int64(b.Chosen), a.Unlabelled-int64(a.Chosen))
		})
		for _, s := range byRoom {
			if given < n && int64(s.Chosen) < s.Unlabelled {
				s.Chosen++
				given++
			}
		}
	}
}
