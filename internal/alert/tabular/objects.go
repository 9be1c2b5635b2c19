package tabular

import (
	"encoding/json"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
)

// Objects reads the alerts of a file of JSON or JSON Lines through a mapping whose
// columns are paths: names joined by dots, where a number picks the entry of a
// list. A path that leads to several values is the first of them; of techniques
// and fields, all. A path that no record has is a warning. An error ends the
// sequence: fault.Invalid when the file cannot be read on, or the reader's own.
func Objects(in Input, m *Mapping) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		o := &objects{fields: m.fields, words: m.words, found: map[string]bool{}, ids: ids{}, yield: yield}
		base := path.Base(strings.ReplaceAll(in.File, `\`, "/"))
		for i, key := range Keys() {
			s := m.sources[key]
			if s == nil {
				continue
			}
			v, _, err := s.fixed(m, base)
			if err != nil {
				yield(nil, err)
				return
			}
			o.cells[i] = cell{source: s, fixed: v, known: true}
		}
		o.clocks = in.clocks(&o.cells)
		o.check = alert.Checker{
			When: func(key, text string) (time.Time, bool) { return o.clocks.when(key, text) }, Help: help(m), Warn: in.Warn,
			Fail: func(field, value, reason string) { o.record.Fail(o.path(field), value, reason) },
		}
		read := export.Records
		if o.own = m.own; o.own {
			read = func(in export.Input, _ bool, use func(*export.Record) bool) error {
				return export.Listed(in, ownLists[:], use)
			}
		}
		if err := read(export.Input(in), false, o.read); err != nil {
			yield(nil, err)
			return
		}
		if !o.own {
			o.missing(in)
		}
	}
}

// ownLists are names under which a list of Candor's own alerts may stand, beside those
// that every product's may stand under.
var ownLists = [...]string{"alerts", "data", "items", "records", "events"}

// OwnLists returns the names under which a list of Candor's own alerts may stand.
func OwnLists() []string { return append([]string{"value", "results", "hits"}, ownLists[:]...) }

// ownFields returns what a record of Candor's says beside the keys: what is not known,
// and what it names as fields.
func ownFields(r *export.Record) map[string]string {
	fields := r.Fields(append(Keys(), "fields")...)
	for _, o := range r.Objects("fields") {
		for k, v := range r.FieldsOf(o) {
			if fields == nil {
				fields = map[string]string{}
			}
			fields[k] = v
		}
	}
	return fields
}

// mentions returns the entities of a record of Candor's, each a text or an object.
func mentions(r *export.Record) (list []alert.Mention) {
	items, listed := r.Object["entities"].([]any)
	if !listed {
		text, is := r.Object["entities"].(string)
		if !is && r.Object["entities"] != nil {
			r.Fail("entities", "", "not a list of entities")
		}
		return alert.ParseMentions(text)
	}
	for _, item := range items {
		m := alert.Mention{}
		switch v := item.(type) {
		case string:
			m = alert.ParseMention(v)
		case export.Object:
			m = alert.Mention{Type: v.Text("type"), Name: v.Text("name"), Primary: v.Text("primary") == "true"}
		}
		if m.Name == "" {
			r.Fail("entities", "", "an entry is neither a name nor an object with name")
		}
		list = append(list, m)
	}
	return list
}

// objects reads records through a mapping.
type objects struct {
	cells   [numKeys]cell // in the order of Keys
	fields  []string
	words   bool
	own     bool // Candor's own records
	check   alert.Checker
	clocks  clocks
	record  *export.Record
	found   map[string]bool // paths that a record had
	ids     ids
	yield   func(*alert.Alert, error) bool
	stopped bool
}

// read makes an alert of a record and reports whether to go on.
func (o *objects) read(r *export.Record) bool {
	o.record = r
	d := draft(o)
	d.Techniques = o.clocks.fired.Techniques(d.Techniques)
	if o.words {
		d.Word = o.raw(keyDisposition)
	}
	if !o.cells[keyID].known {
		d.ID = o.id(d.Site)
	}
	for _, f := range o.fields {
		if v := o.all(f); v != "" {
			if d.Fields == nil {
				d.Fields = map[string]string{}
			}
			d.Fields[f] = v
		}
	}
	if o.own {
		d.Fields, d.Mentions = ownFields(r), mentions(r)
	}
	if a := o.check.Alert(&d); !r.Bad() {
		o.stopped = !o.yield(a, nil)
	}
	return !o.stopped
}

// raw returns a key's value as the record has it.
func (o *objects) raw(key int) string {
	c := &o.cells[key]
	switch {
	case !c.known || c.column == "":
		return c.fixed
	case key == keyTechniques || key == keyEntities:
		return o.all(c.column)
	}
	v := o.record.Text(c.column)
	if v != "" {
		o.found[c.column] = true
	}
	return v
}

// all returns the values at a path, joined by semicolons.
func (o *objects) all(p string) string {
	values := o.record.Texts(p)
	if len(values) > 0 {
		o.found[p] = true
	}
	return strings.Join(values, ";")
}

// text returns a key's value, translated.
func (o *objects) text(key int) string {
	v := o.raw(key)
	if c := &o.cells[key]; c.known && c.column != "" {
		return c.translate(v)
	}
	return v
}

// cell returns where a key's value comes from.
func (o *objects) cell(key string) *cell { return &o.cells[slices.Index(Keys(), key)] }

// path names a key by its path, where it has one, for messages.
func (o *objects) path(key string) string {
	if c := o.cell(key); c.known && c.column != "" {
		return c.column
	}
	return key
}

// id derives an id from what the record says, as that of a row is.
func (o *objects) id(site string) string {
	said, _ := json.Marshal(o.record.Object) // texts, lists and maps of them cannot fail
	return o.ids.of(append(appendText(nil, site), said...))
}

// missing warns of the paths that no record has.
func (o *objects) missing(in Input) {
	if o.stopped {
		return
	}
	paths := slices.Clone(o.fields)
	for i := range o.cells {
		if c := &o.cells[i]; c.known && c.column != "" {
			paths = append(paths, c.column)
		}
	}
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		if !o.found[p] {
			in.Warn("no record has " + p + ", which the mapping names")
		}
	}
}
