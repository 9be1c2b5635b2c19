package evidence

import (
	"strings"
	"testing"
)

func TestARejectReadsAsOneLine(t *testing.T) {
	for want, r := range map[string]Reject{
		`f.csv:3: date: "soon": not a day`: {File: "f.csv", Line: 3, Field: "date", Value: "soon", Reason: "not a day"},
		`f.csv: not UTF-8`:                 {File: "f.csv", Reason: "not UTF-8"},
		`f.csv:2: "a\nb": ragged`:          {File: "f.csv", Line: 2, Value: "a\nb", Reason: "ragged"},
	} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	long := Reject{File: "f", Value: strings.Repeat("é", 1000), Reason: "long"}.String()
	if len(long) > 200 || !strings.Contains(long, "...") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}
