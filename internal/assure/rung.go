package assure

import (
	"candor/internal/measure"
	"candor/internal/visibility"
)

// The states of Proof and Duty.
const (
	proofNone         = "none"
	proofPassed       = "passed"
	proofExpired      = "expired"
	proofFailed       = "failed"
	proofInconclusive = "inconclusive"

	dutyNone    = "none"
	dutyNoOwner = "no_owner"
	dutyExpired = "expired"
	dutyCurrent = "current"
)

// rung asks the questions of doc/verdict.md in their order; the first that
// applies decides.
func (s *subject) rung() Rung {
	state := s.Visibility.State
	switch {
	case state == visibility.OutOfScope:
		return NotApplicable
	case state == visibility.Outside:
		return Outside
	case !s.Claimed && state.Seen():
		return Observable
	case !s.Claimed:
		return Blind
	case !state.Seen():
		return RuleOnly
	case s.Measurement.Noisy:
		return Noisy
	case s.contradicted():
		return Contradicted
	case !s.works():
		return Unproven
	case s.Runbook.State != dutyCurrent:
		return Proven
	}
	return Reliable
}

// measuredWell reports whether the alerts alone show that it works.
func (s *subject) measuredWell() bool {
	return s.Measurement != nil && s.Measurement.Conclusion == measure.GoodEnough
}

// contradicted reports whether the newest exercise failed, or an incident was
// missed, after other evidence said that it works.
func (s *subject) contradicted() bool {
	return s.failedAndContradicted() || s.missedAndContradicted()
}

func (s *subject) failedAndContradicted() bool {
	return s.Exercises.State == proofFailed && (s.trials.passedBefore || s.measuredWell())
}

// works reports whether an exercise or the alerts show that it works, now.
func (s *subject) works() bool {
	return s.Exercises.State == proofPassed || s.measuredWell()
}
