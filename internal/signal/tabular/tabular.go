// Package tabular reads signals from Candor's CSV or JSON Lines.
//
// It refuses a signal that does not say of whom, when or what, and a rating that
// is not on the Admiralty scale. Names that are not known are kept as fields.
package tabular

import (
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/signal"
)

// Columns are the columns of the CSV and the names in JSON Lines. In JSON,
// techniques may be a list, and an object named fields holds fields.
func Columns() []string {
	return []string{"id", "time", "entity", "name", "site", "source", "techniques", "tactic", "reliability", "credibility", "score"}
}

// Sniff reports whether a file that begins with head holds signals.
func Sniff(head []byte, _ string) bool {
	if strings.HasPrefix(strings.TrimSpace(string(head)), "{") {
		first, _, _ := strings.Cut(string(head), "\n")
		return export.Has([]byte(first), "id", "time", "entity", "name") && !export.Has([]byte(first), "rule_id")
	}
	columns := decode.Columns(head, ',')
	for _, need := range []string{"id", "time", "entity", "name"} {
		if !slices.Contains(columns, need) {
			return false
		}
	}
	return !slices.Contains(columns, "rule_id")
}

// Decode reads signals. File names the input in messages. It fails with
// fault.Invalid when the file cannot be read on.
func Decode(file string, r io.Reader) (evidence.Decoded[signal.Signal], error) {
	return export.Collect(file, r, []string{"id", "time", "entity", "name"}, func(r *export.Record) (signal.Signal, bool) { return read(r), true })
}

// DecodeLines reads JSON Lines alone: whatever a line is, it is a signal or a
// reject, and says nothing of the lines behind it. An error is the reader's own.
func DecodeLines(file string, r io.Reader) (evidence.Decoded[signal.Signal], error) {
	return export.CollectLines(file, r, func(r *export.Record) (signal.Signal, bool) { return read(r), true })
}

func read(r *export.Record) signal.Signal {
	r.Need("time")
	s := signal.Signal{
		ID: r.Need("id"), Time: r.Time("time"), Entity: r.Need("entity"), Name: r.Need("name"), Site: r.Text("site"), Source: r.Text("source"),
		Techniques: r.IDs("techniques", decode.TechniqueID, "not a technique's ATT&CK ID such as T1589.003"),
		Tactic:     r.Text("tactic"), Reliability: reliability(r), Credibility: credibility(r), Score: score(r),
		Fields: r.Fields(append(Columns(), "fields")...),
	}
	for _, o := range r.Objects("fields") {
		if s.Fields == nil {
			s.Fields = map[string]string{}
		}
		maps.Copy(s.Fields, r.FieldsOf(o))
	}
	return s
}

func reliability(r *export.Record) string {
	v := strings.ToUpper(r.Text("reliability"))
	if v != "" && !slices.Contains([]string{"A", "B", "C", "D", "E", "F"}, v) {
		r.Fail("reliability", v, "not a letter from A to F (Admiralty scale)")
	}
	return v
}

func credibility(r *export.Record) int {
	v := r.Text("credibility")
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 6 {
		r.Fail("credibility", v, "not a whole number from 1 to 6 (Admiralty scale)")
	}
	return n
}

func score(r *export.Record) *float64 {
	v := r.Text("score")
	if v == "" {
		return nil
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		r.Fail("score", v, "not a finite number")
	}
	return &n
}
