package taxii

import (
	"cmp"
	"context"
	"slices"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/store"
)

// item is a version of an object in a collection.
type item struct {
	id, typ string
	version string    // as the object writes it
	at      time.Time // what it means
	added   time.Time
	place   int    // in the bundle
	bytes   uint64 // where they are stored, which orders what was added at once
}

// shelf is the objects of a collection, by when they were added, then by where they lie.
type shelf struct {
	release attack.Release
	entries []item
	byID    map[string][]int // in the order of versions
}

// shelf returns the objects of a collection.
func (s *server) shelf(ctx context.Context, c *collection) (*shelf, error) {
	return s.shelves.Of(ctx, c.key(), func(ctx context.Context) (*shelf, error) { return s.sorted(ctx, c) })
}

func (s *server) sorted(ctx context.Context, c *collection) (*shelf, error) {
	carried, err := s.Store.Carried(ctx, c.now())
	if err != nil {
		return nil, err
	}
	last := c.stages[len(c.stages)-1]
	sh := &shelf{release: last.release, byID: map[string][]int{}}
	for i := range carried {
		e := item{id: carried[i].StixID, typ: carried[i].Type, version: carried[i].Modified, added: last.since, place: i, bytes: carried[i].Bytes}
		if !sh.repeats(&e, carried[i].Counts) {
			sh.entries = append(sh.entries, e)
			sh.byID[e.id] = append(sh.byID[e.id], len(sh.entries)-1)
		}
	}
	if err := s.unmodified(ctx, sh); err != nil {
		return nil, err
	}
	if err := s.since(ctx, sh, c.stages[:len(c.stages)-1]); err != nil {
		return nil, err
	}
	sh.order()
	return sh, nil
}

// repeats reports whether the shelf has the version of an object, which takes its place
// where it is the one that counts.
func (sh *shelf) repeats(e *item, counts bool) bool {
	for _, i := range sh.byID[e.id] {
		if sh.entries[i].version == e.version {
			if counts {
				sh.entries[i] = *e
			}
			return true
		}
	}
	return false
}

// unmodified gives objects that say nothing of when they were modified the time that they
// were created at, as the standard has it, else that they were added at.
func (s *server) unmodified(ctx context.Context, sh *shelf) error {
	var places, of []int
	for i := range sh.entries {
		if sh.entries[i].version == "" {
			places, of = append(places, sh.entries[i].place), append(of, i)
		}
	}
	var d stix.Decoder
	err := s.Store.Each(ctx, sh.release, places, func(i int, raw []byte) error {
		o, err := d.Object(raw)
		if err == nil {
			sh.entries[of[i]].version = o.Created
		}
		return err
	})
	for i := range sh.entries {
		e := &sh.entries[i]
		t, bad := time.Parse(time.RFC3339Nano, e.version)
		if e.at = t; bad != nil {
			e.at, e.version = e.added, written(e.added)
		}
	}
	return err
}

// since says of each object since when the collection has had these bytes of it without a
// break, by what it was made of before.
func (s *server) since(ctx context.Context, sh *shelf, before []stage) error {
	open := make(map[uint64][]int, len(sh.entries))
	for i := range sh.entries {
		open[sh.entries[i].bytes] = append(open[sh.entries[i].bytes], i)
	}
	for _, st := range slices.Backward(before) {
		if len(open) == 0 {
			return nil
		}
		carried, err := s.Store.Carried(ctx, st.release)
		if err != nil {
			return err
		}
		open = sh.earlier(open, carried, st.since)
	}
	return nil
}

// earlier dates what an earlier stage had too, and returns it.
func (sh *shelf) earlier(open map[uint64][]int, carried []store.Carried, since time.Time) map[uint64][]int {
	still := map[uint64][]int{}
	for i := range carried {
		if at, ok := open[carried[i].Bytes]; ok && carried[i].Counts {
			still[carried[i].Bytes] = at
			for _, n := range at {
				sh.entries[n].added = since
			}
		}
	}
	return still
}

// order sorts the entries, and the versions of each object.
func (sh *shelf) order() {
	slices.SortStableFunc(sh.entries, func(a, b item) int {
		return cmp.Or(a.added.Compare(b.added), cmp.Compare(a.bytes, b.bytes))
	})
	sh.byID = make(map[string][]int, len(sh.entries))
	for i := range sh.entries {
		sh.byID[sh.entries[i].id] = append(sh.byID[sh.entries[i].id], i)
	}
	for _, of := range sh.byID {
		slices.SortStableFunc(of, func(a, b int) int { return sh.entries[a].at.Compare(sh.entries[b].at) })
	}
}
