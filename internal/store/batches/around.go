package batches

import (
	"context"

	"candor/internal/alert"
	"candor/internal/day"
)

// Near answers what lay around times; see store.AroundReader.
func (s *Store) Near(ctx context.Context, asked []alert.Around) ([]alert.Near, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.memory.Near(ctx, asked)
}

// Around lists alerts around a time; see store.AroundReader.
func (s *Store) Around(ctx context.Context, q alert.Around, most int) ([]*alert.Alert, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.index.Around(ctx, q, most)
}

// Presence counts alerts by rule, site and day; see store.AroundReader.
func (s *Store) Presence(ctx context.Context, from, to day.Date) ([]alert.Presence, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.memory.Presence(ctx, from, to)
}
