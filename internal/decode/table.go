package decode

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"candor/internal/evidence"
)

// MaxRow is the longest row that a table may have, in bytes. A quote that is
// never closed would otherwise take in the rest of the file.
const MaxRow = 4 << 20

// Table reads delimited text (RFC 4180) whose first row names the columns. A
// byte-order mark, quoted line breaks and either line ending are read as meant.
type Table struct {
	file   string
	source *guard
	csv    *csv.Reader
	header []string // in lower case
	spelt  []string // as the file has it
	index  map[string]int
	line   int // of the last row
	shift  int // lines before the text
	comma  rune
}

// maxHeader is how much of a header the delimiter is told by, in bytes.
const maxHeader = 1 << 13

// guard refuses to hand out more than MaxRow bytes between two marks.
type guard struct {
	r *bufio.Reader
	n int
}

var errLongRow = errors.New("a row is longer than 4 MiB, so a quote is probably never closed")

func (g *guard) Read(p []byte) (int, error) {
	if g.n > MaxRow {
		return 0, errLongRow
	}
	n, err := g.r.Read(p)
	g.n += n
	return n, err
}

// NewTable returns a table after reading its header. File names it in messages.
// It fails with fault.Invalid when there is no header or a column is named twice. Where
// comma is one and the header has none, or the file says its delimiter in a line sep=;,
// that counts.
func NewTable(file string, r io.Reader, comma rune) (*Table, error) {
	buf := bufio.NewReaderSize(r, 1<<16)
	if head, _ := buf.Peek(len(bom)); string(head) == bom {
		buf.Discard(len(bom)) // cannot fail: the bytes were peeked
	}
	t := &Table{file: file, source: &guard{r: buf}, index: map[string]int{}}
	head, _ := buf.Peek(maxHeader)
	skip, comma := delimiter(string(head), comma)
	if skip > 0 {
		buf.Discard(skip) // cannot fail either
		t.shift = 1
	}
	t.comma = comma
	t.csv = csv.NewReader(t.source)
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.ReuseRecord = comma, -1, true
	first, err := t.csv.Read()
	if err == io.EOF {
		return nil, Invalid(file, 1, "the file is empty where a header row should be")
	}
	if err != nil {
		return nil, t.broken(err)
	}
	t.line = 1 + t.shift
	for i, name := range first {
		spelt := strings.ToValidUTF8(strings.TrimSpace(name), "\ufffd")
		name = strings.ToLower(spelt)
		if _, twice := t.index[name]; twice && name != "" {
			return nil, Invalid(file, 1, "the header names the column %q twice", spelt).
				Next("rename or remove one of the two columns")
		}
		t.index[name] = i
		t.header, t.spelt = append(t.header, name), append(t.spelt, strings.Clone(spelt))
	}
	return t, nil
}

// Comma returns what stands between two cells: as it was said, or told by the header.
func (t *Table) Comma() rune { return t.comma }

// Shift says that so many lines of the file, between the header and the first row,
// are not part of the text. It is called before any row is read.
func (t *Table) Shift(lines int) { t.shift, t.line = t.shift+lines, t.line+lines }

// broken is the error of a file that cannot be read on, or the error of the
// reader beneath, unchanged.
func (t *Table) broken(err error) error {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p):
		return Invalid(t.file, p.StartLine+t.shift, "the row is not delimited text: %v", p.Err).
			Next("check that the file is delimited text, and the quotes in this line")
	case errors.Is(err, errLongRow):
		return Invalid(t.file, t.line+1, "%v", errLongRow).Next("look for an unclosed quote at or after this line")
	}
	return err
}

// Header returns the names of the columns in order, in lower case.
func (t *Table) Header() []string { return t.header }

// Column returns the index of the column with a name, in any case, and whether
// there is one.
func (t *Table) Column(name string) (int, bool) {
	i, ok := t.index[strings.ToLower(strings.TrimSpace(name))]
	return i, ok
}

// Spell returns the name of a column as the file spells it, and the name itself
// where there is no such column.
func (t *Table) Spell(name string) string {
	if i, ok := t.Column(name); ok && name != "" {
		return t.spelt[i]
	}
	return name
}

