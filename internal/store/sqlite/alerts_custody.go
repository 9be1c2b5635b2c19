package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"

	"candor/internal/store"
)

// What a seal hashes of alerts is what arrived: who fills what place, what was
// said in texts, and the disposition if one came with it.

// sealPlace appends where something arrived: the place of the arrival, 0 if it
// has none, of the alert, and within the batch.
func sealPlace(b []byte, where [3]int64) []byte {
	for _, n := range where {
		b = binary.AppendVarint(b, n)
	}
	return b
}

// sealSaid appends what was said of the alert with r's id.
func sealSaid(b []byte, r *row, words [numWords]string) []byte {
	b = binary.AppendVarint(sealText(b, r.id), r.time)
	for _, w := range words {
		b = sealText(b, w)
	}
	b = append(b, byte(bit(r.score.Valid)))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(r.score.Float64))
	return sealText(b, r.fields)
}

// sealStatement appends a disposition: class, word, author and provenance.
func sealStatement(b []byte, at int64, words [4]string) []byte {
	b = binary.AppendVarint(append(b, 's'), at)
	for _, w := range words {
		b = sealText(b, w)
	}
	return b
}

// Withdraw makes a batch stop counting; see store.Custody. It goes through every
// alert once.
func (a *Alerts) Withdraw(ctx context.Context, batch string, w store.Withdrawal) error {
	return a.journal.withdraw(ctx, batch, w, a.settle)
}

// settle makes the rows and the counts those that the batches which count make.
func (a *Alerts) settle(ctx context.Context, tx *sql.Tx) error {
	r, err := a.newReplay(ctx, tx)
	if err != nil {
		return err
	}
	if err := r.run(ctx, func(have, want *row) error { return rewrite(ctx, tx, have, want) }); err != nil {
		return err
	}
	if err := r.sound(); err != nil {
		return err
	}
	return r.counts.write(ctx, tx)
}

// rewrite brings the row of an alert in line.
func rewrite(ctx context.Context, tx *sql.Tx, have, want *row) error {
	if *have == *want {
		return nil
	}
	if want.revised && !have.revised {
		if _, err := tx.ExecContext(ctx, insertOrigin, have.saidValues([]any{have.seq})...); err != nil {
			return fmt.Errorf("keep alert %q: %w", have.id, err)
		}
	}
	if _, err := tx.ExecContext(ctx, updateAlert, append(want.values(nil), want.seq)...); err != nil {
		return fmt.Errorf("update alert %q: %w", have.id, err)
	}
	return nil
}

// Audit reads every alert and all that was said of it; see store.Custody.
func (a *Alerts) Audit(ctx context.Context) (store.Audit, error) {
	tx, err := a.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit alerts: %w", err)
	}
	defer tx.Rollback()
	found, err := a.audit(ctx, tx)
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit alerts: %w", err)
	}
	return found, nil
}

func (a *Alerts) audit(ctx context.Context, tx *sql.Tx) (store.Audit, error) {
	r, err := a.newReplay(ctx, tx)
	if err != nil {
		return store.Audit{}, err
	}
	r.sealing = true
	err = r.run(ctx, func(have, want *row) error {
		if *have != *want {
			r.amiss(r.batch, "alert %q is not what its batches say", have.id)
		}
		return nil
	})
	if err != nil {
		return store.Audit{}, err
	}
	if err := r.sealLater(ctx); err != nil {
		return store.Audit{}, err
	}
	if err := r.counts.compare(ctx, tx, r.auditor); err != nil {
		return store.Audit{}, err
	}
	err = r.close(ctx, tx, &a.journal)
	return r.Audit, err
}
