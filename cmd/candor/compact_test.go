package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"candor/internal/intake"
	"candor/internal/ledger"
)

// TestAServerMergesWhatIsPushed starts the real server on what servers that were killed left
// in the journal, and pushes to it until it has merged, by itself, the batches that it made.
func TestAServerMergesWhatIsPushed(t *testing.T) {
	t.Parallel()
	f := newPushPlace(newPlace(t))
	pushed := 0
	line := func() string {
		pushed++
		return fmt.Sprintf(`{"id":"a%d","rule_id":"r%d","time":"2026-05-02T10:00:00Z","entity":"h%d"}`+"\n", pushed, pushed%3, pushed%5)
	}
	for i := range intake.Enough {
		segment := fmt.Sprintf("alerts-20260502T100000.%09dZ-edr", i)
		if err := os.MkdirAll(f.path("data/push/"+segment), 0o700); err != nil {
			t.Fatal(err)
		}
		f.write("data/push/"+segment+"/"+segment+".jsonl", line())
	}
	s := f.serve()
	merge := ledger.Entry{}
	for deadline := time.Now().Add(5 * time.Minute); merge.ID == ""; merge = f.merged(s) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was merged\n%s", s.errs)
		}
		if status, text := f.post(s.address, "alerts", strings.NewReader(line())); status != http.StatusOK {
			t.Fatalf("%d: %s", status, text)
		}
	}
	s.stop(t)
	if n := len(merge.Batches); n < intake.Enough {
		t.Errorf("%d batches were merged, want %d", n, intake.Enough)
	}
	var rows int64
	within := 0
	for id, b := range f.batches() {
		rows += b.New
		if merge.Batches[id] != "" {
			within++
		}
	}
	if rows != int64(pushed) || within != len(merge.Batches) {
		t.Errorf("%d alerts and %d of the merged batches are listed, want %d and %d", rows, within, pushed, len(merge.Batches))
	}
	var measured struct {
		Rules []struct{ Alerts int }
	}
	f.json(&measured, "measure", "--as-of", "2026-05-10", "--json")
	counted := 0
	for _, r := range measured.Rules {
		counted += r.Alerts
	}
	if len(measured.Rules) != 3 || counted != pushed {
		t.Errorf("%d alerts of %d rules count, want %d of 3", counted, len(measured.Rules), pushed)
	}
	f.ok("ledger", "verify")
}

// merged returns the ledger's entry of a merge, the zero Entry before there is one.
func (f *pushPlace) merged(s *server) ledger.Entry {
	f.t.Helper()
	if _, page := s.get(f.t, "ledger"); !strings.Contains(page, "merged-") {
		return ledger.Entry{}
	}
	var entries []ledger.Entry
	f.json(&entries, "ledger", "list", "--limit", "0", "--json")
	for _, e := range entries {
		if e.Kind == ledger.Merge {
			return e
		}
	}
	return ledger.Entry{}
}
