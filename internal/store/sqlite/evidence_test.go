package sqlite_test

import (
	"bytes"
	"fmt"
	"iter"
	"path/filepath"
	"testing"

	"candor/internal/evidence"
	"candor/internal/store"
	"candor/internal/store/sqlite"
	"candor/internal/store/storetest"
)

// openEvidence opens the evidence store in dir until t ends.
func openEvidence(t testing.TB, dir string) *sqlite.Evidence {
	t.Helper()
	s, err := sqlite.OpenEvidence(t.Context(), filepath.Join(dir, "evidence.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestEvidenceKeepsTheContract(t *testing.T) {
	storetest.Evidence(t, func(t *testing.T, dir string) store.Evidence { return openEvidence(t, dir) })
}

// manyRecords yields n records of a kind with bodies of size bytes.
func manyRecords(kind string, n, size int) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for i := range n {
			r := store.Record{Kind: kind, Key: fmt.Sprintf("key-%d", i*7919%n), Body: bytes.Repeat([]byte{'x'}, size)}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func BenchmarkCurrent(b *testing.B) {
	for _, size := range []struct {
		kind        string
		n, bodySize int
	}{{evidence.RecordRule, 4_000, 1_500}, {evidence.RecordFeed, 100_000, 120}} {
		b.Run(fmt.Sprintf("%d records of %d bytes", size.n, size.bodySize), func(b *testing.B) {
			s := openEvidence(b, b.TempDir())
			if _, _, err := s.Append(b.Context(), store.Batch{ID: "b", Hash: "b"}, manyRecords(size.kind, size.n, size.bodySize)); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				list, err := s.Current(b.Context(), size.kind)
				if err != nil || len(list) != size.n {
					b.Fatalf("%d records, error %v", len(list), err)
				}
			}
		})
	}
}
