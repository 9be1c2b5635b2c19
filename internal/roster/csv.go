package roster

import (
	"bytes"
	"encoding/csv"

	"candor/internal/decode"
)

// CSV writes the rows of l as delimited text: a head of keys, numbers as digits, several
// entries of a cell with a semicolon between them, and no cell that a spreadsheet would
// take for a formula.
func (l *List) CSV() ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	var head []string
	for _, c := range l.Columns {
		head = append(head, c.Key)
		if c.NoteKey != "" {
			head = append(head, c.NoteKey)
		}
	}
	_ = w.Write(head)
	for i := range l.Rows {
		record := make([]string, 0, len(head))
		for j := range l.Columns {
			c, cell := &l.Columns[j], &l.Rows[i].Cells[j]
			record = append(record, decode.Inert(cell.written(c.Kind)))
			if c.NoteKey != "" {
				record = append(record, decode.Inert(cell.Note))
			}
		}
		_ = w.Write(record)
	}
	w.Flush()
	return out.Bytes(), w.Error()
}
