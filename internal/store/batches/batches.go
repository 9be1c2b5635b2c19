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
	"sync"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/store"
)

// Store keeps the batches of one data folder. It implements store.Alerts and
// store.Custody, and is safe for concurrent use.
type Store struct {
	folder
	engine Engine
	o      Options
	index  Index
	turn   chan struct{} // held by the one that writes
	gather int           // see counts

	mu     sync.Mutex
	roll   *roll // what is held; nil until it is needed
	at     Tip
	refuse error // why questions are not answered
}

var (
	_ store.Alerts  = (*Store)(nil)
	_ store.Custody = (*Store)(nil)
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
		_ = os.Remove(filepath.Join(dir, incoming)) // what was killed on its way
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
		return fmt.Errorf("%w: %s", ErrRebuild, why)
	}
	if s.index, err = s.engine.Open(ctx, s.o.Write); err != nil {
		return err
	}
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

// aside moves the files of an index out of the way. What was moved there earlier goes.
func (s *Store) aside(why error) error {
	if !s.o.Write {
		return fmt.Errorf("%w: %w", ErrReadOnly, why)
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

// Close closes the index. A batch that is being written is waited for.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.index.Close()
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

// File returns the path of the file that a batch is; fault.NotFound when there is none.
func (s *Store) File(ctx context.Context, batch string) (string, error) {
	r, err := s.known(ctx)
	if err != nil {
		return "", err
	}
	if _, exact, err := r.find(batch); err != nil || !exact {
		return "", fault.New(fault.NotFound, "there is no batch %s of alerts", batch)
	}
	return s.path(batch), nil
}
