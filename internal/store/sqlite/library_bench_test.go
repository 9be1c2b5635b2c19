package sqlite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// bundles returns the paths of the real bundles, oldest release first within
// each domain.
func bundles(t testing.TB) []string {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA names no folder of real data")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "attack", "*-attack-*.json.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bundles in %s: %v", dir, err)
	}
	slices.SortFunc(paths, func(a, b string) int {
		x, y := named(a), named(b)
		if x.Domain != y.Domain {
			return strings.Compare(x.Domain, y.Domain)
		}
		return attack.CompareVersions(x.Version, y.Version)
	})
	return paths
}

// named returns the release that a file's name names.
func named(path string) attack.Release {
	base := strings.TrimSuffix(filepath.Base(path), ".json.gz")
	i := strings.LastIndex(base, "-")
	return attack.Release{Domain: base[:i], Version: base[i+1:]}
}

// unpacked returns the unpacked bytes of a real bundle.
func unpacked(t testing.TB, path string) []byte {
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// importBundle imports a bundle as the release that its file's name names.
func importBundle(t testing.TB, l *sqlite.Library, r attack.Release, raw io.Reader) attack.Release {
	ctx := context.Background()
	w, err := l.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Rollback()
	sum, err := stix.Read(ctx, stix.Source{Reader: raw}, func(s *attack.Snapshot) error { return w.Add(ctx, s) })
	if err != nil {
		t.Fatal(err)
	}
	r.STIX, r.FileHash, r.Size, r.Imported = sum.STIX, sum.FileHash.String(), sum.Size, time.Unix(0, 0)
	if landed, err := w.Commit(ctx, r, nil); err != nil || !landed {
		t.Fatalf("commit %s: landed %v, %v", r, landed, err)
	}
	return r
}

func openLibrary(t testing.TB, path string) *sqlite.Library {
	l, err := sqlite.OpenLibrary(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// plainDecode returns how long encoding/json takes to decode the bytes.
func plainDecode(t testing.TB, raw []byte) time.Duration {
	start := time.Now()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// BenchmarkImport imports Enterprise 18.1 into an empty library.
func BenchmarkImport(b *testing.B) {
	paths := bundles(b)
	path := paths[slices.IndexFunc(paths, func(p string) bool { return strings.Contains(p, "enterprise-attack-18.1") })]
	raw := unpacked(b, path)
	plain := plainDecode(b, raw)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		dir := b.TempDir()
		l := openLibrary(b, filepath.Join(dir, "library.db"))
		r := importBundle(b, l, named(path), bytes.NewReader(raw))
		if _, n, err := l.List(context.Background(), store.Query{Release: r, Text: "powershell"}); err != nil || n == 0 {
			b.Fatalf("search after import: %d, %v", n, err)
		}
		info, err := os.Stat(filepath.Join(dir, "library.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/float64(len(raw)), "file/unpacked")
		l.Close()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(plain), "x-encoding/json")
}

// judged is the types of object that judging analytics needs.
var judged = []string{"x-mitre-analytic", "x-mitre-detection-strategy", "attack-pattern", "x-mitre-tactic",
	"x-mitre-data-component", "intrusion-set", "campaign", "relationship"}

// enterprise imports Enterprise 18.1 into a new library.
func enterprise(b *testing.B) (*sqlite.Library, attack.Release, []byte) {
	paths := bundles(b)
	path := paths[slices.IndexFunc(paths, func(p string) bool { return strings.Contains(p, "enterprise-attack-18.1") })]
	raw := unpacked(b, path)
	l := openLibrary(b, filepath.Join(b.TempDir(), "library.db"))
	return l, importBundle(b, l, named(path), bytes.NewReader(raw)), raw
}

// BenchmarkLoad loads what judging analytics needs.
func BenchmarkLoad(b *testing.B) {
	l, r, raw := enterprise(b)
	plain := plainDecode(b, raw)
	for b.Loop() {
		if _, err := l.Load(context.Background(), r, judged...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(plain), "x-encoding/json")
}
