package decode

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Clock reads the times of one input, however they are written: as Candor writes
// them, as other products do, or as a number, whose unit its size tells. It says once
// what it took for granted. A clock is used by one goroutine.
type Clock struct {
	// Unit is that in which the input is said to write times as numbers, of which
	// nothing is noted; 0 when none are expected.
	Unit time.Duration
	// Dates has the order of day and month of the input, for dates such as 3/11/2026;
	// without it, only dates that have one reading are read.
	Dates *Dates
	// Zone is that of times that say none; nil for UTC.
	Zone *time.Location
	// Line is where the time stands that is read, for what is said of dates; 0 where
	// nobody knows.
	Line int
	Once
}

// TimeHelp says in a message how a time is written.
const TimeHelp = "not a time such as 2026-03-01T12:00:00Z"

// layouts are the ways in which Candor's own formats may write a time. One
// without a zone is UTC.
var layouts = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", time.DateOnly,
}

// others are the ways in which others write one: offsets without a colon, with a blank
// before it or with hours alone; ISO 8601's basic form; the year first with slashes; and
// months by their English names. The zone is read before.
var others = [...]string{
	"2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07",
	"2006-01-02T15:04Z0700", "2006-01-02 15:04Z0700", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02T15Z07:00", "2006-01-02T15",
	"20060102T150405.999999999Z0700", "20060102T150405.999999999Z07:00", "20060102T150405.999999999", "20060102T1504Z0700", "20060102T1504", "20060102",
	"2006/01/02 15:04:05.999999999Z0700", "2006/01/02 15:04:05.999999999Z07:00", "2006/01/02 15:04:05.999999999", "2006/01/02 15:04", "2006/01/02",
	"Jan _2, 2006 @ 15:04:05.999999999", "Jan _2, 2006, 3:04:05.999999999 PM", "Jan _2, 2006 3:04:05.999999999 PM", "Jan _2, 2006 15:04:05.999999999", "Jan _2, 2006",
	"_2 Jan 2006 15:04:05.999999999", "_2 Jan 2006 15:04:05.999999999Z0700", "_2 Jan 2006", "Mon, _2 Jan 2006 15:04:05Z0700", "Mon, _2 Jan 2006 15:04:05",
	"Mon Jan _2 15:04:05 2006",
}

// Time returns the time that s says, in UTC. A time without a zone is taken as UTC, a
// day as its first moment, and a number as Stamp reads it.
func Time(s string) (time.Time, bool) { return (&Clock{}).Time(s) }

// Time returns the time that s says, as the function Time does, and notes what was
// taken for granted.
func (c *Clock) Time(s string) (time.Time, bool) {
	if number(s) && (c.Unit != 0 || len(s) != len("20060102")) {
		return c.stamp(s)
	}
	if t, ok := plainTime(s); ok {
		return t, true
	}
	for _, l := range layouts {
		if t, err := time.ParseInLocation(l, s, c.location()); err == nil {
			return t.UTC(), Sane(t)
		}
	}
	return c.other(strings.TrimSpace(s))
}

// plainTime reads a time as most of them are written: date and time of ISO 8601 with a T or
// a blank between them, decimals or none, and Z or an offset with a colon or without. What
// it does not read may be a time.
func plainTime(s string) (time.Time, bool) {
	const whole = len("2006-01-02T15:04:05")
	if len(s) <= whole || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	year, ok1 := decimal(s[0:4])
	month, ok2 := decimal(s[5:7])
	day, ok3 := decimal(s[8:10])
	hour, ok4 := decimal(s[11:13])
	minute, ok5 := decimal(s[14:16])
	second, ok6 := decimal(s[17:19])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || year < 1970 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	nanos, rest := 0, s[whole:]
	if rest[0] == '.' {
		n := 1
		for ; n < len(rest) && n <= 9 && rest[n] >= '0' && rest[n] <= '9'; n++ {
			nanos = nanos*10 + int(rest[n]-'0')
		}
		if n == 1 {
			return time.Time{}, false
		}
		for range 10 - n {
			nanos *= 10
		}
		rest = rest[n:]
	}
	east, ok := offset(rest)
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Day() != day { // the month has no such day
		return time.Time{}, false
	}
	t = t.Add(-time.Duration(east) * time.Second)
	return t, Sane(t)
}

