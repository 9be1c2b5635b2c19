package report

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/ledger"
	"candor/internal/store"
)

// memory is the plainest ledger.Store.
type memory struct {
	lines  []ledger.Line
	hashes map[int64][]byte
}

func (m *memory) Size(context.Context) (int64, error) { return int64(len(m.lines)), nil }

func (m *memory) Lines(_ context.Context, from, upTo int64) ([]ledger.Line, error) {
	if upTo < 0 {
		upTo = int64(len(m.lines))
	}
	return m.lines[from:upTo], nil
}

func (m *memory) Hashes(_ context.Context, from, upTo int64) (map[int64][]byte, error) {
	if upTo < 0 {
		return m.hashes, nil
	}
	found := map[int64][]byte{}
	for p := from; p < upTo; p++ {
		if h, there := m.hashes[p]; there {
			found[p] = h
		}
	}
	return found, nil
}

func (m *memory) Append(_ context.Context, seq int64, line []byte, first int64, hashes [][]byte) error {
	m.lines = append(m.lines, ledger.Line{Place: seq, Bytes: bytes.Clone(line)})
	for i, h := range hashes {
		m.hashes[first+int64(i)] = bytes.Clone(h)
	}
	return nil
}

// TestAMissingProofIsNamedHoweverManyThereAre makes a report of 520 batches, of which it proves
// 500. What comes later, of the same batches and of others, is no proof that was taken out; one
// that was is named.
func TestAMissingProofIsNamedHoweverManyThereAre(t *testing.T) {
	s := &Service{Log: ledger.New(&memory{hashes: map[int64][]byte{}}), Now: func() time.Time { return made1 }, Program: "candor test"}
	hash := strings.Repeat("0123456789abcdef", 4)
	var all []store.Batch
	s.Batches = func(context.Context) ([]store.Batch, error) { return all, nil }
	add := func(e ledger.Entry) {
		t.Helper()
		e.Time, e.SHA256, e.By = made1, hash, "ann"
		if _, err := s.Log.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	add(ledger.Entry{Kind: ledger.Release, ID: "enterprise 18.1"})
	for i := range 520 {
		id := fmt.Sprintf("alerts-%03d", i)
		all = append(all, store.Batch{ID: id, Kind: "alerts", Added: made1.Add(-time.Duration(i) * time.Hour)}) // by a clock that ran backwards
		add(ledger.Entry{Kind: ledger.Batch, ID: id})
	}
	m := made{document: standingOf().standing(), all: true, release: "enterprise 18.1"}
	sealed, err := s.seal(t.Context(), m, "ann")
	if err != nil || len(sealed.Entries) != mostProved+1 || sealed.Entries[1].Seq != 1 || len(sealed.Unrecorded) != 0 {
		t.Fatalf("%v, %d proofs, without an entry: %q", err, len(sealed.Entries), sealed.Unrecorded)
	}
	add(ledger.Entry{Kind: ledger.Withdrawal, ID: "alerts-003", Reason: "twice"})
	add(ledger.Entry{Kind: ledger.Merge, ID: "m-1", Batches: map[string]string{"alerts-004": hash, "alerts-510": hash}})
	add(ledger.Entry{Kind: ledger.Batch, ID: "alerts-999"})
	all = append(slices.Delete(all, 7, 8), store.Batch{ID: "alerts-999", Added: made1.AddDate(-1, 0, 0)}, store.Batch{ID: "alerts-new"})
	missing := func(s1 *Sealed) []string {
		var v Verified
		if err := s.proved(t.Context(), &v, s1, &m); err != nil {
			t.Fatal(err)
		}
		return v.Broken
	}
	if got := missing(&sealed); len(got) > 0 {
		t.Errorf("what came later is missed: %q", got)
	}
	less := sealed
	less.Entries = slices.Delete(slices.Clone(sealed.Entries), 100, 101)
	if got := missing(&less); len(got) != 1 || !strings.Contains(got[0], "entry 100,") {
		t.Errorf("a proof that was taken out: %q", got)
	}
}
