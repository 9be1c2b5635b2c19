package elastic

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/evidence"
)

// file is one file of TOML, or one line of JSON Lines, with the first thing that
// was wrong with it. At is the number of the line, and 0 in TOML.
type file struct {
	name, text string
	at         int
	bad        *evidence.Reject
	warnings   []string
}

func (f *file) fail(key, value, reason string) {
	if f.bad == nil {
		f.bad = &evidence.Reject{File: f.name, Line: f.line(key, value), Field: key, Value: value, Reason: reason}
	}
}

func (f *file) warn(key, value, format string, args ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf("%s:%d: %s", f.name, f.line(key, value), fmt.Sprintf(format, args...)))
}

// line returns the first line that gives a key this value, else any value or a
// table's head, and 1 without one: the parser keeps no positions.
func (f *file) line(key, value string) int {
	if f.at > 0 {
		return f.at
	}
	n, first := 0, 0
	for l := range strings.Lines(f.text) {
		n++
		rest, ok := strings.CutPrefix(strings.Trim(strings.TrimSpace(l), "[] "), key)
		rest = strings.TrimSpace(rest)
		if !ok || rest != "" && rest[0] != '=' {
			continue
		}
		if value != "" && strings.EqualFold(strings.Trim(rest, `= "'`), value) {
			return n
		}
		if first == 0 {
			first = n
		}
	}
	return max(first, 1)
}

// table is a TOML table; one that is not there has no values.
type table struct {
	*file
	values map[string]any
}

func (f *file) table(values map[string]any, key string) table {
	sub, ok := values[key].(map[string]any)
	if !ok && values[key] != nil {
		f.fail(key, fmt.Sprint(values[key]), "not a table")
	}
	return table{f, sub}
}

func (t table) table(key string) table { return t.file.table(t.values, key) }

// tables returns the tables in a list.
func (t table) tables(key string) []table {
	var out []table
	switch v := t.values[key].(type) {
	case nil:
	case []map[string]any:
		for _, e := range v {
			out = append(out, table{t.file, e})
		}
	case []any: // written inline
		for _, e := range v {
			sub, ok := e.(map[string]any)
			if !ok {
				t.fail(key, fmt.Sprint(e), "not a list of tables")
			}
			out = append(out, table{t.file, sub})
		}
	default:
		t.fail(key, fmt.Sprint(v), "not a list of tables")
	}
	return out
}

// text returns a string without the blanks around it; empty when there is none.
func (t table) text(key string) string {
	switch v := t.values[key].(type) {
	case nil:
	case string:
		return strings.TrimSpace(v)
	default:
		t.fail(key, fmt.Sprint(v), "not a string")
	}
	return ""
}

func (t table) need(key string) string {
	s := t.text(key)
	if s == "" {
		t.fail(key, "", "is missing or empty")
	}
	return s
}

// texts returns a list of strings.
func (t table) texts(key string) []string {
	list, ok := t.values[key].([]any)
	if !ok && t.values[key] != nil {
		t.fail(key, fmt.Sprint(t.values[key]), "not a list of strings")
	}
	var out []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			t.fail(key, fmt.Sprint(e), "not a list of strings")
		}
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// one returns a list of strings that may be written as one string.
func (t table) one(key string) []string {
	if s, ok := t.values[key].(string); ok {
		if s = strings.TrimSpace(s); s == "" {
			return nil
		}
		return []string{s}
	}
	return t.texts(key)
}

// unknown warns of the keys that are not among the known ones.
func (t table) unknown(known []string) {
	var keys []string
	for k := range t.values {
		if !slices.Contains(known, k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.warn(k, "", "key %s is not known and was passed over", k)
	}
}

func add(list []string, v string) []string {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// known are the keys of a rule, read or not.
var known = [...]string{
	"actions", "alert_suppression", "anomaly_threshold", "author", "building_block_type", "concurrent_searches", "data_view_id",
	"description", "enabled", "event_category_override", "exceptions_list", "false_positives", "filters", "from", "history_window_start", "id",
	"index", "interval", "investigation_fields", "items_per_search", "language", "license", "machine_learning_job_id", "max_signals",
	"meta", "name", "namespace", "new_terms", "new_terms_fields", "note", "output_index", "query", "references", "related_integrations",
	"required_fields", "response_actions", "risk_score", "risk_score_mapping", "rule_id", "rule_name_override", "saved_id", "setup",
	"severity", "severity_mapping", "tags", "threat", "threat_filters", "threat_index", "threat_indicator_path", "threat_language",
	"threat_mapping", "threat_query", "threshold", "throttle", "tiebreaker_field", "timeline_id", "timeline_title", "timestamp_field",
	"timestamp_override", "timestamp_override_fallback_disabled", "to", "type", "version",

	"created_at", "created_by", "execution_summary", "immutable", "outcome", "revision", "rule_source", "updated_at", "updated_by",
}
