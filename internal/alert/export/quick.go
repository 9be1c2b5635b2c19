package export

import "candor/internal/decode"

// quick reads a JSON value into the terms of Object, as build does, of text that is as
// products write it. It returns false for all else, text that is wrong in any way among
// it, which is then left to the reader that says what is wrong. Most of the time of
// reading an export goes into this.
func quick(text string) (v Value, some, ok bool) { return new(quickReader).read(text) }

// maxQuick is how deep values may lie within each other.
const maxQuick = 64

// quickReader reads values, one after the other. What it reads may lie in room that it uses
// again once it is told to.
type quickReader struct {
	decode.Scan
	// members and list are those of the objects and lists that are being read, one within
	// the other.
	members []Member
	list    []Value
	null    inside // of the values of members that are null
	room    room
}

// read reads a text that is one value.
func (q *quickReader) read(text string) (v Value, some, ok bool) {
	q.Scan, q.members, q.list = decode.Scan{Text: text}, q.members[:0], q.list[:0]
	if v, some, ok = q.value(maxQuick); !ok {
		return Value{}, false, false
	}
	q.Space()
	return v, some, q.At == len(q.Text)
}

// value reads a value; null is none.
func (q *quickReader) value(depth int) (v Value, some, ok bool) {
	q.Space()
	if q.At == len(q.Text) || depth == 0 {
		return v, false, false
	}
	switch q.Text[q.At] {
	case '{':
		v, ok = q.object(depth)
		return v, true, ok
	case '[':
		v, ok = q.values(depth)
		return v, true, ok
	}
	text, null, ok := q.plain()
	return Value{text: text}, !null, ok
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

// each reads an object; member reads what follows a name.
func (q *quickReader) each(member func(name string) bool) bool {
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
func (q *quickReader) object(depth int) (Value, bool) {
	start, null := len(q.members), 0
	var before seen
	ok := q.each(func(name string) bool {
		if before.twice(q.members[start:], name) {
			return false
		}
		v, some, ok := q.value(depth - 1)
		if !some {
			v.in = &q.null
			null++
		}
		q.members = append(q.members, Member{name, v})
		return ok
	})
	all := q.members[start:]
	q.members = q.members[:start]
	if !ok {
		return Value{}, false
	}
	o := q.room.object(len(all) - null)
	for i := range all {
		if all[i].Value.in != &q.null {
			o = append(o, all[i])
		}
	}
	return Value{in: q.room.inside(inside{object: o})}, true
}

// values reads a list, without the entries that are null.
func (q *quickReader) values(depth int) (Value, bool) {
	q.At++
	start := len(q.list)
	if !q.Next(']') {
		for {
			v, some, ok := q.value(depth - 1)
			if !ok {
				return Value{}, false
			}
			if some {
				q.list = append(q.list, v)
			}
			if q.Next(']') {
				break
			}
			if !q.Next(',') {
				return Value{}, false
			}
		}
	}
	all := q.room.list(q.list[start:])
	q.list = q.list[:start]
	return Value{in: q.room.inside(inside{list: all, listed: true})}, true
}
