package people

import (
	"strings"
	"testing"

	"candor/internal/identity"
)

// TestAPasswordIsWhateverAPersonChooses: nobody is told which kinds of characters to use, long
// ones are taken whole, and what is looked at later is what was typed.
func TestAPasswordIsWhateverAPersonChooses(t *testing.T) {
	b, _ := newBook(t)
	add(t, b, "ann", identity.Admin, good)
	for _, word := range []string{"only small letters", "ONLY LARGE LETTERS", "739105528164", "!?%&/()=+*#'", "слова без порядка", "  spaces around  ", strings.Repeat("sixty-four characters and more, ", 4), "🦔🌲🚲🎻🧭🪵🦔🌲🚲🎻🧭🪵"} {
		if _, err := b.SetPassword(t.Context(), Changing{"ann", "ann"}, word); err != nil {
			t.Errorf("%q: %v", word, err)
			continue
		}
		for _, near := range []string{word[:len(word)-1], word + " ", strings.TrimSpace(word), strings.ToLower(word), strings.ToUpper(word)} {
			if _, err := b.Check(t.Context(), "ann", near); (err == nil) != (near == word) {
				t.Errorf("%q opens what has the password %q: %v", near, word, err)
			}
		}
	}
}
