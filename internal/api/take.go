package api

import (
	"context"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/take"
)

type takeInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id of an object" maxLength:"200"`
	Release
	AtSite
	AsOf string `query:"as_of" doc:"The day as of which to judge, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
	For  string `query:"for" doc:"Whose reading to keep; all statements when left out" enum:"leader,engineer"`
}

type takeOutput struct{ Body take.Take }

// take finds the object as its page does and writes its take.
func (s *server) take(ctx context.Context, in *takeInput) (*takeOutput, error) {
	p, err := s.Objects.Page(ctx, in.ID, in.ref())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if err := assessment.Takeable(p.Object); err != nil {
		return nil, s.problem(ctx, err)
	}
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	r.Site = in.Site
	r.Release = attack.ReleaseRef{Domain: p.Release.Domain, Version: p.Release.Version}
	t, err := s.Assessor.Take(ctx, r, p.Object.ID)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &takeOutput{Body: t.For(take.Audience(in.For))}, nil
}
