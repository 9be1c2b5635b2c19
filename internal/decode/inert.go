package decode

import "strings"

// formula are the characters with which a cell begins that spreadsheets take for a
// formula (OWASP, CSV Injection).
const formula = "=+-@\t\r\n"

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
	return rest != "" && strings.IndexByte(formula, rest[0]) >= 0
}
