package dettect

import (
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func TestSourcesAsTheGoldenFileSays(t *testing.T) {
	text := decodetest.Load(t, "testdata/sources.yaml")
	a, err := Sources("sources.yaml", text)
	if err != nil || !Sniff(text, "sources.yaml") {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/sources.yaml.golden", a)
}

func TestRulesAsTheGoldenFileSays(t *testing.T) {
	text := decodetest.Load(t, "testdata/techniques.yaml")
	d, err := Rules("techniques.yaml", text)
	if err != nil || !Sniff(text, "techniques.yaml") {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/techniques.yaml.golden", d)
}

func TestOlderVersionsAsTheGoldenFilesSay(t *testing.T) {
	a, err := Sources("sources-1.0.yaml", decodetest.Load(t, "testdata/sources-1.0.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/sources-1.0.yaml.golden", a)
	for _, file := range []string{"techniques-1.0.yaml", "techniques-1.1.yaml"} {
		d, err := Rules(file, decodetest.Load(t, "testdata/"+file))
		if err != nil {
			t.Fatal(err)
		}
		decodetest.Golden(t, "testdata/"+file+".golden", d)
	}
}

func TestASystemOfEveryPlatformLeavesTheScopeUnstated(t *testing.T) {
	a, err := Sources("f.yaml", []byte("file_type: data-source-administration\nsystems: [{applicable_to: a, platform: [all]}, {applicable_to: b, platform: [Linux]}]\n"+
		"data_sources: [{data_source_name: x, data_source: [{applicable_to: [a, b]}, {applicable_to: [b]}]}]\n"))
	if err != nil || a.Scope == nil || len(a.Scope.Platforms) != 0 || a.Scope.Organisation != "f.yaml" || len(a.Warnings) != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	if len(a.Sources) != 2 || a.Sources[0].Platforms != nil || strings.Join(a.Sources[1].Platforms, ",") != "Linux" {
		t.Errorf("%+v", a.Sources)
	}
}

func TestWithoutSystemsThereIsNoScope(t *testing.T) {
	a, err := Sources("f.yaml", []byte("file_type: data-source-administration\ndata_sources: [{data_source_name: x, data_source: [{applicable_to: [all]}]}]\n"))
	if err != nil || a.Scope != nil || len(a.Sources) != 1 || a.Sources[0].Sites != nil {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestTheOnePlatformIsThatOfEveryGroup(t *testing.T) {
	d, err := Rules("f.yaml", []byte("file_type: technique-administration\nplatform: Linux\ntechniques: [{technique_id: t1003, detection: [{applicable_to: [Servers], score_logbook: [{score: 1}]}]}]\n"))
	if err != nil || len(d.Records) != 1 || strings.Join(d.Records[0].Platforms, "") != "Linux" || d.Records[0].Name != "T1003 (Servers)" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAFileOfAnotherTypeIsRefusedWithTheNextStep(t *testing.T) {
	sources := func(b []byte) error { _, err := Sources("f.yaml", b); return err }
	rules := func(b []byte) error { _, err := Rules("f.yaml", b); return err }
	for _, c := range []struct {
		read       func([]byte) error
		text       string
		what, next string
	}{
		{sources, "file_type: group-administration\n", "no evidence of this organisation", "leave this file out"},
		{rules, "file_type: group-administration\n", "no evidence of this organisation", "leave this file out"},
		{sources, "version: 1\nfile_type: technique-administration\n", `f.yaml:2: file_type is "technique-administration"`, "as rules"},
		{rules, "file_type: data-source-administration\n", `file_type is "data-source-administration"`, "as telemetry"},
		{rules, "a: b\n", `file_type is ""`, "DeTT&CT has"},
		{rules, "", "not one YAML mapping", ""},
		{rules, "- a\n", "not one YAML mapping", ""},
		{rules, "a: b\n---\na: b\n", "not one YAML mapping", ""},
		{sources, "a: [\n", "not YAML", ""},
		{sources, "file_type: data-source-administration\nfile_type: x\n", "the key is there twice", ""},
	} {
		err := c.read([]byte(c.text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.what) || !strings.Contains(fault.HintOf(err), c.next) {
			t.Errorf("%q: %v (hint %q), want %q and %q", c.text, err, fault.HintOf(err), c.what, c.next)
		}
	}
	if Sniff([]byte("kind: telemetry\nversion: 1\n"), "f.yaml") || Sniff(nil, "") {
		t.Error("another file is taken for an administration")
	}
}

func TestPublicFilesDecode(t *testing.T) {
	a, err := Sources("endpoints.yaml", decodetest.Load(t, decodetest.Data(t, "telemetry", "dettect", "data-sources-endpoints.yaml")))
	if err != nil || len(a.Sources) != 17 || len(a.Rejects) != 0 || strings.Join(a.Scope.Platforms, ",") != "Windows,Linux" {
		t.Errorf("endpoints: %d sources, rejects %v, scope %v, %v", len(a.Sources), a.Rejects, a.Scope, err)
	}
	t.Log(strings.Join(a.Warnings, "\n"))
	a, err = Sources("ics.yaml", decodetest.Load(t, decodetest.Data(t, "telemetry", "dettect", "data-sources-ics.yaml")))
	if err != nil || len(a.Sources) != 3 || len(a.Rejects)+len(a.Warnings) != 0 {
		t.Errorf("ics: %+v, %v", a, err)
	}
	d, err := Rules("techniques.yaml", decodetest.Load(t, decodetest.Data(t, "telemetry", "dettect", "techniques-administration-endpoints.yaml")))
	if err != nil || len(d.Records) != 14 || len(d.Rejects) != 0 {
		t.Errorf("techniques: %d rules, rejects %v, %v", len(d.Records), d.Rejects, err)
	}
	t.Log(strings.Join(d.Warnings, "\n"))
	if _, err = Sources("groups.yaml", decodetest.Load(t, decodetest.Data(t, "telemetry", "dettect", "groups.yaml"))); fault.KindOf(err) != fault.Invalid {
		t.Errorf("groups: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"sources.yaml", "techniques.yaml"} {
		f.Add(decodetest.Load(f, "testdata/"+name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data, "f.yaml")
		a, err := Sources("f.yaml", data)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatalf("%v is not fault.Invalid", err)
		}
		if err == nil {
			for _, s := range a.Sources {
				if s.Component == "" {
					t.Fatalf("a source without a component: %+v", s)
				}
			}
		}
		d, err := Rules("f.yaml", data)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatalf("%v is not fault.Invalid", err)
		}
		for _, r := range d.Records {
			if r.ID == "" || r.Name == "" || len(r.Techniques) != 1 {
				t.Fatalf("a rule that should have been rejected: %+v", r)
			}
		}
	})
}
