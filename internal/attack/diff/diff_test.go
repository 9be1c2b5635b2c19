package diff_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/attack/diff"
)

var update = flag.Bool("update", false, "write the golden files anew")

// object writes a technique with the given further members.
func object(members string) string {
	s := `{"type":"attack-pattern","id":"attack-pattern--1","name":"N","external_references":[{"source_name":"mitre-attack","external_id":"T1"}]`
	if members != "" {
		s += "," + members
	}
	return s + "}"
}

func side(version, stix string, raws ...string) diff.Side {
	s := diff.Side{
		Release: attack.Release{Domain: "enterprise-attack", Version: version, STIX: stix},
		Raw:     map[string][]byte{}, Names: map[string]diff.Name{},
	}
	for _, raw := range raws {
		var o struct {
			ID, Name string
			Refs     []attack.Reference `json:"external_references"`
		}
		if err := json.Unmarshal([]byte(raw), &o); err != nil {
			panic(err)
		}
		s.Raw[o.ID] = []byte(raw)
		s.Names[o.ID] = diff.Name{ID: o.ID, ATTACKID: attack.IDOf(o.Refs), Name: o.Name}
	}
	return s
}

// only returns the category of the one change of a report, and "" for none.
func only(t *testing.T, r diff.Report) diff.Category {
	var found []diff.Category
	for _, c := range diff.Categories() {
		for range r.Count("", c) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
		return found[0]
	}
	t.Fatalf("one object is in the categories %v", found)
	return ""
}

