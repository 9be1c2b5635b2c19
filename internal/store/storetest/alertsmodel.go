package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

// model is the plainest alert store: every alert with every statement, and
// everything counted anew when asked.
type model struct {
	alerts  map[string]*modelAlert
	batches map[string][]string // of each rule
}

// modelAlert is an alert as merged, with its statements as they arrived. It counts
// once an alert that is not partial has arrived.
type modelAlert struct {
	alert.Alert
	history []alert.Disposition
	counts  bool
}

func newModel() *model {
	return &model{alerts: map[string]*modelAlert{}, batches: map[string][]string{}}
}

// refuses reports whether one of the alerts is partial and there is none that it
// could speak of.
func (m *model) refuses(alerts []*alert.Alert) bool {
	return len(m.fitting(alerts)) < len(alerts)
}

// fitting returns the alerts without those that are refused.
func (m *model) fitting(alerts []*alert.Alert) (list []*alert.Alert) {
	known := map[string]bool{}
	for id, k := range m.alerts {
		known[id] = k.counts
	}
	for _, a := range alerts {
		if known[a.ID] || !a.Partial() {
			known[a.ID] = true
			list = append(list, a)
		}
	}
	return list
}

// drawnBatch draws alerts, and whether those are left among them that m refuses.
func (m *model) drawnBatch(t *rapid.T, name string, most int) []*alert.Alert {
	alerts := rapid.SliceOfN(drawnAlert(), 0, most).Draw(t, name)
	if rapid.IntRange(0, 5).Draw(t, name+" may be refused at 0") == 0 {
		return alerts
	}
	return m.fitting(alerts)
}

// alertsModel compares a store with the model after any sequence of batches,
// some of which break.
func alertsModel(t *testing.T, open OpenAlerts) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir())
		m := newModel()
		for n := range rapid.IntRange(1, 5).Draw(rt, "batches") {
			id := fmt.Sprintf("b%d", n)
			alerts := m.drawnBatch(rt, id, 12)
			if m.refuses(alerts) {
				if _, _, err := s.Append(t.Context(), batch("alerts", id), each(alerts...)); fault.KindOf(err) != fault.NotFound {
					rt.Fatalf("append %s, which speaks of an unknown alert: error %v", id, err)
				}
				continue
			}
			if rapid.IntRange(0, 4).Draw(rt, id+" breaks at 0") == 0 {
				if _, _, err := s.Append(t.Context(), batch("alerts", id), breaking(alerts...)); !errors.Is(err, errBroken) {
					rt.Fatalf("append %s: error %v", id, err)
				}
				continue
			}
			b, _, err := s.Append(t.Context(), batch("alerts", id), each(alerts...))
			if err != nil {
				rt.Fatal(err)
			}
			want := batch("alerts", id)
			m.append(&want, alerts)
			same(rt, "batch "+id, want, b)
		}
		m.compare(rt, t, s)
	})
}

// drawnAlert draws from few values of each field, so that they collide.
func drawnAlert() *rapid.Generator[*alert.Alert] {
	return rapid.Custom(func(t *rapid.T) *alert.Alert {
		pick := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
		a := &alert.Alert{
			ID: pick("id", "a", "b", "c", "d", "e"), RuleID: pick("rule", "r1", "r1", "r1", "r2"),
			Time: hours(rapid.SampledFrom([]int{0, 0, 0, 1, 24, -30}).Draw(t, "hours")),
			Site: pick("site", "", "s", "s\x1fh1"), Entity: pick("entity", "", "h1", "h2", "h1\x1fh2"), CaseID: pick("case", "", "", "c1", "c2"),
			Severity: pick("severity", "", "low", "high"),
		}
		a.RuleName = "Rule " + a.RuleID
		if rapid.IntRange(0, 2).Draw(t, "partial at 0") == 0 {
			a.RuleID, a.RuleName, a.Time = "", "", time.Time{}
		}
		if user := pick("user", "", "ann", "bob"); user != "" {
			a.Fields = map[string]string{pick("field", "user", "author"): user}
		}
		if rapid.Bool().Draw(t, "judged") {
			a.Disposition = &alert.Disposition{
				Class: rapid.SampledFrom(append(alert.Classes(), alert.Open)).Draw(t, "class"), Word: pick("word", "", "w"),
				Time: hours(rapid.IntRange(0, 3).Draw(t, "said")), By: pick("by", "", "ann"),
				Provenance: rapid.SampledFrom([]alert.Provenance{alert.Analyst, alert.Automation}).Draw(t, "provenance"),
			}
		}
		return a
	})
}

// append takes a batch in and counts into b.
func (m *model) append(b *store.Batch, alerts []*alert.Alert) {
	for _, a := range alerts {
		b.Read++
		bound(b, a)
		known := m.alerts[a.ID]
		if known == nil {
			known = &modelAlert{Alert: alert.Alert{ID: a.ID}}
			m.alerts[a.ID] = known
		}
		before := known.counts
		known.counts = before || !a.Partial()
		switch news := known.merge(a); {
		case !known.counts:
			continue // it waits
		case !before:
			b.New++
		case news:
			b.Updated++
		default:
			b.Unchanged++
			continue
		}
		if ids := m.batches[known.RuleID]; !slices.Contains(ids, b.ID) {
			m.batches[known.RuleID] = append(ids, b.ID)
		}
	}
	used := m.rules()
	maps.DeleteFunc(m.batches, func(rule string, _ []string) bool { return used[rule] == nil })
}

