package near_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/near"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		word  string
		known []string
		want  []string
	}{
		{"techniqe", []string{"tactic", "technique", "sub-technique"}, []string{"technique"}},
		{"recon", []string{"impact", "reconnaissance"}, []string{"reconnaissance"}},
		{"Lnux", []string{"Windows", "Linux", "macOS"}, []string{"Linux"}},
		{"MACOS", []string{"Windows", "Linux", "macOS"}, []string{"macOS"}},
		{"initial access", []string{"initial-access"}, []string{"initial-access"}},
		{"pink", []string{"auto", "always", "never"}, nil},
		{"alway", []string{"auto", "always", "never"}, []string{"always"}},
		{"", []string{"auto"}, nil},
		{"löwe", []string{"lowe"}, []string{"lowe"}},
	} {
		if got := near.Words(c.word, c.known, 3); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.word, got, c.want)
		}
	}
}

func TestEditsIsADistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b"), rapid.String().Draw(t, "c")
		ab, ba := near.Edits(a, b), near.Edits(b, a)
		if ab != ba || (ab == 0) != (string([]rune(a)) == string([]rune(b))) {
			t.Fatalf("%q %q: %d %d", a, b, ab, ba)
		}
		if ac := near.Edits(a, c); ac > ab+near.Edits(b, c) {
			t.Fatalf("%q %q %q: the way round is shorter", a, b, c)
		}
	})
}
