// Package tuning reads records of local settings: which mutable element of which
// analytic was given which value here, when and with whose consent. They come as
// Candor's CSV or JSON Lines, or as a list in YAML.
//
// It refuses to look up whether the analytic has such an element: that is judged
// against a release.
package tuning

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"candor/internal/alert/export"
	"candor/internal/day"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/runbook"
)

// Columns are the columns of the CSV and the keys of the YAML.
func Columns() []string {
	return []string{"analytic", "element", "value", "baseline", "rule_id", "date", "approved_by", "notes"}
}

// Sniff reports whether a file that begins with head is CSV or JSON Lines of
// tuning records.
func Sniff(head []byte, _ string) bool {
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		return export.Has(head, "analytic", "element", "value")
	}
	columns := decode.Columns(head, ',')
	return slices.Contains(columns, "analytic") && slices.Contains(columns, "element") && slices.Contains(columns, "value")
}

// Decode reads CSV or JSON Lines. File names the input in messages. It fails with
// fault.Invalid when the file cannot be read on.
func Decode(file string, data []byte) (evidence.Decoded[runbook.Tuning], error) {
	return export.Collect(file, bytes.NewReader(data), []string{"analytic", "element", "value", "date"}, func(r *export.Record) (runbook.Tuning, bool) {
		t := read(func(name string) string { return r.Text(name) }, r.Fail)
		r.Unknown(Columns()...)
		return t, true
	})
}

// SniffYAML reports whether a file that begins with head is a list in YAML.
func SniffYAML(head []byte, _ string) bool {
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
		if len(line) == 0 || line[0] == '#' || string(line) == "---" {
			continue
		}
		return bytes.HasPrefix(line, []byte("- "))
	}
	return false
}

// DecodeYAML reads a list of mappings. It fails with fault.Invalid when the file
// is no YAML, or no list.
func DecodeYAML(file string, data []byte) (evidence.Decoded[runbook.Tuning], error) {
	var out evidence.Decoded[runbook.Tuning]
	if !utf8.Valid(data) {
		return out, decode.Invalid(file, 0, "not UTF-8")
	}
	docs, err := decode.Documents(file, data)
	if err != nil {
		return out, err
	}
	for _, d := range docs {
		if d.Kind != yaml.SequenceNode {
			return out, decode.Invalid(file, d.Line, "not a list of tuning records").Next("begin each record with \"- analytic: AN0001\"")
		}
		for _, n := range d.Content {
			item(&out, file, n)
		}
	}
	return out, nil
}

// item reads one item of a list into out.
func item(out *evidence.Decoded[runbook.Tuning], file string, n *yaml.Node) {
	m, ok := decode.NewMap(file, n)
	if !ok {
		out.Rejects = append(out.Rejects, evidence.Reject{File: file, Line: n.Line, Value: n.Value, Reason: "the entry is not a mapping"})
		return
	}
	t := read(m.String, m.Fail)
	if r, bad := m.Bad(); bad {
		out.Rejects = append(out.Rejects, r)
		return
	}
	out.Records, out.Warnings = append(out.Records, t), append(out.Warnings, m.Unknown()...)
}

// read makes a record of what get returns for each name.
func read(get func(name string) string, fail func(name, value, reason string)) runbook.Tuning {
	t := runbook.Tuning{
		Analytic: strings.ToUpper(get("analytic")), Element: get("element"), Value: get("value"), Baseline: get("baseline"), RuleID: get("rule_id"),
		ApprovedBy: get("approved_by"), Notes: get("notes"),
	}
	for _, need := range []string{"analytic", "element", "value", "date"} {
		if get(need) == "" {
			fail(need, "", "is missing or empty")
		}
	}
	if t.Analytic != "" && !decode.ID("AN", t.Analytic) {
		fail("analytic", get("analytic"), "not an analytic's ATT&CK ID such as AN1989")
	}
	d, err := day.Parse(get("date"))
	if err != nil {
		fail("date", get("date"), "not a day such as 2026-03-01")
	}
	t.Date = d
	return t
}
