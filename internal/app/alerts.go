package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"candor/internal/backup"
	"candor/internal/engine"
	"candor/internal/fault"
	"candor/internal/hold"
	"candor/internal/ledger"
	"candor/internal/store/batches"
	"candor/internal/store/duckdb"
	"candor/internal/store/scan"
)

// Engines lists the engines for alerts that this build has, the one for new
// folders first.
func Engines() []engine.Name { return engine.Built(duckdb.Built) }

// openAlerts returns the alert store of the folder, which is opened when it is
// first asked something.
func (s *stores) openAlerts() (err error) {
	if s.engine, err = engine.Choose(s.dir, s.mode.Alerts, Engines()); err != nil {
		return err
	}
	path := filepath.Join(s.dir, s.engine.File())
	s.alerts = engine.NewLate(func(ctx context.Context) (engine.Alerts, error) {
		if s.engine == engine.Scan {
			return s.openFiles(ctx, path)
		}
		return s.openDuckDB(ctx, path)
	})
	return nil
}

// openFiles opens the folder of batch files. What is read of one that cannot be written
// must not change meanwhile.
func (s *stores) openFiles(ctx context.Context, path string) (engine.Alerts, error) {
	if len(s.frozen) > 0 {
		s.freeze(filepath.Join(path, batches.TipName))
	}
	return opened(scan.Open(ctx, path, batches.Options{Write: s.hold != nil, Recorded: s.recorded}))
}

// recorded returns the hashes that the ledger has of batches.
func (s *stores) recorded(ctx context.Context) (map[string]string, error) {
	entries, err := ledger.New(s.evidence.Ledger()).Entries(ctx)
	if err != nil {
		return nil, err
	}
	hashes := map[string]string{}
	for _, e := range entries {
		if e.Kind == ledger.Batch {
			hashes[e.ID] = e.SHA256
		}
	}
	return hashes, nil
}

// parts are the stores that a backup copies, but for folders of files.
func (s *stores) parts() []backup.Part {
	list := []backup.Part{{Name: "library.db", CopyTo: s.library.CopyTo}, {Name: "evidence.db", CopyTo: s.evidence.CopyTo}}
	if s.engine != engine.DuckDB {
		return list
	}
	return append(list, backup.Part{Name: s.engine.File(), CopyTo: func(ctx context.Context, path string) error {
		a, err := s.alerts.Open(ctx)
		if err != nil {
			return err
		}
		return a.(*duckdb.Alerts).CopyTo(ctx, path)
	}})
}

// opened makes a store an engine.Alerts, and no store none.
func opened[S engine.Alerts](s S, err error) (engine.Alerts, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// openDuckDB opens a file that one process may write or several read, and waits
// for those that have it.
func (s *stores) openDuckDB(ctx context.Context, path string) (engine.Alerts, error) {
	if s.hold != nil {
		return s.awaitDuckDB(ctx, path, duckdb.OpenAlerts)
	}
	a, err := s.awaitDuckDB(ctx, path, duckdb.ReadAlerts)
	if errors.Is(err, duckdb.ErrUnready) {
		a, err = s.renew(ctx, path)
	}
	if hold.Unwritable(err) {
		return s.copyDuckDB(ctx, path, err)
	}
	return a, err
}

// awaitDuckDB opens the file in one way, once those that have it are done.
func (s *stores) awaitDuckDB(ctx context.Context, path string, open func(context.Context, string) (*duckdb.Alerts, error)) (a engine.Alerts, err error) {
	var busy error
	p := s.patience()
	tell := p.Tell
	p.Tell = func(h hold.Holder) {
		if h.PID == os.Getpid() {
			h = hold.Holder{} // those that read, who are not known
		}
		tell(h)
	}
	err = hold.Await(ctx, s.dir, p, func() error {
		a, err = opened(open(ctx, path))
		if fault.KindOf(err) == fault.Conflict {
			busy = err
			return hold.ErrHeld
		}
		return err
	})
	if errors.Is(err, hold.ErrHeld) {
		return nil, busy
	}
	return a, err
}

// renew makes a file one that can be read, which takes the hold of a writer, and
// opens it for reading. Another process may do the same meanwhile.
func (s *stores) renew(ctx context.Context, path string) (engine.Alerts, error) {
	h, err := hold.Acquire(ctx, s.asking())
	if err != nil {
		return nil, err
	}
	a, err := s.awaitDuckDB(ctx, path, duckdb.ReadAlerts)
	if errors.Is(err, duckdb.ErrUnready) {
		if a, err = s.awaitDuckDB(ctx, path, duckdb.OpenAlerts); err == nil {
			err = a.Close()
		}
		if err == nil {
			a, err = s.awaitDuckDB(ctx, path, duckdb.ReadAlerts)
		}
	}
	if errors.Is(err, duckdb.ErrUnready) {
		err = fault.New(fault.Unavailable, "the alert store is not ready to be read").At("%s", path).Because(err).
			Next("check the space left on the disk of the data folder, and run the command again")
	}
	if err := errors.Join(err, h.Release()); err != nil {
		return nil, err
	}
	return a, nil
}
