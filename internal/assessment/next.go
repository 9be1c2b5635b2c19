package assessment

import (
	"context"

	"candor/internal/assure"
	"candor/internal/attack"
)

// Plan is what would change the verdicts on a release, the most first: the steps of
// its assessment.
type Plan struct {
	Release attack.Release `json:"release"`
	Basis
	Scope  assure.ScopeRef `json:"scope"`
	Totals assure.Totals   `json:"totals"`
	// Found is how many steps there are, of which Steps may be the first.
	Found  int           `json:"found"`
	Steps  []assure.Lift `json:"steps"`
	Limits []string      `json:"limits"`
}

// Next returns what would change the verdicts, found by judging again with
// evidence supposed; at most limit, or all when limit is 0.
func (s *Service) Next(ctx context.Context, r Request, limit int) (Plan, error) {
	a, err := s.Assess(ctx, r)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Release: a.Release, Basis: basisOf(r), Scope: a.Scope, Totals: a.Totals, Found: len(a.NextSteps), Steps: a.NextSteps, Limits: []string{
		"An exercise is supposed to pass and a log source to arrive; neither is certain.",
		"Labels are supposed to come out as the labelled alerts did; they may not.",
		"What tuning a noisy rule would change cannot be supposed: candor tune tries thresholds and exclusions on its alerts.",
		effortLimit(r.Policy.Costs),
	}}
	p.Limits = append(p.Limits, a.Narrowed...)
	if limit > 0 {
		p.Steps = a.NextSteps[:min(limit, len(a.NextSteps))]
	}
	return p, nil
}

// effortLimit says what the order takes effort for.
func effortLimit(c assure.Costs) string {
	if c == (assure.Costs{}) {
		return "Every thing to do counts as much work as any other; the keys costs.* of the policy can say otherwise."
	}
	return "Costs are those that the policy states; what has one that is not stated comes last, and there every thing to do counts as much work as any other."
}
