package measure

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Spell is how long something took that N alerts waited for, in seconds; Censored
// says that they waited so long and it had not happened yet.
type Spell struct {
	Seconds  int64
	N        int64
	Censored bool
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
	// Median and P90 are when half and nine tenths are done, in seconds.
	Median Quantile `json:"median_seconds"`
	P90    Quantile `json:"p90_seconds"`
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

// Waits returns what the spells say, by the product-limit estimate (E. L. Kaplan,
// P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53, 1958).
// Of those at one time, what was done is counted before what is censored. A quantile
// is the first time at which no more than its share still waits. Its interval holds
// the times at which the share that waits, with Greenwood's variance and a log-log
// transformation, does not differ from it (R. Brookmeyer, J. Crowley, "A Confidence
// Interval for the Median Survival Time", Biometrics 38, 1982); it takes alerts to
// be independent, which those of one burst are not. Negative times are no waiting
// and count as 0.
func Waits(spells []Spell, untimed int64, confidence float64) Waiting {
	w := Waiting{Untimed: untimed}
	for _, s := range spells {
		w.Alerts += s.N
		if s.Censored {
			w.Censored += s.N
		} else {
			w.Done += s.N
		}
	}
	steps := productLimit(spells, w.Alerts)
	z := distuv.UnitNormal.Quantile(1 - (1-confidence)/2)
	w.Median, w.P90 = quantile(steps, 0.5, z), quantile(steps, 0.1, z)
	return w
}

// productLimit returns the steps of the estimate, by time.
func productLimit(spells []Spell, waiting int64) []step {
	sorted := slices.Clone(spells)
	for i := range sorted {
		sorted[i].Seconds = max(0, sorted[i].Seconds)
	}
	slices.SortFunc(sorted, func(a, b Spell) int { return cmp.Compare(a.Seconds, b.Seconds) })
	var steps []step
	left, greenwood := 1.0, 0.0
	for i := 0; i < len(sorted); {
		at, done, gone := sorted[i].Seconds, int64(0), int64(0)
		for ; i < len(sorted) && sorted[i].Seconds == at; i++ {
			gone += sorted[i].N
			if !sorted[i].Censored {
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
