package scan

import (
	"context"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store"
)

// Near answers what lay around times; see store.AroundReader.
func (x *Index) Near(_ context.Context, asked []alert.Around) ([]alert.Near, error) {
	if err := store.CheckAround(asked...); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.book.Near(asked), nil
}

// Around lists alerts around a time; see store.AroundReader.
func (x *Index) Around(_ context.Context, q alert.Around, most int) ([]*alert.Alert, error) {
	if err := store.CheckAround(q); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []*alert.Alert
	for _, s := range x.book.Around(q, max(most, 0)) {
		list = append(list, s.Shown())
	}
	return list, nil
}

// Presence counts alerts by rule, site and day; see store.AroundReader.
func (x *Index) Presence(_ context.Context, from, to day.Date) ([]alert.Presence, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.book.Presence(from, to), nil
}
