package stix_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/attack/stix"
)

func TestOfEqualKeysTheLastCountsWhole(t *testing.T) {
	tests := map[string]struct {
		raw  string // within a tool
		want attack.Object
		odd  []string
	}{
		"equal":                           {`"name":"a","name":"a"`, attack.Object{Name: "a"}, []string{`the key "name" occurs twice with equal values`}},
		"equal but for order and escapes": {`"x":{"a":1,"b":2.0},"x":{"\u0062":2,"a":1}`, attack.Object{}, []string{`the key "x" occurs twice with equal values`}},
		"differing":                       {`"name":"a","name":"b"`, attack.Object{Name: "b"}, []string{`the key "name" occurs twice with differing values; the last counts`}},
		"by escape":                       {`"name":"a","n\u0061me":"b"`, attack.Object{Name: "b"}, []string{`the key "name" occurs twice with differing values; the last counts`}},
		"three times":                     {`"name":"a","name":"b","name":"a"`, attack.Object{Name: "a"}, []string{`the key "name" occurs 3 times with differing values; the last counts`}},
		"the last is nothing":             {`"name":"a","name":null`, attack.Object{}, []string{"name is null where a string belongs", `the key "name" occurs twice with differing values; the last counts`}},
		"arrays are not joined": {`"aliases":["a"],"aliases":["b"]`, attack.Object{Aliases: []string{"b"}},
			[]string{`the key "aliases" occurs twice with differing values; the last counts`}},
		"objects are not merged": {`"external_references":[{"source_name":"mitre-attack","external_id":"S1"}],"external_references":[{"source_name":"x"}]`,
			attack.Object{References: []attack.Reference{{SourceName: "x"}}}, []string{`the key "external_references" occurs twice with differing values; the last counts`}},
		"inside": {`"external_references":[{"source_name":"x","url":"a","url":"b"}]`,
			attack.Object{References: []attack.Reference{{SourceName: "x", URL: "b"}}}, []string{`the key "url" in external_references/0 occurs twice with differing values; the last counts`}},
		"inside what is not known":      {`"x":[{"a":1,"a":2}]`, attack.Object{}, []string{`the key "a" in x/0 occurs twice with differing values; the last counts`}},
		"inside what is dropped":        {`"x":{"a":1,"a":2},"x":{}`, attack.Object{}, []string{`the key "a" in x occurs twice with differing values; the last counts`, `the key "x" occurs twice with differing values; the last counts`}},
		"the same key elsewhere":        {`"x":{"name":1},"name":"a","y":{"name":2}`, attack.Object{Name: "a"}, nil},
		"a value that looks like a key": {`"name":"name","x":["name","name"]`, attack.Object{Name: "name"}, nil},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			raw := `{"type":"tool", "id":"tool--1",` + c.raw + `}`
			snaps, sum, err := read(t, `{"type":"bundle","spec_version":"2.0","objects":[`+raw+`]}`, stix.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			c.want.ID, c.want.Type, c.want.Kind = "tool--1", "tool", attack.KindTool
			if diff := cmp.Diff(c.want, snaps[0].Object); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
			if string(snaps[0].Raw) != raw || snaps[0].ObjectHash != sha(strings.Replace(raw, " ", "", 1)) {
				t.Errorf("the bytes are %s with hash %s", snaps[0].Raw, snaps[0].ObjectHash)
			}
			var odd []string
			for _, o := range sum.Oddities {
				odd = append(odd, o.What)
			}
			if diff := cmp.Diff(c.odd, odd); diff != "" {
				t.Errorf("oddities (-want +got):\n%s", diff)
			}
			o, err := (&stix.Decoder{}).Object([]byte(raw))
			if diff := cmp.Diff(&c.want, o); diff != "" || err != nil {
				t.Errorf("decoded alone, %v (-want +got):\n%s", err, diff)
			}
			clean, err := stix.ContentHash(stix.Distinct([]byte(raw)))
			if got, err2 := stix.ContentHash([]byte(raw)); got != clean || err != nil || err2 != nil {
				t.Errorf("content hash %s, %v; of what counts alone %s, %v", got, err2, clean, err)
			}
		})
	}
}

func TestKeysOfTheBundleThatAreRepeatedAreTold(t *testing.T) {
	_, sum, err := read(t, `{"type":"x","spec_version":"2.1","spec_version":"2.0","x":{"a":1,"a":1},"type":"bundle","objects":[`+tool+`]}`, stix.Limits{})
	if err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("another type is taken: %v", err)
	}
	_, sum, err = read(t, `{"type":"bundle","spec_version":"2.1","spec_version":"2.0","x":{"a":1,"a":1},"type":"bundle","objects":[`+tool+`]}`, stix.Limits{})
	want := []stix.Oddity{{What: `the key "spec_version" in the bundle occurs twice with differing values; the last counts`},
		{What: `the key "a" in x occurs twice with equal values`}, {What: `the key "type" in the bundle occurs twice with equal values`}}
	if diff := cmp.Diff(want, sum.Oddities); diff != "" || err != nil || sum.STIX != "2.0" {
		t.Errorf("STIX %s, %v (-want +got):\n%s", sum.STIX, err, diff)
	}
}

// Keys by the hundred thousand must not take the square of the time.
func TestManyKeysAreLookedUp(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"type":"tool","id":"tool--1"`)
	for i := range 300_000 {
		fmt.Fprintf(&b, `,"k%d":{"a":1}`, i)
	}
	b.WriteString(`,"k7":2}`)
	start := time.Now()
	_, sum, err := read(t, bundle(b.String()), stix.Limits{})
	if err != nil || len(sum.Oddities) != 2 || !strings.Contains(sum.Oddities[0].What, `"k7"`) {
		t.Errorf("%d oddities, %v", len(sum.Oddities), err)
	}
	t.Logf("300,000 keys in %v", time.Since(start))
}

// MITRE's own STIX 2.0 files of ICS repeat keys and mix versions.
func TestRealQuirksAreRead(t *testing.T) {
	for name, want := range map[string]struct{ repeats, versions int }{
		"ics-attack-8.0": {81, 0}, "ics-attack-8.2": {81, 0}, "ics-attack-11.0": {0, 2}, "ics-attack-14.1": {0, 0},
	} {
		raw := unpacked(t, filepath.Join("stix20", name))
		_, sum, err := read(t, string(raw), stix.Limits{})
		if err != nil || sum.STIX != "2.0" {
			t.Errorf("%s: STIX %q, %v", name, sum.STIX, err)
		}
		repeats, versions := 0, 0
		for _, o := range sum.Oddities {
			switch {
			case o.What == `the key "type" occurs twice with equal values`:
				repeats++
			case strings.HasPrefix(o.What, "the object states STIX 2.1 where the bundle states 2.0"):
				versions++
			}
		}
		if repeats != want.repeats || versions != want.versions {
			t.Errorf("%s: %d repeats and %d versions, want %v; %v", name, repeats, versions, want, sum.Oddities[:min(3, len(sum.Oddities))])
		}
	}
}
