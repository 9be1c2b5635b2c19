package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math"

	"candor/internal/fault"
	"candor/internal/ledger"
)

// Ledger keeps the ledger beside the evidence, in the same file. It implements
// ledger.Store.
type Ledger struct {
	db    *sql.DB
	watch *watch
}

var _ ledger.Store = (*Ledger)(nil)

// Ledger returns the ledger in the evidence's file. It ends with it.
func (e *Evidence) Ledger() *Ledger { return &Ledger{db: e.db, watch: &e.watch} }

// Size is the place behind the last entry.
func (l *Ledger) Size(ctx context.Context) (n int64, err error) {
	if err := l.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), -1) + 1 FROM ledger_entry`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the entries of the ledger: %w", err)
	}
	return n, nil
}

// Lines returns the entries in the places from one up to, and without, another.
func (l *Ledger) Lines(ctx context.Context, from, upTo int64) ([]ledger.Line, error) {
	if upTo < 0 {
		upTo = math.MaxInt64
	}
	rows, err := l.db.QueryContext(ctx, `SELECT seq, line FROM ledger_entry WHERE seq >= ? AND seq < ? ORDER BY seq`, from, upTo)
	if err != nil {
		return nil, fmt.Errorf("read entries of the ledger: %w", err)
	}
	defer rows.Close()
	var list []ledger.Line
	for rows.Next() {
		var e ledger.Line
		if err := rows.Scan(&e.Place, &e.Bytes); err != nil {
			return nil, fmt.Errorf("read entries of the ledger: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// Hashes returns the hashes in the places from one up to, and without, another.
func (l *Ledger) Hashes(ctx context.Context, from, upTo int64) (map[int64][]byte, error) {
	if upTo < 0 {
		upTo = math.MaxInt64
	}
	rows, err := l.db.QueryContext(ctx, `SELECT place, hash FROM ledger_hash WHERE place >= ? AND place < ?`, from, upTo)
	if err != nil {
		return nil, fmt.Errorf("read hashes of the ledger: %w", err)
	}
	defer rows.Close()
	hashes := map[int64][]byte{}
	for rows.Next() {
		var place int64
		var hash sql.RawBytes
		if err := rows.Scan(&place, &hash); err != nil {
			return nil, fmt.Errorf("read hashes of the ledger: %w", err)
		}
		hashes[place] = bytes.Clone(hash)
	}
	return hashes, rows.Err()
}

// Append puts an entry in place seq and hashes in the places from first on.
func (l *Ledger) Append(ctx context.Context, seq int64, line []byte, first int64, hashes [][]byte) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin entry %d of the ledger: %w", seq, err)
	}
	defer tx.Rollback()
	var next int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), -1) + 1 FROM ledger_entry`).Scan(&next); err != nil {
		return fmt.Errorf("count the entries of the ledger: %w", err)
	}
	if next != seq {
		return fault.New(fault.Conflict, "the next entry of the ledger is %d, not %d", next, seq)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO ledger_entry (seq, line) VALUES (?, ?)`, seq, line); err != nil {
		return fmt.Errorf("write entry %d of the ledger: %w", seq, err)
	}
	for i, h := range hashes {
		if _, err := tx.ExecContext(ctx, `INSERT INTO ledger_hash (place, hash) VALUES (?, ?)`, first+int64(i), h); err != nil {
			return fmt.Errorf("write entry %d of the ledger: %w", seq, err)
		}
	}
	return tx.Commit()
}
