package diff

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/attack/stix"
)

// field is one member of a JSON object; value is its bytes as they are.
type field struct {
	key   string
	value []byte
}

// split returns the members of a JSON object. It looks at brackets and quotes
// alone, which is all that valid JSON needs; of bytes that are not a JSON object
// it returns what it could read before it lost its way.
func split(raw []byte) []field {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '{' {
		return nil
	}
	fields := make([]field, 0, 24)
	for i = skipSpace(raw, i+1); i < len(raw) && raw[i] == '"'; i = skipSpace(raw, i) {
		end := stringEnd(raw, i)
		key := raw[i:end]
		if i = skipSpace(raw, end); i >= len(raw) || raw[i] != ':' {
			return fields
		}
		i = skipSpace(raw, i+1)
		end = valueEnd(raw, i)
		if end == i {
			return fields
		}
		fields = append(fields, field{unquote(key), raw[i:end]})
		if i = skipSpace(raw, end); i < len(raw) && raw[i] == ',' {
			i++
		}
	}
	return fields
}

// members returns the members of a JSON object that count: of those with equal keys
// the last, as stix.Distinct has it.
func members(raw []byte) []field {
	fields := split(raw)
	last := make(map[string]int, len(fields))
	for i, f := range fields {
		last[f.key] = i
	}
	if len(last) == len(fields) {
		return fields
	}
	counts := fields[:0]
	for i, f := range fields {
		if last[f.key] == i {
			counts = append(counts, f)
		}
	}
	return counts
}

// unquote returns the text of a JSON string, or its bytes if it is none.
func unquote(b []byte) string {
	if len(b) >= 2 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 {
		return string(b[1 : len(b)-1])
	}
	text, err := jsontext.AppendUnquote(nil, b)
	if err != nil {
		return string(b)
	}
	return string(text)
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// stringEnd returns the index after the string that begins at i.
func stringEnd(raw []byte, i int) int {
	for i++; i < len(raw); {
		n := bytes.IndexByte(raw[i:], '"')
		if n < 0 {
			return len(raw)
		}
		i += n
		slashes := 0
		for raw[i-1-slashes] == '\\' {
			slashes++
		}
		i++
		if slashes%2 == 0 {
			return i
		}
	}
	return len(raw)
}

// valueEnd returns the index after the value that begins at i.
func valueEnd(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			i = stringEnd(raw, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			i++
			continue
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// sameValue reports whether two JSON values are equal but for white space, the
// order of keys, escapes and the spelling of numbers.
func sameValue(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	x, y := canonical(a), canonical(b)
	return x != nil && bytes.Equal(x, y)
}

// canonical returns a value in the form of RFC 8785, of members with equal keys the
// last, and nil if it has none.
func canonical(v []byte) []byte {
	c := jsontext.Value(v).Clone()
	if c.Canonicalize() == nil {
		return c
	}
	c = jsontext.Value(stix.Distinct(v)).Clone()
	if c.Canonicalize() != nil {
		return nil
	}
	return c
}
