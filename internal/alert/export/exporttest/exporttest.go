// Package exporttest runs the decoders of alert exports for their tests. It
// holds no decoder and nothing that is built into candor.
package exporttest

import (
	"iter"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/evidence"
)

// Decoder is what a product's package has to read its alerts.
type Decoder func(export.Input) iter.Seq2[*alert.Alert, error]

// Said is everything that reading a file gives.
type Said struct {
	Alerts   []*alert.Alert
	Rejects  []evidence.Reject
	Warnings []string
	Err      string `json:",omitempty"`
}

// Read reads a text, which messages call file.
func Read(decode Decoder, file, text string) Said {
	var s Said
	in := export.Input{File: file, Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range decode(in) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Alerts = append(s.Alerts, a)
	}
	return s
}

// Check fails the test when an alert lacks what every alert must have.
func Check(t *testing.T, s Said) {
	t.Helper()
	for _, a := range s.Alerts {
		if a.ID == "" || a.RuleID == "" || a.Time.IsZero() {
			t.Fatalf("an alert without id, rule or time: %+v", a)
		}
		if d := a.Disposition; d != nil && (d.AlertID != a.ID || d.Provenance == "" || d.Time.IsZero()) {
			t.Fatalf("a disposition without alert, provenance or time: %+v", d)
		}
	}
	for _, r := range s.Rejects {
		if r.Reason == "" || r.File == "" || r.Line <= 0 {
			t.Fatalf("a reject without place or reason: %+v", r)
		}
	}
}

// Fuzz reads arbitrary texts, beginning with the seeds, and checks what comes
// of each.
func Fuzz(f *testing.F, decode Decoder, sniff func(head []byte, name string) bool, seeds ...string) {
	f.Helper()
	for _, s := range seeds {
		f.Add(s)
		for line := range strings.Lines(s) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		sniff([]byte(text), "f.json")
		Check(t, Read(decode, "f.json", text))
	})
}
