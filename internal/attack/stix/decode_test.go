package stix_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/attack/stix"
)

func sha(s string) attack.Hash { return sha256.Sum256([]byte(s)) }

// decode decodes one object.
func decode(t testing.TB, raw string) (*attack.Snapshot, []stix.Oddity) {
	t.Helper()
	s, odd, err := (&stix.Decoder{}).Decode([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s, odd
}

func TestEveryFieldIsDecoded(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want attack.Object
	}{
		"STIX 2.1 technique": {
			`{"type":"attack-pattern","spec_version":"2.1","id":"attack-pattern--1","created":"2020-01-14T17:18:32.126Z","modified":"2025-04-15T19:58:01.218Z",
			"name":"Caf\u00e9","description":"a <code>b</code>\n\ud83d\ude00","created_by_ref":"identity--1","x_mitre_modified_by_ref":"identity--2",
			"object_marking_refs":["marking-definition--1"],"revoked":false,"x_mitre_deprecated":true,"x_mitre_is_subtechnique":true,
			"external_references":[{"source_name":"a report","description":"text","url":"https://example.com"},{"source_name":"mitre-attack","external_id":"T1055.011","url":"https://attack.mitre.org/techniques/T1055/011"}],
			"kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"stealth"}],"x_mitre_platforms":["Windows","Linux"],
			"x_mitre_domains":["enterprise-attack"],"x_mitre_version":"1.1","x_mitre_attack_spec_version":"3.2.0","x_mitre_detection":"look","x_mitre_old_attack_id":"MOB-1","x_new":{"a":[1]}}`,
			attack.Object{ID: "attack-pattern--1", Type: "attack-pattern", Kind: attack.KindSubTechnique, ATTACKID: "T1055.011", FormerID: "MOB-1",
				Name: "Café", Description: "a <code>b</code>\n😀", Version: "1.1", SpecVersion: "3.2.0", Created: "2020-01-14T17:18:32.126Z", Modified: "2025-04-15T19:58:01.218Z",
				Deprecated: true, Domains: []string{"enterprise-attack"}, Platforms: []string{"Windows", "Linux"}, Detection: "look",
				References: []attack.Reference{{SourceName: "a report", Description: "text", URL: "https://example.com"},
					{SourceName: "mitre-attack", ExternalID: "T1055.011", URL: "https://attack.mitre.org/techniques/T1055/011"}},
				Phases:    []attack.Phase{{Chain: "mitre-attack", Name: "stealth"}},
				CreatedBy: "identity--1", ModifiedBy: "identity--2", Markings: []string{"marking-definition--1"}},
		},
		"STIX 2.0 malware": {
			`{"id":"malware--1","type":"malware","labels":["malware"],"x_mitre_aliases":["A","B"],"aliases":["C"],"x_mitre_version":"2","revoked":true}`,
			attack.Object{ID: "malware--1", Type: "malware", Kind: attack.KindMalware, Aliases: []string{"A", "B", "C"}, Version: "2", Revoked: true},
		},
		"relationship": {
			`{"type":"relationship","id":"relationship--1","target_ref":"tool--1","relationship_type":"uses","source_ref":"campaign--1","description":""}`,
			attack.Object{ID: "relationship--1", Type: "relationship", Kind: attack.KindRelationship,
				Relationship: &attack.Relationship{Type: "uses", Source: "campaign--1", Target: "tool--1"}},
		},
		"analytic": {
			`{"type":"x-mitre-analytic","id":"x-mitre-analytic--1","x_mitre_log_source_references":[{"x_mitre_data_component_ref":"x-mitre-data-component--1","name":"n","channel":"None"}],
			"x_mitre_mutable_elements":[{"field":"TimeWindow","description":"d"},{"field":"Other","x":1}]}`,
			attack.Object{ID: "x-mitre-analytic--1", Type: "x-mitre-analytic", Kind: attack.KindAnalytic,
				LogSources: []attack.LogSource{{Component: "x-mitre-data-component--1", Name: "n", Channel: "None"}},
				Mutable:    []attack.MutableElement{{Field: "TimeWindow", Description: "d"}, {Field: "Other"}}},
		},
		"detection strategy": {
			`{"type":"x-mitre-detection-strategy","id":"x-mitre-detection-strategy--1","x_mitre_analytic_refs":["x-mitre-analytic--1"]}`,
			attack.Object{ID: "x-mitre-detection-strategy--1", Type: "x-mitre-detection-strategy", Kind: attack.KindStrategy, Analytics: []string{"x-mitre-analytic--1"}},
		},
		"data component": {
			`{"type":"x-mitre-data-component","id":"x-mitre-data-component--1","x_mitre_log_sources":[{"name":"n","channel":"c"}],"x_mitre_data_source_ref":""}`,
			attack.Object{ID: "x-mitre-data-component--1", Type: "x-mitre-data-component", Kind: attack.KindComponent, Channels: []attack.LogSource{{Name: "n", Channel: "c"}}},
		},
		"tactic, matrix, asset, collection at once": {
			`{"type":"x-future","id":"x-future--1","name":"unknown","x_mitre_shortname":"impact","tactic_refs":["x-mitre-tactic--2","x-mitre-tactic--1"],
			"x_mitre_related_assets":[{"name":"PLC","related_asset_sectors":["General"],"description":"d"}],"x_mitre_contents":[{"object_ref":"tool--1","object_modified":"m"}]}`,
			attack.Object{ID: "x-future--1", Type: "x-future", Kind: "x-future", Name: "unknown", ShortName: "impact", Tactics: []string{"x-mitre-tactic--2", "x-mitre-tactic--1"},
				RelatedAssets: []attack.RelatedAsset{{Name: "PLC", Sectors: []string{"General"}, Description: "d"}}, Contents: []attack.ContentRef{{Ref: "tool--1", Modified: "m"}}},
		},
		"keys with escapes": {
			`{"\u0074ype":"tool","i\u0064":"tool--1"}`,
			attack.Object{ID: "tool--1", Type: "tool", Kind: attack.KindTool},
		},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			got, odd := decode(t, c.raw)
			if diff := cmp.Diff(c.want, got.Object); diff != "" || len(odd) > 0 {
				t.Errorf("oddities %v, object (-want +got):\n%s", odd, diff)
			}
			if string(got.Raw) != c.raw {
				t.Error("the bytes are not kept")
			}
		})
	}
}

