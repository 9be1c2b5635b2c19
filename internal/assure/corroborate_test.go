package assure

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// tested adds an exercise of AN0100 so many days ago, with what is stated of it.
func (w *world) tested(ago int, change func(e *exercise.Exercise)) (*world, exercise.Exercise) {
	e := exercise.Exercise{Analytic: "AN0100", Test: "mail with a macro", Time: asOf.AddDate(0, 0, -ago), Outcome: exercise.Alerted}
	change(&e)
	w.Exercises = append(w.Exercises, evidence.Of[exercise.Exercise]{Value: e, Batch: "b-exercise"})
	return w, e
}

// heard records that a rule raised alerts in the time of an exercise, and how many there
// are on its host in all.
func (w *world) heard(e exercise.Exercise, rule string, n, wide int64) *world {
	if w.Around.Seen == nil {
		w.Around.Seen = map[string][]Sighting{}
	}
	of := ofExercise(e.ID())
	w.Around.Seen[of] = append(w.Around.Seen[of], Sighting{Near: alert.Near{RuleID: rule, N: n, First: e.Time.Add(12 * time.Minute), ID: "a1", Entity: "host-1"}, Wide: wide})
	return w
}

// present records that a rule raises n alerts a day on each of the days before the day of
// judgement, from so many days ago to so many.
func (w *world) present(rule string, n int64, from, to int) *world {
	for ago := from; ago >= to; ago-- {
		at := asOf.AddDate(0, 0, -ago)
		w.Around.Presence = append(w.Around.Presence, alert.Presence{RuleID: rule, Day: string(day.Of(at)), N: n, First: at, Last: at})
	}
	return w
}

// ready is an organisation in which AN0100 lacks nothing but proof that it works.
func ready() *world {
	w := new(world).feed(1, "mail").rule("r1", "AN0100").rule("other", "AN0300").runbook("me", 10, "AN0100")
	w.AlertRules = []AlertRule{{ID: "r1", Source: "edr"}, {ID: "peer", Source: "edr"}}
	return w
}

func TestExercisesAreHeldAgainstAlerts(t *testing.T) {
	of := func(change func(e *exercise.Exercise), more func(w *world, e exercise.Exercise)) *world {
		w, e := ready().tested(40, change)
		more(w, e)
		return w
	}
	plain := func(*exercise.Exercise) {}
	by := func(rule string) func(*exercise.Exercise) { return func(e *exercise.Exercise) { e.RuleID = rule } }
	ran := func(e *exercise.Exercise) { e.Outcome = exercise.Ran }
	hosted := func(e *exercise.Exercise) { e.Host = "Host-1" }
	nothing := func(*world, exercise.Exercise) {}
	quiet := func(w *world, e exercise.Exercise) { w.heard(e, "r1", 1, 0).present("r1", 0, 120, 0) }
	busy := func(w *world, e exercise.Exercise) { w.heard(e, "r1", 1, 1).present("r1", 1, 120, 0) }
	heard := func(w *world, _ exercise.Exercise) { w.present("r1", 1, 60, 50).present("peer", 1, 120, 0) }
	falsely := func(w *world, e exercise.Exercise) {
		quiet(w, e)
		at := &w.Around.Seen[ofExercise(e.ID())][0].Near
		at.N, at.Refuted = 0, at.N
	}
	tests := []struct {
		name   string
		world  *world
		rung   Rung
		state  string
		basis  Basis
		in     string
		borne  bool
		action string
	}{
		{"borne out", of(plain, quiet), Reliable, "passed", Corroborated, "Rule Rule r1 raised 1 alert on host-1", true, "keep AN0100"},
		{"its alert is labelled false", of(plain, falsely), Unproven, "failed", Contradicting, "1 alert that claiming rules raised anywhere from 2026-05-21 11:55 to 2026-05-22 12:00 is labelled false, and what was raised then is known", false, "fix AN0100"},
		{"its alert is labelled false, and nobody looked", of(ran, falsely), Unproven, "failed", Silent, "is labelled false", false, "fix AN0100"},
		{"no alert is known at all", of(plain, nothing), Proven, "passed", ByStatement, "rests on a statement alone", false, "exercise T1566"},
		{"the rule fires every day", of(plain, busy), Proven, "passed", ByStatement, "chance of 63", false, "exercise T1566"},
		{"the rule fires every day, and hardly on that host", of(hosted, busy), Reliable, "passed", Corroborated, "0 alerts there", true, "keep AN0100"},
		{"alerts of its source lie on both sides, and it raised none", of(plain, heard), Unproven, "failed", Contradicting, "No claiming rule raised an alert", false, "fix AN0100"},
		{"alerts of its source lie on one side alone", of(plain, func(w *world, _ exercise.Exercise) { w.present("r1", 1, 60, 41) }), Proven, "passed", ByStatement, "", false, "exercise T1566"},
		{"they lie further away", of(plain, func(w *world, _ exercise.Exercise) { w.present("r1", 1, 60, 48).present("r1", 1, 30, 0) }), Proven, "passed", ByStatement, "", false, "exercise T1566"},
		{"a recorded run spans it", of(plain, func(w *world, e exercise.Exercise) {
			w.Runs = append(w.Runs, evidence.Of[detection.Run]{Value: detection.Run{RuleID: "r1", Start: e.Time.Add(-time.Hour), End: asOf.AddDate(0, 0, -1), Status: detection.RunOK, Executions: 9}})
		}), Unproven, "failed", Contradicting, "a recorded run", false, "fix AN0100"},
		{"another rule is said to have alerted", of(by("other"), heard), Unproven, "inconclusive", OtherRule, "Rule Rule other is said to have alerted", false, "exercise T1566"},
		{"a rule that nobody knows", of(by("ghost"), nothing), Unproven, "inconclusive", UnknownRule, "no rule and no alert here is of that name", false, "exercise T1566"},
		{"another rule is said to have, and ours did", of(by("other"), quiet), Reliable, "passed", Corroborated, "Rule r1", true, "keep AN0100"},
		{"it ran, and the rule raised an alert", of(ran, quiet), Reliable, "passed", Corroborated, "Rule r1", true, "keep AN0100"},
		{"it ran, and nothing was raised", of(ran, heard), Unproven, "failed", Silent, "No claiming rule raised", false, "fix AN0100"},
		{"it ran, and nothing is known", of(ran, nothing), Unproven, "inconclusive", Unheard, "is not known", false, "exercise T1566"},
		{"it ran, and the rule fires every day", of(ran, busy), Unproven, "inconclusive", Coincidence, "whether the exercise raised them is not known", false, "exercise T1566"},
	}
	for _, tt := range tests {
		v := verdict(t, assess(t, tt.world), "AN0100")
		if v.Rung != tt.rung || v.Exercises.State != tt.state || len(v.Exercises.Trials) != 1 || v.Exercises.Trials[0].Basis != tt.basis || v.Exercises.Corroborated != tt.borne {
			t.Errorf("%s: %s, %+v; want %s, %s, %s", tt.name, v.Rung, v.Exercises, tt.rung, tt.state, tt.basis)
			continue
		}
		if why := v.Exercises.Trials[0].Why; !strings.Contains(why, tt.in) || !strings.HasSuffix(why, ".") {
			t.Errorf("%s: %q; want %q in it", tt.name, why, tt.in)
		}
		if got := actions(v); len(got) == 0 || got[0] != tt.action {
			t.Errorf("%s: next %v, want %s", tt.name, got, tt.action)
		}
		if bound := strings.Contains(v.Sentence, "By statement only"); bound != (tt.basis == ByStatement) {
			t.Errorf("%s: sentence %q", tt.name, v.Sentence)
		}
	}
}

