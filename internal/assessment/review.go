package assessment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/measure"
)

// Reviews lists the cases that are known as of r.AsOf.
func (s *Service) Reviews(ctx context.Context, r Request) (assure.Reviews, error) {
	out, err := shared(ctx, s, r, func(ctx context.Context) (assure.Reviews, error) { return s.reviewsNow(ctx, r) }, "reviews")
	out.AsOf = r.AsOf
	return out, err
}

func (s *Service) reviewsNow(ctx context.Context, r Request) (assure.Reviews, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return assure.Reviews{}, err
	}
	today := day.Of(r.AsOf)
	known := slices.DeleteFunc(slices.Clone(ev.Cases), func(c evidence.Of[alert.Case]) bool { return day.Of(c.Value.Opened) > today })
	return assure.Reviews{AsOf: r.AsOf, Policy: basisOf(r).Policy, Cases: assure.Summaries(known, ev.CaseCounts),
		Known: measure.CaseRecallOf("organisation", values(known), today, r.Policy.Measure.Confidence)}, nil
}

// Review reviews the case that id names: what each analytic that it involved did,
// with visibility judged as of the day of the incident and by all evidence known as
// of r.AsOf. It is fault.NotFound when there is no such case.
func (s *Service) Review(ctx context.Context, r Request, id string) (assure.Review, error) {
	return shared(ctx, s, r, func(ctx context.Context) (assure.Review, error) { return s.reviewNow(ctx, r, id) }, "review", id)
}

func (s *Service) reviewNow(ctx context.Context, r Request, id string) (assure.Review, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return assure.Review{}, err
	}
	c, err := caseNamed(ev.Cases, id)
	if err != nil {
		return assure.Review{}, err
	}
	lib, why, err := s.libraryThen(ctx, r, day.Of(c.Value.When()))
	if err != nil {
		return assure.Review{}, err
	}
	// What was visible and claimed does not rest on alerts.
	in := assure.Reviewed{Ties: tiesOf(ev.Ties, c.Value.ID, day.Of(r.AsOf)), Case: c, Then: assure.Assess(lib, ev, r.Policy, c.Value.When()), Counts: ev.CaseCounts, AlertRules: ev.AlertRules}
	if err := s.beside(ctx, r, lib, &ev, &in); err != nil {
		return assure.Review{}, err
	}
	review := assure.ReviewOf(lib, in)
	review.ReleaseWhy = why
	return review, nil
}

// libraryThen returns the view that an incident of a day is judged by: of the release that r
// names, else of the one that was in force that day; of one without analytics, which nothing
// can be judged by, the next that has some. It says in words which that is.
func (s *Service) libraryThen(ctx context.Context, r Request, on day.Date) (*attack.Library, string, error) {
	asked, err := s.release(ctx, r.Release.Or(r.Policy.Release))
	if err != nil {
		return nil, "", err
	}
	lib, err := s.library(ctx, asked)
	if err != nil || r.Release.Version != "" {
		return lib, asked.String() + ", as asked", err
	}
	all, err := s.lib.Releases(ctx)
	if err != nil {
		return nil, "", err
	}
	then, why, ok := attack.InForceOn(all, asked.Domain, on)
	if !ok {
		return lib, fmt.Sprintf("%s; no release that is imported is known to have been in force on %s", asked, on), nil
	}
	for i, rel := range append([]attack.Release{then}, nextOf(all, then)...) {
		if lib, err = s.library(ctx, rel); err != nil {
			return nil, "", err
		}
		if slices.ContainsFunc(lib.OfKind(attack.KindAnalytic), (*attack.Object).Live) {
			if i > 0 {
				why = fmt.Sprintf("%s, as %s has no analytic (%s)", rel, then, why)
			}
			return lib, why, nil
		}
	}
	return lib, why, nil
}

// nextOf returns the releases of a domain that came after one, the oldest first.
func nextOf(all []attack.Release, than attack.Release) []attack.Release {
	var next []attack.Release
	for _, a := range all {
		if a.Domain == than.Domain && attack.CompareVersions(a.Version, than.Version) > 0 {
			next = append(next, a)
		}
	}
	slices.SortFunc(next, func(a, b attack.Release) int { return attack.CompareVersions(a.Version, b.Version) })
	return next
}

// caseNamed returns the case with an id, in whatever case it is written.
func caseNamed(cases []evidence.Of[alert.Case], id string) (evidence.Of[alert.Case], error) {
	id = strings.TrimSpace(id)
	for _, same := range []func(string) bool{func(s string) bool { return s == id }, func(s string) bool { return strings.EqualFold(s, id) }} {
		for _, c := range cases {
			if same(c.Value.ID) {
				return c, nil
			}
		}
	}
	e := fault.New(fault.NotFound, "there is no case %q", id)
	if len(cases) == 0 {
		return evidence.Of[alert.Case]{}, e.Next("no case is known; candor evidence add cases FILE adds them")
	}
	return evidence.Of[alert.Case]{}, e.Next("candor review lists the %d cases that are known", len(cases))
}
