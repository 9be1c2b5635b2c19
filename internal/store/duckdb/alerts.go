//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/stamp"
)

// Alerts keeps alerts, dispositions and their counts in one DuckDB file. It
// implements store.Alerts.
type Alerts struct {
	db *sql.DB
	// turn is held by the one Append that writes.
	turn   chan struct{}
	held   *held
	limits limits
	path   string   // empty when it is not there, and memory stands for it
	writes bool     // opened for writing
	source *os.File // path, once it was read; held with turn
	doubt  int64    // the length of the log that a guard has, or settled, or broken; held with turn
}

var (
	_ store.Alerts  = (*Alerts)(nil)
	_ store.Custody = (*Alerts)(nil)
)

// limits bound what is held in memory.
type limits struct {
	// terms is how many terms are remembered while a batch is read, slice how many
	// alerts wait before they are merged, and text how many bytes of them. page is
	// how many alerts are read at a time, because the driver holds an answer whole.
	// patience is after how many slices a filter tells what is known, and filter how
	// many blocks it has; long is after how many the engine may use less memory.
	terms, slice, text, page, patience, long, filter int
	// reach is how many numbers of arrivals are read at a time where all are.
	reach int64
}

// usual returns the limits that are used but in tests of what lies beyond them.
// A slice is one of the groups in which DuckDB stores rows, and half of one is
// enough to keep what each reading costs by itself small.
func usual() limits {
	return limits{terms: 1 << 19, slice: 122_880, text: 256 << 20, page: 1 << 15, patience: 6, long: 12, filter: 1 << 20, reach: 1 << 16}
}

// OpenAlerts opens the alert store in the file at path, making it if need be.
// The caller closes it. It is fault.Conflict while another process has the file
// open.
func OpenAlerts(ctx context.Context, path string) (*Alerts, error) {
	path, err := openable(path)
	if err != nil {
		return nil, err
	}
	if err := found(ctx, path); err != nil {
		return nil, err
	}
	if err := mend(path); err != nil {
		return nil, err
	}
	h := &held{tables: map[string]*table{}}
	db, err := open(ctx, path, h)
	if err != nil {
		return nil, err
	}
	return &Alerts{db: db, held: h, turn: make(chan struct{}, 1), limits: usual(), path: path, writes: true, doubt: settled}, nil
}

// Close brings what is in the log into the file, and closes it. What cannot be brought
// stays in the log, and is read from there. A batch that is being written gets a moment
// to end; the file is left as it is if it does not.
func (a *Alerts) Close() error {
	const moment = 5 * time.Second
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-time.After(moment):
		return a.db.Close()
	}
	if a.writes {
		_ = a.checkpoint(context.Background())
	}
	err := a.db.Close()
	if a.source != nil {
		err = errors.Join(err, a.source.Close())
	}
	if a.writes && a.doubt != settled {
		err = errors.Join(err, mend(a.path))
	}
	a.writes, a.source = false, nil
	return err
}

// file returns the file, to read it as it lies on the disk. It stays open as long as
// the store: on Unix, to close any file of this process that is open on a path ends
// the engine's lock on it.
func (a *Alerts) file() (*os.File, error) {
	if a.source == nil {
		f, err := os.Open(a.path)
		if err != nil {
			return nil, err
		}
		a.source = f
	}
	return a.source, nil
}

// Append lands the alerts of a batch, whole or not at all.
//
// An alert whose ID is known is merged into what is there: a field that is set
// replaces the one before, a field left empty says nothing, and Fields merge key
// by key. Its disposition is a new statement unless class, word, time, author
// and provenance are those of one already made. Every alert that is not partial
// needs an ID, a rule and a time between 1678 and 2262, every text must be UTF-8, and a disposition
// needs a class and, unless it is alert.Unlabelled, a provenance that package
// alert names; an alert that does not is fault.Invalid. Errors from alerts are
// returned as they are.
func (a *Alerts) Append(ctx context.Context, b store.Batch, alerts iter.Seq2[*alert.Alert, error]) (landed store.Batch, fresh bool, err error) {
	if b.ID == "" || b.Hash == "" {
		return store.Batch{}, false, fault.New(fault.Invalid, "a batch needs an id and the hash of its input")
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return store.Batch{}, false, ctx.Err()
	}
	e, err := a.begin(ctx, b)
	if err != nil {
		return store.Batch{}, false, fmt.Errorf("begin batch %s: %w", b.ID, err)
	}
	defer func() {
		e.end()
		_ = limitMemory(context.WithoutCancel(ctx), a.db, memory) // in case the batch was long or changed much
	}()
	if earlier, found, err := e.earlier(ctx); err != nil || found {
		return earlier, false, err
	}
	if err := a.fill(ctx, e, alerts); err != nil {
		return store.Batch{}, false, err
	}
	if err := e.complete(); err != nil {
		return store.Batch{}, false, err
	}
	if err := e.enter(ctx); err != nil {
		return store.Batch{}, false, err
	}
	if err := a.commit(e.tx); err != nil {
		return store.Batch{}, false, fmt.Errorf("commit batch %s: %w", b.ID, err)
	}
	a.relieve(ctx, maxLog)
	return e.Batch, true, nil
}

