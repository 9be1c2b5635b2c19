// Package inert makes text that others wrote harmless to those who print it.
//
// A terminal obeys the control characters that it reads, and characters that turn the
// direction of writing make a line say what it does not. None of them passes: each is
// shown as its escape, as JSON writes it, so that text is readable, nothing of it is
// lost, and JSON stays the JSON that it was. The package knows no colours: what a
// program itself has to tell a terminal passes by a [Writer]'s mark alone, which data
// cannot know.
package inert

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Hidden reports whether a character is not seen but obeyed: a control character
// other than a line end and a tab, one that turns the direction of writing (Unicode
// UAX #9), or one that separates lines.
func Hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < utf8.RuneSelf: // most of every text
		return r < ' ' || r == 0x7f
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	}
	return Steers(r)
}

// Steers reports whether a character has no other use than to steer the direction of
// writing.
func Steers(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// Text returns text with every hidden character as its escape, for example \u001b.
// Line ends and tabs stay. A byte that is not UTF-8 becomes U+FFFD.
func Text(s string) string { return escaped(s, Hidden) }

// Line returns text as Text does, with line ends and tabs as their escapes, too, so
// that it stays within the line that it is printed in.
func Line(s string) string {
	return escaped(s, func(r rune) bool { return r == '\n' || r == '\t' || Hidden(r) })
}

func escaped(s string, hides func(rune) bool) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, hides) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hides(r) {
			b.WriteString(Escape(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Escape returns the escape of a character, as JSON writes it.
func Escape(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
