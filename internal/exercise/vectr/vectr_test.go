package vectr

import (
	"bytes"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/exercise"
	"candor/internal/fault"
)

func TestTestsAsTheGoldenFileSays(t *testing.T) {
	text := decodetest.Load(t, "testdata/tests.csv")
	d, err := Decode("tests.csv", bytes.NewReader(text))
	if err != nil || !Sniff(text, "tests.csv") {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/tests.csv.golden", d)
}

func TestAMissingColumnIsNamed(t *testing.T) {
	_, err := Decode("f.csv", strings.NewReader("MitreID,Status\n"))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"Outcome"`) {
		t.Errorf("%v", err)
	}
	for _, text := range []string{"", "technique,analytic,test,time,outcome,rule_id,notes\n", "\xff"} {
		if Sniff([]byte(text), "f.csv") {
			t.Errorf("%q is taken for VECTR's", text)
		}
	}
}

func TestWhatDetailsAnOutcomeDoesNotChangeIt(t *testing.T) {
	for text, want := range map[string]exercise.Outcome{
		"Logged - Centrally Logged": exercise.Logged, "Logged – Locally Logged": exercise.Logged, "Alerted - High": exercise.Alerted,
		"Not Detected": exercise.None, "BLOCKED": exercise.Blocked, "TBD - later": "", "- Logged": "", "N/A": "",
	} {
		d, err := Decode("f.csv", strings.NewReader("MitreID,Outcome,Variant,Start Time Epoch\nT1003,"+text+",t,1772359200000\n"))
		if err != nil || len(d.Records) > 1 || (len(d.Records) == 1) != (want != "") || want != "" && d.Records[0].Outcome != want {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
}

func TestThePublicExportDecodes(t *testing.T) {
	text := decodetest.Load(t, decodetest.Data(t, "exercises", "vectr-demo.csv"))
	d, err := Decode("vectr-demo.csv", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	count := map[exercise.Outcome]int{}
	for _, e := range d.Records {
		count[e.Outcome]++
	}
	t.Logf("%d tests of %d rows: %v; warnings %q", len(d.Records), len(d.Records)+len(d.Rejects), count, d.Warnings)
	if len(d.Records) != 680 || len(d.Rejects) != 85 {
		t.Errorf("%d tests and %d rejects, want 680 and 85", len(d.Records), len(d.Rejects))
	}
	for _, r := range d.Rejects {
		if r.Field != "MitreID" || r.Value != "" {
			t.Errorf("%s", r)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/tests.csv"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data, "f.csv")
		d, _ := Decode("f.csv", bytes.NewReader(data))
		for _, e := range d.Records {
			if _, ok := exercise.ParseOutcome(string(e.Outcome)); !ok || e.Technique == "" || e.Test == "" || e.Time.IsZero() {
				t.Fatalf("a test that should have been rejected: %+v", e)
			}
		}
	})
}
