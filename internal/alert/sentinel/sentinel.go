// Package sentinel reads incidents of Microsoft Sentinel, the table
// SecurityIncident, as the alerts that they hold.
//
// The table has a row for every change of an incident. Each row is a statement
// at its TimeGenerated, so that the newest counts and the earlier ones stay. The
// label is the incident's and is inherited by its alerts. It refuses incidents
// of which it does not say which analytics rule raised which alert.
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

// Sniff reports whether a file that begins with head is one of Sentinel incidents.
func Sniff(head []byte, _ string) bool {
	return export.Has(head, "IncidentNumber") || export.Contains(head, "IncidentNumber,") || export.Contains(head, "IncidentNumber\",")
}

// Alerts reads the alerts of a file, in its order.
func Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	s := &reader{newest: map[string]time.Time{}}
	return export.Alerts(in, export.Format{
		Read: s.read, When: When, Help: decode.TimeHelp, Table: true,
		Names: map[string]string{"id": "AlertIds", "rule_id": "RelatedAnalyticRuleIds", "time": "CreatedTime", "disposition_time": "TimeGenerated", "disposition": "Classification"},
	})
}

// When reads a time as the table has it, and as the portal writes it, in UTC.
func When(text string) (time.Time, bool) {
	if t, ok := decode.Time(text); ok {
		return t, true
	}
	t, err := time.Parse("1/2/2006, 3:04:05.999999999 PM", text)
	return t, err == nil && decode.Sane(t)
}

// columns are the names that are read, in the table's own spelling.
var columns = [...]string{
	"TimeGenerated", "IncidentNumber", "Title", "Severity", "Status", "Classification", "ClassificationReason", "AlertIds",
	"RelatedAnalyticRuleIds", "CreatedTime", "ModifiedBy", "AdditionalData", "Labels", "Owner", "ProviderName", "TenantId",
}

// others are names that cases are read from.
var others = [...]string{"ClosedTime", "FirstActivityTime", "ClassificationComment"}

// reader remembers the newest row of each incident.
type reader struct{ newest map[string]time.Time }

func (s *reader) read(r *export.Record) []alert.Draft {
	Spell(r)
	number := r.Text("IncidentNumber")
	at, ok := When(r.Text("TimeGenerated"))
	switch {
	case number == "":
		r.Fail("IncidentNumber", "", "is missing or empty")
	case !ok:
		r.Fail("TimeGenerated", r.Text("TimeGenerated"), decode.TimeHelp)
	}
	ids, rules := r.Texts("AlertIds"), r.Texts("RelatedAnalyticRuleIds")
	if len(ids) == 0 {
		r.Note("incidents that hold no alert were passed over")
		return nil
	}
	if len(rules) != 1 {
		r.Fail("RelatedAnalyticRuleIds", strings.Join(rules, ";"), "the incident does not say which one rule raised its alerts; it can be added as a case")
	}
	d := alert.Draft{
		RuleID: lastPart(strings.Join(rules, ";")), Time: r.Text("CreatedTime"), CaseID: number,
		DispositionTime: r.Text("TimeGenerated"), DispositionBy: r.Text("ModifiedBy"), Provenance: string(alert.Incident),
	}
	d.Disposition, d.Word = classify(r)
	// An older row only adds what was said then.
	if !at.Before(s.newest[number]) {
		s.newest[number] = at
		describe(r, &d)
	}
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
// "TimeGenerated [UTC]", and tables are read without regard to case) and unfolds
// those that hold JSON.
func Spell(r *export.Record) {
	for _, c := range slices.Concat(columns[:], others[:]) {
		for _, written := range []string{strings.ToLower(c), strings.ToLower(c) + " [utc]", c + " [UTC]"} {
			if v, ok := r.Object[written]; ok {
				r.Object[c] = v
				delete(r.Object, written)
			}
		}
	}
	r.Unfold("AlertIds", "RelatedAnalyticRuleIds", "AdditionalData", "Labels", "Owner", "Comments", "Tasks")
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