// offset reads Z, +01:00 or +0100, in seconds east of UTC.
func offset(s string) (east int, ok bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) == 6 && s[3] == ':' {
		s = s[:3] + s[4:]
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, ok1 := decimal(s[1:3])
	minutes, ok2 := decimal(s[3:5])
	if !ok1 || !ok2 || hours > 14 || minutes > 59 {
		return 0, false
	}
	if east = hours*3600 + minutes*60; s[0] == '-' {
		east = -east
	}
	return east, true
}

// decimal reads a number of digits alone.
func decimal(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// location is where the clock hangs of whose time no zone is said.
func (c *Clock) location() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Stamp returns the time that is a number of seconds, milliseconds, microseconds or
// nanoseconds after the start of 1970, and which of them: its size tells, since as
// seconds those of the next three thousand years have at most eleven digits. The
// number may have decimals, behind a point or a comma. One of fewer than nine digits,
// which as seconds would be of 1970 to 1973, is no time.
func Stamp(s string) (t time.Time, unit time.Duration, ok bool) {
	s = strings.Replace(s, ",", ".", 1)
	whole, _, _ := strings.Cut(s, ".")
	switch n := len(whole); {
	case n < 9 || !allDigits(whole) || whole[0] == '0':
		return time.Time{}, 0, false
	case n <= 11:
		unit = time.Second
	case n <= 14:
		unit = time.Millisecond
	case n <= 17:
		unit = time.Microsecond
	default:
		unit = time.Nanosecond
	}
	t, ok = Epoch(s, unit)
	return t, unit, ok
}

// number reports whether s is digits, with one point or comma among them or none.
func number(s string) bool {
	whole, decimals := s, ""
	if i := strings.IndexAny(s, ".,"); i >= 0 {
		whole, decimals = s[:i], s[i+1:]
	}
	return whole != "" && allDigits(whole) && allDigits(decimals)
}

// stamp reads a number. One too small to tell its unit is of the unit that is said.
func (c *Clock) stamp(s string) (time.Time, bool) {
	t, unit, ok := Stamp(s)
	switch {
	case !ok && c.Unit != 0:
		return Epoch(strings.Replace(s, ",", ".", 1), c.Unit)
	case ok && c.Unit == 0:
		c.Say("times that are numbers were read as %s since 1970, as their size tells", unitName(unit))
	case ok && unit != c.Unit:
		c.Say("times that are numbers were read as %s since 1970, as their size tells, and not as %s", unitName(unit), unitName(c.Unit))
	}
	return t, ok
}

func unitName(unit time.Duration) string {
	switch unit {
	case time.Second:
		return "seconds"
	case time.Millisecond:
		return "milliseconds"
	case time.Microsecond:
		return "microseconds"
	}
	return "nanoseconds"
}

// other reads a time that is not written as Candor writes it.
func (c *Clock) other(s string) (time.Time, bool) {
	const longest = 64 // longer than any of the forms
	if len(s) < len("1/1/2000") || len(s) > longest {
		return time.Time{}, false
	}
	s, zone := c.zone(s)
	if t, ok := c.Dates.time(s, c.Line); ok {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone).UTC()
		return t, Sane(t)
	}
	s = strings.Replace(s, " +", "+", 1)
	s = strings.Replace(s, " -", "-", 1)
	if len(s) > 10 && s[10] == 't' {
		s = s[:10] + "T" + s[11:]
	}
	for _, list := range [][]string{others[:], layouts[:]} { // these that had a zone by name behind them
		for _, l := range list {
			if t, err := time.ParseInLocation(l, s, zone); err == nil {
				return t.UTC(), Sane(t)
			}
		}
	}
	return time.Time{}, false
}

