//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"math"
	"time"

	"candor/internal/day"
	"candor/internal/fault"
)

const (
	secondsPerDay = 24 * 60 * 60
	// unknown is the stored form of the zero time; it comes before every other.
	unknown = math.MinInt64
)

// instant returns the stored form of t, nanoseconds since 1970, which reaches
// from 1678 to 2262.
func instant(t time.Time) (int64, error) {
	if t.IsZero() {
		return unknown, nil
	}
	n := t.UnixNano()
	if !time.Unix(0, n).Equal(t) || n == unknown {
		return 0, fault.New(fault.Invalid, "time %s is outside the years 1678 to 2262", t.Format(time.RFC3339))
	}
	return n, nil
}

// moment returns the time, in UTC, of its stored form.
func moment(n int64) time.Time {
	if n == unknown {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// dayOf returns the UTC day, in days since 1970, of a stored time.
func dayOf(n int64) int32 {
	const perDay = secondsPerDay * int64(time.Second)
	d := n / perDay
	if n%perDay < 0 {
		d--
	}
	return int32(d)
}

// bounds returns from and to in days since 1970; an unknown day is no bound.
func bounds(from, to day.Date) (first, last int32) {
	first, last = math.MinInt32, math.MaxInt32
	if t := from.Time(); !t.IsZero() {
		first = int32(t.Unix() / secondsPerDay)
	}
	if t := to.Time(); !t.IsZero() {
		last = int32(t.Unix() / secondsPerDay)
	}
	return first, last
}
