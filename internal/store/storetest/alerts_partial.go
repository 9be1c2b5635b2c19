package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

// about returns what a says of an alert that is known: neither its rule nor its
// time.
func about(a *alert.Alert) *alert.Alert {
	return &alert.Alert{ID: a.ID, Disposition: a.Disposition}
}

func alertsPartial(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	a := fired("a1", 0)
	appendAlerts(t, s, "b1", a, fired("a2", 0))
	closed := judged(a, alert.TruePositive, 5)
	b := appendAlerts(t, s, "b2", about(closed))
	same(t, "new, updated, unchanged", [3]int64{0, 1, 0}, counted(b))
	same(t, "bounds", [2]time.Time{hours(5), hours(5)}, [2]time.Time{b.First, b.Last})
	want := []alert.Tally{tally(closed, 1), tally(fired("a2", 0), 1)}
	slices.SortFunc(want, func(x, y alert.Tally) int { return cmp.Compare(x.Class, y.Class) })
	same(t, "tallies", want, tallies(t, s))
	same(t, "again", [3]int64{0, 0, 1}, counted(appendAlerts(t, s, "b3", about(closed))))
	cased := &alert.Alert{ID: "a2", CaseID: "c1", Fields: map[string]string{"note": "seen"}}
	b = appendAlerts(t, s, "b4", cased, fired("a3", 1), about(judged(fired("a3", 1), alert.Test, 2)))
	same(t, "in the batch that brings it, too", [3]int64{1, 2, 0}, counted(b))
	merged := with(fired("a2", 0), func(a *alert.Alert) { a.CaseID, a.Fields = "c1", cased.Fields })
	same(t, "alerts", []alert.Alert{inForce(a, closed.Disposition), inForce(merged, nil), inForce(fired("a3", 1), &alert.Disposition{Class: alert.Test, Time: hours(2), By: "ann", Provenance: alert.Analyst})},
		everyAlert(t, s, "r1", "", ""))
	same(t, "rules", []store.AlertRule{{ID: "r1", Name: "Rule one", Alerts: 3, First: hours(0), Last: hours(1), Batches: []string{"b1", "b2", "b4"}, Sites: []string{"site"}}}, alertStateOf(t, s).Rules)
	same(t, "history", []alert.Disposition{said(closed)}, dispositions(t, s, "a1"))
}

func alertsPartialUnknown(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	before := alertStateOf(t, s, "a1")
	for name, list := range map[string][]*alert.Alert{
		"alone":              {about(judged(fired("a9", 0), alert.Test, 1))},
		"before it fires":    {about(judged(fired("a9", 0), alert.Test, 1)), fired("a9", 0)},
		"behind many others": append(many(700), judged(fired("a1", 0), alert.Test, 1), about(fired("a9", 0))),
	} {
		_, fresh, err := s.Append(t.Context(), batch("alerts", "b2"), each(list...))
		if fault.KindOf(err) != fault.NotFound || fresh {
			t.Errorf("%s: fresh %v, error %v; want one of kind %s", name, fresh, err, fault.NotFound)
		}
		same(t, "state", before, alertStateOf(t, s, "a1"))
	}
}