// Spelling returns the names of the columns in order, as the file spells them.
func (t *Table) Spelling() []string { return t.spelt }

// Require returns fault.Invalid naming the first of the columns that is missing.
func (t *Table) Require(columns ...string) error {
	for _, c := range columns {
		if _, ok := t.Column(c); !ok {
			e := Invalid(t.file, 1, "the header has no column %q", c)
			if only := t.spelt[0]; len(t.spelt) == 1 && strings.ContainsAny(only, ";\t|") {
				return e.Next("a comma must stand between two cells; this file has %q", only)
			}
			return e.Next("the columns are %s; this file has %s", strings.Join(columns, ","), strings.Join(t.spelt, ","))
		}
	}
	return nil
}

// Unknown returns a warning for each column that is not among the known ones.
func (t *Table) Unknown(known ...string) []string {
	var out []string
	for i, h := range t.header {
		if h != "" && !slices.Contains(known, h) {
			out = append(out, t.file+":1: column "+t.spelt[i]+" is not known and was passed over")
		}
	}
	return out
}

// Next returns the next row. A row that is no row of this table comes back with
// its reject set. The row is valid until the next call. The error is io.EOF at
// the end; any other means that reading cannot go on.
func (t *Table) Next() (Row, error) {
	t.source.n = 0
	cells, err := t.csv.Read()
	var p *csv.ParseError
	switch {
	case errors.As(err, &p):
		row := Row{File: t.file, Line: p.StartLine + t.shift}
		row.Fail("", "", "the row is not delimited text: "+p.Err.Error()+t.swallowed(p))
		return row, nil
	case err == io.EOF:
		return Row{}, err
	case err != nil:
		return Row{}, t.broken(err)
	}
	t.line, _ = t.csv.FieldPos(0)
	t.line += t.shift
	return t.Row(t.line, cells), nil
}

// swallowed says which lines a broken row took in, as a quote that is not closed
// takes in the rows behind it.
func (t *Table) swallowed(p *csv.ParseError) string {
	if p.Line <= p.StartLine {
		return ""
	}
	return fmt.Sprintf("; it took in the lines up to %d, and what stands there was not read", p.Line+t.shift)
}

// Row returns the row of cells that stands in a line. Where the cells are no row
// of this table, it has its reject set. It may be called by many at once.
func (t *Table) Row(line int, cells []string) Row {
	row := Row{File: t.file, Line: line, Cells: cells, table: t}
	if len(cells) != len(t.header) {
		row.Fail("", strings.Join(cells, ","), counted("the row has", len(cells), "cell")+counted(", the header", len(t.header), ""))
		return row
	}
	for i, c := range cells {
		if !utf8.ValidString(c) {
			row.Fail(t.header[i], strings.ToValidUTF8(c, "\ufffd"), "not UTF-8")
			break
		}
	}
	return row
}

// Row is one row of a table.
type Row struct {
	File  string
	Line  int
	Cells []string
	table *Table
	bad   *evidence.Reject
}

// Get returns the cell of a column without the blanks around it, and the empty
// string when there is no such column, or the row is no row of a table.
func (r *Row) Get(column string) string {
	if r.table == nil {
		return ""
	}
	if i, ok := r.table.Column(column); ok && i < len(r.Cells) {
		return strings.TrimSpace(r.Cells[i])
	}
	return ""
}

// Fail makes the row a reject, unless it is one already. A field that is a column
// is named as the file spells it.
func (r *Row) Fail(field, value, reason string) {
	if r.bad == nil {
		if r.table != nil {
			field = r.table.Spell(field)
		}
		r.bad = &evidence.Reject{File: r.File, Line: r.Line, Field: field, Value: strings.Clone(value), Reason: reason}
	}
}

// Bad returns the row's reject, and whether it has one.
func (r *Row) Bad() (evidence.Reject, bool) {
	if r.bad == nil {
		return evidence.Reject{}, false
	}
	return *r.bad, true
}
