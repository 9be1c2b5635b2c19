//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

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
	storetest.AlertsCustody(t, func(t *testing.T, dir string) storetest.AlertsKeeper { return forgetful{open(t, dir), t, dir} })
}

func TestTheContractOfRewritingIsKept(t *testing.T) {
	storetest.AlertsRewriting(t, func(t *testing.T, dir string) storetest.RewritingKeeper { return forgetful{open(t, dir), t, dir} })
}

// forgetful is a store whose index is lost now and then.
type forgetful struct {
	*batches.Store
	t   *testing.T
	dir string
}

// Forget deletes the index.
func (f forgetful) Forget() storetest.AlertsKeeper {
	if err := errors.Join(f.Close(), os.RemoveAll(filepath.Join(f.dir, "alerts.index"))); err != nil {
		f.t.Fatal(err)
	}
	return forgetful{open(f.t, f.dir), f.t, f.dir}
}

func lasting() storetest.Lasting {
	return storetest.Lasting{Open: func(t testing.TB, dir string) storetest.AlertsKeeper { return open(t, dir) }}
}

func TestNothingAcknowledgedIsLostToKill(t *testing.T) { lasting().Killed(t, 20) }

func TestAnAdditionIsCutShort(t *testing.T) { lasting().Torn(t, 3) }

func TestAMergingIsCutShort(t *testing.T) { lasting().TornRewriting(t, 6, storetest.MergingTorn()) }

func TestAnExpiryIsCutShort(t *testing.T) { lasting().TornRewriting(t, 6, storetest.ExpiryTorn()) }

// TestARebuildIsCutShort kills a process within its changes to files while it builds the
// index anew.
func TestARebuildIsCutShort(t *testing.T) {
	k := storetest.Tearing{Step: 2}
	k.Before = func(t *testing.T, dir string) {
		s := open(t, dir)
		for n := range 2 {
			storetest.KillAlerts(t, s, n, func(string) {})
		}
		if err := errors.Join(s.Close(), os.Remove(filepath.Join(dir, "alerts.index"))); err != nil {
			t.Fatal(err)
		}
	}
	k.Write = func(t *testing.T, dir string) { open(t, dir) }
	k.Check = func(t *testing.T, dir string, _ bool) {
		s := open(t, dir)
		storetest.WholeAlerts(t, s, 2)
		if a, err := s.Audit(t.Context(), true); err != nil || len(a.Amiss) > 0 {
			t.Errorf("%+v, %v", a.Amiss, err)
		}
	}
	k.Run(t)
}
