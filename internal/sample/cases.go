package sample

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"

	"candor/internal/day"
)

// incidentCase is a row of cases.csv, in the order of its columns.
type incidentCase struct {
	id, title                string
	occurred, opened, closed time.Time // closed is zero while it is open
	class, foundBy           string
	techniques, analytics    string
	platforms                string
	alerts                   []string
	site, entity             string
	owner, lessons           string
}

// reviewedAfter is how many days before the end an incident was, at least, for its
// review to be done.
const reviewedAfter = 10

// caseTable returns cases.csv: one incident that alerts led to, one that somebody
// else found, one that was none, and one that is open.
func (s *simulation) caseTable() ([]byte, error) {
	at := func(back int, hours float64) time.Time {
		return s.end.Add(-back).Time().Add(time.Duration(hours * float64(time.Hour)))
	}
	list := []incidentCase{
		{id: "MF-rev-017", title: "Sessions of a driver who had left, told of by a customer", occurred: at(9, 3.5), opened: at(7, 9), closed: at(4, 15),
			class: "true_positive", foundBy: "others", techniques: "T1078", analytics: "AN1543", platforms: "Windows", owner: "s.lindqvist",
			lessons: "The account had slept for fifty days. The list of sleeping accounts was empty, and nobody noticed that it was."},
		{id: "MF-rev-016", title: "Old sensor reports the stock-taking robots", opened: at(21, 10), closed: at(20, 11), class: "FalsePositive/IncorrectAlertLogic",
			foundBy: "alert", platforms: "Linux", alerts: s.unsaid("legacy-ids-2201", 4), owner: "m.okafor", lessons: "Switch the signature off or give the robots addresses of their own."},
		{id: "MF-rev-018", title: "Staff names on a page that sells log-ins", opened: at(2, 8), foundBy: "others", techniques: "T1589.003", analytics: "AN1989",
			platforms: "PRE", owner: "s.lindqvist"},
	}
	if a := s.loose("win_interpreter_odd_parent"); a != nil {
		list = append(list, incidentCase{id: "MF-rev-019", title: "Archive tool that started a script, found by a hunt", occurred: a.Time.Add(-10 * time.Minute), opened: a.Time.Add(26 * time.Hour),
			closed: a.Time.Add(50 * time.Hour), class: "true_positive", foundBy: "hunt", techniques: "T1059", analytics: "AN1428", platforms: "Windows",
			site: a.Site, entity: a.Entity, owner: "l.brandt", lessons: "The hunt found it in the process log. Nobody has looked at what the rules had raised on that host."})
	}
	for _, p := range s.incidents["phishing"] {
		if p.back < reviewedAfter {
			continue
		}
		began := s.end.Add(-p.back).Time().Add(p.start)
		list = append(list, incidentCase{
			id: p.caseID, title: "Freight note with a macro", occurred: began, opened: began.Add(40 * time.Minute), closed: began.Add(29 * time.Hour),
			class: "true_positive", foundBy: "alert", techniques: "T1566.001", analytics: "AN0655", platforms: "Windows", owner: "l.brandt",
			lessons: "Stopped at the first host. The sender was blocked by hand; it should not need a hand.",
		})
		break
	}
	return table(list)
}

// loose returns the first alert of a rule's file in the weeks before the last of which
// nobody has said anything and that is of no case; nil without any.
func (s *simulation) loose(file string) *record {
	h, err := headOf(file)
	if err != nil {
		return nil
	}
	for i := range s.out {
		a := &s.out[i]
		if a.RuleID == h.id && a.Disposition == "" && a.CaseID == "" && day.Of(a.Time).Until(s.end) >= reviewedAfter {
			return a
		}
	}
	return nil
}

// unsaid returns the ids of the first alerts of a rule of which nobody has said
// anything.
func (s *simulation) unsaid(rule string, n int) []string {
	var ids []string
	for _, a := range s.out {
		if a.RuleID == rule && a.Disposition == "" && len(ids) < n {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

func table(list []incidentCase) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"case_id", "title", "occurred", "opened", "closed", "classification", "found_by", "techniques", "analytics",
		"platforms", "alerts", "owner", "lessons", "site", "entities"}}
	for _, c := range list {
		rows = append(rows, []string{c.id, c.title, instant(c.occurred), instant(c.opened), instant(c.closed), c.class, c.foundBy, c.techniques,
			c.analytics, c.platforms, strings.Join(c.alerts, ";"), c.owner, c.lessons, c.site, c.entity})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}
