// Package vectr reads the results of purple-team tests from VECTR's CSV, whose
// columns come and go between versions.
//
// A test that was not completed, or whose outcome is not known yet, proves
// nothing and is passed over. The package refuses outcomes that VECTR does not
// have and tests that name no technique.
package vectr

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// Format is the name of the format.
const Format = "vectr"

// Sniff reports whether a file that begins with head is VECTR's CSV.
func Sniff(head []byte, _ string) bool {
	columns := decode.Columns(head, ',')
	return slices.Contains(columns, "mitreid") && slices.Contains(columns, "outcome")
}

// Decode reads the tests of a file. File names the input in messages. It fails
// with fault.Invalid when the columns MitreID or Outcome are missing, and where dates do not
// tell whether day or month comes first in all of them.
func Decode(file string, r io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return decode.Dated(file, r, func(r io.Reader, dates *decode.Dates) (evidence.Decoded[exercise.Exercise], error) {
		return table(file, r, dates)
	})
}

func table(file string, r io.Reader, dates *decode.Dates) (evidence.Decoded[exercise.Exercise], error) {
	t, err := decode.NewTable(file, r, ',')
	if err != nil {
		return evidence.Decoded[exercise.Exercise]{}, err
	}
	if err := t.Require("MitreID", "Outcome"); err != nil {
		return evidence.Decoded[exercise.Exercise]{}, err
	}
	d := &decoder{clock: decode.Clock{Unit: time.Millisecond, Dates: dates}}
	d.clock.Note = func(text string) { d.out.Warnings = append(d.out.Warnings, file+": "+text) }
	d.out.Warnings = t.Unknown(known[:]...)
	for {
		row, err := t.Next()
		if err == io.EOF {
			d.out.Warnings = append(d.out.Warnings, d.tell(file)...)
			return d.out, nil
		}
		if err != nil {
			return d.out, err
		}
		d.clock.Line = row.Line
		d.row(&row)
	}
}

// decoder reads rows and counts what it passes over or takes for granted.
type decoder struct {
	out   evidence.Decoded[exercise.Exercise]
	notes []note
	clock decode.Clock
}

// note is something that is true of a number of rows.
type note struct {
	text string
	n    int
}

func (d *decoder) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	i := slices.IndexFunc(d.notes, func(n note) bool { return n.text == text })
	if i < 0 {
		d.notes = append(d.notes, note{text: text})
		i = len(d.notes) - 1
	}
	d.notes[i].n++
}

func (d *decoder) tell(file string) []string {
	var out []string
	for _, n := range d.notes {
		out = append(out, fmt.Sprintf("%s:1: %s (tests: %d)", file, n.text, n.n))
	}
	return out
}

func (d *decoder) row(r *decode.Row) {
	if reject, bad := r.Bad(); bad {
		d.out.Rejects = append(d.out.Rejects, reject)
		return
	}
	if why := open(r); why != "" {
		d.note("%s and were passed over", why)
		return
	}
	e := exercise.Exercise{
		Technique: technique(r), Test: test(r), Time: d.when(r), Outcome: d.outcome(r), Notes: notes(r),
	}
	if reject, bad := r.Bad(); bad {
		d.out.Rejects = append(d.out.Rejects, reject)
		return
	}
	d.out.Records = append(d.out.Records, e)
}

// open says why a test has no outcome; it is empty for one that has. The words
// are VECTR's, so that there are few of them.
func open(r *decode.Row) string {
	switch outcome := word(r.Get("outcome")); outcome {
	case "":
		return "tests without an outcome are not completed"
	case "tbd", "n/a":
		return "tests of outcome " + strings.ToUpper(outcome) + " are not completed"
	}
	switch strings.ToLower(r.Get("status")) {
	case "", "completed":
		return ""
	}
	return "tests of another status than Completed are not completed"
}

func technique(r *decode.Row) string {
	v := r.Get("mitreid")
	id := strings.ToUpper(v)
	switch {
	case v == "":
		r.Fail("mitreid", "", "is empty: the test names no technique")
	case !decode.TechniqueID(id):
		r.Fail("mitreid", v, "not a technique's ATT&CK ID such as T1059.001")
	}
	return id
}

