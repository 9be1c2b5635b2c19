package alert

import (
	"strings"
	"time"
)

// caseMark begins the cluster of an alert that belongs to a case.
const caseMark = "case\x1f"

// CaseOf returns the id of the case that a cluster is of; ok is false for a
// cluster that is of none.
func CaseOf(cluster string) (id string, ok bool) { return strings.CutPrefix(cluster, caseMark) }

// Legacy is what cases say of those of their alerts that carry no label of their own:
// the class of the case, with the provenance Incident. An alert's own label always wins,
// and a case that is open or unlabelled says nothing. Nor does it of an alert that was
// said to be open after the case was closed. Alerts are those that name the case; one
// that only the case lists is not found by it.
type Legacy map[string]Closing // by id of the case

// Closing is what a case came to, Unlabelled where that says nothing, and when it was
// closed, the zero time where it was not.
type Closing struct {
	Class Class
	At    time.Time
	By    string // who owns it; empty where that is not known
}

// LegacyOf returns what the cases leave to their alerts by the end of a day, in the form
// 2006-01-02.
func LegacyOf(cases []Case, today string) Legacy {
	l := Legacy{}
	for i := range cases {
		c := &cases[i]
		l[c.ID] = Closing{Class: Unlabelled, At: c.Closed}
		if c.ClosedBy(today) && c.Class.Labels() {
			l[c.ID] = Closing{c.Class, c.Closed, c.Owner}
		}
	}
	return l
}

// ClosedBy reports whether the case was closed on the day, in the form
// 2006-01-02, or before it.
func (c *Case) ClosedBy(today string) bool {
	return !c.Closed.IsZero() && c.Closed.UTC().Format("2006-01-02") <= today
}

// class returns what an alert of a cluster inherits that was opened at a time, the
// zero time if it was not.
func (l Legacy) class(cluster string, opened time.Time) (Class, bool) {
	id, ok := CaseOf(cluster)
	if !ok {
		return "", false
	}
	c, ok := l[id]
	return c.Class, ok && c.Class.Labels() && !opened.After(c.At)
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
		class, ok := l.class(tallies[i].Cluster, tallies[i].Opened)
		if !ok {
			continue
		}
		if !copied {
			out, copied = append([]Tally(nil), tallies...), true
		}
		out[i].Class, out[i].Provenance, out[i].Opened = class, Incident, time.Time{}
	}
	return out
}

// SaidOf returns when d was said of the alert: the zero time where that is not known. A label without a
// time of its own has that of its alert, and none is said before there is something to label.
func (a *Alert) SaidOf(d *Disposition) time.Time {
	if d.Time.After(a.Time) {
		return d.Time
	}
	return time.Time{}
}

// Alert returns the alert as it is once it has inherited: a itself, or a copy with
// the class of its case, or without a disposition where it is open.
func (l Legacy) Alert(a *Alert) *Alert {
	var opened time.Time
	if d := a.Disposition; d != nil && d.Class == Open {
		opened = d.Time
	} else if d != nil && d.Class.Labels() {
		return a
	}
	class, ok := l.class(a.Cluster(), opened)
	if !ok && a.Disposition == nil {
		return a
	}
	heir := *a
	heir.Disposition = nil
	if ok {
		heir.Disposition = &Disposition{AlertID: a.ID, Class: class, Time: a.Time, Provenance: Incident}
	}
	return &heir
}
