package sqlite_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/alert"
	"candor/internal/store"
	"candor/internal/store/sqlite"
	"candor/internal/store/storetest"
)

func TestEvidenceKeepsItsCustody(t *testing.T) {
	storetest.EvidenceCustody(t, func(t *testing.T, dir string) storetest.EvidenceKeeper { return openEvidence(t, dir) })
}

func TestAlertsKeepTheirCustody(t *testing.T) {
	storetest.AlertsCustody(t, func(t *testing.T, dir string) storetest.AlertsKeeper { return openAlerts(t, dir) })
}

// fires yields alerts of two rules, which say something else in each round; one
// in three is labelled.
func fires(n, round int) iter.Seq2[*alert.Alert, error] {
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	return func(yield func(*alert.Alert, error) bool) {
		for i := range n {
			a := &alert.Alert{ID: fmt.Sprint("a", i), RuleID: fmt.Sprint("r", i%2), RuleName: "Rule", Time: at, Entity: fmt.Sprint("h", i%7),
				Severity: fmt.Sprint("s", (i+round)%3), Fields: map[string]string{"round": fmt.Sprint(round)}}
			if i%3 == 0 {
				a.Disposition = &alert.Disposition{Class: alert.Classes()[round%3], Time: at.Add(time.Duration(round) * time.Hour), Provenance: alert.Analyst}
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func land(t testing.TB, s *sqlite.Alerts, id string, alerts iter.Seq2[*alert.Alert, error]) store.Batch {
	t.Helper()
	b, _, err := s.Append(t.Context(), store.Batch{ID: id, Kind: "alerts", Hash: id}, alerts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// audited fails the test unless an audit finds nothing amiss and every batch as
// it landed.
func audited(t testing.TB, s interface {
	store.Custody
	Batches(ctx context.Context) ([]store.Batch, error)
}) {
	t.Helper()
	found, err := s.Audit(t.Context())
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

func TestCustodyOfMoreThanOnePage(t *testing.T) {
	s := openAlerts(t, t.TempDir())
	const n = 2500 // more than a page, and many chunks
	land(t, s, "b0", fires(n, 0))
	before := tallied(t, s)
	for round := 1; round <= 2; round++ {
		land(t, s, fmt.Sprint("b", round), fires(n+round, round))
		audited(t, s)
	}
	for _, id := range []string{"b1", "b2"} {
		if err := s.Withdraw(t.Context(), id, store.Withdrawal{At: time.Now(), Reason: "wrong"}); err != nil {
			t.Fatal(err)
		}
		audited(t, s)
	}
	if d := gocmp.Diff(before, tallied(t, s)); d != "" {
		t.Errorf("tallies once the rest is withdrawn (-want +got):\n%s", d)
	}
}

func tallied(t testing.TB, s *sqlite.Alerts) []alert.Tally {
	t.Helper()
	list, err := s.Tallies(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestStoresOfTheFirstSchemaAreSealed takes stores back to the schema before
// custody and opens them again.
func TestStoresOfTheFirstSchemaAreSealed(t *testing.T) {
	dir := t.TempDir()
	var alerts []alert.Tally
	var history []alert.Disposition
	var records []store.Record
	t.Run("before", func(t *testing.T) {
		a, e := openAlerts(t, dir), openEvidence(t, dir)
		land(t, a, "b0", fires(600, 0))
		land(t, a, "b1", fires(700, 1))
		for n := range 2 {
			if _, _, err := e.Append(t.Context(), store.Batch{ID: fmt.Sprint("e", n), Kind: "rules", Hash: fmt.Sprint(n)}, storetest.KillRecords(n)); err != nil {
				t.Fatal(err)
			}
		}
		alerts, records = tallied(t, a), current(t, e)
		history = heard(t, a, "a0")
	})
	for name, schema := range map[string]string{"alerts.db": "alerts", "evidence.db": "evidence"} {
		if err := sqlite.Downgrade(t.Context(), filepath.Join(dir, name), schema, 1); err != nil {
			t.Fatal(err)
		}
	}
	a, e := openAlerts(t, dir), openEvidence(t, dir)
	audited(t, a)
	audited(t, e)
	for what, pair := range map[string][2]any{"tallies": {alerts, tallied(t, a)}, "records": {records, current(t, e)}, "dispositions": {history, heard(t, a, "a0")}} {
		if d := gocmp.Diff(pair[0], pair[1], cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
}

func current(t testing.TB, e *sqlite.Evidence) []store.Record {
	t.Helper()
	list, err := e.Current(t.Context(), store.KindRule)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func heard(t testing.TB, a *sqlite.Alerts, id string) []alert.Disposition {
	t.Helper()
	list, err := a.Dispositions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestCopyIsOfOneMoment copies stores while a batch is being written.
func TestCopyIsOfOneMoment(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	s := openAlerts(t, dir)
	land(t, s, "b0", fires(900, 0))
	before := tallied(t, s)
	land(t, s, "b1", func(yield func(*alert.Alert, error) bool) {
		n := 0
		for a := range fires(3000, 1) {
			if n++; n == 2000 {
				if err := s.CopyTo(t.Context(), filepath.Join(to, "alerts.db")); err != nil {
					t.Error(err)
				}
			}
			if !yield(a, nil) {
				return
			}
		}
	})
	copied := openAlerts(t, to)
	audited(t, copied)
	if d := gocmp.Diff(before, tallied(t, copied)); d != "" {
		t.Errorf("tallies of the copy (-want +got):\n%s", d)
	}
	audited(t, s)
	e := openEvidence(t, dir)
	if err := e.CopyTo(t.Context(), filepath.Join(to, "evidence.db")); err != nil {
		t.Error(err)
	}
	audited(t, openEvidence(t, to))
}

// TestCustodyOfRealAlerts measures an audit and a withdrawal.
func TestCustodyOfRealAlerts(t *testing.T) {
	dir := aitFolder(t)
	s := openAlerts(t, t.TempDir())
	for _, network := range networks {
		land(t, s, network, aitAlerts(dir, network))
	}
	start := time.Now()
	audited(t, s)
	t.Logf("720209 alerts audited in %v, peak of memory %d MiB", time.Since(start), peak())
	start = time.Now()
	if err := s.Withdraw(t.Context(), networks[1], store.Withdrawal{At: time.Now(), Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	t.Logf("a batch of 45544 withdrawn in %v", time.Since(start))
	var n int64
	for _, c := range tallied(t, s) {
		n += c.N
	}
	if n != 720_209-45_544 {
		t.Errorf("%d alerts count", n)
	}
	audited(t, s)
}
