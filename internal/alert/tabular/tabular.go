// Package tabular reads alerts from delimited text or JSON through a mapping file
// that names the columns or paths and translates their values, or from Candor's
// own CSV.
//
// Alerts are streamed: no more than a row of the file is held, and eight bytes
// for each row of a file that has no column of ids. It refuses rows that it
// would have to guess at.
package tabular

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// Input is a file of alerts and where to say what is wrong with it.
type Input struct {
	// File names the file in messages; its last element is the base name that a
	// mapping's pattern is applied to.
	File string
	// Text is the content, not compressed.
	Text io.Reader
	// Reject is told each row that is refused, and Warn what was passed over.
	Reject func(evidence.Reject)
	Warn   func(text string)
}

// Alerts reads the alerts of a file, in its order. An error ends the sequence:
// fault.Invalid when the file does not fit the mapping, or the reader's own.
func Alerts(in Input, m *Mapping) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		t, err := decode.NewTable(in.File, in.Text, m.delimiter)
		if err != nil {
			yield(nil, err)
			return
		}
		r, err := newReader(in, m, t)
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			a, err := r.next()
			if err == io.EOF || !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// reader reads the rows of one table.
type reader struct {
	in     Input
	table  *decode.Table
	fields []field
	cells  map[string]cell
	check  alert.Checker
	row    *decode.Row
	words  bool
	// derive says that there is no id column.
	derive bool
	ids    ids
}

// cell is where a key's value comes from in this table.
type cell struct {
	*source
	index int // -1 when the value is fixed
	fixed string
}

// field is a column that is kept as a field of the alert.
type field struct {
	name  string
	index int
}

func newReader(in Input, m *Mapping, t *decode.Table) (*reader, error) {
	r := &reader{in: in, table: t, cells: map[string]cell{}, words: m.words, ids: ids{}}
	help := decode.TimeHelp
	if !m.own {
		help += " or in the format that the mapping gives"
	}
	r.check = alert.Checker{
		When: r.when, Warn: in.Warn, Help: help,
		Fail: func(field, value, reason string) { r.row.Fail(r.column(field), value, reason) },
	}
	for key, s := range m.sources {
		c, ok, err := s.bind(in, m, t)
		if err != nil {
			return nil, err
		}
		if ok {
			r.cells[key] = c
		}
	}
	_, hasID := r.cells["id"]
	r.derive = !hasID
	return r, r.keep(m)
}

// bind finds a source in a table. It returns false for a column of Candor's own
// CSV that this file does not have.
func (s *source) bind(in Input, m *Mapping, t *decode.Table) (cell, bool, error) {
	if s.column == "" {
		v, ok, err := s.fixed(m, path.Base(strings.ReplaceAll(in.File, `\`, "/")))
		return cell{source: s, index: -1, fixed: v}, ok, err
	}
	i, ok := t.Column(s.column)
	if !ok && !m.own {
		return cell{}, false, decode.Invalid(in.File, 1, "the header has no column %q, which the mapping takes %s from", s.column, s.key).
			Next("the columns are %s; correct %s", strings.Join(t.Header(), ","), m.file)
	}
	return cell{source: s, index: i}, ok, nil
}

// keep finds the columns that are kept as fields.
func (r *reader) keep(m *Mapping) error {
	names := m.fields
	if m.own {
		for _, h := range r.table.Header() {
			if h != "" && !slices.Contains(Keys(), h) {
				names = append(names, h)
			}
		}
	}
	for _, name := range names {
		i, ok := r.table.Column(name)
		if !ok {
			return decode.Invalid(r.in.File, 1, "the header has no column %q, which the mapping keeps as a field", name).
				Next("the columns are %s; correct %s", strings.Join(r.table.Header(), ","), m.file)
		}
		r.fields = append(r.fields, field{name, i})
	}
	return nil
}

// next returns the next alert that is good.
func (r *reader) next() (*alert.Alert, error) {
	for {
		row, err := r.table.Next()
		if err != nil {
			return nil, err
		}
		r.row = &row
		var a *alert.Alert
		if _, bad := row.Bad(); !bad {
			a = r.alert()
		}
		reject, bad := row.Bad()
		if !bad {
			return a, nil
		}
		r.in.Reject(reject)
	}
}

func (r *reader) alert() *alert.Alert {
	d := draft(r.text)
	if r.words {
		d.Word = r.raw("disposition")
	}
	if r.derive {
		d.ID = r.id(d.Site)
	}
	for _, f := range r.fields {
		if v := strings.TrimSpace(r.row.Cells[f.index]); v != "" {
			if d.Fields == nil {
				d.Fields = make(map[string]string, len(r.fields))
			}
			d.Fields[f.name] = v
		}
	}
	return r.check.Alert(&d)
}

// draft makes an alert of the texts of its keys.
func draft(text func(key string) string) alert.Draft {
	return alert.Draft{
		ID: text("id"), RuleID: text("rule_id"), RuleName: text("rule_name"), Time: text("time"),
		Site: text("site"), Entity: text("entity"), Severity: text("severity"), Score: text("score"),
		CaseID: text("case_id"), Tactic: text("tactic"), Source: text("source"),
		Disposition: text("disposition"), DispositionTime: text("disposition_time"),
		DispositionBy: text("disposition_by"), Provenance: text("provenance"),
		Techniques: techniques(text("techniques")),
	}
}

// raw returns a key's cell as the file has it.
func (r *reader) raw(key string) string {
	c, ok := r.cells[key]
	switch {
	case !ok:
		return ""
	case c.index < 0:
		return c.fixed
	}
	return strings.TrimSpace(r.row.Cells[c.index])
}

// text returns a key's value, translated.
func (r *reader) text(key string) string {
	c, ok := r.cells[key]
	if !ok || c.index < 0 {
		return c.fixed
	}
	return c.translate(strings.TrimSpace(r.row.Cells[c.index]))
}

// column names a key by its column, where it has one, for messages.
func (r *reader) column(key string) string {
	if c, ok := r.cells[key]; ok && c.column != "" {
		return c.column
	}
	return key
}

func (r *reader) when(key, text string) (time.Time, bool) {
	if c, ok := r.cells[key]; ok && c.clock != nil {
		return c.clock(text)
	}
	return automatic(text)
}

// techniques splits a list of techniques, which vendors join with a comma or a
// semicolon.
func techniques(s string) []string {
	if s == "" {
		return nil
	}
	return decode.List(strings.ReplaceAll(strings.ToUpper(s), ",", ";"))
}

// id derives an id from what the row says: the first 128 bits of the SHA-256
// over the site, every cell with its length, and how many equal rows came before
// it in the file. The same rows read again give the same ids. Equal rows are
// told by 64 bits of the hash, which for ten million rows are the same by chance
// once in 370,000 files; the ids then still differ.
func (r *reader) id(site string) string {
	buf := appendText(make([]byte, 0, 256), site)
	for _, c := range r.row.Cells {
		buf = appendText(buf, c)
	}
	return r.ids.of(buf)
}

// ids count equal rows, by 64 bits of their hash.
type ids map[uint64]uint32

// of returns the id of the next row that says this.
func (i ids) of(said []byte) string {
	sum := sha256.Sum256(said)
	k := binary.BigEndian.Uint64(sum[:])
	n := i[k]
	i[k] = n + 1
	sum = sha256.Sum256(binary.BigEndian.AppendUint32(sum[:], n))
	return "row-" + hex.EncodeToString(sum[:16])
}

func appendText(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(s))), s...)
}
