package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/matrix"
)

type matrixInput struct {
	Judged
	View     string `query:"view" doc:"What the cells say" enum:"rungs,visibility,claims,precision,exercises,age" default:"rungs"`
	Group    string `query:"group" doc:"Only the techniques that this group uses: its ATT&CK ID, name or alias" maxLength:"200"`
	Software string `query:"software" doc:"Only the techniques that this software uses" maxLength:"200"`
	Campaign string `query:"campaign" doc:"Only the techniques that this campaign uses" maxLength:"200"`
	Tactic   string `query:"tactic" doc:"Only this tactic: its ATT&CK ID, short name or name" maxLength:"200"`
	Source   string `query:"source" doc:"Only the analytics that a rule of this source claims" maxLength:"200"`
}

type matrixOutput struct{ Body matrix.Matrix }

func (s *server) registerMatrix(h huma.API) {
	huma.Register(h, operation(h, "get-matrix", "/api/v1/matrix", "The ATT&CK matrix: techniques and sub-techniques under their tactics, each with the distribution of its own analytics over the states of a view and the worst case", 404), s.matrix)
}

func (s *server) matrix(ctx context.Context, in *matrixInput) (*matrixOutput, error) {
	r, err := s.judged(in.Judged)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	m, err := s.Assessor.Matrix(ctx, r, matrix.Asked{View: matrix.View(in.View), Platform: in.Platform, Group: in.Group,
		Software: in.Software, Campaign: in.Campaign, Tactic: in.Tactic, Source: in.Source})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &matrixOutput{Body: m}, nil
}
