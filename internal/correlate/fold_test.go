package correlate

import (
	"strings"
	"testing"
)

// TestFoldedIsWhatFoldingLeaves puts every letter at every place of texts of many lengths.
func TestFoldedIsWhatFoldingLeaves(t *testing.T) {
	for length := 1; length <= 20; length++ {
		for at := range length {
			for c := range 256 {
				text := []byte(strings.Repeat("q", length))
				text[at] = byte(c)
				s := string(text)
				edge := c <= ' ' && (at == 0 || at == length-1)
				if want := c < 0x80 && !edge && s == strings.ToLower(s); folded(s) != want {
					t.Fatalf("folded(%q) is not %v", s, want)
				}
			}
		}
	}
}
