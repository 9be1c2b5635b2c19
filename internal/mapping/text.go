package mapping

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// chunk is how much text is made at a time, in bytes.
const chunk = 1 << 18

// Text is a file as Candor's own format has it, made as it is read. It must be closed.
// One reads it; Reject and Warn may be called by others meanwhile.
type Text struct {
	next func() ([]byte, error, bool)
	stop func()
	rest []byte
	err  error

	mapping *Mapping
	mu      sync.Mutex
	places  []place
	out     counts
	lines   int // of the text so far
	records int
}

// counts are what became of the records of a file.
type counts struct {
	left  int64
	first int    // the line of the first that was left out
	why   string // it was
}

// place says that lines of the text, from one on, are so many lines of the file.
type place struct{ made, line int }

// Text returns the text that the mapping makes of a file. What is wrong with a record of
// the file itself, with a time in it for example, is told to in.Reject; what the reader of
// the text finds wrong is to be told through the Text's own Reject, which knows the places.
func (m *Mapping) Text(in export.Input) *Text {
	if m.order != decode.Untold {
		in.Dates = decode.NewDates(m.order)
	}
	t := &Text{mapping: m}
	t.next, t.stop = iter.Pull2(m.chunks(in, t))
	return t
}

// Read implements io.Reader.
func (t *Text) Read(p []byte) (int, error) {
	for len(t.rest) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		part, err, ok := t.next()
		if !ok {
			err = io.EOF
		}
		t.rest, t.err = part, err
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// Close ends the reading.
func (t *Text) Close() error {
	t.stop()
	return nil
}

// LeftOut returns how many records of the file are none by the mapping's conditions,
// and a sentence that says so; empty where none was.
func (t *Text) LeftOut() (int64, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.out.left == 0 {
		return 0, ""
	}
	noun := "records were"
	if t.out.left == 1 {
		noun = "record was"
	}
	return t.out.left, fmt.Sprintf("%d %s left out by where of %s, the first in line %d: it does not hold that %s", t.out.left, noun, t.mapping.file, t.out.first, t.out.why)
}

// Place returns a reject of the text as one of the file: by its line, and by the column or
// path that the field was made of.
func (t *Text) Place(r evidence.Reject) evidence.Reject {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Line = t.line(r.Line)
	if i := slices.IndexFunc(t.mapping.columns, func(c column) bool { return c.name == r.Field }); i >= 0 {
		if l := t.mapping.columns[i].label(); l != "" && l != r.Field {
			r.Field = l
		}
	}
	return r
}

// line returns the line of the file that a line of the text was made of.
func (t *Text) line(made int) int {
	i, exact := slices.BinarySearchFunc(t.places, made, func(p place, n int) int { return p.made - n })
	if !exact {
		i--
	}
	if i < 0 {
		return 0
	}
	return t.places[i].line + made - t.places[i].made
}

// at notes that a line of the text comes from a line of the file.
func (t *Text) at(made, line int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.places); n == 0 || t.places[n-1].line+made-t.places[n-1].made != line {
		t.places = append(t.places, place{made, line})
	}
}

// add takes up what the writing of some records came to, behind what came before.
func (t *Text) add(m *made) {
	for _, p := range m.places {
		t.at(t.lines+p.made, p.line)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines += m.lines
	t.records += m.records
	if t.out.left == 0 {
		t.out.first, t.out.why = m.out.first, m.out.why
	}
	t.out.left += m.out.left
}

// made is what the writing of some records of a file came to.
type made struct {
	text    []byte
	lines   int
	records int
	places  []place // counted from the first of these lines
	out     counts
	found   map[string]bool
}

// chunks makes the text, part by part.
func (m *Mapping) chunks(in export.Input, t *Text) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s := &source{Mapping: m, in: in, base: baseOf(in.File), found: map[string]bool{}}
		enough := false
		hand := func(part *made) bool {
			if m.target.write == asYAML && part.records > 0 && t.records == 0 {
				t.lines++
				part.text = append([]byte("log_sources:\n"), part.text...)
			}
			t.add(part)
			for p := range part.found {
				s.found[p] = true
			}
			enough = len(part.text) > 0 && !yield(part.text, nil)
			return !enough
		}
		w := newWriter(m, in, in.Warn)
		err := w.begin()
		if err == nil && hand(w.take()) {
			err = s.write(w, hand)
		}
		if enough {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		s.missing()
	}
}

