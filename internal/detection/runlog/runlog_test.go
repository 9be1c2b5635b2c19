package runlog

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
)

func TestRunsAsTheGoldenFilesSay(t *testing.T) {
	for file, of := range map[string]struct {
		decode func(string, io.Reader) (evidence.Decoded[detection.Run], error)
		sniff  func([]byte, string) bool
	}{
		"runs.csv": {Decode, Sniff}, "elastic.ndjson": {Elastic, SniffElastic}, "elastic-report.csv": {Elastic, SniffElastic}, "health.csv": {Sentinel, SniffSentinel},
		"scheduler.log": {Splunk, SniffSplunk}, "scheduler.csv": {Splunk, SniffSplunk},
	} {
		t.Run(file, func(t *testing.T) {
			text := decodetest.Load(t, "testdata/"+file)
			d, err := of.decode(file, bytes.NewReader(text))
			if err != nil || !of.sniff(text, file) {
				t.Errorf("%v, or not taken for what it is", err)
			}
			decodetest.Golden(t, "testdata/"+file+".golden", d)
			for other, sniff := range map[string]func([]byte, string) bool{"candor": Sniff, "elastic": SniffElastic, "sentinel": SniffSentinel, "splunk": SniffSplunk} {
				if sniff(text, file) && !of.sniff(text, file) {
					t.Errorf("taken for %s", other)
				}
			}
		})
	}
}

func TestALineOfJSONIsARun(t *testing.T) {
	text := `{"rule_id":"R1","start":"2026-06-01T00:00:00Z","status":"ok","events":4}` + "\nnot an object\n"
	d, err := DecodeLines("f", strings.NewReader(text))
	if err != nil || len(d.Records) != 1 || len(d.Rejects) != 1 || *d.Records[0].Events != 4 || !Sniff([]byte(text), "") {
		t.Errorf("%v %+v", err, d)
	}
}

func TestATableOfSomethingElseIsInvalid(t *testing.T) {
	if _, err := Decode("f.csv", strings.NewReader("rule_id,when\nR1,today\n")); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func FuzzRuns(f *testing.F) {
	for _, file := range []string{"runs.csv", "elastic.ndjson", "elastic-report.csv", "health.csv", "scheduler.log", "scheduler.csv"} {
		f.Add(decodetest.Load(f, "testdata/"+file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, decode := range []func(string, io.Reader) (evidence.Decoded[detection.Run], error){Decode, DecodeLines, Elastic, Sentinel, Splunk} {
			d, _ := decode("f", bytes.NewReader(data))
			for _, r := range d.Records {
				if r.RuleID == "" || r.Start.IsZero() || r.End.Before(r.Start) || r.Executions < 1 || r.GapSeconds < 0 {
					t.Fatalf("a run that should have been rejected: %+v", r)
				}
			}
		}
	})
}
