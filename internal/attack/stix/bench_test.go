package stix_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"candor/internal/attack"
	"candor/internal/attack/stix"
)

// testData returns the folder of real data that the environment names.
func testData(t testing.TB) string {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA names no folder of real data")
	}
	return dir
}

// unpacked returns the unpacked bytes of a real bundle.
func unpacked(t testing.TB, name string) []byte {
	packed, err := os.ReadFile(filepath.Join(testData(t), "attack", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// BenchmarkRead reads Enterprise 18.1 and reports the time as a share of what
// encoding/json takes to decode the same bytes.
func BenchmarkRead(b *testing.B) {
	raw := unpacked(b, "enterprise-attack-18.1")
	start := time.Now()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		b.Fatal(err)
	}
	plain := time.Since(start)
	v = nil
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		_, err := stix.Read(context.Background(), stix.Source{Reader: bytes.NewReader(raw)}, func(*attack.Snapshot) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(plain), "x-encoding/json")
}
