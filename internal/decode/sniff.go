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
	for line := range bytes.Lines(head) {
		if rest, ok := bytes.CutPrefix(line, []byte(key)); ok && bytes.HasPrefix(rest, []byte(":")) {
			return true
		}
	}
	return false
}

// Columns returns the names in the first line of a head, in lower case, without
// quotes and byte-order mark: the columns of a file of delimited text.
func Columns(head []byte, comma rune) []string {
	first, _, _ := strings.Cut(strings.TrimPrefix(string(head), bom), "\n")
	var out []string
	for c := range strings.SplitSeq(strings.ReplaceAll(first, `"`, ""), string(comma)) {
		out = append(out, strings.ToLower(strings.TrimSpace(c)))
	}
	return out
}
