package storetest

import (
	"iter"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store"
)

// everyAlert collects the alerts of a rule.
func everyAlert(t *testing.T, s store.Alerts, rule string, from, to day.Date) []alert.Alert {
	t.Helper()
	return gathered(t, s.Each(t.Context(), rule, from, to))
}

func gathered(t *testing.T, of iter.Seq2[*alert.Alert, error]) []alert.Alert {
	t.Helper()
	var list []alert.Alert
	for a, err := range of {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, *a)
	}
	return list
}

// inForce returns a as Each gives it back: with what it counts under.
func inForce(a *alert.Alert, d *alert.Disposition) alert.Alert {
	b := *a
	b.Disposition = nil
	if len(b.Fields) == 0 {
		b.Fields = nil
	}
	if d != nil && d.Class != alert.Unlabelled {
		b.Disposition = &alert.Disposition{AlertID: a.ID, Class: d.Class, Time: d.Time, By: d.By, Provenance: d.Provenance, DuplicateOf: d.DuplicateOf}
	}
	return b
}

func alertsEach(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	score := 0.25
	rich := with(fired("b", 0), func(a *alert.Alert) {
		a.Severity, a.CaseID, a.Tactic, a.Source = "high", "c1", "impact", "edr"
		a.Techniques, a.Score, a.Fields = []string{"T1", "T2"}, &score, map[string]string{"user": "ann", "ünïcode": "\t\""}
	})
	appendAlerts(t, s, "b1", rich, fired("c", 24), judged(fired("a", 0), alert.BenignPositive, 1),
		with(fired("other", 0), func(a *alert.Alert) { a.RuleID = "r2" }), judged(fired("open", -1), alert.Unlabelled, 2))
	appendAlerts(t, s, "b2", judged(fired("b", 0), alert.TruePositive, 5), judged(fired("b", 0), alert.FalsePositive, 4))

	open1, a, b, c := inForce(fired("open", -1), nil), judged(fired("a", 0), alert.BenignPositive, 1), rich, inForce(fired("c", 24), nil)
	want := []alert.Alert{open1, inForce(a, a.Disposition), c}
	same(t, "alerts of r1", want, everyAlert(t, s, "r1", "", ""))
	same(t, "alerts of the day", want[:2], everyAlert(t, s, "r1", "2026-05-04", "2026-05-04"))
	same(t, "alerts from the next day on", want[2:], everyAlert(t, s, "r1", "2026-05-05", ""))
	same(t, "alerts of r1 of another source", []alert.Alert{inForce(b, judged(fired("b", 0), alert.TruePositive, 5).Disposition)},
		everyAlert(t, s, alert.RuleKey("edr", "r1"), "", ""))
	same(t, "alerts of an unknown rule", []alert.Alert(nil), everyAlert(t, s, "r9", "", ""))
	same(t, "all alerts of the day", []alert.Alert{open1, inForce(a, a.Disposition), inForce(b, judged(fired("b", 0), alert.TruePositive, 5).Disposition), inForce(with(fired("other", 0), func(a *alert.Alert) { a.RuleID = "r2" }), nil)},
		gathered(t, s.All(t.Context(), "2026-05-04", "2026-05-04")))
	for range s.Each(t.Context(), "r1", "", "") {
		break // the store must let go of what it holds
	}
	appendAlerts(t, s, "b3", fired("d", 48))
	eachModel(t, open)
}

// eachModel compares what comes out with the plain model after any sequence of
// batches.
func eachModel(t *testing.T, open OpenAlerts) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir())
		m := newModel()
		for _, id := range []string{"b0", "b1"} {
			alerts := m.fitting("", rapid.SliceOfN(drawnAlert(), 0, 12).Draw(rt, id))
			appendAlerts(t, s, id, alerts...)
			b := batch("alerts", id)
			m.append(&b, alerts)
		}
		m.compareEach(rt, t, s)
		m.compareAround(rt, t, s)
	})
}

// compareEach compares every alert that comes out with the model.
func (m *model) compareEach(rt *rapid.T, t *testing.T, s store.Alerts) {
	var all []alert.Alert
	for _, state := range m.All("", "") {
		all = append(all, *state.Shown())
	}
	same(rt, "all alerts", all, gathered(t, s.All(t.Context(), "", "")))
	for _, rule := range []string{"r1", "r2", alert.RuleKey("edr", "r1"), alert.RuleKey("siem", "r2")} {
		var want []alert.Alert
		for _, state := range m.Each(rule, "", "") {
			want = append(want, *state.Shown())
		}
		same(rt, "alerts of "+rule, want, everyAlert(t, s, rule, "", ""))
	}
}
