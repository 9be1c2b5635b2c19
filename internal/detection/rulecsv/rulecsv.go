// Package rulecsv reads detection rules from Candor's CSV, for rules that live
// where no other decoder reaches.
//
// It refuses to guess: a rule without an id, or that does not say whether it is
// enabled, is rejected.
package rulecsv

import (
	"io"
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// Format is what the rules' Format says.
const Format = "candor-csv"

// Columns are the columns that a file must have. Techniques, analytics and
// log_sources are lists joined by semicolons; a log source is Name or
// Name|channel. Columns aliases, fields and replaces, lists too, may stand beside them: the
// other names under which alerts name the rule, the fields of an event that it reads, and
// the ids of the rules in whose place it is; modified, the day of its last change; and
// query, what it looks for, of which no more is kept than a hash that tells when it changes.
func Columns() []string {
	return []string{"rule_id", "name", "enabled", "techniques", "analytics", "log_sources", "owner"}
}

// Decode reads rules. File names the input in messages and is each rule's Path.
// It fails with fault.Invalid when a column is missing.
func Decode(file string, r io.Reader) (evidence.Decoded[detection.Rule], error) {
	t, err := decode.NewTable(file, r, ',')
	if err != nil {
		return evidence.Decoded[detection.Rule]{}, err
	}
	if err := t.Require(Columns()...); err != nil {
		return evidence.Decoded[detection.Rule]{}, err
	}
	out, err := decode.Records(t, func(row *decode.Row) detection.Rule { return rule(file, row) })
	out.Warnings = t.Unknown(append(Columns(), "aliases", "fields", "replaces", "modified", "query")...)
	return out, err
}

func rule(file string, r *decode.Row) detection.Rule {
	return detection.Rule{
		ID: r.Need("rule_id"), Name: r.Get("name"), Format: Format, Enabled: enabled(r), Owner: r.Get("owner"),
		Aliases:  decode.List(r.Get("aliases")),
		Replaces: decode.List(r.Get("replaces")), Modified: modified(r), Logic: decode.Fingerprint(decode.Gist(r.Get("query"))),
		Fields:     slices.Compact(slices.Sorted(slices.Values(decode.List(r.Get("fields"))))),
		Techniques: ids(r, "techniques", decode.TechniqueID, "not a technique's ATT&CK ID such as T1059.001"),
		Analytics:  ids(r, "analytics", isAnalytic, "not an analytic's ATT&CK ID such as AN1989"),
		Logs:       logs(r), Source: r.Get("log_sources"), Path: file,
	}
}

// modified returns the day of the rule's last change, empty where none is said.
func modified(r *decode.Row) string {
	if r.Get("modified") == "" {
		return ""
	}
	return string(r.Day("modified"))
}

func isAnalytic(s string) bool { return decode.ID("AN", s) }

func enabled(r *decode.Row) bool {
	v := r.Get("enabled")
	switch strings.ToLower(v) {
	case "true", "yes", "1":
		return true
	case "false", "no", "0":
		return false
	}
	r.Fail("enabled", v, "neither true nor false")
	return false
}

func ids(r *decode.Row, column string, valid func(string) bool, reason string) []string {
	out := decode.List(r.Get(column))
	for i, id := range out {
		out[i] = strings.ToUpper(id)
		if !valid(out[i]) {
			r.Fail(column, id, reason)
		}
	}
	return out
}

func logs(r *decode.Row) []detection.Log {
	var out []detection.Log
	for _, e := range decode.List(r.Get("log_sources")) {
		name, channel, _ := strings.Cut(e, "|")
		l := detection.Log{Name: strings.TrimSpace(name), Channel: strings.TrimSpace(channel)}
		if l.Name == "" {
			r.Fail("log_sources", e, "a channel without the name of its log source")
		}
		out = append(out, l)
	}
	return out
}
