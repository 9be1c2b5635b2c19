// Package feed reads measured arrivals, as Candor's CSV or as JSON Lines of the
// same names: on a day, so many events from so many hosts of a log source.
//
// It refuses to fill gaps: a day that the file does not name was not looked at,
// and a day with zero events was.
package feed

import (
	"io"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// Decode reads date,source,channel,events,hosts and optionally site. File names
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
	out.Warnings = t.Unknown("date", "source", "channel", "events", "hosts", "site")
	return out, err
}

// DecodeLines reads JSON Lines of the keys date, source, channel, events, hosts
// and site. File names the input in messages. An error is the reader's own.
func DecodeLines(file string, r io.Reader) (evidence.Decoded[telemetry.Observation], error) {
	l := decode.NewLines(file, r, "date", "source", "channel", "events", "hosts", "site")
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
	return o
}
