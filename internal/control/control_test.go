package control

import (
	"strings"
	"testing"

	"candor/internal/fault"
)

const good = `kind: control-mapping
version: 1
standard: Example
by: Ann
controls:
  - id: si-4
    title: Monitoring
    techniques: [T1059, t1059.001]
    analytics: [AN0001]
  - id: art-21-2-b
    strategies: DET0001
`

func TestAMappingIsReadToTheLetter(t *testing.T) {
	m, err := Decode("map.yaml", []byte(good))
	if err != nil || len(m.Controls) != 2 || m.Controls[0].Refs[1] != (Ref{"T1059.001", 8, "techniques"}) || m.Controls[1].Refs[0] != (Ref{"DET0001", 11, "strategies"}) {
		t.Fatalf("%+v, %v", m, err)
	}
	const same = `{"kind": "control-mapping", "version": 1, "standard": "Example", "by": "Ann",
	"controls": [{"id": "si-4", "techniques": ["T1059"]}]}`
	if m, err := Decode("map.json", []byte(same)); err != nil || len(m.Controls) != 1 || m.Controls[0].Refs[0].Line != 2 {
		t.Errorf("as JSON: %+v, %v", m, err)
	}
}

// TestWhatIsWrongIsNamed changes one thing at a time.
func TestWhatIsWrongIsNamed(t *testing.T) {
	for _, tt := range []struct{ old, new, where, says string }{
		{"by: Ann", "by: Ann\nowner: Ann", "map.yaml:5", "owner: is no key"},
		{"by: Ann\n", "", "map.yaml:1", "by: is missing"},
		{"    title: Monitoring", "    tilte: Monitoring", "map.yaml:7", "tilte: is no key"},
		{"    strategies: DET0001", "    strategy: DET0001", "map.yaml:11", "strategy: is no key"},
		{"AN0001", "AN1", "map.yaml:9", "analytics: \"AN1\""},
		{"T1059,", "TA0001,", "map.yaml:8", "techniques: \"TA0001\""},
		{"id: art-21-2-b", "id: 21.2.b", "map.yaml:10", "id: \"21.2.b\""},
		{"id: art-21-2-b", "id: si-4", "map.yaml:10", "there twice"},
		{"    strategies: DET0001\n", "", "map.yaml:10", "names no technique"},
		{"version: 1", "version: 2", "map.yaml:2", "version"},
		{"kind: control-mapping", "kind: controls", "map.yaml:1", "kind"},
		{"standard: Example", "standard: [", "map.yaml", ""},
	} {
		_, err := Decode("map.yaml", []byte(strings.Replace(good, tt.old, tt.new, 1)))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tt.where) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q for %q: %v", tt.new, tt.old, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"kind":"control-mapping","version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Decode("f", data); err == nil && (len(m.Controls) == 0 || m.By == "") {
			t.Errorf("%q is read as %+v", data, m)
		}
	})
}
