package batches

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// A batch is merged when its file is small, and a merged file takes so many rows, at most.
// The rows of a small batch are in order of time from the first to the last, so that they
// keep their order among those of others.
const (
	smallRows = 50_000
	smallSize = 8 << 20 // bytes
	mostRows  = 2_000_000
)

// Merge merges batches, a file after the other; see store.Rewriter. Pushes and withdrawals
// take their turns in between.
func (s *Store) Merge(ctx context.Context, m store.Merging) (list []store.Merge, err error) {
	done := 0
	for {
		one, left, err := s.mergeSome(ctx, m)
		if err != nil || one.File == "" {
			return list, err
		}
		list, done = append(list, one), done+len(one.Batches)
		if m.Done != nil {
			m.Done(done, left)
		}
		if len(list) == m.Files {
			return list, nil
		}
	}
}

// mergeSome merges the first batches that are enough for a file, if there are, and says how
// many are left to be merged.
func (s *Store) mergeSome(ctx context.Context, m store.Merging) (one store.Merge, left int, err error) {
	release, err := s.wait(ctx)
	if err != nil {
		return one, 0, err
	}
	defer release()
	s.tidy()
	r, err := s.known(ctx)
	if err != nil {
		return one, 0, err
	}
	chosen, left := choose(r.held, m)
	if len(chosen) == 0 {
		return one, 0, nil
	}
	one, err = s.merge(ctx, r, chosen)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return one, left, err
}

// choose returns the places of the batches that come into the next file, none where there
// are too few, and how many others are to be merged.
func choose(held []Held, m store.Merging) (chosen []int, left int) {
	groups, rows := map[string][]int{}, map[string]int64{}
	for i := range held {
		h := &held[i]
		if h.Now != nil || h.Rows > smallRows || h.Size > smallSize {
			continue
		}
		of := m.Of(&h.Batch)
		if of == "" {
			continue
		}
		if g := groups[of]; len(g) < m.Most && rows[of]+h.Rows <= mostRows {
			groups[of], rows[of] = append(g, i), rows[of]+h.Rows
		} else {
			left++
		}
	}
	for _, of := range slices.Sorted(maps.Keys(groups)) {
		switch g := groups[of]; {
		case len(g) < max(m.Least, 2):
		case chosen == nil:
			chosen = g
		default:
			left += len(g)
		}
	}
	return chosen, left
}

// merge writes a merged file of the batches in some places. It is there, and counts, once
// it has its name; the files of the batches go then.
func (s *Store) merge(ctx context.Context, r *roll, chosen []int) (store.Merge, error) {
	parts := make([]batchfile.Part, len(chosen))
	for i, at := range chosen {
		h := &r.held[at]
		parts[i] = batchfile.Part{Path: s.path(h.Name()), SHA256: h.Batch.Content}
		if sum, err := batchfile.Sum(ctx, parts[i].Path); err != nil {
			return store.Merge{}, err
		} else if sum != h.Batch.Content {
			return store.Merge{}, s.swapped(h.Name(), "its SHA-256 is another")
		}
	}
	from := filepath.Join(s.dir, merging)
	heads, sum, err := batchfile.Rewrite(ctx, from, parts, nil)
	if err != nil {
		return store.Merge{}, err
	}
	defer os.Remove(from) // does nothing once it has its name
	name := fmt.Sprintf("%s%d-%d", merged, heads[0].Number, heads[len(heads)-1].Number)
	info, err := os.Stat(from)
	if err != nil {
		return store.Merge{}, err
	}
	moved := map[int]Held{}
	for i, head := range heads {
		h, was := heldOf(onDisk{id: name, size: info.Size(), time: info.ModTime().UTC()}, sum, head, nil), r.held[chosen[i]]
		if h.Number != was.Number || h.rowsHash() != was.rowsHash() {
			return store.Merge{}, fault.New(fault.Conflict, "the rows of batch %s are not those that were recorded", was.Batch.ID).At("%s", s.path(was.Name())).
				Next("candor ledger verify --deep says which are not; nothing was merged")
		}
		h.Batch.Withdrawn = was.Batch.Withdrawn
		moved[chosen[i]] = h
	}
	return s.settleMerge(ctx, name, moved)
}

