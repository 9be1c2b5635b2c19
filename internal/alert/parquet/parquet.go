// Package parquet reads alerts from Parquet files whose columns bear the names of
// Candor's fields of an alert.
//
// Row groups are streamed: a few rows and the pages that they lie in are held at
// a time. Fields may be a map, JSON text, or columns of their own, named fields.x
// or as nobody knows. It refuses a damaged file as a whole, and rows as the other
// formats of alerts do; a reject's line is the row, counted from 1.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"candor/internal/alert"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// Format is the name of the format.
const Format = "candor-parquet"

// Magic is what a Parquet file begins and ends with.
const Magic = "PAR1"

// Input is a file of alerts and where to say what is wrong with it.
type Input struct {
	// File names the file in messages.
	File string
	// Data is the content, and Size its length in bytes.
	Data io.ReaderAt
	Size int64
	// Reject is told each row that is refused, and Warn what was passed over.
	Reject func(evidence.Reject)
	Warn   func(text string)
}

// Alerts reads the alerts of a file, in its order. An error ends the sequence:
// fault.Invalid when the file is damaged or has no column for what every alert
// has.
func Alerts(in Input) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		r, err := open(in)
		if err != nil {
			yield(nil, err)
			return
		}
		for i := range r.groups {
			if !r.group(i, yield) {
				return
			}
		}
	}
}

// batch is how many rows are held at a time.
const batch = 256

type reader struct {
	in     Input
	groups []parquet.RowGroup
	leaves []leaf
	check  alert.Checker
	clock  *decode.Clock
	row    int
	bad    *evidence.Reject
	unit   map[string]bool // what numbers that are times were taken for, once told
}

// open reads the end of the file, which says what it holds.
func open(in Input) (r *reader, err error) {
	defer caught(in.File, &err)
	f, err := parquet.OpenFile(in.Data, in.Size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(in.File, err)
	}
	if err := unpackable(in.File, f.Metadata()); err != nil {
		return nil, err
	}
	r = &reader{in: in, groups: f.RowGroups(), leaves: leaves(f.Schema()), unit: map[string]bool{}}
	r.clock = &decode.Clock{Once: decode.Once{Note: in.Warn}}
	r.check = alert.Checker{
		When: func(_, text string) (time.Time, bool) { return r.clock.Time(text) },
		Help: decode.TimeHelp, Fail: r.fail, Warn: in.Warn,
	}
	for _, need := range []string{"id", "rule_id", "time"} {
		switch {
		case r.has(need):
		case r.has("class_uid"):
			return nil, decode.Invalid(in.File, 0, "the file has no column %q: it holds OCSF, which is read as JSON", need).
				Next("query the findings as JSON or JSON Lines, and add those")
		default:
			return nil, decode.Invalid(in.File, 0, "the file has no column %q", need).
				Next("name the columns as candor evidence template alerts does; this file has %s", strings.Join(names(f.Schema()), ", "))
		}
	}
	return r, nil
}

// unpackable refuses files packed with LZ4: the library doubles its memory without
// end on one that is damaged.
func unpackable(file string, m *format.FileMetaData) error {
	for _, g := range m.RowGroups {
		for _, c := range g.Columns {
			if codec := c.MetaData.Codec; codec == format.Lz4Raw || codec == format.Lz4 {
				return decode.Invalid(file, 0, "the Parquet file is packed with %s, which is not read here", codec).
					Next("write it with zstd, snappy, gzip or without packing")
			}
		}
	}
	return nil
}

func (r *reader) has(name string) bool {
	for _, l := range r.leaves {
		if l.name == name {
			return true
		}
	}
	return false
}

// caught turns a panic of the library, which damaged bytes can bring about, into
// the error of a damaged file.
func caught(file string, err *error) {
	if p := recover(); p != nil {
		*err = damaged(file, fmt.Errorf("%v", p))
	}
}

func damaged(file string, err error) error {
	return fault.New(fault.Invalid, "the Parquet file is damaged").At("%s", file).Because(err).Next("write or fetch the file again; nothing was added")
}

// group reads one row group and reports whether to go on.
func (r *reader) group(i int, yield func(*alert.Alert, error) bool) bool {
	rows, err := r.rows(i)
	if err != nil {
		yield(nil, err)
		return false
	}
	defer rows.Close()
	buf := make([]parquet.Row, batch)
	for {
		n, err := r.fill(rows, buf)
		for _, row := range buf[:n] {
			a, err := r.alert(row)
			if err != nil {
				yield(nil, err)
				return false
			}
			if r.bad != nil {
				r.in.Reject(*r.bad)
				continue
			}
			if !yield(a, nil) {
				return false
			}
		}
		switch {
		case err == io.EOF || err == nil && n == 0:
			return true
		case err != nil:
			yield(nil, err)
			return false
		}
	}
}

func (r *reader) rows(i int) (rows parquet.Rows, err error) {
	defer caught(r.in.File, &err)
	return r.groups[i].Rows(), nil
}

// fill reads the next rows.
func (r *reader) fill(rows parquet.Rows, buf []parquet.Row) (n int, err error) {
	defer caught(r.in.File, &err)
	n, err = rows.ReadRows(buf)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, damaged(r.in.File, err)
	}
	return n, err
}

func (r *reader) fail(field, value, reason string) {
	if r.bad == nil {
		r.bad = &evidence.Reject{File: r.in.File, Line: r.row, Field: field, Value: strings.Clone(value), Reason: reason}
	}
}

// alert makes an alert of a row.
func (r *reader) alert(row parquet.Row) (a *alert.Alert, err error) {
	defer caught(r.in.File, &err)
	r.row++
	r.bad = nil
	c := r.cells(row)
	if r.bad != nil {
		return nil, nil
	}
	d := &alert.Draft{
		ID: c.text("id"), RuleID: c.text("rule_id"), RuleName: c.text("rule_name"), Time: c.text("time"), Site: c.text("site"),
		Entity: c.text("entity"), EntityType: c.text("entity_type"), Mentions: c.entities(), Severity: c.text("severity"), Score: c.text("score"), CaseID: c.text("case_id"),
		Tactic: c.text("tactic"), Source: c.text("source"), Techniques: r.clock.Techniques(c.techniques()), Fields: c.fields(r.fail),
		Disposition: c.text("disposition"), DispositionTime: c.text("disposition_time"), DispositionBy: c.text("disposition_by"),
		Provenance: c.text("provenance"), Reading: c.text("reading"), DuplicateOf: c.text("duplicate_of"), Word: c.text("disposition"),
	}
	return r.check.Alert(d), nil
}