// test names the test: its assessment, campaign and variant, as far as they are
// there.
func test(r *decode.Row) string {
	var parts []string
	for _, column := range []string{"assessmentgroup", "campaign", "variant"} {
		if v := r.Get(column); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return r.Need("method")
	}
	return strings.Join(parts, " / ")
}

// when reads the time of the test: when it began, else when it stopped. An epoch
// of 0 is none.
func (d *decoder) when(r *decode.Row) time.Time {
	for _, column := range []string{"start time", "stop time"} {
		for _, c := range []struct {
			name string
			read func(string) (time.Time, bool)
			help string
		}{
			{column + " epoch", d.clock.Time, "not milliseconds since 1970"},
			{column, d.clock.Time, decode.TimeHelp},
		} {
			v := r.Get(c.name)
			if v == "" || v == "0" {
				continue
			}
			t, ok := c.read(v)
			if !ok {
				r.Fail(c.name, v, c.help)
			}
			return t
		}
	}
	r.Fail("start time", "", "is empty, and so is Stop Time")
	return time.Time{}
}

// word returns the outcome that a text names, in lower case and without blanks.
// What stands behind a dash, as in Logged - Centrally Logged, only details it.
func word(text string) string {
	text, _, _ = strings.Cut(strings.ReplaceAll(text, "–", "-"), " -")
	return strings.ReplaceAll(strings.ToLower(text), " ", "")
}

// outcome reads what came of a test. VECTR's Detected says that somebody found
// it; whether an alert did is the flag's to say.
func (d *decoder) outcome(r *decode.Row) exercise.Outcome {
	v := r.Get("outcome")
	switch word(v) {
	case "blocked":
		return exercise.Blocked
	case "alerted":
		return exercise.Alerted
	case "logged":
		return exercise.Logged
	case "detected":
		if yes(r, "alert triggered") {
			return exercise.Alerted
		}
		d.note("tests of outcome Detected whose Alert Triggered is not Yes were taken as logged")
		return exercise.Logged
	case "notdetected", "none":
		if yes(r, "activity logged") {
			d.note("tests of outcome NotDetected whose Activity Logged is Yes were taken as logged: seen in the logs, and nobody was told")
			return exercise.Logged
		}
		return exercise.None
	}
	r.Fail("outcome", v, "not one of Blocked, Detected, Alerted, Logged, NotDetected, None, N/A, TBD")
	return ""
}

func yes(r *decode.Row, column string) bool { return strings.EqualFold(r.Get(column), "yes") }

// notes keeps VECTR's own words, which the outcome was read from, and what the
// testers wrote.
func notes(r *decode.Row) string {
	parts := []string{"VECTR outcome " + r.Get("outcome")}
	for _, flag := range []string{"alert triggered", "activity logged", "alert severity"} {
		if v := r.Get(flag); v != "" && !strings.EqualFold(v, "tbd") {
			parts = append(parts, flag+" "+v)
		}
	}
	if v := r.Get("detectingtools"); v != "" {
		parts = append(parts, "detecting tools "+v)
	}
	text := strings.Join(parts, ", ")
	if v := r.Get("outcome notes"); v != "" {
		text += ". " + v
	}
	return text
}

// known are the columns of the versions that there have been, read or not.
var known = [...]string{
	"assessmentgroup", "campaign", "phase", "variant", "mitreid", "capecid", "method", "status", "outcome", "alert severity",
	"alert triggered", "activity logged", "outcome notes", "detection recommendations", "sourceips", "targetassets",
	"expecteddetectionlayers", "detectingtools", "start time", "start time epoch", "stop time", "stop time epoch", "detection time",
	"detection time epoch", "organizations", "tags", "objective", "command", "references", "liklihood", "likelihood", "risk",
	"internal/external", "stealth", "attack vector", "attack complexity", "privileges required", "attacker tools",
}
