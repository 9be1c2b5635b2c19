package sqlite

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// Carried lists every object of a release in the order of the bundle, those that repeat an
// id included.
func (l *Library) Carried(ctx context.Context, r attack.Release) ([]store.Carried, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	cs := make([]store.Carried, len(v.cards))
	for i := range v.cards {
		cs[i] = store.Carried{Member: store.Member{Header: v.cards[i].Header, Bytes: uint64(v.ids[i])}, Counts: v.counts(i)}
	}
	return cs, nil
}

// Each calls f with the exact bytes of the objects at the given places of the bundle.
func (l *Library) Each(ctx context.Context, r attack.Release, places []int, f func(i int, raw []byte) error) error {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return err
	}
	for _, n := range places {
		if n < 0 || n >= len(v.ids) {
			return fault.New(fault.NotFound, "%s has no place %d", v.release, n).Next("name one from 0 to %d", len(v.ids)-1)
		}
	}
	h, err := l.shelf(ctx, v, places)
	if err != nil {
		return err
	}
	for i, n := range places {
		p, err := h.pack(ctx, v.ids[n])
		if err != nil {
			return err
		}
		if err := f(i, p.object(v.ids[n])); err != nil {
			return err
		}
		h.done(p, i)
	}
	return nil
}

// shelf holds packs from the first object that is wanted of each to the last.
type shelf struct {
	l    *Library
	last map[uint32]int // by the first id of a pack, the index of its last object
	open []*pack        // the one used last at the end
}

// shelf returns an empty shelf for the objects at places, in their order.
func (l *Library) shelf(ctx context.Context, v *view, places []int) (*shelf, error) {
	var firsts []uint32
	found, err := l.db.QueryContext(ctx, `SELECT first FROM pack ORDER BY first`)
	if err != nil {
		return nil, fmt.Errorf("list packs: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var n uint32
		if err := found.Scan(&n); err != nil {
			return nil, fmt.Errorf("list packs: %w", err)
		}
		firsts = append(firsts, n)
	}
	h := &shelf{l: l, last: map[uint32]int{}}
	for i, n := range places {
		if k := sort.Search(len(firsts), func(k int) bool { return firsts[k] > v.ids[n] }); k > 0 {
			h.last[firsts[k-1]] = i
		}
	}
	return h, found.Err()
}

// pack returns the pack that holds a snapshot. What is read only once is kept from the
// packs that pages read again and again.
func (h *shelf) pack(ctx context.Context, id uint32) (*pack, error) {
	for _, p := range slices.Backward(h.open) {
		if id-p.first < uint32(len(p.ends)) {
			return p, nil
		}
	}
	p, ok := h.l.cachedPack(id)
	if !ok {
		row, err := h.l.storedPack(ctx, id, true)
		if err != nil {
			return nil, err
		}
		if p, err = h.l.unpack(row); err != nil {
			return nil, err
		}
	}
	h.open = append(h.open, p)
	return p, nil
}

// done lets go of a pack of which nothing more is wanted after the object at index i.
func (h *shelf) done(p *pack, i int) {
	if h.last[p.first] <= i {
		h.open = slices.DeleteFunc(h.open, func(o *pack) bool { return o == p })
	}
}
