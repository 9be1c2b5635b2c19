package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/mapping"
	"candor/internal/near"
)

// marks are names that the files of a format have, by kind and format, those first that
// tell most: by them it is said which format a file that none knows is nearest to.
func marks(kind, format string) []string { return formatMarks[kind+"/"+format] }

var formatMarks = map[string][]string{
	"rules/candor-csv":           {"rule_id", "techniques", "analytics", "log_sources", "enabled", "owner"},
	"rules/elastic":              {"rule_id", "risk_score", "threat", "severity", "index", "maturity"},
	"rules/sentinel":             {"relevantTechniques", "requiredDataConnectors", "queryFrequency", "query", "tactics", "triggerOperator", "displayName"},
	"rules/splunk":               {"search", "data_source", "mitre_attack_id", "how_to_implement", "cron_schedule", "known_false_positives"},
	"rules/dettect":              {"file_type", "techniques", "technique_id", "detection"},
	"rules/sigma":                {"logsource", "detection", "correlation", "title", "filter", "action", "tags", "falsepositives"},
	"telemetry/dettect":          {"file_type", "data_sources", "data_source_name"},
	"telemetry/candor-yaml":      {"kind", "scope", "log_sources", "external_sources", "version"},
	"feeds/splunk-tstats":        {"_time", "sourcetype", "count", "hosts", "index", "host"},
	"feeds/sentinel-usage":       {"DataType", "Quantity", "TableName", "TimeGenerated", "QuantityUnit"},
	"feeds/elastic-indices":      {"data_streams", "maximum_timestamp", "docs.count", "data_stream.dataset", "store_size_bytes"},
	"feeds/candor-jsonl":         {"date", "source", "events", "channel", "hosts"},
	"feeds/candor-csv":           {"date", "source", "events", "channel", "hosts"},
	"alerts/candor-csv":          {"id", "rule_id", "time", "disposition"},
	"alerts/candor-jsonl":        {"id", "rule_id", "time", "disposition"},
	"alerts/ocsf":                {"class_uid", "category_uid", "finding_info", "metadata", "severity_id", "activity_id"},
	"alerts/elastic":             {"kibana.alert.uuid", "kibana.alert.rule.name", "signal", "@timestamp", "_source"},
	"alerts/sentinel":            {"IncidentNumber", "RelatedAnalyticRuleIds", "SystemAlertId", "AlertName", "TimeGenerated", "ProductName"},
	"alerts/defender":            {"detectionSource", "serviceSource", "alertWebUrl", "incidentId", "createdDateTime", "determination"},
	"alerts/splunk":              {"search_name", "rule_name", "event_id", "_time", "urgency", "orig_source"},
	"alerts/thehive":             {"_type", "sourceRef", "caseTemplate", "tlp", "pap", "_createdAt"},
	"exercises/vectr":            {"Campaign", "Test Case", "Outcome", "Mitre ID", "Attack Start"},
	"exercises/rsigma-backtest":  {"expectations", "unexpected", "by_logsource", "rule_key", "fires"},
	"exercises/sigma-regression": {"regression_tests_info", "rule_metadata", "match_count"},
	"exercises/mitre-evaluation": {"Participant_Name", "Adversaries", "Detections_By_Step", "Substeps", "Detection_Type"},
	"exercises/atomic-log":       {"Execution Time (UTC)", "Technique", "Test Name", "Test Number", "Hostname", "GUID"},
	"exercises/attire":           {"attire-version", "execution-data", "procedures", "mitre-technique-id"},
	"exercises/caldera":          {"host_group", "steps", "ability_metadata", "attack_metadata", "paw"},
	"exercises/openaev":          {"inject_id", "inject_title", "inject_attack_patterns"},
	"exercises/candor-csv":       {"test", "outcome", "technique", "analytic", "time", "platform", "host", "site"},
	"cases/candor-csv":           {"case_id", "opened", "closed", "classification", "found_by", "occurred"},
	"cases/candor-jsonl":         {"case_id", "opened", "closed", "classification", "found_by", "occurred"},
	"signals/candor-csv":         {"entity", "id", "time", "name", "source", "techniques"},
	"signals/candor-jsonl":       {"entity", "id", "time", "name", "source", "techniques"},
	"tuning/candor-yaml":         {"analytic", "element", "value", "baseline"},
	"tuning/candor-csv":          {"analytic", "element", "value", "baseline"},
	"renames/candor-csv":         {"old", "new", "domain"},
	"dispositions/candor-csv":    {"disposition", "disposition_time", "id"},
	"dispositions/candor-jsonl":  {"disposition", "disposition_time", "id"},
	"runbooks/markdown":          {"applies_to", "owner", "reviewed"},
	"cases/sentinel":             {"IncidentNumber", "Classification", "RelatedAnalyticRuleIds"},
	"cases/thehive":              {"_type", "caseId", "resolutionStatus"},
	"exceptions/candor-csv":      {"rule_id", "condition", "owner", "expires", "reason"},
	"exceptions/candor-jsonl":    {"rule_id", "condition", "owner", "expires", "reason"},
	"fields/candor-csv":          {"field", "share", "source", "channel"},
	"fields/candor-jsonl":        {"field", "share", "source", "channel"},
	"renames/candor-jsonl":       {"old", "new", "domain"},
	"tuning/candor-jsonl":        {"analytic", "element", "value", "baseline"},
	"telemetry/sysmon":           {"Sysmon", "EventFiltering", "RuleGroup"},
	"telemetry/auditpol":         {"Subcategory", "Inclusion Setting", "Machine Name"},
	"telemetry/windows-channels": {"LogName", "IsEnabled", "RecordCount", "LogMode"},
	"telemetry/osquery":          {"schedule", "packs", "queries", "interval"},
	"telemetry/edr-telemetry":    {"Telemetry Feature Category", "Sub-Category"},
	"telemetry/ctid-sensor":      {"ATTACK DATA SOURCE", "ATTACK DATA COMPONENT", "EVENT ID"},
}

