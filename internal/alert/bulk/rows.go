package bulk

import (
	"bytes"
	"io"
	"iter"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/tabular"
)

// Rows reads the alerts of delimited text as tabular.Alerts does: the same alerts,
// rejects, warnings and errors, in the order of the file. What Alerts says of
// goroutines and of strings holds here, too. Text without a column of ids is read
// by package tabular alone.
func Rows(in tabular.Input, m *tabular.Mapping) iter.Seq2[*alert.Alert, error] {
	if in.Dates.Looks() { // of several dates the first is told
		return tabular.Alerts(in, m)
	}
	return func(yield func(*alert.Alert, error) bool) {
		c := &rowCutter{text: in.Text, comma: m.Delimiter(), line: 1}
		header := c.header()
		p := newPipe(in.Reject, in.Warn)
		all := in // the whole file again
		all.Warn, all.Text = p.tell, io.MultiReader(strings.NewReader(header), c.left())
		head := tabular.Input{File: in.File, Text: strings.NewReader(header), Reject: in.Reject, Warn: p.tell, Dates: in.Dates}
		if first, err := tabular.NewRows(head, m); header == "" || err != nil || first.Derives() || !first.Plain(m) || strings.HasPrefix(strings.TrimPrefix(header, "\ufeff"), "sep=") {
			p.handTail(tabular.Alerts(all, m), yield)
			return
		}
		lines := strings.Count(header, "\n")
		c.line += lines
		c.tail = func(line int) iter.Seq2[*alert.Alert, error] { return tabular.From(all, m, line-1-lines) }
		p.run(c, func() decoder { return newRowWorker(head, header, m) }, yield)
	}
}

// rowWorker decodes blocks of rows.
type rowWorker struct {
	rows     *tabular.Rows
	comma    byte
	cells    []string
	warnings []string
}

func newRowWorker(in tabular.Input, header string, m *tabular.Mapping) *rowWorker {
	w := &rowWorker{comma: m.Delimiter()}
	in.Text, in.Warn = strings.NewReader(header), func(text string) { w.warnings = append(w.warnings, text) }
	w.rows, _ = tabular.NewRows(in, m) // the header was read before
	return w
}

// decode decodes the rows of a block, in which quotes stand where they belong.
func (w *rowWorker) decode(b *block) {
	w.warnings = nil
	n := b.line
	for text := b.text; text != ""; {
		rest, lines := w.row(text)
		if row := text[:len(text)-len(rest)]; row != "\n" && row != "\r\n" && row != "\r" {
			a, reject, ok := w.rows.Alert(n, w.cells)
			if ok {
				b.alerts = append(b.alerts, a)
			} else {
				b.rejects = append(b.rejects, refusal{Reject: reject, before: len(b.alerts)})
			}
		}
		text, n = rest, n+lines
	}
	b.warnings = w.warnings
}

// row reads the cells of a row and returns what is behind it, and how many lines
// it takes.
func (w *rowWorker) row(text string) (rest string, lines int) {
	w.cells = w.cells[:0]
	line, rest := text, ""
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		line, rest = text[:i], text[i+1:]
	}
	if strings.IndexByte(line, '"') >= 0 {
		return w.quoted(text)
	}
	line = strings.TrimSuffix(line, "\r")
	for {
		i := strings.IndexByte(line, w.comma)
		if i < 0 {
			w.cells = append(w.cells, line)
			return rest, 1
		}
		w.cells = append(w.cells, line[:i])
		line = line[i+1:]
	}
}

// quoted does so of a row that has quotes.
func (w *rowWorker) quoted(text string) (rest string, lines int) {
	lines = 1
	for {
		var cell string
		if strings.HasPrefix(text, `"`) {
			end := closing(text)
			cell, text = text[1:end], text[end+1:]
			lines += strings.Count(cell, "\n")
			if strings.Contains(cell, `""`) {
				cell = strings.ReplaceAll(cell, `""`, `"`)
			}
			if strings.Contains(cell, "\r\n") {
				cell = strings.ReplaceAll(cell, "\r\n", "\n")
			}
		} else {
			end := strings.IndexAny(text, string(rune(w.comma))+"\n")
			if end < 0 {
				end = len(text)
			}
			cell, text = text[:end], text[end:]
			if text == "" || text[0] == '\n' {
				cell = strings.TrimSuffix(cell, "\r")
			}
		}
		w.cells = append(w.cells, cell)
		if text = strings.TrimPrefix(text, "\r"); text == "" {
			return "", lines
		}
		next := text[0]
		if text = text[1:]; next == '\n' {
			return text, lines
		}
	}
}

// closing returns where the quote stands that closes the one at the beginning.
func closing(text string) int {
	for i := 1; ; i += 2 {
		i += strings.IndexByte(text[i:], '"')
		if i+1 == len(text) || text[i+1] != '"' {
			return i
		}
	}
}

