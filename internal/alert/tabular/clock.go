package tabular

import (
	"strings"
	"time"

	"candor/internal/decode"
)

// clock is how a column writes times: as numbers of a unit, in a layout of its own, or
// in whatever way, where it says neither. A number is of the unit that its size tells.
type clock struct {
	unit   time.Duration
	layout string
}

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
		return clock{}
	case "unix":
		return clock{unit: time.Second}
	case "unix_ms":
		return clock{unit: time.Millisecond}
	case "unix_us":
		return clock{unit: time.Microsecond}
	case "unix_ns":
		return clock{unit: time.Nanosecond}
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
		spec.Fail("format", format, "neither unix, unix_ms, unix_us, unix_ns, rfc3339 nor a Go layout such as 2006-01-02 15:04:05")
	}
	return clock{layout: layout}
}

// clocks read the times of one input through a mapping.
type clocks struct{ fired, said reading }

// reading reads the times of one column.
type reading struct {
	clock
	*decode.Clock
}

// clocks returns what reads the times of an input whose columns are cells.
func (in *Input) clocks(cells *[numKeys]cell) clocks {
	of := func(key int) reading {
		r := reading{Clock: in.clock()}
		if c := &cells[key]; c.known {
			r.clock = c.clock
			r.Unit = c.unit
		}
		return r
	}
	return clocks{fired: of(keyTime), said: of(keyDispositionTime)}
}

// at says where the times stand that are read then.
func (c *clocks) at(line int) { c.fired.Line, c.said.Line = line, line }

// when reads the text of a key that is a time.
func (c *clocks) when(key, text string) (time.Time, bool) {
	r := &c.fired
	if key == "disposition_time" {
		r = &c.said
	}
	if r.layout == "" {
		return r.Time(text)
	}
	t, err := time.Parse(r.layout, text)
	return t.UTC(), err == nil && decode.Sane(t)
}
