package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"candor/internal/alert"
	"candor/internal/fault"
)

// chunk is how many alerts are looked up and stored with one statement.
const chunk = 256

const (
	insertStatement     = `INSERT INTO disposition (alert, time, class, word, author, provenance, batch, place) VALUES `
	numStatementColumns = 8
)

// appender adds alerts to a batch, a chunk at a time, so that a batch of any
// size needs the same memory.
type appender struct {
	*entry
	terms      *terms
	rollup     *rollup
	classes    map[alert.Class]bool
	unlabelled int64

	waiting     []arrival
	ids         map[string]bool // of those waiting
	place       int64           // alerts read so far
	next        int64           // the next new alert's number
	first, last int64           // times

	alerts, statements  *bulk
	look, update, state *sql.Stmt
}

// arrival is an alert on its way into the store, with what was said of it.
type arrival struct {
	row
	place int64
	news  *statement
}

func newAppender(ctx context.Context, e *entry) (*appender, error) {
	p := &appender{entry: e, classes: map[alert.Class]bool{}, ids: map[string]bool{}, first: math.MaxInt64, last: math.MinInt64}
	for _, c := range alert.Classes() {
		p.classes[c] = true
	}
	var err error
	if p.terms, err = newTerms(ctx, e.tx); err != nil {
		return nil, err
	}
	if p.rollup, err = newRollup(ctx, e); err != nil {
		return nil, err
	}
	if p.unlabelled, err = p.terms.id(ctx, string(alert.Unlabelled)); err != nil {
		return nil, err
	}
	if err := e.tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) + 1 FROM alert`).Scan(&p.next); err != nil {
		return nil, err
	}
	if p.alerts, err = newBulk(ctx, e.tx, `INSERT INTO alert (`+columns+`, digest, batch) VALUES `, numColumns+2); err != nil {
		return nil, err
	}
	if p.statements, err = newBulk(ctx, e.tx, insertStatement, numStatementColumns); err != nil {
		return nil, err
	}
	return p, prepare(ctx, e.tx, map[string]**sql.Stmt{
		`SELECT ` + columns + ` FROM alert WHERE digest IN ` + marks(chunk):            &p.look,
		`UPDATE alert SET (` + columns + `) = ` + marks(numColumns) + ` WHERE seq = ?`: &p.update,
		insertStatement + marks(numStatementColumns) + ` ON CONFLICT DO NOTHING`:       &p.state,
	})
}

// add takes one alert in. It keeps nothing of al itself.
func (p *appender) add(ctx context.Context, al *alert.Alert) error {
	p.place++
	v, err := p.arrival(ctx, al)
	if err != nil {
		return fmt.Errorf("alert %d of batch %s, id %q: %w", p.place, p.ID, al.ID, err)
	}
	p.first, p.last = min(p.first, v.time), max(p.last, v.time)
	if p.ids[v.id] {
		// The one before must be in the store for this one to be compared with.
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	p.ids[v.id] = true
	p.waiting = append(p.waiting, v)
	if len(p.waiting) == chunk {
		return p.flush(ctx)
	}
	return nil
}

// arrival checks al and puts it into stored form.
func (p *appender) arrival(ctx context.Context, al *alert.Alert) (v arrival, err error) {
	if al.ID == "" || al.RuleID == "" || al.Time.IsZero() {
		return v, fault.New(fault.Invalid, "an alert needs an id, a rule and a time")
	}
	v.id, v.place = al.ID, p.place
	v.class, v.said = p.unlabelled, unknown
	if v.time, err = instant(al.Time); err != nil {
		return v, err
	}
	var techniques []byte
	if len(al.Techniques) > 0 {
		if techniques, err = json.Marshal(al.Techniques); err != nil {
			return v, err
		}
	}
	// In the order of the word constants.
	if err := p.terms.ids(ctx, v.words[:], al.RuleID, al.RuleName, al.Site, al.Entity, al.Severity,
		al.CaseID, string(techniques), al.Tactic, al.Source); err != nil {
		return v, err
	}
	if al.Score != nil && !math.IsNaN(*al.Score) {
		v.score = sql.NullFloat64{Float64: *al.Score, Valid: true}
	}
	if v.fields, err = encodeFields(al.Fields); err != nil {
		return v, err
	}
	v.news, err = p.statement(ctx, al.Disposition)
	return v, err
}

// statement checks d and puts it into stored form; nil stays nil.
func (p *appender) statement(ctx context.Context, d *alert.Disposition) (*statement, error) {
	if d == nil {
		return nil, nil
	}
	if !p.classes[d.Class] {
		return nil, fault.New(fault.Invalid, "disposition has unknown class %q", d.Class)
	}
	if _, ok := alert.ParseProvenance(string(d.Provenance)); !ok && (d.Class != alert.Unlabelled || d.Provenance != "") {
		return nil, fault.New(fault.Invalid, "disposition %s has unknown provenance %q", d.Class, d.Provenance)
	}
	at, err := instant(d.Time)
	if err != nil {
		return nil, err
	}
	var words [4]int64
	if err := p.terms.ids(ctx, words[:], string(d.Class), d.Word, d.By, string(d.Provenance)); err != nil {
		return nil, err
	}
	return &statement{time: at, class: words[0], word: words[1], author: words[2], provenance: words[3]}, nil
}

// flush stores the alerts that wait.
func (p *appender) flush(ctx context.Context) error {
	known, err := p.known(ctx)
	if err != nil {
		return fmt.Errorf("look up alerts: %w", err)
	}
	fresh := p.waiting[:0]
	for _, v := range p.waiting {
		if old, ok := known[v.id]; !ok {
			fresh = append(fresh, v)
		} else if err := p.revise(ctx, old, &v); err != nil {
			return fmt.Errorf("update alert %q: %w", v.id, err)
		}
	}
	if err := p.store(ctx, fresh); err != nil {
		return fmt.Errorf("store alerts: %w", err)
	}
	p.waiting = p.waiting[:0]
	clear(p.ids)
	if p.rollup.full() {
		return p.rollup.write(ctx)
	}
	return nil
}

// known returns those of the waiting alerts that the store has.
func (p *appender) known(ctx context.Context) (map[string]row, error) {
	args := make([]any, chunk) // what is not filled is NULL, which nothing equals
	for i, v := range p.waiting {
		args[i] = digest(v.id)
	}
	rows, err := p.look.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]row{}
	var r row
	targets := r.targets()
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		known[r.id] = r
	}
	return known, rows.Err()
}

// revise merges an arrival into the alert that the store has.
func (p *appender) revise(ctx context.Context, old row, v *arrival) error {
	now := old
	changed, err := now.merge(&v.row)
	if err != nil {
		return err
	}
	if v.news != nil {
		fresh, err := p.record(ctx, old.seq, v)
		if err != nil {
			return err
		}
		if fresh {
			now.hear(*v.news, p.unlabelled)
			changed = true
		}
	}
	if !changed {
		p.Unchanged++
		return nil
	}
	p.Updated++
	p.rollup.move(&old, &now, v.words[wordName])
	_, err = p.update.ExecContext(ctx, append(now.values(nil), now.seq)...)
	return err
}

// record stores what was said of a known alert and reports whether it is new.
func (p *appender) record(ctx context.Context, seq int64, v *arrival) (fresh bool, err error) {
	r, err := p.state.ExecContext(ctx, p.saying(nil, seq, v)...)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// saying appends the disposition table's columns to args.
func (p *appender) saying(args []any, seq int64, v *arrival) []any {
	s := v.news
	return append(args, seq, s.time, s.class, s.word, s.author, s.provenance, p.seq, v.place)
}

// store stores alerts that the store does not have.
func (p *appender) store(ctx context.Context, fresh []arrival) error {
	var alerts, statements []any
	for i := range fresh {
		v := &fresh[i]
		v.seq = p.next
		p.next++
		p.New++
		if v.news != nil {
			v.hear(*v.news, p.unlabelled)
			statements = p.saying(statements, v.seq, v)
		}
		p.rollup.enter(&v.row)
		alerts = append(v.values(alerts), digest(v.id), p.seq)
	}
	if err := p.alerts.insert(ctx, alerts); err != nil {
		return err
	}
	return p.statements.insert(ctx, statements)
}

// finish stores what is left and completes the counts.
func (p *appender) finish(ctx context.Context) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	if p.place > 0 {
		p.First, p.Last = moment(p.first), moment(p.last)
	}
	return p.rollup.finish(ctx)
}
