//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"slices"
)

// reach is how many numbers of arrivals a page spans.
const reach = 1 << 18

// told is what a batch said of an alert.
type told struct {
	seq   int64
	batch int32
	saying
	statement
	was, rule, name int32 // as in the table
}

// history is an alert with all that was said of it, in order.
type history struct {
	row
	told []told
}

// page is a number of alerts with their histories.
type page struct {
	texts
	alerts []history
	at     map[int64]int // the place of each in alerts
}

// readPage reads the alerts with numbers from first to before last; those that
// only selects, which is a condition or empty.
func readPage(ctx context.Context, q querier, first, last int64, only string) (*page, error) {
	p := &page{at: map[int64]int{}}
	err := scan(ctx, q, numColumns, func(v []any) {
		r := p.rowOf(v)
		p.at[r.seq] = len(p.alerts)
		p.alerts = append(p.alerts, history{row: r, told: []told{{seq: r.seq, batch: r.batch, saying: r.saying}}})
	}, `SELECT `+columns+` FROM alert WHERE seq >= ? AND seq < ?`+only+` ORDER BY seq`, first, last)
	if err != nil || len(p.alerts) == 0 {
		return p, err
	}
	of := func(alert any) *history {
		if i, ok := p.at[alert.(int64)]; ok {
			return &p.alerts[i]
		}
		return &history{told: []told{{}}} // of an alert that was not selected
	}
	err = scan(ctx, q, 1+numContent, func(v []any) { of(v[0]).told[0].saying = p.sayingOf(v[1:]) },
		`SELECT alert, `+content+` FROM origin WHERE alert >= ? AND alert < ?`, first, last)
	if err != nil {
		return nil, err
	}
	if err := p.readLater(ctx, q, of, [2]int64{first, last}); err != nil {
		return nil, err
	}
	return p, scan(ctx, q, 2+numContent, func(v []any) {
		h := of(v[1])
		if i := slices.IndexFunc(h.told, func(t told) bool { return t.seq == v[0].(int64) }); i > 0 {
			h.told[i].saying = p.sayingOf(v[2:])
		}
	}, `SELECT seq, alert, `+content+` FROM restated WHERE alert >= ? AND alert < ?`, first, last)
}

// readLater reads what arrived of the alerts of a page after they had arrived
// first, and what was stated then.
func (p *page) readLater(ctx context.Context, q querier, of func(any) *history, bounds [2]int64) error {
	return scan(ctx, q, 11, func(v []any) {
		h := of(v[2])
		t := told{seq: v[0].(int64), batch: v[1].(int32), saying: h.told[0].saying, statement: statementOf(v[3:]),
			was: v[8].(int32), rule: v[9].(int32), name: v[10].(int32)}
		if t.seq == h.told[0].seq {
			h.told[0].statement = t.statement
			return
		}
		h.told = append(h.told, t)
	}, `SELECT seq, batch, alert, said, class, word, author, provenance, was, rule, name
		FROM arrival WHERE alert >= ? AND alert < ? ORDER BY seq`, bounds[0], bounds[1])
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

// pages returns where the pages begin that hold the alerts of a table.
func pages(ctx context.Context, q querier, table string) (list []int64, err error) {
	return list, scan(ctx, q, 1, func(v []any) { list = append(list, v[0].(int64)*reach) },
		fmt.Sprintf(`SELECT DISTINCT seq // %d AS page FROM %s ORDER BY page`, reach, table))
}
