// Package elastic reads detection rules from Elastic's TOML, one rule in a file,
// and from JSON Lines, as Kibana exports them.
//
// It takes a rule's mapping from its threat tables and its platforms and log sources
// from its index patterns, or what an ES|QL query has behind FROM, then from its
// integrations and its tags, as far as those are known in ATT&CK's words. Of queries it
// reads that and the categories of an EQL query, and refuses to read more. Building
// blocks and hunts are kept as what they are.
package elastic

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// Format is what the rules' Format says.
const Format = "elastic"

// Sniff reports whether a file that begins with head is one of Elastic rules: no
// other rules come in TOML, so that the ending of its name says so too.
func Sniff(head []byte, name string) bool {
	if strings.HasSuffix(strings.TrimSuffix(strings.ToLower(name), ".gz"), ".toml") {
		return true
	}
	if isLines(head) {
		return true
	}
	return bytes.HasPrefix(head, []byte("[metadata]")) && bytes.Contains(head, []byte("\n[rule]"))
}

// Decode reads the rules of one file. Name is its path within its folder or
// archive, with slashes. What is wrong with it is its reject.
func Decode(name string, data []byte) evidence.Decoded[detection.Rule] {
	var out evidence.Decoded[detection.Rule]
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Reason: "not UTF-8"})
		return out
	}
	if isLines(data) {
		return lines(name, data)
	}
	var top map[string]any
	if _, err := toml.Decode(string(data), &top); err != nil {
		out.Rejects = append(out.Rejects, syntax(name, err))
		return out
	}
	f := &file{name: name, text: string(data)}
	if _, ok := top["hunt"]; ok && top["rule"] == nil {
		f.keep(&out, f.hunt(top))
		return out
	}
	f.into(&out, top)
	return out
}

// into reads the rule of tables into out.
func (f *file) into(out *evidence.Decoded[detection.Rule], top map[string]any) {
	f.keep(out, f.rule(top))
}

// keep adds a rule to out, or what was wrong with it.
func (f *file) keep(out *evidence.Decoded[detection.Rule], r detection.Rule) {
	if f.bad != nil {
		out.Rejects = append(out.Rejects, *f.bad)
		return
	}
	out.Records, out.Warnings = append(out.Records, r), append(out.Warnings, f.warnings...)
}

func syntax(name string, err error) evidence.Reject {
	r := evidence.Reject{File: name, Reason: "not TOML: " + err.Error()}
	var p toml.ParseError
	if errors.As(err, &p) {
		r.Line, r.Reason = p.Position.Line, "not TOML: "+p.Message
	}
	return r
}

func (f *file) rule(top map[string]any) detection.Rule {
	meta, rule := f.table(top, "metadata"), f.table(top, "rule")
	if rule.values == nil {
		f.fail("rule", "", "not an Elastic rule: it has no table [rule]")
		return detection.Rule{}
	}
	r := detection.Rule{
		ID: rule.need("rule_id"), Name: rule.need("name"), Format: Format, Path: f.name, Status: meta.text("maturity"),
		Level: rule.text("severity"), FalsePositives: rule.texts("false_positives"), Modified: meta.text("updated_date"),
		Schedule: rule.text("interval"),
	}
	if r.Modified == "" {
		r.Modified = meta.text("creation_date")
	}
	if r.Modified == "" { // as Kibana exports it
		r.Modified = rule.text("updated_at")
	}
	r.Aliases = aliases(rule, r.Name)
	r.Enabled = f.enabled(rule, r.Status)
	f.threats(&r, rule)
	if rule.text("building_block_type") != "" {
		r.Role = detection.BuildingBlock
	}
	d := reading{
		indices: rule.texts("index"), integrations: integrations(meta, rule), tags: rule.texts("tags"),
		query: rule.text("query"), language: rule.text("language"),
	}
	if d.language == "" {
		d.language = rule.text("type")
	}
	if len(d.indices) == 0 && strings.EqualFold(d.language, "esql") {
		d.indices = from(d.query)
	}
	r.Source = source(rule.text("type"), &d)
	d.into(&r)
	for _, field := range rule.tables("required_fields") {
		if name := field.text("name"); name != "" {
			r.Fields = append(r.Fields, name)
		}
	}
	slices.Sort(r.Fields)
	r.Fields = slices.Compact(r.Fields)
	for _, list := range rule.tables("exceptions_list") {
		r.ExceptionLists = add(r.ExceptionLists, list.text("list_id"))
	}
	r.Logic = logic(rule)
	rule.unknown(known[:])
	return r
}

