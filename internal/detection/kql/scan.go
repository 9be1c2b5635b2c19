package kql

import "strings"

// kind is what a token is.
type kind int

const (
	none kind = iota
	name
	text
	number
	mark
)

// token is a part of a query; comments and blanks are none.
type token struct {
	kind kind
	text string
}

func (t token) is(m string) bool   { return t.kind == mark && t.text == m }
func (t token) word(w string) bool { return t.kind == name && strings.EqualFold(t.text, w) }
func isLetter(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
}
func isDigit(c byte) bool          { return c >= '0' && c <= '9' }
func inName(c byte) bool           { return isLetter(c) || isDigit(c) || c == '*' }
func isQuote(c byte) bool          { return c == '"' || c == '\'' }
func cutAt(s string, i int) string { return s[:min(i, len(s))] }
func pair(s string) (string, bool) {
	switch p := cutAt(s, 2); p {
	case "==", "=~", "!=", "!~", "<=", ">=", "..":
		return p, true
	}
	return "", false
}

// scan cuts a query into tokens, in one pass.
func scan(s string) []token {
	out := make([]token, 0, len(s)/4) // about as many as queries have, so that few are moved
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case strings.HasPrefix(s[i:], "//"):
			i += length(s[i:], "\n")
		case strings.HasPrefix(s[i:], "```"):
			i += 3 + length(s[i+3:], "```")
		case (c == '@' || c == 'h' || c == 'H') && i+1 < len(s) && (isQuote(s[i+1]) || s[i+1] == '@' && i+2 < len(s) && isQuote(s[i+2])):
			for !isQuote(s[i]) {
				i++
			}
			t, n := verbatim(s[i:])
			out, i = append(out, token{text, t}), i+n
		case isQuote(c):
			t, n := quoted(s[i:])
			out, i = append(out, token{text, t}), i+n
		case c == '[' && i+1 < len(s) && isQuote(s[i+1]): // ['a name']
			t, n := quoted(s[i+1:])
			out, i = append(out, token{name, t}), min(i+n+2, len(s))
		case isLetter(c) || c == '*':
			n := 1
			for i+n < len(s) && (inName(s[i+n]) || s[i+n] == '-' && word(s[i:i+n])) {
				n++
			}
			out, i = append(out, token{name, s[i : i+n]}), i+n
		case isDigit(c):
			n := 1
			for i+n < len(s) && (isDigit(s[i+n]) || isLetter(s[i+n])) {
				n++
			}
			out, i = append(out, token{number, s[i : i+n]}), i+n
		default:
			p, ok := pair(s[i:])
			if !ok {
				p = s[i : i+1]
			}
			out, i = append(out, token{mark, p}), i+len(p)
		}
	}
	return out
}

// word reports whether what stands before a dash is an operator's name that goes on
// behind it, as in project-away: a dash is no part of other names.
func word(s string) bool {
	switch s {
	case "project", "mv", "make", "series", "sample", "top", "parse":
		return true
	}
	return false
}

// length returns how long s is up to and with end.
func length(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i + len(end)
	}
	return len(s)
}

// quoted returns a string that begins s, without its quotes, and its length. It ends
// with its line at the latest.
func quoted(s string) (string, int) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n':
			return s[1:i], i
		case s[0]:
			return s[1:i], i + 1
		}
	}
	return s[1:], len(s)
}

// verbatim is quoted for a string in which a backslash is one.
func verbatim(s string) (string, int) {
	if i := strings.IndexByte(s[1:], s[0]); i >= 0 {
		return s[1 : 1+i], i + 2
	}
	return s[1:], len(s)
}
