package engine

import (
	"context"

	"candor/internal/alert"
	"candor/internal/day"
)

// Near answers what lay around times; see store.AroundReader.
func (l *Late) Near(ctx context.Context, asked []alert.Around) ([]alert.Near, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Near(ctx, asked)
}

// Around lists alerts around a time; see store.AroundReader.
func (l *Late) Around(ctx context.Context, q alert.Around, most int) ([]*alert.Alert, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Around(ctx, q, most)
}

// Presence counts alerts by rule, site and day; see store.AroundReader.
func (l *Late) Presence(ctx context.Context, from, to day.Date) ([]alert.Presence, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Presence(ctx, from, to)
}
