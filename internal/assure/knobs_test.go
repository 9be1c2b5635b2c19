package assure

import (
	"testing"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/runbook"
)

// knobbed is a release whose AN0100 has two elements to set.
func knobbed() *attack.Library {
	lib := miniature()
	for _, o := range lib.OfKind(attack.KindAnalytic) {
		if o.ATTACKID == "AN0100" {
			o.Mutable = []attack.MutableElement{{Field: "TimeWindow", Description: "how long"}, {Field: "UserContext"}}
		}
	}
	return lib
}

func TestKnobsStandBesideTheVerdictAndMoveNoRung(t *testing.T) {
	w := working()
	before := verdict(t, Assess(knobbed(), w.Evidence, testPolicy(), asOf), "AN0100")
	tune := func(analytic, element, rule string, ago int) {
		w.Tunings = append(w.Tunings, evidence.Of[runbook.Tuning]{Batch: "b-tuning", Value: runbook.Tuning{
			Analytic: analytic, Element: element, Value: "10 min", RuleID: rule, Date: day.Of(asOf).Add(-ago), ApprovedBy: "lead"}})
	}
	tune("AN0100", "time window", "", 3)
	tune("AN0100", "TimeWindow", "r1", 2)
	tune("AN0100", "UserContext", "", -1) // tomorrow
	tune("AN0100", "Threshold", "", 3)
	tune("AN7777", "TimeWindow", "", 3)
	a := Assess(knobbed(), w.Evidence, testPolicy(), asOf)
	v := verdict(t, a, "AN0100")
	if v.Rung != before.Rung || len(v.Knobs) != 2 || len(v.Knobs[0].Settings) != 1 || len(v.Knobs[1].Settings) != 0 {
		t.Fatalf("rung %s, knobs %+v", v.Rung, v.Knobs)
	}
	if s := v.Knobs[0].Settings[0]; s.RuleID != "r1" || s.ApprovedBy != "lead" || s.Batch != "b-tuning" {
		t.Errorf("setting %+v", s)
	}
	if u := a.Unmapped.Tunings; len(u) != 3 || u[0].Element != "Threshold" || u[1].Element != "time window" || u[2].Analytic != "AN7777" {
		t.Errorf("unmapped %+v", u)
	}
}
