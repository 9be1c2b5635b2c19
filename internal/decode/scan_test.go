package decode

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// TestAStringIsReadAsJSON compares what is read of strings of any length with what the
// JSON package reads of them. What is not read is left to it, and so may be right.
func TestAStringIsReadAsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inner := rapid.StringOf(rapid.SampledFrom([]rune("aaaaaaaabcdefgh \"\\nu/\x00\x1f\x7f\u00fc\u0080\U0001f600"))).Draw(t, "inner")
		if rapid.Bool().Draw(t, "broken") {
			inner += "\xff"
		}
		text := `"` + inner + `"` + rapid.SampledFrom([]string{"", ",1", " "}).Draw(t, "rest")
		s := Scan{Text: text}
		got, ok := s.Quoted()
		if !ok {
			return
		}
		var want string
		if err := json.Unmarshal([]byte(text[:s.At]), &want); err != nil || want != got {
			t.Fatalf("%q: %q, want %q, %v", text, got, want, err)
		}
	})
	for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 100} { // what is plain is never left
		text := `"` + strings.Repeat("~", n) + `"`
		if got, ok := (&Scan{Text: text}).Quoted(); !ok || len(got) != n {
			t.Errorf("%d bytes: %q, %v", n, got, ok)
		}
	}
}

func BenchmarkQuoted(b *testing.B) {
	text := `"` + strings.Repeat("a command line of a process ", 10) + `"`
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, ok := (&Scan{Text: text}).Quoted(); !ok {
			b.Fatal("not read")
		}
	}
}
