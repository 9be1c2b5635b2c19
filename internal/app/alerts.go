package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/backup"
	"candor/internal/engine"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/hold"
	"candor/internal/ledger"
	"candor/internal/store/batches"
	"candor/internal/store/duckdb"
	"candor/internal/store/scan"
)

// Engines lists the engines for alerts that this build has, the usual one first.
func Engines() []engine.Name { return engine.Built(duckdb.Built) }

// openAlerts returns the alert store of the folder, which is opened when it is
// first asked something.
func (s *stores) openAlerts() (err error) {
	wish := engine.Wish{Name: s.mode.Alerts, Index: s.mode.Write || s.mode.Serve || s.mode.Index}
	if s.engine, err = engine.Choose(s.dir, wish, Engines()); err != nil {
		return err
	}
	s.alerts = engine.NewLate(s.openFiles)
	return nil
}

// openFiles opens the folder of batch files. What is read of one that cannot be written
// must not change meanwhile.
func (s *stores) openFiles(ctx context.Context) (engine.Alerts, error) {
	dir := filepath.Join(s.dir, engine.Folder)
	if len(s.frozen) > 0 {
		s.freeze(filepath.Join(dir, batches.TipName))
	}
	if s.engine == engine.Scan {
		return opened(scan.Open(ctx, dir, s.batching(s.hold != nil)))
	}
	index := duckdb.Engine(filepath.Join(s.dir, engine.Index), dir)
	if s.hold != nil {
		return s.await(ctx, index, true)
	}
	a, err := s.await(ctx, index, false)
	if errors.Is(err, batches.ErrReadOnly) {
		a, err = s.renew(ctx, index)
	}
	if hold.Unwritable(err) || errors.Is(err, batches.ErrReadOnly) { // as on a full disk
		return s.indexElsewhere(ctx, dir, err)
	}
	return a, err
}

// batching is how the batches are opened.
func (s *stores) batching(write bool) batches.Options {
	o := batches.Options{Write: write, Recorded: s.recorded}
	if s.mode.Note != nil {
		o.Aside = func(to []string, why error) {
			s.mode.Note(fmt.Sprintf("the index of the alerts is built anew from the batch files (%v); what was there is kept in %s", why, strings.Join(to, " and ")))
		}
		const many, step = 1_000_000, 10 // rows, and parts of all of them
		told := int64(-1)
		o.Progress = func(taken, all int64) {
			if part := taken * step / max(all, 1); all >= many && part != told {
				told = part
				s.mode.Note(fmt.Sprintf("index of the alerts: %s of %s rows", figure.Count(taken), figure.Count(all)))
			}
		}
	}
	return o
}

// recorded returns the hashes that the ledger has of batch files, by name.
func (s *stores) recorded(ctx context.Context) (map[string]string, error) {
	entries, err := ledger.New(s.evidence.Ledger()).Entries(ctx)
	if err != nil {
		return nil, err
	}
	hashes := map[string]string{}
	for _, e := range entries {
		if e.Kind == ledger.Batch || e.Kind == ledger.Merge {
			hashes[e.ID] = e.SHA256
		}
		maps.Copy(hashes, e.Files)
	}
	return hashes, nil
}

// parts are the stores that a backup copies, but for folders of files.
func (s *stores) parts() []backup.Part {
	return []backup.Part{{Name: "library.db", CopyTo: s.library.CopyTo}, {Name: "evidence.db", CopyTo: s.evidence.CopyTo}}
}

// opened makes a store an engine.Alerts, and no store none.
func opened[S engine.Alerts](s S, err error) (engine.Alerts, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// await opens the index, which one process may write or several read, once those that
// have it are done.
func (s *stores) await(ctx context.Context, index batches.Engine, write bool) (a engine.Alerts, err error) {
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
		a, err = opened(batches.Open(ctx, filepath.Join(s.dir, engine.Folder), index, s.batching(write)))
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

// renew brings the index in step with the files, which takes the hold of a writer, and
// opens it for reading. Another process may do the same meanwhile.
func (s *stores) renew(ctx context.Context, index batches.Engine) (engine.Alerts, error) {
	h, err := hold.Acquire(ctx, s.asking())
	if err != nil {
		return nil, err
	}
	a, err := s.await(ctx, index, true)
	if err == nil {
		err = a.Close()
	}
	if err == nil {
		a, err = s.await(ctx, index, false)
	}
	if err := errors.Join(err, h.Release()); err != nil {
		return nil, err
	}
	return a, nil
}

// indexElsewhere opens the batch files of a folder that cannot be written with an index
// among the temporary files. What opening the index where it is failed with is why.
func (s *stores) indexElsewhere(ctx context.Context, dir string, why error) (engine.Alerts, error) {
	at, err := s.scratchFolder()
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the alerts of a folder that cannot be written need an index elsewhere, which cannot be made").
			At("%s", dir).Because(errors.Join(err, why)).Next("check that there is room in %s; TMPDIR names another folder", os.TempDir())
	}
	index := duckdb.Engine(filepath.Join(at, engine.Index), dir)
	open := index.Open
	index.Open = func(ctx context.Context, _ bool) (batches.Index, error) { return open(ctx, true) }
	a, err := opened(batches.Open(ctx, dir, index, s.batching(false)))
	if err == nil {
		s.noteReadOnly()
	}
	return a, err
}