// settleMerge gives a merged file its name, with which it counts, and removes the files in
// which the batches lay.
func (s *Store) settleMerge(ctx context.Context, name string, moved map[int]Held) (one store.Merge, err error) {
	ctx = context.WithoutCancel(ctx)
	c, err := s.index.Begin(ctx)
	if err != nil {
		return one, err
	}
	defer c.Rollback()
	held := slices.SortedFunc(maps.Values(moved), byNumber)
	if err := c.Enter(ctx, held...); err != nil {
		return one, err
	}
	to := s.path(name)
	if err := s.alone(to); err != nil {
		return one, err
	}
	if err := durable.Rename(filepath.Join(s.dir, merging), to); err != nil {
		return one, err
	}
	at := s.at
	at.Merges++
	if err := s.commit(ctx, c, at, to, func(r *roll) *roll { return r.move(moved) }); err != nil {
		return one, err
	}
	for i := range held {
		s.left = append(s.left, held[i].Batch.ID)
	}
	s.tidy()
	return mergeOf(held), s.note(ctx)
}

// mergeOf describes the file in which batches lie that were merged.
func mergeOf(held []Held) store.Merge {
	one := store.Merge{File: held[0].Name(), SHA256: held[0].sum(), At: held[0].Time, Batches: map[string]string{}}
	for i := range held {
		one.Batches[held[i].Batch.ID] = held[i].rowsHash()
		one.Rows += held[i].Rows
	}
	return one
}

// tidy removes the files whose rows lie in a merged one, unless somebody reads such files
// now: then whoever writes next does.
func (s *Store) tidy() {
	if len(s.left) == 0 || !s.reading.TryLock() {
		return
	}
	defer s.reading.Unlock()
	kept := s.left[:0]
	for _, name := range s.left {
		if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			kept = append(kept, name)
		}
	}
	s.left = kept
	_ = durable.Names(s.dir) // what is there again after a crash is removed then
}

// note has the index note what the folder is like now, so that opening it compares nothing.
func (s *Store) note(ctx context.Context) error {
	c, err := s.index.Begin(ctx)
	if err != nil {
		return err
	}
	defer c.Rollback()
	at := s.at
	at.Folder = s.state()
	return c.Commit(ctx, at)
}

// Merges lists the merged files; see store.Rewriter.
func (s *Store) Merges(ctx context.Context) (list []store.Merge, err error) {
	r, err := s.known(ctx)
	if err != nil {
		return nil, err
	}
	of := map[string][]Held{}
	var names []string
	for _, h := range r.held {
		name := h.Batch.Merged
		if name == "" {
			continue
		}
		if of[name] == nil {
			names = append(names, name)
		}
		of[name] = append(of[name], h)
	}
	for _, name := range names {
		list = append(list, mergeOf(of[name]))
	}
	return list, nil
}

// Packs lists the batches by file; see store.Packer.
func (s *Store) Packs(ctx context.Context) ([]store.Pack, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.index.Packs(ctx)
}

// PacksOf makes one of the batches that lie in one file; held is in order of number.
func PacksOf(held []Held) (list []store.Pack) {
	places := map[string]int{}
	for i := range held {
		b := &held[i].Batch
		id := b.Merged
		if id == "" || b.Withdrawn != nil {
			id = b.ID
		}
		p := store.Pack{ID: id, Batches: 1, First: b.Added, Last: b.Added, Records: b.New + b.Updated, LeftOut: b.LeftOut, Source: sourceOf(b), Withdrawn: b.Withdrawn}
		at, known := places[id]
		if !known {
			places[id] = len(list)
			list = append(list, p)
			continue
		}
		k := &list[at]
		k.Batches, k.Records, k.LeftOut = k.Batches+1, k.Records+p.Records, k.LeftOut+p.LeftOut
		if p.First.Before(k.First) {
			k.First = p.First
		}
		if p.Last.After(k.Last) {
			k.Last = p.Last
		}
		if k.Source != p.Source {
			k.Source = ""
		}
	}
	return list
}

// sourceOf is whose statements a batch has, as it was named, else its format.
func sourceOf(b *store.Batch) string {
	if b.Source != "" {
		return b.Source
	}
	return b.Format
}

// isMerged reports whether a name is one of a merged file.
func isMerged(name string) bool { return strings.HasPrefix(name, merged) }