// TestOneAlertBearsOutOneExercise: what two exercises at one place may have raised is that
// of the later one, and of two at one time as many are borne out as there are alerts.
func TestOneAlertBearsOutOneExercise(t *testing.T) {
	other := func(after time.Duration, host string) *world {
		w := ready().rule("r1", "AN0100", "AN0200")
		w, e := w.tested(40, func(e *exercise.Exercise) { e.Host = "host-1" })
		w.heard(e, "r1", 1, 1).present("r1", 0, 120, 0)
		w.tested(40, func(e *exercise.Exercise) {
			e.Host, e.Test, e.Analytic, e.Time = host, "other", "AN0200", e.Time.Add(after)
		})
		return w
	}
	lib, p := miniature(), testPolicy()
	for name, c := range map[string]struct {
		world  *world
		basis  Basis
		beside int
		cut    bool // the time of the first ends where the second begins
	}{
		"two hours later":                      {other(2*time.Hour, "HOST-1"), Corroborated, 0, true},
		"two hours later, on another host":     {other(2*time.Hour, "host-2"), Corroborated, 0, false},
		"two hours later, nobody says where":   {other(2*time.Hour, ""), Corroborated, 0, true},
		"two hours before":                     {other(-2*time.Hour, "host-1"), Corroborated, 0, false},
		"two days later":                       {other(48*time.Hour, "host-1"), Corroborated, 0, false},
		"three minutes later":                  {other(3*time.Minute, "host-1"), ByStatement, 1, false},
		"three minutes later, on another host": {other(3*time.Minute, "host-2"), Corroborated, 0, false},
	} {
		trial := verdict(t, assess(t, c.world), "AN0100").Exercises.Trials[0]
		if trial.Basis != c.basis || trial.Beside != c.beside || (trial.Next != "") != c.cut {
			t.Errorf("%s: %+v", name, trial)
		}
		if c.beside > 0 && !strings.Contains(trial.Why, "1 exercise of other behaviour that they claim took place there within 5 minutes, and each alert bears out one at most") {
			t.Errorf("%s: %s", name, trial.Why)
		}
		qs, _, _ := GroundOf(lib, c.world.Evidence, p, asOf).Questions(&c.world.Evidence)
		for _, q := range qs {
			if q.Of == ofExercise(trial.ID) && !q.Wide && (!q.From.Equal(trial.From) || !q.To.Equal(trial.To)) {
				t.Errorf("%s: asked %s to %s, judged %s to %s", name, q.From, q.To, trial.From, trial.To)
			}
		}
	}
}

