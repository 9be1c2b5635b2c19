package decode_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/decode"
	"candor/internal/inert"
)

func TestFormulasAreMadeInert(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "'": "'", "a=b": "a=b", "it's": "it's", "'quoted'": "'quoted'",
		"=HYPERLINK(0)": "'=HYPERLINK(0)", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": `'\\r=1`, "a\x1b\u202e\nb": `'\a\u001b\u202e\nb`, `'\x`: `'\'\\x`,
		"\uff1d1": "'\uff1d1", "\uff20a": "'\uff20a", "\xff": "\xff",
		"'=1": "''=1", "''-": "'''-",
	} {
		if got := decode.Inert(text); got != want {
			t.Errorf("Inert(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWhatWasMadeInertIsMeantAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("'\\\"nux1\x1b\n\r\u202e\ufffd")), 0, 6, -1), rapid.StringMatching(`'{0,3}[=+@a\t\r-]{0,2}.{0,3}`)).Draw(t, "text")
		cell := decode.Inert(text)
		if cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 {
			t.Errorf("%q is written as %q", text, cell)
		}
		if strings.ContainsFunc(cell, inert.Hidden) || strings.Contains(cell, "\n") {
			t.Errorf("%q is written as %q", text, cell)
		}
		if got := decode.Meant(cell); got != text {
			t.Errorf("%q is written as %q and read as %q", text, cell, got)
		}
	})
}
