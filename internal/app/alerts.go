package app

import (
	"context"
	"errors"
	"path/filepath"

	"candor/internal/engine"
	"candor/internal/fault"
	"candor/internal/hold"
	"candor/internal/store/duckdb"
	"candor/internal/store/sqlite"
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
		if s.engine == engine.SQLite {
			return opened(sqlite.OpenAlerts(ctx, path))
		}
		return s.openDuckDB(ctx, path)
	})
	return nil
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
func (s *stores) openDuckDB(ctx context.Context, path string) (a engine.Alerts, err error) {
	open := duckdb.ReadAlerts
	if s.hold != nil {
		open = duckdb.OpenAlerts
	}
	var busy error
	err = hold.Await(ctx, s.dir, s.patience(), func() error {
		a, err = opened(open(ctx, path))
		if fault.KindOf(err) == fault.Conflict {
			busy = err
			return hold.ErrHeld
		}
		return err
	})
	switch {
	case errors.Is(err, hold.ErrHeld):
		return nil, busy
	case errors.Is(err, duckdb.ErrOld):
		return s.renew(ctx, path)
	}
	return a, err
}

// renew brings a file to the newest schema, which takes the hold of a writer, and
// opens it for reading.
func (s *stores) renew(ctx context.Context, path string) (engine.Alerts, error) {
	h, err := hold.Acquire(ctx, s.asking())
	if err != nil {
		return nil, err
	}
	a, err := duckdb.OpenAlerts(ctx, path)
	if err == nil {
		err = a.Close()
	}
	if err := errors.Join(err, h.Release()); err != nil {
		return nil, err
	}
	return opened(duckdb.ReadAlerts(ctx, path))
}
