package custody

import (
	"testing"

	"candor/internal/store"
)

// both is a store of alerts that tells of files that were written anew.
type both struct {
	store.Alerts
	teller
}

// TestARecordingStoreTellsWhatTheOneBehindItTells looks for what readers ask a store of
// alerts for beside the contract: it was once lost behind the store that records.
func TestARecordingStoreTellsWhatTheOneBehindItTells(t *testing.T) {
	k := &Keeper{}
	if _, ok := k.Alerts(both{}).(teller); !ok {
		t.Error("what expired is not told")
	}
	if _, ok := k.Alerts(struct{ store.Alerts }{}).(teller); ok {
		t.Error("a store that tells nothing is asked")
	}
}
