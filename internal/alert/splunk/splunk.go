// Package splunk reads notable events of Splunk Enterprise Security, as JSON or
// as CSV.
//
// Version 8 calls them findings, with the same fields. The package refuses to read
// an event's status as a statement of what it was: only the disposition is one. It
// refuses a title as the name of a rule, too, which may name what the event is about.
package splunk

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
)

// Format is the name of the format.
const Format = "splunk"

// Sniff reports whether a file that begins with head is one of notable events.
func Sniff(head []byte, _ string) bool {
	if export.Contains(head, "@@notable@@", "_time") && (export.Contains(head, "rule_title") || export.Contains(head, "rule_name")) && !export.Has(head, "class_uid") {
		return true
	}
	if export.Has(head, "search_name") {
		return export.Has(head, "event_id") || export.Has(head, "rule_id") || export.Has(head, "urgency")
	}
	columns := decode.Columns(head, ',')
	return slices.Contains(columns, "search_name") && (slices.Contains(columns, "event_id") || slices.Contains(columns, "rule_id"))
}

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{
		Read: newReader().read, Unit: time.Second, Table: true,
		Names: map[string]string{
			"id": "event_id", "rule_id": "search_name", "time": "_time", "score": "risk_score", "disposition_time": "review_time",
		},
	})
}

// reader has the names that every event is asked for, which are made once for a file.
type reader struct {
	left  []string // what is kept elsewhere than in the fields
	named []export.Naming
}

func newReader() *reader {
	return &reader{
		left: []string{"event_id", "finding_id", "rule_id", "search_name", "rule_title", "rule_name", "_time", "urgency", "risk_score", "annotations",
			"disposition", "disposition_label", "disposition_description", "review_time", "update_time", "reviewer", "owner", "status", "status_label", "status_group",
			"_raw", "_bkt", "_cd", "_serial", "_si", "_indextime", "linecount", "punct", "mitre_technique_id", "mitre_tactic"},
		named: []export.Naming{export.Each(alert.Host, "dest", "dest_host", "src", "src_host"), export.Each(alert.Address, "dest_ip", "src_ip"),
			export.Each(alert.Account, "user", "src_user"), export.Each(alert.Mail, "recipient", "src_user_email")},
	}
}

func (x *reader) read(r *export.Record) []alert.Draft {
	if results := r.Objects("result"); len(results) == 1 {
		r.Object = results[0]
	}
	r.Unfold("annotations")
	r.Object = slices.DeleteFunc(r.Object, func(m export.Member) bool {
		return strings.HasPrefix(m.Name, "__mv_") // the same values once more, encoded
	})
	d := alert.Draft{
		ID: r.Text("event_id", "finding_id", "rule_id"), RuleID: search(r), RuleName: r.Text("rule_title", "rule_name"), Time: r.Text("_time"),
		Entity: first(r, "risk_object", "dest", "src", "user", "orig_host"), Severity: r.Text("urgency", "severity"), Score: r.Text("risk_score"),
		CaseID: r.Text("investigation_id", "incident_id"), Source: "Splunk Enterprise Security",
		Tactic:     r.Text("annotations.mitre_attack.mitre_tactic", "mitre_tactic"),
		Techniques: r.Techniques(r.Texts("annotations.mitre_attack", "annotations.mitre_attack.mitre_technique_id", "mitre_technique_id")),
		Fields:     r.Fields(x.left...),
	}
	d.Entities = r.Entities(x.named...)
	if list := risky(r); len(list) > 0 {
		d.Entities = append(list, d.Entities...)
	}
	state(r, &d)
	return r.Only(&d)
}

// risky returns the risk objects, each of the type that stands beside it or, where there is
// one type, that all are of.
func risky(r *export.Record) (list []alert.Entity) {
	types := r.Texts("risk_object_type")
	objects := r.Texts("risk_object")
	for i, name := range objects {
		e := alert.Entity{Name: name}
		switch {
		case len(types) == 1:
			e.Type = riskType(types[0])
		case len(types) == len(objects):
			e.Type = riskType(types[i])
		}
		list = append(list, alert.EntityOf(e.Type, e.Name))
	}
	return list
}

