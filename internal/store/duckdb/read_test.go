//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/duckdb"
)

// some yields n alerts of a rule.
func some(rule string, n int) func(yield func(*alert.Alert, error) bool) {
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	return func(yield func(*alert.Alert, error) bool) {
		for i := range n {
			if !yield(&alert.Alert{ID: rule + "-" + time.Duration(i).String(), RuleID: rule, Time: at}, nil) {
				return
			}
		}
	}
}

// add appends a batch of n alerts.
func add(t *testing.T, s store.Alerts, rule string, n int) {
	t.Helper()
	if _, _, err := s.Append(t.Context(), store.Batch{ID: "alerts-" + rule, Kind: "alerts", Hash: rule}, some(rule, n)); err != nil {
		t.Fatal(err)
	}
}

// rules returns what a store says of its rules.
func rules(t *testing.T, s store.Alerts) []store.AlertRule {
	t.Helper()
	list, err := s.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReadersShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.duckdb")
	if s, ok := os.LookupEnv("CANDOR_READ_ALERTS"); ok {
		r, err := duckdb.ReadAlerts(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if n := rules(t, r)[0].Alerts; n != 70 {
			t.Errorf("%d alerts", n)
		}
		return
	}
	w, err := duckdb.OpenAlerts(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, "r", 70)
	want := rules(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := duckdb.ReadAlerts(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if diff := cmp.Diff(want, rules(t, r)); diff != "" {
		t.Errorf("read otherwise than written:\n%s", diff)
	}
	if a, err := r.Audit(t.Context(), true); err != nil || len(a.Amiss) > 0 {
		t.Errorf("audit: %+v, %v", a.Amiss, err)
	}
	if _, _, err := r.Append(t.Context(), store.Batch{ID: "x", Kind: "alerts", Hash: "x"}, some("x", 1)); err == nil {
		t.Error("a store that was opened for reading took a batch")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestReadersShareAFile$")
	cmd.Env = append(os.Environ(), "CANDOR_READ_ALERTS="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("a second process that reads: %v\n%s", err, out)
	}
}

func TestReadingWhatIsNotThereMakesNothing(t *testing.T) {
	dir := t.TempDir()
	r, err := duckdb.ReadAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if list := rules(t, r); len(list) > 0 {
		t.Errorf("rules %v", list)
	}
	if ts, err := r.Tallies(t.Context(), "", ""); err != nil || len(ts) > 0 {
		t.Errorf("tallies %v, %v", ts, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("reading made %v", left)
	}
}

func TestReadingNeedsTheNewestSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.duckdb")
	change := func(statement string) {
		t.Helper()
		db, err := sql.Open("duckdb", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	change(`CREATE TABLE stranger (i INTEGER)`)
	if _, err := duckdb.ReadAlerts(t.Context(), path); !errors.Is(err, duckdb.ErrUnready) {
		t.Errorf("error %v, want %v", err, duckdb.ErrUnready)
	}
	w, err := duckdb.OpenAlerts(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	change(`INSERT INTO migration VALUES (999)`)
	if _, err := duckdb.ReadAlerts(t.Context(), path); fault.KindOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
		t.Errorf("a newer file: error %v; want one of kind %s with a hint", err, fault.Unavailable)
	}
}

func TestACopyIsOfOneMomentAndLeavesTheLock(t *testing.T) {
	dir := t.TempDir()
	w, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	add(t, w, "a", 500)
	landed := make(chan error, 1)
	started, once := make(chan bool), false
	go func() {
		_, _, err := w.Append(context.Background(), store.Batch{ID: "alerts-b", Kind: "alerts", Hash: "b"}, func(yield func(*alert.Alert, error) bool) {
			for a, err := range some("b", 5000) {
				if !once {
					once = true
					close(started)
				}
				if !yield(a, err) {
					return
				}
			}
		})
		landed <- err
	}()
	<-started
	copied := filepath.Join(dir, "copy.duckdb")
	if err := w.CopyTo(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if err := <-landed; err != nil {
		t.Fatal(err)
	}
	want := rules(t, w) // the copy waited for the batch
	if err := w.CopyTo(t.Context(), copied); err == nil {
		t.Error("a copy overwrote another")
	}
	c, err := duckdb.ReadAlerts(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if diff := cmp.Diff(want, rules(t, c)); diff != "" {
		t.Errorf("the copy is not what was copied:\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.wal")); slices.Contains(left, copied+".wal") {
		t.Errorf("left over: %v", left)
	}
	// To close a file that the engine has open would let another process in.
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheFileIsForOneProcess$")
	cmd.Env = append(os.Environ(), "CANDOR_OPEN_ALERTS="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("after a copy, another process: %v\n%s", err, out)
	}
}

func TestACopyHoldsWhatIsOnlyInTheLog(t *testing.T) {
	dir := t.TempDir()
	w, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	add(t, w, "a", 500)
	for range w.Each(t.Context(), "a", "", "") {
		// A reader who is under way keeps the log from being shortened.
		add(t, w, "b", 50)
		if err := w.CopyTo(t.Context(), filepath.Join(dir, "copy.duckdb")); err != nil {
			t.Fatal(err)
		}
		break
	}
	c, err := duckdb.ReadAlerts(t.Context(), filepath.Join(dir, "copy.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if diff := cmp.Diff(rules(t, w), rules(t, c)); diff != "" {
		t.Errorf("the copy is not what was copied:\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.CopyTo(ctx, filepath.Join(dir, "late.duckdb")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
