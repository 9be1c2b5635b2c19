//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/fault"
	"candor/internal/store/duckdb"
	"candor/internal/store/storetest"
)

// TestACheckpointThatFailsLosesNothing lets the engine give up where all is written but
// the head.
func TestACheckpointThatFailsLosesNothing(t *testing.T) {
	dir := t.TempDir()
	addBatch(t, dir)
	s, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	storetest.KillAlerts(t, s, 1, func(string) {})
	if err := s.Run(t.Context(), `SET GLOBAL debug_checkpoint_abort = 'after_free_list_write'`); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(t.Context()); err == nil {
		t.Fatal("the engine did not give up")
	}
	if _, _, err := s.Append(t.Context(), storetest.KillBatch(2), storetest.AlertsOf(2)); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("appending after that: %v, want %s", err, fault.Unavailable)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "alerts.duckdb.guard")); err != nil {
		t.Errorf("the guard is gone: %v", err)
	}
	if n := wholeBatches(t, dir); n != 2 {
		t.Errorf("%d batches, want 2", n)
	}
}

// TestACheckpointGoesOnWhenItsCallerIsGone gives it a context that has ended: an engine
// that is interrupted there gives up for good.
func TestACheckpointGoesOnWhenItsCallerIsGone(t *testing.T) {
	dir := t.TempDir()
	s := openAlerts(t, dir)
	storetest.KillAlerts(t, s, 0, func(string) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Checkpoint(ctx); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "alerts.duckdb.*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	storetest.KillAlerts(t, s, 1, func(string) {})
}
