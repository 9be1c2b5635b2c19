package measure_test

import (
	"math"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/measure"
)

func TestHowIncidentsBecameKnown(t *testing.T) {
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	inc := func(by alert.Discovery, class alert.Class, opened time.Time, techniques ...string) alert.Case {
		return alert.Case{Opened: opened, Class: class, FoundBy: by, Techniques: techniques}
	}
	cases := []alert.Case{
		inc(alert.FoundByAlert, alert.TruePositive, at, "T1566", "T1059"),
		inc(alert.FoundByAlert, alert.TruePositive, at, "T1566", "t1566"),
		inc(alert.FoundByHunt, alert.TruePositive, at, "T1566"),
		inc(alert.FoundByOthers, alert.TruePositive, at, "T1059"),
		inc(alert.FoundTooLate, alert.TruePositive, at, "T1059"),
		inc("", alert.TruePositive, at, "T1200"),
		inc(alert.FoundTooLate, alert.FalsePositive, at, "T1059"),
		inc(alert.FoundTooLate, alert.Unlabelled, at, "T1059"),
		inc(alert.FoundTooLate, alert.TruePositive, at.AddDate(0, 0, 1), "T1059"),
	}
	r := measure.CaseRecallOf("organisation", cases, day.Of(at), 0.95)
	if r.ByAlert != 2 || r.Otherwise != 2 || r.Missed != 1 || r.Incidents != 5 || r.Unsaid != 1 || r.Last != "2026-05-04T09:00:00Z" {
		t.Errorf("%+v", r)
	}
	// Beta(2.5, 3.5) at 0.025 and 0.975, as R gives them.
	if math.Abs(*r.Recall-0.4) > 1e-12 || math.Abs(r.Interval[0]-0.0944) > 5e-4 || math.Abs(r.Interval[1]-0.7906) > 5e-4 {
		t.Errorf("recall %v in %v", *r.Recall, *r.Interval)
	}
	by := measure.CaseRecalls(cases, func(c alert.Case) []string { return c.Techniques }, day.Of(at), 0.95)
	if len(by) != 3 || by[0].Of != "T1059" || by[0].Incidents != 3 || by[1].Recall != nil || by[2].Incidents != 3 || by[2].ByAlert != 2 {
		t.Errorf("%+v", by)
	}
}
