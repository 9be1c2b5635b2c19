package attack

import (
	"strings"
	"unicode/utf8"
)

// Fold returns s as names are compared: in lower case, without white space at
// the ends and with single spaces inside. Names of log sources in ATT&CK itself
// differ in no more than that.
func Fold(s string) string {
	gap, plain := true, true // whether a space may not come, and nothing has to change
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return strings.Join(strings.Fields(strings.ToLower(s)), " ")
		}
		plain = plain && !('A' <= c && c <= 'Z') && !(blank(c) && (gap || c != ' '))
		gap = blank(c)
	}
	if plain && (!gap || s == "") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case !blank(c):
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != ' ':
			b = append(b, ' ')
		}
	}
	return strings.TrimSuffix(string(b), " ")
}

// blank reports whether a byte is white space of ASCII.
func blank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
