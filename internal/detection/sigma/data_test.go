package sigma

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
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

// TestFactsNameWhatATTACKHas holds the table against ATT&CK 18.1: every data
// component, every log source and every channel with both must be there.
func TestFactsNameWhatATTACKHas(t *testing.T) {
	var bundle struct {
		Objects []struct {
			ID, Type, Name string
			Deprecated     bool     `json:"x_mitre_deprecated"`
			Platforms      []string `json:"x_mitre_platforms"`
			Refs           []struct {
				Component string `json:"x_mitre_data_component_ref"`
				Name      string
				Channel   string
			} `json:"x_mitre_log_source_references"`
		}
	}
	if err := json.NewDecoder(unzip(t, testData(t, "attack", "enterprise-attack-18.1.json.gz"))).Decode(&bundle); err != nil {
		t.Fatal(err)
	}
	components, names, platforms := map[string]bool{}, map[string][]log{}, map[string]bool{}
	byID := map[string]string{}
	for _, o := range bundle.Objects {
		if o.Type == "x-mitre-data-component" && !o.Deprecated {
			components[o.Name], byID[o.ID] = true, o.Name
		}
	}
	for _, o := range bundle.Objects {
		for _, r := range o.Refs {
			names[r.Name] = append(names[r.Name], log{byID[r.Component], r.Name, r.Channel})
		}
		if o.Type == "x-mitre-analytic" {
			for _, p := range o.Platforms {
				platforms[p] = true
			}
		}
	}
	check := func(where string, l log) {
		if l.Component != "" && !components[l.Component] {
			t.Errorf("%s: 18.1 has no live data component %q", where, l.Component)
		}
		if l.Name != "" && len(names[l.Name]) == 0 {
			t.Errorf("%s: no analytic of 18.1 names log source %q", where, l.Name)
		} else if l.Name != "" && !slices.ContainsFunc(names[l.Name], func(n log) bool {
			return (l.Component == "" || l.Component == n.Component) && attack.NewChannel(l.Channel).Meets(attack.NewChannel(n.Channel))
		}) {
			t.Errorf("%s: no analytic of 18.1 names %+v", where, l)
		}
	}
	for _, f := range facts {
		for _, l := range f.logs {
			check(strings.Join([]string{f.product, f.category, f.service}, "/"), l)
		}
		for _, p := range f.platforms {
			if !platforms[p] {
				t.Errorf("no analytic of 18.1 has platform %q", p)
			}
		}
	}
	for _, e := range eventFacts {
		check("auditd/"+e.id, e.log)
	}
	if !slices.ContainsFunc(facts[:], func(f fact) bool { return f.byEvent }) {
		t.Error("no fact looks at events")
	}
}
