package batches

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// follow brings the index in step with the files. Where both say that they are, no file
// is read, nor what is noted of it: how many there are makes next to no difference then.
func (s *Store) follow(ctx context.Context) error {
	at, err := s.tip()
	if err != nil {
		return err
	}
	is, err := s.index.Tip(ctx)
	if err != nil {
		return err
	}
	s.at = at
	if at.Folder = s.state(); is == at && at.Folder != "" {
		return nil
	}
	held, err := s.index.Held(ctx)
	if err != nil {
		return err
	}
	f := &following{Store: s, at: at, held: held, gone: map[string]*store.Withdrawal{}}
	if f.listing, err = s.list(); err != nil {
		return err
	}
	for _, id := range f.listing.gone {
		if f.gone[id], err = s.withdrawal(id); err != nil {
			return err
		}
	}
	if err := f.expiries(is); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{f.look, f.compare, f.take} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// following is an index on its way to be in step.
type following struct {
	*Store
	listing
	at       Tip // of the folder
	held     []Held
	gone     map[string]*store.Withdrawal
	recorded map[string]string // by the ledger; nil until it is asked
	anew     map[string]string // the hashes of files that expiries say they wrote, by name
	fresh    []Held
	moved    []int    // places of those held that lie elsewhere now
	left     []string // names of files whose rows lie in a merged one, too
}

// expiries reads what expired. An index that has rows which have is not used any more.
func (f *following) expiries(is Tip) error {
	list, err := f.readExpiries(f.listing.expiries)
	if err != nil {
		return err
	}
	f.anew = map[string]string{}
	for _, e := range list {
		for name, sum := range e.Files {
			f.anew[name] = sum
		}
	}
	if len(list) < f.at.Expiries {
		return fault.New(fault.Conflict, "rows expired %d times, and only %d say so: a file %s is missing", f.at.Expiries, len(list), retention+"N"+expired).
			At("%s", f.dir).Next("candor ledger verify says which; put it back from a backup")
	}
	if len(f.held) > 0 && is.Expiries < len(list) {
		return fmt.Errorf("%w: %w", ErrRebuild, errExpired)
	}
	return nil
}

// record returns the hash that the ledger has of a batch, empty when it has none.
func (f *following) record(ctx context.Context, id string) (_ string, err error) {
	if f.recorded == nil {
		f.recorded = map[string]string{}
		if f.o.Recorded != nil {
			f.recorded, err = f.o.Recorded(ctx)
		}
	}
	if sum := f.anew[id]; sum != "" {
		return sum, err
	}
	return f.recorded[id], err
}

// compare checks that the files which the index has taken in are there as they were. A
// file whose size and time are as noted is taken for the same. An index that is ahead of
// the folder, or took in another file than the ledger has, is wrong; else the folder is.
func (f *following) compare(ctx context.Context) error {
	seen := map[string]bool{}
	for i := range f.held {
		h := &f.held[i]
		name := h.Name()
		if seen[name] {
			continue
		}
		seen[name] = true
		e, there := f.files[name]
		switch {
		case !there && h.Number > f.at.Number:
			return fmt.Errorf("%w: it has taken in batch %s, which never landed", ErrRebuild, h.Batch.ID)
		case !there:
			return f.missing(name)
		case e.size == h.Size && e.time.Equal(h.Time):
			continue
		}
		sum, err := batchfile.Sum(ctx, f.path(name))
		if err != nil {
			return err
		}
		if sum == h.sum() {
			continue
		}
		was, err := f.record(ctx, name)
		switch {
		case err != nil:
			return err
		case was == sum:
			return fmt.Errorf("%w: it has taken in another %s than was recorded", ErrRebuild, strings.TrimPrefix(called(name), "the "))
		case e.size != h.Size:
			return f.swapped(name, fmt.Sprintf("it has %d bytes and had %d", e.size, h.Size))
		}
		return f.swapped(name, "its SHA-256 is another")
	}
	return nil
}

// look finds out what is to be noted of the files that the index has not taken in: batches
// that are new to it, and such as have been merged.
func (f *following) look(ctx context.Context) error {
	noted, places := map[string]bool{}, make(map[string]int, len(f.held))
	for i := range f.held {
		noted[f.held[i].Name()] = true
		places[f.held[i].Batch.ID] = i
	}
	within := map[string]*Held{} // batches in merged files
	for i := range f.held {
		if h := &f.held[i]; h.Batch.Merged != "" {
			within[h.Batch.ID] = h
		}
	}
	var own []Held
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		if noted[name] {
			continue
		}
		list, sum, err := f.folder.held(ctx, f.files[name], f.gone)
		was, failed := f.record(ctx, name)
		switch {
		case failed != nil:
			return failed
		case was != "" && sum != "" && was != sum:
			return f.swapped(name, "the ledger has another SHA-256 of it")
		case err != nil:
			return err
		}
		for i := range list {
			if list[i].Batch.Merged != "" {
				within[list[i].Batch.ID] = &list[i]
			}
		}
		own = append(own, list...)
	}
	for _, h := range own {
		i, known := places[h.Batch.ID]
		if m := within[h.Batch.ID]; h.Batch.Merged == "" && m != nil {
			if err := f.leave(h, m); err != nil {
				return err
			}
		} else if !known {
			f.fresh = append(f.fresh, h)
		} else if err := f.move(i, h); err != nil {
			return err
		}
	}
	for id := range within {
		if e, there := f.files[id]; there && noted[id] { // noted there before it was merged
			f.left = append(f.left, e.id)
		}
	}
	slices.SortFunc(f.fresh, byNumber)
	return nil
}

