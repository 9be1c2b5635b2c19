package alert

import (
	"time"

	"candor/internal/day"
)

// Milestone is what a Duration leads up to.
type Milestone string

// The milestones.
const (
	// Acknowledged is the first statement about an alert, whatever it says.
	Acknowledged Milestone = "acknowledged"
	// Closed is the statement under which an alert is labelled.
	Closed Milestone = "closed"
)

// Untimed is the Minutes of a Duration that nobody measured.
const Untimed = -1

// Duration is the number of alerts of one rule that took equally long to a
// milestone: the sufficient counts of times to acknowledge and to close.
type Duration struct {
	RuleID string // the rule's key, as RuleKey gives it
	To     Milestone
	// Minutes is how long it took, or, unless Reached, how long it had not been
	// reached at the time that was asked about; rounded up as by Minutes. It is
	// Untimed where the statement that reached it is not dated after the alert, as
	// when an export gives one time for both.
	Minutes int64
	// Reached says that the milestone was reached; otherwise the alerts were still
	// waiting (they are censored at Minutes).
	Reached bool
	N       int64
}

// Waits asks how long the alerts took to their milestones, or have waited: those of the days
// from From to To, both included, where an unknown one is no bound, that had fired until
// then. Site leaves out those that name another, unless it is empty. Statements that are
// dated after Until are not known.
type Waits struct {
	From, To day.Date
	Site     string
	Until    time.Time
}

// At reports whether alerts that name a site, or none, are asked about.
func (w *Waits) At(site string) bool { return at(w.Site, site) }

// The steps in which Minutes rounds: a minute, from two hours on five, and from a
// day on an hour. What is rounded is 1/24 too long at most, but for what is
// shorter than a minute.
const (
	shortWait, longWait = 2 * time.Hour, 24 * time.Hour
	shortStep           = time.Minute
	middleStep          = 5 * time.Minute
	longStep            = time.Hour
)

// Minutes rounds a wait up to the minutes of a Duration. A wait that is negative
// is 0.
func Minutes(wait time.Duration) int64 {
	step := longStep
	switch {
	case wait <= 0:
		return 0
	case wait <= shortWait:
		step = shortStep
	case wait <= longWait:
		step = middleStep
	}
	steps := int64(wait / step)
	if wait%step > 0 {
		steps++
	}
	return steps * int64(step/time.Minute)
}
