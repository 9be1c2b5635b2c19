// Package defender reads alerts of Microsoft Defender as Microsoft Graph returns
// them (resource type microsoft.graph.security.alert).
//
// It refuses alerts without a detector, since nothing can be measured of them,
// and reads the classification alone: a status says nothing of what an alert was,
// but that it is open.
package defender

import (
	"cmp"
	"iter"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
)

// Format is the name of the format.
const Format = "defender"

// Sniff reports whether a file that begins with head is one of Graph's alerts.
func Sniff(head []byte, _ string) bool {
	return export.Has(head, "detectorId") || export.Has(head, "createdDateTime", "classification", "determination")
}

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{Read: read, When: decode.Time, Help: decode.TimeHelp, Names: map[string]string{
		"rule_id": "detectorId", "time": "createdDateTime", "disposition_time": "resolvedDateTime", "disposition": "classification",
	}})
}

func read(r *export.Record) []alert.Draft {
	d := alert.Draft{
		ID: r.Text("id"), RuleID: r.Text("detectorId"), RuleName: r.Text("title"), Time: r.Text("createdDateTime"),
		Site: r.Text("tenantId"), Entity: entity(r), Severity: r.Text("severity"), CaseID: r.Text("incidentId"),
		Tactic: r.Text("category"), Source: r.Text("serviceSource", "productName"), Techniques: r.Techniques(r.Texts("mitreTechniques")),
		Fields: r.Fields("id", "detectorId", "title", "createdDateTime", "tenantId", "severity", "incidentId", "category", "serviceSource",
			"mitreTechniques", "classification", "determination", "status", "assignedTo", "description", "recommendedActions"),
	}
	state(r, &d)
	return []alert.Draft{d}
}

// entity returns the device that the evidence names first, else the account.
func entity(r *export.Record) string {
	return r.Text("evidence.deviceDnsName", "evidence.hostName", "evidence.userAccount.userPrincipalName", "evidence.userAccount.accountName")
}

// state reads what was said of the alert.
func state(r *export.Record, d *alert.Draft) {
	as, why, status := r.Text("classification"), r.Text("determination"), r.Text("status")
	if as == "" && status == "" {
		return
	}
	d.DispositionTime, d.DispositionBy = r.Text("resolvedDateTime", "lastUpdateDateTime"), r.Text("assignedTo")
	d.Provenance = string(alert.Analyst)
	if strings.EqualFold(d.DispositionBy, "automation") {
		d.Provenance = string(alert.Automation)
	}
	class := classify(r, as, why)
	if class == alert.Unlabelled && (status == "new" || status == "inProgress") {
		class = alert.Open
	}
	d.Disposition, d.Word = string(class), cmp.Or(as, status)
	if as != "" && why != "" {
		d.Word += "/" + why
	}
}

// classify returns the class of a classification. A determination as a security
// test counts before it: the vendor files those under more than one.
func classify(r *export.Record, as, why string) alert.Class {
	if strings.EqualFold(why, "securityTesting") {
		return alert.Test
	}
	switch as {
	case "truePositive":
		return alert.TruePositive
	case "falsePositive":
		return alert.FalsePositive
	case "informationalExpectedActivity":
		return alert.BenignPositive
	case "", "unknown":
		return alert.Unlabelled
	}
	r.Note("the classification %q is not one of Defender's; its alerts were taken as unlabelled", as)
	return alert.Unlabelled
}
