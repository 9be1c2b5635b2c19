//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/store/stamp"
)

// write writes what became of lives.
func (c *change) write(ctx context.Context, list []*life) error {
	var fresh, marked, changed []*life
	var merged []standsFor
	var arrived []*arrival
	var gone []int64
	for _, l := range list {
		for _, was := range l.was {
			c.touch(was.Rule(), day.Of(was.Time))
		}
		for i := range l.family.States {
			if is := &l.family.States[i].Alert; !is.Time.IsZero() { // else nothing is known of it
				c.touch(is.Rule(), day.Of(is.Time))
			}
		}
		stored := l.row != nil && l.row.many
		switch {
		case l.row == nil:
			fresh = append(fresh, l)
		case stored && len(l.family.States) == 1 && len(l.row.merged) == 1:
			changed = append(changed, l)
		case stored:
			gone = append(gone, l.row.merged...)
		default:
			marked = append(marked, l)
		}
		if l.many() && (!stored || len(l.family.States) != 1 || len(l.row.merged) != 1) {
			for n := range l.family.States {
				merged = append(merged, standsFor{l.id, n, &l.family.States[n]})
			}
		}
		for i := range l.arrivals {
			if a := &l.arrivals[i]; a.row < 0 && l.many() {
				arrived = append(arrived, a)
			}
		}
	}
	for _, w := range []writing{
		{`INSERT INTO ix.known BY NAME SELECT hash(id) AS h, * FROM %s`, "id, source, number, place, many, " + content + ", " + said, fresh, func(c *cells, l *life) {
			s := l.first()
			put(c, l.id)
			put(c, s.source())
			put(c, int32(l.arrivals[0].Batch))
			put(c, l.arrivals[0].Place)
			put(c, l.many())
			s.putContent(c)
		}},
		// Of an alert that had arrived once one column changes. What it comes to from then on
		// lies in a table of its own, so that one of millions is not written anew for some.
		{`UPDATE ix.known SET many = true FROM %s u WHERE u.seq = known.rowid`, "seq", marked, func(c *cells, l *life) { put(c, l.row.id) }},
		{`UPDATE ix.merged SET ` + setting("source, "+standing) + ` FROM %s u WHERE u.seq = merged.rowid`, "seq, source, " + standing, changed, func(c *cells, l *life) {
			s := l.first()
			put(c, l.row.merged[0])
			put(c, s.source())
			s.put(c)
		}},
	} {
		if err := c.writeLives(ctx, w); err != nil {
			return err
		}
	}
	if err := c.writeMerged(ctx, gone, merged); err != nil {
		return err
	}
	return c.writeArrivals(ctx, list, arrived)
}

// writing is a statement that writes columns of lives, which it reads from what stands for %s.
type writing struct {
	statement, columns string
	lives              []*life
	put                func(c *cells, l *life)
}

func (c *change) writeLives(ctx context.Context, w writing) error {
	if len(w.lives) == 0 {
		return nil
	}
	rows := c.hold("lives", &table{columns: columnsOf(w.columns), rows: len(w.lives), single: strings.HasPrefix(w.statement, "INSERT"),
		put: func(c *cells, i int) { w.put(c, w.lives[i]) }})
	return c.run(ctx, "store alerts", fmt.Sprintf(w.statement, rows))
}

// writeMerged takes the rows of what arrivals came to out, and puts in what they come to.
func (c *change) writeMerged(ctx context.Context, gone []int64, merged []standsFor) error {
	if len(gone) > 0 {
		rows := c.hold("outdated", &table{columns: columnsOf("seq"), rows: len(gone), put: puts(gone)})
		if err := c.run(ctx, "store alerts", `DELETE FROM ix.merged WHERE rowid IN (SELECT seq FROM `+rows+`)`); err != nil {
			return err
		}
	}
	if len(merged) == 0 {
		return nil
	}
	rows := c.hold("merged", &table{columns: columnsOf("id, nth, source, " + standing), rows: len(merged), single: true, put: func(c *cells, i int) {
		s := &merged[i]
		put(c, s.id)
		put(c, int32(s.nth))
		put(c, s.source())
		s.put(c)
	}})
	return c.run(ctx, "store alerts", `INSERT INTO ix.merged BY NAME SELECT hash(id) AS h, * FROM `+rows)
}

// standsFor is a state of the alerts that have an ID.
type standsFor struct {
	id  string
	nth int
	*history.State
}

// first is the first state of a life; one of which nothing is known where there is none.
func (l *life) first() *standsFor {
	if len(l.family.States) == 0 {
		return &standsFor{l.id, 0, &history.State{Alert: alert.Alert{ID: l.id}}}
	}
	return &standsFor{l.id, 0, &l.family.States[0]}
}

// source is whose the alert is known to be.
func (s *standsFor) source() string {
	if !s.Counts {
		return s.Named.Source
	}
	return s.Alert.Identity().Source
}

