package mapping

import (
	"strings"
	"time"

	"candor/internal/decode"
)

// clock reads a time as a column writes it. What it takes for granted it says through the
// clock of the input, from which it has the order of day and month, too.
type clock func(in *decode.Clock, text string) (time.Time, bool)

// automatic reads whatever Candor reads as a time; one without a zone is of the zone given.
func automatic(zone *time.Location) clock {
	return func(in *decode.Clock, text string) (time.Time, bool) {
		in.Zone, in.Unit = zone, 0
		return in.Time(text)
	}
}

// layouts are the names that a mapping may give instead of a Go layout.
func layouts() map[string]string {
	return map[string]string{
		"rfc3339": time.RFC3339Nano, "rfc1123": time.RFC1123, "rfc1123z": time.RFC1123Z, "rfc822": time.RFC822, "rfc822z": time.RFC822Z,
		"rfc850": time.RFC850, "ansic": time.ANSIC, "unixdate": time.UnixDate, "rubydate": time.RubyDate, "datetime": time.DateTime, "dateonly": time.DateOnly,
	}
}

// clockOf reads the formats of a time, of which the first that reads a text counts, and
// the zone of those that say none.
func clockOf(spec *decode.Map, zone *time.Location) clock {
	if name := spec.String("zone"); name != "" {
		z, err := time.LoadLocation(name)
		if err != nil || strings.EqualFold(name, "local") {
			spec.Fail("zone", name, "not the name of a time zone such as Europe/Berlin or UTC")
			z = time.UTC
		}
		zone = z
	}
	formats := spec.Strings("format")
	if len(formats) == 0 {
		return automatic(zone)
	}
	var clocks []clock
	for _, f := range formats {
		clocks = append(clocks, named(spec, f, zone))
	}
	return func(in *decode.Clock, text string) (time.Time, bool) {
		for _, c := range clocks {
			if t, ok := c(in, text); ok {
				return t, true
			}
		}
		return time.Time{}, false
	}
}

// named returns the clock of one format.
func named(spec *decode.Map, format string, zone *time.Location) clock {
	lower := strings.ToLower(format)
	for name, of := range map[string]time.Duration{"unix": time.Second, "unix_ms": time.Millisecond, "unix_us": time.Microsecond, "unix_ns": time.Nanosecond} {
		if lower == name {
			return stamped(of)
		}
	}
	switch lower {
	case "auto":
		return automatic(zone)
	case "excel":
		return excel(zone)
	}
	layout, ok := layouts()[lower]
	if !ok {
		layout = format
	}
	// A layout that names no day reads every day as the first of the year 0.
	probe := time.Date(2026, 11, 23, 13, 14, 15, 0, time.UTC)
	if t, err := time.Parse(layout, probe.Format(layout)); err != nil || t.Year() != probe.Year() || t.YearDay() != probe.YearDay() {
		spec.Fail("format", format, "neither auto, unix, unix_ms, unix_us, unix_ns, excel, rfc3339 nor a Go layout such as 2006-01-02 15:04:05")
	}
	return func(_ *decode.Clock, s string) (time.Time, bool) {
		t, err := time.ParseInLocation(layout, s, zone)
		return t.UTC(), err == nil && decode.Sane(t)
	}
}

// stamped reads a number of units since 1970. Where its size says that it is of another
// unit, that counts and is said.
func stamped(unit time.Duration) clock {
	return func(in *decode.Clock, text string) (time.Time, bool) {
		if strings.Trim(text, "0123456789.,") != "" {
			return time.Time{}, false
		}
		in.Unit = unit
		return in.Time(text)
	}
}

// excel reads the number of days that spreadsheets count from the end of 1899.
func excel(zone *time.Location) clock {
	return func(_ *decode.Clock, s string) (time.Time, bool) {
		t, ok := decode.Epoch(s, time.Second) // of days, to read the number alone
		if !ok {
			return time.Time{}, false
		}
		days := float64(t.Unix()) + float64(t.Nanosecond())/1e9
		const start = 25569 // days to 1970
		at := time.Unix(0, 0).Add(time.Duration((days - start) * 24 * float64(time.Hour))).UTC().Round(time.Second)
		at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone).UTC()
		return at, days >= start && days < 130_000 && decode.Sane(at)
	}
}
