//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/stamp"
)

// change is a change of an index: one transaction.
type change struct {
	*Index
	name  string // begins the names of what it holds in memory
	conn  *sql.Conn
	tx    *sql.Tx
	paths map[int]lies // of what the change takes in
	void  map[int]bool // batches that are withdrawn by the change, or among what it takes in
	// touched are the rules and days of lives that were written, and plain the batches whose
	// rows of alerts that arrived once were.
	touched map[batches.Touch]bool
	plain   []int32
}

// Begin begins a change; see batches.Index.
func (x *Index) Begin(ctx context.Context) (batches.Change, error) {
	if !x.write {
		return nil, batches.ErrReadOnly
	}
	conn, err := x.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return x.over(conn, tx), nil
}

// over returns a change that is made, or what is only read, in a transaction.
func (x *Index) over(conn *sql.Conn, tx *sql.Tx) *change {
	return &change{Index: x, name: fmt.Sprintf("%d ", x.changes.Add(1)), conn: conn, tx: tx, paths: map[int]lies{}, void: map[int]bool{}, touched: map[batches.Touch]bool{}}
}

// hold makes t what SQL reads by what is returned, until it is replaced.
func (c *change) hold(name string, t *table) string {
	c.held.hold(c.name+name, t)
	return `held(` + quoted(c.name+name) + `)`
}

// Commit makes the change seen; see batches.Change.
func (c *change) Commit(ctx context.Context, at batches.Tip) error {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	if err := c.run(ctx, "note how far it has come", `UPDATE ix.about SET tip = ?`, string(text)); err != nil {
		return err
	}
	if err := c.doubt(); err != nil {
		return err
	}
	err = c.tx.Commit()
	c.end()
	if err != nil {
		return fmt.Errorf("commit to the index: %w", errors.Join(err, unwritten(err)))
	}
	return c.sure()
}

// Rollback ends a change that was not committed.
func (c *change) Rollback() {
	if c.tx != nil {
		_ = c.tx.Rollback()
	}
	c.end()
}

// end lets go of the connection and of what is in memory.
func (c *change) end() {
	if c.tx == nil {
		return
	}
	c.tx = nil
	c.held.release(c.name)
	_, _ = c.conn.ExecContext(context.Background(), `DROP TABLE IF EXISTS temp.suspect; DROP TABLE IF EXISTS temp.arriving`)
	_ = c.conn.Close()
}

// run runs a statement.
func (c *change) run(ctx context.Context, what, statement string, args ...any) error {
	if _, err := c.tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("%s: %w", what, errors.Join(err, unwritten(err)))
	}
	return nil
}

// count runs a query that answers with one number.
func (c *change) count(ctx context.Context, query string, args ...any) (n int64, err error) {
	return n, c.tx.QueryRowContext(ctx, query, args...).Scan(&n)
}

// Touched lists what the change touches; see batches.Change.
func (c *change) Touched(ctx context.Context) ([]batches.Touch, error) {
	if len(c.plain) > 0 {
		batch := c.hold("touched", &table{columns: columnsOf("number"), rows: len(c.plain), put: puts(c.plain)})
		if err := scan(ctx, c.conn, 2, func(v []value) { c.touch(v[0].(string), dated(v[1].(int64))) },
			`SELECT DISTINCT "rule", `+whole(`"time"`, 24*time.Hour)+` FROM ix.known WHERE NOT many AND number IN (SELECT number FROM `+batch+`)`); err != nil {
			return nil, err
		}
	}
	return slices.Collect(maps.Keys(c.touched)), nil
}

// touch notes that alerts of a rule and day count otherwise.
func (c *change) touch(rule string, on day.Date) {
	c.touched[batches.Touch{Rule: rule, Day: on}] = true
}

// Enter notes what the index holds of batches; see batches.Change.
func (c *change) Enter(ctx context.Context, held ...batches.Held) error {
	if len(held) == 0 {
		return nil
	}
	bodies := make([]string, len(held))
	for i := range held {
		body, err := json.Marshal(held[i])
		if err != nil {
			return err
		}
		bodies[i] = string(body)
	}
	rows := c.hold("entered", &table{columns: columnsOf("number", "void", "id", "file", "added", "records", "origin", "source", "body"), rows: len(held), single: true, put: func(c *cells, i int) {
		b := &held[i].Batch
		added, _ := stamp.Of(b.Added)
		put(c, int32(held[i].Number))
		put(c, b.Withdrawn != nil)
		put(c, b.ID)
		put(c, held[i].Name())
		put(c, added)
		put(c, b.New+b.Updated)
		put(c, cmp.Or(b.Source, b.Format))
		put(c, b.Source)
		put(c, bodies[i])
	}})
	if err := c.run(ctx, "note batches", `DELETE FROM ix.batch WHERE number IN (SELECT number FROM `+rows+`)`); err != nil {
		return err
	}
	return c.run(ctx, "note batches", `INSERT INTO ix.batch BY NAME SELECT * FROM `+rows)
}

