//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store/stamp"
)

// Each yields the alerts of a rule of the days from to to, both included, by
// time and then by ID.
func (a *Alerts) Each(ctx context.Context, rule string, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		if err := a.each(ctx, rule, [2]day.Date{from, to}, yield); err != nil {
			yield(nil, fmt.Errorf("read the alerts of rule %q from %s to %s: %w", rule, from, to, err))
		}
	}
}

// each reads the alerts in one transaction, so that a batch that lands meanwhile
// is not seen.
func (a *Alerts) each(ctx context.Context, rule string, days [2]day.Date, yield func(*alert.Alert, error) bool) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w := window{rule: rule, size: a.limits.page, time: math.MinInt64}
	w.first, w.last = stamp.Bounds(days[0], days[1])
	for {
		list, err := w.next(ctx, tx)
		if err != nil {
			return err
		}
		for _, al := range list {
			if !yield(al, nil) {
				return nil
			}
		}
		if len(list) < w.size {
			return nil
		}
	}
}

// window is a rule and days, and how far they have been read.
type window struct {
	rule        string
	first, last int32
	size        int
	time        int64
	id          string
}

// next reads the next page of a window.
func (w *window) next(ctx context.Context, tx *sql.Tx) (list []*alert.Alert, err error) {
	rows, err := tx.QueryContext(ctx, selectAlerts(`SELECT * FROM alert
			WHERE rule = (SELECT id FROM term WHERE text = ?) AND NOT void AND day BETWEEN ? AND ? AND (time > ? OR time = ? AND id > ?)
			ORDER BY time, id LIMIT ?`), w.rule, w.first, w.last, w.time, w.time, w.id, w.size)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		al, err := scanAlert(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, al)
		w.time, w.id = al.Time.UnixNano(), al.ID
	}
	return list, rows.Err()
}

// selectAlerts returns the query of what scanAlert reads, of the alerts that from
// selects, by time and then by ID.
func selectAlerts(from string) string {
	return `
		SELECT a.id, a.time, r.text, n.text, s.text, e.text, v.text, i.text, q.text, t.text, o.text,
			a.score, a.fields, c.text, p.text, a.said
		FROM (` + from + `) a
		JOIN term r ON r.id = a.rule JOIN term n ON n.id = a.name JOIN term s ON s.id = a.site
		JOIN term e ON e.id = a.entity JOIN term v ON v.id = a.severity JOIN term i ON i.id = a.incident
		JOIN term q ON q.id = a.techniques JOIN term t ON t.id = a.tactic JOIN term o ON o.id = a.source
		JOIN term c ON c.id = a.class JOIN term p ON p.id = a.provenance
		ORDER BY a.time, a.id`
}

// scanAlert reads an alert with what it counts under.
func scanAlert(rows *sql.Rows) (*alert.Alert, error) {
	al, d := &alert.Alert{}, &alert.Disposition{}
	var at, said int64
	var techniques, fields string
	var score sql.NullFloat64
	err := rows.Scan(&al.ID, &at, &al.RuleID, &al.RuleName, &al.Site, &al.Entity, &al.Severity, &al.CaseID, &techniques,
		&al.Tactic, &al.Source, &score, &fields, &d.Class, &d.Provenance, &said)
	if err != nil {
		return nil, err
	}
	al.Time = stamp.Time(at)
	if score.Valid {
		al.Score = new(score.Float64)
	}
	if techniques != "" {
		err = json.Unmarshal([]byte(techniques), &al.Techniques)
	}
	if fields != "" {
		err = errors.Join(err, json.Unmarshal([]byte(fields), &al.Fields))
	}
	if d.Class != alert.Unlabelled {
		d.AlertID, d.Time = al.ID, stamp.Time(said)
		al.Disposition = d
	}
	return al, err
}
