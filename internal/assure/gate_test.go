package assure

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/measure"
)

func gatedPolicy() Policy {
	p := testPolicy()
	p.Gates = Gates{
		Reporting:  GatePolicy{MaxPersonShare: 1, MaxMinuteShare: 1, MinPrecision: 0.5, MinEpisodes: 5, Rungs: []Rung{Proven, Reliable}, MaxAlertsPerDay: 50, MaxAgeDays: 90},
		Automation: GatePolicy{MaxPersonShare: 1, MaxMinuteShare: 1, MinPrecision: 0.9, MinEpisodes: 5, Rungs: []Rung{Reliable}, MaxAlertsPerDay: 20, RequireRunbook: true, MaxAgeDays: 30},
	}
	return p
}

// gateOf asks the gate of AN0100 in a world.
func gateOf(t interface {
	Helper()
	Fatalf(string, ...any)
}, w *world, purpose Purpose) Decision {
	t.Helper()
	p := gatedPolicy()
	v := verdict(t, Assess(miniature(), w.Evidence, p, asOf), "AN0100")
	return Gate(Asked{Purpose: purpose, Kind: "analytic", ID: "AN0100", Verdicts: []Verdict{v}, Measurement: v.Measurement, Waivers: w.Waivers}, p, day.Of(asOf))
}

// good is a world in which both gates of AN0100 are open.
func good() *world {
	return new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").alerts("r1", 60, 0).
		exercise("AN0100", 5, exercise.Alerted).runbook("me", 5, "T1566")
}

