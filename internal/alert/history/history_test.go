package history_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/alert/history"
)

func at(hour int) time.Time { return time.Date(2026, 5, 4, hour, 0, 0, 0, time.UTC) }

// fired is an alert that brings nothing but itself.
func fired(rule string) *alert.Alert { return &alert.Alert{ID: "a", RuleID: rule, Time: at(0)} }

// said is a statement about an alert that is known.
func said(c alert.Class, hour int) *alert.Alert {
	return &alert.Alert{ID: "a", Disposition: &alert.Disposition{Class: c, Time: at(hour), By: "ann", Provenance: alert.Analyst}}
}

// stateOf is what the arrivals of one alert come to.
func stateOf(arrivals []history.Arrival) *history.State {
	return &history.FamilyOf(arrivals).States[0]
}

func TestWhatBecomesOfAnArrival(t *testing.T) {
	score := 0.5
	var s history.State
	for i, c := range []struct {
		batch  int
		says   *alert.Alert
		want   history.Outcome
		behind []int
	}{
		{1, said(alert.TruePositive, 3), history.Waits, nil},
		{2, fired("r"), history.New, []int{2}},
		{3, fired("r"), history.Unchanged, []int{2}},
		{3, said(alert.TruePositive, 3), history.Unchanged, []int{2}}, // it waited, and was heard
		{4, said(alert.FalsePositive, 1), history.Updated, []int{2, 4}},
		{4, &alert.Alert{ID: "a", Score: &score, Fields: map[string]string{"k": "v"}}, history.Updated, []int{2, 4}},
		{5, &alert.Alert{ID: "a", Fields: map[string]string{"k": "v"}}, history.Unchanged, []int{2, 4}},
		{6, fired("other"), history.Updated, []int{6}},
	} {
		if got := s.Take(c.batch, c.says); got != c.want || cmp.Diff(c.behind, s.Behind) != "" {
			t.Errorf("arrival %d: outcome %d behind %v, want %d and %v", i, got, s.Behind, c.want, c.behind)
		}
	}
	if d := s.InForce(); d == nil || d.Class != alert.TruePositive {
		t.Errorf("in force is %+v, want the statement that is last by its own time", d)
	}
}

func TestOfOneTimeTheLastArrivalIsInForce(t *testing.T) {
	s := stateOf([]history.Arrival{{Alert: fired("r")}, {Alert: said(alert.Test, 1)}, {Alert: said(alert.FalseLogic, 1)}, {Alert: said(alert.Test, 1)}})
	if d := s.InForce(); d.Class != alert.FalseLogic || len(s.Statements) != 2 {
		t.Errorf("in force is %+v of %d statements", d, len(s.Statements))
	}
}

func TestASecondReadingIsNeverInForce(t *testing.T) {
	second := func(c alert.Class, hour int) *alert.Alert {
		a := said(c, hour)
		a.Disposition.Second, a.Disposition.By = true, "bob"
		return a
	}
	s := stateOf([]history.Arrival{{Alert: fired("r")}, {Alert: second(alert.FalsePositive, 9)}, {Alert: second(alert.Test, 2)}})
	if s.InForce() != nil || s.Shown().Disposition != nil || s.Tally().Class != alert.Unlabelled {
		t.Errorf("in force is %+v", s.InForce())
	}
	s.Take(2, said(alert.TruePositive, 1))
	s.Take(3, said(alert.FalsePositive, 9)) // what the second reader says too, and when, and nobody else's word
	if d := s.InForce(); d.Class != alert.FalsePositive || d.Second || len(s.Statements) != 4 {
		t.Errorf("in force is %+v of %d", d, len(s.Statements))
	}
	if d := s.Shown().Second; d == nil || d.Class != alert.FalsePositive || d.By != "bob" {
		t.Errorf("read a second time: %+v, want the last by its own time", d)
	}
}

func TestATallyOpensOnlyWithinACase(t *testing.T) {
	open := said(alert.Open, 2)
	s := stateOf([]history.Arrival{{Alert: fired("r")}, {Alert: said(alert.TruePositive, 1)}, {Alert: open}})
	if got := s.Tally(); got.Class != alert.Unlabelled || got.Provenance != "" || !got.Opened.IsZero() {
		t.Errorf("without a case: %+v", got)
	}
	s.Take(2, &alert.Alert{ID: "a", CaseID: "c"})
	if got := s.Tally(); got.Class != alert.Unlabelled || !got.Opened.Equal(at(2)) {
		t.Errorf("in a case: %+v", got)
	}
	if got := s.Shown().Disposition; got == nil || got.Class != alert.Open {
		t.Errorf("shown as %+v", got)
	}
}