// leave notes that the file in which a batch landed is there although the batch is merged:
// the merging was cut short. What is in both is the same.
func (f *following) leave(h Held, in *Held) error {
	if h.Number != in.Number || h.Batch.RowsHash != in.Batch.RowsHash {
		return f.swapped(h.Name(), fmt.Sprintf("the batch was merged into %s, with other rows", in.Batch.Merged))
	}
	f.left = append(f.left, h.Name())
	return nil
}

// move notes where a batch lies that the index has taken in.
func (f *following) move(i int, h Held) error {
	was := &f.held[i]
	if h.Number != was.Number || h.rowsHash() != was.rowsHash() || h.Batch.Content != was.Batch.Content {
		return fmt.Errorf("%w: it has taken in other rows of batch %s than lie in %s", ErrRebuild, h.Batch.ID, h.Name())
	}
	h.Batch.Withdrawn = was.Batch.Withdrawn // which is compared later
	*was = h
	f.moved = append(f.moved, i)
	return nil
}

func byNumber(x, y Held) int { return cmp.Compare(x.Number, y.Number) }

// whole checks that no number is missing, nor a withdrawal.
func (f *following) whole() error {
	if n := len(f.held); n > 0 && len(f.fresh) > 0 && f.fresh[0].Number <= f.held[n-1].Number {
		return fmt.Errorf("%w: it lacks batch %s", ErrRebuild, f.fresh[0].Batch.ID)
	}
	all := slices.SortedFunc(slices.Values(slices.Concat(f.held, f.fresh)), byNumber)
	for i := range all {
		if h := &all[i]; h.Number > i+1 {
			return fault.New(fault.Conflict, "the file of batch number %d is missing, and without it no count can be trusted", i+1).At("%s", f.dir).
				Next("candor ledger verify names every file that is not as it was; put it back from a backup")
		} else if h.Number <= i {
			return f.swapped(h.Batch.ID, fmt.Sprintf("another batch has its number, %d", h.Number))
		}
	}
	if f.at.Number > len(all) {
		return f.missing(f.at.ID)
	}
	if f.at.Withdrawals > len(f.gone) {
		return fault.New(fault.Conflict, "%d batches were withdrawn, and only %d say so: a file %s is missing", f.at.Withdrawals, len(f.gone), "BATCH"+withdrawn).
			At("%s", f.dir).Next("candor ledger verify says which; put it back from a backup")
	}
	return nil
}

