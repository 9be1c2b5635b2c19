//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/store/stamp"
)

// life is an ID with all its arrivals.
type life struct {
	id       string
	row      *row // nil when it has none yet
	arrivals []arrival
	family   history.Family
	was      []*alert.Alert // what the tables had of the alerts that have it
}

// row is an ID's row in the table, as far as it must be known to change it.
type row struct {
	id   int64 // of the row
	many bool
	// merged are the rows of what its arrivals come to, one of each state, where many says
	// that there are such, and said is what the last of them says.
	merged []int64
	said   alert.Alert
}

// arrival is one arrival in the life of an alert.
type arrival struct {
	history.Arrival
	row    int64 // its row in the table; less than 0 when it has none
	time   int64 // of the alert, as stored; stamp.Unknown when it gives none
	says   bool  // more than a statement
	behind bool
	nth    int  // the place of the state that it is of, as it is stored
	fresh  bool // it is being taken in
}

// many reports whether arrivals have rows of their own: an alert's row has room for one,
// and none for a second reading.
func (l *life) many() bool {
	return len(l.arrivals) > 1 || len(l.arrivals) == 1 && l.arrivals[0].Disposition != nil && l.arrivals[0].Disposition.Second
}

// plain returns the arrivals.
func (l *life) plain() []history.Arrival {
	list := make([]history.Arrival, len(l.arrivals))
	for i := range l.arrivals {
		list[i] = l.arrivals[i].Arrival
	}
	return list
}

// says reports whether a says more of an alert than which one it is and a statement.
func says(a *alert.Alert) bool {
	return !a.Partial() || a.RuleName != "" || a.Entity != "" || a.Severity != "" || a.Score != nil || a.CaseID != "" ||
		a.Tactic != "" || len(a.Techniques)+len(a.Fields) > 0
}

// certain reports whether the tables have all that must be known of the life to work out
// what it comes to: one arrival alone says what the row says, and the others only state.
func (l *life) certain() bool {
	if l.row != nil && l.row.many && len(l.row.merged) != 1 {
		return false
	}
	first := true
	for i := range l.arrivals {
		a := &l.arrivals[i]
		if a.says && (a.Void || !first || a.fresh && l.row != nil) {
			return false
		}
		first = first && a.Void
	}
	return true
}

// lives returns the lives of the alerts that arrived, with what arrived behind what is
// known of them.
func (in *incoming) lives(ctx context.Context, arrived []arrival) ([]*life, error) {
	ids := map[string]*life{}
	for i := range arrived {
		ids[arrived[i].ID] = nil
	}
	wanted := in.hold("wanted", &table{columns: columnsOf("id"), rows: len(ids), put: puts(slices.Collect(maps.Keys(ids)))})
	known, err := in.livesOf(ctx, `SELECT hash(id) FROM `+wanted)
	if err != nil {
		return nil, err
	}
	for _, l := range known {
		if _, ok := ids[l.id]; ok {
			ids[l.id] = l
		}
	}
	var list []*life
	for _, a := range arrived {
		l := ids[a.ID]
		if l == nil {
			l = &life{id: a.ID}
			ids[a.ID] = l
		}
		if len(l.arrivals) == 0 || !l.arrivals[len(l.arrivals)-1].fresh {
			list = append(list, l)
		}
		l.arrivals = append(l.arrivals, a)
	}
	return list, in.complete(ctx, list)
}

// puts puts the rows of a table of one column.
func puts[T any](list []T) func(c *cells, i int) { return func(c *cells, i int) { put(c, list[i]) } }

