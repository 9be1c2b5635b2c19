package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

// OpenAlerts opens the alert store whose data lies in dir, which may be empty,
// and closes it when t ends.
type OpenAlerts func(t *testing.T, dir string) store.Alerts

// Alerts tests that the stores that open opens keep the contract of
// store.Alerts.
func Alerts(t *testing.T, open OpenAlerts) {
	tests := map[string]func(*testing.T, OpenAlerts){
		"a second reading stands beside the first":         alertsSecond,
		"labels are told with who made them":               alertsLabels,
		"a batch lands with its counts and bounds":         alertsCounts,
		"an alert that says nothing new is unchanged":      alertsUnchanged,
		"the latest disposition by time counts":            alertsLatest,
		"of two dispositions at one time the later":        alertsTie,
		"an unlabelled alert has no provenance":            alertsUnlabelled,
		"an alert that is open again says since when":      alertsOpen,
		"a changed case moves an alert to its cluster":     alertsCase,
		"sums are those of the sets asked for":             alertsSums,
		"changed fields update and empty ones keep":        alertsMerge,
		"tallies keep to the days asked for":               alertsWindow,
		"the last moment of a day is of that day":          alertsMidnight,
		"alerts of one cluster name at two sites":          alertsOneCluster,
		"an entity is one however its case is spelled":     alertsSpelling,
		"rules have their facts":                           alertsRules,
		"a changed rule or time recounts the rules":        alertsMoveRule,
		"dispositions of an unknown alert are not found":   alertsUnknown,
		"the same input again changes nothing":             alertsSameInput,
		"an error halfway leaves the store as it was":      alertsErrorHalfway,
		"cancelling halfway leaves the store as it was":    alertsCancelled,
		"an alert that cannot be kept is refused":          alertsIncomplete,
		"a statement about a known alert updates it":       alertsPartial,
		"a statement about an unknown alert is refused":    alertsPartialUnknown,
		"what only the end tells is of the batch":          alertsFound,
		"known tells which ids count":                      alertsKnown,
		"durations are those of the alerts asked for":      alertsDurations,
		"a reader sees the old state until a batch lands":  alertsReader,
		"reopening keeps everything":                       alertsReopen,
		"each alert comes as merged, in order":             alertsEach,
		"an alert is found as it counts":                   alertsFind,
		"one id of two sites or sources is two alerts":     alertsApartByIdentity,
		"what says less of an alert is of the one it fits": alertsFitting,
		"a statement that could mean several is refused":   alertsAmbiguous,
		"a batch has what it brought":                      alertsBrought,
		"what lies around a time":                          alertsAround,
		"any sequence of batches agrees with a recount":    alertsModel,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// noon is the time that the alerts of the tests are counted from.
func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

// hours returns the time n hours after noon.
func hours(n int) time.Time { return noon().Add(time.Duration(n) * time.Hour) }

// fired returns an alert of rule r1 on host h1, n hours after noon.
func fired(id string, n int) *alert.Alert {
	return &alert.Alert{ID: id, RuleID: "r1", RuleName: "Rule one", Time: hours(n), Site: "site", Entity: "h1"}
}

// judged returns a with an analyst's disposition made n hours after noon.
func judged(a *alert.Alert, c alert.Class, n int) *alert.Alert {
	b := *a
	b.Disposition = &alert.Disposition{Class: c, Word: "word", Time: hours(n), By: "ann", Provenance: alert.Analyst}
	return &b
}

// with returns a copy of a after change.
func with(a *alert.Alert, change func(*alert.Alert)) *alert.Alert {
	b := *a
	change(&b)
	return &b
}

// many returns n unlabelled alerts.
func many(n int) []*alert.Alert {
	list := make([]*alert.Alert, n)
	for i := range list {
		list[i] = fired(fmt.Sprintf("many-%d", i), 0)
	}
	return list
}

// appendAlerts appends a batch that has to land.
func appendAlerts(t *testing.T, s store.Alerts, id string, alerts ...*alert.Alert) store.Batch {
	t.Helper()
	b, fresh, err := s.Append(t.Context(), batch("alerts", id), each(alerts...))
	if err != nil || !fresh {
		t.Fatalf("append %s: fresh %v, error %v", id, fresh, err)
	}
	return b
}

// counted returns a batch's new, updated and unchanged alerts.
func counted(b store.Batch) [3]int64 { return [3]int64{b.New, b.Updated, b.Unchanged} }

// tallies returns the tallies of the month of the tests.
func tallies(t *testing.T, s store.Alerts) []alert.Tally {
	t.Helper()
	list, err := s.Tallies(t.Context(), &alert.Question{From: "2026-05-01", To: "2026-05-31"})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// tally returns what n alerts like a count as, in the hours of a and of others.
func tally(a *alert.Alert, n int64, others ...*alert.Alert) alert.Tally {
	t := alert.Tally{RuleID: a.RuleID, Cluster: a.Cluster(), Day: a.Day(), Class: alert.Unlabelled, Site: a.Site, Hours: alert.HourSet(a.Hour()), N: n}
	for _, o := range others {
		t.Hours |= alert.HourSet(o.Hour())
	}
	switch d := a.Disposition; {
	case d == nil:
	case d.Class.Labels():
		t.Class, t.Provenance = d.Class, d.Provenance
	case d.Class == alert.Open && a.CaseID != "":
		t.Opened = d.Time
	}
	return t
}

// said returns a's disposition as the store gives it back.
func said(a *alert.Alert) alert.Disposition {
	d := *a.Disposition
	d.AlertID = a.ID
	return d
}

// dispositions asks for those of an alert that is there, without their batches.
func dispositions(t *testing.T, s store.Alerts, id string) []alert.Disposition {
	t.Helper()
	list, err := s.Dispositions(t.Context(), alert.Identity{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return batchless(list)
}

// batchless takes away which batch made each statement.
func batchless(list []alert.Disposition) []alert.Disposition {
	for i := range list {
		list[i].Batch = ""
	}
	return list
}

// alertState is all that a store says.
type alertState struct {
	Batches      []store.Batch
	Tallies      []alert.Tally
	Rules        []store.AlertRule
	Dispositions map[string][]alert.Disposition
}

// alertStateOf asks s about everything and about the alerts with the ids.
func alertStateOf(t *testing.T, s store.Alerts, ids ...string) alertState {
	t.Helper()
	state := alertState{Tallies: tallies(t, s), Dispositions: map[string][]alert.Disposition{}}
	var err error
	if state.Batches, err = s.Batches(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameNewest(t, s, state.Batches)
	if state.Rules, err = s.Rules(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		state.Dispositions[id] = dispositions(t, s, id)
	}
	return state
}

func alertsCounts(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	b := batch("alerts", "b1")
	b.Rejected = 2
	got, fresh, err := s.Append(t.Context(), b, each(fired("a2", 30), fired("a1", 0), judged(fired("a3", 1), alert.TruePositive, 2)))
	if err != nil || !fresh {
		t.Fatalf("fresh %v, error %v", fresh, err)
	}
	want := b
	want.Read, want.New, want.First, want.Last = 5, 3, hours(0), hours(30)
	same(t, "batch", want, got)
	same(t, "batches", []store.Batch{want}, alertStateOf(t, s).Batches)
	if empty := appendAlerts(t, s, "empty"); !empty.First.IsZero() || empty.Read != 0 {
		t.Errorf("a batch without alerts: %+v", empty)
	}
}

// alertsBrought asks two batches, of which the second repeats an alert, for their rows.
func alertsBrought(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	judgedOne := judged(fired("a1", 0), alert.TruePositive, 1)
	appendAlerts(t, s, "b1", fired("a1", 0), fired("a2", 0), fired("a3", 0))
	appendAlerts(t, s, "b2", judgedOne, fired("a4", 0))
	for _, c := range []struct {
		batch    string
		first, n int
		want     []string
		all      int
	}{{"b1", 0, 9, []string{"a1", "a2", "a3"}, 3}, {"b1", 1, 1, []string{"a2"}, 3}, {"b1", 3, 5, nil, 3}, {"b2", 0, 9, []string{"a1", "a4"}, 2}} {
		got, all, err := s.Brought(t.Context(), c.batch, c.first, c.n)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, a := range got {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		if !slices.Equal(ids, c.want) || all != c.all {
			t.Errorf("%+v: %q of %d", c, ids, all)
		}
	}
	if got, _, err := s.Brought(t.Context(), "b2", 0, 1); err != nil || got[0].Disposition == nil || got[0].Disposition.Class != alert.TruePositive {
		t.Errorf("what b2 says of a1: %+v, error %v", got, err)
	}
	if _, _, err := s.Brought(t.Context(), "b9", 0, 1); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a batch that is not there: %v", err)
	}
}

func alertsUnchanged(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	a := judged(fired("a1", 0), alert.TruePositive, 1)
	score := 0.5
	rich := with(fired("a2", 0), func(a *alert.Alert) {
		a.Severity, a.Score, a.CaseID, a.Techniques, a.Tactic = "high", &score, "c1", []string{"T1059", "T1001"}, "execution"
		a.Source, a.Fields = "sensor", map[string]string{"b": "2", "a": "1"}
	})
	appendAlerts(t, s, "b1", a, rich)
	before := alertStateOf(t, s, "a1", "a2")
	b := appendAlerts(t, s, "b2", a, rich, a)
	same(t, "new, updated, unchanged", [3]int64{0, 0, 3}, counted(b))
	after := alertStateOf(t, s, "a1", "a2")
	before.Batches = append(before.Batches, b)
	same(t, "state", before, after)
}

func alertsLatest(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	first := judged(fired("a1", 0), alert.FalsePositive, 3)
	late := judged(fired("a1", 0), alert.Test, 1)
	last := judged(fired("a1", 0), alert.TruePositive, 5)
	appendAlerts(t, s, "b1", first)
	same(t, "a late older statement updates", [3]int64{0, 1, 0}, counted(appendAlerts(t, s, "b2", late)))
	same(t, "tallies after an older statement", []alert.Tally{tally(first, 1)}, tallies(t, s))
	same(t, "a newer statement updates", [3]int64{0, 1, 0}, counted(appendAlerts(t, s, "b3", last)))
	same(t, "tallies after a newer statement", []alert.Tally{tally(last, 1)}, tallies(t, s))
	same(t, "history", []alert.Disposition{said(late), said(first), said(last)}, dispositions(t, s, "a1"))
}

// alertsSecond says that a second reading changes no count, wherever it comes from, and
// is told with the alert.
func alertsSecond(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	first := judged(fired("a1", 0), alert.Duplicate, 1)
	first.Disposition.DuplicateOf = "a2"
	second := with(judged(fired("a1", 0), alert.FalsePositive, 5), func(a *alert.Alert) { a.Disposition.Second, a.Disposition.By = true, "bob" })
	alone := with(judged(fired("a2", 0), alert.TruePositive, 2), func(a *alert.Alert) { a.Disposition.Second, a.Disposition.By = true, "bob" })
	appendAlerts(t, s, "b1", first, alone)
	same(t, "tallies", []alert.Tally{tally(first, 1), tally(fired("a2", 0), 1)}, tallies(t, s))
	same(t, "it is news", [3]int64{0, 1, 0}, counted(appendAlerts(t, s, "b2", &alert.Alert{ID: "a1", Disposition: second.Disposition})))
	same(t, "it is news once", [3]int64{0, 0, 1}, counted(appendAlerts(t, s, "b3", second)))
	same(t, "tallies with it", []alert.Tally{tally(first, 1), tally(fired("a2", 0), 1)}, tallies(t, s))
	same(t, "history", []alert.Disposition{said(first), said(second)}, dispositions(t, s, "a1"))
	read := func(a, b *alert.Alert, d *alert.Disposition) alert.Alert {
		shown := inForce(a, d)
		shown.Second = &alert.Disposition{AlertID: a.ID, Class: b.Disposition.Class, Time: b.Disposition.Time, By: "bob", Provenance: alert.Analyst, Second: true}
		return shown
	}
	same(t, "alerts", []alert.Alert{read(first, second, first.Disposition), read(alone, alone, nil)}, everyAlert(t, s, "r1", "", ""))
	list, err := s.Durations(t.Context(), &alert.Waits{Until: hours(100)})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Reached && d.N != 1 {
			t.Errorf("a second reading closes or acknowledges an alert: %+v", d)
		}
	}
}

func alertsTie(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	var history []alert.Disposition
	for n, c := range []alert.Class{alert.TruePositive, alert.FalseData, alert.BenignPositive} {
		a := judged(fired("a1", 0), c, 1)
		appendAlerts(t, s, fmt.Sprintf("b%d", n), a)
		history = append(history, said(a))
		same(t, "tallies", []alert.Tally{tally(a, 1)}, tallies(t, s))
	}
	same(t, "history", history, dispositions(t, s, "a1"))

	timeless := judged(fired("a2", 0), alert.FalseLogic, 0)
	timeless.Disposition.Time = time.Time{}
	timed := judged(fired("a2", 0), alert.Duplicate, -1000)
	appendAlerts(t, s, "timed", timed, timeless)
	same(t, "history with an unknown time", []alert.Disposition{said(timeless), said(timed)}, dispositions(t, s, "a2"))
}

func alertsUnlabelled(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	labelled := judged(fired("a1", 0), alert.TruePositive, 1)
	reopened := judged(fired("a1", 0), alert.Unlabelled, 2)
	appendAlerts(t, s, "b1", labelled, fired("a2", 0))
	same(t, "tallies", []alert.Tally{tally(labelled, 1), tally(fired("a2", 0), 1)}, tallies(t, s))
	appendAlerts(t, s, "b2", reopened)
	same(t, "tallies once reopened", []alert.Tally{tally(fired("a2", 0), 2)}, tallies(t, s))
	same(t, "history", []alert.Disposition{said(labelled), said(reopened)}, dispositions(t, s, "a1"))
	same(t, "history of an alert without any", []alert.Disposition(nil), dispositions(t, s, "a2"))
}

// alertsOpen says that alerts are open again: in a case the time of that is counted.
func alertsOpen(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	cased := with(judged(fired("a1", 0), alert.TruePositive, 1), func(a *alert.Alert) { a.CaseID = "c1" })
	again := with(judged(fired("a1", 0), alert.Open, 2), func(a *alert.Alert) { a.CaseID = "c1" })
	fresh := with(again, func(a *alert.Alert) { a.ID = "a4" })
	appendAlerts(t, s, "b1", cased, judged(fired("a2", 0), alert.Open, 2), fired("a3", 0))
	plain := tally(fired("a3", 0), 2)
	same(t, "tallies", []alert.Tally{tally(cased, 1), plain}, tallies(t, s))
	appendAlerts(t, s, "b2", again, fresh)
	opened := tally(again, 2)
	if opened.Opened != hours(2) || opened.Class != alert.Unlabelled || opened.Provenance != "" {
		t.Errorf("an open alert of a case is to be counted as %+v", opened)
	}
	same(t, "tallies once opened", []alert.Tally{opened, plain}, tallies(t, s))
	got, err := s.Find(t.Context(), alert.Identity{ID: "a1"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the open alert", inForce(again, again.Disposition), *got)
	shut := with(judged(fired("a1", 0), alert.Unlabelled, 3), func(a *alert.Alert) { a.CaseID = "c1" })
	appendAlerts(t, s, "b3", shut)
	opened.N = 1
	same(t, "tallies once closed without a word", []alert.Tally{tally(shut, 1), opened, plain}, tallies(t, s))
	same(t, "history", []alert.Disposition{said(cased), said(again), said(shut)}, dispositions(t, s, "a1"))
}

func alertsCase(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	a := judged(fired("a1", 0), alert.TruePositive, 1)
	cased := with(a, func(a *alert.Alert) { a.CaseID = "c1" })
	moved := with(a, func(a *alert.Alert) { a.CaseID = "c2" })
	other := with(cased, func(a *alert.Alert) { a.ID, a.Entity, a.Site = "a2", "h2", "" })
	appendAlerts(t, s, "b1", a, other)
	same(t, "tallies", []alert.Tally{tally(other, 1), tally(a, 1)}, tallies(t, s))
	same(t, "counts", [3]int64{0, 1, 0}, counted(appendAlerts(t, s, "b2", cased)))
	same(t, "tallies of one case at two sites", []alert.Tally{tally(other, 1), tally(cased, 1)}, tallies(t, s))
	appendAlerts(t, s, "b3", moved)
	same(t, "tallies of two cases", []alert.Tally{tally(other, 1), tally(moved, 1)}, tallies(t, s))
}

func alertsMerge(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	score, higher := 1.0, 2.0
	full := with(fired("a1", 0), func(a *alert.Alert) {
		a.CaseID, a.Score, a.Fields = "c1", &score, map[string]string{"user": "ann", "host": "h1"}
	})
	appendAlerts(t, s, "b1", full)
	bare := &alert.Alert{ID: "a1", RuleID: "r1", Time: full.Time}
	same(t, "an alert that leaves fields empty", [3]int64{0, 0, 1}, counted(appendAlerts(t, s, "b2", bare)))
	same(t, "tallies", []alert.Tally{tally(full, 1)}, tallies(t, s))
	for n, change := range []func(*alert.Alert){
		func(a *alert.Alert) { a.Score = &higher },
		func(a *alert.Alert) { a.Fields = map[string]string{"user": "bob"} },
		func(a *alert.Alert) { a.Fields = map[string]string{"process": "sh"} },
		func(a *alert.Alert) { a.Severity = "low" },
		func(a *alert.Alert) { a.Techniques = []string{"T1001"} },
	} {
		update := with(bare, change)
		same(t, "first time", [3]int64{0, 1, 0}, counted(appendAlerts(t, s, fmt.Sprintf("first-%d", n), update)))
		same(t, "again", [3]int64{0, 0, 1}, counted(appendAlerts(t, s, fmt.Sprintf("again-%d", n), update)))
	}
	known := with(bare, func(a *alert.Alert) {
		a.Fields = map[string]string{"user": "bob", "host": "h1", "process": "sh"}
	})
	same(t, "fields merged key by key", [3]int64{0, 0, 1}, counted(appendAlerts(t, s, "all", known)))
}

func alertsOneCluster(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	a := with(fired("a1", 0), func(a *alert.Alert) { a.Site, a.Entity = "x\x1fy", "z" })
	b := with(fired("a2", 0), func(a *alert.Alert) { a.Site, a.Entity = "x", "y\x1fz" })
	appendAlerts(t, s, "b1", a, b)
	same(t, "tallies", []alert.Tally{tally(b, 1), tally(a, 1)}, tallies(t, s))
}

func alertsWindow(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	elsewhere := time.FixedZone("UTC+14", 14*60*60)
	eve := with(fired("eve", -13), func(a *alert.Alert) { a.Time = a.Time.In(elsewhere) }) // 3 May in UTC
	start, end, next := fired("start", -12), fired("end", 11), fired("next", 12)
	appendAlerts(t, s, "b1", eve, start, end, next)
	for _, test := range []struct {
		from, to day.Date
		want     []alert.Tally
	}{
		{"2026-05-04", "2026-05-04", []alert.Tally{tally(start, 2, end)}},
		{"2026-05-03", "2026-05-04", []alert.Tally{tally(eve, 1), tally(start, 2, end)}},
		{"2026-05-04", "2026-05-09", []alert.Tally{tally(start, 2, end), tally(next, 1)}},
		{"2026-05-06", "2026-05-09", nil},
		{"2026-05-05", "2026-05-03", nil},
	} {
		got, err := s.Tallies(t.Context(), &alert.Question{From: test.from, To: test.to})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("tallies %s to %s", test.from, test.to), test.want, got)
	}
}

// alertsMidnight has alerts fire at the last and at the first moment of days, before and
// since 1970.
func alertsMidnight(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	var list []*alert.Alert
	for i, text := range []string{"1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z", "2026-05-04T23:59:59.999999999Z", "2026-05-05T00:00:00Z"} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, with(fired(fmt.Sprint(i), 0), func(a *alert.Alert) { a.Time = at }))
	}
	appendAlerts(t, s, "b1", list...)
	for _, a := range list {
		got, err := s.Tallies(t.Context(), &alert.Question{From: day.Of(a.Time), To: day.Of(a.Time)})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "tallies of the day of "+a.Time.Format(time.RFC3339Nano), []alert.Tally{tally(a, 1)}, got)
	}
}

func alertsRules(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	second := with(fired("a3", 2), func(a *alert.Alert) { a.RuleID, a.RuleName = "r0", "" })
	appendAlerts(t, s, "b1", fired("a1", 0), fired("a2", 9), second)
	appendAlerts(t, s, "b2", fired("a1", 0))
	earlier := with(fired("a4", -9), func(a *alert.Alert) { a.RuleName = "Rule 1" })
	appendAlerts(t, s, "b3", earlier, judged(second, alert.Test, 3))
	same(t, "rules", []store.AlertRule{
		{ID: "r0", Alerts: 1, First: hours(2), Last: hours(2), Batches: []string{"b1", "b3"}, Sites: []string{"site"}},
		{ID: "r1", Name: "Rule one", Alerts: 3, First: hours(-9), Last: hours(9), Batches: []string{"b1", "b3"}, Sites: []string{"site"}},
	}, alertStateOf(t, s).Rules)
	appendAlerts(t, s, "b4", with(fired("a5", 10), func(a *alert.Alert) { a.RuleName = "" }))
	same(t, "name after an alert that gives none", "Rule one", alertStateOf(t, s).Rules[1].Name)
	appendAlerts(t, s, "b5", with(fired("a6", 11), func(a *alert.Alert) { a.RuleName = "Rule 1" }))
	same(t, "name once the rule fired under another", "Rule 1", alertStateOf(t, s).Rules[1].Name)
}

func alertsMoveRule(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0), fired("a2", 9))
	appendAlerts(t, s, "b2", with(fired("a2", 9), func(a *alert.Alert) { a.RuleID, a.RuleName = "r2", "Rule two" }), fired("a1", 1))
	same(t, "rules", []store.AlertRule{
		{ID: "r1", Name: "Rule one", Alerts: 1, First: hours(1), Last: hours(1), Batches: []string{"b1", "b2"}, Sites: []string{"site"}},
		{ID: "r2", Name: "Rule two", Alerts: 1, First: hours(9), Last: hours(9), Batches: []string{"b2"}, Sites: []string{"site"}},
	}, alertStateOf(t, s).Rules)
	appendAlerts(t, s, "b3", fired("a2", 9))
	if rules := alertStateOf(t, s).Rules; len(rules) != 1 || rules[0].Alerts != 2 || !rules[0].Last.Equal(hours(9)) {
		t.Errorf("rules once r2 has no alert: %+v", rules)
	}
}

func alertsUnknown(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	for _, id := range []string{"a2", "", "A1"} {
		if _, err := s.Dispositions(t.Context(), alert.Identity{ID: id}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("dispositions of %q: error %v; want one of kind %s", id, err, fault.NotFound)
		}
	}
}

func alertsSameInput(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	first := appendAlerts(t, s, "b1", fired("a1", 0))
	before := alertStateOf(t, s, "a1")
	again := batch("another kind", "b2")
	again.Hash = first.Hash
	got, fresh, err := s.Append(t.Context(), again, each(fired("a2", 0)))
	if err != nil || fresh {
		t.Fatalf("fresh %v, error %v; want the earlier batch and false", fresh, err)
	}
	same(t, "earlier batch", first, got)
	same(t, "state", before, alertStateOf(t, s, "a1"))
}

// long is a batch that touches every part of a store more than once.
func long() []*alert.Alert {
	return append(many(700), judged(fired("a1", 0), alert.TruePositive, 9), with(fired("a3", 5), func(a *alert.Alert) { a.RuleID = "r2" }))
}

func alertsErrorHalfway(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0), judged(fired("a2", 0), alert.Test, 1))
	before := alertStateOf(t, s, "a1", "a2")
	_, fresh, err := s.Append(t.Context(), batch("alerts", "b2"), breaking(long()...))
	if !errors.Is(err, errBroken) || fresh {
		t.Fatalf("fresh %v, error %v; want %v", fresh, err, errBroken)
	}
	same(t, "state", before, alertStateOf(t, s, "a1", "a2"))
	if _, err := s.Dispositions(t.Context(), alert.Identity{ID: "many-0"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an alert of the broken batch: error %v; want one of kind %s", err, fault.NotFound)
	}
	same(t, "the same batch, whole", [3]int64{701, 1, 0}, counted(appendAlerts(t, s, "b2", long()...)))
}

