package export

import "candor/internal/decode"

// quick reads a JSON value into the terms of Object, as build does, of text that is as
// products write it. It returns false for all else, text that is wrong in any way among
// it, which is then left to the reader that says what is wrong. Most of the time of
// reading an export goes into this.
func quick(text string) (value any, ok bool) {
	q := quickReader{Scan: decode.Scan{Text: text}}
	if value, ok = q.value(maxQuick); !ok {
		return nil, false
	}
	q.Space()
	return value, q.At == len(q.Text)
}

// maxQuick is how deep values may lie within each other.
const maxQuick = 64

type quickReader struct {
	decode.Scan
	room []member // of the objects that are being read, one within the other
}

// member is a name of an object with its value, which is nil for null.
type member struct {
	name  string
	value any
}

// value reads a value; null is none.
func (q *quickReader) value(depth int) (any, bool) {
	q.Space()
	if q.At == len(q.Text) || depth == 0 {
		return nil, false
	}
	switch q.Text[q.At] {
	case '{':
		return q.object(depth)
	case '[':
		return q.list(depth)
	}
	text, null, ok := q.plain()
	if !ok || null {
		return nil, ok
	}
	return text, true
}

// plain reads a value that holds no other, of which a byte is there.
func (q *quickReader) plain() (text string, null, ok bool) {
	switch q.Text[q.At] {
	case '"':
		text, ok = q.Quoted()
		return text, false, ok
	case 't':
		return "true", false, q.Word("true")
	case 'f':
		return "false", false, q.Word("false")
	case 'n':
		return "", true, q.Word("null")
	}
	text, ok = q.Number()
	return text, false, ok
}

// members reads an object; member reads what follows a name.
func (q *quickReader) members(member func(name string) bool) bool {
	q.At++
	if q.Next('}') {
		return true
	}
	for {
		q.Space()
		if q.At == len(q.Text) || q.Text[q.At] != '"' {
			return false
		}
		name, ok := q.Quoted()
		if !ok || !q.Next(':') || !member(name) {
			return false
		}
		if q.Next('}') {
			return true
		}
		if !q.Next(',') {
			return false
		}
	}
}

// object reads an object, which is made once it is known how large it is. A name that is
// there twice is a fault, which others tell.
func (q *quickReader) object(depth int) (any, bool) {
	start := len(q.room)
	ok := q.members(func(name string) bool {
		v, ok := q.value(depth - 1)
		q.room = append(q.room, member{name, v})
		return ok
	})
	all := q.room[start:]
	q.room = q.room[:start]
	if !ok {
		return nil, false
	}
	o, null := make(Object, len(all)), 0
	for _, m := range all {
		if o[m.name] = m.value; m.value == nil {
			null++
		}
	}
	if len(o) != len(all) {
		return nil, false
	}
	for i := 0; null > 0; i++ {
		if all[i].value == nil {
			delete(o, all[i].name)
			null--
		}
	}
	return o, true
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