func TestAFieldOfTheWrongTypeIsOddNotFatal(t *testing.T) {
	const head = `{"type":"tool","id":"tool--1","external_references":[{"source_name":"mitre-attack","external_id":"S1"}],`
	for field, want := range map[string]string{
		`"name":7`: "name is a number where a string belongs", `"description":null`: "description is null where a string belongs",
		`"revoked":"true"`: "revoked is a string where true or false belongs", `"aliases":"a"`: "aliases is a string where an array belongs",
		`"x_mitre_platforms":["Windows",1]`:           "x_mitre_platforms is a number where a string belongs",
		`"kill_chain_phases":{"a":[1]}`:               "kill_chain_phases is an object where an array belongs",
		`"kill_chain_phases":[[]]`:                    "kill_chain_phases is an array where an object belongs",
		`"x_mitre_mutable_elements":[{"field":true}]`: "field is true or false where a string belongs",
	} {
		raw := head + field + `,"x_mitre_version":"1.0"}`
		s, odd := decode(t, raw)
		wantOdd := []stix.Oddity{{StixID: "tool--1", ATTACKID: "S1", What: want}}
		if diff := cmp.Diff(wantOdd, odd); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
		if s.Object.Name != "" || s.Object.Revoked || s.Object.Version != "1.0" || string(s.Raw) != raw {
			t.Errorf("%s: decoded %+v", field, s.Object)
		}
	}
	for raw, want := range map[string]string{
		`{"type":"tool","id":"malware--1"}`:                                         `the id does not begin with the type "tool"`,
		`{"type":"relationship","id":"relationship--1","relationship_type":"uses"}`: "the relationship lacks its type, source or target",
	} {
		if _, odd := decode(t, raw); len(odd) != 1 || odd[0].What != want {
			t.Errorf("%s: %v, want %q", raw, odd, want)
		}
	}
}

func TestDuplicatesInABundleAreOdd(t *testing.T) {
	_, sum, err := read(t, `{"type":"bundle","spec_version":"2.0","objects":[`+tool+`,`+tool+`,{"type":"tool","id":"tool--2"}]}`, stix.Limits{})
	if err != nil || sum.Objects != 3 || len(sum.Oddities) != 1 || sum.Oddities[0].StixID != "tool--1" {
		t.Errorf("%d objects, oddities %v, %v", sum.Objects, sum.Oddities, err)
	}
	_, sum, err = read(t, bundle(strings.Split(strings.Repeat(tool+";", 1500), ";")[:1500]...), stix.Limits{})
	if err != nil || len(sum.Oddities) != 1000 || sum.MoreOddities != 500 { // 1499 repeats and no STIX version
		t.Errorf("%d oddities and %d more, %v", len(sum.Oddities), sum.MoreOddities, err)
	}
}

