package api

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/roster"
)

// Measurer says what the alerts, the exercises and the incidents show, and what
// would change the verdicts.
type Measurer interface {
	Measure(ctx context.Context, r assessment.Request, timed bool) (assessment.Measured, error)
	MeasureRule(ctx context.Context, r assessment.Request, rule string) (assessment.MeasuredRule, error)
	RuleText(ctx context.Context, r assessment.Request, rule string) (assessment.RuleText, error)
	MeasureAnalytics(ctx context.Context, r assessment.Request, id string) (assessment.MeasuredAnalytics, error)
	Recall(ctx context.Context, r assessment.Request, id string) (assessment.Recalled, error)
	Tune(ctx context.Context, r assessment.Request, rule string) (assessment.Tuned, error)
	Next(ctx context.Context, r assessment.Request, limit int) (assessment.Plan, error)
	Rules(ctx context.Context, r assessment.Request) (assessment.RulesMade, error)
	Telemetry(ctx context.Context, r assessment.Request) (assessment.TelemetryMade, error)
	Exceptions(ctx context.Context, r assessment.Request) (assessment.ExceptionsMade, error)
	Roster(ctx context.Context, r assessment.Request, name string) (roster.List, error)
}

// Windowed is the parameters that say over which days something is measured.
type Windowed struct {
	Asked
	AtSite
	Window int `query:"window" doc:"How many days to look at, the last of them the day of judgement; as policy says when 0" minimum:"0" maximum:"3660"`
}

type measurementsInput struct {
	Windowed
	Times bool `query:"times" doc:"Whether to say how long the alerts of each rule wait, which takes the longest to count"`
}

type ruleInput struct {
	Rule string `path:"id" doc:"The id of a rule, or its full name; escape what a path cannot hold" maxLength:"400"`
	Windowed
}

type analyticInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id of an analytic" maxLength:"200"`
	Windowed
}

type recallInput struct {
	Analytic string `query:"analytic" doc:"Only what speaks for this analytic" maxLength:"200"`
	Asked
}

type nextInput struct {
	Limit   int    `query:"limit" doc:"How many to list at most; 0 lists all" default:"20" minimum:"0" maximum:"100000"`
	Profile string `query:"profile" doc:"Only what lifts analytics of the techniques of this threat profile" maxLength:"80"`
	Windowed
}

type (
	measurementsOutput struct{ Body assessment.Measured }
	ruleOutput         struct{ Body assessment.MeasuredRule }
	textOutput         struct{ Body assessment.RuleText }
	analyticOutput     struct{ Body assessment.OneAnalytic }
	analyticsOutput    struct {
		Body assessment.MeasuredAnalytics
	}
	recallOutput struct{ Body assessment.Recalled }
	tuneOutput   struct{ Body assessment.Tuned }
	nextOutput   struct{ Body assessment.Plan }
)

// registerMeasurements adds what is measured where there is someone to ask.
func (s *server) registerMeasurements(h huma.API) {
	if s.Measurer == nil {
		return
	}
	huma.Register(h, operation(h, "measure", "/api/v1/measurements", "What the alerts of every rule say"), s.measurements)
	huma.Register(h, operation(h, "measure-rule", "/api/v1/measurements/rules/{id}", "What the alerts of one rule say", 404), s.rule)
	huma.Register(h, operation(h, "get-rule-text", "/api/v1/measurements/rules/{id}/text", "The text of one rule, as its file has it", 404), s.ruleText)
	huma.Register(h, operation(h, "measure-analytics", "/api/v1/measurements/analytics", "What the alerts of all rules that claim an analytic say together, by analytic", 404), s.analytics)
	huma.Register(h, operation(h, "measure-analytic", "/api/v1/measurements/analytics/{id}", "What the alerts of all rules that claim one analytic say together", 404), s.analytic)
	huma.Register(h, operation(h, "recall", "/api/v1/recall", "What exercises say of what is detected and, apart from it, how incidents became known", 404), s.recall)
	huma.Register(h, operation(h, "tune", "/api/v1/tunings/{id}", "What a threshold or an exclusion would have made of a rule's alerts", 404), s.tune)
	s.registerMade(h)
	huma.Register(h, operation(h, "next", "/api/v1/next", "What would change which verdicts, found by judging again", 404), s.next)
}

// windowed makes the request that the parameters stand for.
func (s *server) windowed(in *Windowed) (assessment.Request, error) {
	r, err := s.asked(in.Release, in.AsOf)
	r.Site = in.AtSite.Site
	if in.Window > 0 {
		r.Policy.WindowDays = in.Window
	}
	return r, err
}

// answer asks with the request that the parameters stand for.
func answer[T any](ctx context.Context, s *server, in *Windowed, ask func(assessment.Request) (T, error)) (T, error) {
	var none T
	r, err := s.windowed(in)
	if err != nil {
		return none, s.problem(ctx, err)
	}
	out, err := ask(r)
	if err != nil {
		return none, s.problem(ctx, err)
	}
	return out, nil
}

func (s *server) measurements(ctx context.Context, in *measurementsInput) (*measurementsOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.Measured, error) { return s.Measurer.Measure(ctx, r, in.Times) })
	return &measurementsOutput{m}, err
}

func (s *server) rule(ctx context.Context, in *ruleInput) (*ruleOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.MeasuredRule, error) {
		return s.Measurer.MeasureRule(ctx, r, in.Rule)
	})
	return &ruleOutput{m}, err
}

func (s *server) ruleText(ctx context.Context, in *ruleInput) (*textOutput, error) {
	t, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.RuleText, error) { return s.Measurer.RuleText(ctx, r, in.Rule) })
	return &textOutput{t}, err
}

func (s *server) analytics(ctx context.Context, in *Windowed) (*analyticsOutput, error) {
	m, err := answer(ctx, s, in, func(r assessment.Request) (assessment.MeasuredAnalytics, error) {
		return s.Measurer.MeasureAnalytics(ctx, r, "")
	})
	return &analyticsOutput{m}, err
}

func (s *server) analytic(ctx context.Context, in *analyticInput) (*analyticOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.OneAnalytic, error) {
		all, err := s.Measurer.MeasureAnalytics(ctx, r, in.ID)
		if err != nil || len(all.Analytics) == 0 {
			return assessment.OneAnalytic{}, err
		}
		return all.One(), nil
	})
	return &analyticOutput{m}, err
}

func (s *server) recall(ctx context.Context, in *recallInput) (*recallOutput, error) {
	m, err := answer(ctx, s, &Windowed{Asked: in.Asked}, func(r assessment.Request) (assessment.Recalled, error) {
		return s.Measurer.Recall(ctx, r, strings.TrimSpace(in.Analytic))
	})
	return &recallOutput{m}, err
}

func (s *server) tune(ctx context.Context, in *ruleInput) (*tuneOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.Tuned, error) { return s.Measurer.Tune(ctx, r, in.Rule) })
	return &tuneOutput{m}, err
}

func (s *server) next(ctx context.Context, in *nextInput) (*nextOutput, error) {
	m, err := answer(ctx, s, &in.Windowed, func(r assessment.Request) (assessment.Plan, error) {
		r.Profile = in.Profile
		return s.Measurer.Next(ctx, r, in.Limit)
	})
	return &nextOutput{m}, err
}
