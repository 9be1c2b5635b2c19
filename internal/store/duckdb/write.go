//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store/stamp"
)

// write writes what became of lives.
func (c *change) write(ctx context.Context, list []*life) error {
	var fresh, marked, merged, changed []*life
	var arrived []*arrival
	for _, l := range list {
		if l.was != nil {
			c.touch(l.was.Rule(), day.Of(l.was.Time))
		}
		if at := l.state.Alert.Time; !at.IsZero() { // else nothing is known of it
			c.touch(l.state.Alert.Rule(), day.Of(at))
		}
		stored := l.row != nil && l.row.many
		switch {
		case l.row == nil:
			fresh = append(fresh, l)
		case stored:
			changed = append(changed, l)
		default:
			marked = append(marked, l)
		}
		if l.many() && !stored {
			merged = append(merged, l)
		}
		for i := range l.arrivals {
			if a := &l.arrivals[i]; a.row < 0 && l.many() {
				arrived = append(arrived, a)
			}
		}
	}
	for _, w := range []writing{
		{`INSERT INTO ix.known BY NAME SELECT hash(id) AS h, * FROM %s`, "id, number, place, many, " + content + ", " + said, fresh, func(c *cells, l *life) {
			put(c, l.id)
			put(c, int32(l.arrivals[0].Batch))
			put(c, l.arrivals[0].Place)
			put(c, l.many())
			l.putContent(c)
		}},
		// Of an alert that had arrived once one column changes. What it comes to from then on
		// lies in a table of its own, so that one of millions is not written anew for some.
		{`UPDATE ix.known SET many = true FROM %s u WHERE u.seq = known.rowid`, "seq", marked, func(c *cells, l *life) { put(c, l.row.id) }},
		{`INSERT INTO ix.merged BY NAME SELECT hash(id) AS h, * FROM %s`, "id, " + standing, merged, func(c *cells, l *life) {
			put(c, l.id)
			l.put(c)
		}},
		{`UPDATE ix.merged SET ` + setting(standing) + ` FROM %s u WHERE u.seq = merged.rowid`, "seq, " + standing, changed, func(c *cells, l *life) {
			put(c, l.row.merged)
			l.put(c)
		}},
	} {
		if err := c.writeLives(ctx, w); err != nil {
			return err
		}
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

// putContent puts the cells of content and of said.
func (l *life) putContent(c *cells) {
	a := &l.state.Alert
	put(c, l.state.Counts)
	put(c, a.Rule())
	put(c, a.RuleName)
	put(c, stored(a))
	put(c, a.Site)
	put(c, a.Entity)
	put(c, a.CaseID)
	putStatement(c, l.state.InForce())
}

// put puts the cells of standing.
func (l *life) put(c *cells) {
	l.putContent(c)
	read := l.state.SecondReading()
	if read == nil {
		read = &alert.Disposition{}
	}
	put(c, string(read.Class))
	put(c, read.By)
	put(c, string(read.Provenance))
	if at, _ := stamp.Of(read.Time); read.Class == "" {
		put[any](c, nil)
	} else {
		put(c, at)
	}
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

// writeArrivals writes arrivals that have no row yet, and which of the others are behind
// their alerts now or no longer.
func (c *change) writeArrivals(ctx context.Context, list []*life, arrived []*arrival) error {
	var turned []*arrival
	for _, l := range list {
		for i := range l.arrivals {
			a := &l.arrivals[i]
			if behind := slices.Contains(l.state.Behind, a.Batch); a.behind != behind || a.row < 0 {
				if a.behind = behind; a.row >= 0 {
					turned = append(turned, a)
				}
			}
		}
	}
	if len(arrived) > 0 {
		const columns = `number, place, "time", says, behind, "class", provenance, said, word, author, original, again`
		rows := c.hold("arrived", &table{columns: columnsOf("id", columns), rows: len(arrived), single: true, put: func(c *cells, i int) {
			a := arrived[i]
			put(c, a.ID)
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
	rows := c.hold("turned", &table{columns: columnsOf("seq", "behind"), rows: len(turned), put: func(c *cells, i int) {
		put(c, turned[i].row)
		put(c, turned[i].behind)
	}})
	return c.run(ctx, "change arrivals", `UPDATE ix.arrival SET behind = u.behind FROM `+rows+` u WHERE u.seq = arrival.rowid`)
}

// columnsOf describes columns of held tables by their names.
func columnsOf(lists ...string) []driver.ColumnInfo {
	var list []driver.ColumnInfo
	for name := range strings.SplitSeq(strings.Join(lists, ", "), ", ") {
		t := driver.TYPE_VARCHAR
		switch name = strings.Trim(name, `"`); name {
		case "number":
			t = driver.TYPE_INTEGER
		case "seq", "place", "time", "said", "readat", "added", "records":
			t = driver.TYPE_BIGINT
		case "many", "counts", "says", "behind", "again", "void":
			t = driver.TYPE_BOOLEAN
		}
		list = append(list, column(name, t))
	}
	return list
}

// setting sets columns to those of u, for an UPDATE.
func setting(names string) string {
	var set []string
	for name := range strings.SplitSeq(names, ", ") {
		set = append(set, name+" = u."+name)
	}
	return strings.Join(set, ", ")
}
