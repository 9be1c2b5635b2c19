package web

import (
	"net/http"
	"net/url"

	"candor/internal/assessment"
)

// exercisesView is the list of exercises.
type exercisesView struct {
	frame
	X assessment.Exercises
	// Rows are those of X that Paging shows.
	Rows    []assessment.Exercised
	Paging  paging
	Library bool // there is a release to judge
}

// exerciseView is one exercise, explained.
type exerciseView struct {
	frame
	X assessment.ExplainedExercise
}

// Exercise returns the address of an exercise.
func (s selection) Exercise(id string) string { return s.Link("/exercises/" + url.PathEscape(id)) }

func (s *site) exercises(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "reviews", "Exercises")
	if err != nil {
		return view{}, err
	}
	if fr.Release.Version == "" {
		return view{name: "exercises", data: exercisesView{frame: fr}}, nil
	}
	all, err := s.Reviews.Exercises(r.Context(), req)
	if err != nil {
		return view{}, err
	}
	v := exercisesView{frame: fr, X: all, Library: true}
	v.Rows, v.Paging, err = onPage(r, all.Exercises)
	return view{name: "exercises", data: v}, err
}

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
