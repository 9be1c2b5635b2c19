package export

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Object is a JSON object, or a row of a table by its columns: its members, in the order in
// which they are written and none of them twice. What is null is no member.
type Object []Member

// Member is a name of an object with its value.
type Member struct {
	Name  string
	Value Value
}

// Value is a text, an object or a list of values. Numbers, true and false are texts as they
// are spelled.
type Value struct {
	text string
	in   *inside // nil for a text
}

// inside is what is in a value that holds others.
type inside struct {
	object Object
	list   []Value
	listed bool
}

// TextValue returns a text as a value.
func TextValue(text string) Value { return Value{text: text} }

// ObjectValue returns an object as a value.
func ObjectValue(o Object) Value { return Value{in: &inside{object: o}} }

// ListValue returns a list as a value.
func ListValue(list []Value) Value { return Value{in: &inside{list: list, listed: true}} }

// Text returns the text that a value is, and whether it is one.
func (v Value) Text() (string, bool) { return v.text, v.in == nil }

// Object returns the object that a value is, and whether it is one.
func (v Value) Object() (Object, bool) {
	if v.in == nil || v.in.listed {
		return nil, false
	}
	return v.in.object, true
}

// List returns the list that a value is, and whether it is one.
func (v Value) List() ([]Value, bool) {
	if v.in == nil || !v.in.listed {
		return nil, false
	}
	return v.in.list, true
}

// Plain returns a value in the terms of package encoding/json.
func (v Value) Plain() any {
	switch {
	case v.in == nil:
		return v.text
	case !v.in.listed:
		return v.in.object.Plain()
	}
	list := make([]any, len(v.in.list))
	for i, e := range v.in.list {
		list[i] = e.Plain()
	}
	return list
}

// Plain returns an object in the terms of package encoding/json.
func (o Object) Plain() map[string]any {
	out := make(map[string]any, len(o))
	for _, m := range o {
		out[m.Name] = m.Value.Plain()
	}
	return out
}

// index returns where a name is; -1 where it is not.
func (o Object) index(name string) int {
	for i := range o {
		if o[i].Name == name {
			return i
		}
	}
	return -1
}

// Get returns the value under a name, and whether there is one.
func (o Object) Get(name string) (Value, bool) {
	if i := o.index(name); i >= 0 {
		return o[i].Value, true
	}
	return Value{}, false
}

// Set sets the value under a name.
func (o *Object) Set(name string, v Value) {
	if i := o.index(name); i >= 0 {
		(*o)[i].Value = v
		return
	}
	*o = append(*o, Member{name, v})
}

// Merge sets what another object has.
func (o *Object) Merge(other Object) {
	at := make(map[string]int, len(*o))
	for i := range *o {
		at[(*o)[i].Name] = i
	}
	for _, m := range other {
		if i, had := at[m.Name]; had {
			(*o)[i].Value = m.Value
			continue
		}
		*o = append(*o, m)
	}
}

// Delete takes a name out.
func (o *Object) Delete(name string) {
	*o = slices.DeleteFunc(*o, func(m Member) bool { return m.Name == name })
}

// Columns are the names of the columns of a table.
type Columns struct {
	names []string
	twice bool // one of them is there twice
}

// NewColumns returns the columns of a table.
func NewColumns(names []string) Columns {
	return Columns{names, len(slices.Compact(slices.Sorted(slices.Values(names)))) < len(names)}
}

// Len returns how many columns there are.
func (c Columns) Len() int { return len(c.names) }

// Row returns the row of some cells, without those that are empty or in a column without a
// name. Of two cells of one name the last counts.
func (c Columns) Row(cells []string) Object {
	return c.row(func(i int) (Value, bool) {
		if i >= len(cells) || c.names[i] == "" {
			return Value{}, false
		}
		return TextValue(cells[i]), cells[i] != ""
	})
}

// row returns the row of the values that columns have, of which value says whether there is
// one.
func (c Columns) row(value func(column int) (Value, bool)) Object {
	o := make(Object, 0, len(c.names))
	var at map[string]int
	if c.twice {
		at = make(map[string]int, len(c.names))
	}
	for i, name := range c.names {
		v, ok := value(i)
		if !ok {
			continue
		}
		if c.twice {
			if n, had := at[name]; had {
				o[n].Value = v
				continue
			}
			at[name] = len(o)
		}
		o = append(o, Member{name, v})
	}
	return o
}

