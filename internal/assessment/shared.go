package assessment

import (
	"context"
	"fmt"
	"time"

	"candor/internal/day"
	"candor/internal/profile"
)

// shared returns what work makes of a request, which it does once for all who ask
// the same at the same time; what names the question. What it returns is shared, and
// judged as of the moment at which the first of them asked.
func shared[V any](ctx context.Context, s *Service, r Request, work func(context.Context) (V, error), what ...string) (V, error) {
	var none V
	key, err := s.same(ctx, r, what)
	if err != nil {
		return none, err
	}
	v, err := s.answers.Do(ctx, key, func(ctx context.Context) (any, error) { return work(ctx) })
	if err != nil {
		return none, err
	}
	return v.(V), nil
}

// same is the key of requests that have the same answer: they ask the same of the same
// releases and evidence, as of the same day and minute, by the same policy.
func (s *Service) same(ctx context.Context, r Request, what []string) (string, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return "", err
	}
	releases, err := s.lib.Releases(ctx)
	if err != nil {
		return "", err
	}
	parts := append(what, g.evidence, g.alerts, fmt.Sprintf("%q", r.Release), r.Platform, profile.Key(r.Profile), r.Site,
		string(day.Of(r.AsOf)), moment(r.AsOf).Format(time.RFC3339), fmt.Sprintf("%+v", r.Policy))
	for _, rel := range releases {
		parts = append(parts, libraryKey(rel))
	}
	return join(parts...), nil
}
