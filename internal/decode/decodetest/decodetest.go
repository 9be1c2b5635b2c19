// Package decodetest holds what the tests of decoders share: golden files, and
// the place of the real data. It holds no decoder and nothing that is built into
// candor.
package decodetest

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// Golden compares what was read with what the golden file at path says. With
// the flag -update it writes the file first.
func Golden(t *testing.T, path string, got any) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(string(Load(t, path)), string(text)); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// Load reads a file.
func Load(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Data returns a path in the folder of real data that CANDOR_TEST_DATA names, and
// skips the test without it.
func Data(t *testing.T, elem ...string) string {
	t.Helper()
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: it names the folder of real data that this test reads")
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}
