// Package day holds the calendar day, the unit in which evidence ages.
//
// It refuses to know what day it is: the clock is passed in by whoever has one.
package day

import "time"

// Date is a calendar day in UTC, written 2006-01-02. The empty Date is unknown.
type Date string

// Parse returns the day written as s, 2006-01-02.
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return "", err
	}
	return Of(t), nil
}

// Of returns t's day in UTC.
func Of(t time.Time) Date {
	y, m, d := t.UTC().Date()
	if y < 0 || y > 9999 {
		return Date(t.UTC().Format(time.DateOnly))
	}
	// What every alert is asked for takes a third of the time of Format so.
	return Date([]byte{digit(y / 1000), digit(y / 100), digit(y / 10), digit(y), '-', digit(int(m) / 10), digit(int(m)), '-', digit(d / 10), digit(d)})
}

// digit is the last decimal digit of n.
func digit(n int) byte { return '0' + byte(n%10) }

// Time returns the start of the day in UTC, and the zero time for an unknown or
// malformed date.
func (d Date) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Add returns the day n days after d; an unknown date stays unknown.
func (d Date) Add(n int) Date {
	t := d.Time()
	if t.IsZero() {
		return ""
	}
	return Of(t.AddDate(0, 0, n))
}

// Until returns the number of days from d to other, negative when other is
// earlier, and 0 when either is unknown.
func (d Date) Until(other Date) int {
	a, b := d.Time(), other.Time()
	if a.IsZero() || b.IsZero() {
		return 0
	}
	return int(b.Sub(a).Hours() / 24)
}
