package sigma

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/detection"
	"candor/internal/evidence"
)

// testData returns the folder of real data, and skips the test without it.
func testData(t *testing.T, elem ...string) string {
	t.Helper()
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: it names the folder of real data that this test reads")
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}

func unzip(t *testing.T, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestPublicRulesDecode(t *testing.T) {
	type file struct {
		name string
		data []byte
	}
	var files []file
	for r := tar.NewReader(unzip(t, testData(t, "rules", "sigma-rules.tar.gz"))); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".yml") {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{h.Name, data})
	}
	start := time.Now()
	var all evidence.Decoded[detection.Rule]
	for _, f := range files {
		d := Decode(f.name, f.data)
		all.Records = append(all.Records, d.Records...)
		all.Rejects = append(all.Rejects, d.Rejects...)
		all.Warnings = append(all.Warnings, d.Warnings...)
	}
	took := time.Since(start)
	count := func(has func(*detection.Rule) bool) (n int) {
		for i := range all.Records {
			if has(&all.Records[i]) {
				n++
			}
		}
		return n
	}
	platforms := count(func(r *detection.Rule) bool { return len(r.Platforms) > 0 })
	logged := count(func(r *detection.Rule) bool { return len(r.Logs) > 0 })
	mapped := count(func(r *detection.Rule) bool { return len(r.Techniques) > 0 })
	t.Logf("%d files in %v on one processor: %d rules, %d rejects, %d warnings; %d with platforms, %d with logs, %d with techniques",
		len(files), took, len(all.Records), len(all.Rejects), len(all.Warnings), platforms, logged, mapped)
	for _, w := range all.Warnings {
		t.Log(w)
	}
	if len(all.Records) != 3753 || len(all.Rejects) != 0 {
		t.Errorf("%d rules and %d rejects, want 3753 and none: %v", len(all.Records), len(all.Rejects), all.Rejects)
	}
	if platforms < 3400 || logged < 3700 {
		t.Errorf("%d rules have platforms and %d have logs; at least 3400 and 3700 should", platforms, logged)
	}
	for _, r := range all.Records {
		if len(r.Logs) == 0 {
			t.Logf("no logs: %s (%s)", r.Source, r.Path)
		}
	}
}
