package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/store"
)

// seal hashes what a batch holds: what it was the first to say, then what it
// said again or otherwise, each in the order of the table; then its own row.
type seal struct {
	first, later hash.Hash
}

func newSeal() *seal { return &seal{first: sha256.New(), later: sha256.New()} }

// sum returns the hash of all, in hexadecimal.
func (s *seal) sum(seq int64, body string) string {
	h := sha256.New()
	h.Write(binary.AppendVarint(nil, seq))
	h.Write(s.first.Sum(nil))
	h.Write(s.later.Sum(nil))
	h.Write([]byte(body))
	return hex.EncodeToString(h.Sum(nil))
}

// sealText appends a text with its length, so that two texts cannot run together.
func sealText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// withdrawnInput is the input of a withdrawn batch, which no file has.
func withdrawnInput(id string) string { return "withdrawn " + id }

// withdraw makes a batch stop counting; follow brings all that follows from the
// batches in line.
func (j *journal) withdraw(ctx context.Context, id string, w store.Withdrawal, follow func(context.Context, *sql.Tx) error) error {
	if strings.TrimSpace(w.Reason) == "" {
		return fault.New(fault.Invalid, "a withdrawal needs a reason").Next("say why, for whoever asks later")
	}
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	inner := context.WithoutCancel(ctx)
	tx, err := j.db.BeginTx(inner, nil)
	if err != nil {
		return fmt.Errorf("begin to withdraw batch %s: %w", id, err)
	}
	defer tx.Rollback()
	if err := strike(inner, tx, id, w); err != nil {
		return err
	}
	if err := follow(inner, tx); err != nil {
		return fmt.Errorf("withdraw batch %s: %w", id, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return tx.Commit()
}

// strike enters the withdrawal of a batch.
func strike(ctx context.Context, tx *sql.Tx, id string, w store.Withdrawal) error {
	var seq int64
	var before string
	err := tx.QueryRowContext(ctx, `SELECT b.seq, coalesce(w.body, '') FROM batch b
		LEFT JOIN withdrawal w ON w.batch = b.seq WHERE b.id = ?`, id).Scan(&seq, &before)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.New(fault.NotFound, "there is no batch %s", id)
	case err != nil:
		return fmt.Errorf("look up batch %s: %w", id, err)
	case before != "":
		return withdrawnBefore(id, before)
	}
	w.At = w.At.UTC()
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO withdrawal (batch, body) VALUES (?, ?)`, seq, string(body)); err != nil {
		return fmt.Errorf("withdraw batch %s: %w", id, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE batch SET input = ? WHERE seq = ?`, withdrawnInput(id), seq); err != nil {
		return fmt.Errorf("withdraw batch %s: %w", id, err)
	}
	return nil
}

func withdrawnBefore(id, body string) error {
	var w store.Withdrawal
	if err := json.Unmarshal([]byte(body), &w); err != nil {
		return fmt.Errorf("read the withdrawal of batch %s: %w", id, err)
	}
	return fault.New(fault.Conflict, "batch %s was withdrawn on %s: %s", id, w.At.Format(time.DateOnly), w.Reason).
		Next("nothing was changed; candor evidence list shows what is withdrawn")
}

// auditor gathers what an audit finds.
type auditor struct {
	store.Audit
	ids   map[int64]string
	seals map[int64]*seal
	void  map[int64]bool // withdrawn
}

// audit reads the table of batches and begins a seal for each.
func (j *journal) audit(ctx context.Context, tx *sql.Tx) (*auditor, error) {
	a := &auditor{ids: map[int64]string{}, seals: map[int64]*seal{}}
	var err error
	if a.ids, err = batchIDs(ctx, tx); err != nil {
		return nil, err
	}
	if a.void, err = voidBatches(ctx, tx); err != nil {
		return nil, err
	}
	for seq := range a.ids {
		a.seals[seq] = newSeal()
	}
	for seq := range a.void {
		if a.seals[seq] == nil {
			a.amiss(0, "a batch was withdrawn that is not there (place %d)", seq)
		}
	}
	return a, nil
}

