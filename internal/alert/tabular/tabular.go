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
	// Dates has the order of day and month in the file's dates; see decode.Dates.
	Dates *decode.Dates
}

// clock reads the times of the file.
func (in *Input) clock() *decode.Clock {
	return &decode.Clock{Dates: in.Dates, Once: decode.Once{Note: in.Warn}}
}

// Alerts reads the alerts of a file, in its order. An error ends the sequence:
// fault.Invalid when the file does not fit the mapping, or the reader's own.
func Alerts(in Input, m *Mapping) iter.Seq2[*alert.Alert, error] { return From(in, m, 0) }

// From reads as Alerts does a text that is not the whole file: so many lines
// between its header and its first row are missing.
func From(in Input, m *Mapping, missing int) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		r, err := NewRows(in, m)
		if err != nil {
			yield(nil, err)
			return
		}
		r.table.Shift(missing)
		for {
			a, err := r.next()
			if err == io.EOF || !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// Rows makes alerts of the rows of one table.
type Rows struct {
	in     Input
	table  *decode.Table
	fields []field
	cells  [numKeys]cell // in the order of Keys
	check  alert.Checker
	clocks clocks
	row    *decode.Row
	words  bool
	own    bool // Candor's own CSV
	// derive says that there is no id column.
	derive bool
	ids    ids
}

// cell is where a key's value comes from in this table.
type cell struct {
	*source
	index int // -1 when the value is fixed
	fixed string
	known bool // there is a value
}

// field is a column that is kept as a field of the alert.
type field struct {
	name  string
	index int
}

// NewRows reads the header of a file. It fails with fault.Invalid when the file
// does not fit the mapping, and with the reader's own error.
func NewRows(in Input, m *Mapping) (*Rows, error) {
	t, err := decode.NewTable(in.File, in.Text, m.delimiter)
	if err != nil {
		return nil, err
	}
	r := &Rows{in: in, table: t, words: m.words, own: m.own, ids: ids{}}
	r.check = alert.Checker{
		When: func(key, text string) (time.Time, bool) { return r.clocks.when(key, text) }, Warn: in.Warn, Help: help(m),
		Fail: func(field, value, reason string) { r.row.Fail(r.column(field), value, reason) },
	}
	for i, key := range Keys() {
		s := m.sources[key]
		if s == nil {
			continue
		}
		c, ok, err := s.bind(in, m, t)
		if err != nil {
			return nil, err
		}
		if ok {
			c.known = true
			r.cells[i] = c
		}
	}
	r.clocks = in.clocks(&r.cells)
	r.derive = !r.cells[keyID].known
	return r, r.keep(m)
}

// help says in a message what a text is not that is no time.
func help(m *Mapping) string {
	if m.own {
		return decode.TimeHelp
	}
	return decode.TimeHelp + " or in the format that the mapping gives"
}

// Plain reports whether the rows are delimited as the mapping says, from the line behind
// the header on.
func (r *Rows) Plain(m *Mapping) bool { return r.table.Comma() == m.delimiter }

// Derives reports whether ids are made of what earlier rows say, too, so that the
// rows must be read in order by one alone.
func (r *Rows) Derives() bool { return r.derive }

// Alert returns the alert of the row of cells that stands in a line, or the
// reject. It keeps no cells but as parts of the alert.
func (r *Rows) Alert(line int, cells []string) (*alert.Alert, evidence.Reject, bool) {
	row := r.table.Row(line, cells)
	return r.of(&row)
}

// of returns the alert of a row, or the reject, and whether it is the alert.
func (r *Rows) of(row *decode.Row) (a *alert.Alert, reject evidence.Reject, ok bool) {
	r.row = row
	r.clocks.at(row.Line)
	if _, bad := row.Bad(); !bad {
		a = r.alert()
	}
	reject, bad := row.Bad()
	return a, reject, !bad
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
			Next("the columns are %s; correct %s", strings.Join(t.Spelling(), ","), m.file)
	}
	return cell{source: s, index: i}, ok, nil
}

// keep finds the columns that are kept as fields.
func (r *Rows) keep(m *Mapping) error {
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
				Next("the columns are %s; correct %s", strings.Join(r.table.Spelling(), ","), m.file)
		}
		r.fields = append(r.fields, field{name, i})
	}
	return nil
}

// next returns the next alert that is good.
func (r *Rows) next() (*alert.Alert, error) {
	for {
		row, err := r.table.Next()
		if err != nil {
			return nil, err
		}
		a, reject, ok := r.of(&row)
		if ok {
			return a, nil
		}
		r.in.Reject(reject)
	}
}

func (r *Rows) alert() *alert.Alert {
	d := draft(r)
	d.Techniques = r.clocks.fired.Techniques(d.Techniques)
	if r.words {
		d.Word = r.raw(keyDisposition)
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
func draft[R interface{ text(key int) string }](r R) alert.Draft {
	return alert.Draft{
		ID: r.text(keyID), RuleID: r.text(keyRule), RuleName: r.text(keyName), Time: r.text(keyTime),
		Site: r.text(keySite), Entity: r.text(keyEntity), Severity: r.text(keySeverity), Score: r.text(keyScore),
		CaseID: r.text(keyCase), Tactic: r.text(keyTactic), Source: r.text(keySource),
		Disposition: r.text(keyDisposition), DispositionTime: r.text(keyDispositionTime),
		DispositionBy: r.text(keyDispositionBy), Provenance: r.text(keyProvenance),
		Reading: r.text(keyReading), DuplicateOf: r.text(keyDuplicateOf),
		Techniques: techniques(r.text(keyTechniques)),
		EntityType: r.text(keyEntityType), Mentions: alert.ParseMentions(r.text(keyEntities)),
	}
}

// raw returns a key's cell as the file has it.
func (r *Rows) raw(key int) string {
	c := &r.cells[key]
	if !c.known || c.index < 0 {
		return c.fixed
	}
	return r.cell(c)
}

// cell returns a cell without the blanks around it, and in Candor's own CSV as it
// was before it was made inert.
func (r *Rows) cell(c *cell) string {
	text := strings.TrimSpace(r.row.Cells[c.index])
	if r.own {
		return decode.Meant(text)
	}
	return text
}

// text returns a key's value, translated.
func (r *Rows) text(key int) string {
	c := &r.cells[key]
	if !c.known || c.index < 0 {
		return c.fixed
	}
	return c.translate(r.cell(c))
}

// column names a key by its column, where it has one, for messages.
func (r *Rows) column(key string) string {
	if i := slices.Index(Keys(), key); i >= 0 && r.cells[i].known && r.cells[i].column != "" {
		return r.cells[i].column
	}
	return key
}

// techniques splits a list of techniques, which vendors join with a comma or a
// semicolon.
func techniques(s string) []string {
	if s == "" {
		return nil
	}
	return decode.List(strings.ReplaceAll(s, ",", ";"))
}

// id derives an id from what the row says: the first 128 bits of the SHA-256
// over the site, every cell with its length, and how many equal rows came before
// it in the file. The same rows read again give the same ids. Equal rows are
// told by 64 bits of the hash, which for ten million rows are the same by chance
// once in 370,000 files; the ids then still differ.
func (r *Rows) id(site string) string {
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
