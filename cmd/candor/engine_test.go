package main

import (
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

func TestANewFolderGetsTheEngineThatIsWanted(t *testing.T) {
	t.Parallel()
	for _, name := range []engine.Name{engine.DuckDB, engine.Scan} {
		t.Run(string(name), func(t *testing.T) {
			p := engined(t, string(name))
			p.alerts("a.jsonl", 0, 10)
			p.ok("evidence", "add", "alerts", "a.jsonl")
			if _, err := os.Stat(p.path("data/" + name.File())); err != nil {
				t.Error(err)
			}
			// Whatever is wanted later, the folder keeps what it has.
			for _, later := range []string{"", "scan", "duckdb"} {
				q := p
				q.env = append(slices.Clone(p.env), engine.Variable+"="+later)
				if b := q.batches(); len(b) != 1 {
					t.Errorf("%s wanted %q: batches %v", name, later, b)
				}
			}
		})
	}
	p := newPlace(t, engine.Variable+"=sqlite")
	p.fails([]string{"no longer", "next: ", "scan"}, "evidence", "add", "feeds", p.feeds("f.csv"))
	p = newPlace(t, engine.Variable+"=postgres")
	p.fails([]string{"postgres", "next: ", "duckdb or scan"}, "evidence", "add", "feeds", p.feeds("f.csv"))
}

func TestAFolderOfAnEarlierCandorIsRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
	p.write("data/alerts.db", "a file of SQLite")
	p.fails([]string{"alerts.db", "earlier candor", "next: ", "new data folder"}, "evidence", "list")
	p.fails([]string{"alerts.db", "earlier candor", "next: ", "new data folder"}, "evidence", "add", "feeds", p.feeds("g.csv"))
}

func TestABuildWithoutDuckDBRefusesItsFile(t *testing.T) {
	t.Parallel()
	if slices.Contains(app.Engines(), engine.DuckDB) {
		t.Skip("this build has DuckDB")
	}
	p := newPlace(t)
	p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
	for name, text := range map[string]string{"data/alerts.duckdb": "a file of DuckDB"} {
		os.RemoveAll(p.path("data/alerts"))
		p.write(name, text)
	}
	p.fails([]string{"DuckDB", "does not have", "CGO_ENABLED=1"}, "evidence", "list")
	p.fails([]string{"DuckDB", "does not have", "CGO_ENABLED=1"}, "evidence", "add", "feeds", p.feeds("g.csv"))
}