// putContent puts the cells of content and of said.
func (s *standsFor) putContent(c *cells) {
	a := &s.Alert
	put(c, s.Counts)
	put(c, a.Rule())
	put(c, a.RuleName)
	put(c, stored(a))
	put(c, a.Site)
	put(c, a.Entity)
	put(c, string(a.EntityType))
	put(c, besides(a))
	put(c, a.CaseID)
	putStatement(c, s.InForce())
}

// besides are the other entities of an alert, as the column has them.
func besides(a *alert.Alert) []string {
	list := make([]string, len(a.Others))
	for i, e := range a.Others {
		list[i] = string(e.Type) + ":" + e.Name
	}
	return list
}

// put puts the cells of standing.
func (s *standsFor) put(c *cells) {
	s.putContent(c)
	read := s.SecondReading()
	if read == nil {
		read = &alert.Disposition{}
	}
	put(c, string(read.Class))
	put(c, read.By)
	put(c, string(read.Provenance))
}

// stored is the stored form of the alert's time, which was checked.
func stored(a *alert.Alert) int64 {
	at, _ := stamp.Of(a.Time)
	return at
}

// putStatement puts the cells class, provenance, said, word, author and original.
func putStatement(c *cells, d *alert.Disposition) {
	if d == nil {
		d = &alert.Disposition{}
	}
	said, _ := stamp.Of(d.Time)
	put(c, string(d.Class))
	put(c, string(d.Provenance))
	if d.Class == "" {
		put[any](c, nil)
	} else {
		put(c, said)
	}
	put(c, d.Word)
	put(c, d.By)
	put(c, d.DuplicateOf)
}

// writeArrivals writes arrivals that have no row yet, and of the others which are of another
// state now, or behind their alerts, or no longer.
func (c *change) writeArrivals(ctx context.Context, list []*life, arrived []*arrival) error {
	var turned []*arrival
	for _, l := range list {
		for i := range l.arrivals {
			a := &l.arrivals[i]
			nth := l.family.Of[i]
			behind := nth != history.None && slices.Contains(l.family.States[nth].Behind, a.Batch)
			if a.row >= 0 && (a.behind != behind || a.nth != nth) {
				turned = append(turned, a)
			}
			a.behind, a.nth = behind, nth
		}
	}
	if len(arrived) > 0 {
		const columns = `nth, source, site, number, place, "time", says, behind, "class", provenance, said, word, author, original, again`
		rows := c.hold("arrived", &table{columns: columnsOf("id", columns), rows: len(arrived), single: true, put: func(c *cells, i int) {
			a := arrived[i]
			put(c, a.ID)
			put(c, int32(a.nth))
			put(c, a.Source)
			put(c, a.Site)
			put(c, int32(a.Batch))
			put(c, a.Place)
			put(c, a.time)
			put(c, a.says)
			put(c, a.behind)
			putStatement(c, a.Disposition)
			put(c, a.Disposition != nil && a.Disposition.Second)
		}})
		if err := c.run(ctx, "store arrivals", `INSERT INTO ix.arrival BY NAME SELECT hash(id) AS h, * FROM `+rows); err != nil {
			return err
		}
	}
	if len(turned) == 0 {
		return nil
	}
	rows := c.hold("turned", &table{columns: columnsOf("seq", "behind", "nth"), rows: len(turned), put: func(c *cells, i int) {
		put(c, turned[i].row)
		put(c, turned[i].behind)
		put(c, int32(turned[i].nth))
	}})
	return c.run(ctx, "change arrivals", `UPDATE ix.arrival SET behind = u.behind, nth = u.nth FROM `+rows+` u WHERE u.seq = arrival.rowid`)
}

// columnsOf describes columns of held tables by their names.
func columnsOf(lists ...string) []driver.ColumnInfo {
	var list []driver.ColumnInfo
	for name := range strings.SplitSeq(strings.Join(lists, ", "), ", ") {
		t := driver.TYPE_VARCHAR
		switch name = strings.Trim(name, `"`); name {
		case "number", "nth":
			t = driver.TYPE_INTEGER
		case "seq", "place", "time", "said", "added", "records":
			t = driver.TYPE_BIGINT
		case "many", "counts", "says", "behind", "again", "void":
			t = driver.TYPE_BOOLEAN
		case "besides":
			list = append(list, driver.ColumnInfo{Name: name, T: listed(column(name, t).T)})
			continue
		}
		list = append(list, column(name, t))
	}
	return list
}

// listed is the type of a list.
func listed(of driver.TypeInfo) driver.TypeInfo {
	t, err := driver.NewListInfo(of)
	if err != nil {
		panic(fmt.Sprintf("the type of a list: %v", err)) // the type is constant
	}
	return t
}

// setting sets columns to those of u, for an UPDATE.
func setting(names string) string {
	var set []string
	for name := range strings.SplitSeq(names, ", ") {
		set = append(set, name+" = u."+name)
	}
	return strings.Join(set, ", ")
}
