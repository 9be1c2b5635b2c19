package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
)

type exerciseInput struct {
	ID string `path:"id" doc:"The id of an exercise, the beginning of it, or the name of its test" maxLength:"400"`
	Asked
}

type (
	exercisesOutput struct{ Body assessment.Exercises }
	exerciseOutput  struct{ Body assessment.ExplainedExercise }
)

// registerExercises adds what exercises come to.
func (s *server) registerExercises(h huma.API) {
	huma.Register(h, operation(h, "list-exercises", "/api/v1/exercises", "The exercises, and what each comes to when it is held against alerts", 404), s.exercises)
	huma.Register(h, operation(h, "get-exercise", "/api/v1/exercises/{id}", "Why an exercise comes to what it does: which rule fired, when, and the chance of coincidence", 404), s.exercise)
}

func (s *server) exercises(ctx context.Context, in *Asked) (*exercisesOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out, err := s.Reviews.Exercises(ctx, r)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &exercisesOutput{Body: out}, nil
}

func (s *server) exercise(ctx context.Context, in *exerciseInput) (*exerciseOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out, err := s.Reviews.Exercise(ctx, r, in.ID)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &exerciseOutput{Body: out}, nil
}
