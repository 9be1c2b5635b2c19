package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/lookout"
)

// Chainer says how chains stand.
type Chainer interface {
	Chains(ctx context.Context, r assessment.Request) (assessment.ChainsStanding, error)
	Chain(ctx context.Context, r assessment.Request, id string) (assessment.FindingStanding, error)
	MeasuredWorths(ctx context.Context, r assessment.Request) ([]assessment.MeasuredWorth, error)
}

// chainsPath is where it is said how chains stand.
const chainsPath = "/api/v1/chains"

type chainsInput struct {
	Release
	AtSite
	AsOf string `query:"as_of" doc:"The day as of which to look, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
}

type chainInput struct {
	ID string `path:"id" doc:"The id of a finding" maxLength:"80"`
	chainsInput
}

// Chains is how chains stand, with how a server looks out for them.
type Chains struct {
	assessment.ChainsStanding
	// Lookout is how the server looks at what arrives; absent where it does not.
	Lookout *lookout.Standing `json:"lookout,omitempty"`
}

type chainsOutput struct{ Body Chains }

type chainOutput struct{ Body assessment.FindingStanding }

type worthsOutput struct {
	Body []assessment.MeasuredWorth `nullable:"false"`
}

func (s *server) registerChains(h huma.API) {
	huma.Register(h, operation(h, "list-chains", chainsPath, "The definitions of chains, what those that are on find in the window, what was said of it, and what they were measured to be worth"), s.chains)
	huma.Register(h, operation(h, "get-chain", chainsPath+"/findings/{id}", "A finding: its members, why it is one, and what was said of it", 404), s.chain)
	huma.Register(h, operation(h, "list-worth", chainsPath+"/worth", "What definitions of chains were measured to be worth: chance, control, power, precision, what would be lost, by site and together"), s.worths)
}

func (in *chainsInput) request(s *server) (assessment.Request, error) {
	r, err := s.asked(in.Release, in.AsOf)
	r.Site = in.Site
	return r, err
}

func (s *server) chains(ctx context.Context, in *chainsInput) (*chainsOutput, error) {
	r, err := in.request(s)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	c, err := s.Chainer.Chains(ctx, r)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := Chains{ChainsStanding: c}
	if s.Lookout != nil {
		out.Lookout = new(s.Lookout())
	}
	return &chainsOutput{Body: out}, nil
}

func (s *server) chain(ctx context.Context, in *chainInput) (*chainOutput, error) {
	r, err := in.request(s)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	f, err := s.Chainer.Chain(ctx, r, in.ID)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &chainOutput{Body: f}, nil
}

func (s *server) worths(ctx context.Context, in *chainsInput) (*worthsOutput, error) {
	r, err := in.request(s)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	list, err := s.Chainer.MeasuredWorths(ctx, r)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if list == nil {
		list = []assessment.MeasuredWorth{}
	}
	return &worthsOutput{Body: list}, nil
}
