//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"errors"

	"candor/internal/store/stamp"
)

// meet reads the alerts of the slice that are known, and what batches that count
// stated about them.
func (s *slice) meet(ctx context.Context) error {
	if len(s.suspects) == 0 {
		return nil
	}
	s.hold("digest", &table{columns: columnsOf(`digest`), rows: len(s.suspects), put: func(c *cells, i int) { put(c, s.suspects[i]) }})
	var known []int64
	err := scan(ctx, s.conn, 1, func(v []value) { known = append(known, v[0].(int64)) },
		`SELECT seq FROM alert SEMI JOIN held('digest') USING (digest)`)
	if err != nil || len(known) == 0 {
		return err
	}
	s.hold("known", &table{columns: columnsOf(`seq`), rows: len(known), put: func(c *cells, i int) { put(c, known[i]) }})
	rows := make([]row, 0, len(known))
	err = scan(ctx, s.conn, numColumns, func(v []value) {
		rows = append(rows, s.rowOf(v))
		s.met[v[3].(string)] = &met{row: &rows[len(rows)-1]}
	}, `SELECT `+s.needed()+` FROM alert SEMI JOIN held('known') USING (seq)`)
	if err != nil {
		return err
	}
	if err := s.await(ctx); err != nil {
		return err
	}
	return scan(ctx, s.conn, 6, func(v []value) {
		s.stated[stated{v[0].(int64), statementOf(v[1:])}] = struct{}{}
	}, `SELECT r.alert, r.said, r.class, r.word, r.author, r.provenance FROM arrival r
		SEMI JOIN held('known') k ON k.seq = r.alert ANTI JOIN withdrawal w ON w.batch = r.batch WHERE r.class <> 0`)
}

// needed returns the columns that the slice has to know of what it meets. To read
// all of them takes longest, and what is only stated changes few.
func (s *slice) needed() string {
	silent := silence()
	for i := range s.arrivals {
		if !s.same(&s.arrivals[i].saying, &silent) {
			return columns
		}
	}
	return judged
}

// await reads what batches that count said of the known alerts that do not count,
// and that waits for one that brings them again.
func (s *slice) await(ctx context.Context) error {
	var void []*met
	for _, m := range s.met {
		if m.void {
			void = append(void, m)
		}
	}
	if len(void) == 0 {
		return nil
	}
	s.hold("void", &table{columns: columnsOf(`seq, place`), rows: len(void), put: func(c *cells, i int) {
		put(c, void[i].seq)
		put(c, int32(i))
	}})
	var broken error
	err := scan(ctx, s.conn, 6+numContent, func(v []value) {
		m, said := void[v[0].(int32)], s.sayingOf(v[6:])
		if m.waiting == nil {
			m.waiting = &row{saying: silence()}
			m.waiting.unsay()
		}
		_, err := s.texts.merge(&m.waiting.saying, &said)
		broken = errors.Join(broken, err)
		if news := statementOf(v[1:]); news.class != 0 {
			m.waiting.hear(news)
		}
	}, `SELECT h.place, r.said, r.class, r.word, r.author, r.provenance, `+contentOf(`t.%s`)+`
		FROM held('void') h JOIN restated t ON t.alert = h.seq JOIN arrival r ON r.seq = t.seq
		ANTI JOIN withdrawal w ON w.batch = r.batch WHERE t.time = ? ORDER BY r.seq`, int64(stamp.Unknown))
	return errors.Join(err, broken)
}

// write writes what became of the slice.
func (s *slice) write(ctx context.Context) error {
	if err := s.insert(ctx, "alert", &table{columns: columnsOf(columns + `, day`), rows: len(s.fresh), put: func(c *cells, i int) {
		r := &s.arrivals[s.fresh[i]].row
		put(c, r.seq)
		put(c, r.batch)
		put(c, r.digest)
		put(c, s.of(r.id))
		s.putContent(c, &r.saying)
		r.putStanding(c)
		r.putFlags(c)
		put(c, stamp.Day(r.time))
	}}); err != nil {
		return err
	}
	if err := s.writeLaters(ctx); err != nil {
		return err
	}
	if err := s.writeOrigins(ctx, &s.texts, s.origins); err != nil {
		return err
	}
	var changed, amended []*row
	for _, m := range s.changed {
		changed = append(changed, m.row)
		if m.amended {
			amended = append(amended, m.row)
		}
	}
	return s.update(ctx, &s.texts, changed, amended)
}

// writeLaters writes what arrived of known alerts, and all statements.
func (s *slice) writeLaters(ctx context.Context) error {
	var restated []*later
	for i := range s.laters {
		if s.laters[i].restated {
			restated = append(restated, &s.laters[i])
		}
	}
	if err := s.insert(ctx, "arrival", &table{
		columns: columnsOf(`seq, batch, alert, said, class, word, author, provenance, was, rule, name`), rows: len(s.laters), put: func(c *cells, i int) {
			l := &s.laters[i]
			v := &s.arrivals[l.place]
			put(c, v.seq)
			put(c, s.seq)
			put(c, l.alert)
			v.news.put(c)
			put(c, l.was)
			put(c, l.rule)
			put(c, l.name)
		}}); err != nil {
		return err
	}
	return s.insert(ctx, "restated", &table{columns: columnsOf(`seq, alert, ` + content), rows: len(restated), put: func(c *cells, i int) {
		v := &s.arrivals[restated[i].place]
		put(c, v.seq)
		put(c, restated[i].alert)
		s.putContent(c, &v.saying)
	}})
}

// writeOrigins keeps what arrived first of alerts that are revised from now on.
func (e *entry) writeOrigins(ctx context.Context, t *texts, origins []row) error {
	return e.insert(ctx, "origin", &table{columns: columnsOf(`alert, ` + content), rows: len(origins), put: func(c *cells, i int) {
		put(c, origins[i].seq)
		t.putContent(c, &origins[i].saying)
	}})
}

// update writes what has changed of alerts: of all under what they count, of the
// amended ones also what is said of them and their flags. Few are amended, and
// each column that is written costs.
func (e *entry) update(ctx context.Context, t *texts, changed, amended []*row) error {
	e.change(ctx, len(changed)+len(amended))
	if len(changed) > 0 {
		e.hold("changed", &table{columns: columnsOf(`seq, ` + standing), rows: len(changed), put: func(c *cells, i int) {
			put(c, changed[i].seq)
			changed[i].putStanding(c)
		}})
		if err := e.run(ctx, "update alerts", `UPDATE alert SET `+setting(standing)+` FROM held('changed') h WHERE h.seq = alert.seq`); err != nil {
			return err
		}
	}
	if len(amended) == 0 {
		return nil
	}
	e.hold("amended", &table{columns: columnsOf(`seq, day, ` + content + `, ` + flags), rows: len(amended), put: func(c *cells, i int) {
		put(c, amended[i].seq)
		put(c, stamp.Day(amended[i].time))
		t.putContent(c, &amended[i].saying)
		amended[i].putFlags(c)
	}})
	return e.run(ctx, "update alerts", `UPDATE alert SET `+setting(`day, `+content+`, `+flags)+` FROM held('amended') h WHERE h.seq = alert.seq`)
}

// insert inserts the rows of t into the table with a name. One thread does, so
// that rows fill the engine's groups.
func (e *entry) insert(ctx context.Context, name string, t *table) error {
	if t.rows == 0 {
		return nil
	}
	t.single = true
	e.hold(name, t)
	return e.run(ctx, "store "+name+" rows", `INSERT INTO `+name+` BY NAME FROM held('`+name+`')`)
}
