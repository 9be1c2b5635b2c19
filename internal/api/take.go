package api

import (
	"context"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/profile"
	"candor/internal/take"
)

type takeInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id of an object" maxLength:"200"`
	Release
	AtSite
	AsOf    string `query:"as_of" doc:"The day as of which to judge, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
	For     string `query:"for" doc:"Whose reading to keep; all statements when left out" enum:"leader,engineer"`
	Profile string `query:"profile" doc:"The threat profile for which it is read: who of it uses the techniques" maxLength:"80"`
}

// ReadTake is a take, with what a threat profile is to its object if one was named.
type ReadTake struct {
	take.Take
	Profile *profile.Use `json:"profile,omitempty"`
}

type takeOutput struct{ Body ReadTake }

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
	r.Profile = in.Profile
	use, err := s.Profiles.ProfileUse(ctx, r, p.Object.ID)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &takeOutput{Body: ReadTake{t.For(take.Audience(in.For)), use}}, nil
}