// amiss notes something wrong about the batch in place seq; 0 is no batch.
func (a *auditor) amiss(seq int64, format string, args ...any) {
	a.Amiss = append(a.Amiss, store.Amiss{Batch: a.ids[seq], What: fmt.Sprintf(format, args...)})
}

// seal returns the seal of a batch, and nil for a batch that is not there.
func (a *auditor) seal(seq int64) *seal { return a.seals[seq] }

// intact has SQLite compare each index with its table: what is read by index must be
// what the audit reads without.
func (a *auditor) intact(ctx context.Context, tx *sql.Tx) error {
	what, err := damage(ctx, tx)
	if what != "" {
		a.amiss(0, "%s", what)
	}
	return err
}

// close compares the batches with what was read of each.
func (a *auditor) close(ctx context.Context, tx *sql.Tx, j *journal) error {
	if err := a.intact(ctx, tx); err != nil {
		return err
	}
	if err := a.defined(ctx, tx, j.schema); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT b.seq, b.id, b.input, b.body, b.content, w.body
		FROM batch b LEFT JOIN withdrawal w ON w.batch = b.seq ORDER BY b.seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	a.Batches = map[string]store.Audited{}
	for rows.Next() {
		var seq int64
		var id, given, body, content string
		var withdrawal sql.NullString
		if err := rows.Scan(&seq, &id, &given, &body, &content, &withdrawal); err != nil {
			return err
		}
		kept := store.Audited{Content: a.seals[seq].sum(seq, body)}
		b, err := decodeBatch(body, content, "")
		if err != nil {
			a.amiss(seq, "its row cannot be read")
		}
		want := j.input(b)
		if withdrawal.Valid {
			kept.Withdrawn, want = a.withdrawal(seq, withdrawal.String), withdrawnInput(id)
		}
		if b.ID != id || given != want || content != kept.Content {
			a.amiss(seq, "its row contradicts itself")
		}
		a.Batches[id] = kept
	}
	return rows.Err()
}

// withdrawal reads one, and notes it when that is not possible.
func (a *auditor) withdrawal(seq int64, body string) *store.Withdrawal {
	w := &store.Withdrawal{}
	err := json.Unmarshal([]byte(body), w)
	if again, bad := json.Marshal(w); err != nil || bad != nil || string(again) != body {
		a.amiss(seq, "its withdrawal cannot be read")
	}
	return w
}

// sound refuses to go on from what cannot be trusted.
func (a *auditor) sound() error {
	if len(a.Amiss) == 0 {
		return nil
	}
	first := a.Amiss[0]
	return fault.New(fault.Conflict, "the store is damaged: %s", strings.TrimSpace(first.Batch+" "+first.What)).
		Next("candor ledger verify says what fits and what does not; nothing was changed")
}

// voidBatches returns the places of the withdrawn batches.
func voidBatches(ctx context.Context, tx *sql.Tx) (map[int64]bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT batch FROM withdrawal`)
	if err != nil {
		return nil, fmt.Errorf("list withdrawals: %w", err)
	}
	defer rows.Close()
	void := map[int64]bool{}
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, fmt.Errorf("list withdrawals: %w", err)
		}
		void[seq] = true
	}
	return void, rows.Err()
}

// sealOld seals the batches that landed before batches were sealed, once follow
// has brought all that follows from them in line.
func (j *journal) sealOld(ctx context.Context, follow func(context.Context, *sql.Tx) error, audit func(context.Context, bool) (store.Audit, error)) error {
	var old bool
	if err := j.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM batch WHERE content = '')`).Scan(&old); err != nil || !old {
		return err
	}
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := follow(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	found, err := audit(ctx, true)
	if err != nil {
		return err
	}
	for id, kept := range found.Batches {
		if _, err := j.db.ExecContext(ctx, `UPDATE batch SET content = ? WHERE id = ? AND content = ''`, kept.Content, id); err != nil {
			return fmt.Errorf("seal batch %s: %w", id, err)
		}
	}
	return nil
}
