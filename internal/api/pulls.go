package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/pull"
)

// PullList is how the pulls of a server's sources stand, in the order of its configuration.
type PullList struct {
	Pulls []pull.Status `json:"pulls" nullable:"false"`
}

type pullsOutput struct{ Body PullList }

// pullsPath is where it is said how pulls stand.
const pullsPath = "/api/v1/pulls"

func (s *server) registerPulls(h huma.API) {
	if s.Pulls != nil {
		huma.Register(h, operation(h, "list-pulls", pullsPath, "The sources that the server pulls: last success, last failure, next time, records"), s.pulls)
	}
}

func (s *server) pulls(ctx context.Context, _ *nothing) (*pullsOutput, error) {
	list, err := s.Pulls()
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &pullsOutput{Body: PullList{Pulls: append([]pull.Status{}, list...)}}, nil
}
