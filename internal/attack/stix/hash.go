package stix

import (
	"crypto/sha256"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/attack"
)

// ContentHash returns the SHA-256 of a JSON object in the canonical form of
// RFC 8785, so that key order, escapes and the spelling of numbers do not count.
func ContentHash(raw []byte) (attack.Hash, error) {
	v := jsontext.Value(raw).Clone()
	if err := v.Canonicalize(); err != nil {
		return attack.Hash{}, fmt.Errorf("canonical form: %w", err)
	}
	return sha256.Sum256(v), nil
}

// compact appends raw, which must be valid JSON, to dst without the white space
// outside strings, and reports how deep raw nests. Strings and numbers keep
// their spelling.
func compact(dst, raw []byte) (out []byte, depth int) {
	level := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			end := stringEnd(raw, i)
			dst = append(dst, raw[i:end]...)
			i = end - 1
			continue
		case '{', '[':
			level++
			depth = max(depth, level)
		case '}', ']':
			level--
		}
		dst = append(dst, raw[i])
	}
	return dst, depth
}

// stringEnd returns the index after the closing quote of the JSON string that
// begins at raw[i].
func stringEnd(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}
