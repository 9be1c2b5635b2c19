package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"iter"
	"slices"
	"strings"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// Evidence keeps evidence other than alerts in one SQLite file. It implements
// store.Evidence.
type Evidence struct {
	db      *sql.DB
	journal journal
	watch   watch
}

var (
	_ store.Evidence = (*Evidence)(nil)
	_ store.Custody  = (*Evidence)(nil)
)

// OpenEvidence opens the evidence store in the file at path, making it if need
// be. The caller closes it.
func OpenEvidence(ctx context.Context, path string) (*Evidence, error) {
	db, err := open(ctx, path, "evidence")
	if err != nil {
		return nil, err
	}
	e := newEvidence(db)
	if err := e.journal.sealOld(ctx, e.follow, e.Audit); err != nil {
		db.Close()
		return nil, err
	}
	return e, nil
}

// newEvidence returns the evidence in an open file.
func newEvidence(db *sql.DB) *Evidence {
	return &Evidence{db: db, watch: watch{db: db}, journal: newJournal(db, "evidence", func(b store.Batch) string { return b.Kind + ":" + b.Hash })}
}

// Close closes the file.
func (e *Evidence) Close() error { return e.watch.shut() }

// Batches lists every batch, oldest first.
func (e *Evidence) Batches(ctx context.Context) ([]store.Batch, error) {
	list, _, err := e.journal.newest(ctx, -1, -1)
	return list, err
}

// Newest lists the batches that landed last; see store.Recent.
func (e *Evidence) Newest(ctx context.Context, upTo, n int) (list []store.Batch, all int, err error) {
	return e.journal.newest(ctx, upTo, n)
}