// rowCutter cuts a text into blocks of whole rows (RFC 4180). Where a quote stands
// that should not, and where a row is longer than is read, it ends with a tail.
type rowCutter struct {
	text   io.Reader
	comma  byte
	line   int // the number of the next line
	tail   func(line int) iter.Seq2[*alert.Alert, error]
	rest   []byte // read, but not in a block yet
	at     int    // how much of rest was looked at
	end    int    // where the last whole row ends that was looked at
	inside bool   // a quoted cell
	err    error  // what ended the reading
}

// header reads the first row. It is empty when that is not plain.
func (c *rowCutter) header() string {
	for c.err == nil && bytes.IndexByte(c.rest, '\n') < 0 && len(c.rest) < blockSize {
		c.fill()
	}
	end := bytes.IndexByte(c.rest, '\n') + 1
	if end <= 2 || bytes.IndexByte(c.rest[:end], '"') >= 0 {
		return ""
	}
	header := string(c.rest[:end])
	c.rest = append(c.rest[:0], c.rest[end:]...)
	return header
}

// left reads what is in no block.
func (c *rowCutter) left() io.Reader { return &leftOver{cutter: c} }

// leftOver reads what a cutter holds, and then what it has not read.
type leftOver struct{ cutter *rowCutter }

// Read reads on where the cutter stopped.
func (l *leftOver) Read(p []byte) (int, error) {
	c := l.cutter
	if len(c.rest) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		return c.text.Read(p)
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// next returns the next block, or nil, and the error that ended the reading.
func (c *rowCutter) next() (*block, error) {
	for c.err == nil {
		plain := c.look()
		switch {
		case !plain || len(c.rest)-c.end > maxRow:
			if c.end > 0 {
				return c.cut(), nil
			}
			return c.give(), io.EOF
		case c.end > 0 && len(c.rest) >= blockSize:
			return c.cut(), nil
		}
		c.fill()
	}
	if !c.look() || c.inside || c.err != io.EOF {
		if c.end > 0 {
			return c.cut(), nil
		}
		return c.give(), io.EOF
	}
	c.end = len(c.rest)
	if c.end == 0 {
		return nil, c.err
	}
	return c.cut(), c.err
}

// maxRow is from how many bytes on a row is left to package tabular.
const maxRow = 1 << 20

// give returns the block that leaves all that follows to package tabular.
func (c *rowCutter) give() *block {
	return &block{line: c.line, tail: c.tail(c.line)}
}

// cut takes a block of the whole rows.
func (c *rowCutter) cut() *block {
	b := &block{text: string(c.rest[:c.end]), line: c.line}
	c.line += bytes.Count(c.rest[:c.end], []byte("\n"))
	c.rest = append(c.rest[:0], c.rest[c.end:]...)
	c.at, c.end = max(0, c.at-c.end), 0
	return b
}

// fill reads on.
func (c *rowCutter) fill() {
	if free := cap(c.rest) - len(c.rest); free < blockSize {
		c.rest = append(make([]byte, 0, 2*max(cap(c.rest), blockSize)), c.rest...)
	}
	n, err := c.text.Read(c.rest[len(c.rest):min(cap(c.rest), len(c.rest)+blockSize)])
	c.rest, c.err = c.rest[:len(c.rest)+n], err
}

// look looks for the end of the last whole row, and reports whether every quote
// so far stands where it belongs.
func (c *rowCutter) look() bool {
	for c.at < len(c.rest) {
		i := bytes.IndexByte(c.rest[c.at:], '"')
		if i < 0 {
			i = len(c.rest) - c.at
		}
		quote := c.at + i
		switch {
		case c.inside && quote == len(c.rest):
			c.at = quote
		case c.inside:
			next, known := c.behind(quote)
			if !known {
				return true // once more is read
			}
			if next == 0 {
				return false
			}
			c.inside, c.at = next == '"', quote+1
			if c.inside {
				c.at++
			}
		default:
			if n := bytes.LastIndexByte(c.rest[c.at:quote], '\n'); n >= 0 {
				c.end = c.at + n + 1
			}
			if quote < len(c.rest) && quote > 0 && c.rest[quote-1] != c.comma && c.rest[quote-1] != '\n' {
				return false
			}
			c.inside, c.at = quote < len(c.rest), min(quote+1, len(c.rest))
		}
	}
	return true
}

// behind returns what follows a quote inside a quoted cell: another quote, or what
// ends the cell. It is 0 for what may not follow, and not known before it is read.
func (c *rowCutter) behind(quote int) (next byte, known bool) {
	rest := c.rest[quote+1:]
	ended := c.err == io.EOF
	switch {
	case len(rest) == 0:
		return '\n', ended
	case rest[0] == '"', rest[0] == c.comma, rest[0] == '\n':
		return rest[0], true
	case rest[0] == '\r' && len(rest) == 1:
		return '\n', ended
	case rest[0] == '\r' && rest[1] == '\n':
		return '\n', true
	}
	return 0, true
}