func alertsFound(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	b := batch("alerts", "b1")
	b.Found = &store.Found{}
	found := func() { *b.Found = store.Found{Format: "candor-csv", Rejected: 2, Rejects: "rejects/b1.jsonl"} }
	got, _, err := s.Append(t.Context(), b, then(found, []*alert.Alert{fired("a1", 0)}, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := batch("alerts", "b1")
	want.Format, want.Rejected, want.Rejects = "candor-csv", 2, "rejects/b1.jsonl"
	want.Read, want.New, want.First, want.Last = 3, 1, hours(0), hours(0)
	same(t, "batch", want, got)
	same(t, "batches", []store.Batch{want}, alertStateOf(t, s, "a1").Batches)
}

func alertsKnown(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", append(many(900), fired("a1", 0))...)
	ids := []string{"a1", "a1", "A1", "", "many-"}
	for i := range 10_000 {
		ids = append(ids, fmt.Sprintf("many-%d", i))
	}
	known, err := s.Known(t.Context(), ids)
	if err != nil || len(known) != 901 || len(known["a1"]) != 1 || len(known["many-899"]) != 1 || known["many-900"] != nil || known[""] != nil {
		t.Errorf("%d known, error %v", len(known), err)
	}
	if known, err := s.Known(t.Context(), nil); err != nil || len(known) != 0 {
		t.Errorf("of no ids %v are known, error %v", known, err)
	}
}

// compareKnown compares which alerts count.
func (m *model) compareKnown(rt *rapid.T, t *testing.T, s store.Alerts) {
	ids, want := []string{"a", "b", "c", "d", "e", "f"}, map[string][]alert.Identity{}
	for _, id := range ids {
		if list := m.Counting(id); len(list) > 0 {
			want[id] = list
		}
	}
	got, err := s.Known(t.Context(), ids)
	if err != nil {
		rt.Fatal(err)
	}
	same(rt, "known", want, got)
}

func alertsDurations(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	timed := func(id string, c alert.Class, wait time.Duration) *alert.Alert {
		return with(judged(fired(id, 0), c, 0), func(a *alert.Alert) { a.Disposition.Time = a.Time.Add(wait) })
	}
	other := with(fired("o", 24), func(a *alert.Alert) { a.RuleID = "r2" })
	appendAlerts(t, s, "b1", fired("waits", 0), timed("second", alert.TruePositive, time.Second), timed("minutes", alert.FalsePositive, 121*time.Minute),
		timed("days", alert.Test, 49*time.Hour+1), timed("untimed", alert.Test, 0), timed("before", alert.TruePositive, -time.Hour),
		timed("open", alert.Unlabelled, time.Hour), timed("later", alert.TruePositive, 100*time.Hour), other)
	appendAlerts(t, s, "b2", timed("second", alert.FalseLogic, 3*time.Hour))
	appendAlerts(t, s, "b3", timed("second", alert.TruePositive, 200*time.Hour))
	until := hours(50)
	day1, both := []alert.Duration{
		{RuleID: "r1", To: alert.Acknowledged, Minutes: 3000, N: 2},
		{RuleID: "r1", To: alert.Acknowledged, Reached: true, Minutes: alert.Untimed, N: 2},
		{RuleID: "r1", To: alert.Acknowledged, Reached: true, Minutes: 1, N: 1},
		{RuleID: "r1", To: alert.Acknowledged, Reached: true, Minutes: 60, N: 1},
		{RuleID: "r1", To: alert.Acknowledged, Reached: true, Minutes: 125, N: 1},
		{RuleID: "r1", To: alert.Acknowledged, Reached: true, Minutes: 3000, N: 1},
		{RuleID: "r1", To: alert.Closed, Minutes: 3000, N: 3},
		{RuleID: "r1", To: alert.Closed, Reached: true, Minutes: alert.Untimed, N: 2},
		{RuleID: "r1", To: alert.Closed, Reached: true, Minutes: 125, N: 1},
		{RuleID: "r1", To: alert.Closed, Reached: true, Minutes: 180, N: 1},
		{RuleID: "r1", To: alert.Closed, Reached: true, Minutes: 3000, N: 1},
	}, []alert.Duration{
		{RuleID: "r2", To: alert.Acknowledged, Minutes: 1560, N: 1},
		{RuleID: "r2", To: alert.Closed, Minutes: 1560, N: 1},
	}
	for name, test := range map[string]struct {
		from, to day.Date
		want     []alert.Duration
	}{
		"the first day": {"2026-05-04", "2026-05-04", day1}, "both days": {"2026-05-01", "2026-05-05", append(slices.Clone(day1), both...)},
		"all days": {"", "", append(slices.Clone(day1), both...)}, "no day": {"2026-05-06", "2026-05-09", nil},
	} {
		got, err := s.Durations(t.Context(), &alert.Waits{From: test.from, To: test.to, Until: until})
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, test.want, got)
	}
	if got, err := s.Durations(t.Context(), &alert.Waits{Until: hours(-1)}); err != nil || len(got) != 0 {
		t.Errorf("before anything fired: %v, %v", got, err)
	}
	if _, err := s.Durations(t.Context(), &alert.Waits{Until: time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("until the year 3000: error %v; want one of kind %s", err, fault.Invalid)
	}
}

// compareDurations compares how long the alerts took, as of several times.
func (m *model) compareDurations(rt *rapid.T, t *testing.T, s store.Alerts) {
	for _, until := range []time.Time{hours(-29), hours(1), hours(2).Add(time.Second), hours(100)} {
		for _, site := range []string{"", "S"} {
			q := &alert.Waits{From: "2026-05-03", To: "2026-05-05", Until: until, Site: site}
			got, err := s.Durations(t.Context(), q)
			if err != nil {
				rt.Fatal(err)
			}
			same(rt, fmt.Sprintf("durations until %s at %q", until, site), m.Durations(q), got)
		}
	}
}

func alertsStatementWaits(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	closed := judged(fired("a1", 0), alert.TruePositive, 1)
	appendAlerts(t, s, "b1", fired("a1", 0))
	appendAlerts(t, s, "b2", about(closed))
	withdraw(t, s, "b1")
	if state := alertStateOf(t, s); len(state.Tallies)+len(state.Rules) > 0 {
		t.Errorf("of an alert that no batch brings there is %+v", state)
	}
	if list := everyAlert(t, s, "r1", "", ""); len(list) > 0 {
		t.Errorf("alerts %v", list)
	}
	known, err := s.Known(t.Context(), []string{"a1"})
	if err != nil || known["a1"] != nil {
		t.Errorf("known %v, error %v", known, err)
	}
	_, _, err = s.Append(t.Context(), batch("alerts", "b3"), each(about(closed)))
	if fault.KindOf(err) != fault.NotFound {
		t.Errorf("a statement about it: error %v; want one of kind %s", err, fault.NotFound)
	}
	same(t, "history", []alert.Disposition{said(closed)}, dispositions(t, s, "a1"))
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
}

func alertsStatementCountsAgain(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	closed, wrong := judged(fired("a1", 0), alert.TruePositive, 1), judged(fired("a1", 0), alert.FalsePositive, 2)
	cased := about(closed)
	cased.CaseID, cased.Severity, cased.Fields = "c1", "low", map[string]string{"user": "ann"}
	appendAlerts(t, s, "b1", fired("a1", 0))
	appendAlerts(t, s, "b2", cased)
	appendAlerts(t, s, "b3", about(wrong))
	withdraw(t, s, "b1", "b3")
	again := with(fired("a1", 1), func(a *alert.Alert) {
		a.RuleID, a.Severity, a.Fields = "r2", "high", map[string]string{"host": "h1"}
	})
	same(t, "new, updated, unchanged", [3]int64{1, 0, 0}, counted(appendAlerts(t, s, "b4", again)))
	want := with(again, func(a *alert.Alert) { a.CaseID, a.Fields = "c1", map[string]string{"user": "ann", "host": "h1"} })
	same(t, "alerts", []alert.Alert{inForce(want, closed.Disposition)}, everyAlert(t, s, "r2", "", ""))
	same(t, "rules", []store.AlertRule{{ID: "r2", Name: "Rule one", Alerts: 1, First: hours(1), Last: hours(1), Batches: []string{"b4"}, Sites: []string{"site"}}}, alertStateOf(t, s).Rules)
	batches, err := s.Batches(t.Context())
	clean(t, s, batches, err)
}