func failing(d Decision) string {
	var names []string
	for _, c := range d.Checks {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

func TestGatesOpenAndSayWhatIsMissing(t *testing.T) {
	tests := []struct {
		name    string
		w       *world
		purpose Purpose
		want    string // the checks that fail; open when none does
	}{
		{"all is well, for reporting", good(), Reporting, ""},
		{"all is well, for automation", good(), Automation, ""},
		{"nobody claims it", new(world).scope("Windows").feed(0, "mail"), Reporting, "rung episodes age"},
		{"an exercise alone, without labels", new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").
			exercise("AN0100", 5, exercise.Alerted).runbook("me", 5, "T1566"), Reporting, "episodes age"},
		{"four labelled episodes", new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").alerts("r1", 4, 0).
			exercise("AN0100", 5, exercise.Alerted).runbook("me", 5, "T1566"), Reporting, "episodes precision"},
		{"no runbook matters to automation", new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").alerts("r1", 60, 0), Automation, "rung runbook"},
		{"no runbook does not matter to reporting", new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").alerts("r1", 60, 0), Reporting, ""},
		{"good enough to report and not to automate", good().alerts("r1", 0, 6), Automation, "precision"},
		{"unlabelled alerts that could sink it", good().unlabelled("r1", 59), Reporting, ""},
		{"more of them", good().unlabelled("r1", 70), Reporting, "unlabelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := gateOf(t, tt.w, tt.purpose)
			if got := failing(d); got != tt.want {
				t.Errorf("failing %q, want %q: %+v", got, tt.want, d.Checks)
			}
			if d.Allowed != (failing(d) == "") || len(d.Missing) != len(strings.Fields(failing(d))) || d.Reason == "" {
				t.Errorf("allowed %v, missing %q, reason %q", d.Allowed, d.Missing, d.Reason)
			}
		})
	}
}

func TestAGateHoldsPrecisionToTheLowerOfTheTwoBounds(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").exercise("AN0100", 1, exercise.Alerted).runbook("me", 5, "T1566")
	for i := range 20 { // one burst of many hits, and many episodes of one miss
		w.tally("r1", string(rune('a'+i)), alert.FalsePositive, 2, 1)
	}
	w.tally("r1", "burst", alert.TruePositive, 2, 400)
	d := gateOf(t, w, Reporting)
	i := slices.IndexFunc(d.Checks, func(c Check) bool { return c.Name == "precision" })
	if i < 0 || d.Checks[i].OK || !strings.Contains(d.Checks[i].Text, "episodes, 1 of 21") {
		t.Errorf("checks %+v, want precision to fail by episodes", d.Checks)
	}
}

func TestAnOldLabelClosesTheGate(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").exercise("AN0100", 5, exercise.Alerted).runbook("me", 5, "T1566")
	for i := range 60 {
		w.tally("r1", string(rune('A'+i)), alert.TruePositive, 31, 1)
	}
	if got := failing(gateOf(t, w, Automation)); got != "age" {
		t.Errorf("failing %q, want age", got)
	}
}

// waive adds a waiver of AN0100 for automation, made and ending some days from
// the day of judgement.
func (w *world) waive(made, until int) *world {
	w.Waivers = append(w.Waivers, evidence.Of[Waiver]{Batch: "b-waiver", Value: Waiver{ID: "AN0100", For: Automation, Reason: "vendor fix due",
		By: "ciso", Second: "audit", Made: asOf.AddDate(0, 0, made), Until: day.Of(asOf).Add(until)}})
	return w
}

func TestAWaiverOpensAGateWhileItIsInForceAndIsShown(t *testing.T) {
	bad := func() *world { return new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100") }
	for _, tt := range []struct {
		name        string
		w           *world
		purpose     Purpose
		open, shown bool
	}{
		{"in force", bad().waive(-1, 10), Automation, true, true},
		{"on its last day", bad().waive(-1, 0), Automation, true, true},
		{"ended yesterday", bad().waive(-9, -1), Automation, false, true},
		{"made tomorrow", bad().waive(1, 10), Automation, false, false},
		{"for something else", bad().waive(-1, 10), Reporting, false, false},
		{"not needed", good().waive(-1, 10), Automation, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := gateOf(t, tt.w, tt.purpose)
			if d.Allowed != tt.open || d.Waived != (tt.open && len(d.Missing) > 0) || (len(d.Waivers) > 0) != tt.shown {
				t.Errorf("allowed %v, waived %v, waivers %+v", d.Allowed, d.Waived, d.Waivers)
			}
			if d.Waived && !strings.Contains(d.Reason, "ciso") {
				t.Errorf("reason %q does not say who waived", d.Reason)
			}
		})
	}
	v := verdict(t, Assess(miniature(), bad().waive(-1, 10).Evidence, gatedPolicy(), asOf), "AN0100")
	if len(v.Waivers) != 1 || v.Rung != Unproven {
		t.Errorf("the verdict is %s with waivers %+v; want the waiver shown and the rung as it was", v.Rung, v.Waivers)
	}
	if v := verdict(t, Assess(miniature(), bad().waive(-9, -1).Evidence, gatedPolicy(), asOf), "AN0100"); len(v.Waivers) != 0 {
		t.Errorf("a waiver that has ended is shown with the verdict: %+v", v.Waivers)
	}
}

func TestNoGateOpensBelowTheFloorOfEpisodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hits, misses := rapid.IntRange(0, 30).Draw(t, "hits"), rapid.IntRange(0, 4).Draw(t, "misses")
		w := good()
		w.Tallies = nil
		w.alerts("r1", hits, misses)
		purpose := rapid.SampledFrom(Purposes()).Draw(t, "purpose")
		p := gatedPolicy()
		p.Gates.Reporting.MinEpisodes, p.Gates.Reporting.MinPrecision = 0, 0
		v := verdict(t, Assess(miniature(), w.Evidence, p, asOf), "AN0100")
		d := Gate(Asked{Purpose: purpose, Kind: "analytic", ID: "AN0100", Verdicts: []Verdict{v}, Measurement: v.Measurement}, p, day.Of(asOf))
		if v.Measurement.Episodes < LeastEpisodes && d.Allowed {
			t.Fatalf("open with %d labelled episodes", v.Measurement.Episodes)
		}
		if d.Allowed && v.Measurement.LowerBound() < p.Gates.For(purpose).MinPrecision {
			t.Fatalf("open with a lower bound of %v", v.Measurement.LowerBound())
		}
	})
}

func TestARuleIsGatedByItsOwnAlertsAndTheBestOfItsAnalytics(t *testing.T) {
	w := good()
	w.Rules[0].Value.Analytics = []string{"AN0100", "AN0300"}
	p := gatedPolicy()
	a := Assess(miniature(), w.Evidence, p, asOf)
	m := measure.Of("r1", new(sumsOf(ByRule(w.Tallies), []string{"r1"}, &p.Measure)), 90, p.Measure)
	q := Asked{Purpose: Automation, Kind: "rule", ID: "r1", Measurement: &m, Verdicts: []Verdict{verdict(t, a, "AN0300"), verdict(t, a, "AN0100")}}
	if d := Gate(q, p, day.Of(asOf)); !d.Allowed {
		t.Errorf("closed although AN0100 is reliable: %s", failing(d))
	}
	q.Verdicts = nil
	if d := Gate(q, p, day.Of(asOf)); d.Allowed || !strings.Contains(d.Reason, "claims no analytic") {
		t.Errorf("open for a rule that claims nothing: %s", d.Reason)
	}
}

