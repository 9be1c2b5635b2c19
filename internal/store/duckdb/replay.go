//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// told is what a batch said of an alert.
type told struct {
	seq   int64
	batch int32
	saying
	statement
	was, rule, name int32 // as in the table
}

// history is an alert with all that was said of it.
type history struct {
	row
	stated statement // what came with it first
	odd    bool      // its first arrival is stored as no first arrival is
	told   []told    // in order; nil when there is but the first arrival, which is as the row says
}

// first is what arrived first.
func (h *history) first() *saying {
	if h.told != nil {
		return &h.told[0].saying
	}
	return &h.saying
}

// tell adds to what was said.
func (h *history) tell(list ...told) {
	if h.told == nil {
		h.told = append(h.told, told{seq: h.seq, batch: h.batch, saying: h.saying, statement: h.stated})
	}
	h.told = append(h.told, list...)
}

// page is a number of alerts with their histories, in the order of numbers.
type page struct {
	texts
	alerts []history
	// read is how many rows of the tables belong to the alerts.
	read rows
}

// rows is a number of rows of each table.
type rows struct{ alert, arrival, origin, restated int64 }

// add adds other.
func (r *rows) add(other rows) {
	r.alert += other.alert
	r.arrival += other.arrival
	r.origin += other.origin
	r.restated += other.restated
}

// pick is which alerts a page has: those with numbers from first to before end,
// and only those in the table among if it is not empty.
type pick struct {
	first, end int64
	among      string
}

// where is the condition for a column of numbers.
func (k pick) where(column string) string {
	s := fmt.Sprintf(` WHERE %s >= %d AND %[1]s < %[3]d`, column, k.first, k.end)
	if k.among != "" {
		s += fmt.Sprintf(` AND %s IN (SELECT seq FROM %s)`, column, k.among)
	}
	return s
}

// fill reads the alerts that are picked into the page, whatever was in it.
func (p *page) fill(ctx context.Context, q querier, which pick) error {
	*p = page{texts: texts{p.text[:0]}, alerts: p.alerts[:0]}
	if err := p.readAlerts(ctx, q, which); err != nil || len(p.alerts) == 0 {
		return err
	}
	err := scan(ctx, q, 1+numContent, func(v []value) {
		if h := p.find(v[0].(int64)); h != nil && h.told == nil {
			h.tell()
			h.told[0].saying = p.sayingOf(v[1:])
			p.read.origin++
		}
	}, `SELECT alert, `+content+` FROM origin`+which.where("alert"))
	if err != nil {
		return err
	}
	if err := p.readArrivals(ctx, q, which); err != nil {
		return err
	}
	return scan(ctx, q, 2+numContent, func(v []value) {
		if t := p.findTold(v[1].(int64), v[0].(int64)); t != nil {
			t.saying = p.sayingOf(v[2:])
			p.read.restated++
		}
	}, `SELECT seq, alert, `+content+` FROM restated`+which.where("alert"))
}

// readAlerts reads the alerts of a page, as the table has them. The engine gives
// rows as they lie, which is in order but for the few that waited to be merged.
func (p *page) readAlerts(ctx context.Context, q querier, which pick) error {
	var late []history
	err := scan(ctx, q, numColumns, func(v []value) {
		h := history{row: p.rowOf(v)}
		if n := len(p.alerts); n > 0 && h.seq < p.alerts[n-1].seq {
			late = append(late, h)
			return
		}
		p.alerts = append(p.alerts, h)
	}, `SELECT `+columns+` FROM alert`+which.where("seq"))
	p.insert(late)
	p.read.alert = int64(len(p.alerts))
	return err
}

// insert inserts alerts where their numbers belong.
func (p *page) insert(late []history) {
	slices.SortFunc(late, func(x, y history) int { return cmp.Compare(x.seq, y.seq) })
	n := len(p.alerts)
	p.alerts = append(p.alerts, late...)
	for i := len(p.alerts) - 1; len(late) > 0; i-- {
		if last := &late[len(late)-1]; n == 0 || p.alerts[n-1].seq <= last.seq {
			p.alerts[i] = *last
			late = late[:len(late)-1]
			continue
		}
		n--
		p.alerts[i] = p.alerts[n]
	}
}

// find returns the alert with a number, or nil.
func (p *page) find(seq int64) *history {
	// Most numbers are those of alerts.
	if i := seq - p.alerts[0].seq; i >= 0 && i < int64(len(p.alerts)) && p.alerts[i].seq == seq {
		return &p.alerts[i]
	}
	i, found := slices.BinarySearchFunc(p.alerts, seq, func(h history, seq int64) int { return cmp.Compare(h.seq, seq) })
	if !found {
		return nil
	}
	return &p.alerts[i]
}

// findTold returns what the arrival with a number, which is not the first, said of
// an alert, or nil.
func (p *page) findTold(alert, seq int64) *told {
	h := p.find(alert)
	if h == nil {
		return nil
	}
	if i := slices.IndexFunc(h.told, func(t told) bool { return t.seq == seq }); i > 0 {
		return &h.told[i]
	}
	return nil
}

