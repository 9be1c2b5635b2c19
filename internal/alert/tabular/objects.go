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
//
// The file is read on all processors, as export.Alerts reads one, but by one where ids are
// made of what earlier records say, too.
func Objects(in Input, m *Mapping) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		cells, err := m.cells(path.Base(strings.ReplaceAll(in.File, `\`, "/")))
		if err != nil {
			yield(nil, err)
			return
		}
		found, stopped := map[string]bool{}, false
		hand := export.Handing(yield)
		shape := export.Shape{Alone: !cells[keyID].known}
		if m.own {
			shape.Lists = ownLists[:]
		} else if !shape.Alone {
			shape.Paths = export.NewPaths(paths(&cells, m.fields)...)
		}
		r := &objectsReading{Mapping: m, cells: cells, paths: shape.Paths}
		err = export.Stream(export.Input(in), shape, func(own export.Input, say func(string)) export.Reader[part] {
			o := r.open(Input(own), say)
			return export.Reader[part]{Use: o.read, Take: o.take}
		}, func(r part) bool {
			for p := range r.found {
				found[p] = true
			}
			stopped = !hand(r.alerts)
			return !stopped
		})
		switch {
		case err != nil:
			yield(nil, err)
		case !m.own && !stopped:
			for _, p := range paths(&cells, m.fields) {
				if !found[p] {
					in.Warn("no record has " + p + ", which the mapping names")
				}
			}
		}
	}
}

// cells returns where the keys' values come from in a file of records. It fails with
// fault.Invalid for a name of a file, without its folder, that the mapping cannot read.
func (m *Mapping) cells(base string) (cells [numKeys]cell, err error) {
	for i, key := range Keys() {
		s := m.sources[key]
		if s == nil {
			continue
		}
		v, _, err := s.fixed(m, base)
		if err != nil {
			return cells, err
		}
		cells[i] = cell{source: s, fixed: v, known: true}
	}
	return cells, nil
}

// paths lists those that are read, in their order.
func paths(cells *[numKeys]cell, fields []string) []string {
	all := slices.Clone(fields)
	for i := range cells {
		if c := &cells[i]; c.known && c.column != "" {
			all = append(all, c.column)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
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
	all, there := r.Get("entities")
	items, listed := all.List()
	if !listed {
		text, is := all.Text()
		if !is && there {
			r.Fail("entities", "", "not a list of entities")
		}
		return alert.ParseMentions(text)
	}
	for _, item := range items {
		m := alert.Mention{}
		if text, is := item.Text(); is {
			m = alert.ParseMention(text)
		}
		if v, is := item.Object(); is {
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
	cells  [numKeys]cell // in the order of Keys
	fields []string
	words  bool
	own    bool // Candor's own records
	check  alert.Checker
	clocks clocks
	record *export.Record
	ids    ids
	out    part

	paths    *export.Paths
	at       [numKeys]int // of the cells' paths among those that are read
	fieldsAt []int
}

// part is what some records came to: alerts, and the paths that one of them had.
type part struct {
	alerts []*alert.Alert
	found  map[string]bool
}

// objectsReading is what the readers of one file have in common.
type objectsReading struct {
	*Mapping
	cells [numKeys]cell
	paths *export.Paths // that are read of a record; nil for the whole of it
}

// open returns what reads some of the records.
func (m *objectsReading) open(in Input, say func(string)) *objects {
	o := &objects{cells: m.cells, fields: m.fields, words: m.words, own: m.own, ids: ids{}, out: part{found: map[string]bool{}}}
	o.paths = m.paths
	for i := range o.cells {
		o.at[i] = m.paths.Index(o.cells[i].path())
	}
	for _, f := range m.fields {
		o.fieldsAt = append(o.fieldsAt, m.paths.Index(f))
	}
	said := in
	said.Warn = say
	o.clocks = said.clocks(&o.cells)
	o.check = alert.Checker{
		When: func(key, text string) (time.Time, bool) { return o.clocks.when(key, text) }, Help: help(m.Mapping), Warn: in.Warn,
		Fail: func(field, value, reason string) { o.record.Fail(o.path(field), value, reason) },
	}
	return o
}

// take returns what the records came to that were read since it was called last.
func (o *objects) take() part {
	out := o.out
	o.out = part{alerts: make([]*alert.Alert, 0, len(out.alerts)), found: map[string]bool{}}
	return out
}

// read makes an alert of a record.
func (o *objects) read(r *export.Record) {
	o.record = r
	o.clocks.at(r.Line)
	d := draft(o)
	d.Techniques = o.clocks.fired.Techniques(d.Techniques)
	if o.words {
		d.Word = o.raw(keyDisposition)
	}
	if !o.cells[keyID].known {
		d.ID = o.id(d.Site)
	}
	for i, f := range o.fields {
		if v := o.all(f, o.fieldsAt[i]); v != "" {
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
		o.out.alerts = append(o.out.alerts, a)
	}
}

// path returns the path of a record that the cell is of; empty where there is none.
func (c *cell) path() string {
	if !c.known {
		return ""
	}
	return c.column
}

// raw returns a key's value as the record has it.
func (o *objects) raw(key int) string {
	c := &o.cells[key]
	switch {
	case !c.known || c.column == "":
		return c.fixed
	case key == keyTechniques || key == keyEntities:
		return o.all(c.column, o.at[key])
	}
	var v string
	if o.paths != nil {
		v = export.FirstText(o.record.TextsAt(o.at[key]))
	} else {
		v = o.record.Text(c.column)
	}
	if v != "" && !o.out.found[c.column] {
		o.out.found[c.column] = true
	}
	return v
}

// all returns the values at a path, joined by semicolons. At is its index among those that
// are read.
func (o *objects) all(p string, at int) string {
	var values []string
	if o.paths != nil {
		values = export.EachText(o.record.TextsAt(at))
	} else {
		values = o.record.Texts(p)
	}
	if len(values) > 0 {
		o.out.found[p] = true
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
	said, _ := json.Marshal(o.record.Plain()) // texts, lists and maps of them cannot fail
	return o.ids.of(append(appendText(nil, site), said...))
}
