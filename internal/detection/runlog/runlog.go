// Package runlog reads which rules their products ran, when, and how that ended: as
// Candor's CSV or JSON Lines, as the rule execution log of Elastic Security, as the table
// SentinelHealth of Microsoft Sentinel, or as the log of Splunk's scheduler.
//
// It refuses to judge whether a rule ran often enough, and to take a record of
// something else than a rule for one.
package runlog

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// Columns are the columns of the CSV and the keys of JSON Lines.
func Columns() []string {
	return []string{"rule_id", "rule_name", "start", "end", "status", "executions", "events", "gap_seconds", "source", "site", "reason"}
}

// needed are the columns that a table must have.
func needed() []string { return []string{"rule_id", "start", "status"} }

// Sniff reports whether a file that begins with head is Candor's.
func Sniff(head []byte, _ string) bool {
	if object(head) {
		first, _, _ := bytes.Cut(head, []byte("\n"))
		return export.Has(first, "rule_id", "start", "status")
	}
	have := decode.Columns(head, ',')
	return !slices.ContainsFunc(needed(), func(c string) bool { return !slices.Contains(have, c) })
}

func object(head []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) }

// Decode reads Candor's CSV or JSON Lines. File names the input in messages. It fails
// with fault.Invalid when the file cannot be read on.
func Decode(file string, r io.Reader) (evidence.Decoded[detection.Run], error) {
	return export.Collect(file, r, needed(), own)
}

// DecodeLines reads JSON Lines alone: whatever a line is, it is a run or a reject, and
// says nothing of the lines behind it. An error is the reader's own.
func DecodeLines(file string, r io.Reader) (evidence.Decoded[detection.Run], error) {
	return export.CollectLines(file, r, own)
}

func own(r *export.Record) (detection.Run, bool) {
	r.Need("start")
	run := detection.Run{
		RuleID: r.Need("rule_id"), RuleName: r.Text("rule_name"), Source: r.Text("source"), Site: r.Text("site"),
		Start: r.Time("start"), End: r.Time("end"), Status: status(r), Executions: 1, Events: whole(r, "events"), Word: r.Text("reason"),
	}
	if n := whole(r, "executions"); n != nil {
		run.Executions = max(*n, 1)
	}
	if run.End.IsZero() {
		run.End = run.Start
	}
	if run.End.Before(run.Start) {
		r.Fail("end", r.Text("end"), "is before start")
	}
	run.GapSeconds = seconds(r, "gap_seconds")
	r.Unknown(Columns()...)
	return run, true
}

func status(r *export.Record) detection.RunStatus {
	s := detection.RunStatus(strings.ToLower(r.Need("status")))
	if !slices.Contains(detection.RunStatuses(), s) {
		r.Fail("status", r.Text("status"), "not one of ok, late, failed, disabled")
	}
	return s
}

// whole returns a number of things, nil where none is said.
func whole(r *export.Record, name string) *int64 {
	v := r.Text(name)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		r.Fail(name, v, "not a whole number of 0 or more")
	}
	return &n
}

// seconds returns a length of time in seconds, 0 where none is said.
func seconds(r *export.Record, name string) float64 {
	v := r.Text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0) || math.IsInf(n, 0) {
		r.Fail(name, v, "not a number of seconds, 0 or more")
	}
	return n
}

// pause is how far apart executions may be that make one stretch: what a rule of an
// hour leaves between two of them.
const pause = time.Hour

// stretched joins the executions of a product's log, which has a line for each.
func stretched(d evidence.Decoded[detection.Run], err error) (evidence.Decoded[detection.Run], error) {
	d.Records = detection.Stretch(d.Records, pause)
	return d, err
}
