package stix

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/attack"
)

// ContentHash returns the SHA-256 of a JSON object in the canonical form of
// RFC 8785, so that key order, escapes and the spelling of numbers do not count. Of
// members with equal keys the last counts.
func ContentHash(raw []byte) (attack.Hash, error) {
	v := jsontext.Value(raw).Clone()
	err := v.Canonicalize()
	if errors.Is(err, jsontext.ErrDuplicateName) {
		v = Distinct(raw)
		err = v.Canonicalize()
	}
	if err != nil {
		return attack.Hash{}, fmt.Errorf("canonical form: %w", err)
	}
	return sha256.Sum256(v), nil
}

// compact appends raw, which must be valid JSON, to dst without the white space
// outside strings, and reports how deep raw nests and whether a key may be repeated
// in one object. Strings and numbers keep their spelling.
func compact(dst, raw []byte, k *keys) (out []byte, depth int, repeats bool) {
	k.reset()
	before := byte(0)
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			end := stringEnd(raw, i)
			if (before == '{' || before == ',') && k.inObject() && end-i >= 2 {
				repeats = k.again(keyText(raw[i:end])) || repeats
			}
			dst = append(dst, raw[i:end]...)
			i, before = end-1, c
			continue
		case '{':
			k.enter(1)
		case '[':
			k.enter(0)
		case '}', ']':
			k.leave()
		}
		depth = max(depth, len(k.open))
		dst, before = append(dst, c), c
	}
	return dst, depth, repeats
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
