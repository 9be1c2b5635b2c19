// Package elastic reads alerts of Elastic Security, as documents of its alert
// index, as hits of a search or rows of a query over it, or as a CSV report of
// Kibana. The signals of versions before 8 are read, too.
//
// A closed alert's reason is its disposition. It refuses to read a closure
// without a reason, or one by automation, as a statement of what the alert was:
// those are unlabelled. What a document says of its rule beside id, name and
// mapping is not kept with every alert.
package elastic

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
const Format = "elastic"

// Sniff reports whether a file that begins with head is one of alerts of Elastic
// Security.
func Sniff(head []byte, _ string) bool {
	return export.Contains(head, `"kibana.alert.`) || export.Has(head, "kibana", "alert", "workflow_status") ||
		export.Has(head, "signal", "rule_id", "status", "@timestamp") || strings.Contains(","+strings.Join(decode.Columns(head, ','), ","), ",kibana.alert.")
}

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{Read: read, Unit: time.Millisecond, Names: names(), Table: true})
}

func names() map[string]string {
	return map[string]string{
		"id": "kibana.alert.uuid", "rule_id": "kibana.alert.rule.rule_id", "time": "@timestamp", "score": "kibana.alert.risk_score",
		"disposition_time": "kibana.alert.workflow_status_updated_at", "disposition": "kibana.alert.workflow_reason",
	}
}

const (
	rule   = "kibana.alert.rule."
	signal = "signal.rule." // before version 8
)

func read(r *export.Record) []alert.Draft {
	Unwrap(r)
	if strings.Contains(r.Text("@timestamp"), " @ ") {
		r.Note("times of a report of Kibana were taken as UTC; where its setting dateFormat:tz is another zone, set it to UTC and report again")
	}
	d := alert.Draft{
		ID: r.Text("kibana.alert.uuid", "_id"), RuleID: r.Text(rule+"rule_id", rule+"parameters.rule_id", rule+"uuid", signal+"rule_id", signal+"id"),
		RuleName: r.Text(rule+"name", signal+"name"),
		Time:     r.Text("@timestamp"), Entity: r.Text("host.name", "host.hostname", "user.name", "source.ip"),
		Severity: r.Text("kibana.alert.severity", signal+"severity"), Score: r.Text("kibana.alert.risk_score", rule+"risk_score", signal+"risk_score"), CaseID: r.Text("kibana.alert.case_ids"),
		Tactic: r.Text(rule+"threat.tactic.name", rule+"parameters.threat.tactic.name", signal+"threat.tactic.name"), Source: "Elastic Security",
		Techniques: techniques(r),
		Fields: r.Fields("kibana.alert.uuid", "kibana.alert.rule", "@timestamp", "kibana.alert.severity", "kibana.alert.risk_score",
			"kibana.alert.workflow_status", "kibana.alert.workflow_reason", "kibana.alert.workflow_status_updated_at",
			"kibana.alert.workflow_user", "kibana.alert.workflow_tags", "_id", "_index", "_score", "sort", "signal"),
	}
	d.Entities = r.Entities(export.Each(alert.Host, "host.name", "host.hostname"), export.Each(alert.Account, "user.name", "user.target.name"),
		export.Each(alert.Address, "source.ip", "destination.ip", "client.ip", "host.ip"), export.Each(alert.Mail, "user.email", "email.from.address", "email.to.address"),
		export.Each(alert.Resource, "cloud.instance.id", "aws.cloudtrail.resources.arn", "azure.resource.id"))
	state(r, &d)
	return []alert.Draft{d}
}

// Unwrap takes the document out of a search's hit. A report writes a dash for what
// is not there.
func Unwrap(r *export.Record) {
	r.Object = slices.DeleteFunc(r.Object, func(m export.Member) bool {
		text, is := m.Value.Text()
		return is && text == "-"
	})
	for _, wrapper := range []string{"_source", "fields"} {
		if docs := r.Objects(wrapper); len(docs) == 1 {
			doc := docs[0]
			if id, ok := r.Get("_id"); ok {
				doc.Set("_id", id)
			}
			r.Object = doc
			return
		}
	}
}

// techniques reads what the rule maps to: of a technique with sub-techniques,
// those.
func techniques(r *export.Record) []string {
	var ids []string
	for _, at := range []string{rule + "threat", rule + "parameters.threat", signal + "threat"} {
		for _, threat := range r.Objects(at) {
			for _, t := range threat.Objects("technique") {
				if subs := t.Texts("subtechnique.id"); len(subs) > 0 {
					ids = append(ids, subs...)
				} else {
					ids = append(ids, t.Texts("id")...)
				}
			}
		}
		if len(ids) > 0 {
			return r.Techniques(ids)
		}
	}
	// The answer to a query or a report has the ids alone.
	return r.Techniques(export.Narrow(r.Texts(rule+"threat.technique.id"), r.Texts(rule+"threat.technique.subtechnique.id")))
}

// state reads what was said of the alert. The reason goes when an alert is opened
// again, so that only a closed one's counts.
func state(r *export.Record, d *alert.Draft) {
	status, reason := r.Text("kibana.alert.workflow_status", "signal.status"), r.Text("kibana.alert.workflow_reason")
	if status == "" && reason == "" {
		return
	}
	d.DispositionTime, d.DispositionBy = r.Text("kibana.alert.workflow_status_updated_at"), r.Text("kibana.alert.workflow_user")
	d.Provenance, d.Disposition, d.Word = string(alert.Analyst), string(alert.Unlabelled), cmp.Or(reason, status)
	if status != "" && status != "closed" {
		d.Disposition, d.Word = string(alert.Open), status
		return
	}
	switch reason {
	case "true_positive", "benign_positive", "false_positive", "duplicate":
		d.Disposition = reason
	case "automated_closure":
		d.Provenance = string(alert.Automation)
	case "":
		tagged(r, d)
	case "other":
	default:
		r.Note("the closing reason %q is not one of Elastic's; its alerts were taken as unlabelled", reason)
	}
}

// tagged reads the tags of an alert that was closed without a reason, as versions before
// 9.2 close all: those that Kibana brings, and those that people call a class by.
func tagged(r *export.Record, d *alert.Draft) {
	for _, tag := range r.Texts("kibana.alert.workflow_tags") {
		switch word := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(tag)); word {
		case "true_positive", "false_positive", "benign_positive", "duplicate":
			d.Disposition, d.Word = word, tag
			return
		}
	}
}
