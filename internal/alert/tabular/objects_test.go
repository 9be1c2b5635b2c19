package tabular

import (
	"os"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
)

func objectsOf(file, text string, m *Mapping) said {
	var s said
	in := Input{File: file, Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range Objects(in, m) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Alerts = append(s.Alerts, a)
	}
	return s
}

func TestObjectsThroughAMappingAsTheGoldenFileSays(t *testing.T) {
	const file = "testdata/fox_objects.json"
	decodetest.Golden(t, file+".golden", objectsOf(file, string(decodetest.Load(t, file)), load(t, "testdata/objects.yaml")))
}

func TestTheSameObjectsHaveTheSameIDs(t *testing.T) {
	m := load(t, "testdata/objects.yaml")
	const one = `{"rule":{"id":"r"},"@timestamp":1772359200250,"n":1}` + "\n"
	a, b := objectsOf("fox_a.jsonl", one+one, m), objectsOf("fox_b.jsonl", `[{"n":1,"@timestamp":1772359200250,"rule":{"id":"r"}}]`, m)
	if len(a.Alerts) != 2 || len(b.Alerts) != 1 || a.Alerts[0].ID == a.Alerts[1].ID || a.Alerts[0].ID != b.Alerts[0].ID {
		t.Errorf("%+v\n%+v", a, b)
	}
	if other := objectsOf("owl_a.jsonl", one, m); other.Alerts[0].ID == a.Alerts[0].ID {
		t.Error("alerts of two sites have one id")
	}
}

func TestAFileOfObjectsThatDoesNotFitTheMappingIsInvalid(t *testing.T) {
	if got := objectsOf("nameless.json", "[]", load(t, "testdata/objects.yaml")); !strings.Contains(got.Err, "does not match the pattern") {
		t.Errorf("%+v", got)
	}
}

func FuzzObjects(f *testing.F) {
	text, err := os.ReadFile("testdata/fox_objects.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"rule":{"id":"r"},"@timestamp":1,"verdict":[[{"word":1}]]}`)
	m := load(f, "testdata/objects.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range objectsOf("fox_x.json", text, m).Alerts {
			if a.ID == "" || a.RuleID == "" || a.Time.IsZero() {
				t.Fatalf("an alert without id, rule or time: %+v", a)
			}
		}
	})
}
