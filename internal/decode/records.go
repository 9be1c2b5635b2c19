package decode

import (
	"fmt"
	"io"
	"strconv"

	"candor/internal/day"
	"candor/internal/evidence"
)

// counted is a number with its noun, for messages.
func counted(before string, n int, noun string) string {
	if noun != "" && n != 1 {
		noun += "s"
	}
	if noun != "" {
		noun = " " + noun
	}
	return fmt.Sprintf("%s %d%s", before, n, noun)
}

// Rows hands out rows until io.EOF, as Table and Lines do.
type Rows interface {
	Next() (Row, error)
}

// Records reads every row that one function turns into a record. The function
// says what is wrong with a row through its Fail.
func Records[T any](t Rows, record func(*Row) T) (evidence.Decoded[T], error) {
	var out evidence.Decoded[T]
	for {
		row, err := t.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if _, bad := row.Bad(); !bad {
			if v := record(&row); row.bad == nil {
				out.Records = append(out.Records, v)
				continue
			}
		}
		out.Rejects = append(out.Rejects, *row.bad)
	}
}

// Need returns the cell of a column that must not be empty.
func (r *Row) Need(column string) string {
	v := r.Get(column)
	if v == "" {
		r.Fail(column, "", "is empty")
	}
	return v
}

// Count returns the cell of a column as a number that is not negative.
func (r *Row) Count(column string) int64 {
	v := r.Need(column)
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		r.Fail(column, v, "not a whole number of 0 or more")
		return 0
	}
	return n
}

// Day returns the cell of a column as a day.
func (r *Row) Day(column string) day.Date {
	v := r.Need(column)
	d, err := day.Parse(v)
	if err != nil {
		r.Fail(column, v, "not a day such as 2026-03-01")
		return ""
	}
	return d
}