// bound widens the bounds of b by the time of a.
func bound(b *store.Batch, a *alert.Alert) {
	at := a.Time
	if a.Partial() && a.Disposition != nil {
		at = a.Disposition.Time
	}
	if at.IsZero() {
		return
	}
	if b.First.IsZero() || at.Before(b.First) {
		b.First = at
	}
	if at.After(b.Last) {
		b.Last = at
	}
}

// merge takes over what a says and reports whether any of it is new.
func (k *modelAlert) merge(a *alert.Alert) bool {
	before := k.Alert
	before.Fields = maps.Clone(k.Fields)
	if !a.Partial() {
		k.Time, k.RuleID, k.RuleName = a.Time, a.RuleID, a.RuleName
	}
	k.Site, k.Entity = cmp.Or(a.Site, k.Site), cmp.Or(a.Entity, k.Entity)
	k.CaseID, k.Severity = cmp.Or(a.CaseID, k.CaseID), cmp.Or(a.Severity, k.Severity)
	if k.Fields == nil {
		k.Fields = map[string]string{}
	}
	maps.Copy(k.Fields, a.Fields)
	fresh := k.hear(a)
	return fresh || !k.Time.Equal(before.Time) || k.RuleID != before.RuleID || k.Site != before.Site || k.Entity != before.Entity ||
		k.CaseID != before.CaseID || k.Severity != before.Severity || !maps.Equal(k.Fields, before.Fields)
}

// hear keeps a's statement unless it has been made, and reports whether it is new.
func (k *modelAlert) hear(a *alert.Alert) bool {
	if a.Disposition == nil {
		return false
	}
	d := *a.Disposition
	d.AlertID = a.ID
	if slices.Contains(k.history, d) {
		return false
	}
	k.history = append(k.history, d)
	return true
}

// inOrder returns the statements oldest first; those of one time as they arrived.
func (k *modelAlert) inOrder() []alert.Disposition {
	return slices.SortedStableFunc(slices.Values(k.history), func(x, y alert.Disposition) int { return x.Time.Compare(y.Time) })
}

// tallies counts the alerts of some days.
func (m *model) tallies(from, to day.Date) []alert.Tally {
	counts, hours := map[alert.Tally]int64{}, map[alert.Tally]alert.Hours{}
	for _, k := range m.alerts {
		if d := day.Of(k.Time); !k.counts || d < from || d > to {
			continue
		}
		a := k.Alert
		a.Disposition = nil
		if h := k.inOrder(); len(h) > 0 {
			a.Disposition = &h[len(h)-1]
		}
		key := tally(&a, 0)
		fell := key.Hours
		key.Hours = 0
		counts[key]++
		hours[key] |= fell
	}
	var list []alert.Tally
	for t, n := range counts {
		t.Hours = hours[t]
		t.N = n
		list = append(list, t)
	}
	slices.SortFunc(list, func(x, y alert.Tally) int {
		return cmp.Or(cmp.Compare(x.RuleID, y.RuleID), cmp.Compare(x.Cluster, y.Cluster), cmp.Compare(x.Day, y.Day),
			cmp.Compare(x.Class, y.Class), cmp.Compare(x.Provenance, y.Provenance), x.Opened.Compare(y.Opened), cmp.Compare(x.Site, y.Site))
	})
	return list
}

// rules counts the alerts of each rule.
func (m *model) rules() map[string]*store.AlertRule {
	rules := map[string]*store.AlertRule{}
	for _, k := range m.alerts {
		if !k.counts {
			continue
		}
		r := rules[k.RuleID]
		if r == nil {
			r = &store.AlertRule{ID: k.RuleID, Name: k.RuleName, First: k.Time, Last: k.Time, Batches: m.batches[k.RuleID]}
			rules[k.RuleID] = r
		}
		r.Alerts++
		if k.Time.Before(r.First) {
			r.First = k.Time
		}
		if k.Time.After(r.Last) {
			r.Last = k.Time
		}
	}
	return rules
}

// compare compares all that s says with the model.
func (m *model) compare(rt *rapid.T, t *testing.T, s store.Alerts) {
	days := []day.Date{"2026-05-02", "2026-05-03", "2026-05-04", "2026-05-05"}
	for i, from := range days {
		for _, to := range days[i:] {
			got, err := s.Tallies(t.Context(), from, to)
			if err != nil {
				rt.Fatal(err)
			}
			same(rt, fmt.Sprintf("tallies %s to %s", from, to), m.tallies(from, to), got)
		}
	}
	var want []store.AlertRule
	for _, r := range m.rules() {
		want = append(want, *r)
	}
	slices.SortFunc(want, func(x, y store.AlertRule) int { return cmp.Compare(x.ID, y.ID) })
	rules, err := s.Rules(t.Context())
	if err != nil {
		rt.Fatal(err)
	}
	same(rt, "rules", want, rules)
	m.compareDurations(rt, t, s)
	m.compareKnown(rt, t, s)
	for id, k := range m.alerts {
		got, err := s.Dispositions(t.Context(), id)
		if err != nil {
			rt.Fatal(err)
		}
		got = slices.DeleteFunc(got, func(d alert.Disposition) bool { return d.Withdrawn })
		same(rt, "dispositions of "+id, k.inOrder(), batchless(got))
	}
}
