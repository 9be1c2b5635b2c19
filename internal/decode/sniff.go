package decode

import (
	"bytes"
	"strings"
)

// HasKeys reports whether every one of the keys begins a line of YAML, as the
// keys of a document's top mapping do. It looks at bytes and parses nothing, so
// that a file's format can be told from its head.
func HasKeys(head []byte, keys ...string) bool {
	for _, k := range keys {
		if !hasKey(head, k) {
			return false
		}
	}
	return true
}

func hasKey(head []byte, key string) bool {
	head = bytes.TrimPrefix(head, []byte(bom))
	var room [64]byte // a key is shorter, so that nothing is allocated
	line := append(append(append(room[:0], '\n'), key...), ':')
	return bytes.HasPrefix(head, line[1:]) || bytes.Contains(head, line)
}

// delimiter returns what stands between two cells of a table that begins with head,
// and how many bytes stand before its header: spreadsheet programs begin a file with a
// line sep=; that says it. Where a comma is expected and the header has none, it is the
// semicolon, tab or bar that the header has most of.
func delimiter(head string, expected rune) (skip int, comma rune) {
	first, _, _ := strings.Cut(head, "\n")
	if said, ok := strings.CutPrefix(strings.Trim(strings.TrimSuffix(first, "\r"), `"`), "sep="); ok && len(said) == 1 {
		return min(len(first)+1, len(head)), rune(said[0])
	}
	comma = expected
	if expected != ',' || strings.Contains(first, ",") {
		return 0, comma
	}
	most := 0
	for _, other := range ";\t|" {
		if n := strings.Count(first, string(other)); n > most {
			most, comma = n, other
		}
	}
	return 0, comma
}

// Columns returns the names in the first line of a head, in lower case, without
// quotes and byte-order mark: the columns of a file of delimited text. Where comma is one,
// another delimiter is told as NewTable does.
func Columns(head []byte, comma rune) []string {
	head = bytes.TrimPrefix(head, []byte(bom))
	// The header is the first line, or the second behind one that says the delimiter.
	if end := bytes.IndexByte(head, '\n'); end >= 0 {
		if more := bytes.IndexByte(head[end+1:], '\n'); more >= 0 {
			head = head[:end+1+more]
		}
	}
	text := string(head)
	skip, comma := delimiter(text, comma)
	first, _, _ := strings.Cut(text[skip:], "\n")
	var out []string
	for c := range strings.SplitSeq(strings.ReplaceAll(first, `"`, ""), string(comma)) {
		out = append(out, strings.ToLower(strings.TrimSpace(c)))
	}
	return out
}
