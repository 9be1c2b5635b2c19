//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// A seal is the SHA-256 over all that a batch said, in the order of arrival, and
// over its own row. Of each alert it has the place in the batch, what was said
// in texts, and the disposition if one came with it.

// sealText appends a text with its length, so that two texts cannot run together.
func sealText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// sealHead appends how what was said of an alert begins: all but the texts of its
// words and its fields, which follow.
func sealHead[T string | []byte](b []byte, place int64, id T, s *saying) []byte {
	b = sealText(binary.AppendVarint(b, place), id)
	b = binary.AppendVarint(b, s.time)
	if math.IsNaN(s.score) {
		return append(b, 0)
	}
	return binary.BigEndian.AppendUint64(append(b, 1), math.Float64bits(s.score))
}

// sealStatement appends how a disposition begins; its class, word, author and
// provenance follow.
func sealStatement(b []byte, at int64) []byte { return binary.AppendVarint(append(b, 's'), at) }

// sealed returns the hash of what a batch said, and of its row, in hexadecimal.
func sealed(said hash.Hash, body string) string {
	said.Write(sealText(nil, body))
	return hex.EncodeToString(said.Sum(nil))
}
