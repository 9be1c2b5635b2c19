// Package defender reads alerts of Microsoft Defender: as Microsoft Graph returns
// them (resource type microsoft.graph.security.alert), as the interface of
// Defender for Endpoint does, and in the incidents of either.
//
// An alert without a detector is taken as of the rule that its detection source
// and its title name. The package refuses incidents that do not hold their alerts,
// and reads the classification alone: a status says nothing of what an alert was,
// but that it is open.
package defender

import (
	"cmp"
	"iter"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/export"
)

// Format is the name of the format.
const Format = "defender"

// Sniff reports whether a file that begins with head is one of Defender's alerts,
// or of incidents.
func Sniff(head []byte, _ string) bool {
	return export.Has(head, "detectorId") || export.Has(head, "createdDateTime", "classification", "determination") ||
		export.Has(head, "alertCreationTime", "detectionSource") || export.Has(head, "incidentId", "alerts", "serviceSource")
}

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{Read: read, Names: map[string]string{
		"rule_id": "detectorId", "time": "createdDateTime", "disposition_time": "resolvedDateTime", "disposition": "classification",
	}})
}

// read reads an alert, or the alerts of an incident.
func read(r *export.Record) []alert.Draft {
	all, _ := r.Get("alerts")
	inside, listed := all.List()
	switch {
	case !listed && r.Text("detectorId", "title") == "" && r.Text("incidentName", "displayName") != "":
		r.Fail("alerts", "", "the incident does not hold its alerts; export alerts, or incidents with $expand=alerts")
		return nil
	case !listed:
		return []alert.Draft{one(r)}
	case len(inside) == 0:
		r.Note("incidents that hold no alert were passed over")
	}
	incident := r.Object
	defer func() { r.Object = incident }()
	var drafts []alert.Draft
	for _, o := range incident.Objects("alerts") {
		r.Object = o
		d := one(r)
		d.CaseID = cmp.Or(d.CaseID, incident.Text("incidentId", "id"))
		inherit(r, incident, &d)
		drafts = append(drafts, d)
	}
	return drafts
}

func one(r *export.Record) alert.Draft {
	d := alert.Draft{
		ID: r.Text("id", "alertId"), RuleID: rule(r), RuleName: r.Text("title"), Time: r.Text("createdDateTime", "alertCreationTime", "creationTime"),
		Site: r.Text("tenantId", "aadTenantId"), Entity: entity(r), Severity: strings.ToLower(r.Text("severity")), CaseID: r.Text("incidentId"),
		Tactic: r.Text("category"), Source: r.Text("serviceSource", "productName", "detectionSource"), Techniques: r.Techniques(r.Texts("mitreTechniques")),
		Fields: r.Fields("id", "alertId", "detectorId", "title", "createdDateTime", "alertCreationTime", "creationTime", "tenantId", "aadTenantId",
			"severity", "incidentId", "category", "serviceSource", "mitreTechniques", "classification", "determination", "status", "assignedTo",
			"description", "recommendedActions"),
	}
	d.Entities = r.Entities(export.Each(alert.Host, "computerDnsName"), export.First(alert.Host, "evidence", "deviceDnsName", "hostName"), export.First(alert.Host, "devices", "deviceDnsName"),
		export.First(alert.Account, "evidence.userAccount", "userPrincipalName", "accountName"), export.First(alert.Account, "evidence", "userPrincipalName", "accountName"),
		export.First(alert.Account, "entities", "userPrincipalName", "accountName"), export.Each(alert.Account, "relatedUser.userName"), export.Each(alert.Address, "evidence.ipAddress", "entities.ipAddress"),
		export.Each(alert.Mail, "evidence.primaryAddress", "evidence.recipientEmailAddress", "evidence.p1Sender.emailAddress", "evidence.p2Sender.emailAddress", "entities.mailboxPrimaryAddress"),
		export.First(alert.Resource, "evidence", "resourceId", "amazonResourceId", "fullResourceName"), export.Each(alert.OtherEntity, "evidence.url", "entities.url"))
	state(r, &d)
	return d
}

