package place

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
)

// release is what ATT&CK 18.1 names.
type release struct {
	components, platforms map[string]bool
	logs                  map[string][]attack.Channel
	named                 map[string][]Log // by log source
}

func enterprise181(t *testing.T) release {
	t.Helper()
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: it names the folder of real data that this test reads")
	}
	f, err := os.Open(filepath.Join(dir, "attack", "enterprise-attack-18.1.json.gz"))
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
			ID, Type, Name string
			Deprecated     bool     `json:"x_mitre_deprecated"`
			Platforms      []string `json:"x_mitre_platforms"`
			Refs           []struct {
				Component     string `json:"x_mitre_data_component_ref"`
				Name, Channel string
			} `json:"x_mitre_log_source_references"`
		}
	}
	if err := json.NewDecoder(z).Decode(&bundle); err != nil {
		t.Fatal(err)
	}
	r := release{map[string]bool{}, map[string]bool{"Android": true, "iOS": true}, map[string][]attack.Channel{}, map[string][]Log{}}
	components := map[string]string{} // by STIX id
	for _, o := range bundle.Objects {
		if o.Type == "x-mitre-data-component" && !o.Deprecated {
			r.components[o.Name], components[o.ID] = true, o.Name
		}
	}
	for _, o := range bundle.Objects {
		if o.Type != "x-mitre-analytic" {
			continue
		}
		for _, p := range o.Platforms {
			r.platforms[p] = true
		}
		for _, l := range o.Refs {
			r.logs[l.Name] = append(r.logs[l.Name], attack.NewChannel(l.Channel))
			r.named[l.Name] = append(r.named[l.Name], Log{components[l.Component], l.Name, l.Channel})
		}
	}
	return r
}

// TestPlacesNameWhatATTACKHas holds every table against ATT&CK 18.1.
func TestPlacesNameWhatATTACKHas(t *testing.T) {
	r := enterprise181(t)
	check := func(where string, p Place) {
		for _, name := range p.Platforms {
			if !r.platforms[name] {
				t.Errorf("%s: no analytic of 18.1 has platform %q", where, name)
			}
		}
		for _, l := range p.Logs {
			if l.Component != "" && !r.components[l.Component] {
				t.Errorf("%s: 18.1 has no live data component %q", where, l.Component)
			}
			if l.Name != "" && len(r.logs[l.Name]) == 0 {
				t.Errorf("%s: no analytic of 18.1 names log source %q", where, l.Name)
			}
		}
	}
	for name, p := range tables() {
		check(name, *p)
	}
	for name, p := range elastic() {
		check(name, *p)
	}
	for name, p := range searched() {
		check(name, *p)
	}
	for _, s := range sources() {
		check(s.prefix, s.place)
	}
	for _, a := range assets {
		check(a.part, Place{Platforms: a.platforms})
	}
	for _, n := range normalSchemas() {
		check(n.schema, n.place)
	}
	for _, c := range eventCodes {
		if c.component != "" && !r.components[c.component] {
			t.Errorf("18.1 has no live data component %q", c.component)
		}
		for code := range strings.FieldsSeq(c.attack + " " + c.other) {
			named := slices.ContainsFunc(r.logs[c.log], func(ch attack.Channel) bool { return ch.Names(attack.NewChannel("EventCode=" + code)) })
			if named != slices.Contains(strings.Fields(c.attack), code) {
				t.Errorf("%s %s: an analytic of 18.1 names it: %v", c.log, code, named)
			}
		}
	}
}
