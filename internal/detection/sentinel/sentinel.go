// Package sentinel reads analytics rules of Microsoft Sentinel: from YAML, as
// templates have them, one in a file, and from JSON, as the portal exports them and
// the interface lists them.
//
// It takes a rule's mapping from its relevant techniques and its platforms and log
// sources from the tables that its query asks or, where none of those is known, that
// its connectors fill, as far as they are known in ATT&CK's words. Of queries it
// refuses to read more. Queries for hunting are kept as what they are.
package sentinel

import (
	"slices"
	"strings"
	"unicode"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/detection/kql"
	"candor/internal/evidence"
)

// Format is what the rules' Format says.
const Format = "sentinel"

// Sniff reports whether a file that begins with head is a Sentinel analytics rule.
func Sniff(head []byte, _ string) bool {
	return isDeployed(head) || decode.HasKeys(head, "relevantTechniques") || decode.HasKeys(head, "requiredDataConnectors") ||
		decode.HasKeys(head, "query", "queryFrequency") || decode.HasKeys(head, "query", "kind", "tactics")
}

// Decode reads the rules of one file. Name is its path within its folder or
// archive, with slashes. Everything that is wrong with it is among the rejects.
func Decode(name string, data []byte) evidence.Decoded[detection.Rule] {
	if isDeployed(data) {
		return deployed(name, data)
	}
	return decode.Each(name, data, func(m *decode.Map, warn func(key, text string)) (detection.Rule, bool) {
		r := rule(m, m.Need("id"), warn)
		if isHunt(m) {
			r.Role = detection.Hunt
		}
		m.Know(known[:]...)
		return r, true
	})
}

// isHunt reports whether a file is a query for hunting, which says so or has
// nothing of what makes a query a rule: old rules have no kind.
func isHunt(m *decode.Map) bool {
	if kind := m.String("kind"); kind != "" {
		return strings.EqualFold(kind, "HuntingQuery") || strings.EqualFold(kind, "Hunting")
	}
	return !slices.ContainsFunc([]string{"severity", "queryFrequency", "queryPeriod", "triggerOperator", "enabled"}, m.Has)
}

func rule(m *decode.Map, id string, warn func(key, text string)) detection.Rule {
	r := detection.Rule{
		ID: id, Name: m.String("name"), Format: Format, Status: m.String("status"), Level: m.String("severity"), Path: m.File(),
		Modified: m.String("lastUpdated"), Enabled: m.Bool("enabled", true), Schedule: m.String("queryFrequency"),
	}
	if r.Name == "" {
		r.Name = m.String("displayName")
	}
	if r.Name == "" {
		m.Fail("name", "", "is missing or empty")
	}
	r.Aliases = aliases(m, r.ID, r.Name)
	for _, key := range []string{"relevantTechniques", "techniques", "subTechniques"} {
		r.Techniques = append(r.Techniques, m.Techniques(key, warn)...)
	}
	for _, t := range m.Strings("tactics") {
		r.Tactics = append(r.Tactics, dashed(t))
	}
	connectors(&r, m)
	r.Logic = decode.Fingerprint(decode.Gist(m.String("query")), m.Node("queryPeriod"), m.Node("triggerOperator"), m.Node("triggerThreshold"))
	return r
}

// aliases returns the other names of a rule: an incident names the id under which
// a template is deployed, or has the rule's name for its title. A deployed rule
// names its template.
func aliases(m *decode.Map, id, name string) []string {
	var out []string
	for _, alias := range []string{m.String("alertRuleTemplateName"), m.String("alertRuleId"), m.String("displayName"), name} {
		if alias != "" && alias != id && !slices.Contains(out, alias) {
			out = append(out, alias)
		}
	}
	return out
}

// dashed returns a tactic's short name: InitialAccess and Initial Access are
// initial-access.
func dashed(tactic string) string {
	var b strings.Builder
	for i, c := range strings.ReplaceAll(tactic, " ", "") {
		if unicode.IsUpper(c) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// connectors reads which tables a rule needs, and where it looks.
func connectors(r *detection.Rule, m *decode.Map) {
	list, rejects := m.Maps("requiredDataConnectors")
	for _, bad := range rejects {
		m.Fail("requiredDataConnectors", bad.Value, bad.Reason)
	}
	var tables, words []string
	for _, c := range list {
		types := append(c.Strings("dataTypes"), c.Strings("datatypes")...)
		tables = append(tables, types...)
		words = append(words, strings.TrimSuffix(c.String("connectorId")+": "+strings.Join(types, ", "), ": "))
		if bad, is := c.Bad(); is {
			m.Fail("requiredDataConnectors", bad.Value, bad.Field+": "+bad.Reason)
		}
	}
	q := kql.Read(m.String("query"))
	r.Source = strings.Join(words, "; ")
	if r.Source == "" {
		r.Source = strings.Join(q.Tables, ", ")
	}
	look(r, q, tables)
}

// known are the keys of a rule that are not read.
var known = [...]string{
	"description", "queryPeriod", "triggerOperator", "triggerThreshold", "entityMappings", "customDetails",
	"alertDetailsOverride", "eventGroupingSettings", "incidentConfiguration", "suppressionDuration", "suppressionEnabled", "version",
	"tags", "metadata", "sentinelEntitiesMappings", "templateVersion", "description-detailed", "description_detailed",
}
