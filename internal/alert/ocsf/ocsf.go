// Package ocsf reads findings of the Open Cybersecurity Schema Framework:
// Detection Finding (class 2004), and Incident Finding (2005), whose verdict its
// findings inherit.
//
// The verdict alone says what a finding was. It refuses to read disposition_id as
// one, which is what a control did about the activity, and records of other
// classes, which are passed over and counted.
package ocsf

import (
	"cmp"
	"iter"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/export"
)

// Format is the name of the format.
const Format = "ocsf"

// Sniff reports whether a file that begins with head is one of OCSF findings.
func Sniff(head []byte, _ string) bool {
	return export.Has(head, "class_uid") && (export.Has(head, "finding_info") || export.Has(head, "finding_info_list"))
}

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{Read: read, When: export.Millis, Help: export.MillisHelp, Names: map[string]string{
		"id": "finding_info.uid", "rule_id": "finding_info.analytic.uid", "time": "finding_info.first_seen_time", "score": "risk_score",
		"disposition": "verdict_id", "disposition_time": "time",
	}})
}

func read(r *export.Record) []alert.Draft {
	switch class := r.Text("class_uid"); class {
	case "2004":
		if infos := r.Objects("finding_info"); len(infos) == 1 {
			return []alert.Draft{finding(r, infos[0], alert.Analyst)}
		}
		r.Fail("finding_info", "", "is missing, or is no object")
	case "2005":
		infos := r.Objects("finding_info_list")
		if len(infos) == 0 {
			r.Fail("finding_info_list", "", "is missing or empty")
		}
		drafts := make([]alert.Draft, 0, len(infos))
		for _, info := range infos {
			d := finding(r, info, alert.Incident)
			d.CaseID = r.Text("ticket.uid", "metadata.correlation_uid", "metadata.uid")
			drafts = append(drafts, d)
		}
		return drafts
	case "":
		r.Fail("class_uid", "", "is missing")
	default:
		r.Note("records of class %s are no findings and were passed over", class)
	}
	return nil
}

func finding(r *export.Record, info export.Object, by alert.Provenance) alert.Draft {
	d := alert.Draft{
		ID: info.Text("uid"), RuleID: info.Text("analytic.uid", "analytic.name"), RuleName: info.Text("analytic.name", "title"),
		Time: info.Text("first_seen_time_dt", "first_seen_time", "created_time_dt", "created_time"),
		Site: r.Text("metadata.tenant_uid", "cloud.account.uid"), Entity: entity(r), Severity: r.Text("severity"), Score: r.Text("risk_score"),
		Source: r.Text("metadata.product.name"), Techniques: r.Techniques(append(techniques(info), techniques(r.Object)...)),
		Tactic: cmp.Or(info.Text("attacks.tactic.name", "attacks.tactics.name"), r.Text("attacks.tactic.name", "attacks.tactics.name")),
		Fields: r.Fields("finding_info", "finding_info_list", "class_uid", "class_name", "category_uid", "category_name", "type_uid", "type_name",
			"severity", "risk_score", "time", "time_dt", "verdict", "verdict_id", "attacks", "raw_data", "unmapped", "observables"),
	}
	if d.Time == "" {
		if d.Time = r.Text("time_dt", "time"); r.Text("activity_id") != "1" {
			r.Note("findings that do not say when they were first seen were dated by the record, which is of a later change")
		}
	}
	state(r, &d, by)
	return d
}

// techniques reads what a finding maps to: of a technique with a sub-technique,
// that.
func techniques(o export.Object) []string {
	var ids []string
	for _, a := range o.Objects("attacks") {
		if sub := a.Texts("sub_technique.uid"); len(sub) > 0 {
			ids = append(ids, sub...)
		} else {
			ids = append(ids, a.Texts("technique.uid")...)
		}
	}
	return ids
}

// entity returns the device that the finding is about, else the resource, else
// the account.
func entity(r *export.Record) string {
	return r.Text("device.hostname", "device.name", "evidences.device.hostname", "resources.hostname", "resources.name",
		"evidences.dst_endpoint.hostname", "evidences.actor.user.name", "evidences.user.name", "actor.user.name", "resources.uid", "device.ip")
}

// verdicts are the words of verdict_id, by number, with the class that each comes
// to. What is suspicious, a risk, disregarded or managed elsewhere is not said to
// be true or false.
var verdicts = [...]struct {
	id, word string
	class    alert.Class
}{
	{"0", "Unknown", alert.Unlabelled}, {"1", "False Positive", alert.FalsePositive}, {"2", "True Positive", alert.TruePositive},
	{"3", "Disregard", alert.Unlabelled}, {"4", "Suspicious", alert.Unlabelled}, {"5", "Benign", alert.BenignPositive},
	{"6", "Test", alert.Test}, {"7", "Insufficient Data", alert.Unlabelled}, {"8", "Security Risk", alert.Unlabelled},
	{"9", "Managed Externally", alert.Unlabelled}, {"10", "Duplicate", alert.Duplicate}, {"99", "Other", alert.Unlabelled},
}

// verdict returns the class of a verdict_id and its word.
func verdict(r *export.Record, id string) (class alert.Class, word string) {
	for _, v := range verdicts {
		if v.id != id {
			continue
		}
		if v.class == alert.Unlabelled && id != "0" && id != "7" {
			r.Note("the verdict %q says neither true nor false and was taken as unlabelled", v.word)
		}
		return v.class, cmp.Or(r.Text("verdict"), v.word)
	}
	r.Fail("verdict_id", id, "not a verdict that OCSF has")
	return alert.Unlabelled, ""
}

// state reads what was said of the finding. A record that has a status and no
// verdict says that there is none, whatever was said before.
func state(r *export.Record, d *alert.Draft, by alert.Provenance) {
	class, word := alert.Unlabelled, status(r)
	if id := r.Text("verdict_id"); id != "" {
		class, word = verdict(r, id)
	} else if word == "" {
		return
	}
	if class == alert.Unlabelled && open(r) {
		class = alert.Open
	}
	d.Disposition, d.Word, d.Provenance = string(class), word, string(by)
	d.DispositionTime, d.DispositionBy = r.Text("time_dt", "time"), r.Text("assignee.email_addr", "assignee.name", "actor.user.email_addr")
}

// open reports whether people work on a finding or are yet to: it is new or in
// progress, or an incident on hold, which is its class's own status 3.
func open(r *export.Record) bool {
	switch id := r.Text("status_id"); id {
	case "1", "2":
		return true
	case "3":
		return r.Text("class_uid") == "2005"
	case "":
		word := strings.ToLower(r.Text("status"))
		return word == "new" || word == "in progress" || word == "on hold"
	}
	return false
}

// status is the word for where the work on a finding stands; without a word it
// is the number.
func status(r *export.Record) string {
	word, id := r.Text("status"), r.Text("status_id")
	switch {
	case word != "" || id == "":
		return word
	case id == "3" && r.Text("class_uid") == "2004":
		return "Suppressed"
	}
	return "status " + id
}