// missing warns of the columns that a table does not have, and of the paths that no
// record has.
func (s *source) missing() {
	var all []string
	add := func(e *expr) { all = append(all, e.path) }
	for _, c := range s.columns {
		c.each(add)
	}
	for _, f := range s.fields {
		f.each(add)
	}
	if s.Mapping.each != "" {
		all = append(all, s.Mapping.each)
	}
	slices.Sort(all)
	for _, p := range slices.Compact(all) {
		if !s.found[p] && !slices.Contains(s.header, strings.ToLower(p)) {
			s.in.Warn("no record has " + p + ", which " + s.file + " names")
		}
	}
}

// writer writes records as Candor's own format has them. It is used by one goroutine.
type writer struct {
	*Mapping
	in    export.Input
	clock *decode.Clock
	buf   bytes.Buffer
	csv   *csv.Writer
	cells []string
	made  *made
	line  []byte
	seen  map[uint64]uint32
	// values of the columns, of the record at hand
	values [][]string
}

func newWriter(m *Mapping, in export.Input, say func(string)) *writer {
	w := &writer{Mapping: m, in: in, made: &made{found: map[string]bool{}}, seen: map[uint64]uint32{},
		clock: &decode.Clock{Dates: in.Dates, Once: decode.Once{Note: say}}}
	w.csv = csv.NewWriter(&w.buf)
	w.values = make([][]string, len(m.columns))
	w.cells = make([]string, len(m.target.keys)+len(m.fields))
	return w
}

// take returns what was made since it was called last.
func (w *writer) take() *made {
	w.csv.Flush()
	out := w.made
	out.text = bytes.Clone(w.buf.Bytes())
	w.made = &made{found: map[string]bool{}}
	w.buf.Reset()
	return out
}

// begin writes what stands before the records. It fails with fault.Invalid for a file whose
// name the mapping cannot read.
func (w *writer) begin() error {
	for _, c := range w.columns {
		if c.filename != nil && !c.filename.MatchString(baseOf(w.in.File)) {
			return decode.Invalid(w.in.File, 0, "the name of the file does not match the pattern %q, from which %s makes %s", c.filename, w.file, c.name).
				Next("rename the file, or correct the pattern in the mapping file")
		}
	}
	switch w.target.write {
	case asCSV:
		var names []string
		for _, k := range w.target.keys {
			names = append(names, k.name)
		}
		for _, f := range w.fields {
			names = append(names, f.path)
		}
		w.made.lines = 1
		return w.csv.Write(names)
	case asYAML:
		w.made.lines = 2
		w.buf.WriteString("kind: telemetry\nversion: 1\n")
	}
	return nil
}

// record writes one record, unless it is none, or is a reject.
func (w *writer) record(r *row) {
	w.clock.Line = r.line
	for _, c := range w.where {
		if !c.holds(r) {
			if w.made.out.left++; w.made.out.left == 1 {
				w.made.out.first, w.made.out.why = r.line, c.text
			}
			return
		}
	}
	values := w.values[:len(w.columns)]
	for i, c := range w.columns {
		var ok bool
		if values[i], ok = w.value(r, c); !ok {
			return
		}
	}
	switch w.target.write {
	case asJSON, asYAML:
		w.object(r, values)
	default:
		w.row(r, values)
	}
}

// value returns what a column makes of a record, and false when that is a reject.
func (w *writer) value(r *row, c column) ([]string, bool) {
	all := c.eval(r)
	if c.of != alert.Untyped {
		all = slices.Clone(all)
		for i, name := range all {
			all[i] = string(c.of) + ":" + name
		}
	}
	if len(all) == 0 || c.as != moment && c.as != date {
		return all, true
	}
	at, ok := c.clock(w.clock, all[0])
	if !ok {
		field := c.label()
		if field == "" {
			field = c.name
		}
		w.in.Reject(evidence.Reject{File: w.in.File, Line: r.line, Field: field, Value: all[0], Reason: decode.TimeHelp + ", and in none of the formats that " + w.file + " gives"})
		return nil, false
	}
	if c.as == date {
		return []string{at.Format(time.DateOnly)}, true
	}
	return []string{at.Format(time.RFC3339Nano)}, true
}

// at notes that the next line is made of a line of the file.
func (w *writer) at(line int) {
	m := w.made
	m.lines++
	m.records++
	if n := len(m.places); n == 0 || m.places[n-1].line+m.lines-m.places[n-1].made != line {
		m.places = append(m.places, place{m.lines, line})
	}
}

