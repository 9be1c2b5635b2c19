package sample_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"candor/internal/sample"
)

// anyObject is what these tests read of a STIX object.
type anyObject struct {
	ID, Type, Name string
	Description    *string
	Revoked        bool
	Deprecated     bool     `json:"x_mitre_deprecated"`
	Platforms      []string `json:"x_mitre_platforms"`
	References     []struct {
		SourceName string `json:"source_name"`
		ExternalID string `json:"external_id"`
	} `json:"external_references"`
	RelationshipType string   `json:"relationship_type"`
	Source           string   `json:"source_ref"`
	Target           string   `json:"target_ref"`
	Analytics        []string `json:"x_mitre_analytic_refs"`
	Logs             []struct {
		Component string `json:"x_mitre_data_component_ref"`
		Name      string
		Channel   string
	} `json:"x_mitre_log_source_references"`
	Mutable  []struct{ Field string } `json:"x_mitre_mutable_elements"`
	Contents []struct {
		Ref string `json:"object_ref"`
	} `json:"x_mitre_contents"`
}

func (o *anyObject) attackID() string {
	for _, r := range o.References {
		if r.SourceName == "mitre-attack" {
			return r.ExternalID
		}
	}
	return ""
}

func decodeBundle(t *testing.T, data []byte) []anyObject {
	t.Helper()
	var b struct {
		Type, ID string
		Objects  []anyObject
	}
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatal(err)
	}
	if b.Type != "bundle" {
		t.Fatalf("type is %q, want bundle", b.Type)
	}
	return b.Objects
}

func TestBundleIsTheSameEveryTime(t *testing.T) {
	if !bytes.Equal(sample.Bundle(), sample.Bundle()) {
		t.Error("two renderings of the miniature differ")
	}
}

func TestBundleHoldsWhatTheDemonstrationShows(t *testing.T) {
	count := map[string]int{}
	for _, o := range decodeBundle(t, sample.Bundle()) {
		count[o.Type]++
	}
	want := map[string]int{
		"x-mitre-collection": 1, "identity": 1, "marking-definition": 1, "x-mitre-matrix": 1, "x-mitre-tactic": 5,
		"attack-pattern": 19, "x-mitre-detection-strategy": 18, "x-mitre-analytic": 32, "x-mitre-data-component": 12,
		"intrusion-set": 5, "campaign": 1, "course-of-action": 4,
	}
	for typ, n := range want {
		if count[typ] != n {
			t.Errorf("%d objects of type %s, want %d", count[typ], typ, n)
		}
	}
	if count["relationship"] < 80 {
		t.Errorf("%d relationships, want at least 80", count["relationship"])
	}
}

// stixRef is a STIX id as the value of any field.
var stixRef = regexp.MustCompile(`"([a-z-]+--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"`)

func TestEveryReferenceInTheBundleResolves(t *testing.T) {
	data := sample.Bundle()
	seen := map[string]bool{}
	for _, o := range decodeBundle(t, data) {
		if seen[o.ID] {
			t.Errorf("%s is there twice", o.ID)
		}
		seen[o.ID] = true
	}
	for _, m := range stixRef.FindAllSubmatch(data, -1) {
		if id := string(m[1]); !seen[id] && !strings.HasPrefix(id, "bundle--") {
			t.Errorf("%s is referred to and not in the bundle", id)
		}
	}
}

func TestCollectionListsEveryOtherObject(t *testing.T) {
	objects := decodeBundle(t, sample.Bundle())
	listed := map[string]bool{}
	for _, c := range objects[0].Contents {
		listed[c.Ref] = true
	}
	for _, o := range objects[1:] {
		if !listed[o.ID] {
			t.Errorf("the collection does not list %s", o.ID)
		}
	}
	if len(listed) != len(objects)-1 {
		t.Errorf("the collection lists %d objects of %d", len(listed), len(objects)-1)
	}
}

func TestCollectionSaysThatItIsNotMITREs(t *testing.T) {
	c := decodeBundle(t, sample.Bundle())[0]
	if !strings.Contains(c.Name, "not MITRE ATT&CK") || !strings.Contains(*c.Description, "not MITRE ATT&CK") {
		t.Errorf("the collection is called %q and says %q", c.Name, *c.Description)
	}
}

func TestBundleShowsTheQuirksOfATTACK(t *testing.T) {
	objects := decodeBundle(t, sample.Bundle())
	byID := map[string]*anyObject{}
	sharing := map[string]int{}
	for i := range objects {
		o := &objects[i]
		byID[o.ID] = o
		if id := o.attackID(); id != "" {
			sharing[id]++
		}
	}
	quirks := map[string]bool{}
	for _, o := range objects {
		text := ""
		if o.Description != nil {
			text = *o.Description
		}
		quirks["a revoked technique with its successor"] = quirks["a revoked technique with its successor"] ||
			o.RelationshipType == "revoked-by" && byID[o.Source].Revoked && !byID[o.Target].Revoked
		quirks["a deprecated mitigation that shares its ATT&CK ID"] = quirks["a deprecated mitigation that shares its ATT&CK ID"] ||
			o.Type == "course-of-action" && o.Deprecated && sharing[o.attackID()] == 2
		quirks["HTML in text"] = quirks["HTML in text"] || strings.Contains(text, "<code>powershell.exe</code>")
		quirks["a pseudo-tag in text"] = quirks["a pseudo-tag in text"] || strings.Contains(text, "<invoice>")
		quirks["an empty description"] = quirks["an empty description"] || o.Description != nil && text == ""
		quirks["an analytic without log sources"] = quirks["an analytic without log sources"] || o.Type == "x-mitre-analytic" && len(o.Logs) == 0
		if _, name, ok := strings.Cut(text, "(Citation: "); ok {
			for _, r := range o.References {
				if strings.HasPrefix(name, r.SourceName+")") {
					quirks["a citation whose name holds a bracket"] = strings.Contains(r.SourceName, ")")
				}
			}
		}
	}
	for what, shown := range quirks {
		if !shown {
			t.Errorf("the miniature does not show %s", what)
		}
	}
	if len(quirks) != 7 {
		t.Errorf("%d quirks were looked for, want 7: %v", len(quirks), quirks)
	}
}