// rule returns the detector of an alert, or what it is taken to be of: not every
// service names one.
func rule(r *export.Record) string {
	if id := r.Text("detectorId", "alertPolicyId"); id != "" {
		return id
	}
	title := r.Text("title")
	if title == "" {
		return ""
	}
	r.Note("alerts that name no detector were taken as of the rule that their detection source and title name")
	return cmp.Or(r.Text("detectionSource", "serviceSource"), "Defender") + "/" + title
}

// entity returns the device that the alert or its evidence names first, else the
// account.
func entity(r *export.Record) string {
	return r.Text("computerDnsName", "evidence.deviceDnsName", "devices.deviceDnsName", "evidence.hostName",
		"evidence.userAccount.userPrincipalName", "evidence.userAccount.accountName", "relatedUser.userName",
		"evidence.userPrincipalName", "evidence.accountName", "entities.userPrincipalName", "entities.accountName")
}

// state reads what was said of the alert.
func state(r *export.Record, d *alert.Draft) {
	as, why, status := r.Text("classification"), r.Text("determination"), r.Text("status")
	if as == "" && status == "" {
		return
	}
	resolved, changed := r.Text("resolvedDateTime", "resolvedTime"), r.Text("lastUpdateDateTime", "lastUpdateTime", "lastUpdatedTime")
	d.DispositionTime, d.DispositionBy = cmp.Or(resolved, changed), r.Text("assignedTo")
	d.Provenance = string(alert.Analyst)
	if strings.EqualFold(d.DispositionBy, "automation") {
		d.Provenance = string(alert.Automation)
	}
	class := classify(r, as, why)
	if isOpen(status) {
		d.DispositionTime = cmp.Or(changed, resolved) // it was resolved before it was opened again
		if class == alert.Unlabelled {
			class = alert.Open
		}
	}
	d.Disposition, d.Word = string(class), word(as, why, status)
}

func isOpen(status string) bool {
	switch squeeze(status) {
	case "new", "inprogress", "active":
		return true
	}
	return false
}

// inherit gives an alert that has no label the one of its incident, once that is
// resolved.
func inherit(r *export.Record, incident export.Object, d *alert.Draft) {
	as, why := incident.Text("classification"), incident.Text("determination")
	if alert.Class(d.Disposition).Labels() || squeeze(incident.Text("status")) != "resolved" {
		return
	}
	class := classify(r, as, why)
	if !class.Labels() {
		return
	}
	d.Disposition, d.Word, d.Provenance = string(class), word(as, why, ""), string(alert.Incident)
	d.DispositionTime, d.DispositionBy = incident.Text("resolvedDateTime", "lastUpdateDateTime", "lastUpdateTime"), incident.Text("assignedTo")
}

// word joins the product's own words; one without a classification is the status.
func word(as, why, status string) string {
	if as == "" || why == "" {
		return cmp.Or(as, status)
	}
	return as + "/" + why
}

// squeeze makes the spellings of a word one: Graph writes falsePositive, the
// interface of Defender for Endpoint FalsePositive, and the portal False positive.
func squeeze(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), " ", "")
}

// classify returns the class of a classification. A determination as a security
// test counts before it: the vendor files those under more than one.
func classify(r *export.Record, as, why string) alert.Class {
	switch squeeze(why) {
	case "securitytesting", "securitytest":
		return alert.Test
	}
	switch squeeze(as) {
	case "truepositive":
		return alert.TruePositive
	case "falsepositive":
		return alert.FalsePositive
	case "informationalexpectedactivity", "informational,expectedactivity", "benignpositive":
		return alert.BenignPositive
	case "", "unknown", "notset":
		return alert.Unlabelled
	}
	r.Note("the classification %q is not one of Defender's; its alerts were taken as unlabelled", as)
	return alert.Unlabelled
}
