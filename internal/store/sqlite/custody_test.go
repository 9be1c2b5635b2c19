package sqlite_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/evidence"
	"candor/internal/store"
	"candor/internal/store/sqlite"
	"candor/internal/store/storetest"
)

func TestEvidenceKeepsItsCustody(t *testing.T) {
	storetest.EvidenceCustody(t, func(t *testing.T, dir string) storetest.EvidenceKeeper { return openEvidence(t, dir) })
}

// audited fails the test unless an audit finds nothing amiss and every batch as
// it landed.
func audited(t testing.TB, s interface {
	store.Custody
	Batches(ctx context.Context) ([]store.Batch, error)
}) {
	t.Helper()
	found, err := s.Audit(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	batches, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if kept := found.Batches[b.ID]; kept.Content != b.Content || b.Content == "" {
			t.Errorf("batch %s: content %q, audited %q", b.ID, b.Content, kept.Content)
		}
	}
	if len(found.Amiss) > 0 || len(found.Batches) != len(batches) {
		t.Errorf("%d batches, %d audited, amiss: %v", len(batches), len(found.Batches), found.Amiss)
	}
}

// TestAStoreOfTheFirstSchemaIsSealed takes a store back to the schema before custody and
// opens it again.
func TestAStoreOfTheFirstSchemaIsSealed(t *testing.T) {
	dir := t.TempDir()
	var records []store.Record
	t.Run("before", func(t *testing.T) {
		e := openEvidence(t, dir)
		for n := range 2 {
			landRecords(t, e, n, storetest.KillRecords(n))
		}
		records = current(t, e)
	})
	if err := sqlite.Downgrade(t.Context(), filepath.Join(dir, "evidence.db"), "evidence", 1); err != nil {
		t.Fatal(err)
	}
	e := openEvidence(t, dir)
	audited(t, e)
	if d := gocmp.Diff(records, current(t, e), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

func landRecords(t testing.TB, e *sqlite.Evidence, n int, records iter.Seq2[store.Record, error]) {
	t.Helper()
	if _, _, err := e.Append(t.Context(), store.Batch{ID: fmt.Sprint("e", n), Kind: "rules", Hash: fmt.Sprint(n)}, records); err != nil {
		t.Fatal(err)
	}
}

func current(t testing.TB, e *sqlite.Evidence) []store.Record {
	t.Helper()
	list, err := e.Current(t.Context(), evidence.RecordRule)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestCopyIsOfOneMoment copies a store while a batch is being written.
func TestCopyIsOfOneMoment(t *testing.T) {
	to := t.TempDir()
	e := openEvidence(t, t.TempDir())
	landRecords(t, e, 0, storetest.KillRecords(0))
	before := current(t, e)
	landRecords(t, e, 1, func(yield func(store.Record, error) bool) {
		n := 0
		for r := range storetest.KillRecords(1) {
			if n++; n == storetest.PerBatch/2 {
				if err := e.CopyTo(t.Context(), filepath.Join(to, "evidence.db")); err != nil {
					t.Error(err)
				}
			}
			if !yield(r, nil) {
				return
			}
		}
	})
	copied := openEvidence(t, to)
	audited(t, copied)
	audited(t, e)
	if d := gocmp.Diff(before, current(t, copied)); d != "" {
		t.Errorf("records of the copy (-want +got):\n%s", d)
	}
}
