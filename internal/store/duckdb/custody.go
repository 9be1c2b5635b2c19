//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/store"
)

// Withdraw makes a batch stop counting; see store.Custody. It goes through the
// alerts that the batch said something of.
func (a *Alerts) Withdraw(ctx context.Context, batch string, w store.Withdrawal) error {
	if strings.TrimSpace(w.Reason) == "" {
		return fault.New(fault.Invalid, "a withdrawal needs a reason").Next("say why, for whoever asks later")
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	e, err := a.begin(ctx, store.Batch{ID: batch})
	if err != nil {
		return fmt.Errorf("begin to withdraw batch %s: %w", batch, err)
	}
	defer func() {
		e.end()
		_ = limitMemory(context.WithoutCancel(ctx), a.db, memory) // in case much was changed
	}()
	if err := e.strike(ctx, w); err != nil {
		return err
	}
	if err := e.settle(ctx, a.limits.slice); err != nil {
		return e.because(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.commit(e.tx); err != nil {
		return err
	}
	a.relieve(ctx, maxLog)
	return nil
}

// strike enters the withdrawal of the batch with e's ID, and sets e's place to its.
func (e *entry) strike(ctx context.Context, w store.Withdrawal) error {
	var before string
	err := e.tx.QueryRowContext(ctx, `SELECT b.seq, coalesce(w.body, '') FROM batch b
		LEFT JOIN withdrawal w ON w.batch = b.seq WHERE b.id = ?`, e.ID).Scan(&e.seq, &before)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.New(fault.NotFound, "there is no batch %s", e.ID)
	case err != nil:
		return fmt.Errorf("look up batch %s: %w", e.ID, err)
	case before != "":
		return withdrawnBefore(e.ID, before)
	}
	w.At = w.At.UTC()
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return e.run(ctx, "enter the withdrawal of batch "+e.ID, `INSERT INTO withdrawal VALUES (?, ?)`, e.seq, string(body))
}

func withdrawnBefore(id, body string) error {
	var w store.Withdrawal
	if err := json.Unmarshal([]byte(body), &w); err != nil {
		return fmt.Errorf("read the withdrawal of batch %s: %w", id, err)
	}
	return fault.New(fault.Conflict, "batch %s was withdrawn on %s: %s", id, w.At.Format(time.DateOnly), w.Reason).
		Next("nothing was changed; candor evidence list shows what is withdrawn")
}

// settle brings the alerts that the batch in e's place said something of in line
// with the batches that count. Those that no other batch knows, which are most,
// need no look. It reads so many alerts at a time.
func (e *entry) settle(ctx context.Context, size int) error {
	var own int
	if err := e.tx.QueryRowContext(ctx, `SELECT count(*) FROM alert WHERE batch = ?`, e.seq).Scan(&own); err != nil {
		return err
	}
	e.change(ctx, own)
	for _, statement := range []string{
		`CREATE OR REPLACE TEMP TABLE shared AS SELECT alert AS seq FROM (
			SELECT alert FROM arrival WHERE batch = $1 AND alert NOT IN (SELECT seq FROM alert WHERE batch = $1)
			UNION SELECT r.alert FROM arrival r JOIN alert a ON a.seq = r.alert WHERE a.batch = $1 AND r.batch <> $1)`,
		`UPDATE alert SET void = true WHERE batch = $1 AND seq NOT IN (SELECT seq FROM shared)`,
	} {
		if err := e.run(ctx, "withdraw batch "+e.ID, statement, e.seq); err != nil {
			return err
		}
	}
	void, err := voidBatches(ctx, e.conn)
	if err != nil {
		return err
	}
	picks, err := sharedPicks(ctx, e.conn, size)
	if err != nil {
		return err
	}
	p := &page{}
	for _, which := range picks {
		if err := p.fill(ctx, e.conn, which); err != nil {
			return err
		}
		if err := p.settle(ctx, e, void); err != nil {
			return err
		}
	}
	return e.run(ctx, "withdraw batch "+e.ID, `DROP TABLE shared`)
}

// sharedPicks divides the table shared into pages of a size. Each of them writes to
// the alerts, which takes long, so that they have to be few.
func sharedPicks(ctx context.Context, q querier, size int) (list []pick, err error) {
	return list, scan(ctx, q, 2, func(v []value) {
		list = append(list, pick{first: v[0].(int64), end: v[1].(int64) + 1, among: "shared"})
	}, `SELECT min(seq), max(seq) FROM (SELECT seq, (row_number() OVER (ORDER BY seq) - 1) // ? AS page FROM shared) GROUP BY page ORDER BY page`, size)
}

// voidBatches returns the places of the withdrawn batches.
func voidBatches(ctx context.Context, q querier) (map[int32]bool, error) {
	void := map[int32]bool{}
	return void, scan(ctx, q, 1, func(v []value) { void[v[0].(int32)] = true }, `SELECT batch FROM withdrawal`)
}
