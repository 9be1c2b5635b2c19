package assessment

import (
	"context"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/news"
)

// SoonDays is how far ahead evidence that stops counting is news.
const SoonDays = 14

// Newsworthy says how things stand, in short, so that two of them can be compared. It is as of
// the request's day.
func (s *Service) Newsworthy(ctx context.Context, r Request) (news.Standing, error) {
	a, err := s.Assess(ctx, r)
	if err != nil {
		return news.Standing{}, err
	}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return news.Standing{}, err
	}
	out := news.Of(&a, assure.Endings(&a, r.Policy.Readiness, SoonDays), SoonDays, func(v *assure.Verdict, p assure.Purpose) assure.Decision {
		return assure.Gate(assure.Asked{Purpose: p, Kind: "analytic", ID: v.Analytic.ATTACKID, Name: v.Analytic.Name, Verdicts: []assure.Verdict{*v}, Measurement: v.Measurement,
			Waivers: ev.Waivers, Beside: a.Beside}, r.Policy, day.Of(r.AsOf))
	})
	if err := s.openRules(ctx, r, &a, &out); err != nil {
		return news.Standing{}, err
	}
	gaps, err := s.Gaps(ctx, r)
	if err != nil {
		return news.Standing{}, err
	}
	out.Gaps, out.Overdue = len(gaps.Gaps), gaps.Overdue
	return out, nil
}

// openRules notes the rules that a gate is open for: of those that raised alerts or have a
// waiver, since nothing else opens one.
func (s *Service) openRules(ctx context.Context, r Request, a *assure.Assessment, out *news.Standing) error {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return err
	}
	sums, err := s.sumsByRule(ctx, &ev, r)
	if err != nil {
		return err
	}
	all := map[string]bool{}
	for i := range ev.Rules {
		all[ev.Rules[i].Value.ID] = true
	}
	for id := range sums {
		all[id] = true
	}
	out.AllRules = len(all)
	names, waived := ruleNames(ev), map[string]bool{}
	for i := range ev.Waivers {
		waived[ev.Waivers[i].Value.ID] = true
	}
	for i := range ev.Rules {
		if id := ev.Rules[i].Value.ID; waived[id] && sums[id] == nil {
			sums[id] = &alert.Sums{}
		}
	}
	claimed := map[string][]assure.Verdict{}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		if v.Rung == assure.NotApplicable {
			continue
		}
		for _, rule := range countingRules(v) {
			if sums[rule] != nil {
				claimed[rule] = append(claimed[rule], *v)
			}
		}
	}
	lately, days, today := ev.Lately(r.AsOf), basisOf(r).span().Days(), day.Of(r.AsOf)
	for rule, sum := range sums {
		m := lately.Of(rule, sum, days, r.Policy.Measure)
		q := assure.Asked{Kind: "rule", ID: rule, Name: names[rule], Measurement: &m, Revision: revisionOf(&ev, rule), Verdicts: claimed[rule], Waivers: ev.Waivers, Beside: a.Beside}
		for _, q.Purpose = range assure.Purposes() {
			if d := assure.Gate(q, r.Policy, today); d.Allowed {
				out.Open(&d)
			}
		}
	}
	return nil
}
