// Package measure turns counts of alerts into statements with their uncertainty.
//
// Databases return sufficient counts and this package alone turns them into
// proportions, so that two engines cannot disagree on meaning. It refuses to
// show a proportion without numerator, denominator and interval. Its functions
// are pure: counts and policy in, statement out. The definitions are those of
// doc/statistics.md.
package measure

import (
	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
)

// Conclusion is what may be concluded from a measurement.
type Conclusion string

// The conclusions.
const (
	GoodEnough    Conclusion = "good_enough"
	NotGoodEnough Conclusion = "not_good_enough"
	Undecided     Conclusion = "undecided"
	NotMeasurable Conclusion = "not_measurable"
)

// Interval is a closed interval of proportions.
type Interval [2]float64

// PerDay summarises alerts per day over the whole window, days with none
// included.
type PerDay struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    int64   `json:"max"`
}

// Statement is what the alerts of one rule, or of several together, say.
// Proportions are nil when nothing was labelled.
type Statement struct {
	RuleID         string `json:"rule_id"`
	Alerts         int64  `json:"alerts"`
	TruePositive   int64  `json:"true_positive"`
	BenignPositive int64  `json:"benign_positive"`
	FalsePositive  int64  `json:"false_positive"`
	Unlabelled     int64  `json:"unlabelled"`
	Test           int64  `json:"test"`
	Duplicate      int64  `json:"duplicate"`
	// NotCounted are labels of a provenance that policy does not count; the
	// alerts are among Unlabelled.
	NotCounted int64 `json:"labels_not_counted"`

	// Labels is how the labels came about. Alerts whose label as a test or a duplicate is
	// not borne out are among Unlabelled.
	Labels Labels `json:"labels"`
	// Strict is set where second readings differ from the first: lower limits rest on it.
	Strict *Strict `json:"strict,omitempty"`

	// Precision is actionable precision, TP/(TP+BP+FP); Interval is Jeffreys.
	Precision *float64  `json:"precision"`
	Interval  *Interval `json:"interval"`
	// LogicPrecision is (TP+BP)/(TP+BP+FP).
	LogicPrecision *float64  `json:"logic_precision"`
	LogicInterval  *Interval `json:"logic_interval"`
	// Deff is the design effect of clustering, and MEff how many equal clusters would
	// weigh as much as these. EffectiveN is how many independent alerts the labelled
	// ones weigh: see EffectiveN.
	Deff              *float64  `json:"deff"`
	MEff              *float64  `json:"m_eff"`
	EffectiveN        *float64  `json:"effective_n"`
	ClusteredInterval *Interval `json:"clustered_interval"`
	// Episodes are labelled clusters; EpisodeHits those with a true positive.
	Episodes         int       `json:"episodes"`
	EpisodeHits      int       `json:"episode_hits"`
	EpisodePrecision *float64  `json:"episode_precision"`
	EpisodeInterval  *Interval `json:"episode_interval"`
	// Occasions is in how many hours, of each site, labelled alerts fell.
	Occasions int `json:"occasions"`
	// LabelledShare is labelled alerts over labelled and unlabelled ones.
	LabelledShare *float64 `json:"labelled_share"`
	// Bounds are the worst cases for the unlabelled, [TP/N, (TP+U)/N].
	Bounds *Interval `json:"bounds"`

	PerDay                PerDay  `json:"alerts_per_day"`
	BusiestClusterShare   float64 `json:"busiest_cluster_share"`
	WorkloadMinutesPerDay float64 `json:"workload_minutes_per_day"`
	WindowDays            int     `json:"window_days"`
	// VolumeDays is over how many days PerDay is, the last of the window, where rules of
	// several were changed within it; 0 for all of them.
	VolumeDays int `json:"volume_days,omitempty"`
	// LastLabelled is the day of the newest alert that has a label that counts.
	LastLabelled day.Date `json:"last_labelled,omitempty"`

	Conclusion Conclusion `json:"conclusion"`
	// Noisy says that precision, volume or workload is measured and outside policy.
	Noisy bool `json:"noisy"`
	// ToLabel is how many more randomly chosen alerts to label for the intervals
	// to clear the threshold, and for the unlabelled no longer to matter, at the
	// current estimates; 0 when not Undecided or when no number would do.
	ToLabel int64             `json:"to_label,omitempty"`
	Reasons []evidence.Reason `json:"reasons"`
}

// Policy is what measurements are judged by.
type Policy struct {
	// MinPrecision is the proportion that the lower bound must reach, 0 to 1.
	MinPrecision float64
	// MinEpisodes is the fewest labelled episodes, and the fewest occasions, that
	// prove anything.
	MinEpisodes int
	// MaxAlertsPerDay and MaxMinutesPerDay bound the mean volume and workload of
	// one rule; 0 means no bound. Of several rules the busiest is held to them.
	MaxAlertsPerDay  float64
	MaxMinutesPerDay float64
	// MinutesPerAlert is the handling time assumed when alerts carry none.
	MinutesPerAlert float64
	// Provenances are those whose labels count.
	Provenances []string
	// Confidence is the level of the intervals, for example 0.95.
	Confidence float64
}

// Counting lists the provenances whose labels count.
func (p *Policy) Counting() []alert.Provenance {
	by := make([]alert.Provenance, len(p.Provenances))
	for i, name := range p.Provenances {
		by[i] = alert.Provenance(name)
	}
	return by
}
