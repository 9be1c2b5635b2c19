package storetest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

func alertsAround(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	at := func(id string, hour int, change func(a *alert.Alert)) *alert.Alert {
		return with(fired(id, hour), change)
	}
	appendAlerts(t, s, "b1",
		at("a", 0, func(a *alert.Alert) { a.Site, a.Entity = "north", "WEB-01" }),
		at("b", 2, func(a *alert.Alert) { a.Site, a.Entity = "north", "web-01" }),
		at("c", 1, func(a *alert.Alert) { a.Site, a.Entity, a.CaseID = "south", "web-01", "c1" }),
		at("d", 1, func(a *alert.Alert) { a.RuleID, a.Entity = "r2", "web-02" }),
		at("e", 2, func(a *alert.Alert) {
			a.RuleID = "r3"
			a.SetEntities(alert.Entity{Type: alert.Account, Name: "Backup"}, []alert.Entity{{Type: alert.Host, Name: "srv-07"}, {Type: alert.Address, Name: "10.0.0.7"}})
		}))
	window := alert.Around{From: hours(0), To: hours(2)}
	of := func(change func(q *alert.Around)) alert.Around {
		q := window
		change(&q)
		return q
	}
	asked := []alert.Around{window,
		of(func(q *alert.Around) { q.Rules, q.Entities = []string{"r1"}, []string{"Web-01"} }),
		of(func(q *alert.Around) { q.Rules, q.Sites = []string{"r1", "r2"}, []string{"north"} }),
		of(func(q *alert.Around) { q.Rules, q.Untied, q.From = []string{"r1"}, true, hours(1) }),
		of(func(q *alert.Around) { q.Case = "c1" }),
		of(func(q *alert.Around) { q.Case, q.Entities = "c1", []string{"web-02"} }),
		of(func(q *alert.Around) { q.To = hours(-1) }),
		of(func(q *alert.Around) { q.Entities = []string{"nobody"} }),
		of(func(q *alert.Around) { q.Entities = []string{"SRV-07", "backup", "10.0.0.7"} }),
		of(func(q *alert.Around) { q.Entities, q.Hosts = []string{"SRV-07"}, true }),
		of(func(q *alert.Around) { q.Entities, q.Hosts = []string{"backup"}, true }),
		of(func(q *alert.Around) { q.Counted = true }),
	}
	want := []alert.Near{
		{Asked: 0, RuleID: "r1", N: 3, First: hours(0), ID: "a", Site: "north", Entity: "WEB-01"},
		{Asked: 0, RuleID: "r2", N: 1, First: hours(1), ID: "d", Site: "site", Entity: "web-02"},
		{Asked: 0, RuleID: "r3", N: 1, First: hours(2), ID: "e", Site: "site", Entity: "Backup"},
		{Asked: 1, RuleID: "r1", N: 3, First: hours(0), ID: "a", Site: "north", Entity: "WEB-01"},
		{Asked: 2, RuleID: "r1", N: 2, First: hours(0), ID: "a", Site: "north", Entity: "WEB-01"},
		{Asked: 3, RuleID: "r1", N: 1, First: hours(2), ID: "b", Site: "north", Entity: "web-01"},
		{Asked: 4, RuleID: "r1", N: 1, First: hours(1), ID: "c", Site: "south", Entity: "web-01"},
		{Asked: 8, RuleID: "r3", N: 1, First: hours(2), ID: "e", Site: "site", Entity: "Backup"},
		{Asked: 9, RuleID: "r3", N: 1, First: hours(2), ID: "e", Site: "site", Entity: "Backup"},
		{Asked: 11, RuleID: "r1", N: 3}, {Asked: 11, RuleID: "r2", N: 1}, {Asked: 11, RuleID: "r3", N: 1},
	}
	got, err := s.Near(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what lies around", want, got)
	list, err := s.Around(t.Context(), asked[1], 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].ID != "a" || list[1].ID != "c" {
		t.Errorf("the first two of them: %+v", list)
	}
	alertsRefuted(t, open(t, t.TempDir()))
	for _, wrong := range []alert.Around{{To: hours(1)}, {From: hours(0), To: hours(0).Add(alert.MaxAround + time.Second)}} {
		if _, err := s.Near(t.Context(), []alert.Around{window, wrong}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a question of no time: %v", err)
		}
	}
}

// alertsRefuted asks for alerts of which some are false: by a label, or by their case unless
// they were opened after that was closed.
func alertsRefuted(t *testing.T, s store.Alerts) {
	of := func(id string, hour int, c alert.Class, incident string) *alert.Alert {
		a := with(fired(id, hour), func(a *alert.Alert) { a.CaseID = incident })
		if c != "" {
			a = judged(a, c, 20)
		}
		return a
	}
	appendAlerts(t, s, "b1", of("a", 0, alert.FalseData, ""), of("b", 1, "", "c1"), of("c", 2, alert.Open, "c1"), of("d", 3, alert.BenignPositive, ""), of("e", 4, alert.TruePositive, "c1"),
		with(of("f", 0, alert.FalsePositive, ""), func(a *alert.Alert) { a.RuleID = "r2" }))
	all := alert.Around{From: hours(0), To: hours(9)}
	apart := all
	apart.Refuting = alert.Legacy{"c1": {Class: alert.FalseLogic, At: hours(10)}}
	idle := apart
	idle.Benign = true
	got, err := s.Near(t.Context(), []alert.Around{all, apart, idle})
	if err != nil {
		t.Fatal(err)
	}
	entity, site := fired("a", 0).Entity, fired("a", 0).Site
	same(t, "what lies around, with what is false apart", []alert.Near{
		{Asked: 0, RuleID: "r1", N: 5, First: hours(0), ID: "a", Site: site, Entity: entity},
		{Asked: 0, RuleID: "r2", N: 1, First: hours(0), ID: "f", Site: site, Entity: entity},
		{Asked: 1, RuleID: "r1", N: 3, Refuted: 2, First: hours(2), ID: "c", Site: site, Entity: entity},
		{Asked: 1, RuleID: "r2", Refuted: 1, First: hours(0), ID: "f", Site: site, Entity: entity},
		{Asked: 2, RuleID: "r1", N: 2, Refuted: 3, First: hours(2), ID: "c", Site: site, Entity: entity},
		{Asked: 2, RuleID: "r2", Refuted: 1, First: hours(0), ID: "f", Site: site, Entity: entity},
	}, got)
}

// compareAround compares what lies around drawn times with the model.
func (m *model) compareAround(rt *rapid.T, t *testing.T, s store.Alerts) {
	asked := rapid.SliceOfN(drawnAround(), 0, 6).Draw(rt, "asked")
	got, err := s.Near(t.Context(), asked)
	if err != nil {
		rt.Fatal(err)
	}
	same(rt, "near", m.Near(asked), got)
	if len(asked) > 0 {
		var want, have []alert.Alert
		for _, state := range m.Around(asked[0], 3) {
			want = append(want, *state.Shown())
		}
		list, err := s.Around(t.Context(), asked[0], 3)
		if err != nil {
			rt.Fatal(err)
		}
		for _, a := range list {
			have = append(have, *a)
		}
		same(rt, "around", want, have)
	}
	from := rapid.SampledFrom([]day.Date{"", "2026-05-04"}).Draw(rt, "from")
	days, err := s.Presence(t.Context(), from, from)
	if err != nil {
		rt.Fatal(err)
	}
	same(rt, "presence", m.Presence(from, from), days)
}

// drawnAround draws a question whose values meet those of drawnAlert.
func drawnAround() *rapid.Generator[alert.Around] {
	return rapid.Custom(func(t *rapid.T) alert.Around {
		some := func(name string, values ...string) []string {
			return rapid.SliceOfN(rapid.SampledFrom(values), 0, 2).Draw(t, name)
		}
		from := rapid.SampledFrom([]int{-30, 0, 1}).Draw(t, "from")
		refuting := rapid.SampledFrom([]alert.Legacy{nil, {}, {"c1": {Class: alert.FalseLogic, At: hours(1)}, "c2": {Class: alert.Unlabelled}}}).Draw(t, "refuting")
		var except []alert.Identity
		for _, id := range some("except", "a", "b") {
			except = append(except, alert.Identity{ID: id, Site: rapid.SampledFrom([]string{"", "S"}).Draw(t, "its site"), Source: rapid.SampledFrom([]string{"", "EDR"}).Draw(t, "its source")})
		}
		return alert.Around{Case: rapid.SampledFrom([]string{"", "", "c1"}).Draw(t, "case"), Benign: rapid.Bool().Draw(t, "benign"), Counted: rapid.Bool().Draw(t, "counted"), Refuting: refuting, From: hours(from), To: hours(rapid.IntRange(from-1, 25).Draw(t, "to")), Rules: some("rules", "r1", "r2", "r9", alert.RuleKey("edr", "r1")),
			Sites: some("sites", "", "s"), Entities: some("entities", "", "H1", "h2", "A:B"), Hosts: rapid.Bool().Draw(t, "hosts"), Untied: rapid.Bool().Draw(t, "untied"), Except: except}
	})
}
