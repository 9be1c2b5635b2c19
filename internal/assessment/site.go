package assessment

import (
	"context"
	"slices"

	"candor/internal/assure"
	"candor/internal/crew"
	"candor/internal/fault"
	"candor/internal/near"
)

// sitesMost is how many sites are judged beside the whole.
const sitesMost = 12

// Sites lists the sites that the evidence names, in order.
func (s *Service) Sites(ctx context.Context) ([]string, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	ev, err := s.parts(ctx, g)
	return ev.Sites(), err
}

// known returns fault.NotFound, with the sites that there are, for one that no evidence
// names.
func known(ev *assure.Evidence, site string) error {
	sites := ev.Sites()
	if slices.Contains(sites, site) {
		return nil
	}
	err := fault.New(fault.NotFound, "no evidence names the site %q", site).At("site")
	if len(sites) == 0 {
		return err.Next("leave it out: alerts, feeds, shares of fields, declared sources, runs of rules, exercises and incidents can name a site, and none does")
	}
	return err.Next("%s", near.Hint(site, sites, ""))
}

// limitsOf are the limits of what is measured from evidence.
func limitsOf(ev *assure.Evidence) []string {
	if ev.Left == "" {
		return measuredLimits()
	}
	return append([]string{ev.Left}, measuredLimits()...)
}

// Overview returns the assessment, and how its verdicts stand at each site where the
// evidence names some and the request none.
func (s *Service) Overview(ctx context.Context, r Request) (assure.Assessment, error) {
	a, err := s.Assess(ctx, r)
	if err != nil || r.Site != "" {
		return a, err
	}
	sites, err := s.Sites(ctx)
	if err != nil || len(sites) == 0 {
		return a, err
	}
	judged := make([]assure.Assessment, min(len(sites), sitesMost))
	g, ctx := crew.WithContext(ctx)
	for i := range judged {
		g.Go(func() (err error) {
			at := r
			at.Site, at.beside = sites[i], sites[:len(judged)]
			judged[i], err = s.standing(ctx, at)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return a, err
	}
	by := &assure.BySite{Named: len(sites), Apart: []assure.SiteVerdict{}}
	for i := range judged {
		by.Add(sites[i], &a, &judged[i])
	}
	a.BySite = by
	return a, nil
}

// standing returns how the verdicts of a site stand. It supposes nothing: what would lift
// them is asked for by who assesses the site.
func (s *Service) standing(ctx context.Context, r Request) (assure.Assessment, error) {
	return shared(ctx, s, r, func(ctx context.Context) (assure.Assessment, error) {
		rel, err := s.release(ctx, r.Release.Or(r.Policy.Release))
		if err != nil {
			return assure.Assessment{}, err
		}
		g, err := s.generation(ctx)
		if err != nil {
			return assure.Assessment{}, err
		}
		j, _, err := s.begin(ctx, rel, g, r)
		if err != nil {
			return assure.Assessment{}, err
		}
		return s.narrow(ctx, r, j.Standing())
	}, "standing")
}
