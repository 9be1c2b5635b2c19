//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/alert"
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
	r, err := duckdb.ReadAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	storetest.WholeAlerts(t, r, 2)
	if err := r.Close(); err != nil {
		t.Error(err)
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

// TestACheckpointMayBeRefused copies the store while somebody reads what was there before
// the last batch: the engine then makes no checkpoint.
func TestACheckpointMayBeRefused(t *testing.T) {
	s := openAlerts(t, t.TempDir())
	storetest.KillAlerts(t, s, 0, func(string) {})
	copied := t.TempDir()
	for range s.Each(t.Context(), "r", "", "") {
		storetest.KillAlerts(t, s, 1, func(string) {})
		if err := s.Checkpoint(t.Context()); err == nil {
			t.Error("the engine did not refuse")
		}
		if err := s.CopyTo(t.Context(), filepath.Join(copied, "alerts.duckdb")); err != nil {
			t.Error(err)
		}
		break
	}
	storetest.KillAlerts(t, s, 2, func(string) {})
	storetest.WholeAlerts(t, s, 3)
	if n := wholeBatches(t, copied); n != 2 {
		t.Errorf("%d batches in the copy, want 2", n)
	}
}

// TestClosingWaitsForABatch closes the store while a batch is read.
func TestClosingWaitsForABatch(t *testing.T) {
	dir := t.TempDir()
	s, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	storetest.KillAlerts(t, s, 0, func(string) {})
	closed := make(chan error, 1)
	_, _, err = s.Append(t.Context(), storetest.KillBatch(1), func(yield func(*alert.Alert, error) bool) {
		go func() { closed <- s.Close() }()
		storetest.AlertsOf(1)(yield)
	})
	if err := <-closed; err != nil {
		t.Error(err)
	}
	want := 1
	if err == nil {
		want = 2
	}
	if n := wholeBatches(t, dir); n != want {
		t.Errorf("%d batches after the append ended with %v", n, err)
	}
}

func FuzzGuard(f *testing.F) {
	const magic = "candor guard 1\n\x00"
	head := "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00\x00\x00\x00" + strings.Repeat("h", 0x3000)
	for text, want := range map[string]bool{
		magic + "\xff\xff\xff\xff\xff\xff\xff\xff" + head:                       true,
		magic + "\x05\x00\x00\x00\x00\x00\x00\x00":                              true,
		magic + "\x00\x00\x00\x00\x00\x00\x00\x80":                              false, // a log of less than nothing
		magic + "\xff\xff\xff\xff\xff\xff\xff\xff" + head[:len(head)-1]:         false,
		magic + "\xff\xff\xff\xff\xff\xff\xff\xff" + head + head[:15]:           false,
		magic + "\xff\xff\xff\xff\xff\xff\xff\xff" + strings.Repeat("\xff", 16): false,
		magic: false,
		"":    false,
	} {
		if sound, _ := duckdb.SoundGuard([]byte(text)); sound != want {
			f.Errorf("a guard of %d bytes: sound %t, want %t", len(text), sound, want)
		}
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if sound, same := duckdb.SoundGuard(b); sound && !same {
			t.Error("a guard is not encoded as it was")
		}
	})
}
