package assure

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/runbook"
	"candor/internal/telemetry"
)

func TestAWaiverNeedsASecondNameAndEnds(t *testing.T) {
	g := Gates{MaxWaiverDays: 180}
	made := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		w     Waiver
		holds bool
	}{
		{"two names, within the bound", Waiver{By: "a", Second: "b", Made: made, Until: "2026-06-29"}, true},
		{"a day too long", Waiver{By: "a", Second: "b", Made: made, Until: "2026-06-30"}, false},
		{"to 2261", Waiver{By: "a", Second: "b", Made: made, Until: "2261-12-31"}, false},
		{"one name", Waiver{By: "a", Made: made, Until: "2026-03-01"}, false},
		{"the same name", Waiver{By: "Ann", Second: " ann ", Made: made, Until: "2026-03-01"}, false},
	} {
		w := tt.w.Under(g)
		if got := w.InForce("2026-02-01"); got != tt.holds || (w.Void == "") != tt.holds {
			t.Errorf("%s: in force %t, void %q", tt.name, got, w.Void)
		}
	}
	if w := (Waiver{By: "a", Second: "b", Made: made, Until: "2261-12-31"}).Under(Gates{}); w.Void != "" {
		t.Errorf("without a bound it is void: %s", w.Void)
	}
}

func TestWaiversStandInTheWhole(t *testing.T) {
	a := assess(t, working().waive(-3, 5))
	if len(a.Waivers) != 1 || a.Totals.Waived != 1 {
		t.Errorf("waivers %+v, waived %d", a.Waivers, a.Totals.Waived)
	}
}

func TestWhatWasRecordedLaterIsSaid(t *testing.T) {
	w := working()
	at := func(ago int) time.Time { return asOf.AddDate(0, 0, -ago) }
	w.Batches = []BatchRef{{ID: "a", Added: at(5)}, {ID: "b", Added: at(-1)}, {ID: "c", Added: at(-40)}, {ID: "gone", Added: at(-3), Withdrawn: at(-4)}}
	a := assess(t, w)
	const want = "2 of 3 batches were recorded after 2026-06-30, the day judged: what they say was not known then."
	if !slices.Contains(a.Limits, want) || !slices.Equal(a.Beside, []string{want}) {
		t.Errorf("limits %q, beside %q", a.Limits, a.Beside)
	}
	w.Batches = w.Batches[:1]
	if a = assess(t, w); len(a.Beside) > 0 {
		t.Errorf("nothing was recorded later, and it says %q", a.Beside)
	}
}

func TestWhatMappingsLeftOutIsSaid(t *testing.T) {
	w := working()
	w.Batches = []BatchRef{{ID: "alerts-1", Kind: "alerts", LeftOut: 1200}, {ID: "rules-1", Kind: "rules", LeftOut: 7}, {ID: "cases-1", Kind: "cases", LeftOut: 1},
		{ID: "alerts-2", Kind: "alerts", LeftOut: 5, Withdrawn: asOf.AddDate(0, 0, -100)}, {ID: "alerts-3", Kind: "alerts"}}
	const want = "Left out by the conditions of mapping files, and in no figure: 1,201 records of what was added as evidence (1,200 of alerts-1, 1 of cases-1)."
	if a := assess(t, w); !slices.Contains(a.Limits, want) || !slices.Contains(verdict(t, a, "AN0100").Limits, want) || !slices.Equal(a.Beside, []string{want}) {
		t.Errorf("%q\n%q", a.Limits, a.Beside)
	}
}

func TestASourceThatStoppedAnsweringIsSaid(t *testing.T) {
	w := working()
	heard := func(name string, ago, events int) evidence.Of[telemetry.Observation] {
		return evidence.Of[telemetry.Observation]{Value: telemetry.Observation{Day: day.Of(asOf).Add(-ago), Source: telemetry.PulledFrom(name), Events: int64(events)}, Batch: "feeds-9"}
	}
	w.Telemetry.Observations = append(w.Telemetry.Observations, heard("corp", 40, 12), heard("corp", 39, 0), heard("live", 1, 3), heard("new", 0, 0))
	want := fmt.Sprintf("The source corp, which is asked for evidence, answered last on %s, 40 days before the day judged: what its rules raised since, and what was closed there, is not known.", day.Of(asOf).Add(-40))
	a := assess(t, w)
	if !slices.Contains(verdict(t, a, "AN0100").Limits, want) || !slices.Equal(a.Beside, []string{want}) {
		t.Errorf("%q\n%q", verdict(t, a, "AN0100").Limits, a.Beside)
	}
}