// Append lands a batch with its records, whole or not at all. A record without
// a kind or a key is fault.Invalid, and so is a batch without an ID or a hash;
// a batch ID that another input has is fault.Conflict. Errors from records are
// returned as they are.
func (e *Evidence) Append(ctx context.Context, b store.Batch, records iter.Seq2[store.Record, error]) (landed store.Batch, fresh bool, err error) {
	return e.journal.land(ctx, b, func(inner context.Context, t *landing) error {
		a, err := newRecorder(inner, t)
		if err != nil {
			return fmt.Errorf("append records: %w", err)
		}
		for r, err := range until(ctx, records) {
			if err != nil {
				return err
			}
			if err := a.add(inner, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// recorder adds records to a batch.
type recorder struct {
	*landing
	find, supersede, insert, restate *sql.Stmt
	buf                              []byte
}

func newRecorder(ctx context.Context, t *landing) (*recorder, error) {
	a := &recorder{landing: t}
	return a, prepare(ctx, t.tx, map[string]**sql.Stmt{
		`SELECT seq, body, coalesce(carrier, batch) FROM record WHERE kind = ? AND key = ? AND superseded IS NULL`: &a.find,
		`UPDATE record SET superseded = ? WHERE seq = ?`:                                                           &a.supersede,
		`INSERT INTO record (batch, kind, key, body) VALUES (?, ?, ?, ?)`:                                          &a.insert,
		`INSERT INTO restatement (batch, record) VALUES (?, ?) ON CONFLICT DO NOTHING`:                             &a.restate,
	})
}

// prepare prepares each statement on tx; they end with it.
func prepare(ctx context.Context, tx *sql.Tx, statements map[string]**sql.Stmt) error {
	for text, s := range statements {
		var err error
		if *s, err = tx.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// add stores r if it says something new, and counts it.
func (a *recorder) add(ctx context.Context, r store.Record) error {
	if r.Kind == "" || r.Key == "" {
		return fault.New(fault.Invalid, "a record needs a kind and a key").At("batch %s: kind %q, key %q", a.ID, r.Kind, r.Key)
	}
	var seq, from int64
	var body []byte
	switch err := a.find.QueryRowContext(ctx, r.Kind, r.Key).Scan(&seq, &body, &from); {
	case errors.Is(err, sql.ErrNoRows):
		a.count(r, nil)
	case err != nil:
		return fmt.Errorf("look up %s %q: %w", r.Kind, r.Key, err)
	case bytes.Equal(body, r.Body):
		a.count(r, body)
		return a.again(ctx, r, seq, from)
	default:
		a.count(r, body)
		if _, err := a.supersede.ExecContext(ctx, a.seq, seq); err != nil {
			return fmt.Errorf("supersede %s %q: %w", r.Kind, r.Key, err)
		}
	}
	if r.Body == nil {
		r.Body = []byte{} // nil would be stored as NULL
	}
	res, err := a.insert.ExecContext(ctx, a.landing.seq, r.Kind, r.Key, r.Body)
	if err != nil {
		return fmt.Errorf("store %s %q: %w", r.Kind, r.Key, err)
	}
	return a.sealed(a.seal.first, res, r)
}

// count counts a record by what was in force under its key before; nothing and what
// retired it are empty.
func (a *recorder) count(r store.Record, before []byte) {
	switch {
	case r.Kind == evidence.RecordRuleText: // beside a record that counts
	case len(r.Body) == 0 && len(before) == 0:
	case len(r.Body) == 0:
		a.landing.Retired++
	case len(before) == 0:
		a.New++
	case bytes.Equal(before, r.Body):
		a.Unchanged++
	default:
		a.Updated++
	}
}

// sealed adds a row that was written, about r, to a hash of the seal.
func (a *recorder) sealed(h hash.Hash, res sql.Result, r store.Record) error {
	seq, err := res.LastInsertId()
	if err != nil {
		return err
	}
	a.buf = sealRecord(a.buf[:0], seq, r)
	h.Write(a.buf)
	return nil
}

// again notes that the batch, too, says what the record in place seq says, which
// is in force from another batch.
func (a *recorder) again(ctx context.Context, r store.Record, seq, from int64) error {
	if from == a.landing.seq {
		return nil
	}
	res, err := a.restate.ExecContext(ctx, a.landing.seq, seq)
	if err != nil {
		return fmt.Errorf("note %s %q: %w", r.Kind, r.Key, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return a.sealed(a.seal.later, res, r)
}

// sealRecord appends what a seal hashes of a row, in place seq, about a record.
func sealRecord(b []byte, seq int64, r store.Record) []byte {
	b = binary.AppendVarint(b, seq)
	return sealText(sealText(sealText(b, r.Kind), r.Key), r.Body)
}

// Current lists the records of a kind that are neither superseded nor retired, by
// key in byte order.
func (e *Evidence) Current(ctx context.Context, kind string) ([]store.Record, error) {
	list, err := e.records(ctx, kind,
		`SELECT r.key, r.body, b.id FROM record r INDEXED BY record_kind CROSS JOIN batch b ON b.seq = coalesce(r.carrier, r.batch)
			WHERE r.kind = ? AND r.superseded IS NULL AND length(r.body) > 0`, kind)
	if err != nil {
		return nil, fmt.Errorf("list current %s records: %w", kind, err)
	}
	slices.SortFunc(list, func(x, y store.Record) int { return strings.Compare(x.Key, y.Key) })
	return list, nil
}

// History lists every record of a kind and key, oldest first, those of withdrawn
// batches included. It is empty when there is none.
func (e *Evidence) History(ctx context.Context, kind, key string) ([]store.Record, error) {
	// Two halves, because each has an index; the one in force is newest.
	list, err := e.records(ctx, kind,
		`SELECT r.key, r.body, b.id FROM (
			SELECT seq, key, body, batch FROM record WHERE kind = ?1 AND key = ?2 AND superseded IS NOT NULL
			UNION ALL
			SELECT seq, key, body, batch FROM record WHERE kind = ?1 AND key = ?2 AND superseded IS NULL
		) r JOIN batch b ON b.seq = r.batch ORDER BY r.seq`, kind, key)
	if err != nil {
		return nil, fmt.Errorf("list history of %s %q: %w", kind, key, err)
	}
	return list, nil
}

// Text returns the text of the rule that is in force under a key; nil where none is kept.
func (e *Evidence) Text(ctx context.Context, key string) ([]byte, error) {
	var body []byte
	err := e.db.QueryRowContext(ctx, `SELECT body FROM record WHERE kind = ? AND key = ? AND superseded IS NULL`, evidence.RecordRuleText, key).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the text of rule %q: %w", key, err)
	}
	return body, nil
}

// Versions lists what batches that count said under the keys of a kind of which more than
// one statement is kept, retirements apart: by key in byte order, then oldest first.
func (e *Evidence) Versions(ctx context.Context, kind string) ([]store.Record, error) {
	list, err := e.records(ctx, kind,
		`SELECT r.key, r.body, b.id FROM (
			SELECT seq, key, body, coalesce(carrier, batch) AS said FROM record WHERE kind = ?1 AND superseded IS NOT NULL
			UNION ALL
			SELECT c.seq, c.key, c.body, coalesce(c.carrier, c.batch)
				FROM (SELECT DISTINCT key FROM record WHERE kind = ?1 AND superseded IS NOT NULL) k
				JOIN record c ON c.kind = ?1 AND c.key = k.key AND c.superseded IS NULL
		) r JOIN batch b ON b.seq = r.said
			WHERE length(r.body) > 0 AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.batch = r.said)
			ORDER BY r.key, r.said, r.seq`, kind)
	if err != nil {
		return nil, fmt.Errorf("list versions of %s records: %w", kind, err)
	}
	return list, nil
}

// Retired lists what a batch retired, by kind and key in byte order, each as it was
// in the last statement before.
func (e *Evidence) Retired(ctx context.Context, batch string) ([]store.Record, error) {
	rows, err := e.db.QueryContext(ctx, `SELECT r.kind, r.key, was.body, from_batch.id
		FROM batch b JOIN record r ON r.batch = b.seq AND length(r.body) = 0
		JOIN record was ON was.seq = (SELECT max(p.seq) FROM record p WHERE p.kind = r.kind AND p.key = r.key AND p.seq < r.seq)
		JOIN batch from_batch ON from_batch.seq = was.batch
		WHERE b.id = ? AND length(was.body) > 0 ORDER BY r.kind, r.key`, batch)
	if err != nil {
		return nil, fmt.Errorf("list what batch %s retired: %w", batch, err)
	}
	defer rows.Close()
	var list []store.Record
	for rows.Next() {
		var r store.Record
		if err := rows.Scan(&r.Kind, &r.Key, &r.Body, &r.Batch); err != nil {
			return nil, fmt.Errorf("list what batch %s retired: %w", batch, err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// Stated lists what a batch stated that was news; see store.Evidence.
func (e *Evidence) Stated(ctx context.Context, batch string, first, n int) (list []store.Record, all int, err error) {
	rows, err := e.db.QueryContext(ctx, `SELECT r.kind, r.key, r.body, count(*) OVER () FROM record r
		WHERE r.batch = (SELECT seq FROM batch WHERE id = ?) AND length(r.body) > 0 AND r.kind <> ? ORDER BY r.seq LIMIT ? OFFSET ?`,
		batch, evidence.RecordRuleText, n, first)
	if err != nil {
		return nil, 0, fmt.Errorf("list what batch %s stated: %w", batch, err)
	}
	defer rows.Close()
	for rows.Next() {
		r := store.Record{Batch: batch}
		if err := rows.Scan(&r.Kind, &r.Key, &r.Body, &all); err != nil {
			return nil, 0, fmt.Errorf("list what batch %s stated: %w", batch, err)
		}
		list = append(list, r)
	}
	return list, all, rows.Err()
}

// records reads the key, body and batch of records of one kind.
func (e *Evidence) records(ctx context.Context, kind, query string, args ...any) ([]store.Record, error) {
	rows, err := e.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []store.Record
	var body, batch sql.RawBytes
	ids := map[string]string{} // each once, as many records share one
	for rows.Next() {
		r := store.Record{Kind: kind}
		if err := rows.Scan(&r.Key, &body, &batch); err != nil {
			return nil, err
		}
		id, ok := ids[string(batch)]
		if !ok {
			id = string(batch)
			ids[id] = id
		}
		r.Body, r.Batch = bytes.Clone(body), id
		list = append(list, r)
	}
	return list, rows.Err()
}
