package batches

import (
	"context"
	"iter"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store"
)

// Known returns which alerts have IDs; see store.AlertReader.
func (s *Store) Known(ctx context.Context, ids []string) (map[string][]alert.Identity, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.index.Known(ctx, ids)
}

// Tallies counts alerts; see store.AlertReader.
func (s *Store) Tallies(ctx context.Context, q *alert.Question) ([]alert.Tally, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.index.Tallies(ctx, q)
}

// Sums answers a question; see store.AlertReader.
func (s *Store) Sums(ctx context.Context, q *alert.Question) ([]alert.Sums, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.memory.Sums(ctx, q)
}

// CaseCounts counts the alerts of cases; see store.AlertReader.
func (s *Store) CaseCounts(ctx context.Context, q *alert.Question) ([]alert.CaseCount, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.memory.CaseCounts(ctx, q)
}

// Durations counts how long alerts took; see store.AlertReader.
func (s *Store) Durations(ctx context.Context, q *alert.Waits) ([]alert.Duration, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.index.Durations(ctx, q)
}

// Rules lists the rules of alerts; see store.AlertReader.
func (s *Store) Rules(ctx context.Context) ([]store.AlertRule, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.memory.Rules(ctx)
}

// Find returns an alert; see store.AlertReader.
func (s *Store) Find(ctx context.Context, of alert.Identity) (*alert.Alert, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	s.reading.RLock()
	defer s.reading.RUnlock()
	return s.index.Find(ctx, of)
}

// Dispositions lists what was said of an alert; see store.AlertReader.
func (s *Store) Dispositions(ctx context.Context, of alert.Identity) ([]alert.Disposition, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	s.reading.RLock()
	defer s.reading.RUnlock()
	return s.index.Dispositions(ctx, of)
}

// Each yields the alerts of a rule; see store.AlertReader.
func (s *Store) Each(ctx context.Context, rule string, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return s.each(s.index.Each(ctx, rule, from, to))
}

// All yields the alerts of all rules; see store.AlertReader.
func (s *Store) All(ctx context.Context, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return s.each(s.index.All(ctx, from, to))
}

// each yields alerts while nothing is changed.
func (s *Store) each(of iter.Seq2[*alert.Alert, error]) iter.Seq2[*alert.Alert, error] {
	if err := s.fit(); err != nil {
		return func(yield func(*alert.Alert, error) bool) { yield(nil, err) }
	}
	return func(yield func(*alert.Alert, error) bool) {
		s.reading.RLock()
		defer s.reading.RUnlock()
		of(yield)
	}
}
