//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"path/filepath"
	"testing"
	"time"

	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/duckdb"
	"candor/internal/store/storetest"
)

// open opens the store in dir until t ends.
func open(t testing.TB, dir string) *batches.Store {
	t.Helper()
	s, err := batches.Open(t.Context(), filepath.Join(dir, "alerts"), duckdb.Engine(filepath.Join(dir, "alerts.index"), filepath.Join(dir, "alerts")), batches.Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestTheContractIsKept(t *testing.T) {
	storetest.Alerts(t, func(t *testing.T, dir string) store.Alerts { return open(t, dir) })
}

func TestTheCustodyContractIsKept(t *testing.T) {
	storetest.AlertsCustody(t, func(t *testing.T, dir string) storetest.AlertsKeeper { return open(t, dir) })
}

// TestNothingAcknowledgedIsLostToKill kills a process that appends batches, at random
// moments, and looks at what it left.
func TestNothingAcknowledgedIsLostToKill(t *testing.T) {
	k := storetest.Killing{Rounds: 20, Within: 40 * time.Millisecond, Write: appendForGood, Check: checkWhole}
	k.Run(t)
}

func appendForGood(t *testing.T, dir string, landed func(id string)) {
	s := open(t, dir)
	before, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := len(before); ; n++ {
		storetest.KillAlerts(t, s, n, landed)
	}
}

func checkWhole(t *testing.T, dir string, acknowledged map[string]bool) {
	s := open(t, dir)
	list, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.Kept(t, list, acknowledged)
	storetest.WholeAlerts(t, s, int64(len(list)))
}

// TestAnAdditionIsCutShort kills a process within each change that it makes to its files
// while it adds a batch.
func TestAnAdditionIsCutShort(t *testing.T) {
	k := &storetest.Tearing{Step: 3, Before: func(t *testing.T, dir string) { addBatch(t, dir); addBatch(t, dir) }, Write: addBatch}
	k.Check = func(t *testing.T, dir string, ended bool) {
		n := wholeBatches(t, dir)
		if n != 3 && (n != 2 || ended) {
			t.Errorf("%d batches where there were 2 and one was added; ended: %t", n, ended)
		}
		addBatch(t, dir) // what was left takes more, and is read again
		if m := wholeBatches(t, dir); m != n+1 {
			t.Errorf("%d batches after one was added to %d", m, n)
		}
	}
	k.Run(t)
}

// addBatch adds a batch to the store in dir.
func addBatch(t *testing.T, dir string) {
	t.Helper()
	s := open(t, dir)
	list, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.KillAlerts(t, s, len(list), func(string) {})
}

// wholeBatches checks that the batches in dir are whole, and counts them.
func wholeBatches(t *testing.T, dir string) int {
	t.Helper()
	s := open(t, dir)
	list, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.WholeAlerts(t, s, int64(len(list)))
	return len(list)
}