// logic returns what tells what a rule looks for from what another does.
func logic(rule table) string {
	parts := make([]any, 0, len(looks)+1)
	query, _ := rule.values["query"].(string)
	parts = append(parts, decode.Gist(query))
	for _, key := range looks {
		parts = append(parts, rule.values[key])
	}
	return decode.Fingerprint(parts...)
}

// looks are the keys of a rule that say what it looks for, beside its query.
var looks = [...]string{
	"type", "language", "index", "data_view_id", "filters", "saved_id", "threshold", "new_terms", "new_terms_fields", "history_window_start",
	"anomaly_threshold", "machine_learning_job_id", "threat_query", "threat_index", "threat_mapping", "threat_filters", "event_category_override",
}

// hunt reads a hunt: queries for people.
func (f *file) hunt(top map[string]any) detection.Rule {
	hunt := f.table(top, "hunt")
	r := detection.Rule{
		ID: hunt.need("uuid"), Name: hunt.need("name"), Format: Format, Path: f.name, Enabled: true, Role: detection.Hunt,
	}
	r.Aliases, r.Logic = []string{r.Name}, decode.Fingerprint(hunt.values["query"])
	d := reading{integrations: hunt.one("integration")}
	for _, q := range hunt.texts("query") {
		for _, index := range from(q) {
			d.indices = add(d.indices, index)
		}
	}
	for _, word := range hunt.texts("mitre") {
		if id := strings.ToUpper(word); decode.TechniqueID(id) {
			r.Techniques = add(r.Techniques, id)
		} else {
			f.warn("mitre", "", "%q is no ATT&CK ID of a technique and was passed over", word)
		}
	}
	r.Source = source("hunt", &d)
	d.into(&r)
	return r
}

// integrations returns the integrations that a rule names: in its metadata, or as
// Kibana exports them.
func integrations(meta, rule table) []string {
	out := meta.one("integration")
	for _, e := range rule.tables("related_integrations") {
		if name := e.text("package"); name != "" {
			if part := e.text("integration"); part != "" {
				name += "." + part
			}
			out = add(out, name)
		}
	}
	return out
}

// aliases returns the other names under which alerts name a rule: its name, and
// the id of the saved object in an installation, where the file has it.
func aliases(rule table, name string) []string {
	out := []string{name}
	if id := rule.text("id"); id != "" {
		out = append(out, id)
	}
	return out
}

// enabled says whether a rule runs: its own key, else its maturity.
func (f *file) enabled(rule table, maturity string) bool {
	switch v := rule.values["enabled"].(type) {
	case bool:
		return v
	case nil:
	default:
		rule.fail("enabled", fmt.Sprint(v), "neither true nor false")
	}
	switch maturity {
	case "deprecated", "development":
		return false
	case "production", "beta", "experimental", "":
		return true
	}
	f.warn("maturity", maturity, "maturity %q is not one of Elastic's; the rule was taken as enabled", maturity)
	return true
}

// threats reads a rule's mapping: of a technique with sub-techniques, those.
func (f *file) threats(r *detection.Rule, rule table) {
	for _, threat := range rule.tables("threat") {
		if framework := threat.text("framework"); framework != "" && framework != "MITRE ATT&CK" {
			f.warn("framework", framework, "a mapping to %q was passed over", framework)
			continue
		}
		if tactic := threat.table("tactic").text("name"); tactic != "" {
			r.Tactics = add(r.Tactics, strings.ReplaceAll(strings.ToLower(tactic), " ", "-"))
		}
		for _, t := range threat.tables("technique") {
			subs := t.tables("subtechnique")
			if len(subs) == 0 {
				subs = []table{t}
			}
			for _, s := range subs {
				id := strings.ToUpper(s.need("id"))
				if !decode.TechniqueID(id) {
					f.warn("id", id, "%q is no ATT&CK ID of a technique and was passed over", id)
					continue
				}
				r.Techniques = add(r.Techniques, id)
			}
		}
	}
}

// source describes what a rule reads.
func source(kind string, d *reading) string {
	over := strings.Join(d.indices, ", ")
	if over == "" && len(d.integrations) > 0 {
		over = "the data of " + strings.Join(d.integrations, ", ")
	}
	switch {
	case over == "":
		return kind
	case kind == "":
		return over
	}
	return kind + " over " + over
}
