package api

import (
	"context"

	"candor/internal/assessment"
)

type adjacentInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id of a technique, or of an analytic or a detection strategy of one" maxLength:"200"`
	Release
	AtSite
	AsOf   string `query:"as_of" doc:"The day as of which to judge, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
	Tactic string `query:"tactic" doc:"Only techniques of this tactic: its ATT&CK ID, short name or name" maxLength:"200"`
}

type adjacentOutput struct{ Body assessment.Stages }

// adjacent says where to look instead of at a technique.
func (s *server) adjacent(ctx context.Context, in *adjacentInput) (*adjacentOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	r.Site = in.Site
	near, err := s.Objects.Adjacent(ctx, in.ID, r.Release.Or(r.Policy.Release), in.Tactic)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	st, err := s.Assessor.Stages(ctx, r, near)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &adjacentOutput{Body: st}, nil
}