// A change of an index takes in so many files, or so many rows, at most, if it has
// more than one file: what is built is kept when the building is stopped.
const (
	changeFiles = 1000
	changeRows  = 2_000_000
)

// take takes in what the index does not hold yet, and withdrawals that it does not know.
func (f *following) take(ctx context.Context) error {
	if err := f.whole(); err != nil {
		return err
	}
	last := f.last()
	if f.o.Write {
		_ = os.Remove(filepath.Join(f.dir, TipName+".new")) // what was killed on its way
		if last != f.Store.at {
			if err := f.setTip(last); err != nil {
				return err
			}
		}
	}
	f.Store.at = last
	if f.o.Write {
		f.Store.left = f.left
		f.tidy()
	}
	last.Folder = f.state()
	if len(f.fresh)+len(f.moved) > 0 || f.late() || f.o.Write {
		if err := f.changes(ctx, last); err != nil {
			return err
		}
	}
	f.roll = newRoll(f.held)
	return nil
}

// late reports whether the index does not know of a withdrawal.
func (f *following) late() bool {
	return slices.ContainsFunc(f.held, func(h Held) bool { return h.Batch.Withdrawn == nil && f.gone[h.Batch.ID] != nil })
}

// changes takes in what is fresh, some of it at a time, and leaves the index at a tip.
func (f *following) changes(ctx context.Context, last Tip) error {
	var all, taken int64
	for _, h := range f.fresh {
		all += h.Rows
	}
	tell := func() {
		if f.o.Progress != nil && all > 0 {
			f.o.Progress(taken, all)
		}
	}
	for rest := f.fresh; ; {
		tell()
		n, rows := 0, int64(0)
		for n < len(rest) && n < changeFiles && (n == 0 || rows+rest[n].Rows <= changeRows) {
			rows += rest[n].Rows
			n++
		}
		at := Tip{} // until all is there
		if n == len(rest) {
			at = last
		}
		if err := f.change(ctx, rest[:n], at); err != nil {
			return err
		}
		f.held = append(f.held, rest[:n]...)
		if rest, taken = rest[n:], taken+rows; len(rest) == 0 {
			tell()
			return nil
		}
	}
}

// last is the tip of the folder once all is taken in.
func (f *following) last() Tip {
	t := Tip{Withdrawals: len(f.gone), Expiries: len(f.listing.expiries)}
	for name := range f.files {
		if strings.HasPrefix(name, merged) {
			t.Merges++
		}
	}
	if all := slices.Concat(f.held, f.fresh); len(all) > 0 {
		h := &all[len(all)-1]
		t.Number, t.ID = h.Number, h.Batch.ID
	}
	return t
}

// change takes in some files, and the withdrawals that the index does not know.
func (f *following) change(ctx context.Context, fresh []Held, at Tip) error {
	c, err := f.index.Begin(ctx)
	if err != nil {
		return err
	}
	defer c.Rollback()
	for i := range f.held {
		h := &f.held[i]
		if w := f.gone[h.Batch.ID]; w != nil && h.Batch.Withdrawn == nil {
			h.Batch.Withdrawn = w
			if err := cmp.Or(c.Forget(ctx, h.Number), c.Enter(ctx, *h)); err != nil {
				return err
			}
		}
	}
	moved := make([]Held, len(f.moved))
	for i, at := range f.moved {
		moved[i] = f.held[at]
	}
	if err := c.Enter(ctx, moved...); err != nil {
		return err
	}
	f.moved = nil
	files := make([]File, len(fresh))
	for i, h := range fresh {
		files[i] = File{Path: f.path(h.Name()), Batch: h.Batch.ID, Number: h.Number, Source: h.Batch.Source, Void: h.Batch.Withdrawn != nil}
	}
	if len(files) > 0 {
		if _, err := c.Take(ctx, files); err != nil {
			return err
		}
	}
	if err := c.Enter(ctx, fresh...); err != nil {
		return err
	}
	return c.Commit(ctx, at)
}
