package sqlite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

// openLibrary opens a library until the test ends.
func openLibrary(t testing.TB, path string) *sqlite.Library {
	l := openAlone(t, path)
	t.Cleanup(func() { l.Close() })
	return l
}

// openAlone opens a library that the caller closes.
func openAlone(t testing.TB, path string) *sqlite.Library {
	l, err := sqlite.OpenLibrary(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
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

// enterprisePath returns the path of Enterprise 18.1.
func enterprisePath(t testing.TB) string {
	paths := bundles(t)
	return paths[slices.IndexFunc(paths, func(p string) bool { return strings.Contains(p, "enterprise-attack-18.1") })]
}

// perPlain reports the time of an operation as a share of what encoding/json
// takes to decode the same bytes in the same run.
func perPlain(b *testing.B, raw []byte) {
	took := float64(b.Elapsed()) / float64(b.N)
	b.ReportMetric(took/float64(plainDecode(b, raw)), "x-encoding/json")
}

// BenchmarkImport imports Enterprise 18.1 from an unpacked file into an empty
// library and searches it. The peak of memory is that of the process so far.
func BenchmarkImport(b *testing.B) {
	path := filepath.Join(b.TempDir(), "bundle.json")
	unpackTo(b, path, enterprisePath(b))
	before := cpu(b)
	for b.Loop() {
		dir := b.TempDir()
		l := openAlone(b, filepath.Join(dir, "library.db"))
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		r := importBundle(b, l, named(enterprisePath(b)), f)
		f.Close()
		if _, n, err := l.List(context.Background(), store.Query{Release: r, Text: "powershell"}); err != nil || n == 0 {
			b.Fatalf("search after import: %d, %v", n, err)
		}
		l.Close()
		info, err := os.Stat(filepath.Join(dir, "library.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/float64(r.Size), "file/unpacked")
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e9, "cpu-s/op")
	b.ReportMetric(float64(peak()), "peak-MiB")
	perPlain(b, unpacked(b, enterprisePath(b)))
}

// unpackTo unpacks a real bundle into a file, without holding it in memory.
func unpackTo(b *testing.B, path, from string) {
	in, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	r, err := gzip.NewReader(in)
	if err != nil {
		b.Fatal(err)
	}
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(out, r); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
}

// cpu returns the processor time that the process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkImportAll imports every real bundle into one library.
func BenchmarkImportAll(b *testing.B) {
	before := cpu(b)
	for b.Loop() {
		l := openAlone(b, filepath.Join(b.TempDir(), "library.db"))
		for _, path := range bundles(b) {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			importBundle(b, l, named(path), f)
			f.Close()
		}
		l.Close()
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e9, "cpu-s/op")
	b.ReportMetric(float64(peak()), "peak-MiB")
}

// judged is the types of object that judging analytics needs.
var judged = []string{"x-mitre-analytic", "x-mitre-detection-strategy", "attack-pattern", "x-mitre-tactic",
	"x-mitre-data-component", "intrusion-set", "campaign", "relationship"}

// enterprise imports Enterprise 18.1 into a new library.
func enterprise(b *testing.B) (*sqlite.Library, attack.Release, []byte) {
	raw := unpacked(b, enterprisePath(b))
	l := openLibrary(b, filepath.Join(b.TempDir(), "library.db"))
	return l, importBundle(b, l, named(enterprisePath(b)), bytes.NewReader(raw)), raw
}

// BenchmarkLoad loads what judging analytics needs.
func BenchmarkLoad(b *testing.B) {
	l, r, raw := enterprise(b)
	for b.Loop() {
		if _, err := l.Load(context.Background(), r, judged...); err != nil {
			b.Fatal(err)
		}
	}
	perPlain(b, raw)
}

// BenchmarkObject reads what a page of one object shows.
func BenchmarkObject(b *testing.B) {
	l, r, _ := enterprise(b)
	ctx := context.Background()
	for b.Loop() {
		found, err := l.Find(ctx, "T1059.001", attack.ReleaseRef{})
		if err != nil || len(found) != 1 {
			b.Fatal(found, err)
		}
		id := found[0].StixID
		if _, err := l.Snapshot(ctx, r, id); err != nil {
			b.Fatal(err)
		}
		if es, err := l.Relations(ctx, r, id); err != nil || len(es) == 0 {
			b.Fatal(len(es), err)
		}
		if as, err := l.Appearances(ctx, id); err != nil || len(as) != 1 {
			b.Fatal(as, err)
		}
	}
}

// BenchmarkSearch searches for what people search for.
func BenchmarkSearch(b *testing.B) {
	l, r, _ := enterprise(b)
	texts := []string{"powershell", "credential dumping", "lsass", "T1059", "registry run keys", "scheduled tas", "apt", "lateral movement", "AN1989", "the"}
	var took []time.Duration
	for b.Loop() {
		for _, text := range texts {
			start := time.Now()
			if _, n, err := l.List(context.Background(), store.Query{Release: r, Text: text}); err != nil || n == 0 {
				b.Fatalf("%q finds %d, %v", text, n, err)
			}
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-us")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "worst-us")
}

// BenchmarkOpen opens a library of every real release and finds one object's
// history, as a command does.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "library.db")
	l := openLibrary(b, path)
	for _, p := range bundles(b) {
		f, err := os.Open(p)
		if err != nil {
			b.Fatal(err)
		}
		importBundle(b, l, named(p), f)
		f.Close()
	}
	l.Close()
	ctx := context.Background()
	for b.Loop() {
		l := openAlone(b, path)
		found, err := l.Find(ctx, "AN1989", attack.ReleaseRef{})
		if err != nil || len(found) != 1 {
			b.Fatal(found, err)
		}
		if _, err := l.Relations(ctx, found[0].Release, found[0].StixID); err != nil {
			b.Fatal(err)
		}
		if as, err := l.Appearances(ctx, found[0].StixID); err != nil || len(as) != 2 {
			b.Fatal(as, err)
		}
		l.Close()
	}
}

// peak returns the most memory that the process has had, in MiB, or 0 where the
// system does not say.
func peak() int {
	b, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]), "kB")))
	return kib / 1024
}
