//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/duckdb"
	"candor/internal/store/storetest"
)

// planted runs a statement in the index of dir, as somebody would who has the file.
func planted(statement string) func(t *testing.T, index string) {
	return func(t *testing.T, index string) {
		db, err := sql.Open("duckdb", index)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnIndexThatIsNotAsItWasMadeIsBuiltAnew changes the index of a store of three
// batches, one of them withdrawn, and opens it again.
func TestAnIndexThatIsNotAsItWasMadeIsBuiltAnew(t *testing.T) {
	changes := map[string]func(t *testing.T, index string){
		"a macro":             planted(`CREATE MACRO sum(x) AS 1`),
		"a macro for a table": planted(`CREATE MACRO duckdb_functions() AS TABLE SELECT 1 AS a`),
		"a view":              planted(`CREATE VIEW seen AS SELECT 1 AS a`),
		"a type":              planted(`CREATE TYPE mood AS ENUM ('a')`),
		"a sequence":          planted(`CREATE SEQUENCE s`),
		"an index":            planted(`CREATE INDEX i ON known (number)`),
		"a schema":            planted(`CREATE SCHEMA other`),
		"a table":             planted(`CREATE TABLE other (a INTEGER)`),
		"a column":            planted(`ALTER TABLE known ADD COLUMN other INTEGER`),
		"a default":           planted(`ALTER TABLE known ALTER COLUMN counts SET DEFAULT true`),
		"a table less":        planted(`DROP TABLE arrival`),
		"another engine":      planted(`UPDATE about SET engine = 'v0.0.1'`),
		"another version":     planted(`UPDATE about SET version = version + 1`),
		"not its own version": planted(`DELETE FROM about`),
		"no database": func(t *testing.T, index string) {
			if err := os.WriteFile(index, []byte("not a database"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"the middle overwritten": func(t *testing.T, index string) {
			f, err := os.OpenFile(index, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.WriteAt(make([]byte, 12<<10), 0)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
		},
		"killed while it was written": func(t *testing.T, index string) {
			if err := os.WriteFile(index+".busy", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
	for i, name := range slices.Sorted(maps.Keys(changes)) {
		if testing.Short() && i%5 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir, folder := t.TempDir(), ""
			folder = filepath.Join(dir, "alerts")
			index := filepath.Join(dir, "alerts.index")
			made := func(o batches.Options) *batches.Store {
				s, err := batches.Open(t.Context(), folder, duckdb.Engine(index, folder), o)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			s := made(batches.Options{Write: true})
			for n := range 3 {
				storetest.KillAlerts(t, s, n, func(string) {})
			}
			if err := s.Withdraw(t.Context(), storetest.KillBatch(2).ID, store.Withdrawal{Reason: "a drill"}); err != nil {
				t.Fatal(err)
			}
			want, err := s.Tallies(t.Context(), &alert.Question{})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			changes[name](t, index)

			if s, err := batches.Open(t.Context(), folder, duckdb.Engine(index, folder), batches.Options{}); !errors.Is(err, batches.ErrReadOnly) {
				t.Errorf("opened for reading alone: %v, %v; want %v", s, err, batches.ErrReadOnly)
			}
			var why error
			s = made(batches.Options{Write: true, Aside: func(_ []string, err error) { why = err }})
			if !errors.Is(why, batches.ErrRebuild) {
				t.Errorf("the index was not moved aside: %v", why)
			}
			got, err := s.Tallies(t.Context(), &alert.Question{})
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if a, err := s.Audit(context.Background(), true); err != nil || len(a.Amiss) > 0 {
				t.Errorf("%+v, %v", a.Amiss, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(index + ".busy"); err == nil {
				t.Error("the marker is left")
			}
		})
	}
}

// TestAFolderWhoseNameIsAPatternIsRead has every sign in it that the engine takes for one.
func TestAFolderWhoseNameIsAPatternIsRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*'")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Skip(err) // names that the system does not take
	}
	s := open(t, dir)
	for n := range 2 {
		storetest.KillAlerts(t, s, n, func(string) {})
	}
	if a, err := s.Find(t.Context(), alert.Identity{ID: "0-1"}); err != nil || a.ID != "0-1" {
		t.Errorf("%v, %v", a, err)
	}
	storetest.WholeAlerts(t, s, 2)
}

func TestAPathThatTheEngineWouldCutIsRefused(t *testing.T) {
	dir := t.TempDir()
	_, err := duckdb.Engine(filepath.Join(dir, "a?b", "alerts.index"), dir).Open(t.Context(), true)
	if fault.KindOf(err) != fault.Invalid || fault.HintOf(err) == "" {
		t.Errorf("%v; want %s with what to do", err, fault.Invalid)
	}
}
