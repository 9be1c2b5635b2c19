package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// alerts reads the alerts after a place, a page at most.
func (r *replay) alerts(ctx context.Context, after int64) ([]kept, error) {
	rows, err := r.tx.QueryContext(ctx, `SELECT `+countedColumns+`, revised <> 0, void <> 0, digest, batch, place,
		revised NOT IN (0, 1) OR void NOT IN (0, 1) FROM alert WHERE seq > ? ORDER BY seq LIMIT ?`, after, page)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	defer rows.Close()
	list := make([]kept, 0, page)
	var k kept
	targets := append(k.targets(), &k.digest, &k.batch, &k.place, &k.odd)
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("read alerts: %w", err)
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

// origins reads what arrived first of the revised alerts after a place, up to
// another.
func (r *replay) origins(ctx context.Context, after, upTo int64) (map[int64]row, error) {
	rows, err := r.tx.QueryContext(ctx, `SELECT alert, `+saidColumns+` FROM origin WHERE alert > ? AND alert <= ?`, after, upTo)
	if err != nil {
		return nil, fmt.Errorf("read revised alerts: %w", err)
	}
	defer rows.Close()
	origins := map[int64]row{}
	var o row
	targets := o.saidTargets([]any{&o.seq})
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("read revised alerts: %w", err)
		}
		origins[o.seq] = o
	}
	return origins, rows.Err()
}

// arrivals reads what was said of the alerts after a place, up to another, in
// the order of arrival.
func (r *replay) arrivals(ctx context.Context, after, upTo int64) (map[int64][]said, error) {
	query := `SELECT ` + newsColumns + `, ar.time IS NULL, ar.alert, '', ` + eachSaid("ar.#") + ` FROM arrival ar WHERE ar.alert > ? AND ar.alert <= ? ORDER BY ar.alert, ar.seq`
	arrivals := map[int64][]said{}
	err := r.said(ctx, func(s *said) {
		if s.same && !s.saysSame(&row{}) {
			r.amiss(s.batch, "arrival %d contradicts itself", s.at)
		}
		arrivals[s.seq] = append(arrivals[s.seq], *s)
	}, query, after, upTo)
	if err != nil {
		return nil, fmt.Errorf("read arrivals: %w", err)
	}
	return arrivals, nil
}

// later reads, in the order of arrival, a page of what was said of alerts that
// were known, and where the page ends.
func (r *replay) later(ctx context.Context, after int64) (list []said, last int64, err error) {
	query := `SELECT ` + newsColumns + `, 0, ar.alert, al.id, ` + eachSaid("CASE WHEN ar.time IS NOT NULL THEN ar.# WHEN o.alert IS NOT NULL THEN o.# ELSE al.# END") + ` FROM arrival ar JOIN alert al ON al.seq = ar.alert LEFT JOIN origin o ON o.alert = ar.alert
		WHERE ar.seq > ? AND NOT (ar.batch = al.batch AND ar.place = al.place) ORDER BY ar.seq LIMIT ?`
	err = r.said(ctx, func(s *said) { list, last = append(list, *s), s.at }, query, after, page)
	if err != nil {
		return nil, 0, fmt.Errorf("read arrivals: %w", err)
	}
	return list, last, nil
}

// newsColumns are the columns of an arrival but for what it says of the alert.
const newsColumns = `ar.seq, ar.batch, ar.place, ar.said, coalesce(ar.class, 0), coalesce(ar.word, 0),
	coalesce(ar.author, 0), coalesce(ar.provenance, 0)`

// eachSaid returns an expression, with # for the column, for each of saidColumns.
// What is not there comes as nothing said.
func eachSaid(expression string) string {
	var list []string
	for _, c := range strings.FieldsFunc(saidColumns, func(r rune) bool { return r == ',' || r == ' ' }) {
		value := strings.ReplaceAll(expression, "#", c)
		switch c {
		case "score":
		case "fields":
			value = "coalesce(" + value + ", '')"
		default:
			value = "coalesce(" + value + ", 0)"
		}
		list = append(list, value)
	}
	return strings.Join(list, ", ")
}

// said reads arrivals: newsColumns, whether it says the same as what arrived
// first, the alert's place and id, and what it says.
func (r *replay) said(ctx context.Context, do func(s *said), query string, args ...any) error {
	rows, err := r.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var s said
	var at sql.NullInt64
	var n statement
	targets := s.saidTargets([]any{&s.at, &s.batch, &s.place, &at, &n.class, &n.word, &n.author, &n.provenance, &s.same, &s.seq, &s.id})
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		s.news = nil
		n.time = at.Int64
		if at.Valid {
			s.news = new(n)
		} else if n != (statement{}) {
			r.amiss(s.batch, "arrival %d contradicts itself", s.at)
		}
		do(&s)
	}
	return rows.Err()
}

// maxTexts bounds the texts that are remembered.
const maxTexts = 1 << 18

// texts gives the texts of terms back.
type texts struct {
	tx    *sql.Tx
	known map[int64]string
}

func newTexts(tx *sql.Tx) *texts { return &texts{tx: tx, known: map[int64]string{}} }

// load makes sure of the texts of the terms that are keys of wanted.
func (t *texts) load(ctx context.Context, wanted map[int64]bool) error {
	if len(t.known) > maxTexts {
		clear(t.known)
	}
	var ids []int64
	for id := range wanted {
		if _, ok := t.known[id]; !ok {
			ids = append(ids, id)
			t.known[id] = fmt.Sprintf("\x00no term %d", id) // unless one is found
		}
	}
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := t.tx.QueryContext(ctx, `SELECT id, text FROM term WHERE id IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return fmt.Errorf("read terms: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return fmt.Errorf("read terms: %w", err)
		}
		t.known[id] = text
	}
	return rows.Err()
}

// of returns the text of a term that was loaded.
func (t *texts) of(id int64) string { return t.known[id] }

// termsOf adds the terms of what was said to a set.
func termsOf(set map[int64]bool, list []said) map[int64]bool {
	if set == nil {
		set = map[int64]bool{}
	}
	for i := range list {
		for _, w := range list[i].words {
			set[w] = true
		}
		if n := list[i].news; n != nil {
			set[n.class], set[n.word], set[n.author], set[n.provenance] = true, true, true, true
		}
	}
	return set
}

// termsOfPage returns the terms that a page of alerts names.
func termsOfPage(alerts []kept, origins map[int64]row, arrivals map[int64][]said) map[int64]bool {
	set := map[int64]bool{}
	for i := range alerts {
		for _, w := range alerts[i].words {
			set[w] = true
		}
	}
	for _, o := range origins {
		for _, w := range o.words {
			set[w] = true
		}
	}
	for _, list := range arrivals {
		termsOf(set, list)
	}
	return set
}
