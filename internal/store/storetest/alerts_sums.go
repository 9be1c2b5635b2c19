package storetest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

// drawnQuestion draws a question about alerts such as drawnAlert draws.
func drawnQuestion() *rapid.Generator[*alert.Question] {
	return rapid.Custom(func(t *rapid.T) *alert.Question {
		date := func(name string) day.Date {
			return rapid.SampledFrom([]day.Date{"", "", "2026-05-03", "2026-05-04", "2026-05-05"}).Draw(t, name)
		}
		q := &alert.Question{From: date("from"), To: date("to"), Site: rapid.SampledFrom([]string{"", "", "", "s"}).Draw(t, "site asked")}
		q.Sets = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) alert.Set {
			s := alert.SetOf(rapid.SampledFrom([][]string{{"r1"}, {"r1", "r2"}, {"r2", "unknown"}, nil}).Draw(t, "rules")...)
			for i := range s {
				s[i].From, s[i].To = date("part from"), date("part to")
			}
			if len(s) == 1 && s[0].To == "2026-05-04" && rapid.Bool().Draw(t, "two parts of a rule") {
				s = append(s, alert.Part{Rule: s[0].Rule, From: "2026-05-05"})
			}
			return s
		}), 1, 3).Draw(t, "sets")
		q.Provenances = rapid.SampledFrom([][]alert.Provenance{nil, {alert.Analyst}, {alert.Analyst, alert.Incident}, {alert.Analyst, alert.Automation, alert.Incident}}).Draw(t, "provenances")
		q.Cases = alert.Legacy{}
		for _, id := range []string{"c1", "c2"} {
			if class := rapid.SampledFrom([]alert.Class{"", alert.TruePositive, alert.FalseLogic, alert.Unlabelled}).Draw(t, id); class != "" {
				q.Cases[id] = alert.Closing{Class: class, At: hours(rapid.IntRange(0, 3).Draw(t, id+" closed"))}
			}
		}
		if rapid.Bool().Draw(t, "not all is known") {
			q.Until = hours(rapid.IntRange(0, 3).Draw(t, "until"))
		}
		return q
	})
}

// compareSums asks questions.
func (m *model) compareSums(rt *rapid.T, t *testing.T, s store.Alerts) {
	for i := range 3 {
		q := drawnQuestion().Draw(rt, fmt.Sprintf("question %d", i))
		got, err := s.Sums(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, fmt.Sprintf("sums of %+v", *q), m.Sums(q), got)
		cases, err := s.CaseCounts(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, fmt.Sprintf("counts by case of %+v", *q), m.CaseCounts(q), cases)
	}
}

// alertsSums asks about alerts whose sums are known: three clusters, two of them labelled,
// one by automation too.
func alertsSums(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	cased := func(id string, n int) *alert.Alert {
		return with(fired(id, n), func(a *alert.Alert) { a.RuleID, a.CaseID = "r2", "c1" })
	}
	appendAlerts(t, s, "b1",
		judged(fired("a1", 0), alert.TruePositive, 1), judged(fired("a2", 0), alert.BenignPositive, 1), judged(fired("a3", 1), alert.Test, 1), fired("a4", 2),
		with(judged(fired("a5", 0), alert.FalseData, 1), func(a *alert.Alert) { a.Entity, a.Disposition.Provenance = "h2", alert.Automation }),
		cased("a6", 24), cased("a7", 25), judged(cased("a8", 25), alert.Open, 48))
	q := &alert.Question{Sets: []alert.Set{alert.SetOf("r1", "r2"), alert.SetOf("r3"), {{Rule: "r1", From: "2026-05-05"}, {Rule: "r2", To: "2026-05-05"}}},
		Provenances: []alert.Provenance{alert.Analyst, alert.Incident}, Cases: alert.Legacy{"c1": {Class: alert.TruePositive, At: hours(30)}}}
	got, err := s.Sums(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	both := alert.Sums{Alerts: 8,
		Classes: []alert.ClassCount{{Class: alert.BenignPositive, Provenance: alert.Analyst, N: 1}, {Class: alert.FalseData, Provenance: alert.Automation, N: 1},
			{Class: alert.Test, Provenance: alert.Analyst, N: 1}, {Class: alert.TruePositive, Provenance: alert.Analyst, N: 1},
			{Class: alert.TruePositive, Provenance: alert.Incident, N: 2}, {Class: alert.Unlabelled, N: 2}},
		Days: []alert.DayCount{{Day: "2026-05-04", N: 5}, {Day: "2026-05-05", N: 3}}, Rules: []alert.RuleCount{{Rule: "r1", N: 5}, {Rule: "r2", N: 3}},
		Clusters: 3, Busiest: "site\x1fh1\x1f2026-05-04", Most: 4, Episodes: 2, Hits: 2, Largest: 2,
		N: 4, H: 3, NN: 8, NH: 6, HH: 5, Occasions: 3, LastLabelled: "2026-05-05"}
	cases := alert.Sums{Alerts: 3, Classes: []alert.ClassCount{{Class: alert.TruePositive, Provenance: alert.Incident, N: 2}, {Class: alert.Unlabelled, N: 1}},
		Days: []alert.DayCount{{Day: "2026-05-05", N: 3}}, Rules: []alert.RuleCount{{Rule: "r2", N: 3}}, Clusters: 1, Busiest: "case\x1fc1", Most: 3,
		Episodes: 1, Hits: 1, Largest: 2, N: 2, H: 2, NN: 4, NH: 4, HH: 4, Occasions: 2, LastLabelled: "2026-05-05"}
	same(t, "sums", []alert.Sums{both, {}, cases}, got)
	q.Until = hours(40)
	counts, err := s.CaseCounts(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "counts by case before one was opened again", []alert.CaseCount{{Case: "c1", Rule: "r2", Class: alert.TruePositive, Provenance: alert.Incident, N: 3}}, counts)
	q.Until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := s.Sums(t.Context(), q); fault.KindOf(err) != fault.Invalid {
		t.Errorf("until a time that cannot be kept: error %v", err)
	}
}
