package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
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
	huma.Register(h, operation(h, "list-exceptions", "/api/v1/exceptions", "Every exception of a rule: what it passes over, who answers for it, and what it would have hidden", 404), s.exceptionsMade)
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
