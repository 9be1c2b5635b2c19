package tabular

import (
	"os"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// stated is everything that reading a file of dispositions gives.
type stated struct {
	Statements []alert.Placed
	Rejects    []evidence.Reject
	Warnings   []string
	err        error
}

func readStatements(text string) (s stated) {
	in := Input{File: "f.csv", Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range Statements(in) {
		if err != nil {
			s.err = err
			continue
		}
		s.Statements = append(s.Statements, a)
	}
	return s
}

func TestStatementsAsTheGoldenFileSays(t *testing.T) {
	text, err := os.ReadFile("testdata/statements.csv")
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/statements.csv.golden", readStatements(string(text)))
}

func TestStatementsNeedTheirColumns(t *testing.T) {
	for _, text := range []string{"", "id,disposition\n", "disposition,disposition_time\n", "id,disposition_time\n"} {
		if got := readStatements(text); fault.KindOf(got.err) != fault.Invalid {
			t.Errorf("%q: error %v; want one of kind %s", text, got.err, fault.Invalid)
		}
	}
}

func FuzzStatements(f *testing.F) {
	text, err := os.ReadFile("testdata/statements.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range readStatements(text).Statements {
			if a.ID == "" || !a.Partial() || a.Disposition == nil || a.Line < 1 {
				t.Fatalf("not a statement about an alert: %+v", a)
			}
		}
	})
}
