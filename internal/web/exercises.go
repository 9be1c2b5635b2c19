package web

import (
	"net/http"
	"net/url"

	"candor/internal/assessment"
)

// exerciseView is one exercise, explained.
type exerciseView struct {
	frame
	X assessment.ExplainedExercise
}

// Exercise returns the address of an exercise.
func (s selection) Exercise(id string) string { return s.Link("/exercises/" + url.PathEscape(id)) }

func (s *site) exercise(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "reviews", "Exercise")
	if err != nil {
		return view{}, err
	}
	one, err := s.Reviews.Exercise(r.Context(), req, r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	fr.Title = "Exercise " + one.Exercise.ID
	return view{name: "exercise", data: exerciseView{frame: fr, X: one}}, nil
}
