//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/duckdb"
	"candor/internal/store/storetest"
)

// TestMain keeps properties and kills to few tries, since each opens a store;
// with CANDOR_TEST_LONG=1 there are as many as usual, or as flags say.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !long() && !given {
		flag.Set("rapid.checks", "20")
	}
	os.Exit(m.Run())
}

// long reports whether tests may take long.
func long() bool { return os.Getenv("CANDOR_TEST_LONG") != "" }

// openAlerts opens the alert store in dir until t ends.
func openAlerts(t testing.TB, dir string) *duckdb.Alerts {
	t.Helper()
	s, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
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

func TestAlertsKeepTheContractBeyondMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the same suite once more takes a while")
	}
	storetest.Alerts(t, func(t *testing.T, dir string) store.Alerts {
		s := openAlerts(t, dir)
		s.Confine(5, 3)
		return s
	})
}

func TestTheFileIsForOneProcess(t *testing.T) {
	if dir := os.Getenv("CANDOR_OPEN_ALERTS"); dir != "" {
		_, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
		if fault.KindOf(err) != fault.Conflict || fault.HintOf(err) == "" {
			t.Fatalf("error %v; want one of kind %s with a hint", err, fault.Conflict)
		}
		return
	}
	dir := t.TempDir()
	openAlerts(t, dir)
	if _, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb")); fault.KindOf(err) != fault.Conflict {
		t.Errorf("twice in a process: error %v; want one of kind %s", err, fault.Conflict)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheFileIsForOneProcess$")
	cmd.Env = append(os.Environ(), "CANDOR_OPEN_ALERTS="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in another process: %v\n%s", err, out)
	}
}

func TestAFileThatIsNoStoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "alerts.duckdb")
	if err := os.WriteFile(path, []byte("SQLite format 3\x00 and so on"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := duckdb.OpenAlerts(t.Context(), path); fault.KindOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
		t.Errorf("error %v; want one of kind %s with a hint", err, fault.Unavailable)
	}
	if _, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "what?")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("error %v; want one of kind %s", err, fault.Invalid)
	}
}

func TestAPathMayHoldAnythingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's a #1 ünusual; folder: 'x")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	openAlerts(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "alerts.duckdb")); err != nil {
		t.Error(err)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	s := openAlerts(t, t.TempDir())
	for name, change := range map[string]func(*alert.Alert){
		"id":     func(a *alert.Alert) { a.ID = "a\xff" },
		"entity": func(a *alert.Alert) { a.Entity = "h\xff" },
		"field":  func(a *alert.Alert) { a.Fields = map[string]string{"user": "\xff"} },
		"key":    func(a *alert.Alert) { a.Fields = map[string]string{"\xff": "user"} },
	} {
		one := func(yield func(*alert.Alert, error) bool) {
			for a := range made(1) {
				change(a)
				yield(a, nil)
			}
		}
		if _, _, err := s.Append(t.Context(), store.Batch{ID: "b", Hash: "b"}, one); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: error %v; want one of kind %s", name, err, fault.Invalid)
		}
	}
}

func TestALineBreakOrZeroByteIsText(t *testing.T) {
	s := openAlerts(t, t.TempDir())
	id := "a\x00b\n'\""
	one := func(yield func(*alert.Alert, error) bool) {
		for a := range made(1) {
			a.ID, a.Entity = id, "h\x00\n"
			a.Disposition = &alert.Disposition{Class: alert.Test, Word: "w\x00\n", Time: a.Time, Provenance: alert.Exercise}
			yield(a, nil)
		}
	}
	for n, hash := range []string{"b0", "b1"} {
		b, _, err := s.Append(t.Context(), store.Batch{ID: hash, Hash: hash}, one)
		if err != nil || b.New != int64(1-n) || b.Unchanged != int64(n) {
			t.Errorf("batch %+v, error %v", b, err)
		}
	}
	list, err := s.Dispositions(t.Context(), id)
	if err != nil || len(list) != 1 || list[0].Word != "w\x00\n" {
		t.Errorf("dispositions %+v, error %v", list, err)
	}
}

func TestAlertsKeepTheContractOfCustody(t *testing.T) {
	storetest.AlertsCustody(t, func(t *testing.T, dir string) storetest.AlertsKeeper { return openAlerts(t, dir) })
}

func TestAlertsKeepTheContractOfCustodyBeyondMemory(t *testing.T) {
	if !long() {
		t.Skip("the same suite once more takes a while (CANDOR_TEST_LONG=1)")
	}
	storetest.AlertsCustody(t, func(t *testing.T, dir string) storetest.AlertsKeeper {
		s := openAlerts(t, dir)
		s.Confine(5, 3)
		return s
	})
}
