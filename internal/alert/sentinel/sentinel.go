// Package sentinel reads incidents of Microsoft Sentinel, the table
// SecurityIncident, as the alerts that they hold, and alerts themselves, the table
// SecurityAlert.
//
// The former has a row for every change of an incident. Each row is a statement
// at its TimeGenerated, so that the newest counts and the earlier ones stay. The
// label is the incident's and is inherited by its alerts. The package refuses
// incidents of which it does not say which analytics rule raised which alert, and
// to read the status of an alert, which Sentinel leaves as it was at first.
package sentinel

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
const Format = "sentinel"

// Sniff reports whether a file that begins with head is one of Sentinel's
// incidents or alerts.
func Sniff(head []byte, name string) bool { return SniffIncidents(head, name) || sniffAlerts(head) }

// SniffIncidents reports whether a file that begins with head is one of incidents:
// of the table, or as the interface returns them.
func SniffIncidents(head []byte, _ string) bool {
	return export.Has(head, "IncidentNumber") || export.Has(head, "incident_number", "related_analytic_rule_ids") || export.Has(head, "incidentNumber", "properties") ||
		slices.Contains(decode.Columns(head, ','), "incidentnumber")
}

// NamesRules reports whether a file that begins with head is one of alerts, or of
// incidents that say which rules raised their alerts.
func NamesRules(head []byte, name string) bool {
	return sniffAlerts(head) || SniffIncidents(head, name) && export.Contains(head, "RelatedAnalyticRuleIds")
}