// Drop takes out arrivals; see batches.Change.
func (c *change) Drop(ctx context.Context, gone []batches.Gone) ([]store.ExpiredSum, error) {
	var ids []string // of which all goes
	some := map[string]*batches.Gone{}
	for i := range gone {
		if gone[i].Only == nil {
			ids = append(ids, gone[i].ID)
		} else {
			some[gone[i].ID] = &gone[i]
		}
	}
	list, err := c.dropSome(ctx, some)
	if err != nil {
		return nil, err
	}
	if err := c.doom(ctx, ids); err != nil {
		return nil, err
	}
	err = scan(ctx, c.conn, 5, func(v []value) {
		source, rule := alert.CutRule(v[0].(string))
		list = append(list, store.ExpiredSum{RuleID: rule, Source: source, Day: day.Date(v[1].(string)), Class: alert.Class(v[2].(string)),
			Provenance: alert.Provenance(v[3].(string)), N: v[4].(int64)})
	}, `SELECT "rule", strftime(make_date(`+whole(`"time"`, 24*time.Hour)+`::INTEGER), '%Y-%m-%d') AS "day", if("class" IN `+unsaid+`, 'unlabelled', "class") AS said,
		if("class" IN `+unsaid+`, '', provenance) AS provenance, count(*)
		FROM `+alerts+` WHERE counts AND (h, id) IN (SELECT (h, id) FROM temp.suspect) GROUP BY ALL ORDER BY ALL`)
	if err != nil {
		return nil, err
	}
	return batches.ExpiredSums(list, nil), c.remove(ctx)
}

// doom gathers the IDs that remove takes out.
func (c *change) doom(ctx context.Context, ids []string) error {
	rows := c.hold("dropped", &table{columns: columnsOf("id"), rows: len(ids), put: puts(ids)})
	return c.run(ctx, "look for what goes", `CREATE OR REPLACE TEMP TABLE suspect AS SELECT hash(id) AS h, id FROM `+rows)
}

// remove takes out all that there is of the IDs that were gathered.
func (c *change) remove(ctx context.Context) error {
	for _, from := range []string{"known", "merged", "arrival"} {
		if err := c.run(ctx, "take out what goes", `DELETE FROM ix.`+from+` WHERE (h, id) IN (SELECT (h, id) FROM temp.suspect)`); err != nil {
			return err
		}
	}
	return nil
}

// dropSome takes out some of the arrivals of IDs, and writes what is left of them anew.
func (c *change) dropSome(ctx context.Context, some map[string]*batches.Gone) ([]store.ExpiredSum, error) {
	if len(some) == 0 {
		return nil, nil
	}
	ids := slices.Sorted(maps.Keys(some))
	if err := c.doom(ctx, ids); err != nil {
		return nil, err
	}
	list, err := c.livesOf(ctx, `SELECT h FROM temp.suspect`)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(l *life) bool { return some[l.id] == nil })
	if err := c.whole(ctx, list); err != nil {
		return nil, err
	}
	var states []history.State
	for _, l := range list {
		states = append(states, l.part(some[l.id])...)
	}
	if err := c.remove(ctx); err != nil {
		return nil, err
	}
	return batches.ExpiredSums(nil, states), c.write(ctx, list)
}

// part takes what goes out of a life, which has no rows then, and returns the states that
// counted of the alerts that it was of.
func (l *life) part(g *batches.Gone) (gone []history.State) {
	f := history.FamilyOf(l.plain())
	went, left := map[int]bool{}, l.arrivals[:0]
	for i, a := range l.arrivals {
		if g.Goes(&a.Arrival) {
			went[f.Of[i]] = true
			continue
		}
		a.row, a.behind = -1, false
		left = append(left, a)
	}
	for n, s := range f.States {
		if went[n] && s.Counts {
			gone = append(gone, s)
		}
	}
	l.row, l.arrivals = nil, left
	l.family = *history.FamilyOf(l.plain())
	return gone
}

