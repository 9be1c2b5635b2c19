package scan_test

import (
	"path/filepath"
	"testing"

	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/storetest"
)

// open opens the store in dir until t ends.
func open(t testing.TB, dir string) *batches.Store {
	t.Helper()
	s, err := scan.Open(t.Context(), filepath.Join(dir, "alerts"), batches.Options{Write: true})
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

func lasting() storetest.Lasting {
	return storetest.Lasting{Open: func(t testing.TB, dir string) storetest.AlertsKeeper { return open(t, dir) }}
}

func TestNothingAcknowledgedIsLostToKill(t *testing.T) { lasting().Killed(t, 8) }

func TestAnAdditionIsCutShort(t *testing.T) { lasting().Torn(t, 1) }

func TestTheContractOfRewritingIsKept(t *testing.T) {
	storetest.AlertsRewriting(t, func(t *testing.T, dir string) storetest.RewritingKeeper { return open(t, dir) })
}

func TestAMergingIsCutShort(t *testing.T) { lasting().TornRewriting(t, 2, storetest.MergingTorn()) }

func TestAnExpiryIsCutShort(t *testing.T) { lasting().TornRewriting(t, 2, storetest.ExpiryTorn()) }
