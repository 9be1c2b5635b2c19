package decode

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTechniquesAreTakenOutOfTheText(t *testing.T) {
	var notes []string
	o := &Once{Note: func(s string) { notes = append(notes, s) }}
	for text, want := range map[string]string{
		"T1111 - Ex Protocol": "T1111", "V9.T1003.001": "T1003.001", "T1059, T1003": "T1059 T1003", "t1059": "T1059", "T1059 - A;T1059": "T1059",
		"attack.t1059.001": "T1059.001", "mitre=T1078|T1078.004": "T1078 T1078.004", "T1059.0011": "T1059", "T10591x": "", "foo": "", "TA0002": "", " ": "",
	} {
		if got := strings.Join(o.Techniques(List(text)), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if len(notes) != 3 || slices.ContainsFunc(notes, func(n string) bool { return strings.HasPrefix(n, `"T1`) && !strings.HasPrefix(n, `"T10591x"`) }) {
		t.Errorf("%q", notes)
	}
	notes = nil
	for i := range 100 {
		o.Techniques([]string{fmt.Sprint("w", i), "w1"})
	}
	if len(notes) != maxSaid-3 {
		t.Errorf("%d notes", len(notes))
	}
	if d := cmp.Diff([]string{"T1059"}, o.Techniques([]string{"T1059"})); d != "" {
		t.Error(d)
	}
	(&Once{}).Techniques([]string{"foo"}) // nobody listens
}