// Sorted returns the members by their names.
func (o Object) Sorted() []Member {
	return slices.SortedFunc(slices.Values(o), func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
}

// Renamed returns the object under other names. Of those that become one name, the last in
// the order of the names counts.
func (o Object) Renamed(name func(string) string) Object {
	out, at := make(Object, 0, len(o)), make(map[string]int, len(o))
	for _, m := range o.Sorted() {
		m.Name = name(m.Name)
		if i, twice := at[m.Name]; twice {
			out[i] = m
			continue
		}
		at[m.Name] = len(out)
		out = append(out, m)
	}
	return out
}

// Prune takes out the texts for which drop returns true, in the objects within this one and
// in lists, too.
func (o *Object) Prune(drop func(text string) bool) {
	is := func(v Value) bool { return v.in == nil && drop(v.text) }
	*o = slices.DeleteFunc(*o, func(m Member) bool { return is(m.Value) })
	for _, m := range *o {
		switch in := m.Value.in; {
		case in == nil:
		case !in.listed:
			in.object.Prune(drop)
		default:
			in.list = slices.DeleteFunc(in.list, is)
			for _, e := range in.list {
				if e.in != nil && !e.in.listed {
					e.in.object.Prune(drop)
				}
			}
		}
	}
}

// seen tells names of one object that are there twice. Most have few names, which it
// compares with each other where their marks are the same.
type seen struct {
	marks uint64
	names map[string]bool
}

// fewNames is how many names of an object are compared with each other at most.
const fewNames = 64

// twice reports whether a name is among those before it, which it was asked about in their
// order.
func (s *seen) twice(before []Member, name string) bool {
	if len(before) >= fewNames {
		if s.names == nil {
			s.names = make(map[string]bool, 2*len(before))
			for i := range before {
				s.names[before[i].Name] = true
			}
		}
		had := s.names[name]
		s.names[name] = true
		return had
	}
	mark := uint(len(name))
	if len(name) > 0 {
		mark += uint(name[len(name)-1])*7 + uint(name[len(name)/2])*13
	}
	bit := uint64(1) << (mark & 63)
	if s.marks&bit == 0 {
		s.marks |= bit
		return false
	}
	return Object(before).index(name) >= 0
}

// tree is a JSON value in the terms of Object.
type tree struct {
	value Value
	some  bool // it is not null
}

// UnmarshalJSONFrom reads a value of any kind.
func (t *tree) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	t.value, t.some, err = build(d)
	return err
}

func build(d *jsontext.Decoder) (v Value, some bool, err error) {
	switch d.PeekKind() {
	case '{':
		return buildObject(d)
	case '[':
		return buildList(d)
	}
	token, err := d.ReadToken()
	if err != nil || token.Kind() == 'n' {
		return v, false, err
	}
	return TextValue(token.String()), true, nil
}

func buildObject(d *jsontext.Decoder) (v Value, some bool, err error) {
	if _, err := d.ReadToken(); err != nil {
		return v, false, err
	}
	o := Object{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return v, false, err
		}
		m := Member{Name: name.String()}
		if m.Value, some, err = build(d); err != nil {
			return v, false, err
		}
		if some {
			o = append(o, m)
		}
	}
	_, err = d.ReadToken()
	return ObjectValue(o), true, err
}

func buildList(d *jsontext.Decoder) (v Value, some bool, err error) {
	if _, err := d.ReadToken(); err != nil {
		return v, false, err
	}
	list := []Value{}
	for d.PeekKind() != ']' {
		e, some, err := build(d)
		if err != nil {
			return v, false, err
		}
		if some {
			list = append(list, e)
		}
	}
	_, err = d.ReadToken()
	return ListValue(list), true, err
}

// each calls do for every value at a path: names joined by dots, where a name
// may itself hold dots, the whole path first and then the shorter name before the longer.
// Lists on the way and at the end are gone through, unless a number says which entry is
// meant, counted from 0.
func (o Object) each(path string, do func(v Value)) {
	switch i, several := o.way(path); {
	case several:
		o.ways(path, do)
	case i >= 0:
		o[i].follow(path, do)
	}
}

