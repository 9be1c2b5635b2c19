package measure

import (
	"fmt"
	"math"
)

// Settling is what settles an undecided statement at the current estimates: labels
// for alerts that are there, and episodes that have still to take place.
type Settling struct {
	// Labels is how many of the unlabelled alerts to label, chosen at random.
	Labels int64 `json:"labels"`
	// Episodes is about how many more have to arrive, and be labelled, after that.
	Episodes int `json:"episodes"`
}

// Settling divides so many more labels as ToLabel or At asks for into those that can
// be had of the unlabelled alerts and the episodes that have to be waited for: their
// number grows with that of labels, as ToLabel supposes.
func (s *Statement) Settling(more int64) Settling {
	t := Settling{Labels: min(more, s.Unlabelled)}
	if rest := more - t.Labels; rest > 0 && s.labelled() > 0 {
		t.Episodes = max(1, int(math.Ceil(float64(rest)*float64(s.Episodes)/float64(s.labelled()))))
	}
	return t
}

// Words says what to do, beginning in lower case; empty when nothing would settle it.
func (t Settling) Words() string {
	episodes := "about " + count(int64(t.Episodes), "more episode")
	switch {
	case t.Labels == 0 && t.Episodes == 0:
		return ""
	case t.Episodes == 0:
		return fmt.Sprintf("label %s, chosen at random", count(t.Labels, "more alert"))
	case t.Labels == 0:
		return "wait for " + episodes + " (every alert is labelled)"
	}
	return fmt.Sprintf("label the %s that are left, and wait for %s", count(t.Labels, "alert"), episodes)
}
