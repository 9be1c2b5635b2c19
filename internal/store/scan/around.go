package scan

import (
	"context"
	"slices"

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
func (x *Index) Presence(ctx context.Context, from, to day.Date) ([]alert.Presence, error) {
	return x.PresenceOf(ctx, nil, from, to)
}

// PresenceOf counts those of some rules; see batches.Index.
func (x *Index) PresenceOf(_ context.Context, keys []string, from, to day.Date) ([]alert.Presence, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := x.book.Presence(from, to)
	if keys == nil {
		return list, nil
	}
	return slices.DeleteFunc(list, func(p alert.Presence) bool { return !slices.Contains(keys, p.RuleID) }), nil
}
