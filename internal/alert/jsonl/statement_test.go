package jsonl

import (
	"os"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
)

// stated is everything that reading a file of dispositions gives.
type stated struct {
	Statements []alert.Placed
	Rejects    []evidence.Reject
	Warnings   []string
	Err        string
}

func readStatements(text string) (s stated) {
	in := Input{File: "f.jsonl", Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range Statements(in) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Statements = append(s.Statements, a)
	}
	return s
}

func TestStatementsAsTheGoldenFileSays(t *testing.T) {
	const path = "testdata/statements.jsonl"
	decodetest.Golden(t, path+".golden", readStatements(string(decodetest.Load(t, path))))
}

func FuzzStatements(f *testing.F) {
	text, err := os.ReadFile("testdata/statements.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := readStatements(text)
		for _, a := range got.Statements {
			if a.ID == "" || !a.Partial() || a.Disposition == nil || a.Line < 1 {
				t.Fatalf("not a statement about an alert: %+v", a)
			}
		}
		if lines := strings.Count(text, "\n") + 1; len(got.Statements)+len(got.Rejects) > lines {
			t.Fatalf("%d statements and %d rejects from %d lines", len(got.Statements), len(got.Rejects), lines)
		}
	})
}
