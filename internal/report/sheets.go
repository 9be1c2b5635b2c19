package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	spelled "candor/internal/decode"
	"candor/internal/fault"
	"candor/internal/inert"
	"candor/internal/near"
)

// CSV writes one table of a report, each row with what it was judged by and the limits, which
// rows that are sorted, filtered and copied elsewhere take along. No cell is a formula.
func CSV(s *Sealed, title string) ([]byte, error) {
	sec := s.Document.section(title)
	if sec == nil || sec.Table == nil {
		return nil, fault.New(fault.Usage, "the report has no table %q", title).At("--table").Next("%s", near.Hint(title, Tables(), ""))
	}
	b := &s.Document.Basis
	head := []string{"release", "as_of", "policy", "policy_sha256", "ledger_head", "limits"}
	said := []string{b.Release, string(b.AsOf), strings.TrimSpace(b.Policy.Name + " " + b.Policy.Version), b.Policy.SHA256, s.head(), strings.Join(s.Document.Limits, " ")}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	write := func(row, more []string) error {
		cells := slices.Concat(row, more)
		for i := range cells {
			cells[i] = spelled.Inert(cells[i])
		}
		return w.Write(cells)
	}
	if err := write(sec.Table.Columns, head); err != nil {
		return nil, err
	}
	for _, row := range sec.Table.Rows {
		if err := write(row, said); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// head names the head of the ledger's tree; empty for a ledger without entries.
func (s *Sealed) head() string {
	if s.Head.Size == 0 {
		return ""
	}
	return s.Head.String()
}

// aboutSheet is the name of the sheet on which a workbook says what it is and what it cannot
// say; it is the first.
const aboutSheet = "about"

// XLSX writes a report as a workbook: what it says and what it cannot say on the first sheet,
// and each table on one of its own. Texts are texts in it, whatever they begin with, and only
// what the document says to be numbers are numbers.
func XLSX(s *Sealed) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", aboutSheet); err != nil {
		return nil, err
	}
	made := s.Made.UTC().Format("2006-01-02T15:04:05Z")
	if err := f.SetDocProps(&excelize.DocProperties{Title: shown(s.Document.Title), Creator: shown(s.Program), Created: made, Modified: made}); err != nil {
		return nil, err
	}
	head, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	about := &Table{Columns: []string{"", s.Document.Title}}
	for _, of := range []struct {
		name  string
		lines []string
	}{{"says", s.Document.Lead}, {"limit", s.Document.Limits}, {"judged by", s.Document.Basis.Words()}, {"sealed", s.Words()}} {
		for _, l := range of.lines {
			about.Rows = append(about.Rows, []string{of.name, l})
		}
	}
	if err := writeSheet(f, aboutSheet, about, head); err != nil {
		return nil, err
	}
	for i := range s.Document.Sections {
		sec := &s.Document.Sections[i]
		if sec.Table == nil {
			continue
		}
		if _, err := f.NewSheet(sec.Title); err != nil {
			return nil, err
		}
		if err := writeSheet(f, sec.Title, sec.Table, head); err != nil {
			return nil, err
		}
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// mostCell is how many characters a cell of a workbook has room for.
const mostCell = excelize.TotalCellChars

// writeSheet writes a table to a sheet, whose first row stays in view.
func writeSheet(f *excelize.File, sheet string, t *Table, head int) error {
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := w.SetColWidth(1, max(1, len(t.Columns)), 22); err != nil {
		return err
	}
	row := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		row[i] = excelize.Cell{StyleID: head, Value: shown(c)}
	}
	if err := w.SetRow("A1", row); err != nil {
		return err
	}
	for n, cells := range t.Rows {
		for i, c := range cells {
			row[i] = valueOf(c, slices.Contains(t.Numbers, i))
		}
		if err := w.SetRow("A"+strconv.Itoa(n+2), row); err != nil {
			return err
		}
	}
	return w.Flush()
}

// valueOf is a cell of a workbook.
func valueOf(text string, number bool) any {
	if text == "" {
		return nil
	}
	if x, err := strconv.ParseFloat(text, 64); number && err == nil {
		return x
	}
	return shown(text)
}

// shown is a text with what would not be seen as its escape, as long as a cell may be.
func shown(text string) string {
	text = inert.Text(text)
	if utf8.RuneCountInString(text) <= mostCell {
		return text
	}
	return string([]rune(text)[:mostCell-1]) + "…"
}