// What a batch file has of an arrival, as the tables have it.
const (
	// unknown is stamp.Unknown.
	unknown = `-9223372036854775808`
	// statementOf has the columns of a statement, whose class is empty when there is none;
	// second, which follows, says whether it is a second reading.
	statementOf = `coalesce(statements[1]."class", '') AS "class", coalesce(statements[1].provenance, '') AS provenance,
		if(len(statements) = 0, NULL, coalesce(epoch_ns(statements[1]."at"), ` + unknown + `)) AS said,
		coalesce(statements[1].word, '') AS word, coalesce(statements[1]."by", '') AS author,
		coalesce(statements[1].duplicate_of, '') AS original`
	second = `coalesce(statements[1].kind, '') = 'second reading'`
	// sourceOf is whose the alert is known to be; see alert.Identity.
	sourceOf  = `coalesce(nullif(source, ''), if("time" IS NULL, '', origin)) AS source`
	contentOf = `if(coalesce(source, '') = '' AND NOT contains(coalesce(rule_id, ''), chr(31)), coalesce(rule_id, ''), coalesce(source, '') || chr(31) || coalesce(rule_id, '')) AS "rule", coalesce(rule_name, '') AS "name", epoch_ns("time") AS "time", coalesce(site, '') AS site,
		` + aboutOf + `, coalesce(case_id, '') AS incident`
	// aboutOf has what the alert is about. The primary entity is the first.
	aboutOf = `coalesce(entities[1]."name", '') AS entity, coalesce(entities[1]."type", '') AS kind,
		if(len(entities) > 1, list_transform(entities[2:], lambda e: coalesce(e."type", '') || ':' || e."name"), []) AS besides`
)

// incoming are files that are being taken in.
type incoming struct {
	*change
	// from reads the files, with the number of each row's batch and whether it is void.
	from string
	got  batches.Outcomes
}

// Take takes files in; see batches.Change. The alerts of which nothing else is known, and
// which arrive once, become rows by SQL alone. All others are suspect of having a
// history, which package history makes something of.
func (c *change) Take(ctx context.Context, files []batches.File) (batches.Outcomes, error) {
	in := &incoming{change: c}
	void := []string{"-1"}
	for _, f := range files {
		in.paths[f.Number], in.plain = lies{f.Path, f.Batch, f.Source}, append(in.plain, int32(f.Number))
		if f.Void {
			c.void[f.Number] = true
			void = append(void, fmt.Sprint(f.Number))
		}
	}
	in.from = `SELECT *, number IN (` + strings.Join(void, ", ") + `) AS void FROM ` + c.parquet(in.paths)
	suspects, err := in.suspect(ctx)
	if err != nil {
		return in.got, err
	}
	plain := `SELECT * FROM (` + in.from + `)`
	if suspects > 0 {
		plain += ` WHERE hash(id) NOT IN (SELECT h FROM temp.suspect)`
	}
	if in.got.New, err = c.count(ctx, `SELECT count(*) FROM temp.arriving WHERE NOT void AND h NOT IN (SELECT h FROM temp.suspect)`); err != nil {
		return in.got, err
	}
	if err := c.run(ctx, "take in alerts", `INSERT INTO ix.known SELECT hash(id), id, `+sourceOf+`, number, place, false, NOT void, `+contentOf+`, `+statementOf+
		` FROM (`+plain+`)`); err != nil {
		return in.got, c.unread(err)
	}
	if suspects == 0 {
		return in.got, nil
	}
	return in.got, in.merge(ctx)
}

// unread says that files could not be read.
func (x *Index) unread(err error) error {
	return fmt.Errorf("read batch files in %s: %w", x.dir, err)
}

// lies is where a batch lies: in a file, which may have rows of others unless batch is
// empty; and whose statements it was said to have.
type lies struct{ path, batch, source string }

// alone reports whether the file has rows of no other batch.
func (l lies) alone() bool { return l.batch == "" || filepath.Base(l.path) == l.batch+".parquet" }

// parquet reads batch files, with the number of the batch that each row is of, and whose
// statements that was said to have. What the engine takes for a pattern in a name is quoted.
func (c *change) parquet(of map[int]lies) string {
	numbers, paths := slices.Sorted(maps.Keys(of)), map[string]bool{}
	var list []string
	for _, n := range numbers {
		if p := of[n].path; !paths[p] {
			paths[p] = true
			list = append(list, quoted(literal(p)))
		}
	}
	if len(numbers) == 1 && of[numbers[0]].alone() {
		return fmt.Sprintf(`(SELECT *, %d::INTEGER AS number, %s AS origin FROM read_parquet(%s))`, numbers[0], quoted(of[numbers[0]].source), list[0])
	}
	files := c.hold("files", &table{columns: columnsOf("file", "batch", "number", "origin"), rows: len(numbers), put: func(c *cells, i int) {
		put(c, of[numbers[i]].path)
		put(c, of[numbers[i]].batch)
		put(c, int32(numbers[i]))
		put(c, of[numbers[i]].source)
	}})
	return `(SELECT p.*, f.number, f.origin FROM read_parquet([` + strings.Join(list, ", ") + `], filename = true) p JOIN ` + files + ` f ON f.file = p.filename AND f.batch = p.batch)`
}

