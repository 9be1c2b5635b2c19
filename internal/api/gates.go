package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/assure"
)

// Gatekeeper decides what may be used for what.
type Gatekeeper interface {
	Gate(ctx context.Context, r assessment.Request, id string, purpose assure.Purpose) (assure.Decision, error)
}

type gateInput struct {
	ID  string `path:"id" doc:"ATT&CK ID or STIX id of an analytic, or the id of a rule" maxLength:"400"`
	For string `query:"for" required:"true" doc:"What it is to be used for" enum:"reporting,automation"`
	Release
	AtSite
	AsOf string `query:"as_of" doc:"The day as of which to judge, 2006-01-02; today (UTC) when empty" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
}

type gateOutput struct{ Body assure.Decision }

// registerGates adds the gates where there is someone to ask. That a gate is
// closed is an answer and not an error: the status is 200 and allowed is false.
func (s *server) registerGates(h huma.API) {
	if s.Gates != nil {
		huma.Register(h, operation(h, "get-gate", "/api/v1/gates/{id}", "Whether an analytic or a rule may be used for a purpose", 404), s.gate)
	}
}

func (s *server) gate(ctx context.Context, in *gateInput) (*gateOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	r.Site = in.AtSite.Site
	d, err := s.Gates.Gate(ctx, r, in.ID, assure.Purpose(in.For))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &gateOutput{Body: d}, nil
}
