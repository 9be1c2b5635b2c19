package main

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"candor/internal/app"
	"candor/internal/engine"
)

// engined returns a place whose alerts are kept in an engine, which the build may
// not have.
func engined(t *testing.T, name string) place {
	t.Helper()
	if !slices.Contains(app.Engines(), engine.Name(name)) {
		t.Skipf("this build has no %s", name)
	}
	return newPlace(t, engine.Variable+"="+name)
}

// TestEveryEngineReadsEveryFolder adds alerts with one engine and more with the other.
func TestEveryEngineReadsEveryFolder(t *testing.T) {
	t.Parallel()
	for _, name := range []engine.Name{engine.DuckDB, engine.Scan} {
		t.Run(string(name), func(t *testing.T) {
			p := engined(t, string(name))
			p.alerts("a.jsonl", 0, 10)
			p.ok("evidence", "add", "alerts", "a.jsonl")
			for i, later := range []string{"scan", "", "scan", string(name)} {
				q := p
				q.env = append(slices.Clone(p.env), engine.Variable+"="+later)
				file := fmt.Sprintf("%d.jsonl", i)
				q.alerts(file, 10*(i+1), 10)
				q.ok("evidence", "add", "alerts", file)
				if b := q.batches(); len(b) != i+2 {
					t.Errorf("%s, then %q: batches %v", name, later, b)
				}
				q.ok("ledger", "verify", "--deep")
			}
		})
	}
	p := newPlace(t, engine.Variable+"=sqlite")
	p.fails([]string{"no longer", "next: ", "scan"}, "evidence", "add", "feeds", p.feeds("f.csv"))
	p = newPlace(t, engine.Variable+"=postgres")
	p.fails([]string{"postgres", "next: ", "duckdb or scan"}, "evidence", "add", "feeds", p.feeds("f.csv"))
	if !slices.Contains(app.Engines(), engine.DuckDB) {
		p = newPlace(t, engine.Variable+"=duckdb")
		p.fails([]string{"does not have DuckDB", "next: ", "CGO_ENABLED=1"}, "evidence", "add", "feeds", p.feeds("f.csv"))
	}
}

func TestAFolderOfAnEarlierCandorIsRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
	for _, name := range []string{"alerts.db", "alerts.duckdb"} {
		p.write("data/"+name, "a file of a database")
		p.fails([]string{name, "earlier candor", "next: ", "new data folder"}, "evidence", "list")
		p.fails([]string{name, "earlier candor", "next: ", "new data folder"}, "evidence", "add", "feeds", p.feeds("g.csv"))
		if err := os.Remove(p.path("data/" + name)); err != nil {
			t.Fatal(err)
		}
	}
}
