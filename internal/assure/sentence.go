package assure

import (
	"fmt"
	"strings"

	"candor/internal/claim"
)

// sentence says why s stands on its rung in the words of the reasons that put it
// there, and of no other: what is seen and what is missing where that decides, what
// was measured and exercised where that does.
func sentence(s *subject) string {
	because := func(prefixes ...string) string {
		var texts []string
		for _, p := range prefixes {
			for _, r := range s.Reasons {
				if strings.HasPrefix(r.Code, p) {
					texts = append(texts, r.Text)
				}
			}
		}
		return strings.Join(texts, " ")
	}
	const measured, exercised, ready, bounded = "measured_", "exercise_", "runbook_", "bounded_"
	switch s.Rung {
	case NotApplicable, Outside:
		return s.Visibility.Sentence
	case Blind, Observable:
		return s.Visibility.Sentence + " " + unclaimed(s)
	case RuleOnly:
		if s.Visibility.State.Seen() {
			return because("claimed", exceptionHides, fieldMissing)
		}
		return because("claimed") + " " + s.Visibility.Sentence
	case Noisy:
		return because("noisy")
	case Contradicted:
		if s.failedAndContradicted() {
			return because("exercise_contradicts")
		}
		return because("incident_contradicts")
	case Unproven:
		return because("not_measured", measured, exercised, "incident_")
	}
	if s.measuredWell() && s.Exercises.State != proofPassed {
		return because(measured, ready, bounded)
	}
	return because(exercised, ready, bounded)
}

// looser says in which settings the policy asks less than the built-in one; empty where
// it asks no less.
func (r PolicyRef) looser() string {
	if len(r.Looser) == 0 {
		return ""
	}
	return fmt.Sprintf("Policy %s asks less than the built-in one in %s: %s.", strings.TrimSpace(r.Name+" "+r.Version),
		count(int64(len(r.Looser)), "setting"), strings.Join(r.Looser, "; "))
}

// unclaimed says that no rule claims s, as briefly as is true.
func unclaimed(s *subject) string {
	could := 0
	for i := range s.Claims {
		if !s.Claims[i].Cannot() {
			could++
		}
	}
	switch {
	case len(s.Claims) == 0:
		return "No rule claims it."
	case could == 0:
		return "No rule of its platform and log sources claims it."
	case could == 1:
		return "1 rule is mapped to it and does not count: " + first(s.Claims).Why + "."
	}
	return ofRules(could, "is", "are") + " mapped to it, and none counts."
}

// first returns the first of the claims that could count.
func first(claims []claim.Claim) *claim.Claim {
	for i := range claims {
		if !claims[i].Cannot() {
			return &claims[i]
		}
	}
	return nil
}
