// Package exporttest runs the decoders of alert exports for their tests. It
// holds no decoder and nothing that is built into candor.
package exporttest

import (
	"iter"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/decode/decodetest"
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
func Read(read Decoder, file, text string) Said {
	var s Said
	in := export.Input{File: file, Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	if decode.HasDates([]byte(text)) {
		dates, err := export.Order(in, read, "say it")
		if err != nil {
			s.Err = err.Error()
			return s
		}
		in.Text, in.Dates = strings.NewReader(text), dates
	}
	for a, err := range read(in) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Alerts = append(s.Alerts, a)
	}
	return s
}

// About returns what the one alert of a text is about, as its entities are written, the
// primary one first.
func About(t *testing.T, read Decoder, text string) string {
	t.Helper()
	s := Read(read, "f.json", text)
	if len(s.Alerts) != 1 {
		t.Fatalf("%d alerts, rejects %v, of %s", len(s.Alerts), s.Rejects, text)
	}
	var list []string
	for e := range s.Alerts[0].Entities() {
		list = append(list, e.String())
	}
	return strings.Join(list, " ")
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

// Format is a product's export, with files of it in testdata, each of which has a
// golden file beside it.
type Format struct {
	Alerts Decoder
	Sniff  func(head []byte, name string) bool
	Files  []string
}

// Golden reads the files and compares what comes of each with its golden file.
func (f Format) Golden(t *testing.T) {
	t.Helper()
	for _, name := range f.Files {
		text := decodetest.Load(t, "testdata/"+name)
		if !f.Sniff(text, name) {
			t.Errorf("%s is not taken for what it is", name)
		}
		said := Read(f.Alerts, name, string(text))
		Check(t, said)
		decodetest.Golden(t, "testdata/"+name+".golden", said)
	}
}

// Others fails the test when what is no export is taken for one.
func (f Format) Others(t *testing.T) {
	t.Helper()
	for _, text := range []string{"", "{", `{"id":"a","rule_id":"r","time":"2026-03-01"}`, "id,rule_id,time\n", "\xff\xfe"} {
		if f.Sniff([]byte(text), "f.json") {
			t.Errorf("%q is taken for an export", text)
		}
	}
}

// Fuzz reads arbitrary texts, beginning with the files and their lines, and checks
// what comes of each.
func (f Format) Fuzz(tests *testing.F) {
	tests.Helper()
	for _, name := range f.Files {
		text := string(decodetest.Load(tests, "testdata/"+name))
		tests.Add(text)
		for line := range strings.Lines(text) {
			tests.Add(line)
		}
	}
	tests.Fuzz(func(t *testing.T, text string) {
		f.Sniff([]byte(text), "f.json")
		Check(t, Read(f.Alerts, "f.json", text))
	})
}
