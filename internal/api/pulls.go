package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/pull"
)

type pullsOutput struct{ Body pull.Standing }

// pullsPath is where it is said how pulls stand.
const pullsPath = "/api/v1/pulls"

func (s *server) registerPulls(h huma.API) {
	if s.Pulls != nil {
		huma.Register(h, operation(h, "list-pulls", pullsPath, "The sources that the server pulls: last success, last failure, next time, what came, and whether the configuration as it is now holds"), s.pulls)
	}
}

func (s *server) pulls(context.Context, *nothing) (*pullsOutput, error) {
	return &pullsOutput{Body: s.Pulls()}, nil
}
