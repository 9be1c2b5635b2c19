package decode

import (
	"strings"
	"unicode/utf8"
)

// formula are the characters with which a cell begins that spreadsheets take for a
// formula (OWASP, CSV Injection), the wide ones where they are set to Japanese.
const formula = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

// Inert returns the text of a cell as it is written to a file that people open in a
// spreadsheet: behind an apostrophe when it would be taken for a formula.
func Inert(text string) string {
	if quoted(text) {
		return "'" + text
	}
	return text
}

// Meant returns the text that Inert was given.
func Meant(cell string) string {
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
