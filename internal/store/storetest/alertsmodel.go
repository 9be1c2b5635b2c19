package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

// model is what package history makes of the batches.
type model struct {
	*history.Book
	landed int
	names  map[int]string  // of batches
	ids    map[string]bool // of alerts
}

func newModel() *model {
	return &model{Book: history.NewBook(), names: map[int]string{}, ids: map[string]bool{}}
}

// of returns an alert as it arrives in a batch of a source.
func of(source string, a *alert.Alert) *alert.Alert {
	if a.Partial() {
		return a
	}
	return with(a, func(a *alert.Alert) { a.Origin = source })
}

// isRefusal reports whether an error says that a batch speaks of an alert that is not known,
// or that it does not tell from others.
func isRefusal(err error) bool {
	kind := fault.KindOf(err)
	return kind == fault.NotFound || kind == fault.Conflict
}

// refuses reports whether one of the alerts of a batch of a source is partial, and there is
// not one that it speaks of.
func (m *model) refuses(source string, alerts []*alert.Alert) bool {
	return len(m.fitting(source, alerts)) < len(alerts)
}

// fitting returns the alerts without those that are refused.
func (m *model) fitting(source string, alerts []*alert.Alert) (list []*alert.Alert) {
	d := m.Draft()
	for i, a := range alerts {
		if a = of(source, a); d.Fits(a) {
			d.Add(m.landed+1, int64(i), a)
			list = append(list, alerts[i])
		}
	}
	return list
}

// drawnBatch draws alerts, and whether those are left among them that m refuses.
func (m *model) drawnBatch(t *rapid.T, name, source string, most int) []*alert.Alert {
	alerts := rapid.SliceOfN(drawnAlert(), 0, most).Draw(t, name)
	if rapid.IntRange(0, 5).Draw(t, name+" may be refused at 0") == 0 {
		return alerts
	}
	return m.fitting(source, alerts)
}

// alertsModel compares a store with the model after any sequence of batches,
// some of which break.
func alertsModel(t *testing.T, open OpenAlerts) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir())
		m := newModel()
		for n := range rapid.IntRange(1, 5).Draw(rt, "batches") {
			id := fmt.Sprintf("b%d", n)
			l := landedAlerts{id: id, source: drawnSource(rt)}
			alerts := m.drawnBatch(rt, id, l.source, 12)
			if m.refuses(l.source, alerts) {
				if _, _, err := s.Append(t.Context(), l.batch(), each(alerts...)); !isRefusal(err) {
					rt.Fatalf("append %s, which speaks of an unknown alert: error %v", id, err)
				}
				continue
			}
			if rapid.IntRange(0, 4).Draw(rt, id+" breaks at 0") == 0 {
				if _, _, err := s.Append(t.Context(), l.batch(), breaking(alerts...)); !errors.Is(err, errBroken) {
					rt.Fatalf("append %s: error %v", id, err)
				}
				continue
			}
			b, _, err := s.Append(t.Context(), l.batch(), each(alerts...))
			if err != nil {
				rt.Fatal(err)
			}
			want := l.batch()
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
			Severity: pick("severity", "", "low", "high"), Source: pick("source", "", "", "", "edr", "siem"),
		}
		a.RuleName = "Rule " + a.RuleID
		types := []alert.EntityType{alert.Untyped, alert.Host, alert.Account}
		others := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) alert.Entity {
			return alert.Entity{Type: rapid.SampledFrom(types).Draw(t, "type"), Name: rapid.SampledFrom([]string{"H1", "h2", "a:b", "host:h1"}).Draw(t, "name")}
		}), 0, 3).Draw(t, "others")
		a.SetEntities(alert.Entity{Type: rapid.SampledFrom(types).Draw(t, "entity type"), Name: a.Entity}, others)
		if rapid.IntRange(0, 2).Draw(t, "partial at 0") == 0 {
			a.RuleID, a.RuleName, a.Time = "", "", time.Time{}
		}
		if user := pick("user", "", "ann", "bob"); user != "" {
			a.Fields = map[string]string{pick("field", "user", "author"): user}
		}
		if rapid.Bool().Draw(t, "judged") {
			a.Disposition = &alert.Disposition{
				Class: rapid.SampledFrom(append(alert.Classes(), alert.Open)).Draw(t, "class"), Word: pick("word", "", "w"),
				Time: hours(rapid.IntRange(0, 3).Draw(t, "said")), By: pick("by", "", "ann", "bob"),
				Provenance: rapid.SampledFrom([]alert.Provenance{alert.Analyst, alert.Automation, alert.AI}).Draw(t, "provenance"),
				Second:     rapid.IntRange(0, 2).Draw(t, "second at 0") == 0,
			}
			if a.Disposition.Class == alert.Duplicate {
				a.Disposition.DuplicateOf = pick("original", "", "a", "b")
			}
		}
		return a
	})
}

