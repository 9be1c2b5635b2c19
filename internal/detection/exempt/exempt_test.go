package exempt

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/evidence"
	"candor/internal/fault"
)

type decoder func(string, io.Reader) (evidence.Decoded[detection.Exception], error)

func TestExceptionsAsTheGoldenFilesSay(t *testing.T) {
	for file, of := range map[string]struct {
		decode decoder
		sniff  func([]byte, string) bool
	}{
		"exceptions.csv": {Decode, Sniff}, "elastic.ndjson": {Elastic, ListsAlone}, "automation.json": {Sentinel, SniffSentinel}, "template.json": {Sentinel, SniffSentinel}, "eventtypes.conf": {Splunk, SniffSplunk},
	} {
		t.Run(file, func(t *testing.T) {
			text := decodetest.Load(t, "testdata/"+file)
			d, err := of.decode(file, bytes.NewReader(text))
			if err != nil || !of.sniff(text, file) {
				t.Errorf("%v, or not taken for what it is", err)
			}
			decodetest.Golden(t, "testdata/"+file+".golden", d)
		})
	}
}

func TestALineOfJSONIsAnException(t *testing.T) {
	text := `{"rule_id":"R1","condition":"host = a","owner":"me"}` + "\nnot an object\n"
	d, err := DecodeLines("f", strings.NewReader(text))
	if err != nil || len(d.Records) != 1 || len(d.Rejects) != 1 || d.Records[0].Condition != `host = "a"` || !Sniff([]byte(text), "") {
		t.Errorf("%v %+v", err, d)
	}
}

func TestATableOfSomethingElseIsInvalid(t *testing.T) {
	if _, err := Decode("f.csv", strings.NewReader("rule_id,when\nR1,today\n")); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func TestAnExportOfRulesHoldsTheirLists(t *testing.T) {
	text := `{"rule_id":"R1","risk_score":21,"exceptions_list":[{"list_id":"l","namespace_type":"single"}]}` + "\n" +
		`{"item_id":"i","list_id":"l","namespace_type":"single","entries":[{"field":"a","operator":"included","type":"match","value":"b"}]}` + "\n"
	d, err := Elastic("f", strings.NewReader(text))
	if err != nil || len(d.Records) != 1 || len(d.Warnings) != 1 || !SniffElastic([]byte(text), "") || ListsAlone([]byte(text), "") {
		t.Errorf("%v %+v", err, d)
	}
}

func FuzzExceptions(f *testing.F) {
	for _, file := range []string{"exceptions.csv", "elastic.ndjson", "automation.json", "template.json", "eventtypes.conf"} {
		f.Add(decodetest.Load(f, "testdata/"+file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, decode := range []decoder{Decode, DecodeLines, Elastic, Sentinel, Splunk} {
			d, _ := decode("f", bytes.NewReader(data))
			for _, e := range d.Records {
				if _, err := condition.Parse(e.Condition); err != nil || e.ID == "" || e.RuleID+e.RuleName+e.List == "" {
					t.Fatalf("an exception that should have been rejected (%v): %+v", err, e)
				}
			}
		}
	})
}
