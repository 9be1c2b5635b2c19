package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"candor/internal/alert"
	"candor/internal/store"
	"candor/internal/store/stamp"
)

// Alerts keeps alerts, dispositions and their counts in one SQLite file. It
// implements store.Alerts.
type Alerts struct {
	db      *sql.DB
	journal journal
	watch   watch
}

var (
	_ store.Alerts  = (*Alerts)(nil)
	_ store.Custody = (*Alerts)(nil)
)

// OpenAlerts opens the alert store in the file at path, making it if need be.
// The caller closes it.
func OpenAlerts(ctx context.Context, path string) (*Alerts, error) {
	db, err := open(ctx, path, "alerts")
	if err != nil {
		return nil, err
	}
	a := newAlerts(db)
	if err := a.journal.sealOld(ctx, a.settle, a.Audit); err != nil {
		db.Close()
		return nil, err
	}
	return a, nil
}

// newAlerts returns the alerts in an open file.
func newAlerts(db *sql.DB) *Alerts {
	return &Alerts{db: db, watch: watch{db: db}, journal: newJournal(db, "alerts", func(b store.Batch) string { return b.Hash })}
}

// Close closes the file.
func (a *Alerts) Close() error { return a.watch.shut() }

// Batches lists every batch of alerts, oldest first.
func (a *Alerts) Batches(ctx context.Context) ([]store.Batch, error) {
	return a.journal.list(ctx)
}

// Append lands the alerts of a batch, whole or not at all.
//
// An alert whose ID is known is merged into what is there: a field that is set
// replaces the one before, a field left empty says nothing, and Fields merge key
// by key. Its disposition is a new statement unless class, word, time, author
// and provenance are those of one already made. Every alert that is not partial
// needs an ID, a rule and a time between 1678 and 2262, and a disposition a class and, unless it is
// alert.Unlabelled, a provenance that package alert names; one that does not is
// fault.Invalid. Errors from alerts are returned as they are.
func (a *Alerts) Append(ctx context.Context, b store.Batch, alerts iter.Seq2[*alert.Alert, error]) (landed store.Batch, fresh bool, err error) {
	return a.journal.land(ctx, b, func(inner context.Context, e *entry) error {
		p, err := newAppender(inner, e)
		if err != nil {
			return fmt.Errorf("append alerts: %w", err)
		}
		for al, err := range until(ctx, alerts) {
			if err != nil {
				return err
			}
			if err := p.add(inner, al); err != nil {
				return err
			}
		}
		return p.finish(inner)
	})
}

// Rules lists the rules that alerts name, by ID in byte order. The batches are
// those that brought an alert of the rule or something new about one, oldest
// first.
func (a *Alerts) Rules(ctx context.Context) ([]store.AlertRule, error) {
	rows, err := a.db.QueryContext(ctx, `
		SELECT i.text, n.text, r.alerts, r.first, r.last, b.id FROM rule r
		JOIN term i ON i.id = r.rule
		JOIN term n ON n.id = r.name
		JOIN rule_batch rb ON rb.rule = r.rule
		JOIN batch b ON b.seq = rb.batch
		ORDER BY i.text, b.seq`)
	if err != nil {
		return nil, fmt.Errorf("list the rules of alerts: %w", err)
	}
	defer rows.Close()
	var list []store.AlertRule
	for rows.Next() {
		var r store.AlertRule
		var first, last int64
		var batch string
		if err := rows.Scan(&r.ID, &r.Name, &r.Alerts, &first, &last, &batch); err != nil {
			return nil, fmt.Errorf("list the rules of alerts: %w", err)
		}
		if n := len(list); n == 0 || list[n-1].ID != r.ID {
			r.First, r.Last = stamp.Time(first), stamp.Time(last)
			list = append(list, r)
		}
		newest := &list[len(list)-1]
		newest.Batches = append(newest.Batches, batch)
	}
	return list, rows.Err()
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
	// A statement stands where a batch that counts made it first.
	rows, err := a.db.QueryContext(ctx, `
		SELECT d.said, k.text, w.text, u.text, p.text, d.counting IS NULL, b.id
		FROM (SELECT r.said, r.class, r.word, r.author, r.provenance, min(r.seq) AS first,
				min(iif(v.batch IS NULL, r.seq, NULL)) AS counting, coalesce(min(iif(v.batch IS NULL, r.batch, NULL)), min(r.batch)) AS batch
			FROM arrival r LEFT JOIN withdrawal v ON v.batch = r.batch
			WHERE r.alert = ? AND r.said IS NOT NULL
			GROUP BY r.said, r.class, r.word, r.author, r.provenance) d
		JOIN batch b ON b.seq = d.batch
		JOIN term k ON k.id = d.class
		JOIN term w ON w.id = d.word
		JOIN term u ON u.id = d.author
		JOIN term p ON p.id = d.provenance
		ORDER BY d.said, d.counting NULLS LAST, d.first`, seq)
	if err != nil {
		return nil, fmt.Errorf("list dispositions of alert %q: %w", alertID, err)
	}
	defer rows.Close()
	var list []alert.Disposition
	for rows.Next() {
		d := alert.Disposition{AlertID: alertID}
		var said int64
		if err := rows.Scan(&said, &d.Class, &d.Word, &d.By, &d.Provenance, &d.Withdrawn, &d.Batch); err != nil {
			return nil, fmt.Errorf("list dispositions of alert %q: %w", alertID, err)
		}
		d.Time = stamp.Time(said)
		list = append(list, d)
	}
	return list, rows.Err()
}
