package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"hash"
	"math"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store/stamp"
)

// chunk is how many alerts are looked up and stored with one statement.
const chunk = 256

const (
	arrivalColumns    = `seq, batch, place, alert, said, class, word, author, provenance`
	numArrivalColumns = 9
)

// appender adds alerts to a batch, a chunk at a time, so that a batch of any
// size needs the same memory.
type appender struct {
	*entry
	terms  *terms
	rollup *rollup

	waiting     []arrival
	ids         map[string]bool // of those waiting
	place       int64           // alerts read so far
	next, told  int64           // the next new alert's and the next arrival's number
	first, last int64           // times

	leaves []byte // what the seal hashes of those waiting
	head   []byte

	alerts, statements                              *bulk
	look, update, heard, await, origin, same, other *sql.Stmt
}

// arrival is an alert on its way into the store, with what was said of it.
type arrival struct {
	row
	place    int64
	news     *statement
	from, to int // its part of leaves
}

func newAppender(ctx context.Context, e *entry) (*appender, error) {
	p := &appender{entry: e, ids: map[string]bool{}, first: math.MaxInt64, last: math.MinInt64}
	var err error
	if p.terms, err = newTerms(ctx, e.tx); err != nil {
		return nil, err
	}
	s, err := silentOf(ctx, e.tx)
	if err != nil {
		return nil, err
	}
	if s.unlabelled, err = p.terms.id(ctx, string(alert.Unlabelled)); err != nil {
		return nil, err
	}
	if p.rollup, err = newRollup(ctx, e, s); err != nil {
		return nil, err
	}
	if err := e.tx.QueryRowContext(ctx, `SELECT (SELECT coalesce(max(seq), 0) + 1 FROM alert),
		(SELECT coalesce(max(seq), 0) + 1 FROM arrival)`).Scan(&p.next, &p.told); err != nil {
		return nil, err
	}
	if p.alerts, err = newBulk(ctx, e.tx, `INSERT INTO alert (`+columns+`, digest, batch, place) VALUES `, numColumns+3); err != nil {
		return nil, err
	}
	if p.statements, err = newBulk(ctx, e.tx, `INSERT INTO arrival (`+arrivalColumns+`) VALUES `, numArrivalColumns); err != nil {
		return nil, err
	}
	return p, prepare(ctx, e.tx, map[string]**sql.Stmt{
		`SELECT ` + columns + ` FROM alert WHERE digest IN ` + marks(chunk): &p.look,
		updateAlert:  &p.update,
		insertOrigin: &p.origin,
		`SELECT EXISTS (SELECT 1 FROM arrival WHERE alert = ? AND said = ? AND class = ? AND word = ? AND author = ?
			AND provenance = ? AND batch NOT IN (SELECT batch FROM withdrawal))`: &p.heard,
		`SELECT said, coalesce(class, 0), coalesce(word, 0), coalesce(author, 0), coalesce(provenance, 0), ` + saidColumns + ` FROM arrival
			WHERE alert = ? AND time = ? AND batch NOT IN (SELECT batch FROM withdrawal) ORDER BY seq`: &p.await,
		`INSERT INTO arrival (` + arrivalColumns + `) VALUES ` + marks(numArrivalColumns):                              &p.same,
		`INSERT INTO arrival (` + arrivalColumns + `, ` + saidColumns + `) VALUES ` + marks(numArrivalColumns+numSaid): &p.other,
	})
}

