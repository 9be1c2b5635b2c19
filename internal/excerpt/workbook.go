package excerpt

import (
	"context"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"candor/internal/figure"
	"candor/internal/inert"
)

// aboutSheet is the sheet that says what a workbook is of.
const aboutSheet = "about"

// Workbook writes the tables of an excerpt as a workbook (Office Open XML, .xlsx), after a
// sheet that says what they are of. Every cell is text; none is a formula.
func (s *Service) Workbook(ctx context.Context, e *Excerpt, to io.Writer) error {
	f := excelize.NewFile()
	defer f.Close()
	cut := 0
	for _, table := range Tables() {
		if _, err := f.NewSheet(table); err != nil {
			return err
		}
		if err := s.sheet(ctx, e, f, table, &cut); err != nil {
			return err
		}
	}
	if err := f.SetSheetName("Sheet1", aboutSheet); err != nil {
		return err
	}
	for i, line := range s.about(e, cut) {
		row := strconv.Itoa(i + 1)
		if err := f.SetCellStr(aboutSheet, "A"+row, cell(line[0])); err != nil {
			return err
		}
		if err := f.SetCellStr(aboutSheet, "B"+row, cell(line[1])); err != nil {
			return err
		}
	}
	if err := f.SetColWidth(aboutSheet, "A", "A", 22); err != nil {
		return err
	}
	_, err := f.WriteTo(to)
	return err
}

// sheet writes a table as a sheet, row by row, and counts the cells that are cut.
func (s *Service) sheet(ctx context.Context, e *Excerpt, f *excelize.File, table string, cut *int) error {
	w, err := f.NewStreamWriter(table)
	if err != nil {
		return err
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	n := 0
	err = s.rows(ctx, e, table, func(row []string) error {
		n++
		cells := make([]any, len(row))
		for i, text := range row {
			if utf8.RuneCountInString(text) > mostCell {
				*cut++
			}
			cells[i] = cell(text)
		}
		return w.SetRow("A"+strconv.Itoa(n), cells)
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

// mostCell is how many characters a cell may have.
const mostCell = 32000

// cell returns text as a cell has it: with an escape for each character that is obeyed and
// not seen, which XML cannot have, and cut where a cell cannot hold it.
func cell(text string) string {
	text = inert.Text(text)
	if utf8.RuneCountInString(text) > mostCell {
		text = string([]rune(text)[:mostCell]) + "… (cut)"
	}
	return text
}

// about says what a workbook is of.
func (s *Service) about(e *Excerpt, cut int) [][2]string {
	what := "the whole release"
	if !e.Whole {
		what = figure.Of(int64(e.Chosen), "object", "objects") + " that were asked for, with what they refer to"
	}
	lines := [][2]string{
		{"release", e.Release.String()}, {"what", what}, {"objects", strconv.Itoa(e.Objects)}, {"of the release's", strconv.Itoa(e.Release.Objects)},
		{"file sha256", e.Release.FileHash}, {"file", e.Release.Verified}, {"source", e.origin.Source}, {"licence", e.origin.Licence},
	}
	if e.origin.Trademark != "" {
		lines = append(lines, [2]string{"trademark", e.origin.Trademark})
	}
	if cut > 0 {
		lines = append(lines, [2]string{"cut", figure.Of(int64(cut), "cell", "cells") + " of more than " + strconv.Itoa(mostCell) + " characters, which no cell holds"})
	}
	return append(lines, [2]string{"made by", s.Program})
}
