package matrix

import (
	"bytes"
	"encoding/csv"
	"strconv"

	"candor/internal/correlate/credit"
	"candor/internal/decode"
)

// Table returns the matrix as rows of cells under a head: one for each technique under a
// tactic, with how many of its analytics are in each state of the view.
func (m *Matrix) Table() [][]string {
	head := []string{"tactic_id", "tactic", "technique_id", "technique", "sub_technique_of", "worst_case", "analytics", "applicable"}
	for _, e := range m.Legend {
		head = append(head, e.Key)
	}
	head = append(head, "chains")
	rows := [][]string{head}
	for i := range m.Tactics {
		t := &m.Tactics[i]
		m.cells(t, func(c, above *Cell) {
			if !c.Matches {
				return
			}
			parent := ""
			if above != nil {
				parent = above.Of.ATTACKID
			}
			row := []string{t.Of.ATTACKID, t.Of.Name, c.Of.ATTACKID, c.Of.Name, parent, c.Worst, strconv.Itoa(c.Analytics), strconv.Itoa(c.Applicable)}
			for _, e := range m.Legend {
				row = append(row, strconv.Itoa(c.count(e.Key)))
			}
			rows = append(rows, append(row, credit.Looked(c.Chains)))
		})
	}
	return rows
}

// count is how many of a cell's analytics are in a state.
func (c *Cell) count(state string) int {
	for _, n := range c.States {
		if n.State == state {
			return n.Count
		}
	}
	return 0
}

// CSV returns Table as CSV, with no cell that a spreadsheet would take for a formula.
func (m *Matrix) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range m.Table() {
		for i := range row {
			row[i] = decode.Inert(row[i])
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.Bytes(), w.Error()
}