// row writes a record as a row of a table.
func (w *writer) row(r *row, values [][]string) {
	clear(w.cells)
	at := 0
	for i, k := range w.target.keys {
		if at == len(w.columns) || w.columns[at].name != k.name {
			continue
		}
		w.cells[i] = w.cell(k, values[at])
		at++
	}
	for i, f := range w.fields {
		w.cells[len(w.target.keys)+i] = strings.Join(f.eval(r), ";")
	}
	w.at(r.line)
	w.csv.Write(w.cells) // to memory, which cannot fail
	for _, c := range w.cells {
		w.made.lines += strings.Count(c, "\n")
	}
}

func (w *writer) cell(k key, values []string) string {
	text := one(k, values)
	if k.as == list {
		text = strings.Join(values, ";")
	}
	if w.target.kind == evidence.Dispositions { // its reader takes back what makes cells inert
		return decode.Inert(text)
	}
	return text
}

// one returns the value of a key that has one.
func one(k key, values []string) string {
	if len(values) == 0 || k.as == list {
		return ""
	}
	return values[0]
}

// object writes a record as an object of JSON on a line of its own.
func (w *writer) object(r *row, values [][]string) {
	o := jsonLine{buf: append(w.line[:0], '{')}
	id, site := false, ""
	for i, c := range w.columns {
		v := values[i]
		if i+1 < len(w.columns) && w.columns[i+1].name == c.name { // more of one list
			values[i+1] = append(v[:len(v):len(v)], values[i+1]...)
			continue
		}
		if len(v) == 0 {
			continue
		}
		id = id || c.name == "id"
		if c.name == "site" {
			site = v[0]
		}
		o.key(c.name)
		switch {
		case c.as == list:
			o.texts(v)
		case c.name == "score" && isNumber(v[0]):
			o.buf = append(o.buf, v[0]...)
		default:
			o.text(v[0])
		}
	}
	if !id && w.target.kind == evidence.Alerts {
		o.key("id")
		o.text(w.derived(r, site))
	}
	w.beside(&o, r)
	w.line = append(o.buf, '}', '\n')
	if o.err != nil {
		w.in.Reject(evidence.Reject{File: w.in.File, Line: r.line, Reason: "not UTF-8"})
		return
	}
	w.at(r.line)
	if w.target.write == asYAML {
		w.buf.WriteString("  - ")
	}
	w.buf.Write(w.line)
}

// beside writes the columns that are kept beside the fields of a record.
func (w *writer) beside(o *jsonLine, r *row) {
	some := false
	for _, f := range w.fields {
		v := f.eval(r)
		if len(v) == 0 {
			continue
		}
		if !some {
			o.key("fields")
			o.buf = append(o.buf, '{')
			some = true
		}
		o.name(f.path)
		o.text(strings.Join(v, ";"))
	}
	if some {
		o.buf = append(o.buf, '}')
	}
}

// isNumber reports whether a text is a number as JSON writes it.
func isNumber(text string) bool {
	var n float64
	return text != "" && text[0] != '"' && json.Unmarshal([]byte(text), &n) == nil
}

// jsonLine is an object of JSON that is being written, on one line.
type jsonLine struct {
	buf []byte
	err error // the first text that is not UTF-8
}

// name writes a name, behind what divides it from the one before.
func (o *jsonLine) name(s string) {
	if o.buf[len(o.buf)-1] != '{' {
		o.buf = append(o.buf, ',')
	}
	o.text(s)
	o.buf = append(o.buf, ':')
}

// key is name of one that Candor knows, which is plain.
func (o *jsonLine) key(s string) {
	if o.buf[len(o.buf)-1] != '{' {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(append(append(o.buf, '"'), s...), '"', ':')
}

func (o *jsonLine) text(s string) {
	if decode.Plain(s) {
		o.buf = append(append(append(o.buf, '"'), s...), '"')
		return
	}
	var err error
	if o.buf, err = jsontext.AppendQuote(o.buf, s); err != nil && o.err == nil {
		o.err = err
	}
}

func (o *jsonLine) texts(all []string) {
	o.buf = append(o.buf, '[')
	for i, s := range all {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.text(s)
	}
	o.buf = append(o.buf, ']')
}

// derived returns an id for a record that has none: the first 128 bits of the SHA-256
// over its site, what it says, and how many equal records came before it in the file. The
// same records read again have the same ids.
func (w *writer) derived(r *row, site string) string {
	said, err := json.Marshal([]any{site, r.Plain()}, json.Deterministic(true))
	if err != nil { // not UTF-8; the record becomes a reject
		return "row"
	}
	sum := sha256.Sum256(said)
	k := binary.BigEndian.Uint64(sum[:])
	n := w.seen[k]
	w.seen[k]++
	sum = sha256.Sum256(binary.BigEndian.AppendUint32(sum[:], n))
	return "row-" + hex.EncodeToString(sum[:16])
}
