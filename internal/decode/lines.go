package decode

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxLine is the longest line of JSON Lines that is read, in bytes; a longer one
// is a reject.
const MaxLine = 4 << 20

// Lines reads JSON Lines whose objects say what the rows of a table say: one
// object a line, a key for each column, a text, a number or a truth value for
// each cell. A key that is missing or null is an empty cell. Empty lines are
// passed over.
type Lines struct {
	text    *bufio.Reader
	table   *Table
	unknown []string
}

// NewLines returns the rows of r, whose columns have the names given. File names
// it in messages.
func NewLines(file string, r io.Reader, columns ...string) *Lines {
	l := &Lines{text: bufio.NewReaderSize(r, 1<<16), table: &Table{file: file, header: columns, spelt: columns, index: map[string]int{}}}
	for i, c := range columns {
		l.table.index[c] = i
	}
	return l
}

// Next returns the next row; one that is no object of single values comes back
// with its reject set. The error is io.EOF at the end; any other means that
// reading cannot go on.
func (l *Lines) Next() (Row, error) {
	for {
		data, long, err := l.line()
		if err != nil {
			return Row{}, err
		}
		row := Row{File: l.table.file, Line: l.table.line, table: l.table}
		switch {
		case long:
			row.Fail("", "", "the line is longer than 4 MiB")
		case len(data) == 0:
			continue
		default:
			l.fill(&row, data)
		}
		return row, nil
	}
}

// line returns the next line without the blanks around it, and whether it is too
// long, in which case it is passed over.
func (l *Lines) line() (data []byte, long bool, err error) {
	l.table.line++
	for {
		part, err := l.text.ReadSlice('\n')
		long = long || len(data)+len(part) > MaxLine
		if !long {
			data = append(data, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && (err != io.EOF || len(data) == 0 && !long):
			return nil, false, err
		}
		if l.table.line == 1 {
			data = bytes.TrimPrefix(data, []byte(bom))
		}
		return bytes.TrimSpace(data), long, nil
	}
}

// fill sets the cells of a row from an object.
func (l *Lines) fill(row *Row, data []byte) {
	var object map[string]jsontext.Value
	if err := json.Unmarshal(data, &object); err != nil {
		row.Fail("", string(data[:min(len(data), maxBadLine)]), notObject(err))
		return
	}
	row.Cells = make([]string, len(l.table.header))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		v := object[key]
		i, ok := l.table.index[key]
		if !ok {
			l.pass(key)
			continue
		}
		cell, ok := single(v)
		if !ok {
			row.Fail(key, string(v), "not a single value")
		}
		row.Cells[i] = cell
	}
}

// maxBadLine is how much of a line that is no object a reject shows, in bytes.
const maxBadLine = 200

// notObject says why a line is no object.
func notObject(err error) string {
	var text *jsontext.SyntacticError
	if errors.As(err, &text) {
		return "the line is not JSON: " + text.Err.Error()
	}
	return "the line is JSON, but not an object"
}

// single returns a value as the text of a cell, and false for a list or an object.
func single(v jsontext.Value) (string, bool) {
	switch v.Kind() {
	case 'n':
		return "", true
	case '"':
		text, err := jsontext.AppendUnquote(nil, v)
		return string(text), err == nil
	case '[', '{':
		return "", false
	}
	return string(v), true
}

// pass notes a key that is no column.
func (l *Lines) pass(key string) {
	const most = 20
	w := l.table.file + ":" + strconv.Itoa(l.table.line) + ": key " + key + " is not known and was passed over"
	seen := func(u string) bool { return strings.HasSuffix(u, ": key "+key+" is not known and was passed over") }
	if len(l.unknown) < most && !slices.ContainsFunc(l.unknown, seen) {
		l.unknown = append(l.unknown, w)
	}
}

// Unknown returns a warning for each key met that is no column, up to twenty.
func (l *Lines) Unknown() []string { return l.unknown }
