package decode

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"candor/internal/inert"
)

// formula are the characters with which a cell begins that spreadsheets take for a
// formula (OWASP, CSV Injection), the wide ones where they are set to Japanese.
const formula = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

// spelled is what a cell begins with in which characters are spelled that would not be
// seen, or would make a line of their own.
const spelled = `'\`

// Inert returns the text of a cell as it is written to a file that people open in a
// spreadsheet, or look at in a terminal: behind an apostrophe when it would be taken for
// a formula, and with an escape for each character that is not seen but obeyed.
func Inert(text string) string {
	if strings.ContainsFunc(text, obeyed) || strings.HasPrefix(text, spelled) {
		return spelled + spell(text)
	}
	if quoted(text) {
		return "'" + text
	}
	return text
}

// obeyed reports whether a character of a cell is spelled.
func obeyed(r rune) bool { return r == '\n' || inert.Hidden(r) }

// spell returns text as Go writes it between quotes, but for those, and for characters
// that are seen.
func spell(text string) string {
	var b strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case obeyed(r):
			b.WriteString(inert.Escape(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Meant returns the text that Inert was given.
func Meant(cell string) string {
	if rest, ok := strings.CutPrefix(cell, spelled); ok {
		if text, err := strconv.Unquote(`"` + strings.ReplaceAll(rest, `"`, `\"`) + `"`); err == nil {
			return text
		}
	}
	if rest, ok := strings.CutPrefix(cell, "'"); ok && quoted(rest) {
		return rest
	}
	return cell
}

// quoted reports whether a text, behind any number of apostrophes, is a formula, so
// that one more can be told from those that were there.
func quoted(text string) bool {
	rest := strings.TrimLeft(text, "'")
	first, size := utf8.DecodeRuneInString(rest)
	return size > 0 && strings.ContainsRune(formula, first)
}
