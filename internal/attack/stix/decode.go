package stix

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/attack"
	"candor/internal/fault"
)

// Decoder decodes one object at a time. It shares the spelling of values that
// recur (ids, domains, platforms) between the objects that it decodes. The zero
// Decoder is ready; it is not safe for concurrent use.
type Decoder struct {
	json     jsontext.Decoder
	spelling map[string]string
	text     []byte // scratch for unquoted strings
	squeezed []byte // scratch for compacted objects
	keys     keys
	again    bool   // a key of the object last decoded is repeated
	stix     string // spec_version of the object last decoded
	err      error
	odd      []Oddity
	cur      *attack.Object
}

// Decode returns the meaning of raw, one JSON object that is valid (UTF-8), with its
// hash, and what was odd about it. Of members with equal keys the last counts. The
// snapshot holds raw itself. An object without id or type is an error.
func (d *Decoder) Decode(raw []byte) (*attack.Snapshot, []Oddity, error) {
	s := &attack.Snapshot{Raw: raw}
	if _, err := d.decode(s); err != nil {
		return nil, nil, err
	}
	odd := d.odd
	d.odd = nil
	return s, odd, nil
}

// Object returns the meaning of raw as Decode does, without the hash.
func (d *Decoder) Object(raw []byte) (*attack.Object, error) {
	o := &attack.Object{}
	err := d.object(raw, o)
	if d.again {
		*o = attack.Object{}
		err = d.object(Distinct(raw), o)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// decode fills s from s.Raw, leaves the oddities in d.odd and returns how deep
// the object nests.
func (d *Decoder) decode(s *attack.Snapshot) (depth int, err error) {
	var repeats bool
	d.squeezed, depth, repeats = compact(d.squeezed[:0], s.Raw, &d.keys)
	s.ObjectHash = sha256.Sum256(d.squeezed)
	if !repeats {
		return depth, d.object(s.Raw, &s.Object)
	}
	raw, repeated := distinct(s.Raw)
	if err := d.object(raw, &s.Object); err != nil {
		return depth, err
	}
	for _, r := range repeated {
		d.odd = append(d.odd, Oddity{StixID: s.Object.ID, ATTACKID: s.Object.ATTACKID, What: r.String()})
	}
	return depth, nil
}

// object fills o from raw.
func (d *Decoder) object(raw []byte, o *attack.Object) error {
	if d.spelling == nil {
		d.spelling = map[string]string{}
	}
	d.json.Reset(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d.cur, d.err, d.stix, d.odd, d.again = o, nil, "", d.odd[:0], false
	d.keys.reset()
	if d.json.PeekKind() != '{' {
		return fault.New(fault.Invalid, "this is not a JSON object")
	}
	d.members(objectField)
	if d.err != nil {
		return fmt.Errorf("decode object: %w", d.err)
	}
	return d.finish()
}

// finish derives what follows from other fields and checks the object.
func (d *Decoder) finish() error {
	o := d.cur
	if o.ID == "" || o.Type == "" {
		return fault.New(fault.Invalid, "an object has no id or no type (id %q, type %q)", o.ID, o.Type).
			Next("get the file again from its source; every STIX object has both")
	}
	o.ATTACKID = attack.IDOf(o.References)
	o.Kind = attack.KindOf(o.Type, o.Kind == attack.KindSubTechnique)
	if o.Kind != attack.KindRelationship {
		o.Relationship = nil
	} else if r := o.Relationship; r == nil || r.Type == "" || r.Source == "" || r.Target == "" {
		d.note("the relationship lacks its type, source or target")
	}
	if !strings.HasPrefix(o.ID, o.Type+"--") {
		d.note(fmt.Sprintf("the id does not begin with the type %q", o.Type))
	}
	for i := range d.odd {
		d.odd[i].StixID, d.odd[i].ATTACKID = o.ID, o.ATTACKID
	}
	return nil
}

func (d *Decoder) note(what string) { d.odd = append(d.odd, Oddity{What: what}) }

// members reads a JSON object and calls field with each key, whose value field
// must read. The key is valid during the call only.
func (d *Decoder) members(field func(d *Decoder, key []byte)) {
	d.token()
	d.keys.enter(1)
	for d.err == nil && d.json.PeekKind() == '"' {
		key := d.bytes("key")
		d.again = d.keys.again(key) || d.again
		field(d, key)
	}
	d.keys.leave()
	d.token()
}

// elements reads a JSON array whose elements are of a kind, with elem, and
// passes over elements of another kind.
func (d *Decoder) elements(key string, kind jsontext.Kind, elem func()) {
	if !d.is(key, '[') {
		return
	}
	d.token()
	for d.err == nil && d.json.PeekKind() != ']' {
		if d.json.PeekKind() <= 0 {
			_, d.err = d.json.ReadToken()
			return
		}
		if d.is(key, kind) {
			elem()
		}
	}
	d.token()
}

func (d *Decoder) token() {
	if d.err == nil {
		_, d.err = d.json.ReadToken()
	}
}

func (d *Decoder) skip() {
	if d.err == nil {
		d.err = d.json.SkipValue()
	}
}

// is reports whether the next value is of a kind. One that is not is skipped and
// noted.
func (d *Decoder) is(key string, kind jsontext.Kind) bool {
	if d.err != nil {
		return false
	}
	have := d.json.PeekKind()
	if have == kind || kind == 't' && have == 'f' {
		return true
	}
	d.note(fmt.Sprintf("%s is %s where %s belongs", key, kindName(have), kindName(kind)))
	d.skip()
	return false
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 't', 'f':
		return "true or false"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 'n':
		return "null"
	}
	return "something else"
}

// bytes reads a string and returns it unquoted, valid until the next read.
func (d *Decoder) bytes(key string) []byte {
	if !d.is(key, '"') {
		return nil
	}
	v, err := d.json.ReadValue()
	if err != nil {
		d.err = err
		return nil
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	d.text, d.err = jsontext.AppendUnquote(d.text[:0], v)
	return d.text
}

// prose reads a string that hardly recurs.
func (d *Decoder) prose(key string) string { return string(d.bytes(key)) }

// word reads a string that recurs in other objects and shares its spelling.
func (d *Decoder) word(key string) string { return d.shared(d.bytes(key)) }

func (d *Decoder) shared(b []byte) string {
	if s, ok := d.spelling[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(d.spelling) < maxSpelling {
		d.spelling[s] = s
	}
	return s
}

// maxSpelling bounds the memory of a Decoder that reads a hostile file.
const maxSpelling = 1 << 16

func (d *Decoder) flag(key string) bool {
	if !d.is(key, 't') {
		return false
	}
	t, err := d.json.ReadToken()
	if err != nil {
		d.err = err
		return false
	}
	return t.Bool()
}

// words reads an array of strings and appends them to have.
func (d *Decoder) words(have []string, key string) []string {
	d.elements(key, '"', func() { have = append(have, d.word(key)) })
	return have
}
