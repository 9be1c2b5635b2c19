package decode

import "strings"

// Gist returns a query without what changes nothing of what it asks: comments (from // or
// between /* and */, as Kusto and EQL have them, and between triple backticks, as Splunk
// has), and white space beyond one blank. Within quotes nothing is touched.
func Gist(query string) string {
	b := make([]byte, 0, len(query))
	blank := func() {
		if len(b) > 0 && b[len(b)-1] != ' ' {
			b = append(b, ' ')
		}
	}
	for i := 0; i < len(query); {
		plain := i
		for i < len(query) && !told(query[i]) {
			i++
		}
		b = append(b, query[plain:i]...)
		if i == len(query) {
			break
		}
		switch n, c := comment(query[i:], i == 0 || space(query[i-1])), query[i]; {
		case n > 0:
			blank()
			i += n
		case space(c):
			blank()
			i++
		case c == '"' || c == '\'':
			n := quotation(query[i:])
			b = append(b, query[i:i+n]...)
			i += n
		default:
			b = append(b, c)
			i++
		}
	}
	return strings.TrimSpace(string(b))
}

// told reports whether a byte can begin what is more than itself: a comment, white space or
// a quoted text.
func told(c byte) bool {
	return c <= '/' && (c == '/' || c == '"' || c == '\'' || space(c)) || c == '`'
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// comment returns the length of the comment that a text begins with, 0 for none. One that
// goes to the end of its line begins at the start of a word: an address has slashes too.
func comment(s string, wordStart bool) int {
	for _, c := range [...]struct{ open, end string }{{"/*", "*/"}, {"```", "```"}, {"//", "\n"}} {
		if !strings.HasPrefix(s, c.open) || !wordStart && c.open == "//" {
			continue
		}
		if n := strings.Index(s[len(c.open):], c.end); n >= 0 {
			return len(c.open) + n + len(c.end)
		}
		if c.end == "\n" {
			return len(s)
		}
	}
	return 0
}

// quotation returns the length of the quoted text that s begins with; 1 where it never ends.
func quotation(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return 1
}
