// Package decodetest holds what the tests of decoders share: golden files, and
// the place of the real data. It holds no decoder and nothing that is built into
// candor.
package decodetest

import (
	"compress/gzip"
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

// Words are the names that a release of ATT&CK uses.
type Words struct {
	// Components are the live data components; Sources the log sources that
	// analytics name; Platforms the platforms of analytics.
	Components, Sources, Platforms map[string]bool
}

// Enterprise returns the words of Enterprise ATT&CK 18.1, and skips the test
// without the real data.
func Enterprise(t *testing.T) Words {
	t.Helper()
	f, err := os.Open(Data(t, "attack", "enterprise-attack-18.1.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Objects []struct {
			Type, Name string
			Deprecated bool                    `json:"x_mitre_deprecated"`
			Platforms  []string                `json:"x_mitre_platforms"`
			Refs       []struct{ Name string } `json:"x_mitre_log_source_references"`
		}
	}
	if err := json.NewDecoder(z).Decode(&bundle); err != nil {
		t.Fatal(err)
	}
	w := Words{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, o := range bundle.Objects {
		for _, r := range o.Refs {
			w.Sources[r.Name] = true
		}
		if o.Type == "x-mitre-data-component" && !o.Deprecated {
			w.Components[o.Name] = true
		}
		if o.Type == "x-mitre-analytic" {
			for _, p := range o.Platforms {
				w.Platforms[p] = true
			}
		}
	}
	return w
}

// Check fails the test for a name that ATT&CK does not use. An empty name is
// wild.
func (w Words) Check(t *testing.T, where, component, source string, platforms []string) {
	t.Helper()
	if component != "" && !w.Components[component] {
		t.Errorf("%s: there is no live data component %q", where, component)
	}
	if source != "" && !w.Sources[source] {
		t.Errorf("%s: no analytic names the log source %q", where, source)
	}
	for _, p := range platforms {
		if !w.Platforms[p] {
			t.Errorf("%s: no analytic has the platform %q", where, p)
		}
	}
}
