package assessment_test

import (
	"fmt"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// TestATestIsHeldAgainstTheExerciseItself labels alerts as tests around an exercise of a
// host at a site: what is elsewhere, or later than policy waits, is of no exercise.
func TestATestIsHeldAgainstTheExerciseItself(t *testing.T) {
	at := asOf.AddDate(0, 0, -3)
	for _, c := range []struct {
		name              string
		site, host        string // of the exercise
		hours             int
		unexercised, test int64
	}{
		{"its host and site", "west", "H1", 2, 4, 2},
		{"its host", "", "H1", 2, 3, 3},
		{"its site", "west", "", 2, 3, 3},
		{"anywhere", "", "", 2, 2, 4},
		{"for a day", "west", "H1", 24, 3, 3},
	} {
		b := newBench(t).small()
		b.add(evidence.RecordRule, rule)
		b.add(evidence.RecordExercise, exercise.Exercise{Technique: "T1566", Test: "t", Time: at, Outcome: exercise.Alerted, Site: c.site, Host: c.host})
		var list []alert.Alert
		for i, a := range []alert.Alert{
			{Site: "west", Entity: "h1", Time: at.Add(time.Hour)},
			{Site: "west", Entity: "h1", Time: at.Add(-4 * time.Minute)},
			{Site: "west", Entity: "h1", Time: at.Add(3 * time.Hour)},
			{Site: "west", Entity: "h2", Time: at.Add(time.Hour)},
			{Site: "east", Entity: "h1", Time: at.Add(time.Hour)},
			{Site: "west", Entity: "h1", Time: at.Add(-6 * time.Minute)},
		} {
			a.ID, a.RuleID = fmt.Sprint("t", i), "r1"
			a.Disposition = &alert.Disposition{Class: alert.Test, Time: asOf, Provenance: alert.Analyst}
			list = append(list, a)
		}
		b.land(list...)
		r := request()
		r.Policy.Readiness.CorroborateHours = c.hours
		m, err := b.MeasureRule(t.Context(), r, "r1")
		if err != nil || m.Test != c.test || m.Unlabelled != c.unexercised {
			t.Errorf("%s: %d tests, %d unlabelled, error %v", c.name, m.Test, m.Unlabelled, err)
		}
	}
}
