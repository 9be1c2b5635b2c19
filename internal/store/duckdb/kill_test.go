//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"testing"
	"time"

	"candor/internal/store/storetest"
)

// TestNothingAcknowledgedIsLostToKill kills a process that appends batches, at
// random moments, and looks at what it left.
func TestNothingAcknowledgedIsLostToKill(t *testing.T) {
	rounds := 10
	if long() {
		rounds = 50
	}
	k := storetest.Killing{Rounds: rounds, Within: 60 * time.Millisecond, Write: appendForGood, Check: checkWhole}
	k.Run(t)
}

func appendForGood(t *testing.T, dir string, landed func(id string)) {
	s := openAlerts(t, dir)
	s.Confine(1000, storetest.PerBatch/2) // so that a kill can come between two slices
	before, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := len(before); ; n++ {
		storetest.KillAlerts(t, s, n, landed)
	}
}

// checkWhole checks that the store in dir holds what was acknowledged, and holds
// each batch that it lists whole.
func checkWhole(t *testing.T, dir string, acknowledged map[string]bool) {
	s := openAlerts(t, dir)
	batches, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.Kept(t, batches, acknowledged)
	storetest.WholeAlerts(t, s, int64(len(batches)))
}
