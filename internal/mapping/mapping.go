// Package mapping holds the language in which a team says how a file of its own reads
// as Candor's records: which of its records count, which columns or paths make which
// field, and what its words, times and units mean.
//
// A mapping turns a file of any shape into text of Candor's own format for the kind of
// evidence, record by record, and remembers where each came from, so that what is wrong
// with one is told of the place in the file that people have. It knows no noun: what a
// record must be is decided by whoever reads that format. It refuses to guess, and it
// cannot run away: it is a list of bounded steps for each record.
package mapping

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
)

// Kind is what the key kind of a mapping of version 2 says. Mappings of version 1 are of
// alerts alone and say alert-mapping.
const Kind = "mapping"

// Mapping says how the records of a file become records of one kind of evidence. It is
// immutable once made.
type Mapping struct {
	file    string
	target  target
	shape   shape
	each    string // path of the list whose entries are the records
	where   []*condition
	columns []column // in the order of the target's keys
	fields  []*expr  // kept under the name of their path
	zone    *time.Location
	paths   *export.Paths // of a record that are read; nil for the whole of it
	order   decode.Order  // of day and month in dates; Untold where the file tells it
}

// column is one field of a record and what makes it. Several that follow each other make one
// list.
type column struct {
	key
	*expr
	of alert.EntityType // of what is typed
}

// shape is how the file is written.
type shape struct {
	delimiter rune
	encoding  string   // as of encodings; empty for UTF-8, or what a mark says
	header    string   // what begins the line of names, where lines of notes stand before it
	names     []string // of a table that has no header
	skip      int      // lines before the table
}

// Is reports whether a file is a mapping of version 2, by its keys.
func Is(data []byte) bool {
	docs, err := decode.Documents("", data)
	if err != nil || len(docs) != 1 {
		return false
	}
	m, ok := decode.NewMap("", docs[0])
	return ok && m.String("kind") == Kind
}

// Of returns the kind of evidence that the mapping is of.
func (m *Mapping) Of() string { return m.target.kind }

// Format returns the name of Candor's own format in which the mapping writes.
func (m *Mapping) Format() string { return m.target.format() }

// NamesFile reports whether the mapping takes a value from the name of the file, so that
// the name is part of what the file says.
func (m *Mapping) NamesFile() bool {
	for _, c := range m.columns {
		if c.namesFile() {
			return true
		}
	}
	return false
}

// Decode reads a mapping file and returns it with warnings. It fails with fault.Invalid
// naming line and field.
func Decode(file string, data []byte) (*Mapping, []string, error) {
	doc, err := decode.DocumentOf(file, data, Kind, "2")
	if err != nil {
		return nil, nil, err
	}
	m := &Mapping{file: file, each: doc.String("each"), zone: time.UTC}
	r := &reading{zone: m.location(doc)}
	t, ok := targetOf(doc.Need("of"))
	if m.target = t; !ok {
		doc.Fail("of", doc.String("of"), "not a kind of evidence that a mapping makes; it is one of "+strings.Join(Kinds(), ", "))
	}
	m.shape = shapeOf(doc)
	if m.order, ok = decode.ParseOrder(doc.String("dates")); !ok {
		doc.Fail("dates", doc.String("dates"), "not one of day-first and month-first")
	}
	m.where = r.conditions(doc, "where", 0)
	columns := doc.Map("columns")
	if columns == nil {
		doc.Fail("columns", "", "is missing")
	}
	m.keep(doc, r)
	if err := m.wrong(doc); err != nil {
		return nil, nil, err
	}
	m.read(columns, r)
	m.compile()
	return m, append(append(doc.Unknown(), r.warnings...), columns.Unknown()...), m.wrong(columns)
}

// read reads the columns, and refuses a mapping that makes no record.
func (m *Mapping) read(columns *decode.Map, r *reading) {
	for _, k := range m.target.keys {
		if !columns.Has(k.name) {
			if k.need {
				columns.Fail(k.name, "", "is missing; "+m.target.kind+" need one")
			}
			continue
		}
		if k.as == typed {
			m.columns = append(m.columns, r.entities(columns, k)...)
			continue
		}
		m.columns = append(m.columns, column{key: k, expr: r.key(columns, k)})
	}
}

