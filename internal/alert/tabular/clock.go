package tabular

import (
	"strings"
	"time"

	"candor/internal/decode"
)

// clock reads a time as a column writes it.
type clock func(text string) (time.Time, bool)

// automatic reads the ways in which Candor itself writes times.
func automatic(text string) (time.Time, bool) { return decode.Time(text) }

// layouts are the names that a mapping may give instead of a Go layout.
var layouts = [...]struct{ name, layout string }{
	{"rfc3339", time.RFC3339Nano}, {"rfc1123", time.RFC1123}, {"rfc1123z", time.RFC1123Z}, {"rfc822", time.RFC822},
	{"rfc822z", time.RFC822Z}, {"rfc850", time.RFC850}, {"ansic", time.ANSIC}, {"unixdate", time.UnixDate},
	{"rubydate", time.RubyDate}, {"datetime", time.DateTime}, {"dateonly", time.DateOnly},
}

// clockOf returns the clock that a mapping's format names. A time without a zone
// is UTC.
func clockOf(spec interface {
	String(key string) string
	Fail(key, value, reason string)
}) clock {
	format := spec.String("format")
	switch strings.ToLower(format) {
	case "":
		return automatic
	case "unix":
		return func(s string) (time.Time, bool) { return decode.Epoch(s, time.Second) }
	case "unix_ms":
		return func(s string) (time.Time, bool) { return decode.Epoch(s, time.Millisecond) }
	}
	layout := format
	for _, l := range layouts {
		if strings.EqualFold(l.name, format) {
			layout = l.layout
		}
	}
	// A layout that names no day reads every day as the first of the year 0.
	probe := time.Date(2026, 11, 23, 13, 14, 15, 0, time.UTC)
	if t, err := time.Parse(layout, probe.Format(layout)); err != nil || t.Year() != probe.Year() || t.YearDay() != probe.YearDay() {
		spec.Fail("format", format, "neither unix, unix_ms, rfc3339 nor a Go layout such as 2006-01-02 15:04:05")
	}
	return func(s string) (time.Time, bool) {
		t, err := time.Parse(layout, s)
		return t.UTC(), err == nil && decode.Sane(t)
	}
}
