//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strings"

	"candor/internal/fault"
	"candor/internal/store"
)

// entry is a batch that is being written: one transaction.
type entry struct {
	store.Batch
	*held
	conn *sql.Conn // what tx is on
	tx   *sql.Tx
	seq  int32
	base int64 // what arrives gets its place in the batch, added to this, as its number
	seal hash.Hash

	memory  int // that the engine may use, but for what it keeps of changes, in bytes
	allowed int // that it may use, in bytes
	changes int // rows that statements changed
}

// begin starts a transaction, which lives until end whatever becomes of ctx.
func (a *Alerts) begin(ctx context.Context, b store.Batch) (*entry, error) {
	if err := a.writable(); err != nil {
		return nil, err
	}
	e := &entry{Batch: b, held: a.held, seal: sha256.New(), memory: memory, allowed: memory}
	e.Content, e.Withdrawn = "", nil
	var err error
	if e.conn, err = a.db.Conn(ctx); err != nil {
		return nil, err
	}
	if e.tx, err = e.conn.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return nil, errors.Join(err, e.conn.Close())
	}
	err = e.tx.QueryRowContext(ctx, `SELECT (SELECT coalesce(max(seq), 0) + 1 FROM batch),
		greatest((SELECT coalesce(max(seq), 0) FROM alert), (SELECT coalesce(max(seq), 0) FROM arrival))`).
		Scan(&e.seq, &e.base)
	if err != nil {
		e.end()
		return nil, err
	}
	return e, nil
}

// end takes back what was not committed.
func (e *entry) end() {
	e.tx.Rollback()
	e.conn.Close()
	e.release()
}

// earlier returns the batch that counts and brought the same input, if one did.
// The id of another batch is fault.Conflict.
func (e *entry) earlier(ctx context.Context) (b store.Batch, found bool, err error) {
	var body, content string
	err = e.tx.QueryRowContext(ctx, `SELECT body, content FROM batch b ANTI JOIN withdrawal w ON w.batch = b.seq WHERE hash = ?`, e.Hash).
		Scan(&body, &content)
	if err == nil {
		b, err = decodeBatch(body, content, "")
		return b, err == nil, err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return b, false, fmt.Errorf("look up batch %s: %w", e.ID, err)
	}
	var taken bool
	if err := e.tx.QueryRowContext(ctx, `SELECT EXISTS (FROM batch WHERE id = ?)`, e.ID).Scan(&taken); err != nil {
		return b, false, fmt.Errorf("look up batch %s: %w", e.ID, err)
	}
	if taken {
		return b, false, fault.New(fault.Conflict, "batch id %s is taken by another input", e.ID)
	}
	return b, false, nil
}

// complete lets who reads the alerts say what only they know, and counts what was
// read.
func (e *entry) complete() error {
	if say := e.Complete; say != nil {
		e.Complete = nil
		if err := say(&e.Batch); err != nil {
			return err
		}
	}
	e.Read = e.New + e.Updated + e.Unchanged + e.Rejected
	return nil
}

// enter writes the batch with its counts and its seal.
func (e *entry) enter(ctx context.Context) error {
	body, err := json.Marshal(e.Batch)
	if err != nil {
		return fmt.Errorf("enter batch %s: %w", e.ID, err)
	}
	e.Content = sealed(e.seal, string(body))
	if err := e.run(ctx, "enter batch", `INSERT INTO batch VALUES (?, ?, ?, ?, ?)`, e.seq, e.ID, e.Hash, string(body), e.Content); err != nil {
		return e.because(ctx, err)
	}
	return nil
}

// because returns ctx's error where that is what made a statement fail.
func (e *entry) because(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if done := ctx.Err(); done != nil {
		return done
	}
	if strings.Contains(err.Error(), "Out of Memory Error") {
		return fault.New(fault.Unavailable, "the engine has too little memory for batch %s", e.ID).Because(err).
			Next("nothing was changed; run it where there is more memory, or bring an export in parts")
	}
	return fmt.Errorf("batch %s: %w", e.ID, err)
}

// change lets the engine use what it keeps of so many rows that are about to be
// changed. Where it may not have more, it goes on with what it has.
func (e *entry) change(ctx context.Context, rows int) {
	e.changes += rows
	const step = 32 << 20
	need := (e.memory + e.changes*memoryPerChange) / step * step
	if need != e.allowed && limitMemory(ctx, e.tx, need) == nil {
		e.allowed = need
	}
}

// run runs a statement; what says in an error what it was for.
func (e *entry) run(ctx context.Context, what, statement string, args ...any) error {
	if _, err := e.tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
