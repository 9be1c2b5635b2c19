// Package workbook reads the first sheet of a workbook (Office Open XML, .xlsx) as
// delimited text, so that whoever reads a table reads it, too.
//
// Dates are written with the year first, whatever the sheet shows, because a cell knows
// which day it means and its look does not. Formulas are taken by the value that the
// workbook has of them; none is computed. It refuses a workbook that would take more
// room than it may.
package workbook

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"candor/internal/fault"
)

// Is reports whether a file that begins with head is a zip archive that may be a
// workbook: its first entries are those of one.
func Is(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) &&
		(bytes.Contains(head, []byte("[Content_Types].xml")) || bytes.Contains(head, []byte("xl/")) || bytes.Contains(head, []byte("_rels/.rels")))
}

// Text returns the first sheet of a workbook as comma-separated text in UTF-8, and its
// name. Most bounds the text, and the workbook unpacked, in bytes. It fails with
// fault.Invalid for what is no workbook, or has no rows; file names it in messages.
func Text(file string, data []byte, most int64) (text []byte, sheet string, err error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: most, UnzipXMLSizeLimit: most})
	if err != nil {
		return nil, "", broken(file, err)
	}
	defer f.Close()
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, "", fault.New(fault.Invalid, "the workbook has no sheet of cells").At("%s", file).Next("save the table as CSV in UTF-8")
	}
	sheet = sheets[0]
	s, err := open(f, sheet)
	if err != nil {
		return nil, "", broken(file, err)
	}
	defer s.close()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for s.next() {
		row, err := s.row()
		if err != nil {
			return nil, "", broken(file, err)
		}
		w.Write(row) // to memory, which cannot fail
		if w.Flush(); int64(out.Len()) > most {
			return nil, "", fault.New(fault.Invalid, "the sheet %q is larger than %d MiB as text", sheet, most>>20).At("%s", file).Next("split it into several batches")
		}
	}
	if out.Len() == 0 {
		return nil, "", fault.New(fault.Invalid, "the first sheet, %q, has no rows", sheet).At("%s", file).Next("put the table into the first sheet, or save it as CSV in UTF-8")
	}
	return out.Bytes(), sheet, nil
}

func broken(file string, err error) error {
	return fault.New(fault.Invalid, "the workbook cannot be read").At("%s", file).Because(err).Next("save the table as CSV in UTF-8")
}

// rows are a sheet's rows, as its cells are kept and as they are shown.
type rows struct {
	kept, shown *excelize.Rows
	old         bool // days count from 1904
	width       int  // of the first row
}

func open(f *excelize.File, sheet string) (*rows, error) {
	props, err := f.GetWorkbookProps()
	if err != nil {
		return nil, err
	}
	s := &rows{old: props.Date1904 != nil && *props.Date1904}
	if s.kept, err = f.Rows(sheet); err != nil {
		return nil, err
	}
	s.shown, err = f.Rows(sheet)
	return s, err
}

func (s *rows) close() {
	s.kept.Close()
	s.shown.Close()
}

func (s *rows) next() bool {
	more := s.kept.Next()
	return s.shown.Next() && more
}

// row returns the cells of a row, as many as the first row has: a sheet leaves out the
// empty ones at the end.
func (s *rows) row() ([]string, error) {
	kept, err := s.kept.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, err
	}
	shown, err := s.shown.Columns()
	if err != nil {
		return nil, err
	}
	out := make([]string, max(s.width, len(kept)))
	for i, raw := range kept {
		look := raw
		if i < len(shown) {
			look = shown[i]
		}
		out[i] = s.cell(raw, look)
	}
	if s.width == 0 {
		s.width = len(out)
	}
	return out, nil
}

// dated finds what a date or an hour is shown with.
var dated = regexp.MustCompile(`\d[-/.:年 ]\d|\d-[A-Za-z]{3}|[A-Za-z]{3}-\d|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|am|pm)`)

// cell returns a number that is shown as a date as that date; a number otherwise as it is
// kept, whose look may have been cut; and a text as it is.
func (s *rows) cell(raw, look string) string {
	switch {
	case raw == look:
		return raw
	case raw == "1" && look == "TRUE":
		return "true"
	case raw == "0" && look == "FALSE":
		return "false"
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw
	}
	const first, last = 20000, 73051 // 1954 to 2099, days from the end of 1899
	if !dated.MatchString(look) || n < first || n > last {
		return raw
	}
	at, err := excelize.ExcelDateToTime(n, s.old)
	if err != nil {
		return raw
	}
	if at = at.Round(time.Second); at.Equal(at.Truncate(24 * time.Hour)) {
		return at.Format(time.DateOnly)
	}
	return at.Format(time.DateTime)
}
