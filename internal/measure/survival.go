package measure

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"candor/internal/alert"
)

// Times is how long the alerts of a rule, or of several together, wait.
type Times struct {
	Acknowledge Waiting `json:"acknowledge"`
	Close       Waiting `json:"close"`
}

// TimesOf returns what the durations, of whatever rules, say together.
func TimesOf(of []alert.Duration, confidence float64) Times {
	to := func(m alert.Milestone) Waiting {
		return Waits(slices.DeleteFunc(slices.Clone(of), func(d alert.Duration) bool { return d.To != m }), confidence)
	}
	return Times{Acknowledge: to(alert.Acknowledged), Close: to(alert.Closed)}
}

// Waiting says how long alerts wait for something, such as to be closed. Those that
// still wait are counted as waiting, not left out.
type Waiting struct {
	// Alerts = Done + Censored; Untimed are those of which no time is known, and they
	// are not among Alerts.
	Alerts   int64 `json:"alerts"`
	Done     int64 `json:"done"`
	Censored int64 `json:"censored"`
	Untimed  int64 `json:"untimed"`
	// Median and P90 are when half and nine tenths are done, in minutes.
	Median Quantile `json:"median_minutes"`
	P90    Quantile `json:"p90_minutes"`
}

// Quantile is a time with its interval; what is nil is not reached.
type Quantile struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// step is a time at which something was done, with the share still waiting after it
// and the sum of Greenwood's formula up to it.
type step struct{ at, left, greenwood float64 }

// Waits returns how long the counted alerts wait, by the product-limit estimate (E. L. Kaplan,
// P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53, 1958).
// Of those at one time, what was done is counted before what is censored. A quantile
// is the first time at which no more than its share still waits. Its interval holds
// the times at which the share that waits, with Greenwood's variance and a log-log
// transformation, does not differ from it (R. Brookmeyer, J. Crowley, "A Confidence
// Interval for the Median Survival Time", Biometrics 38, 1982); it takes alerts to
// be independent, which those of one burst are not.
func Waits(of []alert.Duration, confidence float64) Waiting {
	var w Waiting
	timed := make([]alert.Duration, 0, len(of))
	for _, d := range of {
		if d.Minutes == alert.Untimed {
			w.Untimed += d.N
			continue
		}
		timed = append(timed, d)
		w.Alerts += d.N
		if d.Reached {
			w.Done += d.N
		} else {
			w.Censored += d.N
		}
	}
	steps := productLimit(timed, w.Alerts)
	z := distuv.UnitNormal.Quantile(1 - (1-confidence)/2)
	w.Median, w.P90 = quantile(steps, 0.5, z), quantile(steps, 0.1, z)
	return w
}

// productLimit returns the steps of the estimate, by time; it sorts what it is
// given, of which so many wait at first.
func productLimit(sorted []alert.Duration, waiting int64) []step {
	slices.SortFunc(sorted, func(a, b alert.Duration) int { return cmp.Compare(a.Minutes, b.Minutes) })
	var steps []step
	left, greenwood := 1.0, 0.0
	for i := 0; i < len(sorted); {
		at, done, gone := sorted[i].Minutes, int64(0), int64(0)
		for ; i < len(sorted) && sorted[i].Minutes == at; i++ {
			gone += sorted[i].N
			if sorted[i].Reached {
				done += sorted[i].N
			}
		}
		if done > 0 {
			n, d := float64(waiting), float64(done)
			left *= 1 - d/n
			greenwood += d / (n * (n - d))
			steps = append(steps, step{float64(at), left, greenwood})
		}
		waiting -= gone
	}
	return steps
}

// quantile returns the first time at which no more than share still waits.
func quantile(steps []step, share, z float64) Quantile {
	const slack = 1e-12 // so that 1/2, reached by steps of 1/10, is 1/2
	var q Quantile
	for i := range steps {
		s := &steps[i]
		low, high := s.bounds(z)
		if q.Value == nil && s.left <= share+slack {
			q.Value = &s.at
		}
		if q.Low == nil && low <= share+slack {
			q.Low = &s.at
		}
		if q.High == nil && high <= share+slack {
			q.High = &s.at
		}
	}
	return q
}

// bounds is the interval of the share that still waits after the step. Where nobody
// does, Greenwood's variance is not defined and nothing is known beyond it.
func (s *step) bounds(z float64) (low, high float64) {
	if s.left <= 0 {
		return 0, 1
	}
	if s.left >= 1 {
		return 1, 1
	}
	spread := z * math.Sqrt(s.greenwood) / math.Abs(math.Log(s.left))
	return math.Pow(s.left, math.Exp(spread)), math.Pow(s.left, math.Exp(-spread))
}
