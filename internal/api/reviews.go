package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/assure"
)

// Reviewer says what analytics did in incidents, and what exercises come to.
type Reviewer interface {
	Reviews(ctx context.Context, r assessment.Request) (assure.Reviews, error)
	Review(ctx context.Context, r assessment.Request, id string) (assure.Review, error)
	Exercises(ctx context.Context, r assessment.Request) (assessment.Exercises, error)
	Exercise(ctx context.Context, r assessment.Request, id string) (assessment.ExplainedExercise, error)
}

// Asked is the parameters that say up to when something is known.
type Asked struct {
	Release
	AsOf string `query:"as_of" doc:"The day up to which cases and evidence are known, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
}

type reviewInput struct {
	ID string `path:"id" doc:"The id of a case" maxLength:"400"`
	Asked
}

type (
	reviewsOutput struct{ Body assure.Reviews }
	reviewOutput  struct{ Body assure.Review }
)

// registerReviews adds the reviews where there is someone to ask.
func (s *server) registerReviews(h huma.API) {
	if s.Reviews == nil {
		return
	}
	huma.Register(h, operation(h, "list-reviews", "/api/v1/reviews", "The cases, and how the incidents became known"), s.reviews)
	huma.Register(h, operation(h, "get-review", "/api/v1/reviews/{id}", "What each analytic that an incident involved did there", 404), s.review)
	s.registerExercises(h)
}

func (s *server) reviews(ctx context.Context, in *Asked) (*reviewsOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out, err := s.Reviews.Reviews(ctx, r)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reviewsOutput{Body: out}, nil
}

func (s *server) review(ctx context.Context, in *reviewInput) (*reviewOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out, err := s.Reviews.Review(ctx, r, in.ID)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reviewOutput{Body: out}, nil
}