// stranger is a file that no format of a kind knows.
type stranger struct {
	kind  string
	tried []string
	// near is the format whose marks the file has most of; has and lacks are those.
	near       string
	has, lacks []string
}

// strange returns what is to be said of a file that came to the format that takes what
// is left, and whether none knows it: it has names of its own, and none of that format.
func strange(list []format, chosen *format, head []byte) (stranger, bool) {
	head = head[:min(len(head), headSize)]
	if chosen.rest && isTable(head) && !strings.HasSuffix(chosen.Name, "csv") {
		return nearest(chosen.Kind, list, head), true
	}
	own := marks(chosen.Kind, chosen.Name)
	if !chosen.rest || len(own) == 0 || slices.ContainsFunc(own, func(m string) bool { return marked(head, m) }) || !keyed(head) && !worded(head) {
		return stranger{}, false
	}
	return nearest(chosen.Kind, list, head), true
}

// isTable reports whether a file begins with the header of a table: names with commas
// between them, and no mark of another language.
func isTable(head []byte) bool {
	first, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\ufeff")), []byte("\n"))
	return !bytes.ContainsAny(first, ":{}[]=<>#") && len(decode.Columns(head, ',')) > 2
}

// nearest tells which of the formats a file is nearest to.
func nearest(kind string, list []format, head []byte) stranger {
	s := stranger{kind: kind}
	have, table := keys(head), len(decode.Columns(head, ',')) > 1
	for i := range list {
		f := &list[i]
		if !slices.Contains(s.tried, f.Name) && !isMapped(f.Name) {
			s.tried = append(s.tried, f.Name)
		}
		var has, lacks []string
		for _, m := range marks(f.Kind, f.Name) {
			if as := have[near.Letters(m)]; as != "" {
				has = append(has, spelt(m, as))
			} else {
				lacks = append(lacks, m)
			}
		}
		if len(has) > len(s.has) && (table || !strings.HasSuffix(f.Name, "csv")) {
			s.near, s.has, s.lacks = f.Name, has, lacks
		}
	}
	return s
}

// spelt is a name as a file spells it, with the name where the two differ in more than case.
func spelt(name, as string) string {
	if strings.EqualFold(name, as) {
		return as
	}
	return as + " (" + name + ")"
}

// reason says that no format knows the file, which were tried, and the nearest.
func (s *stranger) reason() string {
	text := fmt.Sprintf("no format of %s knows this file; tried were %s", s.kind, strings.Join(s.tried, ", "))
	if s.near == "" {
		return text + "; it has nothing of any of them"
	}
	return fmt.Sprintf("%s; the nearest is %s: it has %s, and not %s", text, s.near, strings.Join(s.has, ", "), strings.Join(s.lacks[:min(len(s.lacks), 4)], ", "))
}

