package decode

import (
	"fmt"
	"time"
)

// Ages counts the records of an input whose time is none that evidence has: before
// 2000, as when a clock was never set or a number was read in another unit than it is
// written in, or after tomorrow. Tomorrow is the first moment that is after it.
type Ages struct {
	Tomorrow time.Time

	early, late int
	first, last time.Time
}

// See counts a time; the zero time is none.
func (a *Ages) See(t time.Time) {
	switch {
	case t.IsZero():
	case t.Year() < 2000:
		if a.early++; a.early == 1 || t.Before(a.first) {
			a.first = t
		}
	case t.After(a.Tomorrow):
		if a.late++; a.late == 1 || t.After(a.last) {
			a.last = t
		}
	}
}

// Notes says what was counted, a sentence for each.
func (a *Ages) Notes() []string {
	var out []string
	if a.early > 0 {
		out = append(out, fmt.Sprintf("%s before 2000, the first %s: look for a clock that was never set, or a time that was read in another unit than it is written in",
			dates(a.early), a.first.UTC().Format(time.RFC3339)))
	}
	if a.late > 0 {
		out = append(out, fmt.Sprintf("%s after tomorrow, the last %s: look for a clock that is wrong, a zone, or an order of day and month",
			dates(a.late), a.last.UTC().Format(time.RFC3339)))
	}
	return out
}

func dates(n int) string {
	if n == 1 {
		return "1 date of a record is"
	}
	return fmt.Sprintf("%d dates of records are", n)
}