// livesOf returns the lives of the known alerts whose hashes a query selects.
func (c *change) livesOf(ctx context.Context, wanted string, args ...any) ([]*life, error) {
	void, sources, err := c.batches(ctx)
	if err != nil {
		return nil, err
	}
	// To read the hashes alone, and then a few rows whole, is faster than all at once.
	var rows []int64
	if err := scan(ctx, c.conn, 1, func(v []value) { rows = append(rows, v[0].(int64)) }, `SELECT rowid FROM ix.known WHERE h IN (`+wanted+`)`, args...); err != nil {
		return nil, err
	}
	held := c.hold("rows", &table{columns: columnsOf("seq"), rows: len(rows), put: puts(rows)})
	lives, list := map[string]*life{}, make([]*life, 0, len(rows))
	if err := scan(ctx, c.conn, 20, func(v []value) {
		l := &life{id: v[1].(string), row: &row{id: v[0].(int64), many: v[4].(bool)}}
		lives[l.id], list = l, append(list, l)
		if l.row.many {
			return
		}
		a, at, n := saying(l.id, v[5:]), v[7].(int64), int(v[2].(int32))
		a.Disposition = statement(a.ID, v[13:])
		l.was = append(l.was, a)
		if a.Partial() {
			a.Source = v[19].(string)
		} else {
			a.Origin = sources[n]
		}
		l.arrivals = []arrival{{Arrival: history.Arrival{Batch: n, Place: v[3].(int64), Void: void[n], Alert: a}, row: -1, time: at, says: true, behind: true}}
	}, `SELECT rowid, id, number, place, many, "rule", "name", "time", site, entity, kind, besides, incident, "class", provenance, said, word, author, original, source
		FROM ix.known WHERE rowid IN (SELECT seq FROM `+held+`)`); err != nil {
		return nil, err
	}
	if err := scan(ctx, c.conn, 10, func(v []value) {
		if l := lives[v[1].(string)]; l != nil {
			was := saying(l.id, v[2:])
			l.was = append(l.was, was)
			l.row.merged, l.row.said = append(l.row.merged, v[0].(int64)), *was
		}
	}, `SELECT rowid, id, "rule", "name", "time", site, entity, kind, besides, incident FROM ix.merged WHERE h IN (`+wanted+`)`, args...); err != nil {
		return nil, err
	}
	err = scan(ctx, c.conn, 17, func(v []value) {
		l, n := lives[v[1].(string)], int(v[2].(int32))
		if l == nil {
			return
		}
		a := arrival{Arrival: history.Arrival{Batch: n, Place: v[3].(int64), Void: void[n], Alert: &alert.Alert{ID: l.id}}, row: v[0].(int64), time: v[4].(int64),
			says: v[5].(bool), behind: v[6].(bool), nth: int(v[14].(int32))}
		if a.says && len(l.row.merged) == 1 {
			*a.Alert = l.row.said // which is all, if it is the only one that does
		}
		if a.Source, a.Site = v[15].(string), v[16].(string); !a.Partial() {
			a.Origin = sources[n]
		}
		if a.Disposition = statement(l.id, v[7:]); a.Disposition != nil {
			a.Disposition.Second = v[13].(bool)
		}
		l.arrivals = append(l.arrivals, a)
	}, `SELECT rowid, id, number, place, "time", says, behind, "class", provenance, said, word, author, original, again, nth, source, site FROM ix.arrival WHERE h IN (`+wanted+`) ORDER BY number, place`, args...)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// saying returns an alert that says rule, name, time, site, entity, kind, besides and incident.
func saying(id string, v []value) *alert.Alert {
	source, rule := alert.CutRule(v[0].(string))
	a := &alert.Alert{ID: id, Source: source, RuleID: rule, RuleName: v[1].(string), Time: stamp.Time(v[2].(int64)), Site: v[3].(string), CaseID: v[7].(string)}
	about(a, v[4:])
	return a
}

// about sets what an alert is about from entity, kind and besides.
func about(a *alert.Alert, v []value) {
	a.Entity, a.EntityType = v[0].(string), alert.EntityType(v[1].(string))
	for _, b := range texts(v[2]) {
		t, name, _ := strings.Cut(b, ":")
		a.Others = append(a.Others, alert.Entity{Type: alert.EntityType(t), Name: name})
	}
}

// batches are which batches are withdrawn, and whose statements others were said to have.
func (c *change) batches(ctx context.Context) (void map[int]bool, sources map[int]string, err error) {
	void, sources = maps.Clone(c.void), map[int]string{}
	for n, l := range c.paths {
		sources[n] = l.source
	}
	return void, sources, scan(ctx, c.conn, 3, func(v []value) {
		if n := int(v[0].(int32)); v[1].(bool) {
			void[n] = true
		} else {
			sources[n] = v[2].(string)
		}
	}, `SELECT number, void, source FROM ix.batch WHERE void OR source <> ''`)
}

// statement returns the statement of class, provenance, said, word, author and original;
// nil when there is none.
func statement(id string, v []value) *alert.Disposition {
	class := v[0].(string)
	if class == "" {
		return nil
	}
	return &alert.Disposition{AlertID: id, Class: alert.Class(class), Provenance: alert.Provenance(v[1].(string)), Time: stamp.Time(v[2].(int64)),
		Word: v[3].(string), By: v[4].(string), DuplicateOf: v[5].(string)}
}

// complete reads from the files what the tables do not have of the lives.
func (c *change) complete(ctx context.Context, list []*life) error {
	var wanted []*arrival
	for _, l := range list {
		if l.certain() {
			continue
		}
		for i := range l.arrivals {
			if !l.arrivals[i].fresh {
				wanted = append(wanted, &l.arrivals[i])
			}
		}
	}
	return c.fetch(ctx, wanted)
}

// place is where an arrival lies.
type place struct {
	number int
	place  int64
}

// fetch reads arrivals from the files.
func (c *change) fetch(ctx context.Context, wanted []*arrival) error {
	if len(wanted) == 0 {
		return nil
	}
	places := c.hold("places", &table{columns: columnsOf("number", "place"), rows: len(wanted), put: func(c *cells, i int) {
		put(c, int32(wanted[i].Batch))
		put(c, wanted[i].Place)
	}})
	known, err := c.known(ctx, places)
	if err != nil {
		return err
	}
	found, paths := map[place]*arrival{}, map[int]lies{}
	from, to := wanted[0].Place, wanted[0].Place
	first, last := wanted[0].time, wanted[0].time
	for _, a := range wanted {
		found[place{a.Batch, a.Place}] = a
		if paths[a.Batch] = c.paths[a.Batch]; paths[a.Batch].path == "" {
			paths[a.Batch] = known[a.Batch]
		}
		from, to, first, last = min(from, a.Place), max(to, a.Place), min(first, a.time), max(last, a.time)
	}
	bounds := ""
	if first != stamp.Unknown {
		bounds = fmt.Sprintf(` AND "time" BETWEEN make_timestamp_ns(%d) AND make_timestamp_ns(%d)`, first, last)
	}
	got, err := c.arrivals(ctx, c.conn, fmt.Sprintf(`SELECT *, false AS void FROM %s WHERE place BETWEEN %d AND %d%s AND (number, place) IN (SELECT (number, place) FROM %s)`,
		c.parquet(paths), from, to, bounds, places))
	if err != nil {
		return err
	}
	for _, g := range got {
		p := place{g.Batch, g.Place}
		if a := found[p]; a != nil && a.ID == g.ID {
			a.Alert = g.Alert
			delete(found, p)
		}
	}
	if len(found) > 0 {
		return c.unread(fmt.Errorf("%d arrivals that the index speaks of are not where it says", len(found)))
	}
	return nil
}

// known returns where batches lie that were taken in, by number: those among places.
func (c *change) known(ctx context.Context, places string) (map[int]lies, error) {
	paths := map[int]lies{}
	return paths, scan(ctx, c.conn, 4, func(v []value) {
		paths[int(v[0].(int32))] = lies{filepath.Join(c.dir, v[2].(string)+".parquet"), v[1].(string), v[3].(string)}
	}, `SELECT number, id, file, source FROM ix.batch WHERE number IN (SELECT number FROM `+places+`)`)
}

// arrivals reads whole arrivals; from yields rows of files, with the number of the batch
// and whether it is void.
func (x *Index) arrivals(ctx context.Context, q querier, from string) (list []arrival, err error) {
	err = scan(ctx, q, 26, func(v []value) {
		at := v[5].(int64)
		a := &alert.Alert{ID: v[3].(string), Source: v[4].(string), Time: stamp.Time(at), RuleID: v[6].(string), RuleName: v[7].(string), Site: v[8].(string),
			CaseID: v[12].(string), Severity: v[13].(string), Tactic: v[14].(string), Techniques: texts(v[16]), Fields: fields(v[17])}
		about(a, v[9:])
		if score, ok := v[15].(float64); ok {
			a.Score = &score
		}
		if a.Disposition = statement(a.ID, v[18:]); a.Disposition != nil {
			a.Disposition.Second = v[24].(bool)
		}
		if !a.Partial() {
			a.Origin = v[25].(string)
		}
		list = append(list, arrival{Arrival: history.Arrival{Batch: int(v[0].(int32)), Place: v[1].(int64), Void: v[2].(bool), Alert: a},
			row: -1, time: at, says: says(a), fresh: true})
	}, `SELECT number, place, void, id, coalesce(source, ''), coalesce(epoch_ns("time"), `+unknown+`), coalesce(rule_id, ''), coalesce(rule_name, ''),
		coalesce(site, ''), `+aboutOf+`, coalesce(case_id, ''), coalesce(severity, ''), coalesce(tactic, ''), score, techniques, fields, `+
		statementOf+`, `+second+`, origin FROM (`+from+`) ORDER BY number, place`)
	if err != nil {
		return nil, x.unread(err)
	}
	return list, nil
}

// texts reads a list of texts; nil when it is empty.
func texts(v value) (list []string) {
	items, _ := v.([]any)
	for _, t := range items {
		list = append(list, fmt.Sprint(t))
	}
	return list
}

// fields reads a map of texts; nil when it is empty.
func fields(v value) map[string]string {
	m, _ := v.(driver.OrderedMap)
	keys, values := m.Keys(), m.Values()
	if len(keys) == 0 {
		return nil
	}
	out := make(map[string]string, len(keys))
	for i, k := range keys {
		out[fmt.Sprint(k)] = fmt.Sprint(values[i])
	}
	return out
}
