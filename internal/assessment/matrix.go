package assessment

import (
	"cmp"
	"context"

	"candor/internal/assure"
	"candor/internal/matrix"
)

// Matrix returns the matrix of the release that r selects in a view, narrowed. The
// platform of r is left aside for that of a, and its profile is that of the matrix. It fails as Assess does, and as matrix.New
// does.
func (s *Service) Matrix(ctx context.Context, r Request, a matrix.Asked) (matrix.Matrix, error) {
	in, err := s.matrixInput(ctx, r)
	if err != nil {
		return matrix.Matrix{}, err
	}
	set, err := s.profiled(ctx, r, in.Assessment.Release)
	if err != nil {
		return matrix.Matrix{}, err
	}
	if set != nil {
		in.Profile = &matrix.Profile{Name: set.Profile.Name, Techniques: set.Techniques}
	}
	return matrix.New(in, a)
}

// MatrixChoices returns what the matrix of a release can be narrowed to.
func (s *Service) MatrixChoices(ctx context.Context, r Request) (matrix.Choices, error) {
	in, err := s.matrixInput(ctx, r)
	if err != nil {
		return matrix.Choices{}, err
	}
	return in.Choices(), nil
}

func (s *Service) matrixInput(ctx context.Context, r Request) (matrix.Input, error) {
	r.Platform, r.Profile = "", ""
	a, err := s.Assess(ctx, r)
	if err != nil {
		return matrix.Input{}, err
	}
	lib, err := s.library(ctx, a.Release)
	if err != nil {
		return matrix.Input{}, err
	}
	g, err := s.generation(ctx)
	if err != nil {
		return matrix.Input{}, err
	}
	ev, err := s.read(ctx, g, r)
	if err != nil {
		return matrix.Input{}, err
	}
	lined, err := s.lined(ctx, r)
	return matrix.Input{Library: lib, Assessment: &a, Sources: ruleSources(&ev), Lined: lined}, err
}

// ruleSources are the sources of rules by rule id: as whoever added them named it, else
// the format.
func ruleSources(ev *assure.Evidence) map[string]string {
	of := make(map[string]string, len(ev.Rules))
	for i := range ev.Rules {
		r := &ev.Rules[i].Value
		of[r.ID] = cmp.Or(r.Origin, r.Format)
	}
	return of
}
