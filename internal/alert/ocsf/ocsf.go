// Package ocsf reads findings of the Open Cybersecurity Schema Framework:
// Detection Finding (class 2004), Incident Finding (2005), whose verdict its
// findings inherit, and Security Finding (2001), which version 1.1 replaced.
//
// The verdict alone says what a finding was. A finding that names no analytic is
// taken as of the rule that its event code, else its title names; its types say what
// kind of thing it is about, and never which rule. The package refuses to
// read disposition_id as a verdict, which is what a control did about the activity,
// and records of other classes, which are passed over and counted.
package ocsf

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
)

// Format is the name of the format.
const Format = "ocsf"

// Sniff reports whether a file that begins with head is one of OCSF findings.
func Sniff(head []byte, _ string) bool {
	return export.Has(head, "class_uid") && (export.Has(head, "finding_info") || export.Has(head, "finding_info_list") || export.Has(head, "finding", "category_uid"))
}

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{Read: Read, Unit: time.Millisecond, Names: map[string]string{
		"id": "finding_info.uid", "rule_id": "finding_info.analytic.uid", "time": "finding_info.first_seen_time", "score": "risk_score",
		"disposition": "verdict_id", "disposition_time": "time",
	}})
}

// classes are the classes that are read, by their number within the findings,
// which some producers write alone.
const (
	security  = "2001"
	detection = "2004"
	incident  = "2005"
)

// Read reads the findings of a record; none of one that is of another class, which it notes.
func Read(r *export.Record) []alert.Draft {
	r.Prune(func(text string) bool { return text == "N/A" }) // says that there is none
	class := r.Text("class_uid")
	if len(class) == 1 && r.Text("category_uid") == "2" {
		class = "200" + class
		r.Set("class_uid", export.TextValue(class))
	}
	if checks(r) {
		r.Note("results of compliance checks%s are no detections and were passed over", outcome(r))
		return nil
	}
	switch class {
	case detection:
		return one(r, "finding_info")
	case security:
		return one(r, "finding")
	case incident:
		return several(r)
	case "":
		r.Fail("class_uid", "", "is missing")
	default:
		r.Note("records of class %s are no detections and were passed over", class)
	}
	return nil
}

// checks reports whether a finding is the result of a check of a configuration: some
// producers write those as detections.
func checks(r *export.Record) bool {
	return len(r.Objects("compliance")) > 0 || len(r.Objects("unmapped.compliance")) > 0 && r.Text("status_code") != ""
}

// outcome says for a note how a check ended, where its record says it.
func outcome(r *export.Record) string {
	switch strings.ToUpper(r.Text("status_code", "compliance.status")) {
	case "PASS", "PASSED":
		return " that passed"
	case "FAIL", "FAILED":
		return " that failed"
	}
	return ""
}

// one reads the finding that a record is about.
func one(r *export.Record, name string) []alert.Draft {
	infos := r.Objects(name)
	if len(infos) != 1 {
		r.Fail(name, "", "is missing, or is no object")
		return nil
	}
	return []alert.Draft{finding(r, infos[0], alert.Analyst)}
}

// several reads the findings of an incident. One that is its only finding is no
// case: products say so of a finding that people work on.
func several(r *export.Record) []alert.Draft {
	infos := r.Objects("finding_info_list")
	if len(infos) == 0 {
		r.Fail("finding_info_list", "", "is missing or empty")
	}
	if len(infos) == 1 && infos[0].Text("uid") == r.Text("metadata.uid") {
		return []alert.Draft{finding(r, infos[0], alert.Analyst)}
	}
	drafts := make([]alert.Draft, 0, len(infos))
	for _, info := range infos {
		d := finding(r, info, alert.Incident)
		d.CaseID = r.Text("ticket.uid", "tickets.uid", "metadata.correlation_uid", "metadata.uid")
		drafts = append(drafts, d)
	}
	return drafts
}

func finding(r *export.Record, info export.Object, by alert.Provenance) alert.Draft {
	d := alert.Draft{
		ID: info.Text("uid"), RuleID: rule(r, info), RuleName: cmp.Or(info.Text("analytic.name"), r.Text("analytic.name"), info.Text("title")),
		Time: info.Text("first_seen_time_dt", "first_seen_time", "created_time_dt", "created_time"),
		Site: r.Text("metadata.tenant_uid", "cloud.account.uid"), Entity: entity(r), Entities: entities(r), Severity: r.Text("severity"), Score: r.Text("risk_score"),
		Source: r.Text("metadata.product.name"), Techniques: r.Techniques(append(Techniques(info), Techniques(r.Object)...)),
		Tactic: cmp.Or(info.Text("attacks.tactic.name", "attacks.tactics.name"), r.Text("attacks.tactic.name", "attacks.tactics.name")),
		Fields: r.Fields("finding_info", "finding_info_list", "finding", "analytic", "class_uid", "class_name", "category_uid", "category_name", "type_uid", "type_name",
			"severity", "risk_score", "time", "time_dt", "verdict", "verdict_id", "attacks", "raw_data", "unmapped", "observables"),
	}
	if d.Time == "" {
		if d.Time = r.Text("time_dt", "time"); r.Text("activity_id") != "1" {
			r.Note("findings that do not say when they were first seen were dated by the record, which is of a later change")
		}
	}
	state(r, &d, by)
	if d.Disposition != "" {
		d.DispositionTime = later(d.DispositionTime, info.Text("modified_time_dt", "modified_time"))
	}
	return d
}