// riskType is the type of a risk object as Splunk names it: user, system or other.
func riskType(word string) alert.EntityType {
	t, ok := alert.ParseEntityType(word)
	if !ok || t == alert.OtherEntity {
		return alert.Untyped // hash values and network artifacts among them
	}
	return t
}

// first returns the first text under the first name that has one: a table writes several
// values as lines of one cell.
func first(r *export.Record, names ...string) string {
	for _, name := range names {
		if l := r.Texts(name); len(l) > 0 {
			return l[0]
		}
	}
	return ""
}

// search returns the name of the search that made an event. Where it was not
// exported, the event's source is the same, and rule_name what people call it.
func search(r *export.Record) string {
	name := r.Text("search_name")
	if source := r.Text("source"); name == "" && strings.HasSuffix(source, " - Rule") {
		name = source
	}
	if name == "" {
		name = r.Text("rule_name")
	}
	if name == "" {
		r.Fail("search_name", "", "is missing, and so are source and rule_name: export one of these fields, too")
	}
	return name
}

func state(r *export.Record, d *alert.Draft) {
	word := r.Text("disposition_label")
	id := r.Text("disposition")
	if word == "" {
		word = id
	}
	if word == "" {
		if word = r.Text("status_label", "status_group", "status"); word == "" {
			return
		}
	} else if c, ok := classify(id, word); ok {
		d.Disposition = string(c)
	} else {
		r.Note("the disposition %q is not one that Splunk brings; its alerts were taken as unlabelled", word)
	}
	if d.Disposition == "" || d.Disposition == string(alert.Unlabelled) {
		d.Disposition = string(unsaid(r))
	}
	d.Word, d.Provenance, d.DispositionTime = word, string(alert.Analyst), r.Text("review_time", "update_time")
	if by := r.Text("reviewer", "owner"); by != "unassigned" {
		d.DispositionBy = by
	}
}

// unsaid returns the class of an event without a disposition that says what it
// was: whether its status, by number or label as Splunk brings them, is one of
// work that is not done. Sites may change both; then the label tells.
func unsaid(r *export.Record) alert.Class {
	words := [...]string{"unassigned", "new", "in progress", "pending"}
	label := strings.ToLower(r.Text("status_label", "status_group"))
	if label == "" {
		label = strings.ToLower(r.Text("status"))
	}
	if label == "assigned" { // what old versions called the second
		return alert.Open
	}
	for id, word := range words {
		if label == word || label == strconv.Itoa(id) {
			return alert.Open
		}
	}
	return alert.Unlabelled
}

// classify returns the class of a disposition: by its id, else by its label.
func classify(id, label string) (alert.Class, bool) {
	switch id {
	case "disposition:0", "disposition:5", "disposition:6": // unassigned, other, undetermined
		return alert.Unlabelled, true
	case "disposition:1":
		return alert.TruePositive, true
	case "disposition:2":
		return alert.BenignPositive, true
	case "disposition:3":
		return alert.FalseLogic, true
	case "disposition:4":
		return alert.FalseData, true
	}
	label = strings.ToLower(label)
	switch {
	case strings.HasPrefix(label, "true positive"):
		return alert.TruePositive, true
	case strings.HasPrefix(label, "benign positive"):
		return alert.BenignPositive, true
	case strings.HasPrefix(label, "false positive") && strings.Contains(label, "logic"):
		return alert.FalseLogic, true
	case strings.HasPrefix(label, "false positive") && strings.Contains(label, "data"):
		return alert.FalseData, true
	case strings.HasPrefix(label, "false positive"):
		return alert.FalsePositive, true
	case label == "undetermined" || label == "other" || label == "unassigned":
		return alert.Unlabelled, true
	}
	return "", false
}
