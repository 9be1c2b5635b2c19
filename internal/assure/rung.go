package assure

import (
	"fmt"
	"slices"

	"candor/internal/evidence"
	"candor/internal/figure"
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
	dutyEmpty   = "empty"
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
	case !state.Seen(), s.unworkable():
		return RuleOnly
	case s.Measurement.Noisy:
		return Noisy
	case s.contradicted():
		return Contradicted
	case !s.works(), s.Incidents.State == incidentsUntied:
		return Unproven
	case s.Runbook.State != dutyCurrent, len(s.Bounds) > 0:
		return Proven
	}
	return Reliable
}

// bounds says what keeps s from being reliable however well it works.
func (a *assessor) bounds(s *subject) []evidence.Reason {
	return slices.Concat(s.byStatement(), a.shareBounds(s), a.latencyBounds(s), a.strayBounds(s), a.revisionBounds(s))
}

// shareBounds says of which log sources nobody knows what share of hosts sends them.
func (a *assessor) shareBounds(s *subject) []evidence.Reason {
	of := s.unknownShares()
	if len(of) == 0 {
		return nil
	}
	return []evidence.Reason{{Code: "bounded_share_unknown", Refs: append(needRefs(s.Visibility.Needs), policy("visibility.min_host_share")...),
		Text: fmt.Sprintf("The share of hosts that send %s is unknown, since nobody declared how many should; policy asks for %s of them, and that is not shown to hold.",
			listed(of, 3), figure.Percent(a.policy.Visibility.MinHostShare))}}
}

// unknownShares lists the log sources that s rests on of which nobody declared how many
// hosts should send them.
func (s *subject) unknownShares() []string {
	var of []string
	if s.Visibility.State != visibility.Verified {
		return nil
	}
	for _, n := range s.Visibility.Needs {
		if n.ShareUnknown {
			of = append(of, logSource(n))
		}
	}
	return of
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
