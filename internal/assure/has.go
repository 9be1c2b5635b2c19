package assure

import "candor/internal/day"

// Has reports whether what a step asks for is there of an analytic, and Since the day of
// it where that is known. A step that a verdict no longer names is done where it is; else
// something before it is lacking now, as where a feed stopped.
func (v *Verdict) Has(action string) (has bool, since day.Date) {
	if len(v.Exercises.LastTime) >= len(day.Date("2006-01-02")) {
		since = day.Date(v.Exercises.LastTime[:len("2006-01-02")])
	}
	passed, current := v.Exercises.State == proofPassed, v.Runbook.State == dutyCurrent
	switch action {
	case actExercise, actFix:
		return v.Rung == Reliable || passed, since
	case actWriteRunbook, actReviewRunbook:
		return v.Rung == Reliable || current, ""
	case "exercise_and_runbook":
		return v.Rung == Reliable || passed && current, since
	case actWriteRule, actEnableRule:
		return v.Claimed, ""
	case actCollect, actVerifyFeed, actExternal, actClarify:
		return v.Visibility.State.Seen(), ""
	}
	return v.Rung == Reliable || v.Visibility.State.Seen() && v.Measurement != nil, ""
}

// Concerned reports whether a verdict is on what a step is to be done to: an analytic, a
// technique of its own, or a rule whose claim on it counts.
func (v *Verdict) Concerned(target string) bool {
	if v.Analytic.ATTACKID == target {
		return true
	}
	for _, t := range v.Techniques {
		if t.ATTACKID == target {
			return true
		}
	}
	for i := range v.Claims {
		if c := &v.Claims[i]; c.Counts && c.RuleID == target {
			return true
		}
	}
	return false
}
