// Package splunk reads detections from Splunk's security content in YAML, one in
// a file, and from the settings of saved searches, as a search head has them.
//
// It takes a rule's mapping from its tags or annotations and its platforms and log
// sources from its data sources, then from the macros, source types and data models
// that its search names, then from its type of asset. Of searches it refuses to read
// more. Files that are baselines or investigations detect nothing and are passed over;
// searches for hunting, and those that only add risk, are kept as what they are.
package splunk

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// Format is what the rules' Format says.
const Format = "splunk"

// headSize is how much of a file tells what it is, in bytes.
const headSize = 1 << 15

// Sniff reports whether a file that begins with head is a Splunk detection.
func Sniff(head []byte, name string) bool {
	return isConf(head, name) || decode.HasKeys(head, "name", "id", "search") || decode.HasKeys(head, "name", "id", "data_source", "type")
}

// Decode reads the rules of one file. Name is its path within its folder or
// archive, with slashes. Everything that is wrong with it is among the rejects.
func Decode(name string, data []byte) evidence.Decoded[detection.Rule] {
	if isConf(data[:min(len(data), headSize)], name) {
		return conf(name, data)
	}
	return decode.Each(name, data, rule)
}

func rule(m *decode.Map, warn func(key, text string)) (detection.Rule, bool) {
	kind := m.String("type")
	if slices.Contains([]string{"Baseline", "Investigation"}, kind) {
		warn("type", "a file of type "+kind+" detects nothing and was passed over")
		return detection.Rule{}, false
	}
	r := detection.Rule{
		ID: m.Need("id"), Name: m.Need("name"), Format: Format, Status: strings.ToLower(m.String("status")), Path: m.File(),
		Modified: modified(m), FalsePositives: m.Strings("known_false_positives"), Source: strings.Join(m.Strings("data_source"), ", "),
	}
	r.Enabled, r.Aliases = enabled(m, r.Status, warn), searches(r.Name)
	switch {
	case kind == "Hunting":
		r.Role = detection.Hunt
	case m.Has("finding"):
	case kind == "Anomaly" || m.Has("intermediate_findings"):
		r.Role = detection.Risk
	}
	if kind != "" {
		r.Status = strings.TrimSpace(r.Status + " " + kind)
	}
	d := reading{sources: m.Strings("data_source"), search: m.String("search"), asset: m.String("asset_type")}
	if tags := m.Map("tags"); tags != nil {
		if d.asset == "" {
			d.asset = tags.String("asset_type")
		}
		r.Techniques = tags.Techniques("mitre_attack_id", func(_, text string) { warn("tags", text) })
		if bad, is := tags.Bad(); is {
			m.Fail("tags", bad.Value, bad.Field+": "+bad.Reason)
		}
	}
	r.Techniques = append(r.Techniques, m.Techniques("mitre_attack_id", warn)...) // newer files have it at the top
	d.into(&r)
	r.Logic = decode.Fingerprint(decode.Gist(d.search))
	if r.Source == "" {
		r.Source = strings.Join(scan(d.search).known(), ", ")
	}
	m.Know(known[:]...)
	return r, true
}

// modified returns the day of the last change, which newer files keep beside that
// of the making.
func modified(m *decode.Map) string {
	for _, key := range []string{"modification_date", "date", "creation_date"} {
		if d := m.String(key); d != "" {
			return d
		}
	}
	return ""
}

// searches returns the names of the saved searches that a detection is deployed
// as: a notable event names its search, and not the detection's id. Splunk's
// builder puts the app and the kind around the name; one that is made by hand has
// the name alone or the domain before it.
func searches(name string) []string {
	return []string{name, "ESCU - " + name + " - Rule", "Threat - " + name + " - Rule"}
}

// enabled says whether a rule runs: its own key, else its status.
func enabled(m *decode.Map, status string, warn func(key, text string)) bool {
	switch status {
	case "deprecated", "removed":
		return m.Bool("enabled", false)
	case "production", "experimental", "validation", "":
	default:
		warn("status", fmt.Sprintf("status %q is not one of Splunk's; the rule was taken as enabled", status))
	}
	return m.Bool("enabled", true)
}

// known are the keys of a detection that are not read.
var known = [...]string{
	"version", "author", "description", "search", "how_to_implement", "references", "drilldown_searches", "rba", "tests", "finding",
	"asset_type", "analytic_story", "deployment", "macros", "lookups", "datamodel", "cve", "confidence", "impact", "security_domain",
	"product", "throttling", "schedule", "date", "creation_date", "modification_date", "detection_type", "intermediate_findings",
	"category", "threat_objects", "enabled_by_default", "manual_test",
}
