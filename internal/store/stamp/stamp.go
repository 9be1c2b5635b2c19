// Package stamp holds the stored form of a time, nanoseconds since 1970, and of a
// day, days since 1970, so that every store keeps the same and refuses the same.
package stamp

import (
	"math"
	"time"

	"candor/internal/day"
	"candor/internal/fault"
)

// SecondsPerDay is the length of a stored day.
const SecondsPerDay = 24 * 60 * 60

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

// Day returns the UTC day, in days since 1970, of a stored time.
func Day(n int64) int32 {
	const perDay = SecondsPerDay * int64(time.Second)
	d := n / perDay
	if n%perDay < 0 {
		d--
	}
	return int32(d)
}

// Hour returns the hour of its UTC day, 0 to 23, of a stored time.
func Hour(n int64) int {
	return int((n - int64(Day(n))*SecondsPerDay*int64(time.Second)) / int64(time.Hour))
}

// Bounds returns from and to in days since 1970; an unknown day is no bound.
func Bounds(from, to day.Date) (first, last int32) {
	first, last = math.MinInt32, math.MaxInt32
	if t := from.Time(); !t.IsZero() {
		first = int32(t.Unix() / SecondsPerDay)
	}
	if t := to.Time(); !t.IsZero() {
		last = int32(t.Unix() / SecondsPerDay)
	}
	return first, last
}
