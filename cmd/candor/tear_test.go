package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"candor/internal/tear"
)

// TestACommandIsCutShort kills commands within changes that they make to the data
// folder, and does them again.
func TestACommandIsCutShort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, engine string
		args         []string
		// again says what the command says the second time if it had done its work.
		again string
	}{
		{"alerts", "duckdb", []string{"evidence", "add", "alerts", "new.jsonl"}, "unchanged"},
		{"alerts", "sqlite", []string{"evidence", "add", "alerts", "new.jsonl"}, "unchanged"},
		{"records", "sqlite", []string{"evidence", "add", "feeds", "feeds.csv"}, "unchanged"},
		{"withdrawal", "duckdb", []string{"evidence", "withdraw", "alerts-", "--reason", "a test"}, "was withdrawn"},
		{"withdrawal", "sqlite", []string{"evidence", "withdraw", "alerts-", "--reason", "a test"}, "was withdrawn"},
		{"policy", "sqlite", []string{"policy", "set", "policy.yaml", "--reason", "a test"}, "policy"},
		{"token", "sqlite", []string{"token", "create", "edr", "--scope", "alerts"}, "edr"},
		{"backup", "duckdb", []string{"backup", "data/backup.tar.gz"}, "is there already"},
	} {
		t.Run(c.name+" "+c.engine, func(t *testing.T) {
			t.Parallel()
			p := engined(t, c.engine)
			p.alerts("old.jsonl", 0, 300)
			p.alerts("new.jsonl", 150, 300)
			p.ok("evidence", "add", "alerts", "old.jsonl")
			p.ok("evidence", "add", "feeds", p.feeds("old.csv"))
			p.feeds("feeds.csv")
			p.write("policy.yaml", strings.Replace(p.ok("policy", "show"), "min_episodes: 20", "min_episodes: 21", 1))
			for _, n := range p.cuts(c.args...) {
				q := p.copy()
				change := q.torn(tear.Nth(n), c.args...).Change
				q.ok("ledger", "verify")
				q.batches()
				if s := q.run(c.args...); s.code != 0 && !strings.Contains(s.err, c.again) {
					t.Errorf("cut short at change %d, %s; then: %+v", n, change, s)
				}
				q.ok("ledger", "verify")
			}
		})
	}
}

// torn runs candor until a change in the data folder is cut short.
func (p place) torn(cut func(string) bool, args ...string) tear.Left {
	p.t.Helper()
	out, err := os.Create(p.path("torn.out"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer out.Close()
	c := p.command(args...)
	c.Stdout, c.Stderr = out, out
	left, err := tear.Run(c, p.path("data"), cut)
	if errors.Is(err, tear.ErrUnable) {
		p.t.Skip(err)
	}
	if said, _ := os.ReadFile(out.Name()); err != nil || left.Change == "" && left.Code != 0 {
		p.t.Fatalf("%v, %+v\n%s", err, left, said)
	}
	return left
}

// cuts returns which changes of a command to cut short: some, or many if that is asked
// for.
func (p place) cuts(args ...string) (list []int) {
	p.t.Helper()
	changes := 0
	p.copy().torn(func(string) bool { changes++; return false }, args...)
	if changes == 0 {
		p.t.Fatal("nothing was changed")
	}
	step := max(1, changes/kills(10))
	for n := 1 + rand.IntN(step); n <= changes; n += step {
		list = append(list, n)
	}
	return list
}

// copy returns a copy of the place.
func (p place) copy() place {
	p.t.Helper()
	q := newPlace(p.t)
	q.env = p.env
	if err := os.CopyFS(q.dir, os.DirFS(p.dir)); err != nil {
		p.t.Fatal(err)
	}
	return q
}
