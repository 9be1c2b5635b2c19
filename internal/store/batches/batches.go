// Package batches keeps alerts as immutable files, one to a batch, with an index over
// them that answers questions. The files are the truth; the index can be lost.
//
// A batch has landed once its file has its name. What an index has not taken in, after a
// kill or because it is new, it takes in when the store is opened. The package refuses to
// answer while a file is missing or is not the one that was written: nothing is left out
// of a count in silence. It knows no engine; whoever wires it hands in the index.
package batches

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"candor/internal/alert"
	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// Store keeps the batches of one data folder. It implements store.Alerts and
// store.Custody, and is safe for concurrent use.
type Store struct {
	folder
	engine Engine
	o      Options
	index  Index
	memory *memory       // what it answered
	turn   chan struct{} // held by the one that writes
	gather int           // see counts

	// reading is held, by each, by those who read batch files whose names they were told, and
	// by whoever removes such files.
	reading sync.RWMutex
	left    []string // names of files whose rows lie in a merged file, to be removed
	scrub   bool     // the index has to go, because rows expired that it may still hold

	mu     sync.Mutex
	roll   *roll // what is held; nil until it is needed
	at     Tip
	refuse error // why questions are not answered
}

var (
	_ store.Alerts   = (*Store)(nil)
	_ store.Custody  = (*Store)(nil)
	_ store.Rewriter = (*Store)(nil)
	_ store.Packer   = (*Store)(nil)
)

// Options are what a Store is opened with.
type Options struct {
	// Write says that batches may be added.
	Write bool
	// Recorded, if set, returns the hashes that the ledger has of batches, by ID. A file
	// that the index has not taken in, or took in as another, is compared with it.
	Recorded func(ctx context.Context) (map[string]string, error)
	// Progress, if set, is told of how many rows that are to be taken in how many have been.
	Progress func(taken, all int64)
	// Aside, if set, is told where the files of an index were moved, and why.
	Aside func(to []string, why error)
}

