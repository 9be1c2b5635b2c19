package export

import "candor/internal/decode"

// quick reads a JSON value into the terms of Object, as build does, of text that is as
// products write it. It returns false for all else, text that is wrong in any way among
// it, which is then left to the reader that says what is wrong. Most of the time of
// reading an export goes into this.
func quick(text string) (value any, ok bool) {
	q := quickReader{decode.Scan{Text: text}}
	if value, ok = q.value(maxQuick); !ok {
		return nil, false
	}
	q.Space()
	return value, q.At == len(q.Text)
}

// maxQuick is how deep values may lie within each other.
const maxQuick = 64

type quickReader struct{ decode.Scan }

// value reads a value; null is none.
func (q *quickReader) value(depth int) (any, bool) {
	q.Space()
	if q.At == len(q.Text) || depth == 0 {
		return nil, false
	}
	switch c := q.Text[q.At]; c {
	case '"':
		return q.Quoted()
	case '{':
		return q.object(depth)
	case '[':
		return q.list(depth)
	case 't':
		return "true", q.Word("true")
	case 'f':
		return "false", q.Word("false")
	case 'n':
		return nil, q.Word("null")
	}
	return q.Number()
}

// object reads an object. A name that is there twice is a fault, which others tell.
func (q *quickReader) object(depth int) (any, bool) {
	q.At++
	o := Object{}
	if q.Next('}') {
		return o, true
	}
	var null []string // names without a value
	for {
		q.Space()
		if q.At == len(q.Text) || q.Text[q.At] != '"' {
			return nil, false
		}
		name, ok := q.Quoted()
		if !ok || !q.Next(':') {
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
		if q.Next('}') {
			return o, once(o, null)
		}
		if !q.Next(',') {
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
	q.At++
	all := []any{}
	if q.Next(']') {
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
		if q.Next(']') {
			return all, true
		}
		if !q.Next(',') {
			return nil, false
		}
	}
}
