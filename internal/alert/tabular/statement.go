package tabular

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/decode"
)

// StatementKeys lists the columns of a CSV of dispositions.
func StatementKeys() []string {
	return []string{"id", "alert_id", "disposition", "disposition_time", "disposition_by", "provenance", "case_id", "reading", "duplicate_of", "source", "site"}
}

// Statements reads dispositions of alerts that are known from Candor's CSV, with
// the columns id (or alert_id), disposition, disposition_time, and, if they are
// there, disposition_by, provenance, case_id, reading, duplicate_of, and source and site,
// which tell an alert from others that have its id. Other columns
// are passed over with a warning. They come as partial alerts, in the order of the file. An error
// ends the sequence: fault.Invalid when a column is missing, or the reader's own.
func Statements(in Input) iter.Seq2[alert.Placed, error] {
	return func(yield func(alert.Placed, error) bool) {
		t, id, err := statementTable(in)
		if err != nil {
			yield(alert.Placed{}, err)
			return
		}
		s := &statements{in: in, table: t, id: id}
		clock := in.clock()
		s.check = alert.Checker{When: func(_, text string) (time.Time, bool) { return clock.Time(text) }, Help: decode.TimeHelp, Warn: in.Warn, Fail: s.fail}
		for {
			a, err := s.next()
			if err == io.EOF || !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// statementTable reads the header, and says which column names the alert.
func statementTable(in Input) (t *decode.Table, id string, err error) {
	if t, err = decode.NewTable(in.File, in.Text, ','); err != nil {
		return nil, "", err
	}
	id = "id"
	if _, ok := t.Column(id); !ok {
		if _, ok := t.Column("alert_id"); ok {
			id = "alert_id"
		}
	}
	if err := t.Require(id, "disposition", "disposition_time"); err != nil {
		return nil, "", err
	}
	known := slices.DeleteFunc(StatementKeys(), func(key string) bool { return key == "alert_id" && id == "id" })
	for _, w := range t.Unknown(known...) {
		in.Warn(strings.TrimPrefix(w, in.File+":1: "))
	}
	return t, id, nil
}

// statements reads the rows of one table.
type statements struct {
	in    Input
	table *decode.Table
	id    string // the column that names the alert
	check alert.Checker
	row   *decode.Row
}

func (s *statements) fail(field, value, reason string) {
	if field == "id" {
		field = s.id
	}
	s.row.Fail(field, value, reason)
}

// next returns the next statement that is good.
func (s *statements) next() (alert.Placed, error) {
	for {
		row, err := s.table.Next()
		if err != nil {
			return alert.Placed{}, err
		}
		s.row = &row
		var a *alert.Alert
		if _, bad := row.Bad(); !bad {
			get := func(column string) string { return decode.Meant(row.Get(column)) }
			word := get("disposition")
			a = s.check.Statement(&alert.Draft{ID: get(s.id), Source: get("source"), Site: get("site"), CaseID: get("case_id"), Disposition: word, Word: word,
				DispositionTime: get("disposition_time"), DispositionBy: get("disposition_by"), Provenance: get("provenance"), Reading: get("reading"), DuplicateOf: get("duplicate_of")})
		}
		reject, bad := row.Bad()
		if !bad {
			return alert.Placed{Alert: a, Line: row.Line}, nil
		}
		s.in.Reject(reject)
	}
}
