package assure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/runbook"
	"candor/internal/telemetry"
)

// drawTurns dates the rules' texts, some of them within the window.
func drawTurns(t *rapid.T, w *world) {
	for i := range w.Rules {
		if rapid.Bool().Draw(t, "dated") {
			w.Rules[i].Value.Modified = string(day.Of(asOf).Add(-rapid.SampledFrom([]int{0, 1, 3, 5, 8, 12, 60, 120, 250}).Draw(t, "changed")))
		}
	}
}

// removed returns a list without one of its elements, which must meet a condition; false
// where none does.
func removed[T any](t *rapid.T, list []T, meets func(*T) bool) ([]T, bool) {
	var at []int
	for i := range list {
		if meets(&list[i]) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return list, false
	}
	i := rapid.SampledFrom(at).Draw(t, "removed")
	return slices.Delete(slices.Clone(list), i, i+1), true
}

// TestWhatSupportsAVerdictIsNeverInItsWay removes one thing that speaks for an analytic: an
// alert known to be true, an exercise that passed, a current runbook, a feed that arrives,
// an external source's signal.
func TestWhatSupportsAVerdictIsNeverInItsWay(t *testing.T) {
	for name, remove := range map[string]func(*rapid.T, *world) bool{
		"a true alert": func(t *rapid.T, w *world) (ok bool) {
			w.Tallies, ok = removed(t, w.Tallies, func(a *alert.Tally) bool { return a.Class == alert.TruePositive && a.N == 1 })
			return ok
		},
		"a passing exercise": func(t *rapid.T, w *world) (ok bool) {
			w.Exercises, ok = removed(t, w.Exercises, func(e *evidence.Of[exercise.Exercise]) bool { return e.Value.Outcome == exercise.Alerted })
			return ok
		},
		"a current runbook": func(t *rapid.T, w *world) (ok bool) {
			w.Runbooks, ok = removed(t, w.Runbooks, func(r *evidence.Of[runbook.Runbook]) bool {
				return r.Value.Owner != "" && r.Value.Reviewed.Until(day.Of(asOf)) <= 365
			})
			return ok
		},
		"a measured feed": func(t *rapid.T, w *world) (ok bool) {
			w.Telemetry.Observations, ok = removed(t, w.Telemetry.Observations, func(*evidence.Of[telemetry.Observation]) bool { return true })
			return ok
		},
		"a signal": func(t *rapid.T, w *world) (ok bool) {
			w.Telemetry.Hearings, ok = removed(t, w.Telemetry.Hearings, func(*evidence.Of[telemetry.Hearing]) bool { return true })
			return ok
		},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := drawAll(t)
				drawTurns(t, w)
				before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
				if remove(t, w) {
					noneBetter(t, before, Assess(miniature(), w.Evidence, testPolicy(), asOf))
				}
			})
		})
	}
}

// TestTimeDoesNotMakeAChangedRuleProven is as TestEvidenceThatExpiresNeverImprovesARung, of
// rules that were changed.
func TestTimeDoesNotMakeAChangedRuleProven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		drawTurns(t, w)
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		noneBetter(t, before, Assess(miniature(), w.Evidence, testPolicy(), asOf.AddDate(0, 0, rapid.IntRange(1, 79).Draw(t, "days"))))
	})
}

// turnedWorld is a world in which r was changed so many days ago, with so many true and false
// episodes of before and of since.
func turnedWorld(ago int, before, since [2]int) *world {
	w := new(world).feed(1, "mail").rule("r", "AN0100").runbook("me", 10, "AN0100")
	w.Rules[0].Value.Modified = string(day.Of(asOf).Add(-ago))
	tell := func(n [2]int, from, step int) {
		for i := range n[0] + n[1] {
			class := alert.TruePositive
			if i >= n[0] {
				class = alert.FalsePositive
			}
			w.tally("r", fmt.Sprint(from, "-", i), class, from+step*(i%8), 1)
		}
	}
	tell(before, ago, 1)
	tell(since, ago-1, -1)
	return w
}

