package app_test

import (
	"crypto/sha256"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"candor/internal/engine"
)

// TestAFolderWithANewerStoreIsNotWritten puts a schema of the future into each store in
// turn. What writes and what reads is refused, and no byte of any store is another.
func TestAFolderWithANewerStoreIsNotWritten(t *testing.T) {
	for _, name := range []string{"library.db", "evidence.db", "last.json"} {
		f := &folder{t: t, dir: t.TempDir(), engine: engine.Scan, now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
		f.write("1.csv", "date,source,channel,events,hosts\n2026-05-01,a,b,1,1\n")
		f.write("1.jsonl", `{"id":"a1","rule_id":"r","time":"2026-05-04T00:00:00Z"}`+"\n")
		f.ok("evidence", "add", "feeds", "1.csv")
		f.ok("evidence", "add", "alerts", "1.jsonl")
		f.age(name)
		before := f.sums()
		f.write("2.csv", "date,source,channel,events,hosts\n2026-05-02,a,b,1,1\n")
		for _, args := range [][]string{{"evidence", "add", "feeds", "2.csv"}, {"evidence", "list"}, {"assess"}} {
			if out, code := f.run(args...); code == 0 || !strings.Contains(out, "a newer candor wrote it") || !strings.Contains(out, name) {
				t.Errorf("%s, %v: %d %s", name, args, code, out)
			}
		}
		for file, sum := range f.sums() {
			if before[file] != sum {
				t.Errorf("%s is newer, and %s was written", name, file)
			}
		}
	}
}

// age makes a store one that a newer candor wrote.
func (f *folder) age(name string) {
	f.t.Helper()
	if name == "last.json" {
		f.write("data/alerts/last.json", `{"format":9,"number":1,"places":"elsewhere"}`)
		return
	}
	db, err := sql.Open("sqlite", filepath.Join(f.dir, "data", name))
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		f.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// sums are the hashes of the stores of the folder.
func (f *folder) sums() map[string][sha256.Size]byte {
	f.t.Helper()
	sums := map[string][sha256.Size]byte{}
	files, err := filepath.Glob(filepath.Join(f.dir, "data", "*.d*b*"))
	more, _ := filepath.Glob(filepath.Join(f.dir, "data", "alerts", "*"))
	files = append(files, more...)
	if err != nil || len(files) < 3 {
		f.t.Fatal(err, files)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.t.Fatal(err)
		}
		sums[filepath.Base(file)] = sha256.Sum256(b)
	}
	return sums
}