func alertsCancelled(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	before := alertStateOf(t, s, "a1")
	for name, after := range map[string][]*alert.Alert{"before another alert": {fired("a9", 0)}, "before the end": nil} {
		ctx, cancel := context.WithCancel(t.Context())
		_, fresh, err := s.Append(ctx, batch("alerts", "b2"), then(cancel, long(), after))
		if !errors.Is(err, context.Canceled) || fresh {
			t.Fatalf("%s: fresh %v, error %v; want %v", name, fresh, err, context.Canceled)
		}
		same(t, "state, cancelled "+name, before, alertStateOf(t, s, "a1"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	taken := 0
	_, _, err := s.Append(ctx, batch("alerts", "b3"), endless(fired("a9", 0), cancel, &taken))
	if !errors.Is(err, context.Canceled) || taken > 1000 {
		t.Errorf("%d alerts taken after the end of the context, error %v", taken, err)
	}
}

func alertsIncomplete(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	for name, a := range map[string]*alert.Alert{
		"a source that has the mark": with(fired("a1", 0), func(a *alert.Alert) { a.Source = "a" + alert.RuleMark + "b" }),
		"no id":                      fired("", 0),
		"no rule":                    with(fired("a1", 0), func(a *alert.Alert) { a.RuleID = "" }),
		"no time":                    with(fired("a1", 0), func(a *alert.Alert) { a.Time = time.Time{} }),
		"neither, nor an id":         with(fired("", 0), func(a *alert.Alert) { a.RuleID, a.Time = "", time.Time{} }),
		"unknown class":              judged(fired("a1", 0), "fine", 1),
		"no class":                   judged(fired("a1", 0), "", 1),
		"unknown provenance":         with(judged(fired("a1", 0), alert.Test, 1), func(a *alert.Alert) { a.Disposition.Provenance = "rumour" }),
		"no provenance":              with(judged(fired("a1", 0), alert.Test, 1), func(a *alert.Alert) { a.Disposition.Provenance = "" }),
	} {
		_, _, err := s.Append(t.Context(), batch("alerts", "b1"), each(fired("a0", 0), a))
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: error %v; want one of kind %s", name, err, fault.Invalid)
		}
	}
	same(t, "state", alertState{Dispositions: map[string][]alert.Disposition{}}, alertStateOf(t, s))
}

func alertsReader(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendAlerts(t, s, "b1", fired("a1", 0))
	before := alertStateOf(t, s, "a1")
	look := func() { same(t, "state while a batch is appended", before, alertStateOf(t, s, "a1")) }
	b, _, err := s.Append(t.Context(), batch("alerts", "b2"), then(look, long(), many(1)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "new, updated, unchanged", [3]int64{701, 1, 1}, counted(b))
}

func alertsReopen(t *testing.T, open OpenAlerts) {
	dir := t.TempDir()
	var before alertState
	t.Run("first", func(t *testing.T) {
		s := open(t, dir)
		appendAlerts(t, s, "b1", long()...)
		before = alertStateOf(t, s, "a1", "a3")
	})
	s := open(t, dir)
	same(t, "state", before, alertStateOf(t, s, "a1", "a3"))
	same(t, "the same alerts", [3]int64{0, 0, 702}, counted(appendAlerts(t, s, "b2", long()...)))
}