// Alerts reads the alerts of a file, in its order. Of the rows of an incident, one that is
// older than a row before it only adds what was said then of the alert.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	rows := export.Alerts(in, export.Format{
		Read: read, Table: true,
		Names: map[string]string{"id": "AlertIds", "rule_id": "RelatedAnalyticRuleIds", "time": "CreatedTime", "disposition_time": "TimeGenerated", "disposition": "Classification"},
	})
	return func(yield func(*alert.Alert, error) bool) {
		newest := map[string]time.Time{}
		for a, err := range rows {
			if err == nil && a.Disposition != nil && a.Disposition.Provenance == alert.Incident {
				switch at := a.Disposition.Time; {
				case at.Before(newest[a.CaseID]):
					a.RuleName, a.Severity, a.Tactic, a.Techniques, a.Fields = "", "", "", nil, nil
				default:
					newest[strings.Clone(a.CaseID)] = at
				}
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// columns are the names that are read, in the table's own spelling.
var columns = [...]string{
	"TimeGenerated", "IncidentNumber", "Title", "Severity", "Status", "Classification", "ClassificationReason", "AlertIds",
	"RelatedAnalyticRuleIds", "CreatedTime", "ModifiedBy", "AdditionalData", "Labels", "Owner", "ProviderName", "TenantId",
}

// others are names that cases are read from.
var others = [...]string{"ClosedTime", "FirstActivityTime", "LastModifiedTime", "ClassificationComment"}

func read(r *export.Record) []alert.Draft {
	Spell(r)
	if r.Text("SystemAlertId") != "" {
		return []alert.Draft{row(r)}
	}
	number := r.Text("IncidentNumber")
	_, ok := r.When(r.Text("TimeGenerated"))
	switch {
	case number == "":
		r.Fail("IncidentNumber", "", "is missing or empty")
	case !ok:
		r.Fail("TimeGenerated", r.Text("TimeGenerated"), decode.TimeHelp)
	case len(r.Texts("AlertIds")) == 0 && (len(r.Objects("properties")) > 0 || strings.Contains(r.Text("id"), "/providers/")):
		r.Fail("AlertIds", "", "the interface does not say which alerts an incident holds; add the file as cases, or export the table SecurityIncident")
	}
	ids, rules := r.Texts("AlertIds"), r.Texts("RelatedAnalyticRuleIds")
	if len(ids) == 0 && !r.Bad() {
		r.Note("incidents that hold no alert were passed over")
	}
	if len(ids) == 0 {
		return nil
	}
	if len(rules) != 1 {
		r.Fail("RelatedAnalyticRuleIds", strings.Join(rules, ";"), "the incident does not say which one rule raised its alerts; it can be added as a case, and its alerts from the table SecurityAlert")
	}
	d := alert.Draft{
		RuleID: lastPart(strings.Join(rules, ";")), Time: r.Text("CreatedTime"), CaseID: number,
		DispositionTime: r.Text("TimeGenerated"), DispositionBy: r.Text("ModifiedBy"), Provenance: string(alert.Incident),
	}
	d.Disposition, d.Word = classify(r)
	describe(r, &d)
	drafts := make([]alert.Draft, len(ids))
	for i, id := range ids {
		drafts[i] = d
		drafts[i].ID = id
	}
	return drafts
}

func describe(r *export.Record, d *alert.Draft) {
	d.RuleName, d.Severity, d.Site = r.Text("Title"), r.Text("Severity"), r.Text("TenantId")
	d.Source = cmp.Or(r.Text("ProviderName"), "Microsoft Sentinel")
	d.Tactic = r.Text("AdditionalData.tactics")
	d.Techniques = r.Techniques(r.Texts("AdditionalData.techniques"))
	d.Fields = r.Fields(columns[:]...)
}

// Spell gives the columns of a row their own spelling again (the portal writes
// "TimeGenerated [UTC]", the interface "createdTimeUtc", and tables are read without
// regard to case) and unfolds those that hold JSON. A row with times of the reader's
// own zone, which it does not name, becomes a reject.
func Spell(r *export.Record) {
	if all := r.Objects("properties"); len(all) == 1 { // as the interface returns it
		r.Merge(all[0])
	}
	for _, m := range r.Sorted() {
		name := m.Name
		plain := strings.ReplaceAll(strings.ToLower(name), "_", "") // clients in Python write created_time_utc
		if strings.HasSuffix(plain, " [local time]") {
			r.Fail(name, r.Text(name), "is in the reader's own time zone, which the file does not name; set the display time zone to UTC and export it again")
		}
		own(r, name, strings.TrimSuffix(strings.TrimSuffix(plain, " [utc]"), "utc"))
	}
	if at := r.Text("LastModifiedTime"); at != "" && r.Text("TimeGenerated") == "" {
		r.Set("TimeGenerated", export.TextValue(at))
	}
	r.Unfold("AlertIds", "RelatedAnalyticRuleIds", "AdditionalData", "Labels", "Owner", "Comments", "Tasks", "ExtendedProperties", "Entities",
		"Techniques", "SubTechniques")
}

// own gives a value the name of the column that is written so, if one is.
func own(r *export.Record, written, plain string) {
	for _, list := range [...][]string{columns[:], others[:], alertColumns[:]} {
		for _, c := range list {
			if len(plain) == len(c) && written != c && strings.EqualFold(plain, c) {
				v, _ := r.Get(written)
				r.Set(c, v)
				r.Delete(written)
				return
			}
		}
	}
}

// lastPart returns the name at the end of a resource's path.
func lastPart(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// classify returns what the incident was closed as, with Sentinel's own words. An
// incident that is not closed says nothing of its alerts.
func classify(r *export.Record) (class, word string) {
	status, as, why := r.Text("Status"), r.Text("Classification"), r.Text("ClassificationReason")
	switch {
	case status != "" && status != "Closed":
		return string(alert.Open), status
	case as == "":
		return string(alert.Unlabelled), status
	}
	word = as
	if why != "" {
		word += "/" + why
	}
	switch as {
	case "TruePositive":
		return string(alert.TruePositive), word
	case "BenignPositive":
		return string(alert.BenignPositive), word
	case "Undetermined":
		return string(alert.Unlabelled), word
	case "FalsePositive":
		switch why {
		case "IncorrectAlertLogic":
			return string(alert.FalseLogic), word
		case "InaccurateData":
			return string(alert.FalseData), word
		}
		return string(alert.FalsePositive), word
	}
	r.Note("the classification %q is not one of Sentinel's; its alerts were taken as unlabelled", as)
	return string(alert.Unlabelled), word
}