func TestWaiversOfOneThingHaveOneKey(t *testing.T) {
	a := Waiver{ID: "r1", For: Reporting, Made: time.Now()}
	b := Waiver{ID: "r1", For: Reporting, By: "other"}
	c := Waiver{ID: "r1", For: Automation}
	if a.Key() != b.Key() || a.Key() == c.Key() {
		t.Errorf("keys %q, %q, %q", a.Key(), b.Key(), c.Key())
	}
}

// A rule that claims two analytics, of which one stands where policy wants it and the
// other has the runbook, has neither: the two must meet in one analytic.
func TestAGateJudgesOneVerdict(t *testing.T) {
	p := gatedPolicy()
	p.Gates.Automation.Rungs = []Rung{Proven, Reliable}
	on := func(id string, r Rung, runbook string) Verdict {
		return Verdict{Analytic: Name{ATTACKID: id}, Rung: r, Runbook: Duty{State: runbook, ID: "rb-" + id}}
	}
	for _, tt := range []struct {
		name     string
		verdicts []Verdict
		failing  string
		about    string
	}{
		{"the rung of one and the runbook of another", []Verdict{on("AN0100", Proven, dutyNone), on("AN0200", Unproven, dutyCurrent)}, "runbook", "AN0100"},
		{"both in one", []Verdict{on("AN0100", Proven, dutyNone), on("AN0200", Reliable, dutyCurrent), on("AN0300", Unproven, dutyCurrent)}, "", "AN0200"},
		{"neither on a rung", []Verdict{on("AN0100", Unproven, dutyNone), on("AN0200", Noisy, dutyCurrent)}, "rung", "AN0200"},
		{"equals go by id", []Verdict{on("AN0200", Unproven, dutyNone), on("AN0100", Noisy, dutyNone)}, "rung runbook", "AN0100"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 {
				var fails []string
				d := Gate(Asked{Purpose: Automation, Kind: "rule", ID: "r1", Verdicts: tt.verdicts}, p, day.Of(asOf))
				for _, c := range d.Checks {
					if c.Name != "rung" && c.Name != "runbook" {
						continue
					}
					if !c.OK {
						fails = append(fails, c.Name)
					}
					if i := slices.IndexFunc(c.Refs, func(r evidence.Ref) bool { return r.ID == tt.about }); i < 0 && !strings.Contains(c.Text, tt.about) {
						t.Errorf("%s is judged by another analytic than %s: %+v", c.Name, tt.about, c)
					}
				}
				if got := strings.Join(fails, " "); got != tt.failing {
					t.Errorf("failing %q, want %q: %+v", got, tt.failing, d.Checks)
				}
				slices.Reverse(tt.verdicts)
			}
		})
	}
}

func TestARunbookReviewedInTheFutureDoesNotCount(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").alerts("r1", 60, 0).
		exercise("AN0100", 5, exercise.Alerted).runbook("me", -1, "T1566")
	a := Assess(miniature(), w.Evidence, gatedPolicy(), asOf)
	v := verdict(t, a, "AN0100")
	if v.Rung != Proven || v.Runbook.State != dutyNone {
		t.Errorf("%s with runbook %+v, want proven with none", v.Rung, v.Runbook)
	}
	if !slices.ContainsFunc(a.Limits, func(l string) bool { return strings.HasPrefix(l, "1 runbook is left out") }) {
		t.Errorf("limits %q do not say that a runbook was left out", a.Limits)
	}
	// The one that was reviewed in time counts beside it.
	w.runbook("me", 5, "T1566")
	if v := verdict(t, Assess(miniature(), w.Evidence, gatedPolicy(), asOf), "AN0100"); v.Rung != Reliable {
		t.Errorf("%s beside a runbook in date, want reliable", v.Rung)
	}
}
