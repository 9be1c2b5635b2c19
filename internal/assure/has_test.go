package assure

import (
	"testing"

	"candor/internal/claim"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// TestWhatAStepAsksForIsThere has an analytic with everything, and without each thing.
func TestWhatAStepAsksForIsThere(t *testing.T) {
	seen := visibility.Verified
	full := func() Verdict {
		v := Verdict{Rung: Noisy, Claimed: true, Measurement: &measure.Statement{}}
		v.Visibility.State, v.Exercises.State, v.Exercises.LastTime, v.Runbook.State = seen, proofPassed, "2026-03-15T09:00:00Z", dutyCurrent
		return v
	}
	for action, without := range map[string]func(*Verdict){
		actExercise: func(v *Verdict) { v.Exercises.State = proofFailed }, actFix: func(v *Verdict) { v.Exercises.State = "" },
		actWriteRunbook: func(v *Verdict) { v.Runbook.State = "" }, "exercise_and_runbook": func(v *Verdict) { v.Runbook.State = "" },
		actEnableRule: func(v *Verdict) { v.Claimed = false }, actCollect: func(v *Verdict) { v.Visibility.State = "" },
		actLabel: func(v *Verdict) { v.Measurement = nil }, actTune: func(v *Verdict) { v.Visibility.State = "" },
	} {
		v := full()
		if has, _ := v.Has(action); !has {
			t.Errorf("%s: what is there is missed", action)
		}
		if without(&v); v.Rung == Noisy {
			if has, _ := v.Has(action); has {
				t.Errorf("%s: what is not there is found", action)
			}
		}
	}
	v := full()
	if _, since := v.Has(actExercise); since != "2026-03-15" {
		t.Errorf("the exercise was on %q", since)
	}
	v.Analytic.ATTACKID, v.Techniques = "AN1", []Name{{ATTACKID: "T1"}}
	v.Claims = []claim.Claim{{RuleID: "r", Counts: true}, {RuleID: "q"}}
	for target, want := range map[string]bool{"AN1": true, "T1": true, "r": true, "q": false, "": false} {
		if v.Concerned(target) != want {
			t.Errorf("concerned by %q: %v", target, !want)
		}
	}
}
