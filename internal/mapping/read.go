package mapping

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// encodings are those that text may be written in, beside UTF-8 and what a mark at its
// beginning says.
func encodings() []string { return []string{"utf-8", "utf-16le", "utf-16be", "cp1252", "latin1"} }

func encodingOf(name string) encoding.Encoding {
	switch name {
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "cp1252":
		return charmap.Windows1252
	case "latin1":
		return charmap.ISO8859_1
	}
	return encoding.Nop
}

// plainText returns a text in UTF-8, without the mark that may stand before it.
func plainText(r io.Reader, name string) *bufio.Reader {
	t := transform.NewReader(r, unicode.BOMOverride(encodingOf(name).NewDecoder()))
	return bufio.NewReaderSize(t, 1<<16)
}

// source hands out the records of a file.
type source struct {
	*Mapping
	in   export.Input
	use  func(*row) bool
	base string
	// found are the paths that a record had.
	found map[string]bool
	// spell returns a column's name as the file has it; nil where names are kept so.
	spell func(name string) string
	// header are the columns of a table, in lower case.
	header []string
}

// open begins to read a file, and returns what reads its rows where it is a table, or has
// lines of notes; nil where it is JSON.
func (s *source) open() (rows func() error) {
	text := plainText(s.in.Text, s.shape.encoding)
	head, _ := text.Peek(512)
	head = bytes.TrimLeft(head, " \t\r\n")
	s.in.Text = text
	switch {
	case s.shape.header != "":
		return func() error { return s.noted(text) }
	case len(head) > 0 && (head[0] == '{' || head[0] == '[') && len(s.shape.names) == 0 && s.shape.skip == 0:
		return nil
	}
	return func() error { return s.table(text) }
}

// records calls use for every record of a file, in its order, until it returns false.
func (s *source) records() error {
	if rows := s.open(); rows != nil {
		return rows()
	}
	return export.Records(s.in, false, func(r *export.Record) bool { return s.record(r.Line, r.Object, false) })
}

// write has w write every record of a file, in its order, and hands on what is made until
// hand returns false. Records of JSON are written on all processors.
func (s *source) write(w *writer, hand func(*made) bool) error {
	rows := s.open()
	if rows == nil {
		return s.objects(hand)
	}
	on := true
	s.use = func(r *row) bool {
		w.record(r)
		if w.buf.Len() >= chunk {
			on = hand(w.take())
		}
		return on
	}
	err := rows()
	if on && err == nil {
		hand(w.take())
	}
	return err
}

// objects reads records of JSON.
func (s *source) objects(hand func(*made) bool) error {
	shape := export.Shape{Alone: s.derives(), Paths: s.paths}
	return export.Stream(s.in, shape, func(in export.Input, say func(string)) export.Reader[*made] {
		w := newWriter(s.Mapping, in, say)
		own := &source{Mapping: s.Mapping, base: s.base, use: func(r *row) bool { w.record(r); return true }}
		one := row{base: s.base, met: make([]bool, s.paths.Len())}
		take := func() *made { clear(one.met); return w.take() }
		return export.Reader[*made]{Take: take, Use: func(r *export.Record) {
			own.found = w.made.found
			if s.paths == nil {
				own.record(r.Line, r.Object, false)
				return
			}
			one.record, one.line, one.found = r, r.Line, own.found
			w.record(&one)
		}}
	}, hand)
}

// derives reports whether ids are made of what whole records say, and of how many equal ones
// came before.
func (m *Mapping) derives() bool {
	return m.target.kind == evidence.Alerts && !slices.ContainsFunc(m.columns, func(c column) bool { return c.name == "id" })
}

// exprs calls do with every expression that reads a path.
func (m *Mapping) exprs(do func(*expr)) {
	for _, c := range m.columns {
		c.each(do)
	}
	for _, f := range m.fields {
		f.each(do)
	}
	for _, c := range m.where {
		c.each(do)
	}
}

// compile finds the paths that are all that is read of a record, where that is so.
func (m *Mapping) compile() {
	if m.each != "" || m.derives() {
		return
	}
	var all []string
	m.exprs(func(e *expr) { all = append(all, e.path) })
	if m.paths = export.NewPaths(all...); m.paths != nil {
		m.exprs(func(e *expr) { e.at = m.paths.Index(e.path) })
	}
}

// table reads delimited text.
func (s *source) table(text *bufio.Reader) error {
	shift := s.shape.skip
	for range s.shape.skip {
		if _, err := text.ReadString('\n'); err != nil && err != io.EOF {
			return err
		}
	}
	whole := io.Reader(text)
	if len(s.shape.names) > 0 {
		whole, shift = io.MultiReader(strings.NewReader(strings.Join(s.shape.names, string(s.shape.delimiter))+"\n"), text), shift-1
	}
	t, err := decode.NewTable(s.in.File, whole, s.shape.delimiter)
	if err != nil {
		return err
	}
	t.Shift(shift)
	s.spell, s.header = t.Spell, t.Header()
	columns := export.NewColumns(t.Header())
	for {
		r, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if bad, is := r.Bad(); is {
			s.in.Reject(bad)
			continue
		}
		if !s.record(r.Line, columns.Row(r.Cells), true) {
			return nil
		}
	}
}

// noted reads text of one record a line, without quotes, in which lines of notes begin as
// the header does, up to a # (as Zeek and the W3C's log format write it). A cell of a
// single - or (empty) is none.
func (s *source) noted(text *bufio.Reader) error {
	mark := s.shape.header[:1]
	var names []string
	var columns export.Columns
	for line := 1; ; line++ {
		raw, err := text.ReadString('\n')
		if err != nil && (err != io.EOF || raw == "") {
			if err == io.EOF && names == nil {
				return decode.Invalid(s.in.File, 1, "no line begins with %q, as the mapping says of the header", s.shape.header).Next("correct header in %s", s.file)
			}
			if err == io.EOF {
				return nil
			}
			return err
		}
		raw = strings.TrimRight(raw, "\r\n")
		switch rest, is := strings.CutPrefix(raw, s.shape.header); {
		case is:
			names = s.cut(strings.ToLower(strings.TrimLeft(rest, ": \t")))
			s.header, columns = names, export.NewColumns(names)
		case raw == "" || strings.HasPrefix(raw, mark):
		case names == nil:
			s.in.Reject(evidence.Reject{File: s.in.File, Line: line, Value: cutTo(raw, 200), Reason: "the row stands before the header"})
		default:
			if !s.cells(line, columns, s.cut(raw)) {
				return nil
			}
		}
	}
}

func cutTo(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "\ufffd") }

func (s *source) cut(line string) []string { return strings.Split(line, string(s.shape.delimiter)) }

// cells hands out one row of such a text.
func (s *source) cells(line int, columns export.Columns, cells []string) bool {
	if len(cells) != columns.Len() {
		s.in.Reject(evidence.Reject{File: s.in.File, Line: line, Value: cutTo(strings.Join(cells, string(s.shape.delimiter)), 200),
			Reason: "the row has another number of cells than the header"})
		return true
	}
	for i, c := range cells {
		if c == "-" || c == "(empty)" {
			cells[i] = ""
		}
	}
	return s.record(line, columns.Row(cells), true)
}

// record hands out a record, or each entry of its list.
func (s *source) record(line int, o export.Object, table bool) bool {
	r := row{Object: o, line: line, base: s.base, found: s.found, table: table}
	if s.each == "" {
		return s.use(&r)
	}
	for _, entry := range o.Objects(s.each) {
		s.found[s.each] = true
		r.Object, r.outer = entry, o
		if !s.use(&r) {
			return false
		}
	}
	return true
}