// entities reads what makes entities: by type, one expression or a list of them, or without
// types one expression.
func (r *reading) entities(columns *decode.Map, k key) (made []column) {
	k.as = list
	spec, isMap := decode.NewMap(columns.File(), columns.Node(k.name))
	if !isMap || !slices.ContainsFunc(alert.EntityTypes(), func(t alert.EntityType) bool { return spec.Has(string(t)) }) {
		return []column{{key: k, expr: r.key(columns, k)}}
	}
	for _, t := range alert.EntityTypes() {
		if !spec.Has(string(t)) {
			continue
		}
		if node := spec.Node(string(t)); node.Kind == yaml.SequenceNode {
			for _, e := range r.several(spec, string(t), 0) {
				made = append(made, column{k, e, t})
			}
			continue
		}
		made = append(made, column{k, r.expr(spec, string(t), 0), t})
	}
	if bad, is := spec.Bad(); is {
		columns.FailAt(bad.Line, k.name+"."+bad.Field, bad.Value, bad.Reason)
	}
	r.warnings = append(r.warnings, spec.Unknown()...)
	return made
}

// keep reads which columns are kept beside the fields of a record.
func (m *Mapping) keep(doc *decode.Map, r *reading) {
	for _, path := range doc.Strings("fields") {
		if !m.target.fields {
			doc.Fail("fields", path, m.target.kind+" keep no other columns")
			return
		}
		m.fields = append(m.fields, &expr{path: path})
	}
}

// location reads the zone in which times without one are written.
func (m *Mapping) location(doc *decode.Map) *time.Location {
	name := doc.String("zone")
	if name == "" {
		return time.UTC
	}
	zone, err := time.LoadLocation(name)
	if err != nil || strings.EqualFold(name, "local") {
		doc.Fail("zone", name, "not the name of a time zone such as Europe/Berlin or UTC")
		return time.UTC
	}
	m.zone = zone
	return zone
}

// wrong is the first thing that is wrong with a mapping, as an error.
func (m *Mapping) wrong(doc *decode.Map) error {
	r, bad := doc.Bad()
	if !bad {
		return nil
	}
	what := r.Reason
	if r.Value != "" {
		what = strconv.Quote(r.Value) + " is " + strings.TrimPrefix(what, "is ")
	}
	return decode.Invalid(r.File, r.Line, "%s: %s", r.Field, what).
		Next("correct the mapping file; %s", m.help())
}

// help says which keys there are.
func (m *Mapping) help() string {
	if m.target.kind == "" {
		return "it says of which kind of evidence it is (of), and what makes its fields (columns)"
	}
	var names []string
	for _, k := range m.target.keys {
		names = append(names, k.name)
	}
	return "keys of " + m.target.kind + " are " + strings.Join(names, ", ")
}

// shapeOf reads how the file is written.
func shapeOf(doc *decode.Map) shape {
	s := shape{delimiter: ',', header: doc.String("header"), names: doc.Strings("names"), skip: doc.Int("skip", 0, 1000)}
	s.encoding = strings.ToLower(doc.String("encoding"))
	if s.encoding != "" && !slices.Contains(encodings(), s.encoding) {
		doc.Fail("encoding", s.encoding, "not one of "+strings.Join(encodings(), ", "))
	}
	if node := doc.Node("delimiter"); node != nil { // not trimmed: it may be a tab
		switch v := node.Value; v {
		case ",", ";", "|", "\t", " ":
			s.delimiter = rune(v[0])
		case "tab", `\t`:
			s.delimiter = '\t'
		default:
			doc.Fail("delimiter", v, "not a comma, semicolon, bar, blank or tab")
		}
	}
	if s.header != "" && (len(s.names) > 0 || s.skip > 0) {
		doc.Fail("header", s.header, "said beside names or skip; the line that it begins is the header, and those before it are passed over")
	}
	return s
}
