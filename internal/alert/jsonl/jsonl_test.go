package jsonl

import (
	"os"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
)

// said is everything that reading a file gives.
type said struct {
	Alerts   []*alert.Alert
	Rejects  []evidence.Reject
	Warnings []string
	Err      string
}

func read(text string) said {
	var s said
	in := Input{File: "f.jsonl", Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range Alerts(in) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Alerts = append(s.Alerts, a)
	}
	return s
}

func TestAlertsAsTheGoldenFileSays(t *testing.T) {
	const path = "testdata/alerts.jsonl"
	decodetest.Golden(t, path+".golden", read(string(decodetest.Load(t, path))))
}

func TestTheLastLineNeedsNoLineBreak(t *testing.T) {
	const one = `{"id":"a","rule_id":"r","time":"2026-03-01"}`
	for _, text := range []string{one, one + "\n", "\ufeff" + one + "\r\n\r\n"} {
		if got := read(text); len(got.Alerts) != 1 || len(got.Rejects) != 0 {
			t.Errorf("%q: %+v, want one alert", text, got)
		}
	}
}

func TestALineThatIsTooLongIsPassedOver(t *testing.T) {
	long := `{"id":"` + strings.Repeat("x", MaxLine) + `","rule_id":"r","time":"2026-03-01"}`
	got := read(long + "\n" + `{"id":"a","rule_id":"r","time":"2026-03-01"}` + "\n" + long)
	if len(got.Alerts) != 1 || len(got.Rejects) != 2 || got.Rejects[0].Line != 1 || got.Rejects[1].Line != 3 {
		t.Errorf("%d alerts, rejects %v; want the second line alone", len(got.Alerts), got.Rejects)
	}
}

func FuzzAlerts(f *testing.F) {
	text, err := os.ReadFile("testdata/alerts.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := read(text)
		for _, a := range got.Alerts {
			if a.ID == "" || a.RuleID == "" || a.Time.IsZero() {
				t.Fatalf("an alert without id, rule or time: %+v", a)
			}
		}
		if lines := strings.Count(text, "\n") + 1; len(got.Alerts)+len(got.Rejects) > lines {
			t.Fatalf("%d alerts and %d rejects from %d lines", len(got.Alerts), len(got.Rejects), lines)
		}
	})
}
