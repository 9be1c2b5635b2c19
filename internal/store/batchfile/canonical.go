package batchfile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"candor/internal/fault"
)

// appendCanonical appends the canonical form of a row to buf: every column in the
// order of the schema but the batch, so that it stays the same in whatever file the
// row stands. A text is its length and its bytes, a list its length and its items, a
// map its length and its keys in byte order, each with its value, and what may be
// missing a byte 0, or a byte 1 and the value. Lengths are unsigned varints as of
// encoding/binary; numbers take eight bytes, the highest first, a score the bits of
// its IEEE 754 double.
func appendCanonical(buf []byte, r *row) []byte {
	buf = appendInt(buf, r.Place)
	buf = appendTexts(buf, r.Source, r.Site, r.ID)
	buf = appendOptional(buf, r.Time)
	buf = appendTexts(buf, r.RuleID, r.RuleName, r.RuleSource, r.RuleVersion, r.Severity)
	if r.Score == nil {
		buf = append(buf, 0)
	} else {
		buf = binary.BigEndian.AppendUint64(append(buf, 1), math.Float64bits(*r.Score))
	}
	buf = appendTexts(buf, r.CaseID, r.Tactic)
	buf = appendTexts(binary.AppendUvarint(buf, uint64(len(r.Techniques))), r.Techniques...)
	buf = binary.AppendUvarint(buf, uint64(len(r.Entities)))
	for _, e := range r.Entities {
		buf = append(appendTexts(buf, e.Type, e.Name), flag(e.Primary))
	}
	buf = appendFields(buf, r)
	buf = binary.AppendUvarint(buf, uint64(len(r.Statements)))
	for _, s := range r.Statements {
		buf = appendOptional(appendTexts(buf, s.Kind, s.Class, s.Word, s.By), s.At)
		buf = appendTexts(buf, s.Provenance, s.DuplicateOf)
	}
	return buf
}

func appendTexts(buf []byte, texts ...string) []byte {
	for _, t := range texts {
		buf = append(binary.AppendUvarint(buf, uint64(len(t))), t...)
	}
	return buf
}

func appendInt(buf []byte, n int64) []byte { return binary.BigEndian.AppendUint64(buf, uint64(n)) }

func appendOptional(buf []byte, n *int64) []byte {
	if n == nil {
		return append(buf, 0)
	}
	return appendInt(append(buf, 1), *n)
}

func appendFields(buf []byte, r *row) []byte {
	list := r.pairs
	if len(r.Fields) > 0 {
		var space [16]pair
		list = space[:0]
		for k, v := range r.Fields {
			list = append(list, pair{k, v})
		}
	}
	buf = binary.AppendUvarint(buf, uint64(len(list)))
	slices.SortFunc(list, func(x, y pair) int { return strings.Compare(x.key, y.key) })
	for _, p := range list {
		buf = appendTexts(buf, p.key, p.value)
	}
	return buf
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func valid(s string) bool { return utf8.ValidString(s) }

// notText is the error for a text that is not UTF-8.
func notText(field, value string) error {
	return fault.New(fault.Invalid, "%s is not UTF-8: %q", field, strings.ToValidUTF8(value, string(utf8.RuneError)))
}

// tallied is rows that were hashed.
type tallied struct {
	hash.Hash
	rows int64
}

func newTallied() *tallied { return &tallied{Hash: sha256.New()} }

// add hashes the length of a row's canonical form, and that form. It returns buf, which
// it uses as space.
func (t *tallied) add(buf []byte, r *row) []byte {
	buf = appendCanonical(append(buf[:0], make([]byte, binary.MaxVarintLen64)...), r)
	var size [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(size[:], uint64(len(buf)-len(size)))
	from := len(size) - n
	copy(buf[from:], size[:n])
	t.Write(buf[from:])
	t.rows++
	return buf
}

// String returns the hash in hexadecimal.
func (t *tallied) String() string { return hex.EncodeToString(t.Sum(nil)) }