// append takes a batch in and counts into b.
func (m *model) append(b *store.Batch, alerts []*alert.Alert) {
	m.landed++
	m.names[m.landed] = b.ID
	for i, a := range alerts {
		b.Read++
		bound(b, a)
		m.ids[a.ID] = true
		switch o := m.Add(m.landed, int64(i), of(b.Source, a)); {
		case o.Brings():
			b.New++
			if o == history.Another {
				b.Shared, b.FirstShared = b.Shared+1, cmp.Or(b.FirstShared, of(b.Source, a).Identity())
			}
		case o.Changes():
			b.Updated++
			if o == history.Moved {
				b.Moved, b.FirstMoved = b.Moved+1, cmp.Or(b.FirstMoved, of(b.Source, a).Identity())
			}
		case o == history.Unchanged:
			b.Unchanged++
		}
	}
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

// compare compares all that s says with the model.
func (m *model) compare(rt *rapid.T, t *testing.T, s store.Alerts) {
	days := []day.Date{"2026-05-02", "2026-05-03", "2026-05-04", "2026-05-05"}
	for i, from := range days {
		for _, to := range days[i:] {
			got, err := s.Tallies(t.Context(), &alert.Question{From: from, To: to})
			if err != nil {
				rt.Fatal(err)
			}
			same(rt, fmt.Sprintf("tallies %s to %s", from, to), m.Tallies(&alert.Question{From: from, To: to}), got)
		}
	}
	m.compareSums(rt, t, s)
	m.compareRules(rt, t, s)
	m.compareDurations(rt, t, s)
	m.compareKnown(rt, t, s)
	for id := range m.ids {
		for _, of := range []alert.Identity{{ID: id}, {ID: id, Site: "S"}, {ID: id, Source: "edr"}, {ID: id, Source: "other", Site: "s\x1fh1"}} {
			m.compareOne(rt, t, s, of)
		}
	}
}

// compareOne compares what is said of one alert.
func (m *model) compareOne(rt *rapid.T, t *testing.T, s store.Alerts, of alert.Identity) {
	want, known := m.Told(of, func(int) string { return "" })
	got, err := s.Dispositions(t.Context(), of)
	if err != nil && (known || fault.KindOf(err) != fault.NotFound) {
		rt.Fatal(err)
	}
	got = slices.DeleteFunc(got, func(d alert.Disposition) bool { return d.Withdrawn })
	same(rt, "dispositions of "+of.String(), want, batchless(got))
	found := m.Find(of)
	a, err := s.Find(t.Context(), of)
	if kind := map[int]fault.Kind{0: fault.NotFound, 1: ""}[min(len(found), 2)]; len(found) < 2 && fault.KindOf(err) != kind || len(found) > 1 && fault.KindOf(err) != fault.Conflict {
		rt.Fatalf("%q is %d alerts, and finding it says %v", of, len(found), err)
	}
	if len(found) == 1 {
		same(rt, "alert "+of.String(), *found[0], *a)
	}
}

// compareRules compares the rules.
func (m *model) compareRules(rt *rapid.T, t *testing.T, s store.Alerts) {
	rules, err := s.Rules(t.Context())
	if err != nil {
		rt.Fatal(err)
	}
	var want []store.AlertRule
	for _, r := range m.Rules() {
		rule := store.AlertRule{ID: r.ID, Source: r.Source, Name: r.Name, Alerts: r.Alerts, First: r.First, Last: r.Last, Sites: r.Sites}
		for _, n := range r.Batches {
			if name := m.names[n]; !slices.Contains(rule.Batches, name) {
				rule.Batches = append(rule.Batches, name)
			}
		}
		want = append(want, rule)
	}
	same(rt, "rules", want, rules)
}
