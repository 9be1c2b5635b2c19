package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/roster"
	"candor/internal/store"
)

type reachInput struct {
	ID     string   `path:"id" doc:"ATT&CK ID or STIX id" maxLength:"200"`
	Steps  int      `query:"steps" doc:"How far from the object: 1 for its own relations, 2 for theirs besides" default:"1" minimum:"1" maximum:"2"`
	Under  string   `query:"under" doc:"The key of the one heading of its own relations that is followed; all when empty" maxLength:"100"`
	Text   string   `query:"text" doc:"Words, each of which a row says somewhere" maxLength:"200"`
	Where  []string `query:"where" doc:"A column that has choices, an equals sign, and the value that rows have in it; several times for several columns" maxItems:"20"`
	Sort   string   `query:"sort" doc:"The column to sort by, behind a minus from the last; as the list is made when empty" maxLength:"100"`
	Offset int      `query:"offset" doc:"How many rows to pass over" minimum:"0" maximum:"10000000"`
	Limit  int      `query:"limit" doc:"How many rows to list at most" default:"1000" minimum:"1" maximum:"10000"`
	Asked
	AtSite
}

// Relations is what an object is related to by relations that are in force.
type Relations struct {
	Release attack.Release `json:"release"`
	Object  store.Header   `json:"object"`
	// Headings are those under which its own relations stand.
	Headings []RelationHeading `json:"headings"`
	// OneStep and TwoSteps are how many objects are so far away, as far as is asked for, and
	// LeftOut how many of its own relations are not in force or lead to what is not.
	OneStep  int `json:"one_step"`
	TwoSteps int `json:"two_steps"`
	LeftOut  int `json:"left_out"`
	// Reached has a row for each object.
	Reached roster.Excerpt `json:"reached"`
}

// RelationHeading is the relations of one type and direction.
type RelationHeading struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	Type  string `json:"type"`
	Out   bool   `json:"out" doc:"Whether they lead from the object"`
	Count int    `json:"count" doc:"How many objects they lead to"`
}

type reachOutput struct{ Body Relations }

func (s *server) registerReach(h huma.API) {
	huma.Register(h, operation(h, "get-object-relations", "/api/v1/objects/{id}/relations", "What one object is related to, within one or two steps, each with how it stands here", 404, 409), s.reach)
}

func (s *server) reach(ctx context.Context, in *reachInput) (*reachOutput, error) {
	m, err := s.reached(ctx, in)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reachOutput{m}, nil
}

func (s *server) reached(ctx context.Context, in *reachInput) (Relations, error) {
	where, err := roster.Where(in.Where)
	if err != nil {
		return Relations{}, err
	}
	at, _, err := s.Objects.Locate(ctx, in.ID, in.ref())
	if err != nil {
		return Relations{}, err
	}
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return Relations{}, err
	}
	r.Site, r.Release = in.Site, attack.ReleaseRef{Domain: at.Release.Domain, Version: at.Release.Version}
	m, err := s.Assessor.Relations(ctx, r, at.StixID, assessment.Around{Steps: in.Steps, Under: in.Under})
	if err != nil {
		return Relations{}, err
	}
	l, err := m.List.Only(roster.Asked{Text: in.Text, Where: where, Sort: in.Sort})
	out := Relations{Release: at.Release, Object: at.Header, Headings: []RelationHeading{}, OneStep: m.Graph.Within(1), TwoSteps: m.Graph.Within(2),
		LeftOut: m.Graph.LeftOut, Reached: l.Excerpt(in.Offset, in.Limit)}
	for _, x := range m.Graph.Headings {
		out.Headings = append(out.Headings, RelationHeading{Key: x.Key(), Title: x.Title, Type: x.Type, Out: x.Out, Count: x.Count})
	}
	return out, err
}
