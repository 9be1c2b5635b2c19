package app

import (
	"context"

	"candor/internal/people"
)

// register makes what keeps accounts, and who came in. Whoever is to write begins with what
// another writer that was stopped has left without an entry.
func (s *stores) register(ctx context.Context, files *people.Folder) (err error) {
	s.people = people.NewBook(files, nil, s.mode.Now)
	if !s.mode.Write {
		s.visits, err = people.NewVisits(ctx, files, nil, s.mode.Now)
		return err
	}
	s.people.Ledger = s.keeper
	if err := s.keeper.CatchUp(ctx, ""); err != nil {
		return err
	}
	if s.visits, err = people.NewVisits(ctx, files, s.keeper, s.mode.Now); err != nil {
		return err
	}
	return s.people.Finish(ctx)
}
