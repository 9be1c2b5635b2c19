package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/fault"
	"candor/internal/store/sqlite"
)

// TestReadingWritesNothingBesideAFile reads libraries of each state that a folder which
// cannot be written may have.
func TestReadingWritesNothingBesideAFile(t *testing.T) {
	for _, c := range []struct {
		name     string
		make     func(t *testing.T, path string)
		releases int
		frozen   bool // it is read where it is
		kind     fault.Kind
	}{
		{"none", func(*testing.T, string) {}, 0, false, ""},
		{"whole", func(t *testing.T, path string) { copyLibrary(t, path) }, 2, true, ""},
		{"of an older schema", func(t *testing.T, path string) {
			copyLibrary(t, path)
			if err := sqlite.Downgrade(t.Context(), path, "library", 1); err != nil {
				t.Fatal(err)
			}
		}, 2, false, ""},
		{"of a newer schema", func(t *testing.T, path string) {
			copyLibrary(t, path)
			tamper(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		}, 0, false, fault.Unavailable},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, false, fault.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, scratch := t.TempDir(), t.TempDir()
			path, frozen := filepath.Join(dir, "library.db"), false
			c.make(t, path)
			before := filesOf(t, dir)
			l, err := sqlite.ReadLibrary(t.Context(), path, sqlite.Reading{
				Scratch: func() (string, error) { return scratch, nil },
				Frozen:  func(at string) { frozen = at == path },
			})
			if c.kind != "" {
				if fault.KindOf(err) != c.kind || !strings.HasPrefix(err.Error(), path) {
					t.Errorf("error %v; want one of kind %s at %s", err, c.kind, path)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				rs, err := l.Releases(t.Context())
				if err != nil || len(rs) != c.releases {
					t.Errorf("releases %v, %v", rs, err)
				}
				if a, err := l.Audit(t.Context()); err != nil || len(a.Amiss) > 0 {
					t.Errorf("audit: %v, %v", a.Amiss, err)
				}
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
			if frozen != c.frozen {
				t.Errorf("read where it is: %t, want %t", frozen, c.frozen)
			}
			if after := filesOf(t, dir); after != before {
				t.Errorf("the folder had\n%sand has\n%s", before, after)
			}
		})
	}
}

func copyLibrary(t *testing.T, to string) {
	t.Helper()
	b, err := os.ReadFile(auditedLibrary(t))
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// filesOf lists the files of a folder with their contents' lengths and times.
func filesOf(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(e.Name() + " " + info.ModTime().String() + " " + info.Mode().String() + "\n")
	}
	return b.String()
}
