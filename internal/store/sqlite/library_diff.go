package sqlite

import (
	"context"
	"slices"
	"sync"

	"candor/internal/attack"
	"candor/internal/store"
)

// Members lists every object of a release in the order of the bundle.
func (l *Library) Members(ctx context.Context, r attack.Release) ([]store.Member, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	ms := make([]store.Member, 0, len(v.byID))
	for i := range v.cards {
		if v.counts(i) {
			ms = append(ms, store.Member{Header: v.cards[i].Header, Bytes: uint64(v.ids[i])})
		}
	}
	return ms, nil
}

// fewRaws is up to how many objects are read out of packs that are kept; a
// caller who wants more reads most packs once and would only empty the cache.
const fewRaws = 1000

// Raws returns the exact bytes of the objects of a release with the given STIX
// ids; an id that the release does not carry is left out.
func (l *Library) Raws(ctx context.Context, r attack.Release, ids []string) (map[string][]byte, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	var wanted []int32
	for _, id := range ids {
		if n, ok := v.byID[id]; ok {
			wanted = append(wanted, n)
		}
	}
	keep := len(wanted) <= fewRaws
	var mu sync.Mutex
	raws := make(map[string][]byte, len(wanted))
	err = l.visit(ctx, v, wanted, func(p *pack, wanted []int32) error {
		if keep {
			l.packs.put(p.first, p)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, n := range wanted {
			raws[v.cards[n].StixID] = slices.Clone(p.object(v.ids[n]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return raws, nil
}