// zones are the zones by name that mean one offset: those of RFC 822, section 5, and
// those of Europe that no other zone shares. Hours east of UTC.
var zones = [...]struct {
	name  string
	hours int
}{
	{"UTC", 0}, {"GMT", 0}, {"UT", 0}, {"Z", 0}, {"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7},
	{"WET", 0}, {"WEST", 1}, {"CET", 1}, {"CEST", 2}, {"EET", 2}, {"EEST", 3},
}

// zone takes the name of a zone off the end of a time, and returns it, or where the clock
// hangs if there is none.
func (c *Clock) zone(s string) (rest string, zone *time.Location) {
	upper := strings.ToUpper(s)
	for _, z := range zones {
		rest, ok := strings.CutSuffix(upper, z.name)
		if !ok || rest == "" {
			continue
		}
		if last := rest[len(rest)-1]; last != ' ' && (last < '0' || last > '9') {
			continue
		}
		if z.hours != 0 {
			c.Say("the zone %s was read as UTC%+d", z.name, z.hours)
		}
		return strings.TrimSpace(s[:len(rest)]), time.FixedZone(z.name, z.hours*3600)
	}
	return s, c.location()
}

// Order is the order of day and month in dates such as 3/11/2026.
type Order string

// The orders, in the words of a request; Untold until it is known.
const (
	Untold     Order = ""
	DayFirst   Order = "day-first"
	MonthFirst Order = "month-first"
)

// ParseOrder returns the order that s names, and whether it names one.
func ParseOrder(s string) (Order, bool) {
	o := Order(s)
	return o, o == Untold || o == DayFirst || o == MonthFirst
}

// Dates is the one order of day and month that every date of an input is written in.
// While it is untold, dates are only looked at, to tell it; what is read of one that
// may be either is not to be kept. It is safe for concurrent use.
type Dates struct {
	order Order
	ask   func() (Order, error) // nil where there is nobody to ask
	asked sync.Once
	err   error

	mu                 sync.Mutex
	day, month, either seen // dates that have only this reading, or both
}

// seen is a date, and where it stands; no date is empty.
type seen struct {
	text string
	line int
}

func (s seen) String() string {
	if s.line == 0 {
		return s.text
	}
	return fmt.Sprintf("%s (line %d)", s.text, s.line)
}

// NewDates returns the dates of an input whose order is known, or to be told.
func NewDates(o Order) *Dates { return &Dates{order: o} }

// AskDates returns the dates of an input whose order is asked for once, when the first
// date is met of which it matters. Where ask fails, none of them is read, and Err says why.
func AskDates(ask func() (Order, error)) *Dates { return &Dates{ask: ask} }

// Text is a text with what was said of its dates.
type Text struct {
	io.Reader
	Order Order
}

// orderNow returns the order as far as it is known, for which it asks where it can.
func (d *Dates) orderNow() Order {
	if d == nil {
		return Untold
	}
	if d.ask != nil {
		d.asked.Do(func() { d.order, d.err = d.ask() })
	}
	return d.order
}

// Looks reports whether dates are only looked at.
func (d *Dates) Looks() bool { return d != nil && d.ask == nil && d.order == Untold }

// Err returns why the order that was asked for cannot be told; nil where it can, or was
// not asked for. It is called when the reading has ended.
func (d *Dates) Err() error {
	if d == nil {
		return nil
	}
	return d.err
}

// Told reports whether the order is known.
func (d *Dates) Told() bool { return d.order != Untold }

// Met reports whether a date of which it matters was met.
func (d *Dates) Met() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.day.text != "" || d.month.text != "" || d.either.text != ""
}

