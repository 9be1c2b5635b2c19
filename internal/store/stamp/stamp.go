// Package stamp holds the stored form of a time, nanoseconds since 1970, so that every
// store keeps the same and refuses the same.
package stamp

import (
	"math"
	"time"

	"candor/internal/day"
	"candor/internal/fault"
)

// Unknown is the stored form of the zero time; it comes before every other.
const Unknown = math.MinInt64

// Of returns the stored form of t, which reaches from 1678 to 2262; a time outside
// is fault.Invalid.
func Of(t time.Time) (int64, error) {
	if t.IsZero() {
		return Unknown, nil
	}
	n := t.UnixNano()
	if !time.Unix(0, n).Equal(t) || n == Unknown {
		return 0, fault.New(fault.Invalid, "time %s is outside the years 1678 to 2262", t.Format(time.RFC3339))
	}
	return n, nil
}

// Time returns the time, in UTC, of its stored form.
func Time(n int64) time.Time {
	if n == Unknown {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// Bounds returns the stored forms of the first and of the last time of the days from
// from to to; an unknown day is no bound.
func Bounds(from, to day.Date) (first, last int64) {
	first, last = Unknown, math.MaxInt64
	if t := from.Time(); !t.IsZero() {
		first = Nearest(t)
	}
	if t := to.Time(); !t.IsZero() {
		if last = Nearest(t.AddDate(0, 0, 1)); last != Unknown {
			last--
		}
	}
	return first, last
}

// Nearest is the stored form of t, or the end next to it where it has none.
func Nearest(t time.Time) int64 {
	n, err := Of(t)
	switch {
	case err == nil:
		return n
	case t.Year() < 1970:
		return Unknown
	}
	return math.MaxInt64
}
