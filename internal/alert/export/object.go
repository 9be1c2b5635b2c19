package export

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Object is a JSON object, or a row of a table by its columns. A value is a
// string, an Object, or a list of values; numbers, true and false are strings as
// they are spelled, and null is no value.
type Object map[string]any

// tree is a JSON value in the terms of Object.
type tree struct{ value any }

// UnmarshalJSONFrom reads a value of any kind.
func (t *tree) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	t.value, err = build(d)
	return err
}

func build(d *jsontext.Decoder) (any, error) {
	switch d.PeekKind() {
	case '{':
		return buildObject(d)
	case '[':
		return buildList(d)
	}
	token, err := d.ReadToken()
	if err != nil || token.Kind() == 'n' {
		return nil, err
	}
	return token.String(), nil
}

func buildObject(d *jsontext.Decoder) (any, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	o := Object{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		v, err := build(d)
		if err != nil {
			return nil, err
		}
		if v != nil {
			o[key] = v
		}
	}
	_, err := d.ReadToken()
	return o, err
}

func buildList(d *jsontext.Decoder) (any, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	list := []any{}
	for d.PeekKind() != ']' {
		v, err := build(d)
		if err != nil {
			return nil, err
		}
		if v != nil {
			list = append(list, v)
		}
	}
	_, err := d.ReadToken()
	return list, err
}

// each calls do for every value at a path: names joined by dots, where a name
// may itself hold dots. Lists on the way and at the end are gone through, unless a
// number says which entry is meant, counted from 0.
func (o Object) each(path string, do func(v any)) {
	if v, ok := o[path]; ok {
		spread(v, do)
	}
	for i := range len(path) {
		if path[i] != '.' {
			continue
		}
		descend(o[path[:i]], path[i+1:], do)
	}
}

// descend calls do for every value at a path within v.
func descend(v any, path string, do func(v any)) {
	switch v := v.(type) {
	case Object:
		v.each(path, do)
	case []any:
		first, rest, more := strings.Cut(path, ".")
		n, err := strconv.Atoi(first)
		switch {
		case err != nil:
			for _, e := range v {
				descend(e, path, do)
			}
		case n >= 0 && n < len(v) && more:
			descend(v[n], rest, do)
		case n >= 0 && n < len(v):
			spread(v[n], do)
		}
	}
}

func spread(v any, do func(v any)) {
	switch v := v.(type) {
	case nil:
	case []any:
		for _, e := range v {
			spread(e, do)
		}
	default:
		do(v)
	}
}

// Text returns the first text at the first of the paths that has one that is not
// blank, without the blanks around it.
func (o Object) Text(paths ...string) string {
	for _, p := range paths {
		found := ""
		if s, ok := o[p].(string); ok { // as most are, and it comes first
			found = strings.TrimSpace(s)
		}
		if found == "" {
			o.each(p, func(v any) {
				if s, ok := v.(string); ok && found == "" {
					found = strings.TrimSpace(s)
				}
			})
		}
		if found != "" {
			return found
		}
	}
	return ""
}

// Texts returns the texts at the paths in order, each once and none blank. A
// text of several lines, as a table writes a list, is one text for each.
func (o Object) Texts(paths ...string) []string {
	var all []string
	for _, p := range paths {
		o.each(p, func(v any) {
			if s, ok := v.(string); ok {
				all = append(all, s)
			}
		})
	}
	return EachText(all)
}

// Objects returns the objects at a path, in order.
func (o Object) Objects(path string) []Object {
	var out []Object
	o.each(path, func(v any) {
		if sub, ok := v.(Object); ok {
			out = append(out, sub)
		}
	})
	return out
}

// Bounds of what is kept of a record beside the alert's own fields.
const (
	maxField  = 1024 // bytes of a value
	maxFields = 200  // values
)

// Fields returns the record's values under their paths, lists joined by
// semicolons, without those at or below the paths that are left out. Long values
// are not kept, and the record notes so.
func (r *Record) Fields(without ...string) map[string]string { return r.fields(r.Object, without) }

// FieldsOf returns those of an object that is a part of the record.
func (r *Record) FieldsOf(o Object) map[string]string { return r.fields(o, nil) }

func (r *Record) fields(o Object, without []string) map[string]string {
	f := flattener{record: r, without: without, out: make(map[string]string, 2*len(o))}
	if !f.object("", o) {
		f.sorted = true
		clear(f.out)
		f.object("", o)
	}
	if len(f.out) == 0 {
		return nil
	}
	return f.out
}

// flattener finds the values of a record. Which are kept must not depend on the run: names
// are gone through in their order where that matters, which is where a bound is met, and
// where a name holds a dot, so that two ways may lead to one path.
type flattener struct {
	record  *Record
	without []string
	sorted  bool
	out     map[string]string
}

// object reads the values of an object. It returns false where its names must be gone through
// in their order, and were not.
func (f *flattener) object(prefix string, o Object) bool {
	if !f.sorted && !dotted(o) {
		for name, v := range o {
			if !f.member(prefix, name, v) {
				return false
			}
		}
		return true
	}
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !f.member(prefix, name, o[name]) {
			return false
		}
	}
	return true
}

func dotted(o Object) bool {
	for name := range o {
		if strings.IndexByte(name, '.') >= 0 {
			return true
		}
	}
	return false
}

func (f *flattener) member(prefix, name string, v any) bool {
	path := prefix + name
	return f.left(path) || f.value(path, v)
}

func (f *flattener) left(path string) bool {
	for _, w := range f.without {
		if len(path) >= len(w) && path[:len(w)] == w && (len(path) == len(w) || path[len(w)] == '.') {
			return true
		}
	}
	return false
}

func (f *flattener) value(path string, v any) bool {
	switch v := v.(type) {
	case Object:
		return f.object(path+".", v)
	case []any:
		for _, e := range v {
			if !f.value(path, e) {
				return false
			}
		}
	case string:
		return v == "" || f.text(path, v)
	}
	return true
}

func (f *flattener) text(path, v string) bool {
	before, ok := f.out[path]
	if ok {
		v = before + ";" + v
	}
	long, many := len(v) > maxField, !ok && len(f.out) == maxFields
	switch {
	case !long && !many:
		f.out[path] = v
	case !f.sorted:
		return false
	case long:
		f.record.Note("values longer than 1 KiB are not kept as fields of an alert, of lists what lies beyond it")
	default:
		f.record.Note("no more than %d values are kept as fields of an alert", maxFields)
	}
	return true
}

// Unfold replaces texts that hold a JSON object or list, as tables write them,
// by what they hold. A text that is no JSON stays as it is.
func (o Object) Unfold(names ...string) {
	for _, name := range names {
		s, _ := o[name].(string)
		if s = strings.TrimSpace(s); s == "" || s[0] != '{' && s[0] != '[' {
			continue
		}
		if v, err := parse([]byte(s)); err == nil {
			o[name] = v
		}
	}
}
