package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/news"
)

type standingOutput struct{ Body news.Standing }

// standingPath is where it is said how things stand, in short.
const standingPath = "/api/v1/standing"

func (s *server) registerStanding(h huma.API) {
	if s.Standing != nil {
		huma.Register(h, operation(h, "show-standing", standingPath, "How things stand, in short, so that two of them can be compared: each analytic's rung and open gates, what stops counting soon, which feeds fell silent"), s.standing)
	}
}

func (s *server) standing(ctx context.Context, _ *nothing) (*standingOutput, error) {
	standing, _, err := s.Standing(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &standingOutput{Body: standing}, nil
}