func TestWhatWasWithdrawnInTheWindowIsSaid(t *testing.T) {
	w := working()
	w.Batches = []BatchRef{
		{ID: "exercises-1", Kind: "exercises", Records: 1, Withdrawn: asOf.AddDate(0, 0, -2), By: "ann", Reason: "not meant"},
		{ID: "alerts-1", Kind: "alerts", Records: 24, Withdrawn: asOf.AddDate(0, 0, -100), Reason: "long ago"},
	}
	const want = "Withdrawn within the window, and counted before: exercises-1 with 1 exercise, on 2026-06-28 by ann (not meant)."
	if a := assess(t, w); !slices.Contains(a.Limits, want) || !slices.Contains(verdict(t, a, "AN0100").Limits, want) {
		t.Errorf("%q\n%q", a.Limits, verdict(t, a, "AN0100").Limits)
	}
}

func TestFrontMatterAloneIsNoRunbook(t *testing.T) {
	for body, is := range map[string]bool{
		"": false, "\n# Title\n\n## Steps\n": false, "<!-- to be\nwritten one day by somebody else -->\n": false, "x": false,
		"Isolate the host, then ask its user.": true, "# Steps\n1. Isolate the host.\n2. Ask the user.\n": true,
	} {
		if r := (runbook.Runbook{Body: body}); r.Procedure() != is {
			t.Errorf("%q: a procedure %t, want %t", body, !is, is)
		}
	}
	w := working()
	w.Runbooks[0].Value.Body = "# Only a heading"
	v := verdict(t, assess(t, w), "AN0100")
	if v.Rung != Proven || v.Runbook.State != dutyEmpty || !strings.Contains(v.Sentence, "front matter and no procedure") || v.Next[0].Action != actWriteRunbook {
		t.Errorf("%s, %+v, %v: %s", v.Rung, v.Runbook, v.Next, v.Sentence)
	}
}

func TestARunbookSaysWhetherItWasUsed(t *testing.T) {
	w := working()
	if v := verdict(t, assess(t, w), "AN0100"); !strings.Contains(v.Sentence, "never used in a recorded case") {
		t.Error(v.Sentence)
	}
	used := func(id string, ago int) alert.Case {
		return alert.Case{ID: id, Opened: asOf.AddDate(0, 0, -ago), Runbooks: []string{"rb0"}}
	}
	w.review(used("c1", 30)).review(used("c2", 20)).review(used("c3", -4))
	v := verdict(t, assess(t, w), "AN0100")
	if v.Runbook.Used != 2 || v.Runbook.LastUsed != string(day.Of(asOf).Add(-20)) || !strings.Contains(v.Sentence, "used in 2 cases, last on 2026-06-10") {
		t.Errorf("%+v: %s", v.Runbook, v.Sentence)
	}
}

func TestOfWhatIsReliableTheReportableIsCounted(t *testing.T) {
	w := working()
	if a := assess(t, w); a.Totals.Assured != 1 || a.Totals.Reportable != 0 || verdict(t, a, "AN0100").Reportable {
		t.Errorf("an exercise alone: %+v", a.Totals)
	}
	p := testPolicy()
	p.Gates.Reporting = GatePolicy{MaxPersonShare: 1, MaxMinuteShare: 1, MinPrecision: 0.5, Rungs: []Rung{Reliable}}
	w = w.alerts("r1", 60, 0)
	w.Waivers = []evidence.Of[Waiver]{{Value: Waiver{ID: "AN0200", For: Reporting, By: "a", Second: "b", Made: asOf, Until: "2026-07-30"}}}
	if a := Assess(miniature(), w.Evidence, p, asOf); a.Totals.Assured != 1 || a.Totals.Reportable != 1 {
		t.Errorf("measured, too: %+v", a.Totals)
	}
}
