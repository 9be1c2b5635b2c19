//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/fault"
	"candor/internal/store/duckdb"
	"candor/internal/store/storetest"
)

// tearing tests that a process which adds a batch to so many can be killed within any
// change that it makes to its files.
func tearing(there int, before func(t *testing.T, dir string)) *storetest.Tearing {
	k := &storetest.Tearing{Step: 1, Before: before, Write: addBatch}
	k.Check = func(t *testing.T, dir string, ended bool) {
		n := wholeBatches(t, dir)
		if n != there+1 && (n != there || ended) {
			t.Errorf("%d batches where there were %d and one was added; ended: %t", n, there, ended)
		}
		// What was left takes more, and is read again.
		addBatch(t, dir)
		if m := wholeBatches(t, dir); m != n+1 {
			t.Errorf("%d batches after one was added to %d", m, n)
		}
	}
	if testing.Short() {
		k.Step = 4
	}
	return k
}

func TestAnAdditionIsCutShort(t *testing.T) {
	tearing(2, func(t *testing.T, dir string) {
		addBatch(t, dir)
		addBatch(t, dir)
	}).Run(t)
}

func TestTheMakingOfAFileIsCutShort(t *testing.T) { tearing(0, func(*testing.T, string) {}).Run(t) }

func TestMendingIsCutShort(t *testing.T) {
	tearing(3, func(t *testing.T, dir string) {
		addBatch(t, dir)
		addBatch(t, dir)
		left := storetest.Tear(t, dir, func(change string) bool { return strings.HasSuffix(change, "alerts.duckdb at 12288") })
		if left.Change == "" {
			t.Fatal("the checkpoint did not write over a block that the file needs")
		}
		torn(t, dir)
	}).Run(t)
}

// torn checks that the file in dir is one that only its guard can save.
func torn(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "alerts.duckdb")
	if _, err := duckdb.ReadAlerts(t.Context(), path); !errors.Is(err, duckdb.ErrUnready) {
		t.Errorf("reading a file that is to be mended: %v", err)
	}
	guard, err := os.ReadFile(path + ".guard")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		guard []byte
	}{{"without a guard", nil}, {"with half a guard", guard[:len(guard)/2]}} {
		other := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(other, "alerts.duckdb")
		if err := os.WriteFile(path+".guard", c.guard, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := duckdb.OpenAlerts(t.Context(), path); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("%s: %v; want a damaged file", c.name, err)
		}
	}
}

// addBatch adds a batch to the store in dir.
func addBatch(t *testing.T, dir string) {
	t.Helper()
	s, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.KillAlerts(t, s, len(b), func(string) {})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// wholeBatches checks that the batches in dir are whole, and counts them.
func wholeBatches(t *testing.T, dir string) int {
	t.Helper()
	s, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 0 {
		storetest.WholeAlerts(t, s, int64(len(b)))
	}
	return len(b)
}
