package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
)

// watch tells whether a file was changed, by whichever connection of whichever process.
// SQLite changes a number (PRAGMA data_version) for a connection when another one
// commits, so that it is asked on one that never writes.
type watch struct {
	db *sql.DB

	mu    sync.Mutex
	conn  *sql.Conn
	ask   *sql.Stmt
	epoch int // how many connections there were: each counts for itself
	// state is what the file's last generation says of the batches in it.
	state, of string
}

// generation names the state of the file, as store.Generations has it.
func (w *watch) generation(ctx context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.file(ctx)
}

// batches names the state of the batches in the file: none is ever taken out, and
// neither is a withdrawal.
func (w *watch) batches(ctx context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of, err := w.file(ctx)
	if err != nil || of == w.of {
		return w.state, err
	}
	var last, withdrawn int64
	err = w.conn.QueryRowContext(ctx, `SELECT coalesce((SELECT max(seq) FROM batch), 0), (SELECT count(*) FROM withdrawal)`).Scan(&last, &withdrawn)
	if err != nil {
		return "", fmt.Errorf("ask which batches there are: %w", err)
	}
	w.of, w.state = of, fmt.Sprintf("%d.%d", last, withdrawn)
	return w.state, nil
}

// file names the state of the file; w.mu is held.
func (w *watch) file(ctx context.Context) (string, error) {
	if err := w.open(ctx); err != nil {
		return "", fmt.Errorf("ask whether the store was changed: %w", err)
	}
	var n int64
	// Without the caller's cancellation, for which the driver would start a goroutine.
	if err := w.ask.QueryRowContext(context.WithoutCancel(ctx)).Scan(&n); err != nil {
		return "", fmt.Errorf("ask whether the store was changed: %w", errors.Join(err, w.close()))
	}
	return strconv.Itoa(w.epoch) + "." + strconv.FormatInt(n, 10), nil
}

// open takes a connection, unless there is one.
func (w *watch) open(ctx context.Context) (err error) {
	if w.conn != nil {
		return nil
	}
	if w.conn, err = w.db.Conn(ctx); err != nil {
		w.conn = nil
		return err
	}
	w.epoch++
	if w.ask, err = w.conn.PrepareContext(ctx, `PRAGMA data_version`); err != nil {
		return errors.Join(err, w.close())
	}
	return nil
}

// close gives the connection back. A statement that was left on it would keep the file
// open, and its log beside it, when the store is closed.
func (w *watch) close() error {
	conn, ask := w.conn, w.ask
	w.conn, w.ask = nil, nil
	if conn == nil {
		return nil
	}
	var err error
	if ask != nil {
		err = ask.Close()
	}
	return errors.Join(err, conn.Close())
}

// shut gives the connection back and closes the file.
func (w *watch) shut() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.close(), w.db.Close())
}

// Generation names the state of the library; see store.Generations.
func (l *Library) Generation(ctx context.Context) (string, error) { return l.watch.generation(ctx) }

// Generation names the state of the evidence; see store.Generations.
func (e *Evidence) Generation(ctx context.Context) (string, error) { return e.watch.batches(ctx) }

// Generation names the state of the ledger and of the evidence that is in the same file;
// see store.Generations.
func (l *Ledger) Generation(ctx context.Context) (string, error) { return l.watch.generation(ctx) }