// fill stages the alerts, a slice after the other, and merges each slice into
// what is there.
func (a *Alerts) fill(ctx context.Context, e *entry, alerts iter.Seq2[*alert.Alert, error]) error {
	g, err := newStage(ctx, e, a.limits)
	if err != nil {
		return e.because(ctx, err)
	}
	defer g.wait()
	for al, err := range alerts {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := g.add(ctx, al); err != nil {
			return err
		}
	}
	return g.finish(ctx)
}

// Batches lists every batch of alerts, oldest first.
func (a *Alerts) Batches(ctx context.Context) ([]store.Batch, error) {
	var list []store.Batch
	var broken error
	err := a.scan(ctx, 3, func(v []value) {
		b, err := decodeBatch(v[0].(string), v[1].(string), v[2].(string))
		broken = errors.Join(broken, err)
		list = append(list, b)
	}, `SELECT b.body, b.content, coalesce(w.body, '') FROM batch b LEFT JOIN withdrawal w ON w.batch = b.seq ORDER BY b.seq`)
	if err := errors.Join(err, broken); err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	return list, nil
}

// decodeBatch reads a batch, with the withdrawal, which may be empty.
func decodeBatch(body, content, withdrawal string) (b store.Batch, err error) {
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return store.Batch{}, fmt.Errorf("read stored batch: %w", err)
	}
	b.Content = content
	if withdrawal == "" {
		return b, nil
	}
	b.Withdrawn = &store.Withdrawal{}
	if err := json.Unmarshal([]byte(withdrawal), b.Withdrawn); err != nil {
		return store.Batch{}, fmt.Errorf("read the withdrawal of batch %s: %w", b.ID, err)
	}
	return b, nil
}

// Dispositions lists every statement about an alert, oldest first; of two with
// the same time, the one that arrived first comes first. One that only withdrawn
// batches made is marked. It is empty for an alert without any, and
// fault.NotFound for an unknown alert.
func (a *Alerts) Dispositions(ctx context.Context, alertID string) ([]alert.Disposition, error) {
	var seq int64
	err := a.db.QueryRowContext(ctx, `SELECT seq FROM alert WHERE digest = ? AND id = ?`, digest(alertID), alertID).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noAlert(alertID)
	}
	if err != nil {
		return nil, fmt.Errorf("look up alert %q: %w", alertID, err)
	}
	var list []alert.Disposition
	// A statement stands where a batch that counts made it first.
	err = a.scan(ctx, 7, func(v []value) {
		list = append(list, alert.Disposition{
			AlertID: alertID, Time: stamp.Time(v[0].(int64)), Class: alert.Class(v[1].(string)), Word: v[2].(string),
			By: v[3].(string), Provenance: alert.Provenance(v[4].(string)), Withdrawn: v[5].(bool), Batch: v[6].(string),
		})
	}, `SELECT d.said, k.text, w.text, u.text, p.text, counting IS NULL, b.id
		FROM (SELECT r.said, r.class, r.word, r.author, r.provenance, min(r.seq) AS first, min(r.seq) FILTER (v.batch IS NULL) AS counting,
				coalesce(min(r.batch) FILTER (v.batch IS NULL), min(r.batch)) AS batch
			FROM arrival r LEFT JOIN withdrawal v ON v.batch = r.batch WHERE r.alert = ? AND r.class <> 0 GROUP BY ALL) d
		JOIN batch b ON b.seq = d.batch
		JOIN term k ON k.id = d.class
		JOIN term w ON w.id = d.word
		JOIN term u ON u.id = d.author
		JOIN term p ON p.id = d.provenance
		ORDER BY d.said, d.counting NULLS LAST, d.first`, seq)
	if err != nil {
		return nil, fmt.Errorf("list dispositions of alert %q: %w", alertID, err)
	}
	return list, nil
}
