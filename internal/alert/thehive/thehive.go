// Package thehive reads alerts of TheHive 3 to 5, as its API returns them.
//
// TheHive knows no rules. An alert's rule is what its custom field rule_id (or
// rule-id, ruleId) or its tag rule:ID names, else its title under its source. It
// refuses cases: they are passed over and counted.
package thehive

import (
	"iter"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
)

// Format is the name of the format.
const Format = "thehive"

// Sniff reports whether a file that begins with head is one of TheHive's alerts.
func Sniff(head []byte, _ string) bool { return export.Has(head, "sourceRef", "_id") }

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{Read: read, Unit: time.Millisecond, Names: map[string]string{
		"id": "_id", "rule_id": "title", "time": "date", "disposition": "status", "disposition_time": "_updatedAt",
	}})
}

func read(r *export.Record) []alert.Draft {
	if kind := r.Text("_type"); kind != "" && !strings.EqualFold(kind, "alert") {
		r.Note("records of type %q are no alerts and were passed over", kind)
		return nil
	}
	d := alert.Draft{
		ID: r.Text("_id"), RuleID: rule(r), RuleName: r.Text("title"), Time: r.Text("date"), Entity: entity(r),
		Severity: r.Text("severityLabel", "severity"), CaseID: r.Text("caseId", "case"), Source: r.Text("source"),
		Fields: r.Fields("_id", "_type", "title", "date", "severity", "severityLabel", "caseId", "source", "status", "stage", "tags",
			"observables", "artifacts", "case", "description", "customFields", "_updatedAt", "_updatedBy", "updatedAt", "updatedBy", "assignee"),
	}
	for _, tag := range r.Texts("tags") {
		if id, ok := Technique(tag); ok && !slices.Contains(d.Techniques, id) {
			d.Techniques = append(d.Techniques, id)
		}
	}
	d.Entities = entities(r)
	state(r, &d)
	return []alert.Draft{d}
}

// rule returns the rule that an alert names, or is taken to be of.
func rule(r *export.Record) string {
	fields := append(r.Objects("customFields"), r.Objects("customFields.rule_id")...)
	for _, f := range fields {
		for _, name := range []string{"rule_id", "rule-id", "ruleId"} {
			if f.Text("name") == name {
				return f.Text("value", "string")
			}
			if id := f.Text(name, name+".string"); id != "" {
				return id
			}
		}
	}
	for _, tag := range r.Texts("tags") {
		for _, prefix := range []string{"rule:", "rule="} {
			if id, ok := strings.CutPrefix(tag, prefix); ok && id != "" {
				return strings.Trim(id, `"`)
			}
		}
	}
	title := r.Text("title")
	if title == "" {
		return ""
	}
	r.Note("alerts that name no rule were taken as of the rule that their source and title name")
	return r.Text("source") + "/" + title
}

// Technique returns the ATT&CK ID that a tag ends in, as in T1059.001 or
// mitre-attack:T1059.001.
func Technique(tag string) (string, bool) {
	tag = strings.ToUpper(strings.Trim(tag, `"`))
	for _, separator := range []string{":", "=", "/"} {
		tag = strings.Trim(tag[strings.LastIndex(tag, separator)+1:], `"`)
	}
	return tag, decode.TechniqueID(tag)
}

// observables are what an alert names.
func observables(r *export.Record) []export.Object {
	return append(r.Objects("observables"), r.Objects("artifacts")...) // the latter before version 5
}

// entities returns those of them that an alert can be about.
func entities(r *export.Record) (list []alert.Entity) {
	for _, o := range observables(r) {
		switch kind := o.Text("dataType"); kind {
		case "hostname", "fqdn", "user", "user-account", "username", "mail", "mail-sender", "mail-recipient", "ip", "domain", "url":
			t, _ := alert.ParseEntityType(strings.TrimPrefix(kind, "mail-"))
			list = append(list, alert.EntityOf(t, o.Text("data")))
		}
	}
	return list
}

// entity returns the first observable that is a host, else the first that is an
// account or an address.
func entity(r *export.Record) string {
	all := observables(r)
	for _, kinds := range [][]string{{"hostname", "fqdn"}, {"user", "user-account", "username", "mail"}, {"ip"}} {
		for _, o := range all {
			if slices.Contains(kinds, o.Text("dataType")) {
				return o.Text("data")
			}
		}
	}
	return ""
}

// state reads what was said of the alert.
func state(r *export.Record, d *alert.Draft) {
	word := r.Text("status")
	if word == "" {
		return
	}
	d.Word, d.Disposition, d.Provenance = word, string(alert.Unlabelled), string(alert.Analyst)
	d.DispositionTime = r.Text("_updatedAt", "updatedAt", "closedDate")
	d.DispositionBy = r.Text("_updatedBy", "updatedBy", "assignee")
	switch word {
	case "TruePositive":
		d.Disposition = string(alert.TruePositive)
	case "FalsePositive":
		d.Disposition = string(alert.FalsePositive)
	case "Duplicated", "Duplicate":
		d.Disposition = string(alert.Duplicate)
	case "New", "InProgress", "Pending", "Updated":
		d.Disposition = string(alert.Open)
	case "Indeterminate", "Other", "Imported", "Ignored":
	default:
		d.Disposition = string(custom(r, word))
	}
}

// custom returns the class of a status that a site made: each belongs to a stage,
// which says whether people are at work.
func custom(r *export.Record, word string) alert.Class {
	switch r.Text("stage") {
	case "New", "InProgress":
		return alert.Open
	}
	switch strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(word)) {
	case "benignpositive", "benigntruepositive":
		return alert.BenignPositive
	}
	r.Note("the status %q is not one that TheHive brings; its alerts were taken as unlabelled", word)
	return alert.Unlabelled
}
