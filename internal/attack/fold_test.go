package attack_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/attack"
)

func TestFoldIsLowerCaseWithSingleSpaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("aB-: \t\v\r\n\u0085\u00a0éK")), 0, 12, -1), rapid.String()).Draw(t, "s")
		if got, want := attack.Fold(s), strings.Join(strings.Fields(strings.ToLower(s)), " "); got != want {
			t.Fatalf("Fold(%q) is %q, want %q", s, got, want)
		}
	})
}
