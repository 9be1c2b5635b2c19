package batches

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// Expire removes all rows of some alerts from the files; see store.Rewriter.
//
// The files are written anew beside those that there are. What expires, and what the files
// are to be, is noted then, with which it is decided: whoever opens the folder after a
// kill finishes it. Before, nothing has happened.
func (s *Store) Expire(ctx context.Context, e store.Expiring) (store.Expiry, error) {
	if strings.TrimSpace(e.Reason) == "" {
		return store.Expiry{}, fault.New(fault.Invalid, "an expiry needs a reason").Next("say why, for whoever asks later")
	}
	if e.Before == "" {
		return store.Expiry{}, fault.New(fault.Invalid, "an expiry needs the day before which alerts go")
	}
	release, err := s.wait(ctx)
	if err != nil {
		return store.Expiry{}, err
	}
	defer release()
	s.tidy()
	r, err := s.known(ctx)
	if err != nil {
		return store.Expiry{}, err
	}
	x := &expiration{Store: s, before: e.Before.Time(), entities: alert.FoldEntities(e.Entities), held: r.held, files: filesOf(r.held), ids: map[string]struct{}{}, some: map[string]map[Spot]bool{}, lost: map[string]int64{}}
	x.of = store.Expiry{ID: retention + strconv.Itoa(s.at.Expiries+1), At: e.At.Round(0).UTC(), By: e.By, Reason: e.Reason, Before: e.Before,
		OfEntity: len(e.Entities) > 0, Batches: map[string]store.Remains{}, Files: map[string]string{}, Sums: []store.ExpiredSum{}}
	if err := x.choose(ctx); err != nil || len(x.ids)+len(x.some) == 0 {
		return x.of, err
	}
	defer x.abandon()
	c, err := s.index.Begin(ctx)
	if err != nil {
		return store.Expiry{}, err
	}
	defer c.Rollback()
	if x.of.Sums, err = c.Drop(ctx, x.gone()); err != nil {
		return store.Expiry{}, fmt.Errorf("take expired alerts out of the index: %w", err)
	}
	for _, n := range x.of.Sums {
		x.of.Alerts += n.N
	}
	if e.Dry {
		return x.of, x.count(ctx, r)
	}
	moved, err := x.rewrite(ctx, r)
	if err != nil {
		return store.Expiry{}, err
	}
	if err := c.Enter(ctx, slices.SortedFunc(maps.Values(moved), byNumber)...); err != nil {
		return store.Expiry{}, err
	}
	return x.of, x.decide(ctx, c, moved)
}

// filesOf lists the files in which batches lie, in the order of their first batches.
func filesOf(held []Held) (files []lyingIn) {
	places := map[string]int{}
	for i := range held {
		h := &held[i]
		at, known := places[h.Name()]
		if !known {
			at = len(files)
			places[h.Name()] = at
			files = append(files, lyingIn{name: h.Name(), first: h.Batch.First, last: h.Batch.Last})
		}
		f := &files[at]
		f.sum, f.batches = h.sum(), append(f.batches, i)
		if !h.Batch.First.IsZero() && (f.first.IsZero() || h.Batch.First.Before(f.first)) {
			f.first = h.Batch.First
		}
		if h.Batch.Last.After(f.last) {
			f.last = h.Batch.Last
		}
	}
	return files
}

// lyingIn is a file with the places of the batches in it, and what bounds their times.
type lyingIn struct {
	name, sum   string
	batches     []int
	first, last time.Time
}

// expiration is an expiry under way.
type expiration struct {
	*Store
	of       store.Expiry
	before   time.Time
	entities []string
	held     []Held
	files    []lyingIn
	ids      map[string]struct{}      // of which all rows go
	some     map[string]map[Spot]bool // the rows that go of IDs that several alerts have
	numbers  map[string]int           // of batches
	lost     map[string]int64         // how many rows of each batch go
}