// next says what to do.
func (s *stranger) next() string {
	text := "write it as one of these (candor evidence formats lists them with an example, candor evidence template " + s.kind + " prints a file to start from)"
	if slices.Contains(mapping.Kinds(), s.kind) {
		text += ", or say in a mapping file what makes which field (candor evidence map --kind " + s.kind + " FILE proposes one)"
	}
	if s.near != "" {
		text = "if it is " + s.near + ", name it (--format " + s.near + ") to be told what is wrong with it; else " + text
	}
	return text
}

// reject is the file as a reject of rules, which other files may stand beside.
func (s *stranger) reject(name string) evidence.Reject {
	return evidence.Reject{File: name, Line: 1, Reason: s.reason() + "; " + s.next()}
}

// fault is the file as an error.
func (s *stranger) fault(path string) error {
	return fault.New(fault.Invalid, "%s", s.reason()).At("%s", path).Next("%s", s.next())
}

// keys returns the names that stand as keys or columns in a head, without case and
// punctuation, each with how it is spelt there first: RuleID is rule_id as another product
// writes it.
func keys(head []byte) map[string]string {
	out := map[string]string{}
	note := func(name string) {
		if letters := near.Letters(name); out[letters] == "" {
			out[letters] = name
		}
	}
	for _, c := range decode.Columns(head, ',') {
		note(c)
	}
	if first, _, _ := bytes.Cut(head, []byte("\n")); worded(head) {
		for _, word := range bytes.Fields(first) { // columns, as they are printed for people
			note(string(word))
		}
	}
	for part := range bytes.FieldsFuncSeq(head, func(r rune) bool { return r == '\n' || r == ',' || r == '{' || r == ';' }) {
		name, _, ok := bytes.Cut(part, []byte(":"))
		if other, _, is := bytes.Cut(part, []byte("=")); is && (!ok || len(other) < len(name)) {
			name, ok = other, true
		}
		if name = bytes.Trim(name, " \t\r\"'[]-"); ok && len(name) > 0 && len(name) <= maxKey {
			note(string(name))
		}
	}
	return out
}

// maxKey bounds how long a name may be, in bytes.
const maxKey = 100

// keyed reports whether a file has names of its own: keys of YAML, JSON or TOML, or
// columns. One that has none is broken or empty, of which its decoder says more.
func keyed(head []byte) bool {
	if len(decode.Columns(head, ',')) > 1 {
		return true
	}
	for line := range bytes.Lines(head) {
		line = bytes.TrimLeft(line, " \t{[-\"")
		n := 0
		for n < len(line) && (line[n]|0x20 >= 'a' && line[n]|0x20 <= 'z' || line[n] >= '0' && line[n] <= '9' || bytes.IndexByte([]byte("_ .-$@"), line[n]) >= 0) {
			n++
		}
		if rest := bytes.TrimLeft(line[n:], "\" "); n > 0 && len(rest) > 0 && (rest[0] == ':' || rest[0] == '=') {
			return true
		}
	}
	return false
}

// worded reports whether a file that has no keys begins with a line of words: what a program
// printed for people, and not a broken file of a format.
func worded(head []byte) bool {
	first, _, _ := bytes.Cut(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n"), []byte("\n"))
	return len(bytes.Fields(first)) > 1 && first[0] != '-' && utf8.Valid(first) && !bytes.ContainsAny(first, "{}[]<>#:=\"'&*!|%@`\x00")
}

// marked reports whether a head has a name: as a key of YAML, JSON, TOML or XML, or as
// a column.
func marked(head []byte, name string) bool {
	for at := head; ; {
		i := bytes.Index(at, []byte(name))
		if i < 0 {
			return slices.Contains(decode.Columns(head, ','), strings.ToLower(name))
		}
		before, after := byte('\n'), byte(':')
		if i > 0 {
			before = at[i-1]
		}
		if i+len(name) < len(at) {
			after = at[i+len(name)]
		}
		if bytes.IndexByte([]byte("\n \t\"{[.,<"), before) >= 0 && bytes.IndexByte([]byte(": =\"]>"), after) >= 0 && isKey(at[i+len(name):]) {
			return true
		}
		at = at[i+len(name):]
	}
}

// isKey reports whether what stands behind a name makes it one.
func isKey(rest []byte) bool {
	rest = bytes.TrimLeft(rest, "\" \t]")
	return len(rest) > 0 && (rest[0] == ':' || rest[0] == '=' || rest[0] == '>' || rest[0] == '\n' || rest[0] == '\r')
}