// literal is the pattern that fits a path alone.
func literal(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

// suspect gathers the hashes of the IDs that may have more than one arrival: what arrives
// twice, what is known, and what is said of an alert; and those of second readings.
func (in *incoming) suspect(ctx context.Context) (int64, error) {
	if err := in.run(ctx, "read what arrives", `CREATE OR REPLACE TEMP TABLE arriving AS
		SELECT hash(id) AS h, "time" IS NULL OR `+second+` AS more, void FROM (`+in.from+`)`); err != nil {
		return 0, in.unread(err)
	}
	if err := in.run(ctx, "look for what is known", `CREATE OR REPLACE TEMP TABLE suspect AS
		SELECT h FROM temp.arriving GROUP BY h HAVING count(*) > 1
		UNION SELECT h FROM temp.arriving WHERE more
		UNION SELECT h FROM temp.arriving WHERE h IN (SELECT h FROM ix.known)`); err != nil {
		return 0, err
	}
	return in.count(ctx, `SELECT count(*) FROM temp.suspect`)
}

// chunk is how many places of files are merged at a time: a group of their rows.
const chunk = 122_880

// merge has package history say what the suspects come to, a group of rows after the other
// in the order in which they arrived.
func (in *incoming) merge(ctx context.Context) error {
	type span struct {
		number int32
		group  int64
	}
	var spans []span
	err := scan(ctx, in.conn, 2, func(v []value) { spans = append(spans, span{v[0].(int32), v[1].(int64)}) },
		fmt.Sprintf(`SELECT number, place // %d AS g FROM (%s) WHERE hash(id) IN (SELECT h FROM temp.suspect) GROUP BY ALL ORDER BY ALL`, chunk, in.from))
	if err != nil {
		return in.unread(err)
	}
	// Groups of many small files are merged together as far as they are next to each other.
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && n < 256 && spans[n].group == 0 && spans[n-1].group == 0 {
			n++
		}
		first, last := spans[0], spans[n-1]
		where := fmt.Sprintf(`number BETWEEN %d AND %d AND place >= %d AND place < %d`, first.number, last.number, first.group*chunk, (last.group+1)*chunk)
		if err := in.mergeSome(ctx, where); err != nil {
			return err
		}
		spans = spans[n:]
	}
	return nil
}

// mergeSome merges those suspects that a condition selects.
func (in *incoming) mergeSome(ctx context.Context, where string) error {
	arrived, err := in.arrivals(ctx, in.conn, `SELECT * FROM (`+in.from+`) WHERE `+where+` AND hash(id) IN (SELECT h FROM temp.suspect)`)
	if err != nil {
		return err
	}
	list, err := in.lives(ctx, arrived)
	if err != nil {
		return err
	}
	for _, l := range list {
		in.take(l)
	}
	return in.write(ctx, list)
}

// take works out what a life comes to with what is new in it, and counts what became of
// that.
func (in *incoming) take(l *life) {
	l.family = history.Family{}
	for i := range l.arrivals {
		a := &l.arrivals[i]
		if o := l.family.Add(&a.Arrival); a.fresh && !a.Void {
			in.got.Count(o, &a.Arrival)
		}
	}
}

// Forget makes the arrivals of a batch void; see batches.Change.
func (c *change) Forget(ctx context.Context, number int) error {
	if err := c.run(ctx, "withdraw alerts", `UPDATE ix.known SET counts = false WHERE number = ? AND NOT many AND counts`, number); err != nil {
		return err
	}
	c.void[number], c.plain = true, append(c.plain, int32(number))
	if err := c.run(ctx, "withdraw a batch", `UPDATE ix.batch SET void = true WHERE number = ?`, number); err != nil {
		return err
	}
	var groups []int64
	err := scan(ctx, c.conn, 1, func(v []value) { groups = append(groups, v[0].(int64)) },
		fmt.Sprintf(`SELECT place // %d AS g FROM ix.arrival WHERE number = ? GROUP BY g ORDER BY g`, chunk), number)
	if err != nil {
		return err
	}
	for _, g := range groups {
		list, err := c.livesOf(ctx, fmt.Sprintf(`SELECT DISTINCT h FROM ix.arrival WHERE number = %d AND place >= %d AND place < %d`, number, g*chunk, (g+1)*chunk))
		if err == nil {
			err = c.complete(ctx, list)
		}
		if err != nil {
			return err
		}
		for _, l := range list {
			l.family = *history.FamilyOf(l.plain())
		}
		if err := c.write(ctx, list); err != nil {
			return err
		}
	}
	return nil
}
