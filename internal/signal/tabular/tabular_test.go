package tabular

import (
	"bytes"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func TestSignalsAsTheGoldenFilesSay(t *testing.T) {
	for _, file := range []string{"signals.csv", "signals.jsonl"} {
		text := decodetest.Load(t, "testdata/"+file)
		if !Sniff(text, file) {
			t.Errorf("%s is not taken for what it is", file)
		}
		d, err := Decode(file, bytes.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		decodetest.Golden(t, "testdata/"+file+".golden", d)
	}
}

func TestAlertsAreNotTakenForSignals(t *testing.T) {
	for _, text := range []string{"id,rule_id,time,entity,name\n", `{"id":"a","rule_id":"r","time":"2026-03-01","entity":"e","name":"n"}`, ""} {
		if Sniff([]byte(text), "f") {
			t.Errorf("%q is taken for signals", text)
		}
	}
}

func TestACSVWithoutItsColumnsIsInvalid(t *testing.T) {
	_, err := Decode("f.csv", strings.NewReader("id,time\n1,2026-03-01\n"))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"entity"`) {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"signals.csv", "signals.jsonl"} {
		f.Add(string(decodetest.Load(f, "testdata/"+file)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, _ := Decode("f", strings.NewReader(text))
		lines, _ := DecodeLines("f", strings.NewReader(text))
		for _, s := range append(d.Records, lines.Records...) {
			if s.ID == "" || s.Time.IsZero() || s.Entity == "" || s.Name == "" || len(s.Reliability) > 1 || s.Credibility < 0 || s.Credibility > 6 {
				t.Fatalf("a signal that should have been rejected: %+v", s)
			}
		}
	})
}

func TestALongValueAmongTheFieldsIsNoted(t *testing.T) {
	d, err := Decode("f.jsonl", strings.NewReader(`{"id":"1","time":"2026-03-01","entity":"e","name":"n","fields":{"a":"`+strings.Repeat("x", 2000)+`","b":"y"}}`+"\n"))
	if err != nil || len(d.Records) != 1 || len(d.Records[0].Fields) != 1 || d.Records[0].Fields["b"] != "y" || len(d.Warnings) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}
