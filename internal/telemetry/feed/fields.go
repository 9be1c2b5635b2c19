package feed

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// FieldColumns are the columns of a CSV of fields' shares and the keys of JSON Lines.
func FieldColumns() []string {
	return []string{"source", "channel", "field", "share", "date", "events", "site"}
}

func neededOfFields() []string { return []string{"source", "field", "share"} }

// SniffFields reports whether a file that begins with head is one of fields' shares.
func SniffFields(head []byte, _ string) bool {
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		first, _, _ := bytes.Cut(head, []byte("\n"))
		return export.Has(first, neededOfFields()...)
	}
	have := decode.Columns(head, ',')
	return !slices.ContainsFunc(neededOfFields(), func(c string) bool { return !slices.Contains(have, c) })
}

// DecodeFields reads what share of events carry fields, as CSV or JSON Lines. File names
// the input in messages. It fails with fault.Invalid when the file cannot be read on.
func DecodeFields(file string, r io.Reader) (evidence.Decoded[telemetry.FieldShare], error) {
	return export.Collect(file, r, neededOfFields(), share)
}

// DecodeFieldLines reads JSON Lines alone: whatever a line is, it is a share or a reject.
// An error is the reader's own.
func DecodeFieldLines(file string, r io.Reader) (evidence.Decoded[telemetry.FieldShare], error) {
	return export.CollectLines(file, r, share)
}

func share(r *export.Record) (telemetry.FieldShare, bool) {
	s := telemetry.FieldShare{Source: r.Need("source"), Channel: r.Text("channel"), Field: r.Need("field"), Share: proportion(r), Day: r.Day("date"), Site: r.Text("site")}
	if v := r.Text("events"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			r.Fail("events", v, "not a whole number of 0 or more")
		}
		s.Events = n
	}
	r.Unknown(FieldColumns()...)
	return s, true
}

// proportion returns the share, which may be written in percent.
func proportion(r *export.Record) float64 {
	v := r.Need("share")
	text, percent := strings.CutSuffix(v, "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if percent {
		n /= 100
	}
	if v != "" && (err != nil || math.IsNaN(n) || n < 0 || n > 1) {
		r.Fail("share", v, "not a share from 0 to 1, such as 0.93, and none in percent, such as 93 %")
	}
	return n
}
