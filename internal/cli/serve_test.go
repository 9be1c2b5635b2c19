package cli

import (
	"strings"
	"testing"
)

func TestWhomToCallIsOneLineThatCanBeShown(t *testing.T) {
	for text, want := range map[string]string{"": "", "  desk, 4711 ": "desk, 4711", strings.Repeat("é", mostCall): strings.Repeat("é", mostCall)} {
		if got, err := called(text); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"desk\n4711", "desk\u202e4711", "desk \x1b[31m", strings.Repeat("x", mostCall+1)} {
		if got, err := called(text); got != "" || err == nil {
			t.Errorf("%q: %q is shown", text, got)
		}
	}
}