func TestObjectHashIgnoresWhiteSpaceAlone(t *testing.T) {
	const plain = `{"type":"tool","id":"tool--1","name":"a \u00e9 \/ \"x\\","n":[1.50e+2,-0,true,null,{}]}`
	spaced := "{ \"type\"\t: \"tool\",\r\n\"id\":\"tool--1\",\"name\":\"a \\u00e9 \\/ \\\"x\\\\\" , \"n\" : [ 1.50e+2 , -0 , true , null , { } ] }"
	s, _ := decode(t, spaced)
	if s.ObjectHash != sha(plain) {
		t.Error("the hash is not that of the object less white space")
	}
	for _, other := range []string{
		strings.Replace(plain, "a \\u00e9", "a é", 1), strings.Replace(plain, "1.50e+2", "150", 1),
		strings.Replace(plain, `"type":"tool","id":"tool--1"`, `"id":"tool--1","type":"tool"`, 1), strings.Replace(plain, "a ", "a  ", 1),
	} {
		if s, _ := decode(t, other); s.ObjectHash == sha(plain) {
			t.Errorf("%s has the same hash", other)
		}
	}
}

func TestContentHashIsOfTheCanonicalForm(t *testing.T) {
	// The example of RFC 8785, section 3.2.2 and 3.2.3.
	example := `{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
		"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`
	canonical := `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`
	sorted := `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`
	inOrder := "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"
	for raw, want := range map[string]string{example: canonical, sorted: inOrder} {
		before := raw
		got, err := stix.ContentHash([]byte(raw))
		if err != nil || got != sha(want) {
			t.Errorf("content hash of %s is %s, %v", raw, got, err)
		}
		if raw != before {
			t.Error("the bytes were changed")
		}
	}
	for _, raw := range []string{``, `{"a":1,"a":[}`, `{"a":1,"a":2`, `{"a":1,"a":"\ud800"}`} {
		if _, err := stix.ContentHash([]byte(raw)); err == nil {
			t.Errorf("%q has a content hash", raw)
		}
	}
}

func TestTheDecoderKeepsNothingOfTheObjectBefore(t *testing.T) {
	var d stix.Decoder
	if _, _, err := d.Decode([]byte(`{"type":"tool","id":"tool--1","name":1,"x_mitre_is_subtechnique":true,"source_ref":"a"}`)); err != nil {
		t.Fatal(err)
	}
	s, odd, err := d.Decode([]byte(`{"type":"attack-pattern","id":"attack-pattern--1"}`))
	want := attack.Object{ID: "attack-pattern--1", Type: "attack-pattern", Kind: attack.KindTechnique}
	if diff := cmp.Diff(want, s.Object); diff != "" || len(odd) > 0 || err != nil {
		t.Errorf("%v, %v, (-want +got):\n%s", odd, err, diff)
	}
	for _, raw := range []string{``, `7`, `{`, `{"type":"tool"`, `{"id":"tool--1"}`} {
		if _, _, err := d.Decode([]byte(raw)); err == nil {
			t.Errorf("%q is decoded", raw)
		}
		if _, err := d.Object([]byte(raw)); err == nil {
			t.Errorf("%q is decoded as an object", raw)
		}
	}
}

func TestRealObjectsHashAndDecode(t *testing.T) {
	const want = "e1df90f31ec8f8bda151aeb70aef1d27b3a41341d91e4f5f1f8740d4c395ef1f"
	for _, name := range []string{"enterprise-attack-18.0", "enterprise-attack-18.1", "ics-attack-11.0", "mobile-attack-11.3", "enterprise-attack-1.0"} {
		raw := unpacked(t, name)
		var file struct {
			Objects []json.RawMessage `json:"objects"`
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		snaps, sum, err := read(t, string(raw), stix.Limits{})
		if err != nil || len(snaps) != len(file.Objects) || sum.FileHash != sha256.Sum256(raw) {
			t.Fatalf("%s: %d of %d objects, %v", name, len(snaps), len(file.Objects), err)
		}
		found := false
		for i, s := range snaps {
			v := jsontext.Value(bytes.Clone(s.Raw))
			if err := v.Compact(); err != nil || s.ObjectHash != sha256.Sum256(v) || !bytes.Equal(s.Raw, file.Objects[i]) {
				t.Fatalf("%s: %s differs, %v", name, s.Object.ID, err)
			}
			if s.Object.ATTACKID == "AN1989" {
				found = true
				if s.ObjectHash.String() != want {
					t.Errorf("%s: AN1989 has the hash %s", name, s.ObjectHash)
				}
			}
			if s.Object.Kind == attack.KindRelationship && s.Object.ATTACKID != "" {
				t.Errorf("%s: relationship %s has the ATT&CK ID %s", name, s.Object.ID, s.Object.ATTACKID)
			}
		}
		if strings.HasPrefix(name, "enterprise-attack-18") != found {
			t.Errorf("%s: AN1989 found: %v", name, found)
		}
		t.Logf("%s: STIX %s, domain %q, %d objects, %d oddities", name, sum.STIX, sum.Domain(), sum.Objects, len(sum.Oddities))
	}
}