func TestBeforeAndAfterAChangeAreApart(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, since [2]int
		rung          Rung
		alerts        int64
		says          string
	}{
		{"mended", [2]int{0, 40}, [2]int{20, 0}, Reliable, 20, "What it raised since decides: 20 alerts, 20 of 20 labelled true. What it raised before counts no more: 40 alerts, 0 of 40 labelled true."},
		{"broken", [2]int{40, 0}, [2]int{0, 20}, Noisy, 20, "What it raised since decides: 20 alerts, 0 of 20 labelled true."},
		{"false before, too little since", [2]int{0, 40}, [2]int{4, 0}, Noisy, 44, "is not enough to conclude from (labels in 4 episodes on 4 occasions; 1 more episode to go), so that what it raised before counts as well: since, 4 alerts, 4 of 4 labelled true; before, 40 alerts, 0 of 40 labelled true."},
		{"true before, too little since", [2]int{40, 0}, [2]int{4, 0}, Proven, 44, "counts as well"},
		{"true before, nothing since", [2]int{40, 0}, [2]int{0, 0}, Proven, 40, "since, no alert; before, 40 alerts"},
	} {
		w := turnedWorld(20, c.before, c.since)
		v := verdict(t, assess(t, w), "AN0100")
		var texts []string
		for _, r := range v.Bounds {
			texts = append(texts, r.Text)
		}
		if v.Rung != c.rung || v.Measurement.Alerts != c.alerts || len(v.Revisions) != 1 || !said(append(texts, v.Limits...), c.says) {
			t.Errorf("%s: %s, %d alerts, %q, %q", c.name, v.Rung, v.Measurement.Alerts, texts, v.Limits)
		}
		if (c.rung == Proven) != slices.ContainsFunc(v.Bounds, func(r evidence.Reason) bool { return r.Code == "bounded_rule_changed" }) {
			t.Errorf("%s: %q", c.name, texts)
		}
	}
}

func TestAnExerciseSinceTheChangeShowsTheRuleAsItIs(t *testing.T) {
	w := turnedWorld(20, [2]int{40, 0}, [2]int{0, 0}).exercise("AN0100", 25, exercise.Alerted)
	v := verdict(t, assess(t, w), "AN0100")
	if v.Rung != Proven || !slices.Equal(actions(v), []string{"exercise T1566"}) || !strings.Contains(v.Sentence, "not as they are") {
		t.Errorf("%s %v %q", v.Rung, actions(v), v.Sentence)
	}
	w.exercise("AN0100", 3, exercise.Alerted)
	if v = verdict(t, assess(t, w), "AN0100"); v.Rung != Reliable {
		t.Errorf("%s %q", v.Rung, v.Bounds)
	}
}

func TestAnotherRuleShowsThatItWorks(t *testing.T) {
	w := turnedWorld(20, [2]int{40, 0}, [2]int{0, 0}).rule("s", "AN0100").alerts("s", 30, 0)
	if v := verdict(t, assess(t, w), "AN0100"); v.Rung != Reliable {
		t.Errorf("%s %q", v.Rung, v.Bounds)
	}
}

// TestAChangeBeforeTheWindowIsNotForgotten has an exercise in date that the rule of before
// its change met: that the change leaves the window shows nothing.
func TestAChangeBeforeTheWindowIsNotForgotten(t *testing.T) {
	w := turnedWorld(120, [2]int{}, [2]int{}).exercise("AN0100", 150, exercise.Alerted)
	v := verdict(t, assess(t, w), "AN0100")
	if v.Rung != Proven || len(v.Revisions) != 0 || !strings.Contains(v.Sentence, "Rule Rule r was changed on 2026-03-02, and what it raised in the window is not enough to conclude from.") {
		t.Errorf("%s %q", v.Rung, v.Sentence)
	}
	w.alerts("r", 30, 0)
	if v = verdict(t, assess(t, w), "AN0100"); v.Rung != Reliable {
		t.Errorf("%s %q", v.Rung, v.Bounds)
	}
}
