package assessment

import (
	"context"

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
	gaps, err := s.Gaps(ctx, r)
	if err != nil {
		return news.Standing{}, err
	}
	out.Gaps, out.Overdue = len(gaps.Gaps), gaps.Overdue
	return out, nil
}
