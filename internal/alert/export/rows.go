package export

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Answers to queries often come as a table in JSON: the names of the columns, and
// behind them a list of rows, each a list of values. Azure Monitor calls them
// columns and rows, in a list of tables; Splunk fields and rows; Elasticsearch
// columns and values.

// tables reads the list of tables that Azure Monitor answers with.
func (s *splitter) tables() error {
	return s.items(func() error {
		s.columns = nil
		if s.dec.PeekKind() != '{' {
			return s.skip()
		}
		if _, err := s.dec.ReadToken(); err != nil {
			return err
		}
		_, _, err := s.members(true)
		return err
	})
}

// items reads a list whose items one function reads.
func (s *splitter) items(read func() error) error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	s.listed = true
	for s.dec.PeekKind() != ']' {
		s.src.mark()
		if err := read(); err != nil {
			return err
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

// head remembers the names of columns, when a member holds them: texts, or objects
// that have them as their name.
func (s *splitter) head(name string, raw jsontext.Value) {
	if name = strings.ToLower(name); name != "columns" && name != "fields" || raw.Kind() != '[' {
		return
	}
	v, _, err := parse(raw)
	list, _ := v.List()
	if err != nil { // one that is broken names no columns
		list = nil
	}
	names := make([]string, len(list))
	for i, c := range list {
		names[i], _ = c.Text()
		if o, is := c.Object(); is {
			names[i] = o.Text("name", "ColumnName")
		}
		if names[i] == "" {
			return
		}
	}
	columns := NewColumns(names)
	s.columns = &columns
}

// rows reads a list of rows as records.
func (s *splitter) rows() error {
	return s.items(func() error {
		raw, err := s.dec.ReadValue()
		if err != nil {
			return err
		}
		if !s.give(item{line: s.src.at(s.dec.InputOffset() - int64(len(raw))), raw: raw, columns: s.columns}) {
			return errStop
		}
		return nil
	})
}

// row reads a row by the columns, or says what is wrong with it.
func row(text string, columns *Columns) (o Object, wrong string) {
	var cells []tree // a list of values would leave out those that are null
	wrong = fmt.Sprintf("the row is no list of %d values, one for each column", len(columns.names))
	if strings.HasPrefix(text, "[") {
		if err := json.Unmarshal([]byte(text), &cells); err != nil {
			wrong = why(err)
			cells = nil
		}
	}
	if len(cells) != len(columns.names) {
		return nil, wrong
	}
	return columns.row(func(i int) (Value, bool) { return cells[i].value, cells[i].some }), ""
}
