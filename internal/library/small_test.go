package library_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

const (
	mitreID  = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"
	candorID = "identity--00000000-0000-4000-8000-000000000001"
)

// obj is one object of a small bundle.
type obj map[string]any

// named returns an object with what every object has.
func named(typ, n, attackID, name string, more obj) obj {
	o := obj{
		"type": typ, "spec_version": "2.1", "id": typ + "--" + n, "name": name, "created_by_ref": mitreID,
		"created": "2020-01-01T00:00:00.000Z", "modified": "2025-04-01T00:00:00.000Z", "x_mitre_version": "1.0",
	}
	if attackID != "" {
		o["external_references"] = []obj{{"source_name": "mitre-attack", "external_id": attackID, "url": "https://attack.example/" + attackID}}
	}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func relates(n, typ, from, to string, more obj) obj {
	o := named("relationship", n, "", "", obj{"relationship_type": typ, "source_ref": from, "target_ref": to})
	delete(o, "name")
	for k, v := range more {
		o[k] = v
	}
	return o
}

// basics is the smallest release that has one of each way to a tactic.
func basics() []obj {
	return []obj{
		{"type": "identity", "spec_version": "2.1", "id": mitreID, "name": "The MITRE Corporation"},
		{"type": "identity", "spec_version": "2.1", "id": candorID, "name": "Candor"},
		named("x-mitre-tactic", "1", "TA0001", "Initial", obj{"x_mitre_shortname": "initial"}),
		named("x-mitre-tactic", "2", "TA0002", "Later", obj{"x_mitre_shortname": "later"}),
		named("attack-pattern", "1", "T0001", "Phish", obj{"kill_chain_phases": []obj{{"kill_chain_name": "mitre-attack", "phase_name": "initial"}}}),
		named("attack-pattern", "2", "T0001.001", "Spear", obj{"x_mitre_is_subtechnique": true, "kill_chain_phases": []obj{{"kill_chain_name": "mitre-attack", "phase_name": "initial"}}}),
		relates("1", "subtechnique-of", "attack-pattern--2", "attack-pattern--1", nil),
		named("x-mitre-data-component", "1", "DC0001", "Mail", nil),
		named("x-mitre-analytic", "1", "AN0001", "Analytic 0001", obj{
			"x_mitre_log_source_references": []obj{{"x_mitre_data_component_ref": "x-mitre-data-component--1", "name": "m365", "channel": "mail"}},
		}),
		named("x-mitre-detection-strategy", "1", "DET0001", "Detect spear", obj{"x_mitre_analytic_refs": []string{"x-mitre-analytic--1"}}),
		relates("2", "detects", "x-mitre-detection-strategy--1", "attack-pattern--2", nil),
		named("intrusion-set", "1", "G0001", "Bear", nil),
		relates("3", "uses", "intrusion-set--1", "attack-pattern--2", obj{
			"description":         "Bear mails.(Citation: R)",
			"external_references": []obj{{"source_name": "R", "url": "https://example.org/r"}},
		}),
		named("malware", "1", "S0001", "Worm", obj{"is_family": true}),
		relates("4", "uses", "malware--1", "attack-pattern--2", nil),
		named("course-of-action", "1", "M0001", "Train", nil),
		relates("5", "mitigates", "course-of-action--1", "attack-pattern--2", obj{"description": "Train people."}),
	}
}

// newService returns a service over an empty library.
func newService(tb testing.TB) (*library.Service, store.Library) {
	lib, err := sqlite.OpenLibrary(context.Background(), filepath.Join(tb.TempDir(), "library.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { lib.Close() })
	return library.New(lib), lib
}

// add imports objects as a release, "ics 1.0" for example.
func add(tb testing.TB, lib store.Library, release string, objects ...obj) {
	addAs(tb, lib, release, "2025-05-01T00:00:00Z", objects...)
}

func addAs(tb testing.TB, lib store.Library, release, published string, objects ...obj) {
	b, err := json.Marshal(obj{"type": "bundle", "id": "bundle--" + release, "objects": objects})
	if err != nil {
		tb.Fatal(err)
	}
	domain, version, _ := strings.Cut(release, " ")
	importBundle(tb, lib, stix.Source{Name: release, Reader: strings.NewReader(string(b))},
		attack.Release{Domain: attack.DomainName(domain), Version: version, Published: published})
}

// outline writes a page's relations as "title: id id".
func outline(p library.Page) []string {
	var lines []string
	for _, g := range p.Relations {
		line := g.Title + ":"
		for _, e := range g.Edges {
			line += " " + short(e.Other)
		}
		lines = append(lines, line)
	}
	return lines
}

func short(h store.Header) string {
	if h.ATTACKID != "" {
		return h.ATTACKID
	}
	return h.Name
}

// path writes a page's context as "depth relation id".
func path(p library.Page) []string {
	var lines []string
	for _, s := range p.Context {
		lines = append(lines, fmt.Sprintf("%d %s %s", s.Depth, s.Relation, short(s.Object)))
	}
	return lines
}

func TestKindsAreNamedByTheWordsOfStats(t *testing.T) {
	for word, want := range map[string][]attack.Kind{
		"software":             {attack.KindMalware, attack.KindTool},
		"Data Sources":         {attack.KindDataSource},
		"detection strategies": {attack.KindStrategy},
		"data-components":      {attack.KindComponent},
		"tactics":              {attack.KindTactic},
		"sub-techniques":       {attack.KindSubTechnique},
		" Analytic ":           {attack.KindAnalytic},
	} {
		if got, err := library.KindsOf([]string{word}); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v, want %v", word, got, err, want)
		}
	}
	_, err := library.KindsOf([]string{"techniqe"})
	if fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "did you mean technique?") {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
}