// Open opens the store whose files lie in dir, which need not be there, and brings the
// index in step with them; one that cannot be used it moves aside, and builds anew. It is
// ErrReadOnly where the index would have to be written and cannot. A batch file that is
// missing or was changed is no error here: whoever asks gets it.
func Open(ctx context.Context, dir string, e Engine, o Options) (*Store, error) {
	s := &Store{folder: folder{dir}, engine: e, o: o, turn: make(chan struct{}, 1), gather: gathered}
	if o.Write {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, err
		}
		if err := s.finish(); err != nil {
			return nil, err
		}
	} else if _, err := os.Lstat(filepath.Join(dir, expiring)); err == nil {
		return nil, fmt.Errorf("%w: an expiry was cut short, and has to be finished", ErrReadOnly)
	}
	err := s.attach(ctx)
	if errors.Is(err, ErrRebuild) {
		if err = s.aside(err); err == nil {
			err = s.attach(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// attach opens the index and brings it in step. It leaves none open that it could not.
func (s *Store) attach(ctx context.Context) (err error) {
	if why, err := os.ReadFile(filepath.Join(s.dir, doubted)); err == nil && len(s.engine.Files) > 0 {
		if string(why) == errExpired.Error() {
			return fmt.Errorf("%w: %w", ErrRebuild, errExpired)
		}
		return fmt.Errorf("%w: %s", ErrRebuild, why)
	}
	if s.index, err = s.engine.Open(ctx, s.o.Write); err != nil {
		return err
	}
	s.memory = newMemory(s.index)
	err = s.follow(ctx)
	var said *fault.Error
	if errors.As(err, &said) && !errors.Is(err, ErrRebuild) && !errors.Is(err, ErrReadOnly) {
		s.refuse = err
		return nil
	}
	if err != nil {
		err = errors.Join(err, s.index.Close())
	}
	return err
}

// errExpired says that an index may hold what has expired. It is removed, not moved aside.
var errExpired = errors.New("rows have expired that it may still hold")

// aside moves the files of an index out of the way. What was moved there earlier goes.
func (s *Store) aside(why error) error {
	if !s.o.Write {
		return fmt.Errorf("%w: %w", ErrReadOnly, why)
	}
	if errors.Is(why, errExpired) {
		return s.drop()
	}
	var to []string
	for _, path := range s.engine.Files {
		if _, err := os.Lstat(path); err != nil {
			continue
		}
		if err := durable.Rename(path, path+".aside"); err != nil {
			return fault.New(fault.Unavailable, "the index of the alerts cannot be used, and cannot be moved aside").At("%s", path).
				Because(errors.Join(err, why)).Next("remove the file: what it holds follows from the files in %s", s.dir)
		}
		to = append(to, path+".aside")
	}
	if s.o.Aside != nil {
		s.o.Aside(to, why)
	}
	if err := os.Remove(filepath.Join(s.dir, doubted)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// drop removes the files of an index, and of one that was moved aside.
func (s *Store) drop() error {
	for _, path := range s.engine.Files {
		for _, p := range []string{path, path + ".aside"} {
			if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fault.New(fault.Unavailable, "rows have expired, and the index of the alerts, which may still hold them, cannot be removed").At("%s", p).
					Because(err).Next("remove the file: it is built anew from the files in %s", s.dir)
			}
		}
	}
	if err := os.Remove(filepath.Join(s.dir, doubted)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Close closes the index. A batch that is being written is waited for.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.tidy()
	err := s.index.Close()
	if s.scrub && err == nil {
		err = s.drop()
	}
	return err
}

// wait waits for the turn to write.
func (s *Store) wait(ctx context.Context) (release func(), err error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Batches lists every batch of alerts, oldest first. The list must not be changed.
func (s *Store) Batches(ctx context.Context) ([]store.Batch, error) {
	r, err := s.known(ctx)
	if err != nil {
		return nil, err
	}
	return r.list(), nil
}

// Newest lists the batches of alerts that landed last; see store.Recent.
func (s *Store) Newest(ctx context.Context, upTo, n int) (list []store.Batch, all int, err error) {
	if r := s.noted(); r != nil {
		of := Part(r.list(), upTo, n)
		return slices.Clone(of), len(r.batches), s.fit()
	}
	if err := s.fit(); err != nil {
		return nil, 0, err
	}
	held, all, err := s.index.Newest(ctx, upTo, n)
	for i := range held {
		list = append(list, held[i].Batch)
	}
	return list, all, err
}

// Part is the last n of the first upTo of a list, of all where upTo is below 0.
func Part[T any](list []T, upTo, n int) []T {
	if upTo >= 0 {
		list = list[:min(upTo, len(list))]
	}
	return list[max(0, len(list)-n):]
}

// File returns the path of the file in which a batch lies, or of a merged file, and
// whether it is of that batch alone; fault.NotFound when there is none.
func (s *Store) File(ctx context.Context, batch string) (path string, alone bool, err error) {
	r, err := s.known(ctx)
	if err != nil {
		return "", false, err
	}
	if strings.HasPrefix(batch, merged) && slices.ContainsFunc(r.held, func(h Held) bool { return h.Batch.Merged == batch }) {
		return s.path(batch), true, nil
	}
	i, exact, err := r.find(batch)
	if err != nil || !exact {
		return "", false, fault.New(fault.NotFound, "there is no batch %s of alerts", batch)
	}
	h := &r.held[i]
	return s.path(h.Name()), h.Batch.Merged == "", nil
}

// Brought lists what a batch brought; see store.Alerts.
func (s *Store) Brought(ctx context.Context, batch string, first, n int) (list []*alert.Alert, all int, err error) {
	s.reading.RLock()
	defer s.reading.RUnlock()
	path, _, err := s.File(ctx, batch)
	if err != nil {
		return nil, 0, err
	}
	f, err := batchfile.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	for _, h := range f.Heads {
		if h.Batch.ID == batch {
			all = int(h.Rows)
		}
	}
	at := 0
	for row, err := range f.Rows(ctx) {
		switch {
		case err != nil:
			return nil, 0, err
		case row.Batch != batch:
			continue
		case at >= first+n:
			return list, all, nil
		case at >= first:
			a := *row.Alert // the file's own is of the rows that it reads now
			if a.Disposition != nil {
				a.Disposition = new(*a.Disposition)
			}
			list = append(list, &a)
		}
		at++
	}
	return list, all, nil
}

// Extract writes the rows of a batch that was merged to a new file at path, and returns the
// SHA-256 of that.
func (s *Store) Extract(ctx context.Context, batch, path string) (string, error) {
	s.reading.RLock()
	defer s.reading.RUnlock()
	from, _, err := s.File(ctx, batch)
	if err != nil {
		return "", err
	}
	_, sum, err := batchfile.Rewrite(ctx, path, []batchfile.Part{{Path: from, Only: batch}}, nil)
	return sum, err
}
