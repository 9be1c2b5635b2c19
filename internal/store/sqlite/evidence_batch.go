package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"candor/internal/fault"
	"candor/internal/store"
)

// journal is the table of batches, which the evidence and the alerts each have.
type journal struct {
	db     *sql.DB
	schema string // the name of its migrations
	// input says what makes two batches the same one.
	input func(store.Batch) string
	// turn is held by the one Append that writes.
	turn chan struct{}
}

func newJournal(db *sql.DB, schema string, input func(store.Batch) string) journal {
	return journal{db: db, schema: schema, input: input, turn: make(chan struct{}, 1)}
}

// landing is a batch that is being written.
type landing struct {
	store.Batch
	tx   *sql.Tx
	seq  int64
	seal *seal
}

// land writes b and whatever fill adds in one transaction. The context that
// fill gets is never cancelled, because the driver starts a goroutine for each
// statement under one that can be; fill reads its input through until instead.
func (j *journal) land(ctx context.Context, b store.Batch, fill func(context.Context, *landing) error) (store.Batch, bool, error) {
	if b.ID == "" || b.Hash == "" {
		return store.Batch{}, false, fault.New(fault.Invalid, "a batch needs an id and the hash of its input")
	}
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
	case <-ctx.Done():
		return store.Batch{}, false, ctx.Err()
	}
	inner := context.WithoutCancel(ctx)
	tx, err := j.db.BeginTx(inner, nil)
	if err != nil {
		return store.Batch{}, false, fmt.Errorf("begin batch %s: %w", b.ID, err)
	}
	defer tx.Rollback()
	e := &landing{Batch: b, tx: tx, seal: newSeal()}
	e.Content, e.Withdrawn = "", nil
	if earlier, found, err := j.enter(inner, e); err != nil || found {
		return earlier, false, err
	}
	if err := fill(inner, e); err != nil {
		return store.Batch{}, false, err
	}
	if err := ctx.Err(); err != nil {
		return store.Batch{}, false, err
	}
	e.Read = e.New + e.Updated + e.Unchanged + e.Rejected
	if err := e.commit(inner); err != nil {
		return store.Batch{}, false, fmt.Errorf("commit batch %s: %w", b.ID, err)
	}
	return e.Batch, true, nil
}

// enter gives e its place in the journal, unless the same input is there
// already; then it returns the batch that brought it.
func (j *journal) enter(ctx context.Context, e *landing) (earlier store.Batch, found bool, err error) {
	var body, content string
	err = e.tx.QueryRowContext(ctx, `SELECT body, content FROM batch WHERE input = ?`, j.input(e.Batch)).Scan(&body, &content)
	if err == nil {
		earlier, err = decodeBatch(body, content, "")
		return earlier, err == nil, err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return store.Batch{}, false, fmt.Errorf("look up batch %s: %w", e.ID, err)
	}
	var taken bool
	if err := e.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM batch WHERE id = ?)`, e.ID).Scan(&taken); err != nil {
		return store.Batch{}, false, fmt.Errorf("look up batch %s: %w", e.ID, err)
	}
	if taken {
		return store.Batch{}, false, fault.New(fault.Conflict, "batch id %s is taken by another input", e.ID)
	}
	r, err := e.tx.ExecContext(ctx, `INSERT INTO batch (id, input, body, content) VALUES (?, ?, '', '')`, e.ID, j.input(e.Batch))
	if err != nil {
		return store.Batch{}, false, fmt.Errorf("enter batch %s: %w", e.ID, err)
	}
	e.seq, err = r.LastInsertId()
	return store.Batch{}, false, err
}

// commit writes the batch with its counts and its seal, and ends the transaction.
func (e *landing) commit(ctx context.Context) error {
	body, err := json.Marshal(e.Batch)
	if err != nil {
		return err
	}
	e.Content = e.seal.sum(e.seq, string(body))
	if _, err := e.tx.ExecContext(ctx, `UPDATE batch SET body = ?, content = ? WHERE seq = ?`, string(body), e.Content, e.seq); err != nil {
		return err
	}
	return e.tx.Commit()
}

// newest returns the last n of the first upTo batches in the order in which they landed,
// and how many there are; an n below 0 is every one, and an upTo below 0 no bound.
func (j *journal) newest(ctx context.Context, upTo, n int) (list []store.Batch, all int, err error) {
	if err := j.db.QueryRowContext(ctx, `SELECT count(*) FROM batch`).Scan(&all); err != nil {
		return nil, 0, fmt.Errorf("count batches: %w", err)
	}
	if upTo < 0 || upTo > all {
		upTo = all
	}
	if n < 0 || n > upTo {
		n = upTo
	}
	rows, err := j.db.QueryContext(ctx, `SELECT b.body, b.content, coalesce(w.body, '')
		FROM batch b LEFT JOIN withdrawal w ON w.batch = b.seq ORDER BY b.seq LIMIT ? OFFSET ?`, n, upTo-n)
	if err != nil {
		return nil, 0, fmt.Errorf("list batches: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var body, content, withdrawal string
		if err := rows.Scan(&body, &content, &withdrawal); err != nil {
			return nil, 0, fmt.Errorf("list batches: %w", err)
		}
		b, err := decodeBatch(body, content, withdrawal)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, b)
	}
	return list, all, rows.Err()
}

// batchIDs returns the batches' ids by their place in the journal.
func batchIDs(ctx context.Context, tx *sql.Tx) (map[int64]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT seq, id FROM batch`)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	defer rows.Close()
	ids := map[int64]string{}
	for rows.Next() {
		var seq int64
		var id string
		if err := rows.Scan(&seq, &id); err != nil {
			return nil, fmt.Errorf("list batches: %w", err)
		}
		ids[seq] = id
	}
	return ids, rows.Err()
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

// until yields what seq yields, and ctx's error instead once ctx is done.
func until[T any](ctx context.Context, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if done := ctx.Err(); done != nil {
				yield(v, done)
				return
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
