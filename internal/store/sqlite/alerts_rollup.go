package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
)

// maxGathered bounds the cells and the rules whose changes wait to be written.
const maxGathered = 1 << 15

// cell is what alerts are counted by.
type cell struct {
	day, hour, rule, incident, site, entity, class, provenance, opened int64
}

// cellColumns are those of the table, in the order of values.
const cellColumns = `day, hour, rule, incident, site, entity, class, provenance, opened`

func (c *cell) values() []any {
	return []any{c.day, c.hour, c.rule, c.incident, c.site, c.entity, c.class, c.provenance, c.opened}
}

// targets returns where to scan the columns.
func (c *cell) targets() []any {
	return []any{&c.day, &c.hour, &c.rule, &c.incident, &c.site, &c.entity, &c.class, &c.provenance, &c.opened}
}

// facts are what a batch adds to what is known of a rule.
type facts struct {
	name        int64 // the newest name; 0 when none was given
	place       int64 // of the alert that gave it
	alerts      int64
	first, last int64
}

// rollup gathers what a batch changes in the counts, and writes it.
type rollup struct {
	*entry
	silent silent
	cells  map[cell]int64
	rules  map[int64]*facts
	// recount has the rules of alerts that changed their rule or their time. Only
	// a look at all alerts of such a rule tells its first and last.
	recount map[int64]bool

	more, fewer, drop, rule, from *sql.Stmt
}

func newRollup(ctx context.Context, e *entry, s silent) (*rollup, error) {
	u := &rollup{entry: e, silent: s, cells: map[cell]int64{}, rules: map[int64]*facts{}, recount: map[int64]bool{}}
	const key = `day = ? AND hour = ? AND rule = ? AND incident = ? AND site = ? AND entity = ? AND class = ? AND provenance = ? AND opened = ?`
	return u, prepare(ctx, e.tx, map[string]**sql.Stmt{
		`INSERT INTO cell (n, ` + cellColumns + `) VALUES ` + marks(10) + `
			ON CONFLICT DO UPDATE SET n = n + excluded.n`: &u.more,
		`UPDATE cell SET n = n + ? WHERE ` + key:  &u.fewer,
		`DELETE FROM cell WHERE n = ? AND ` + key: &u.drop,
		`INSERT INTO rule (rule, name, alerts, first, last) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET name = iif(excluded.name = 0, name, excluded.name),
			alerts = alerts + excluded.alerts, first = min(first, excluded.first), last = max(last, excluded.last)`: &u.rule,
		`INSERT INTO rule_batch (rule, batch) VALUES (?, ?) ON CONFLICT DO NOTHING`: &u.from,
	})
}

// enter counts an alert that arrived new in a place of the batch.
func (u *rollup) enter(r *row, place int64) {
	u.cells[r.cell(u.silent)]++
	f := u.touch(r.words[wordRule], r.words[wordName], place)
	f.alerts++
	f.first, f.last = min(f.first, r.time), max(f.last, r.time)
}

// move counts an alert that was before and is now after what arrived says.
func (u *rollup) move(before, after *row, v *arrival) {
	u.cells[before.cell(u.silent)]--
	u.cells[after.cell(u.silent)]++
	was, is := before.words[wordRule], after.words[wordRule]
	u.touch(is, v.words[wordName], v.place)
	if was != is || before.time != after.time {
		u.recount[was], u.recount[is] = true, true
	}
}

// touch returns the facts gathered about a rule that the batch has news of. A
// batch is not stored quite in its order; the name that comes last in it counts.
func (u *rollup) touch(rule, name, place int64) *facts {
	f := u.rules[rule]
	if f == nil {
		f = &facts{first: math.MaxInt64, last: math.MinInt64}
		u.rules[rule] = f
	}
	if name != 0 && place > f.place {
		f.name, f.place = name, place
	}
	return f
}

// full reports whether it is time to write.
func (u *rollup) full() bool { return len(u.cells) >= maxGathered || len(u.rules) >= maxGathered }

// write writes what was gathered so far, and gathers anew.
func (u *rollup) write(ctx context.Context) error {
	for c, n := range u.cells {
		if err := u.count(ctx, c, n); err != nil {
			return fmt.Errorf("count alerts: %w", err)
		}
	}
	clear(u.cells)
	for rule, f := range u.rules {
		if _, err := u.rule.ExecContext(ctx, rule, f.name, f.alerts, f.first, f.last); err != nil {
			return fmt.Errorf("count the alerts of a rule: %w", err)
		}
		if _, err := u.from.ExecContext(ctx, rule, u.seq); err != nil {
			return fmt.Errorf("note the batch of a rule: %w", err)
		}
	}
	clear(u.rules)
	return nil
}

// count adds n, which may be negative, to a cell. A cell that comes to nothing
// goes, so that counts do not depend on how they came about.
func (u *rollup) count(ctx context.Context, c cell, n int64) error {
	args := append([]any{n}, c.values()...)
	switch {
	case n > 0:
		_, err := u.more.ExecContext(ctx, args...)
		return err
	case n < 0:
		if _, err := u.fewer.ExecContext(ctx, args...); err != nil {
			return err
		}
		args[0] = 0
		_, err := u.drop.ExecContext(ctx, args...)
		return err
	}
	return nil
}

// finish writes what is left and looks again at the rules that need it.
func (u *rollup) finish(ctx context.Context) error {
	if err := u.write(ctx); err != nil {
		return err
	}
	if len(u.recount) == 0 {
		return nil
	}
	rules, err := json.Marshal(slices.Sorted(maps.Keys(u.recount)))
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE rule SET alerts = 0 WHERE rule IN (SELECT value FROM json_each(?))`,
		`INSERT INTO rule (rule, name, alerts, first, last)
			SELECT rule, 0, count(*), min(time), max(time) FROM alert
			WHERE NOT void AND rule IN (SELECT value FROM json_each(?)) GROUP BY rule
			ON CONFLICT DO UPDATE SET alerts = excluded.alerts, first = excluded.first, last = excluded.last`,
		`DELETE FROM rule_batch WHERE rule IN (
			SELECT rule FROM rule WHERE alerts = 0 AND rule IN (SELECT value FROM json_each(?)))`,
		`DELETE FROM rule WHERE alerts = 0 AND rule IN (SELECT value FROM json_each(?))`,
	} {
		if _, err := u.tx.ExecContext(ctx, statement, string(rules)); err != nil {
			return fmt.Errorf("recount the alerts of rules: %w", err)
		}
	}
	return nil
}
