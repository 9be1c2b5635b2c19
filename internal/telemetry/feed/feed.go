// Package feed reads measured arrivals, as Candor's CSV or as JSON Lines of the
// same names: on a day, so many events from so many hosts of a log source.
//
// It refuses to fill gaps: a day that the file does not name was not looked at,
// and a day with zero events was.
package feed

import (
	"io"
	"math"
	"strconv"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// columns are those of the CSV and the keys of JSON Lines.
func columns() []string {
	return []string{"date", "source", "channel", "events", "hosts", "site", "latency_median", "latency_p95"}
}

// Decode reads date,source,channel,events,hosts and optionally site, latency_median and
// latency_p95. File names
// the input in messages. It fails with fault.Invalid when a column is missing.
func Decode(file string, r io.Reader) (evidence.Decoded[telemetry.Observation], error) {
	t, err := decode.NewTable(file, r, ',')
	if err != nil {
		return evidence.Decoded[telemetry.Observation]{}, err
	}
	if err := t.Require("date", "source", "channel", "events", "hosts"); err != nil {
		return evidence.Decoded[telemetry.Observation]{}, err
	}
	out, err := decode.Records(t, observation)
	out.Warnings = t.Unknown(columns()...)
	return out, err
}

// DecodeLines reads JSON Lines of the same keys. File names the input in messages. An error is the reader's own.
func DecodeLines(file string, r io.Reader) (evidence.Decoded[telemetry.Observation], error) {
	l := decode.NewLines(file, r, columns()...)
	out, err := decode.Records(l, observation)
	out.Warnings = l.Unknown()
	return out, err
}

// maxHosts bounds a number of hosts; more than this is a slip.
const maxHosts = 1 << 30

func observation(r *decode.Row) telemetry.Observation {
	o := telemetry.Observation{
		Day: r.Day("date"), Source: r.Need("source"), Channel: r.Get("channel"),
		Events: r.Count("events"), Site: r.Get("site"),
	}
	hosts := r.Count("hosts")
	if hosts > maxHosts {
		r.Fail("hosts", r.Get("hosts"), "more hosts than there can be")
	}
	o.Hosts = int(hosts)
	o.MedianLatency, o.P95Latency = seconds(r, "latency_median"), seconds(r, "latency_p95")
	if o.MedianLatency != nil && o.P95Latency != nil && *o.P95Latency < *o.MedianLatency {
		r.Fail("latency_p95", r.Get("latency_p95"), "is less than latency_median, which cannot be")
	}
	return o
}

// seconds returns a length of time in seconds, nil where none is said. Clocks that differ
// may let an event arrive before its time.
func seconds(r *decode.Row, column string) *float64 {
	v := r.Get(column)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n > maxLatency || n < -maxLatency {
		r.Fail(column, v, "not a number of seconds, such as 42.5")
	}
	return &n
}

// maxLatency bounds how late an event arrives, in seconds: ten years are a slip.
const maxLatency = 10 * 366 * 24 * 3600