// TestWhatOneAlertBearsOutSaysSo names the alert where nothing else is known of its rules.
func TestWhatOneAlertBearsOutSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		n, days int64
		want    bool
	}{"one": {1, 0, true}, "two": {2, 0, false}, "one, and others on other days": {1, 1, false}} {
		w, e := ready().tested(40, func(e *exercise.Exercise) { e.Outcome = exercise.Ran })
		w.heard(e, "r1", c.n, 0).present("r1", 0, 150, 0)
		w.Around.Presence[130].N = c.days
		v := verdict(t, assess(t, w), "AN0100")
		said := slices.ContainsFunc(v.Limits, func(l string) bool {
			return strings.Contains(l, "is borne out by one alert, a1 of rule Rule r1, the only one")
		})
		if v.Rung != Reliable || said != c.want {
			t.Errorf("%s: %s, limits %q", name, v.Rung, v.Limits)
		}
	}
}

func TestAStatementThatTheAlertsOfOtherDaysProveIsNotBounded(t *testing.T) {
	w, _ := ready().tested(40, func(*exercise.Exercise) {})
	if v := verdict(t, assess(t, w.alerts("r1", 40, 0)), "AN0100"); v.Rung != Reliable || v.Exercises.Corroborated {
		t.Errorf("%s: %s", v.Rung, v.Sentence)
	}
}

func TestAnOlderExerciseThatIsBorneOutStands(t *testing.T) {
	w, e := ready().tested(60, func(*exercise.Exercise) {})
	w.heard(e, "r1", 1, 0).present("r1", 0, 120, 0)
	w.Around.Presence = w.Around.Presence[:40] // nothing is known of later days
	w, _ = w.tested(20, func(*exercise.Exercise) {})
	if v := verdict(t, assess(t, w), "AN0100"); v.Rung != Reliable || !v.Exercises.Corroborated {
		t.Errorf("%s: %s", v.Rung, v.Sentence)
	}
	w.exercise("AN0100", 30, exercise.None)
	if v := verdict(t, assess(t, w), "AN0100"); v.Rung != Proven || v.Exercises.Corroborated {
		t.Errorf("with a failure between: %s: %s", v.Rung, v.Sentence)
	}
}

// TestTheChanceOfCoincidence is that of the study: a rule of .73 alerts a day meets any 24
// hours in 52 %.
func TestTheChanceOfCoincidence(t *testing.T) {
	for _, tt := range []struct {
		alerts int64
		days   float64
		hours  float64
		want   float64
	}{{73, 100, 24, 0.518}, {0, 90, 24, 0.011}, {1, 90, 24, 0.011}, {0, 2, 24, 0.393}, {73, 100, 1, 0.030}, {5, 0, 24, 1}} {
		if got := (background{tt.alerts, tt.days}).chance(tt.hours); math.Abs(got-tt.want) > 0.0006 {
			t.Errorf("%d alerts in %g days, %g hours: %.4f, want %.3f", tt.alerts, tt.days, tt.hours, got, tt.want)
		}
	}
}

func TestNothingIsCorroboratedWithoutAnAlert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		for _, of := range sortedKeys(w.Around.Seen) {
			if rapid.Bool().Draw(t, "lost "+of) {
				delete(w.Around.Seen, of)
			}
		}
		after := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		noneBetter(t, before, after)
		for _, v := range after.Verdicts {
			for _, trial := range v.Exercises.Trials {
				if trial.Basis == Corroborated && len(w.Around.Seen[ofExercise(trial.ID)]) == 0 {
					t.Fatalf("%s: %+v", v.Analytic.ATTACKID, trial)
				}
			}
		}
	})
}

// TestAnAlertThatIsAboutTheHostBesidesSaysSo: what an exercise's host was met in is named as
// the exercise names it, and so is what the alert is about first of all.
func TestAnAlertThatIsAboutTheHostBesidesSaysSo(t *testing.T) {
	for host, said := range map[string]string{"HOST-1": " on host-1, the first at ", "web-07": " on web-07, primarily about host-1, the first at "} {
		w, e := ready().tested(40, func(e *exercise.Exercise) { e.Host = host })
		w.heard(e, "r1", 1, 1)
		if why := verdict(t, assess(t, w), "AN0100").Exercises.Trials[0].Why; !strings.Contains(why, said) {
			t.Errorf("on %s: %s", host, why)
		}
	}
}
