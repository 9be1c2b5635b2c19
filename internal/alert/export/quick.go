package export

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// quick reads a JSON value into the terms of Object, as build does, of text that is as
// products write it. It returns false for all else, text that is wrong in any way among
// it, which is then left to the reader that says what is wrong. Most of the time of
// reading an export goes into this.
func quick(text string) (value any, ok bool) {
	q := quickReader{text: text}
	if value, ok = q.value(maxQuick); !ok {
		return nil, false
	}
	q.space()
	return value, q.at == len(q.text)
}

// maxQuick is how deep values may lie within each other.
const maxQuick = 64

type quickReader struct {
	text string
	at   int
}

func (q *quickReader) space() {
	for q.at < len(q.text) {
		switch q.text[q.at] {
		case ' ', '\t', '\r', '\n':
			q.at++
		default:
			return
		}
	}
}

// next passes over white space and the byte c, if it is there.
func (q *quickReader) next(c byte) bool {
	q.space()
	if q.at < len(q.text) && q.text[q.at] == c {
		q.at++
		return true
	}
	return false
}

// value reads a value; null is none.
func (q *quickReader) value(depth int) (any, bool) {
	q.space()
	if q.at == len(q.text) || depth == 0 {
		return nil, false
	}
	switch c := q.text[q.at]; c {
	case '"':
		return q.quoted()
	case '{':
		return q.object(depth)
	case '[':
		return q.list(depth)
	case 't':
		return q.word("true")
	case 'f':
		return q.word("false")
	case 'n':
		_, ok := q.word("null")
		return nil, ok
	}
	return q.number()
}

// word reads a literal.
func (q *quickReader) word(w string) (any, bool) {
	if !strings.HasPrefix(q.text[q.at:], w) {
		return nil, false
	}
	q.at += len(w)
	return w, true
}

// number reads a number without an exponent, as it is spelled.
func (q *quickReader) number() (any, bool) {
	start := q.at
	if q.text[q.at] == '-' {
		q.at++
	}
	whole := q.digits()
	if whole == 0 || whole > 1 && q.text[q.at-whole] == '0' {
		return nil, false
	}
	if q.at < len(q.text) && q.text[q.at] == '.' {
		q.at++
		if q.digits() == 0 {
			return nil, false
		}
	}
	if q.at < len(q.text) && (q.text[q.at] == 'e' || q.text[q.at] == 'E') {
		return nil, false
	}
	return q.text[start:q.at], true
}

func (q *quickReader) digits() int {
	start := q.at
	for q.at < len(q.text) && q.text[q.at] >= '0' && q.text[q.at] <= '9' {
		q.at++
	}
	return q.at - start
}

// quoted reads a string.
func (q *quickReader) quoted() (string, bool) {
	start, plain := q.at+1, true
	for i := start; i < len(q.text); i++ {
		switch c := q.text[i]; {
		case c == '"':
			q.at = i + 1
			if plain {
				return q.text[start:i], true
			}
			text, err := jsontext.AppendUnquote(nil, q.text[start-1:i+1])
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

// object reads an object. A name that is there twice is a fault, which others tell.
func (q *quickReader) object(depth int) (any, bool) {
	q.at++
	o := Object{}
	if q.next('}') {
		return o, true
	}
	var null []string // names without a value
	for {
		q.space()
		if q.at == len(q.text) || q.text[q.at] != '"' {
			return nil, false
		}
		name, ok := q.quoted()
		if !ok || !q.next(':') {
			return nil, false
		}
		v, ok := q.value(depth - 1)
		if !ok {
			return nil, false
		}
		if v == nil {
			null = append(null, name)
		} else if _, twice := o[name]; twice {
			return nil, false
		} else {
			o[name] = v
		}
		if q.next('}') {
			return o, once(o, null)
		}
		if !q.next(',') {
			return nil, false
		}
	}
}

// once reports whether no name is there twice, one without a value among them.
func once(o Object, null []string) bool {
	for i, n := range null {
		if _, twice := o[n]; twice {
			return false
		}
		for _, before := range null[:i] {
			if before == n {
				return false
			}
		}
	}
	return true
}

// list reads a list, without the entries that are null.
func (q *quickReader) list(depth int) (any, bool) {
	q.at++
	all := []any{}
	if q.next(']') {
		return all, true
	}
	for {
		v, ok := q.value(depth - 1)
		if !ok {
			return nil, false
		}
		if v != nil {
			all = append(all, v)
		}
		if q.next(']') {
			return all, true
		}
		if !q.next(',') {
			return nil, false
		}
	}
}