// rule returns the analytic of a finding, or what it is taken to be of.
func rule(r *export.Record, info export.Object) string {
	id := cmp.Or(info.Text("analytic.uid", "analytic.name"), r.Text("analytic.uid", "analytic.name"))
	if id != "" {
		return id
	}
	if id = cmp.Or(r.Text("metadata.event_code"), info.Text("title")); id != "" {
		r.Note("findings that name no analytic were taken as of the rule that their event code, else their title names")
	}
	return id
}

// later returns the later of two times. A record's own time is that of its change
// with some producers, and with others that of the finding's making.
func later(own, changed string) string {
	if changed == "" {
		return own
	}
	at, ok := decode.Time(own)
	if t, is := decode.Time(changed); is && (!ok || t.After(at)) {
		return changed
	}
	return own
}

// Techniques reads what an object maps to, a finding for example: of a technique with a
// sub-technique, that.
func Techniques(o export.Object) []string {
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
	named := r.Text("device.hostname", "device.name", "evidences.device.hostname", "resources.hostname", "resources.name",
		"evidences.dst_endpoint.hostname", "evidences.actor.user.name", "evidences.user.name", "actor.user.name", "resources.uid", "device.ip")
	return cmp.Or(named, observed(r))
}

// entities returns what a finding names of what it can be about.
func entities(r *export.Record) []alert.Entity {
	list := r.Entities(export.First(alert.Host, "device", "hostname", "name"), export.First(alert.Host, "evidences.device", "hostname", "name"),
		export.Each(alert.Host, "resources.hostname", "evidences.dst_endpoint.hostname", "evidences.src_endpoint.hostname"), export.First(alert.Resource, "resources", "name", "uid"),
		export.Each(alert.Account, "evidences.actor.user.name", "evidences.user.name", "actor.user.name"),
		export.Each(alert.Address, "device.ip", "evidences.device.ip", "evidences.dst_endpoint.ip", "evidences.src_endpoint.ip"))
	for _, o := range r.Objects("observables") {
		name := strings.ToLower(o.Text("name"))
		for _, k := range observables() {
			if k.is(o.Text("type_id"), name) {
				list = append(list, o.Entities(export.Each(k.kind, "value"))...)
				break
			}
		}
	}
	return list
}

// observable is how observables of a type are told: by its number, or where the number is
// left open by the end of their name.
type observable struct {
	kind  alert.EntityType
	id    string
	names []string
}

func (k *observable) is(id, name string) bool {
	return id == k.id || id == "0" && slices.ContainsFunc(k.names, func(n string) bool { return name == n || strings.HasSuffix(name, "."+n) })
}

// observables are those that a finding can be about, the likeliest first.
func observables() []observable {
	return []observable{{alert.Host, "1", []string{"hostname", "host", "host.name"}}, {alert.Account, "4", []string{"user", "username", "user.name"}},
		{alert.Mail, "5", []string{"email", "email_addr"}}, {alert.Address, "2", []string{"ip", "src_ip", "dst_ip"}}, {alert.Resource, "10", []string{"resource", "resource_uid"}}}
}

// observed returns the host among the observables, else the account, else the address.
// Some producers leave their type open and name them only.
func observed(r *export.Record) string {
	for _, k := range observables() {
		for _, o := range r.Objects("observables") {
			if v := o.Text("value"); v != "" && k.is(o.Text("type_id"), strings.ToLower(o.Text("name"))) {
				return v
			}
		}
	}
	return ""
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
	switch id := r.Text("status_id", "state_id"); id {
	case "1", "2":
		return true
	case "3":
		return r.Text("class_uid") == incident
	case "":
		word := strings.ToLower(r.Text("status", "state"))
		return word == "new" || word == "in progress" || word == "on hold"
	}
	return false
}

// status is the word for where the work on a finding stands; without a word it
// is the number.
func status(r *export.Record) string {
	word, id := r.Text("status", "state"), r.Text("status_id", "state_id")
	switch {
	case word != "" || id == "":
		return word
	case id == "3" && r.Text("class_uid") != incident:
		return "Suppressed"
	}
	return "status " + id
}