// readArrivals reads what was stated of the alerts of a page, and what arrived of
// them after they had arrived first.
func (p *page) readArrivals(ctx context.Context, q querier, which pick) error {
	return scan(ctx, q, 11, func(v []value) {
		h := p.find(v[2].(int64))
		if h == nil {
			return
		}
		p.read.arrival++
		t := told{seq: v[0].(int64), batch: v[1].(int32), statement: statementOf(v[3:]),
			was: v[8].(int32), rule: v[9].(int32), name: v[10].(int32)}
		if t.seq == h.seq {
			h.arrive(&t)
			return
		}
		t.saying = *h.first()
		h.tell(t)
	}, `SELECT seq, batch, alert, said, class, word, author, provenance, was, rule, name
		FROM arrival`+which.where("alert")+` ORDER BY seq`)
}

// arrive notes what was stated when the alert arrived first.
func (h *history) arrive(t *told) {
	h.odd = h.odd || h.stated.class != 0 || t.batch != h.batch || t.class == 0 || t.was != 0 || t.rule != 0 || t.name != 0
	h.stated = t.statement
	if h.told != nil {
		h.told[0].statement = t.statement
	}
}

// outcome is what the batches that count make of an alert.
type outcome struct {
	row
	news []news
}

// news is what an arrival told of rules, as in the table.
type news struct {
	seq             int64
	was, rule, name int32
}

// replay goes through a history without the batches that are void.
func (p *page) replay(h *history, void map[int32]bool) (o outcome, err error) {
	o.row = h.row
	if h.told == nil {
		o.alone(&h.stated, void[h.batch])
		return o, nil
	}
	o.saying, o.void = silence(), true
	o.unsay()
	said := map[statement]bool{}
	for i := range h.told {
		t := &h.told[i]
		if void[t.batch] {
			continue
		}
		n := news{seq: t.seq}
		if !o.void {
			n.was = o.words[wordRule]
		}
		o.void = o.void && t.partial()
		amended, err := p.merge(&o.saying, &t.saying)
		if err != nil {
			return o, fmt.Errorf("alert %q: %w", p.of(h.id), err)
		}
		heard := t.class != 0 && !said[t.statement]
		if heard {
			said[t.statement] = true
			o.hear(t.statement)
		}
		if !o.void && (amended || heard) {
			n.rule, n.name = o.words[wordRule], t.words[wordName]
		}
		if i > 0 {
			o.news = append(o.news, n)
		}
	}
	if o.void {
		o.row = h.row // of an alert that does not count, the row says nothing
		o.void = true
	}
	o.revised = o.revised || !p.same(&o.saying, &h.told[0].saying)
	return o, nil
}

// alone makes of a row what its first arrival alone makes of it, in a batch that
// may be void.
func (o *outcome) alone(stated *statement, void bool) {
	if o.void = void || o.partial(); o.void {
		return
	}
	o.unsay()
	if stated.class != 0 {
		o.hear(*stated)
	}
}

// stale returns the news that the store has otherwise.
func (h *history) stale(o *outcome) (list []news) {
	for _, n := range o.news {
		i := slices.IndexFunc(h.told, func(t told) bool { return t.seq == n.seq })
		if t := &h.told[i]; t.was != n.was || t.rule != n.rule || t.name != n.name {
			if n.rule != 0 || t.rule != 0 {
				list = append(list, n)
			}
		}
	}
	return list
}

// settle brings the alerts of a page in line with the batches that count.
func (p *page) settle(ctx context.Context, e *entry, void map[int32]bool) error {
	var changed, amended []*row
	var origins []row
	var stale []news
	for i := range p.alerts {
		h := &p.alerts[i]
		o, err := p.replay(h, void)
		if err != nil {
			return err
		}
		stale = append(stale, h.stale(&o)...)
		if o.revised && !h.revised {
			origins = append(origins, h.row)
		}
		if o.counts != h.counts {
			changed = append(changed, &o.row)
		}
		if !p.same(&o.saying, &h.saying) || o.revised != h.revised || o.void != h.void {
			amended = append(amended, &o.row)
		}
	}
	if err := e.writeOrigins(ctx, &p.texts, origins); err != nil {
		return err
	}
	if err := e.update(ctx, &p.texts, changed, amended); err != nil {
		return err
	}
	return e.correct(ctx, stale)
}

// correct writes what arrivals now tell of rules.
func (e *entry) correct(ctx context.Context, list []news) error {
	if len(list) == 0 {
		return nil
	}
	e.hold("news", &table{columns: columnsOf(`seq, was, rule, name`), rows: len(list), put: func(c *cells, i int) {
		put(c, list[i].seq)
		put(c, list[i].was)
		put(c, list[i].rule)
		put(c, list[i].name)
	}})
	return e.run(ctx, "update arrivals", `UPDATE arrival SET was = h.was, rule = h.rule, name = h.name FROM held('news') h WHERE h.seq = arrival.seq`)
}

// pages returns where the pages begin that hold the alerts of a table, when each
// spans reach numbers.
func pages(ctx context.Context, q querier, table string, reach int64) (list []int64, err error) {
	return list, scan(ctx, q, 1, func(v []value) { list = append(list, v[0].(int64)*reach) },
		fmt.Sprintf(`SELECT DISTINCT seq // %d AS page FROM %s ORDER BY page`, reach, table))
}
