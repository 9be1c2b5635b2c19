package inventory

import (
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func TestInventoryAsTheGoldenFileSays(t *testing.T) {
	inv, err := Decode("telemetry.yaml", decodetest.Load(t, "testdata/telemetry.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/telemetry.yaml.golden", inv)
}

func TestAFileThatIsNoInventoryIsInvalidAndSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "0 YAML documents",
		"a: b\n---\nc: d\n":           "2 YAML documents",
		"- a\n":                       "f.yaml:1: not a YAML mapping",
		"version: 1\n":                `kind is "", not "telemetry"`,
		"kind: telemetry\n":           `version is ""`,
		"kind: telemetry\nversion: 2": "f.yaml:2: version",
		"kind: telemetry\nversion: 1\nkind: telemetry\n": "f.yaml:3: kind: the key is there twice",
		"kind: telemetry\nversion: 1\n  x: [\n":          "f.yaml:3: not YAML",
		"kind: telemetry\nversion: 1\nx: [a\ny: b\n":     "f.yaml:3: not YAML",
	} {
		_, err := Decode("f.yaml", []byte(text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want fault.Invalid with %q", text, err, want)
		}
	}
}

func TestAnInventoryNeedNotStateAScope(t *testing.T) {
	inv, err := Decode("f.yaml", []byte("kind: telemetry\nversion: 1\nlog_sources: [{name: x}]\n"))
	if err != nil || inv.Scope != nil || len(inv.Sources) != 1 {
		t.Errorf("%+v, %v; want one source and no scope", inv, err)
	}
}

func TestADeclarationNamesALogSourceOrADataComponent(t *testing.T) {
	for text, bad := range map[string]string{
		"name: auditd": "", "component: Process Creation": "", "{name: auditd, component: Process Creation}": "",
		"channel: execve": "name", "{component: Process Creation, channel: execve}": "channel", "owner: me": "name",
	} {
		inv, err := Decode("f.yaml", []byte("kind: telemetry\nversion: 1\nlog_sources:\n  - "+text+"\n"))
		switch {
		case err != nil || len(inv.Sources)+len(inv.Rejects) != 1 || (bad == "") != (len(inv.Sources) == 1):
			t.Errorf("%s: %+v, %v", text, inv, err)
		case bad != "" && inv.Rejects[0].Field != bad:
			t.Errorf("%s: rejected because of %s", text, inv.Rejects[0].Field)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/telemetry.yaml"))
	f.Add([]byte("kind: telemetry\nversion: 1\nlog_sources: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		inv, err := Decode("f.yaml", data)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v is not fault.Invalid", err)
			}
			return
		}
		for _, x := range inv.Externals {
			if x.ID == "" || x.Expires == "" || x.Credibility < 1 || x.Credibility > 6 || len(x.Covers) == 0 {
				t.Fatalf("an external source that should have been rejected: %+v", x)
			}
		}
	})
}
