package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

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

func (a *Alerts) each(ctx context.Context, rule string, days [2]day.Date, yield func(*alert.Alert, error) bool) error {
	conn, err := a.db.Conn(ctx) // one for all: to wait for a second one could be to wait for good
	if err != nil {
		return err
	}
	defer conn.Close()
	var id int64
	err = conn.QueryRowContext(ctx, `SELECT id FROM term WHERE text = ?`, rule).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	first, last := instants(days[0], days[1])
	rows, err := conn.QueryContext(ctx, `SELECT `+columns+` FROM alert
		WHERE rule = ? AND time BETWEEN ? AND ? AND NOT void ORDER BY time, id`, id, first, last)
	if err != nil {
		return err
	}
	defer rows.Close()
	l := &phrases{ctx: ctx, db: conn, known: map[int64]string{0: ""}}
	var r row
	targets := r.targets()
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		al, err := l.alert(&r)
		if err != nil {
			return err
		}
		if !yield(al, nil) {
			return nil
		}
	}
	return rows.Err()
}

// instants returns the stored times that bound the days from to to.
func instants(from, to day.Date) (first, last int64) {
	const perDay = stamp.SecondsPerDay * int64(time.Second)
	first, last = math.MinInt64, math.MaxInt64
	firstDay, lastDay := stamp.Bounds(from, to)
	f, l := int64(firstDay), int64(lastDay)
	if f > math.MinInt64/perDay {
		first = f * perDay
	}
	if l < math.MaxInt64/perDay {
		last = (l+1)*perDay - 1
	}
	return first, last
}

// phrases turns the numbers of terms back into texts. Terms never change.
type phrases struct {
	ctx context.Context
	db  interface {
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
	known map[int64]string
}

func (l *phrases) text(term int64) (string, error) {
	if text, ok := l.known[term]; ok {
		return text, nil
	}
	var text string
	if err := l.db.QueryRowContext(l.ctx, `SELECT text FROM term WHERE id = ?`, term).Scan(&text); err != nil {
		return "", fmt.Errorf("look up term %d: %w", term, err)
	}
	if len(l.known) >= maxTerms {
		clear(l.known)
	}
	l.known[term] = text
	return text, nil
}

// alert returns the alert that is stored as r.
func (l *phrases) alert(r *row) (*alert.Alert, error) {
	al := &alert.Alert{ID: r.id, Time: stamp.Time(r.time)}
	var techniques, class, provenance string
	places := [...]*string{wordRule: &al.RuleID, wordName: &al.RuleName, wordSite: &al.Site, wordEntity: &al.Entity,
		wordSeverity: &al.Severity, wordIncident: &al.CaseID, wordTechniques: &techniques, wordTactic: &al.Tactic, wordSource: &al.Source}
	err := l.fill(&class, r.class, l.fill(&provenance, r.provenance, nil))
	for i, at := range places {
		err = l.fill(at, r.words[i], err)
	}
	if err != nil {
		return nil, err
	}
	if r.score.Valid {
		al.Score = new(r.score.Float64)
	}
	if techniques != "" {
		err = json.Unmarshal([]byte(techniques), &al.Techniques)
	}
	if r.fields != "" {
		err = errors.Join(err, json.Unmarshal([]byte(r.fields), &al.Fields))
	}
	if c := alert.Class(class); c != alert.Unlabelled {
		al.Disposition = &alert.Disposition{AlertID: r.id, Class: c, Time: stamp.Time(r.said), Provenance: alert.Provenance(provenance)}
	}
	return al, err
}

// fill sets at to a term's text, unless there was an error before.
func (l *phrases) fill(at *string, term int64, before error) (err error) {
	if before == nil {
		*at, err = l.text(term)
		return err
	}
	return before
}
