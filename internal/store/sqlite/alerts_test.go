package sqlite_test

import (
	"path/filepath"
	"testing"

	"candor/internal/store"
	"candor/internal/store/sqlite"
	"candor/internal/store/storetest"
)

// openAlerts opens the alert store in dir until t ends.
func openAlerts(t testing.TB, dir string) *sqlite.Alerts {
	t.Helper()
	s, err := sqlite.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.db"))
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

func TestAlertsKeepTheContract(t *testing.T) {
	storetest.Alerts(t, func(t *testing.T, dir string) store.Alerts { return openAlerts(t, dir) })
}