func TestEachObjectIsInTheFirstCategoryThatFits(t *testing.T) {
	tests := []struct {
		name, from, to string
		want           diff.Category
	}{
		{"addition", "", object(`"revoked":true`), diff.Addition},
		{"deletion", object(""), "", diff.Deletion},
		{"revocation before deprecation and version", object(`"x_mitre_version":"1.0"`), object(`"revoked":true,"x_mitre_deprecated":true,"x_mitre_version":"2.0"`), diff.Revocation},
		{"deprecation", object(""), object(`"x_mitre_deprecated":true,"modified":"2020-01-01T00:00:00Z"`), diff.Deprecation},
		{"revoked turns deprecated", object(`"revoked":true`), object(`"revoked":false,"x_mitre_deprecated":true`), diff.Deprecation},
		{"unrevocation", object(`"revoked":true,"x_mitre_version":"1.0"`), object(`"x_mitre_version":"1.1"`), diff.Unrevocation},
		{"undeprecation", object(`"x_mitre_deprecated":true`), object(`"x_mitre_deprecated":false`), diff.Undeprecation},
		{"major", object(`"x_mitre_version":"1.3"`), object(`"x_mitre_version":"2.0","modified":"2020-01-01T00:00:00Z"`), diff.Major},
		{"minor", object(`"x_mitre_version":"1.9"`), object(`"x_mitre_version":"1.10"`), diff.Minor},
		{"jump", object(`"x_mitre_version":"1.0"`), object(`"x_mitre_version":"1.2"`), diff.OtherVersion},
		{"major with minor", object(`"x_mitre_version":"1.0"`), object(`"x_mitre_version":"2.1"`), diff.OtherVersion},
		{"decrease", object(`"x_mitre_version":"1.1"`), object(`"x_mitre_version":"1.0"`), diff.OtherVersion},
		{"missing version is 0.0", object(""), object(`"x_mitre_version":"1.0"`), diff.Major},
		{"version that is no number", object(`"x_mitre_version":"1.0"`), object(`"x_mitre_version":"x"`), diff.OtherVersion},
		{"2 is 2.0", object(`"x_mitre_version":"2"`), object(`"x_mitre_version":"2.0"`), diff.Content},
		{"modified", object(`"modified":"2020-01-01T00:00:00.000Z"`), object(`"modified":"2021-01-01T00:00:00.000Z"`), diff.Patch},
		{"description", object(`"description":"a"`), object(`"description":"b"`), diff.Patch},
		{"dead object modified", object(`"revoked":true`), object(`"revoked":true,"modified":"2021-01-01T00:00:00Z"`), diff.Retired},
		{"line ends of the description", object(`"description":"a\nb"`), object(`"description":"a b"`), diff.Content},
		{"spelling of modified", object(`"modified":"2020-01-01T00:00:00Z"`), object(`"modified":"2020-01-01T00:00:00.000Z"`), diff.Content},
		{"other field", object(`"x_mitre_platforms":["a","b"]`), object(`"x_mitre_platforms":["b","a"]`), diff.Content},
		{"key order, spaces and escapes", object(`"a":1,"b":{"c":2,"d":"é"}`), object("\"b\" : {\"d\":\"\\u00e9\",\"c\":2.0},\n\"a\":1"), ""},
		{"the same", object(`"a":1`), object(`"a":1`), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, to := side("1.0", "2.1"), side("2.0", "2.1")
			if tt.from != "" {
				from = side("1.0", "2.1", tt.from)
			}
			if tt.to != "" {
				to = side("2.0", "2.1", tt.to)
			}
			if got := only(t, diff.Compare(from, to)); got != tt.want {
				t.Errorf("category %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSTIXVersionsCompareByMeaning(t *testing.T) {
	malware20 := `{"type":"malware","id":"malware--1","name":"M","labels":["malware"]}`
	malware21 := `{"type":"malware","spec_version":"2.1","id":"malware--1","name":"M","is_family":true}`
	if got := only(t, diff.Compare(side("1.0", "2.0", malware20), side("1.1", "2.1", malware21))); got != "" {
		t.Errorf("across STIX versions malware is in %q, want no change", got)
	}
	if got := only(t, diff.Compare(side("1.0", "2.1", malware20), side("1.1", "2.1", malware21))); got != diff.Content {
		t.Errorf("within one STIX version malware is in %q, want %q", got, diff.Content)
	}
	if !diff.SameMeaning([]byte(malware20), []byte(malware21), true) || diff.SameMeaning([]byte(malware20), []byte(malware21), false) {
		t.Error("SameMeaning does not agree")
	}
	collection := `{"type":"x-mitre-collection","id":"x-mitre-collection--1","x_mitre_version":"1.0"}`
	if got := only(t, diff.Compare(side("1.0", "2.0"), side("1.1", "2.1", collection))); got != "" {
		t.Errorf("the collection is in %q, want no change", got)
	}
}

const (
	group        = `{"type":"intrusion-set","id":"intrusion-set--1","name":"G","external_references":[{"source_name":"mitre-attack","external_id":"G1"}]}`
	mitigation   = `{"type":"course-of-action","id":"course-of-action--1","name":"M","external_references":[{"source_name":"mitre-attack","external_id":"M1"}]}`
	uses         = `{"type":"relationship","id":"relationship--1","relationship_type":"uses","source_ref":"intrusion-set--1","target_ref":"attack-pattern--1"}`
	usesAnew     = `{"type":"relationship","id":"relationship--2","relationship_type":"uses","source_ref":"intrusion-set--1","target_ref":"attack-pattern--1"}`
	mitigates    = `{"type":"relationship","id":"relationship--3","relationship_type":"mitigates","source_ref":"course-of-action--1","target_ref":"attack-pattern--1"}`
	mitigatesOff = `{"type":"relationship","id":"relationship--3","relationship_type":"mitigates","source_ref":"course-of-action--1","target_ref":"attack-pattern--1","x_mitre_deprecated":true}`
	detects      = `{"type":"relationship","id":"relationship--4","relationship_type":"detects","source_ref":"x-mitre-detection-strategy--1","target_ref":"attack-pattern--1"}`
	strange      = `{"type":"x-new-thing","id":"x-new-thing--1","name":"<b>New_thing*"}`
)

// report is a comparison that has some of everything.
func report() diff.Report {
	from := side("1.0", "2.1", object(`"x_mitre_version":"1.0"`), group, mitigation, uses, mitigates)
	to := side("2.0", "2.1", object(`"x_mitre_version":"1.1","x_mitre_platforms":["Linux"]`), group, mitigation, usesAnew, mitigatesOff, detects, strange)
	return diff.Compare(from, to)
}

func TestTechniquesListWhatTheyGainedAndLost(t *testing.T) {
	r := report()
	want := diff.Ties{
		Mitigations: diff.Exchange{Gained: []diff.Name{}, Lost: []diff.Name{{ID: "course-of-action--1", ATTACKID: "M1", Name: "M"}}},
		Detections:  diff.Exchange{Gained: []diff.Name{{ID: "x-mitre-detection-strategy--1"}}, Lost: []diff.Name{}},
		Procedures:  diff.Exchange{Gained: []diff.Name{}, Lost: []diff.Name{}}, // another object says the same
	}
	e := r.ByKind["techniques"][diff.Minor][0]
	if d := cmp.Diff(want, *e.Ties); d != "" {
		t.Errorf("ties of the entry: -want +got\n%s", d)
	}
	if len(r.Ties) != 1 || r.Ties[0].ATTACKID != "T1" {
		t.Errorf("ties of the report: %+v", r.Ties)
	}
}

func TestJSONHasEveryKindAndCategory(t *testing.T) {
	b, err := json.Marshal(report())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, k := range append(diff.Kinds(), "x-new-thing") {
		var changes map[diff.Category][]map[string]any
		if err := json.Unmarshal(got[k], &changes); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		for _, c := range diff.Categories() {
			if changes[c] == nil {
				t.Errorf("%s has no list of %s", k, c)
			}
		}
	}
	var techniques map[string][]struct {
		ATTACKID   string                    `json:"attack_id"`
		OldVersion string                    `json:"old_version"`
		NewVersion string                    `json:"new_version"`
		Fields     map[string]map[string]any `json:"fields"`
	}
	if err := json.Unmarshal(got["techniques"], &techniques); err != nil {
		t.Fatal(err)
	}
	e := techniques["minor_version_changes"][0]
	want := map[string]map[string]any{
		"x_mitre_version":   {"old": "1.0", "new": "1.1"},
		"x_mitre_platforms": {"old": nil, "new": []any{"Linux"}},
	}
	if d := cmp.Diff(want, e.Fields); d != "" || e.ATTACKID != "T1" || e.OldVersion != "1.0" || e.NewVersion != "1.1" {
		t.Errorf("entry %+v: -want +got\n%s", e, d)
	}
}

func TestRenderersMatchTheirGoldenFiles(t *testing.T) {
	r := report()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"report.txt":        func(b *bytes.Buffer) error { return r.Text(b) },
		"report.md":         func(b *bytes.Buffer) error { return r.Markdown(b) },
		"report.layer.json": func(b *bytes.Buffer) error { return r.Layer(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), b.String()); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
}

func TestNothingChangedIsSaid(t *testing.T) {
	var b bytes.Buffer
	if err := diff.Compare(side("1.0", "2.1", group), side("2.0", "2.1", group)).Text(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "Nothing changed.") {
		t.Errorf("text is %q", b.String())
	}
}

// members draws a JSON object's members in a random order.
func members(t *rapid.T) []string {
	var ms []string
	flag := func(key string) {
		if rapid.Bool().Draw(t, key) {
			ms = append(ms, fmt.Sprintf("%q:%v", key, rapid.Bool().Draw(t, key+" value")))
		}
	}
	flag("revoked")
	flag("x_mitre_deprecated")
	for _, f := range [][]string{
		{"x_mitre_version", "1.0", "1.1", "2.0", "0.3", ""}, {"description", "a", "b", ""}, {"modified", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", ""},
	} {
		if v := rapid.SampledFrom(f[1:]).Draw(t, f[0]); v != "" {
			ms = append(ms, fmt.Sprintf("%q:%q", f[0], v))
		}
	}
	slices.Sort(ms)
	return ms
}

func TestSwappingTheSidesSwapsTheCategories(t *testing.T) {
	mirror := map[diff.Category]diff.Category{
		diff.Addition: diff.Deletion, diff.Deletion: diff.Addition, diff.Patch: diff.Patch, diff.Content: diff.Content, "": "",
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := members(rt), members(rt)
		from, to := side("1.0", "2.1", object(strings.Join(a, ","))), side("2.0", "2.1", object(strings.Join(b, ",")))
		there, back := only(t, diff.Compare(from, to)), only(t, diff.Compare(to, from))
		if want, ok := mirror[there]; ok && back != want {
			rt.Fatalf("%v -> %v is %q, and back is %q", a, b, there, back)
		}
		if (there == "") != slices.Equal(a, b) {
			rt.Fatalf("%v -> %v is %q", a, b, there)
		}
		slices.Reverse(a)
		reversed := side("2.0", "2.1", object(strings.Join(a, ",")))
		if got := only(t, diff.Compare(from, reversed)); got != "" {
			rt.Fatalf("another order of keys is %q", got)
		}
	})
}

func TestOfRepeatedKeysTheLastIsCompared(t *testing.T) {
	once := `{"type":"tool","id":"tool--1","name":"b","x":{"a":2}}`
	for _, tt := range []struct {
		name, a, b string
		same       bool
	}{
		{"the last is the other's", `{"type":"tool","id":"tool--1","name":"a","name":"b","x":{"a":2}}`, once, true},
		{"the first is the other's", `{"type":"tool","id":"tool--1","name":"b","name":"a","x":{"a":2}}`, once, false},
		{"inside", `{"type":"tool","id":"tool--1","name":"b","x":{"a":1,"a":2}}`, once, true},
		{"inside, and another", `{"type":"tool","id":"tool--1","name":"b","x":{"a":2,"a":1}}`, once, false},
		{"in both", `{"type":"tool","id":"tool--1","name":"a","name":"b","x":{"a":2}}`, `{"id":"tool--1","type":"tool","name":"c","name":"b","x":{"a":2}}`, true},
	} {
		for _, order := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := diff.SameMeaning([]byte(order[0]), []byte(order[1]), false); got != tt.same {
				t.Errorf("%s: the same is %v, want %v", tt.name, got, tt.same)
			}
		}
	}
}
