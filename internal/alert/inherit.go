package alert

import "strings"

// caseMark begins the cluster of an alert that belongs to a case.
const caseMark = "case\x1f"

// CaseOf returns the id of the case that a cluster is of; ok is false for a
// cluster that is of none.
func CaseOf(cluster string) (id string, ok bool) { return strings.CutPrefix(cluster, caseMark) }

// Legacy is what closed cases say of those of their alerts that carry no label
// of their own: the class of the case, with the provenance Incident. An alert's
// own label always wins, and a case that is open or unlabelled says nothing.
// Alerts are those that name the case; one that only the case lists is not found
// by it.
type Legacy map[string]Class // by id of the case

// LegacyOf returns what the cases that are closed by the end of a day, in the form
// 2006-01-02, leave to their alerts.
func LegacyOf(cases []Case, today string) Legacy {
	l := Legacy{}
	for i := range cases {
		c := &cases[i]
		if c.ClosedBy(today) && c.Class != Unlabelled && c.Class != "" {
			l[c.ID] = c.Class
		}
	}
	return l
}

// ClosedBy reports whether the case was closed on the day, in the form
// 2006-01-02, or before it.
func (c *Case) ClosedBy(today string) bool {
	return !c.Closed.IsZero() && c.Closed.UTC().Format("2006-01-02") <= today
}

// class returns what an alert of a cluster inherits.
func (l Legacy) class(cluster string) (Class, bool) {
	id, ok := CaseOf(cluster)
	if !ok {
		return "", false
	}
	class, ok := l[id]
	return class, ok
}

// Tallies returns the counts as they are once alerts have inherited. The slice
// given is not changed; it is what is returned where nothing is inherited.
func (l Legacy) Tallies(tallies []Tally) []Tally {
	if len(l) == 0 {
		return tallies
	}
	out, copied := tallies, false
	for i := range tallies {
		if tallies[i].Class != Unlabelled {
			continue
		}
		class, ok := l.class(tallies[i].Cluster)
		if !ok {
			continue
		}
		if !copied {
			out, copied = append([]Tally(nil), tallies...), true
		}
		out[i].Class, out[i].Provenance = class, Incident
	}
	return out
}

// Alert returns the alert as it is once it has inherited: a itself, or a copy with
// the class of its case.
func (l Legacy) Alert(a *Alert) *Alert {
	if len(l) == 0 || a.Disposition != nil && a.Disposition.Class != Unlabelled {
		return a
	}
	class, ok := l.class(a.Cluster())
	if !ok {
		return a
	}
	heir := *a
	heir.Disposition = &Disposition{AlertID: a.ID, Class: class, Time: a.Time, Provenance: Incident}
	return &heir
}
