package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Fingerprint returns the SHA-256, in hex, over values of YAML, JSON or TOML: nodes of
// YAML, maps by string, lists and scalars. Equal ones have the same, whatever the order of
// keys and of elements of lists, and however much white space stands between words. It is
// empty where none of the values is there.
//
// Batches keep what it returned, and a rule whose fingerprint differs is taken to have
// changed: what is hashed must stay as it is.
func Fingerprint(values ...any) string {
	f := fingerprint{parts: make([]sum, 0, 32), text: make([]byte, 0, 1024)}
	some := false
	for _, v := range values {
		s := f.of(v)
		some = some || s.there
		f.add(s)
	}
	if !some {
		return ""
	}
	s := f.hashed("values", 0)
	return hex.EncodeToString(s.hash[:])
}

// sum is what a value came to; where it is not there, it has no words.
type sum struct {
	hash  [sha256.Size]byte
	there bool
}

// compare orders sums as their texts: those of nothing first.
func (s sum) compare(t sum) int {
	switch {
	case s.there && t.there:
		return bytes.Compare(s.hash[:], t.hash[:])
	case s.there:
		return 1
	case t.there:
		return -1
	}
	return 0
}

// fingerprint is one under way. A hash is over a kind and what the parts of a value came to,
// each behind its length, in hex.
type fingerprint struct {
	// parts has the sums of values whose parts are not all known yet, those of the
	// innermost last, and text what is hashed next: room that is used again.
	parts []sum
	text  []byte
	// seen has what nodes with an anchor came to, since aliases may name one many times
	// over; a node that is under way has none yet and is passed over.
	seen map[*yaml.Node]sum
}

// hashed takes away the parts from a place on and returns the hash of a kind and those.
func (f *fingerprint) hashed(kind string, from int) sum {
	f.text = lengthened(f.text[:0], kind)
	for i := range f.parts[from:] {
		p := &f.parts[from+i]
		if !p.there {
			f.text = append(f.text, "0:"...)
			continue
		}
		f.text = hex.AppendEncode(append(f.text, "64:"...), p.hash[:])
	}
	f.parts = f.parts[:from]
	return sum{hash: sha256.Sum256(f.text), there: true}
}

// unordered is hashed, whatever the order of the parts.
func (f *fingerprint) unordered(kind string, from int) sum {
	slices.SortFunc(f.parts[from:], sum.compare)
	return f.hashed(kind, from)
}

// lengthened appends a text behind its length.
func lengthened(to []byte, s string) []byte {
	return append(append(strconv.AppendInt(to, int64(len(s)), 10), ':'), s...)
}

func (f *fingerprint) add(s sum) { f.parts = append(f.parts, s) }

// pair adds a key and its value to the parts.
func (f *fingerprint) pair(key, value sum) {
	at := len(f.parts)
	f.parts = append(f.parts, key, value)
	f.add(f.hashed("entry", at))
}

func (f *fingerprint) of(v any) sum {
	at := len(f.parts)
	switch v := v.(type) {
	case nil:
		return sum{}
	case *yaml.Node:
		return f.node(v)
	case string:
		return f.scalar(v)
	case map[string]any:
		for k, e := range v {
			key := f.scalar(k)
			f.pair(key, f.of(e))
		}
		return f.unordered("map", at)
	case []any:
		for i := range v {
			f.add(f.of(v[i]))
		}
		return f.unordered("list", at)
	case []map[string]any:
		for i := range v {
			f.add(f.of(v[i]))
		}
		return f.unordered("list", at)
	}
	return f.scalar(fmt.Sprint(v))
}

// scalar is empty for a text without words.
func (f *fingerprint) scalar(s string) sum {
	if s = words(s); s == "" {
		return sum{}
	}
	f.text = lengthened(lengthened(f.text[:0], "scalar"), s)
	return sum{hash: sha256.Sum256(f.text), there: true}
}

// words returns a text with one blank between two words and none around them.
func words(s string) string {
	for i := 0; i < len(s); i++ {
		blank := s[i] == ' ' && i > 0 && i+1 < len(s) && s[i+1] != ' '
		if s[i] <= ' ' && !blank || s[i] >= 0x80 {
			return strings.Join(strings.Fields(s), " ")
		}
	}
	return s
}

func (f *fingerprint) node(n *yaml.Node) sum {
	if n == nil {
		return sum{}
	}
	if n.Kind == yaml.AliasNode {
		return f.node(n.Alias)
	}
	if n.Anchor == "" {
		return f.content(n)
	}
	if have, ok := f.seen[n]; ok {
		return have
	}
	if f.seen == nil {
		f.seen = map[*yaml.Node]sum{}
	}
	f.seen[n] = sum{}
	s := f.content(n)
	f.seen[n] = s
	return s
}

func (f *fingerprint) content(n *yaml.Node) sum {
	at := len(f.parts)
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := f.node(n.Content[i])
			f.pair(key, f.node(n.Content[i+1]))
		}
		return f.unordered("map", at)
	case yaml.SequenceNode, yaml.DocumentNode:
		for _, c := range n.Content {
			f.add(f.node(c))
		}
		return f.unordered("list", at)
	}
	return f.scalar(n.Value)
}
