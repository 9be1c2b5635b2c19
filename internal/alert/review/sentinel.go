package review

import (
	"io"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/alert/sentinel"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// Sentinel reads the table SecurityIncident of Microsoft Sentinel, as JSON or as
// CSV, and incidents as the interface returns them. The table has a row for every change, and each row is a statement about its
// case: they are returned in the order of TimeGenerated, so that the newest counts.
func Sentinel(file string, r io.Reader) (evidence.Decoded[alert.Case], error) {
	type row struct {
		alert.Case
		at time.Time
	}
	rows, err := export.Collect(file, r, nil, func(r *export.Record) (row, bool) {
		c := incident(r)
		order(r, &c)
		r.Need("TimeGenerated")
		return row{c, stamp(r, "TimeGenerated")}, true
	})
	slices.SortStableFunc(rows.Records, func(a, b row) int { return a.at.Compare(b.at) })
	out := evidence.Decoded[alert.Case]{Rejects: rows.Rejects, Warnings: rows.Warnings}
	for _, r := range rows.Records {
		out.Records = append(out.Records, r.Case)
	}
	return out, err
}

func incident(r *export.Record) alert.Case {
	sentinel.Spell(r)
	c := alert.Case{
		ID: r.Need("IncidentNumber"), Title: r.Text("Title"), Opened: stamp(r, "CreatedTime"), Closed: stamp(r, "ClosedTime"),
		Occurred: stamp(r, "FirstActivityTime"), Alerts: r.Texts("AlertIds"), Owner: r.Text("Owner.assignedTo", "Owner.userPrincipalName"),
		Techniques: r.Techniques(r.Texts("AdditionalData.techniques")), Lessons: r.Text("ClassificationComment"),
	}
	r.Need("CreatedTime")
	switch {
	case r.Text("Status") != "Closed":
		c.Closed = time.Time{}
	case c.Closed.IsZero():
		c.Closed = stamp(r, "TimeGenerated")
	}
	word := r.Text("Classification")
	if why := r.Text("ClassificationReason"); why != "" {
		word += "/" + why
	}
	c.Class, c.Word = classify(r, "Classification", word)
	if len(c.Alerts) > 0 {
		c.FoundBy = alert.FoundByAlert
	}
	return c
}

// stamp returns a time as the table or the portal writes it.
func stamp(r *export.Record, name string) time.Time {
	text := r.Text(name)
	if text == "" || text == "None" || strings.HasPrefix(text, "0001-") { // as clients write that there is none
		return time.Time{}
	}
	t, ok := r.When(text)
	if !ok {
		r.Fail(name, text, decode.TimeHelp)
	}
	return t
}
