package decode

import (
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
	start, plain := s.At+1, true
	for i := start; i < len(s.Text); i++ {
		switch c := s.Text[i]; {
		case c == '"':
			s.At = i + 1
			if plain {
				return s.Text[start:i], true
			}
			text, err := jsontext.AppendUnquote(nil, s.Text[start-1:i+1])
			return string(text), err == nil
		case c < ' ':
			return "", false
		case c == '\\':
			plain = false
			i++
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return "", false
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