// Tell returns the dates of the same input with the order that those that were looked
// at have. It fails with fault.Invalid where they do not tell it, or tell both; file
// names the input in messages, and say is what to do then.
func (d *Dates) Tell(file, say string) (*Dates, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.day.text != "" && d.month.text != "":
		return nil, Invalid(file, 0, "its dates are written in two orders: in %s the day comes first, and in %s the month", d.day, d.month).Next("%s", say)
	case d.day.text != "":
		return NewDates(DayFirst), nil
	case d.month.text != "":
		return NewDates(MonthFirst), nil
	case d.either.text != "":
		return nil, Invalid(file, 0, "whether day or month comes first in its dates cannot be told: %s may be either, and so may every other", d.either).Next("%s", say)
	}
	return NewDates(Untold), nil
}

// Order returns the order as far as it was told.
func (d *Dates) Order() Order { return d.order }

// dated finds a date that may begin with day or month.
var dated = regexp.MustCompile(`\b[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{4}\b`)

// HasDates reports whether a head holds what may be a date of which it matters.
func HasDates(head []byte) bool { return dated.Match(head) }

// slashed is a date of numbers that ends in the year.
type slashed struct {
	first, second, year int
	clock               time.Duration
}

// time reads a date that begins with day or month, and stands in a line. Dates with points
// begin with the day.
func (d *Dates) time(s string, line int) (time.Time, bool) {
	p, separator, ok := slash(s)
	if !ok {
		return time.Time{}, false
	}
	day, dayOK := p.at(p.second, p.first)
	if separator == '.' {
		return day, dayOK
	}
	month, monthOK := p.at(p.first, p.second)
	order := d.orderNow()
	if d.Err() != nil {
		return time.Time{}, false
	}
	if order == Untold {
		d.look(seen{s, line}, dayOK, monthOK)
	}
	switch {
	case order == DayFirst, order == Untold && dayOK && !monthOK:
		return day, dayOK
	case d == nil:
		return month, monthOK && (!dayOK || p.first == p.second)
	}
	return month, monthOK
}

// look notes which readings a date has: of each, the first in the input.
func (d *Dates) look(s seen, day, month bool) {
	if d == nil || !day && !month {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	place := &d.either
	switch {
	case !month:
		place = &d.day
	case !day:
		place = &d.month
	}
	if place.text == "" || s.line < place.line {
		*place = seen{strings.Clone(s.text), s.line}
	}
}

// at returns the time in a month and on a day, if there is one.
func (p *slashed) at(month, day int) (time.Time, bool) {
	t := time.Date(p.year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Add(p.clock), month >= 1 && month <= 12 && day >= 1 && t.Day() == day
}

// clocks are the ways in which the hour is written behind such a date.
var clocks = [...]string{"15:04:05.999999999", "15:04", "3:04:05.999999999 PM", "3:04 PM", "3:04:05.999999999PM", "3:04PM"}

// slash takes apart a date such as 3/11/2026, 3-11-2026 or 3.11.2026, which an hour may
// stand behind.
func slash(s string) (p slashed, separator byte, ok bool) {
	end := strings.IndexAny(s, " ,T")
	if end < 0 {
		end = len(s)
	}
	date, hour := s[:end], strings.TrimLeft(s[end:], " ,T")
	i := strings.IndexAny(date, "/-.")
	if i < 1 || i > 2 {
		return p, 0, false
	}
	separator = date[i]
	parts := strings.Split(date, string(separator))
	if len(parts) != 3 || len(parts[1]) < 1 || len(parts[1]) > 2 || len(parts[2]) != 4 {
		return p, 0, false
	}
	for k, to := range []*int{&p.first, &p.second, &p.year} {
		if !allDigits(parts[k]) {
			return p, 0, false
		}
		for _, c := range parts[k] {
			*to = *to*10 + int(c-'0')
		}
	}
	if hour == "" {
		return p, separator, true
	}
	hour = strings.ReplaceAll(strings.ToUpper(hour), "\u202f", " ") // browsers put a narrow blank before AM and PM
	for _, l := range clocks {
		if t, err := time.Parse(l, hour); err == nil {
			p.clock = t.Sub(t.Truncate(24 * time.Hour))
			return p, separator, true
		}
	}
	return p, 0, false
}