// each tells each of the rows of some files.
func (x *expiration) each(ctx context.Context, in func(*lyingIn) bool, each func(*batchfile.Row)) error {
	for i := range x.files {
		if !in(&x.files[i]) {
			continue
		}
		f, err := batchfile.Open(x.path(x.files[i].name))
		if err != nil {
			return err
		}
		for r, err := range f.Rows(ctx) {
			if err != nil {
				return errors.Join(err, f.Close())
			}
			each(&r)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// fresh is the path of the file that takes the place of the one with a name.
func (f folder) fresh(name string) string { return filepath.Join(f.dir, next+name+suffix) }

// rewrite writes the files anew that have rows which go, beside those that there are, and
// returns where the batches in them lie, by place.
func (x *expiration) rewrite(ctx context.Context, r *roll) (map[int]Held, error) {
	moved := map[int]Held{}
	for _, f := range x.files {
		has, err := x.has(ctx, f)
		if err != nil {
			return nil, err
		}
		if !has {
			continue
		}
		if sum, err := batchfile.Sum(ctx, x.path(f.name)); err != nil {
			return nil, err
		} else if sum != f.sum {
			return nil, x.swapped(f.name, "its SHA-256 is another")
		}
		heads, sum, err := batchfile.Rewrite(ctx, x.fresh(f.name), []batchfile.Part{{Path: x.path(f.name), SHA256: f.sum}}, func(r batchfile.Row) bool {
			if x.goes(&r) {
				x.lost[r.Batch]++
				x.of.Rows++
				return false
			}
			return true
		})
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(x.fresh(f.name))
		if err != nil {
			return nil, err
		}
		x.of.Files[f.name] = sum
		for i, at := range f.batches {
			h, was := heldOf(onDisk{id: f.name, size: info.Size(), time: info.ModTime().UTC()}, sum, heads[i], nil), r.held[at]
			h.Batch.Withdrawn = was.Batch.Withdrawn
			moved[at] = h
			if n := x.lost[h.Batch.ID]; n > 0 {
				x.of.Batches[h.Batch.ID] = store.Remains{Expired: n, Rows: h.Rows, RowsHash: h.rowsHash()}
			}
		}
	}
	return moved, nil
}

// count says what rewrite would come to, but for hashes.
func (x *expiration) count(ctx context.Context, r *roll) error {
	for _, f := range x.files {
		before := x.of.Rows
		err := x.each(ctx, func(o *lyingIn) bool { return o.name == f.name }, func(r *batchfile.Row) {
			if x.goes(r) {
				x.lost[r.Batch]++
				x.of.Rows++
			}
		})
		if err != nil {
			return err
		}
		if x.of.Rows > before {
			x.of.Files[f.name] = ""
		}
		for _, at := range f.batches {
			if h := &r.held[at]; x.lost[h.Batch.ID] > 0 {
				x.of.Batches[h.Batch.ID] = store.Remains{Expired: x.lost[h.Batch.ID], Rows: h.Rows - x.lost[h.Batch.ID]}
			}
		}
	}
	return nil
}

// has reports whether a file has rows of alerts that go.
func (x *expiration) has(ctx context.Context, in lyingIn) (has bool, err error) {
	for _, rows := range x.some {
		for _, at := range in.batches {
			for spot := range rows {
				if spot.Number == x.held[at].Number {
					return true, nil
				}
			}
		}
	}
	f, err := batchfile.Open(x.path(in.name))
	if err != nil {
		return false, err
	}
	err = f.IDs(ctx, func(id []byte) {
		_, goes := x.ids[string(id)]
		has = has || goes
	})
	return has, errors.Join(err, f.Close())
}

// abandon removes the files of an expiry that was not decided.
func (x *expiration) abandon() {
	if _, err := os.Lstat(filepath.Join(x.dir, expiring)); err == nil {
		return // whoever opens the folder next finishes it
	}
	for name := range x.of.Files {
		_ = os.Remove(x.fresh(name))
	}
}

// decide notes what expires, with which it has, and does it.
func (x *expiration) decide(ctx context.Context, c Change, moved map[int]Held) error {
	ctx = context.WithoutCancel(ctx)
	if err := x.alone(filepath.Join(x.dir, x.of.ID+expired)); err != nil {
		return err
	}
	text, err := x.of.Encode()
	if err != nil {
		return err
	}
	if err := x.doubt(errExpired.Error()); err != nil {
		return err
	}
	if err := durable.Write(filepath.Join(x.dir, expiring), text, 0o600); err != nil {
		return err
	}
	x.scrub = len(x.engine.Files) > 0
	if err := x.finish(); err != nil {
		return err
	}
	at := x.at
	at.Expiries++
	err = x.setTip(at)
	if err == nil {
		noted := at
		noted.Folder = x.state()
		err = x.memory.change(nil, func() error { return c.Commit(ctx, noted) })
	}
	if err != nil { // it has expired, and the index has not followed
		x.mu.Lock()
		defer x.mu.Unlock()
		x.refuse = fault.New(fault.Unavailable, "alerts have expired, and the index has not followed").Because(err).Next("run the command again, or start the server anew: the index is built from the files")
		return x.refuse
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.roll, x.at = x.roll.move(moved), at
	return nil
}

// finish does what an expiry that was decided has left to do, and removes what a process
// left that was killed before it had decided anything. Only who writes may call it.
func (f folder) finish() error {
	text, err := os.ReadFile(filepath.Join(f.dir, expiring))
	if errors.Is(err, os.ErrNotExist) {
		_ = os.Remove(filepath.Join(f.dir, incoming))
		_ = os.Remove(filepath.Join(f.dir, merging))
		return nil
	}
	if err != nil {
		return unreadable(filepath.Join(f.dir, expiring), err)
	}
	e, err := decodeExpiry(text)
	if err != nil {
		return fault.New(fault.Conflict, "the note of what is to expire is damaged").At("%s", filepath.Join(f.dir, expiring)).Because(err).
			Next("put the folder back from a backup")
	}
	for name := range e.Files {
		if err := durable.Rename(f.fresh(name), f.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fault.New(fault.Unavailable, "alerts are about to expire, and a file cannot take the place of another").At("%s", f.path(name)).Because(err).
				Next("check that you may write there; the next command that writes tries again")
		}
	}
	return durable.Rename(filepath.Join(f.dir, expiring), filepath.Join(f.dir, e.ID+expired))
}

func decodeExpiry(text []byte) (e store.Expiry, err error) {
	if err := json.Unmarshal(text, &e); err != nil {
		return e, err
	}
	if again, err := e.Encode(); err != nil || string(again) != string(text) {
		return e, cmp.Or(err, errors.New("it is not as it was written"))
	}
	return e, nil
}

// readExpiries reads what expired, oldest first.
func (f folder) readExpiries(ids []string) (list []store.Expiry, err error) {
	for _, id := range ids {
		path := filepath.Join(f.dir, id+expired)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		e, err := decodeExpiry(text)
		if err == nil && e.ID != id {
			err = fmt.Errorf("it is of %s", e.ID)
		}
		if err != nil {
			return nil, fault.New(fault.Conflict, "the record of %s is damaged", id).At("%s", path).Because(err).Next("put the file back from a backup")
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b store.Expiry) int { return cmp.Compare(order(a.ID), order(b.ID)) })
	return list, nil
}

// order is the number in the ID of an expiry.
func order(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, retention)) // another name comes first
	return n
}

// Expiries lists what expired; see store.Rewriter. Where nothing has, nothing is read.
func (s *Store) Expiries(context.Context) ([]store.Expiry, error) {
	s.mu.Lock()
	n, refuse := s.at.Expiries, s.refuse
	s.mu.Unlock()
	if n == 0 || refuse != nil {
		return nil, refuse
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = retention + strconv.Itoa(i+1)
	}
	return s.readExpiries(ids)
}
