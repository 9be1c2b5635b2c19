package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/roster"
)

// Narrowed is the parameters that say which rules or log sources are meant.
type Narrowed struct {
	Text  string `query:"text" doc:"What an id, name, technique, platform or log source holds" maxLength:"200"`
	Batch string `query:"batch" doc:"The batch that brought it, or the beginning of its id" maxLength:"200"`
}

type rulesInput struct {
	Narrowed
	Source string `query:"source" doc:"The source of the rules" maxLength:"100"`
	Basis  string `query:"basis" doc:"The strongest basis of the rules; none for rules that claim no analytic" maxLength:"100"`
	Windowed
}

type telemetryInput struct {
	Narrowed
	Windowed
}

type (
	rulesOutput      struct{ Body assessment.RulesMade }
	telemetryOutput  struct{ Body assessment.TelemetryMade }
	exceptionsOutput struct{ Body assessment.ExceptionsMade }
)

func (s *server) registerMade(h huma.API) {
	huma.Register(h, operation(h, "list-rules", "/api/v1/rules", "What was made of each rule in force: platforms, log sources, claims, and why not", 404), s.rulesMade)
	huma.Register(h, operation(h, "list-telemetry", "/api/v1/telemetry", "What was made of each declared log source in force: what it is good for, and why not", 404), s.telemetryMade)
	huma.Register(h, operation(h, "list-lists", "/api/v1/lists", "The lists that there are of what is here and how it stands"), s.rosters)
	huma.Register(h, operation(h, "show-list", "/api/v1/lists/{name}", "One of these lists: its columns, and the rows that are asked for", 404), s.roster)
	huma.Register(h, operation(h, "list-exceptions", "/api/v1/exceptions", "Every exception of a rule: what it passes over, who answers for it, and what it would have hidden", 404), s.exceptionsMade)
}

// rosterInput says which rows of which list are asked for.
type rosterInput struct {
	Name   string   `path:"name" doc:"The name of the list" maxLength:"100"`
	Text   string   `query:"text" doc:"Words, each of which a row says somewhere" maxLength:"200"`
	Where  []string `query:"where" doc:"A column that has choices, an equals sign, and the value that rows have in it; several times for several columns" maxItems:"20"`
	Sort   string   `query:"sort" doc:"The column to sort by, behind a minus from the last; as the list is made when empty" maxLength:"100"`
	Offset int      `query:"offset" doc:"How many rows to pass over" minimum:"0" maximum:"10000000"`
	Limit  int      `query:"limit" doc:"How many rows to list at most" default:"100" minimum:"1" maximum:"10000"`
	Windowed
}

type (
	rostersOutput struct{ Body []assessment.Roster }
	rosterOutput  struct{ Body roster.Excerpt }
)

func (s *server) rosters(context.Context, *struct{}) (*rostersOutput, error) {
	return &rostersOutput{assessment.Rosters()}, nil
}

func (s *server) roster(ctx context.Context, in *rosterInput) (*rosterOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (roster.Excerpt, error) {
		where, err := roster.Where(in.Where)
		if err != nil {
			return roster.Excerpt{}, err
		}
		l, err := s.Measurer.Roster(ctx, r, in.Name)
		if err != nil {
			return roster.Excerpt{}, err
		}
		l, err = l.Only(roster.Asked{Text: in.Text, Where: where, Sort: in.Sort})
		return l.Excerpt(in.Offset, in.Limit), err
	})
	return &rosterOutput{m}, err
}

func (s *server) rulesMade(ctx context.Context, in *rulesInput) (*rulesOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.RulesMade, error) {
		m, err := s.Measurer.Rules(ctx, r)
		if err != nil {
			return m, err
		}
		return m.Only(assessment.Narrow{Text: in.Text, Source: in.Source, Batch: in.Batch, Basis: in.Basis})
	})
	return &rulesOutput{m}, err
}

func (s *server) telemetryMade(ctx context.Context, in *telemetryInput) (*telemetryOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.TelemetryMade, error) {
		m, err := s.Measurer.Telemetry(ctx, r)
		return m.Only(assessment.Narrow{Text: in.Text, Batch: in.Batch}), err
	})
	return &telemetryOutput{m}, err
}

func (s *server) exceptionsMade(ctx context.Context, in *telemetryInput) (*exceptionsOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.ExceptionsMade, error) {
		m, err := s.Measurer.Exceptions(ctx, r)
		return m.Only(assessment.Narrow{Text: in.Text, Batch: in.Batch}), err
	})
	return &exceptionsOutput{m}, err
}