func TestDurationsAreAsOfATime(t *testing.T) {
	s := stateOf([]history.Arrival{{Alert: fired("r")}, {Alert: said(alert.Unlabelled, 1)}, {Alert: said(alert.TruePositive, 2)}, {Alert: said(alert.Open, 5)}})
	for hour, want := range map[int][]alert.Duration{
		0: {{RuleID: "r", To: alert.Acknowledged, N: 1}, {RuleID: "r", To: alert.Closed, N: 1}},
		1: {{RuleID: "r", To: alert.Acknowledged, Reached: true, Minutes: 60, N: 1}, {RuleID: "r", To: alert.Closed, Minutes: 60, N: 1}},
		3: {{RuleID: "r", To: alert.Acknowledged, Reached: true, Minutes: 60, N: 1}, {RuleID: "r", To: alert.Closed, Reached: true, Minutes: 120, N: 1}},
		6: {{RuleID: "r", To: alert.Acknowledged, Reached: true, Minutes: 60, N: 1}, {RuleID: "r", To: alert.Closed, Minutes: 360, N: 1}},
	} {
		got, fired := s.Durations(at(hour))
		if diff := cmp.Diff(want, got[:]); diff != "" || !fired {
			t.Errorf("at %d h: fired %v: %s", hour, fired, diff)
		}
	}
	if got, fired := s.Durations(at(-1)); fired {
		t.Errorf("before it fired: %v", got)
	}
}

func TestAStatementIsOfTheFirstBatchThatCounts(t *testing.T) {
	list := []history.Arrival{
		{Batch: 1, Void: true, Alert: said(alert.Test, 1)}, {Batch: 2, Alert: said(alert.FalseData, 1)}, {Batch: 3, Alert: said(alert.Test, 1)},
		{Batch: 4, Void: true, Alert: said(alert.TruePositive, 0)},
	}
	var got []alert.Disposition
	for _, d := range history.Told("a", list, func(n int) string { return string(rune('0' + n)) }) {
		got = append(got, alert.Disposition{Class: d.Class, Batch: d.Batch, Withdrawn: d.Withdrawn})
	}
	want := []alert.Disposition{{Class: alert.TruePositive, Batch: "4", Withdrawn: true}, {Class: alert.FalseData, Batch: "2"}, {Class: alert.Test, Batch: "3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestVoidIsAsIfNeverBrought draws batches, makes some void, before or after they are
// added, and compares with a book that the others alone are added to.
func TestVoidIsAsIfNeverBrought(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		book, alone := history.NewBook(), history.NewBook()
		var void []int
		for n := range rapid.IntRange(1, 5).Draw(rt, "batches") {
			gone := rapid.Bool().Draw(rt, "void")
			if gone && rapid.Bool().Draw(rt, "before it is added") {
				book.Withdraw(n)
			} else if gone {
				void = append(void, n)
			}
			for i, a := range rapid.SliceOfN(drawn(), 0, 6).Draw(rt, "arrivals") {
				book.Add(n, int64(i), a)
				if !gone {
					alone.Add(n, int64(i), a)
				}
			}
		}
		for _, n := range void {
			book.Withdraw(n)
		}
		if diff := cmp.Diff(alone.Tallies(&alert.Question{}), book.Tallies(&alert.Question{})); diff != "" {
			rt.Fatal(diff)
		}
		if diff := cmp.Diff(alone.Durations(&alert.Waits{Until: at(2)}), book.Durations(&alert.Waits{Until: at(2)})); diff != "" {
			rt.Fatal(diff)
		}
		if diff := cmp.Diff(alone.Each("r", "", ""), book.Each("r", "", "")); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func drawn() *rapid.Generator[*alert.Alert] {
	return rapid.Custom(func(t *rapid.T) *alert.Alert {
		a := fired(rapid.SampledFrom([]string{"r", "s"}).Draw(t, "rule"))
		if rapid.Bool().Draw(t, "partial") {
			a = said(rapid.SampledFrom(alert.Classes()).Draw(t, "class"), rapid.IntRange(0, 3).Draw(t, "hour"))
		}
		a.ID, a.CaseID = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "id"), rapid.SampledFrom([]string{"", "c"}).Draw(t, "case")
		return a
	})
}

func placed(source, site, rule string) *alert.Alert {
	a := &alert.Alert{ID: "a", Source: source, Site: site, RuleID: rule}
	if rule != "" {
		a.Time = at(0)
	}
	return a
}

// TestWhichAlertAnArrivalIsOf goes through arrivals of one ID and says of each which alert
// it is of, by its number, and what became of it.
func TestWhichAlertAnArrivalIsOf(t *testing.T) {
	type step struct {
		says *alert.Alert
		of   int
		want history.Outcome
	}
	for name, steps := range map[string][]step{
		"sites apart": {{placed("", "berlin", "r"), 0, history.New}, {placed("", "paris", "r"), 1, history.Another}, {placed("", "BERLIN", "r"), 0, history.Updated}},
		"sources apart": {{placed("x", "s", "r"), 0, history.New}, {placed("y", "s", "r"), 1, history.Another}, {placed("", "s", "r"), 2, history.Another},
			{placed("X", "s", "r"), 0, history.Updated}},
		"what says less is of the one that there is": {{placed("x", "s", "r"), 0, history.New}, {placed("", "", "r"), 0, history.Unchanged}, {placed("", "", "q"), 0, history.Moved},
			{placed("x", "s", "p"), 0, history.Updated}, {placed("", "", ""), 0, history.Unchanged}},
		"a statement of several is of none": {{placed("", "berlin", "r"), 0, history.New}, {placed("", "paris", "r"), 1, history.Another}, {placed("", "", ""), history.None, history.Ambiguous},
			{placed("", "paris", ""), 1, history.Unchanged}, {placed("", "rome", ""), 2, history.Waits}, {placed("", "rome", "r"), 2, history.Another}},
		"a statement names, and sets nothing": {{placed("", "", "r"), 0, history.New}, {placed("x", "s", ""), 0, history.Unchanged}, {placed("y", "t", "r"), 0, history.Updated}},
		"what waits is of the next that fits": {{placed("", "", ""), 0, history.Waits}, {placed("", "berlin", "r"), 0, history.New}, {placed("", "paris", "r"), 1, history.Another}},
		"what waits for another stays":        {{placed("", "berlin", ""), 0, history.Waits}, {placed("", "paris", "r"), 1, history.New}, {placed("", "berlin", "r"), 0, history.Another}},
	} {
		var f history.Family
		for i, s := range steps {
			got := f.Add(&history.Arrival{Batch: i, Alert: s.says})
			if got != s.want || f.Of[i] != s.of {
				t.Errorf("%s, arrival %d: outcome %d of alert %d, want %d of %d", name, i+1, got, f.Of[i], s.want, s.of)
			}
		}
	}
}

// TestNoStatementIsOfTwoAlerts draws arrivals of one ID, and holds what becomes of them
// against what identities mean.
func TestNoStatementIsOfTwoAlerts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var f history.Family
		for i := range rapid.IntRange(1, 8).Draw(rt, "arrivals") {
			a := placed(rapid.SampledFrom([]string{"", "x", "Y"}).Draw(rt, "source"), rapid.SampledFrom([]string{"", "s", "T"}).Draw(rt, "site"),
				rapid.SampledFrom([]string{"", "r"}).Draw(rt, "rule"))
			before := len(f.Counting())
			fits := f.Named(a.Identity())
			o := f.Add(&history.Arrival{Batch: i, Alert: a})
			switch {
			case a.Partial() && len(fits) != 1 && o != history.Waits && o != history.Ambiguous:
				rt.Fatalf("a statement that fits %d alerts came to %d", len(fits), o)
			case a.Partial() && len(f.Counting()) != before:
				rt.Fatal("a statement brought an alert")
			case !a.Partial() && len(fits) == 0 && !o.Brings():
				rt.Fatalf("an alert that fits none came to %d", o)
			case !a.Partial() && f.Of[i] == history.None:
				rt.Fatal("an alert is of none")
			}
			for n := range f.States {
				for m := range n {
					if x, y := &f.States[n], &f.States[m]; x.Counts && y.Counts && x.Alert.Identity().Is(y.Alert.Identity()) {
						rt.Fatalf("two alerts are %s", x.Alert.Identity())
					}
				}
			}
		}
	})
}

func TestNoTwoAlertsHaveOneIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(of string, from ...string) string { return rapid.SampledFrom(from).Draw(t, of) }
		var arrivals []history.Arrival
		for n := range rapid.IntRange(2, 9).Draw(t, "arrivals") {
			a := fired("r")
			if draw("what", "alert", "alert", "label") == "label" {
				a = said(alert.Test, n)
			}
			a.Source, a.Site, a.Origin = draw("source", "", "edr", "EDR"), draw("site", "", "north", "South", "south"), draw("origin", "", "edr", "other")
			arrivals = append(arrivals, history.Arrival{Batch: n, Alert: a})
		}
		have := history.FamilyOf(arrivals).Counting()
		for i, s := range have {
			for _, o := range have[:i] {
				if s.Alert.Identity().Is(o.Alert.Identity()) {
					t.Fatalf("two alerts are %s", s.Alert.Identity())
				}
			}
		}
	})
}

// TestAnArrivalThatWouldTakeAnIdentityIsItsOwn has what made two alerts of one identity.
func TestAnArrivalThatWouldTakeAnIdentityIsItsOwn(t *testing.T) {
	of := func(source, site, origin string) history.Arrival {
		a := fired("r")
		a.Source, a.Site, a.Origin = source, site, origin
		return history.Arrival{Alert: a}
	}
	waiting := said(alert.Test, 1)
	waiting.Source, waiting.Site = "edr", "north"
	for name, tt := range map[string]struct {
		arrivals []history.Arrival
		want     string
	}{
		"whose source is another's": {[]history.Arrival{of("", "north", "edr"), of("", "south", "edr"), of("", "north", "other"), of("edr", "", "other")}, "edr/a, edr/north/a, edr/south/a, other/north/a"},
		"and is nobody's":           {[]history.Arrival{of("", "south", "edr"), of("", "north", "other"), of("edr", "", "other")}, "edr/north/a, edr/south/a"},
		"that waits":                {[]history.Arrival{{Alert: waiting}, of("other", "north", ""), of("edr", "north", "")}, "edr/north/a, other/north/a"},
	} {
		var have []alert.Identity
		for _, s := range history.FamilyOf(tt.arrivals).Counting() {
			have = append(have, s.Alert.Identity())
		}
		if got := alert.Names(have); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
