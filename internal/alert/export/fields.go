package export

import (
	"slices"
	"strings"
)

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
	if r.plans != nil {
		if out, ok := r.plans.of(without).fields(o); ok {
			return out
		}
	}
	f := flattener{record: r, without: without, out: make(map[string]string, 2*len(o))}
	f.object("", o)
	if len(f.out) == 0 {
		return nil
	}
	return f.out
}

// left reports whether a path is left out.
func left(without []string, path string) bool {
	for _, w := range without {
		if len(path) >= len(w) && path[:len(w)] == w && (len(path) == len(w) || path[len(w)] == '.') {
			return true
		}
	}
	return false
}

// flattener finds the values of any record. Names are gone through in their order, because
// that decides which are kept where a bound is met, and in which order where two ways lead to
// one path, since names may hold dots.
type flattener struct {
	record  *Record
	without []string
	out     map[string]string
}

func (f *flattener) object(prefix string, o Object) {
	for _, m := range o.Sorted() {
		if path := prefix + m.Name; !left(f.without, path) {
			f.value(path, m.Value)
		}
	}
}

func (f *flattener) value(path string, v Value) {
	switch {
	case v.in == nil:
		if v.text != "" {
			f.text(path, v.text)
		}
	case v.in.listed:
		for _, e := range v.in.list {
			f.value(path, e)
		}
	default:
		f.object(path+".", v.in.object)
	}
}

func (f *flattener) text(path, v string) {
	before, ok := f.out[path]
	if ok {
		v = before + ";" + v
	}
	switch {
	case len(v) > maxField:
		f.record.Note("values longer than 1 KiB are not kept as fields of an alert, of lists what lies beyond it")
	case !ok && len(f.out) == maxFields:
		f.record.Note("no more than %d values are kept as fields of an alert", maxFields)
	default:
		f.out[path] = v
	}
}

// plans has, for each list of paths that are left out, what is known of where the values of
// a file's records are.
type plans struct{ all []*plan }

// maxPlans bounds them: a decoder leaves out the same of every record, or of a few kinds.
const maxPlans = 8

func (p *plans) of(without []string) *plan {
	for _, known := range p.all {
		if slices.Equal(known.without, without) {
			return known
		}
	}
	made := &plan{without: slices.Clone(without), paths: map[string]*place{}}
	if len(p.all) < maxPlans {
		p.all = append(p.all, made)
	}
	return made
}

// plan finds the values of records that are alike: it remembers the paths of those before.
// What it cannot answer, a flattener does, which is where a bound is met, where two ways lead
// to one path, and where names are too many to be remembered.
type plan struct {
	without []string
	root    place
	paths   map[string]*place // by their paths, the first of several
	record  int               // that is read, counted from 1
	found   []found           // values of it
}

// found is a value with its place.
type found struct {
	*place
	text string
}

// Bounds of what a plan remembers, in places, and in those of one object.
const (
	maxPlaces = 4096
	maxBelow  = 256
)

// place is where values are: a name within another place.
type place struct {
	name, path string
	left       bool // out
	shared     bool // another place has the same path
	below      []*place
	next       int // where below the name is looked for first
	record     int // in which a value was found last
	at         int // which of the values it was
}

// fields returns the values of an object, and whether the plan knows them.
func (p *plan) fields(o Object) (map[string]string, bool) {
	p.record++
	p.found = p.found[:0]
	if !p.object(&p.root, o) {
		return nil, false
	}
	if len(p.found) == 0 {
		return nil, true
	}
	out := make(map[string]string, len(p.found))
	for _, f := range p.found {
		out[f.path] = f.text
	}
	return out, true
}

// object finds the values of an object at a place.
func (p *plan) object(at *place, o Object) bool {
	for i := range o {
		below := p.at(at, o[i].Name)
		if below == nil || !below.left && !p.value(below, o[i].Value) {
			return false
		}
	}
	return true
}

// at returns the place of a name below another; nil where it cannot be remembered.
func (p *plan) at(above *place, name string) *place {
	for i := range above.below {
		n := above.next + i
		if n >= len(above.below) {
			n -= len(above.below)
		}
		if b := above.below[n]; b.name == name {
			above.next = n + 1
			return b
		}
	}
	if len(above.below) == maxBelow || len(p.paths) == maxPlaces {
		return nil
	}
	b := &place{name: strings.Clone(name)}
	if b.path = b.name; above != &p.root {
		b.path = above.path + "." + name
	}
	b.left = left(p.without, b.path)
	if other := p.paths[b.path]; other != nil {
		other.shared, b.shared = true, true
	} else {
		p.paths[b.path] = b
	}
	above.below, above.next = append(above.below, b), len(above.below)+1
	return b
}

func (p *plan) value(at *place, v Value) bool {
	switch {
	case v.in == nil:
		return v.text == "" || p.text(at, v.text)
	case !v.in.listed:
		return p.object(at, v.in.object)
	}
	for _, e := range v.in.list {
		if !p.value(at, e) {
			return false
		}
	}
	return true
}

func (p *plan) text(at *place, v string) bool {
	if at.record == p.record {
		f := &p.found[at.at]
		f.text += ";" + v
		return len(f.text) <= maxField
	}
	if at.shared || len(v) > maxField || len(p.found) == maxFields {
		return false
	}
	at.record, at.at = p.record, len(p.found)
	p.found = append(p.found, found{at, v})
	return true
}
