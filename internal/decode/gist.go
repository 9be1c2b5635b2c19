package decode

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Gist returns a query without what changes nothing of what it asks: comments (from // or
// between /* and */, as Kusto and EQL have them, and between triple backticks, as Splunk
// has), and white space beyond one blank. Within quotes nothing is touched.
func Gist(query string) string {
	var b strings.Builder
	blank := func() {
		if s := b.String(); s != "" && s[len(s)-1] != ' ' {
			b.WriteByte(' ')
		}
	}
	for i := 0; i < len(query); {
		rest := query[i:]
		if n := comment(rest, i == 0 || space(query[i-1])); n > 0 {
			blank()
			i += n
			continue
		}
		switch c := rest[0]; {
		case space(c):
			blank()
			i++
		case c == '"' || c == '\'':
			n := quotation(rest)
			b.WriteString(rest[:n])
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return strings.TrimSpace(b.String())
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

// Fingerprint returns the SHA-256, in hex, over values of YAML, JSON or TOML: nodes of
// YAML, maps by string, lists and scalars. Equal ones have the same, whatever the order of
// keys and of elements of lists, and however much white space stands between words. It is
// empty where none of the values is there.
func Fingerprint(values ...any) string {
	f := fingerprint{seen: map[*yaml.Node]string{}}
	parts, some := make([]string, len(values)), false
	for i, v := range values {
		parts[i] = f.of(v)
		some = some || parts[i] != ""
	}
	if !some {
		return ""
	}
	return hashed("values", parts...)
}

type fingerprint struct {
	// seen has what nodes came to, since aliases may name one many times over; a node
	// that is under way has none yet and is passed over.
	seen map[*yaml.Node]string
}

func hashed(kind string, parts ...string) string {
	h := sha256.New()
	for _, p := range append([]string{kind}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func unordered(kind string, parts []string) string {
	slices.Sort(parts)
	return hashed(kind, parts...)
}

func (f *fingerprint) of(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case *yaml.Node:
		return f.node(v)
	case string:
		return scalar(v)
	case map[string]any:
		parts := make([]string, 0, len(v))
		for k, e := range v {
			parts = append(parts, hashed("entry", scalar(k), f.of(e)))
		}
		return unordered("map", parts)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = f.of(v[i])
		}
		return unordered("list", parts)
	case []map[string]any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = f.of(v[i])
		}
		return unordered("list", parts)
	}
	return scalar(fmt.Sprint(v))
}

// scalar is empty for a text without words.
func scalar(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return ""
	}
	return hashed("scalar", strings.Join(words, " "))
}

func (f *fingerprint) node(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind == yaml.AliasNode {
		return f.node(n.Alias)
	}
	if have, ok := f.seen[n]; ok {
		return have
	}
	f.seen[n] = ""
	f.seen[n] = f.content(n)
	return f.seen[n]
}

func (f *fingerprint) content(n *yaml.Node) string {
	var parts []string
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, hashed("entry", f.node(n.Content[i]), f.node(n.Content[i+1])))
		}
		return unordered("map", parts)
	case yaml.SequenceNode, yaml.DocumentNode:
		for _, c := range n.Content {
			parts = append(parts, f.node(c))
		}
		return unordered("list", parts)
	}
	return scalar(n.Value)
}
