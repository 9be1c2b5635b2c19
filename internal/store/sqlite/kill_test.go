package sqlite_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"candor/internal/evidence"
	"candor/internal/store"
	"candor/internal/store/storetest"
)

// TestNothingAcknowledgedIsLostToKill kills a process that appends batches, at
// random moments, and looks at what it left.
func TestNothingAcknowledgedIsLostToKill(t *testing.T) {
	k := storetest.Killing{Rounds: 20, Within: 40 * time.Millisecond, Write: appendForGood, Check: checkWhole}
	k.Run(t)
}

// appendForGood appends batches.
func appendForGood(t *testing.T, dir string, landed func(id string)) {
	s := openEvidence(t, dir)
	before, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := len(before); ; n++ {
		id := fmt.Sprintf("rules-%d", n)
		if _, _, err := s.Append(context.Background(), store.Batch{ID: id, Kind: evidence.RecordRule, Hash: id}, storetest.KillRecords(n)); err != nil {
			t.Fatal(err)
		}
		landed(id)
	}
}

// checkWhole checks that the store in dir holds what was acknowledged, and holds each
// batch that it lists whole.
func checkWhole(t *testing.T, dir string, acknowledged map[string]bool) {
	s := openEvidence(t, dir)
	batches, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.AllThere(t, batches, acknowledged)
	if len(batches) > 0 { // else it was killed before the first one landed
		checkRecords(t, s, batches[len(batches)-1].ID)
	}
}

// checkRecords checks that the records are those of the last batch.
func checkRecords(t *testing.T, s store.Evidence, last string) {
	records, err := s.Current(t.Context(), evidence.RecordRule)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != storetest.PerBatch {
		t.Errorf("%d current records, want %d", len(records), storetest.PerBatch)
	}
	for _, r := range records {
		if r.Batch != last {
			t.Errorf("record %s is of batch %s and the newest is %s", r.Key, r.Batch, last)
		}
	}
}
