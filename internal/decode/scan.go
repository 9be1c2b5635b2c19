package decode

import (
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Scan reads the plain parts of JSON (RFC 8259) in a text, for those who read much of it
// that is as programs write it. Each method reports whether the text is what it reads; of
// what is not, and of what few write, the text as a whole is to be left to a reader that
// says what is wrong. Values are parts of Text, or what an escape in it says.
type Scan struct {
	Text string
	At   int // of the next byte
}

// Space passes over white space.
func (s *Scan) Space() {
	for s.At < len(s.Text) {
		switch s.Text[s.At] {
		case ' ', '\t', '\r', '\n':
			s.At++
		default:
			return
		}
	}
}

// Next passes over white space and the byte c.
func (s *Scan) Next(c byte) bool {
	s.Space()
	if s.At < len(s.Text) && s.Text[s.At] == c {
		s.At++
		return true
	}
	return false
}

// Quoted reads a string, which begins at the next byte.
func (s *Scan) Quoted() (string, bool) {
	start := s.At + 1
	end, plain := s.plain(start), true
	for i := end; i < len(s.Text); i++ {
		switch c := s.Text[i]; {
		case c == '"':
			s.At = i + 1
			text := s.Text[start:i]
			if plain && (i == end || utf8.ValidString(text)) {
				return text, true
			}
			out, err := jsontext.AppendUnquote(nil, s.Text[start-1:i+1])
			return string(out), err == nil
		case c < ' ':
			return "", false
		case c == '\\':
			plain = false
			i++
		}
	}
	return "", false
}

// Plain reports whether a text is ASCII that stands for itself in a string of JSON.
func Plain(text string) bool { return (&Scan{Text: text}).plain(0) == len(text) }

// plain returns where the first byte is from a place on that ends a string, or is not
// ASCII that stands for itself in one. It looks at eight bytes at a time: a byte of zero in
// what they are apart from a mark has its lowest bit borrowed from.
func (s *Scan) plain(at int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	zero := func(v uint64) uint64 { return (v - ones) &^ v & tops }
	for ; at+8 <= len(s.Text); at += 8 {
		w := s.Text[at : at+8]
		v := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 | uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		found := zero(v^(ones*'"')) | zero(v^(ones*'\\')) | (v-ones*' ')&^v&tops | v&tops
		if found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(s.Text) {
		if c := s.Text[at]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
		at++
	}
	return at
}

// Word passes over a literal: true, false or null.
func (s *Scan) Word(w string) bool {
	if !strings.HasPrefix(s.Text[s.At:], w) {
		return false
	}
	s.At += len(w)
	return true
}

// Number reads a number without an exponent, which few have, as it is spelled. A byte must
// be left.
func (s *Scan) Number() (string, bool) {
	start := s.At
	if s.Text[s.At] == '-' {
		s.At++
	}
	whole := s.digits()
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' {
		return "", false
	}
	if s.At < len(s.Text) && s.Text[s.At] == '.' {
		s.At++
		if len(s.digits()) == 0 {
			return "", false
		}
	}
	if s.At < len(s.Text) && (s.Text[s.At] == 'e' || s.Text[s.At] == 'E') {
		return "", false
	}
	return s.Text[start:s.At], true
}

func (s *Scan) digits() string {
	start := s.At
	for s.At < len(s.Text) && s.Text[s.At] >= '0' && s.Text[s.At] <= '9' {
		s.At++
	}
	return s.Text[start:s.At]
}
