package web

import (
	"context"
	"net/http"

	"candor/internal/assessment"
)

// Measurer says what the alerts of every rule show.
type Measurer interface {
	Measure(ctx context.Context, r assessment.Request, timed bool) (assessment.Measured, error)
}

// measurementsView is what the alerts of every rule say.
type measurementsView struct {
	frame
	M assessment.Measured
}

func (s *site) measurements(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "measurements")
	if err != nil {
		return view{}, err
	}
	m, err := s.Measurer.Measure(r.Context(), req, false)
	if err != nil {
		return view{}, err
	}
	fr.Title = "Measurements"
	return view{name: "measurements", data: measurementsView{frame: fr, M: m}}, nil
}