// What writes the row of a known alert, and keeps what arrived first of it.
const (
	updateAlert  = `UPDATE alert SET (` + columns + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE seq = ?`
	insertOrigin = `INSERT INTO origin (alert, ` + saidColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// add takes one alert in. It keeps nothing of al itself.
func (p *appender) add(ctx context.Context, al *alert.Alert) error {
	p.place++
	if p.ids[al.ID] {
		// The one before must be in the store for this one to be compared with.
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	v, err := p.arrival(ctx, al)
	if err != nil {
		return fmt.Errorf("alert %d of batch %s, id %q: %w", p.place, p.ID, al.ID, err)
	}
	at := v.time
	if v.partial() && v.news != nil {
		at = v.news.time
	}
	if at != stamp.Unknown {
		p.first, p.last = min(p.first, at), max(p.last, at)
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
	if al.ID == "" || (al.RuleID == "") != al.Time.IsZero() {
		return v, fault.New(fault.Invalid, "an alert needs an id, a rule and a time, and a statement about one neither rule nor time")
	}
	v.id, v.place = al.ID, p.place
	v.unsay(p.rollup.silent)
	if v.time, err = stamp.Of(al.Time); err != nil {
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
		v.score = sql.NullFloat64{Float64: *al.Score + 0, Valid: true} // 0 for -0, as SQLite has it
	}
	if v.fields, err = encodeFields(al.Fields); err != nil {
		return v, err
	}
	if v.news, err = p.statement(ctx, al.Disposition); err != nil {
		return v, err
	}
	v.from = len(p.leaves)
	p.leaves = sealSaid(p.leaves, &v.row, [numWords]string{al.RuleID, al.RuleName, al.Site, al.Entity, al.Severity,
		al.CaseID, string(techniques), al.Tactic, al.Source})
	if d := al.Disposition; d != nil {
		p.leaves = sealStatement(p.leaves, v.news.time, [...]string{string(d.Class), d.Word, d.By, string(d.Provenance)})
	}
	v.to = len(p.leaves)
	return v, nil
}

// statement checks d and puts it into stored form; nil stays nil.
func (p *appender) statement(ctx context.Context, d *alert.Disposition) (*statement, error) {
	if d == nil {
		return nil, nil
	}
	if !d.Class.Valid() {
		return nil, fault.New(fault.Invalid, "disposition has unknown class %q", d.Class)
	}
	if _, ok := alert.ParseProvenance(string(d.Provenance)); !ok && (d.Class.Labels() || d.Provenance != "") {
		return nil, fault.New(fault.Invalid, "disposition %s has unknown provenance %q", d.Class, d.Provenance)
	}
	at, err := stamp.Of(d.Time)
	if err != nil {
		return nil, err
	}
	var words [4]int64
	if err := p.terms.ids(ctx, words[:], string(d.Class), d.Word, d.By, string(d.Provenance)); err != nil {
		return nil, err
	}
	if d.Class == alert.Open { // perhaps for the first time
		p.rollup.silent.open = words[0]
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
		if old, ok := known[v.id]; v.partial() && (!ok || old.void) {
			return fmt.Errorf("alert %d of batch %s: %w", v.place, p.ID, unknownAlert(v.id))
		} else if !ok {
			fresh = append(fresh, v)
		} else if err := p.revise(ctx, old, &v); err != nil {
			return fmt.Errorf("update alert %q: %w", v.id, err)
		}
	}
	if err := p.store(ctx, fresh); err != nil {
		return fmt.Errorf("store alerts: %w", err)
	}
	p.waiting, p.leaves = p.waiting[:0], p.leaves[:0]
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
	fresh, err := p.record(ctx, &old, v)
	if err != nil {
		return err
	}
	now, changed := old, false
	if old.void {
		p.New++
		if now, err = p.revive(ctx, &old); err != nil {
			return err
		}
	}
	if changed, err = now.merge(&v.row); err != nil {
		return err
	}
	if fresh {
		now.hear(*v.news, p.rollup.silent)
	}
	switch {
	case old.void:
		p.rollup.enter(&now, v.place)
	case fresh || changed:
		p.Updated++
		p.rollup.move(&old, &now, v)
	default:
		p.Unchanged++
		return nil
	}
	if !old.revised && !now.saysSame(&old) {
		now.revised = true
		if _, err := p.origin.ExecContext(ctx, old.saidValues([]any{old.seq})...); err != nil {
			return err
		}
	}
	_, err = p.update.ExecContext(ctx, append(now.values(nil), now.seq)...)
	return err
}

// revive returns an alert that did not count as one that does, of which nothing
// is said but what waited for it.
func (p *appender) revive(ctx context.Context, old *row) (row, error) {
	now := row{seq: old.seq, id: old.id, time: stamp.Unknown, revised: old.revised}
	now.unsay(p.rollup.silent)
	rows, err := p.await.QueryContext(ctx, old.seq, int64(stamp.Unknown))
	if err != nil {
		return now, err
	}
	defer rows.Close()
	var said row
	var news statement
	var at sql.NullInt64
	targets := said.saidTargets([]any{&at, &news.class, &news.word, &news.author, &news.provenance})
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return now, err
		}
		if _, err := now.merge(&said); err != nil {
			return now, err
		}
		if news.time = at.Int64; at.Valid {
			now.hear(news, p.rollup.silent)
		}
	}
	return now, rows.Err()
}

// unknownAlert is the error for something said of an alert that is not there.
func unknownAlert(id string) error {
	return fault.New(fault.NotFound, "there is no alert %q that this could be said of", id).
		Next("check the id; alert ids are those of the imported file")
}

// record stores what arrived of a known alert and reports whether it brings a
// disposition that is new.
func (p *appender) record(ctx context.Context, old *row, v *arrival) (fresh bool, err error) {
	if s := v.news; s != nil {
		err := p.heard.QueryRowContext(ctx, old.seq, s.time, s.class, s.word, s.author, s.provenance).Scan(&fresh)
		if err != nil {
			return false, err
		}
		fresh = !fresh
	}
	args := p.arrived(nil, p.seal.later, old.seq, v)
	if !old.revised && old.saysSame(&v.row) {
		_, err = p.same.ExecContext(ctx, args...)
	} else {
		_, err = p.other.ExecContext(ctx, v.saidValues(args)...)
	}
	return fresh, err
}

// arrived appends the columns arrivalColumns to args, and adds what arrived of
// the alert in place seq to a hash of the seal.
func (p *appender) arrived(args []any, h hash.Hash, seq int64, v *arrival) []any {
	args = append(args, p.told, p.seq, v.place, seq)
	p.sealed(h, [...]int64{p.told, seq, v.place}, v)
	p.told++
	if s := v.news; s != nil {
		return append(args, s.time, s.class, s.word, s.author, s.provenance)
	}
	return append(args, nil, nil, nil, nil, nil)
}

// sealed adds to a hash of the seal what arrived where: its own place, 0 if it
// has none, the alert's, and that within the batch.
func (p *appender) sealed(h hash.Hash, where [3]int64, v *arrival) {
	p.head = sealPlace(p.head[:0], where)
	h.Write(p.head)
	h.Write(p.leaves[v.from:v.to])
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
			v.hear(*v.news, p.rollup.silent)
			statements = p.arrived(statements, p.seal.first, v.seq, v)
		} else {
			p.sealed(p.seal.first, [...]int64{0, v.seq, v.place}, v)
		}
		p.rollup.enter(&v.row, v.place)
		alerts = append(v.values(alerts), digest(v.id), p.seq, v.place)
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
	if p.first <= p.last {
		p.First, p.Last = stamp.Time(p.first), stamp.Time(p.last)
	}
	return p.rollup.finish(ctx)
}
