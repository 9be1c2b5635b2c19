package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// counts is everything that is counted of alerts, counted anew.
type counts struct {
	silent silent
	cells  map[cell]int64
	rules  map[int64]facts
	from   map[ruleBatch]*ruleNews
}

// ruleBatch is a rule and a batch that has news of it.
type ruleBatch struct{ rule, batch int64 }

// ruleNews is what a batch brings of a rule.
type ruleNews struct {
	more    int64 // alerts, less those that left
	touched bool
	name    int64
	place   int64 // of the alert that gave the name
}

func newCounts() *counts {
	return &counts{cells: map[cell]int64{}, rules: map[int64]facts{}, from: map[ruleBatch]*ruleNews{}}
}

// move notes that an alert, which was before, is now after something arrived.
func (c *counts) move(before, after *row, s *said) {
	was, is := before.words[wordRule], after.words[wordRule]
	n := c.news(is, s.batch)
	n.touched = true
	if name := s.words[wordName]; name != 0 && s.place > n.place {
		n.name, n.place = name, s.place
	}
	switch {
	case before.void:
		n.more++
	case was != is:
		n.more++
		c.news(was, s.batch).more--
	}
}

func (c *counts) news(rule, batch int64) *ruleNews {
	n := c.from[ruleBatch{rule, batch}]
	if n == nil {
		n = &ruleNews{place: -1}
		c.from[ruleBatch{rule, batch}] = n
	}
	return n
}

// add counts an alert as it is in the end.
func (c *counts) add(r *row) {
	if r.void {
		return
	}
	c.cells[r.cell(c.silent)]++
	rule := r.words[wordRule]
	f, ok := c.rules[rule]
	if !ok {
		f.first, f.last = r.time, r.time
	}
	f.alerts++
	f.first, f.last = min(f.first, r.time), max(f.last, r.time)
	c.rules[rule] = f
}

// settle returns the batches of each rule, and sets the rules' names: what was
// known of a rule is forgotten whenever a batch leaves it without alerts.
func (c *counts) settle() map[ruleBatch]bool {
	order := make([]ruleBatch, 0, len(c.from))
	for at := range c.from {
		order = append(order, at)
	}
	slices.SortFunc(order, func(x, y ruleBatch) int { return cmp.Or(cmp.Compare(x.rule, y.rule), cmp.Compare(x.batch, y.batch)) })
	from := map[ruleBatch]bool{}
	for len(order) > 0 {
		n := 1
		for n < len(order) && order[n].rule == order[0].rule {
			n++
		}
		c.settleRule(order[:n], from)
		order = order[n:]
	}
	return from
}

// settleRule goes through the batches that have news of one rule.
func (c *counts) settleRule(order []ruleBatch, from map[ruleBatch]bool) {
	var alerts, name int64
	var since []ruleBatch
	for _, at := range order {
		n := c.from[at]
		alerts += n.more
		if n.touched {
			since = append(since, at)
		}
		name = cmp.Or(n.name, name)
		if alerts == 0 {
			since, name = nil, 0
		}
	}
	for _, at := range since {
		from[at] = true
	}
	if f, ok := c.rules[order[0].rule]; ok {
		f.name = name
		c.rules[order[0].rule] = f
	}
}

// write puts the counts in place of those in the tables.
func (c *counts) write(ctx context.Context, tx *sql.Tx) error {
	from := c.settle()
	for _, table := range []string{"cell", "rule", "rule_batch"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
			return err
		}
	}
	var cells, rules, batches *sql.Stmt
	err := prepare(ctx, tx, map[string]**sql.Stmt{
		`INSERT INTO cell (n, ` + cellColumns + `) VALUES ` + marks(10):         &cells,
		`INSERT INTO rule (rule, name, alerts, first, last) VALUES ` + marks(5): &rules,
		`INSERT INTO rule_batch (rule, batch) VALUES ` + marks(2):               &batches,
	})
	if err != nil {
		return err
	}
	for k, n := range c.cells {
		if _, err := cells.ExecContext(ctx, append([]any{n}, k.values()...)...); err != nil {
			return fmt.Errorf("count alerts: %w", err)
		}
	}
	for rule, f := range c.rules {
		if _, err := rules.ExecContext(ctx, rule, f.name, f.alerts, f.first, f.last); err != nil {
			return fmt.Errorf("count the alerts of a rule: %w", err)
		}
	}
	for at := range from {
		if _, err := batches.ExecContext(ctx, at.rule, at.batch); err != nil {
			return fmt.Errorf("note the batch of a rule: %w", err)
		}
	}
	return nil
}

// compare notes what the tables count otherwise.
func (c *counts) compare(ctx context.Context, tx *sql.Tx, a *auditor) error {
	from := c.settle()
	for _, compare := range []func(context.Context, *sql.Tx) (int, error){
		c.compareCells, c.compareRules,
		func(ctx context.Context, tx *sql.Tx) (int, error) { return compareFrom(ctx, tx, from) },
	} {
		wrong, err := compare(ctx, tx)
		if err != nil {
			return err
		}
		if wrong > 0 {
			a.amiss(0, "%d counts do not follow from the alerts", wrong)
		}
	}
	return nil
}

// compareCells returns how many of the stored counts are wrong or missing.
func (c *counts) compareCells(ctx context.Context, tx *sql.Tx) (wrong int, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+cellColumns+`, n FROM cell`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	right := 0
	for rows.Next() {
		var k cell
		var n int64
		if err := rows.Scan(append(k.targets(), &n)...); err != nil {
			return 0, err
		}
		if c.cells[k] == n {
			right++
		} else {
			wrong++
		}
	}
	return max(wrong, len(c.cells)-right), rows.Err()
}

// compareRules returns how many of the stored rules are wrong or missing.
func (c *counts) compareRules(ctx context.Context, tx *sql.Tx) (wrong int, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT rule, name, alerts, first, last FROM rule`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	right := 0
	for rows.Next() {
		var rule int64
		var f facts
		if err := rows.Scan(&rule, &f.name, &f.alerts, &f.first, &f.last); err != nil {
			return 0, err
		}
		if c.rules[rule] == f {
			right++
		} else {
			wrong++
		}
	}
	return max(wrong, len(c.rules)-right), rows.Err()
}

// compareFrom returns how many of the stored batches of rules are wrong or missing.
func compareFrom(ctx context.Context, tx *sql.Tx, from map[ruleBatch]bool) (wrong int, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT rule, batch FROM rule_batch`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	right := 0
	for rows.Next() {
		var at ruleBatch
		if err := rows.Scan(&at.rule, &at.batch); err != nil {
			return 0, err
		}
		if from[at] {
			right++
		} else {
			wrong++
		}
	}
	return max(wrong, len(from)-right), rows.Err()
}