// way returns the first member that a path leads through, or -1, and whether there are
// several.
func (o Object) way(path string) (first int, several bool) {
	first = -1
	for i := range o {
		if name := o[i].Name; len(name) > len(path) || len(name) < len(path) && path[len(name)] != '.' || path[:len(name)] != name {
			continue
		}
		if first >= 0 {
			return first, true
		}
		first = i
	}
	return first, false
}

// follow calls do for every value at a path that leads through the member.
func (m *Member) follow(path string, do func(v Value)) {
	if len(m.Name) == len(path) {
		m.Value.spread(do)
		return
	}
	m.Value.descend(path[len(m.Name)+1:], do)
}

// ways calls do for every value at a path that leads through several members.
func (o Object) ways(path string, do func(v Value)) {
	if i := o.index(path); i >= 0 {
		o[i].follow(path, do)
	}
	for at := range len(path) {
		if path[at] != '.' {
			continue
		}
		if i := o.index(path[:at]); i >= 0 {
			o[i].follow(path, do)
		}
	}
}

// descend calls do for every value at a path within v.
func (v Value) descend(path string, do func(v Value)) {
	switch {
	case v.in == nil:
		return
	case !v.in.listed:
		v.in.object.each(path, do)
		return
	}
	list := v.in.list
	first, rest, more := strings.Cut(path, ".")
	n, err := 0, error(nil)
	if first == "" || first[0] > '9' { // as most are no number
		err = strconv.ErrSyntax
	} else {
		n, err = strconv.Atoi(first)
	}
	switch {
	case err != nil:
		for _, e := range list {
			e.descend(path, do)
		}
	case n >= 0 && n < len(list) && more:
		list[n].descend(rest, do)
	case n >= 0 && n < len(list):
		list[n].spread(do)
	}
}

func (v Value) spread(do func(v Value)) {
	if v.in == nil || !v.in.listed {
		do(v)
		return
	}
	for _, e := range v.in.list {
		e.spread(do)
	}
}

// Text returns the first text at the first of the paths that has one that is not
// blank, without the blanks around it.
func (o Object) Text(paths ...string) string {
	for _, p := range paths {
		i, several := o.way(p)
		if i < 0 {
			continue
		}
		if found := o.first(i, several, p); found != "" {
			return found
		}
	}
	return ""
}

// first returns the first text at a path that leads through member i, or through several.
func (o Object) first(i int, several bool, path string) (found string) {
	if m := &o[i]; !several && len(m.Name) == len(path) && m.Value.in == nil { // as most are
		return strings.TrimSpace(m.Value.text)
	}
	o.each(path, func(v Value) {
		if v.in == nil && found == "" {
			found = strings.TrimSpace(v.text)
		}
	})
	return found
}

// Texts returns the texts at the paths in order, each once and none blank. A
// text of several lines, as a table writes a list, is one text for each.
func (o Object) Texts(paths ...string) []string {
	var all []string
	for _, p := range paths {
		i, several := o.way(p)
		if i < 0 {
			continue
		}
		if m := &o[i]; !several && len(m.Name) == len(p) && m.Value.in == nil {
			all = append(all, m.Value.text)
			continue
		}
		o.each(p, func(v Value) {
			if v.in == nil {
				all = append(all, v.text)
			}
		})
	}
	return EachText(all)
}

// Objects returns the objects at a path, in order.
func (o Object) Objects(path string) []Object {
	var out []Object
	o.each(path, func(v Value) {
		if v.in != nil {
			out = append(out, v.in.object)
		}
	})
	return out
}

// Unfold replaces texts that hold a JSON object or list, as tables write them,
// by what they hold. A text that is no JSON stays as it is.
func (r *Record) Unfold(names ...string) { r.UnfoldIn(r.Object, names...) }

// UnfoldIn does so in an object that is a part of the record.
func (r *Record) UnfoldIn(o Object, names ...string) {
	q := r.quick
	if q == nil {
		q = new(quickReader)
	}
	for _, name := range names {
		i := o.index(name)
		if i < 0 || o[i].Value.in != nil {
			continue
		}
		s := strings.TrimSpace(o[i].Value.text)
		if s == "" || s[0] != '{' && s[0] != '[' {
			continue
		}
		v, _, ok := q.read(s)
		if !ok {
			var err error
			if v, _, err = careful([]byte(s)); err != nil {
				continue
			}
		}
		o[i].Value = v
	}
}
