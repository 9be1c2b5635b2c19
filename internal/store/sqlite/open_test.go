package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store/sqlite"
	"candor/internal/store/storetest"
)

// closer is a store of any kind.
type closer interface{ Close() error }

// stores opens each kind of store by its schema.
func stores() map[string]func(context.Context, string) (closer, error) {
	return map[string]func(context.Context, string) (closer, error){
		"library":  func(ctx context.Context, path string) (closer, error) { return sqlite.OpenLibrary(ctx, path) },
		"evidence": func(ctx context.Context, path string) (closer, error) { return sqlite.OpenEvidence(ctx, path) },
	}
}

// TestAStoreOfANewerCandorIsRefusedUntouched marks each store as one that a newer
// candor wrote, in the file and in a log that a killed process left beside it.
func TestAStoreOfANewerCandorIsRefusedUntouched(t *testing.T) {
	for schema, open := range stores() {
		for _, logged := range []bool{false, true} {
			dir := t.TempDir()
			path := filepath.Join(dir, schema+".db")
			s, err := open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, 1)`); err != nil {
				t.Fatal(err)
			}
			if logged {
				path = leftBehind(t, path)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			before := bytesOf(t, filepath.Dir(path))
			_, err = open(t.Context(), path)
			if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "version 4711") ||
				!strings.Contains(err.Error(), "versions up to ") || !strings.Contains(fault.HintOf(err), "newer") && !strings.Contains(fault.HintOf(err), "as new as") {
				t.Errorf("%s, logged %v: %v (next: %s)", schema, logged, err, fault.HintOf(err))
			}
			for name, b := range bytesOf(t, filepath.Dir(path)) {
				if !strings.HasSuffix(name, "-shm") && !bytes.Equal(b, before[name]) {
					t.Errorf("%s, logged %v: %s was written to", schema, logged, name)
				}
			}
		}
	}
}

// leftBehind copies a database that is open, with its log, as a kill leaves it.
func leftBehind(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %d bytes, %v", path+end, len(b), err)
		}
		if err := os.WriteFile(to+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func bytesOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestADatabaseOfSomethingElseIsLeftAlone(t *testing.T) {
	for schema, open := range stores() {
		path := filepath.Join(t.TempDir(), "x.db")
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`CREATE TABLE mine (a)`); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		before := bytesOf(t, filepath.Dir(path))
		if _, err := open(t.Context(), path); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", schema, err)
		}
		if after := bytesOf(t, filepath.Dir(path)); len(after) != 1 || !bytes.Equal(after["x.db"], before["x.db"]) {
			t.Errorf("%s: the file was changed", schema)
		}
	}
}

// TestStoreFilesAreTheOwnersAlone makes stores in a folder that everybody may read,
// and opens some that everybody may.
func TestStoreFilesAreTheOwnersAlone(t *testing.T) {
	for schema, open := range stores() {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, round := range []string{"made", "opened"} {
			s, err := open(t.Context(), filepath.Join(dir, schema+".db"))
			if err != nil {
				t.Fatal(err)
			}
			files := 0
			err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				info, err := d.Info()
				if err == nil && info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %s has mode %v", round, path, info.Mode())
				}
				files++
				return err
			})
			if err != nil || files != 3 {
				t.Errorf("%s: %d files, %v", round, files, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(dir, schema+".db"), 0o664); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestACrowdSharesItsHandles has many read at once, and counts the files that the process
// has open.
func TestACrowdSharesItsHandles(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skipf("open files cannot be counted here: %v", err)
	}
	e := openEvidence(t, t.TempDir())
	landRecords(t, e, 0, storetest.KillRecords(0))
	var most atomic.Int64
	var crowd sync.WaitGroup
	for range 200 {
		crowd.Go(func() {
			for range 3 {
				if list, err := e.Current(t.Context(), evidence.RecordRule); err != nil || len(list) != storetest.PerBatch {
					t.Errorf("%d records, %v", len(list), err)
				}
				if open, err := os.ReadDir("/proc/self/fd"); err == nil {
					most.Store(max(most.Load(), int64(len(open))))
				}
			}
		})
	}
	crowd.Wait()
	if n := most.Load(); n == 0 || n > 100 {
		t.Errorf("%d files were open for 200 who read", n)
	}
}
