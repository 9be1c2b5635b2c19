package assure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/detection"
	"candor/internal/exercise"
)

// standing orders rungs by how much is known to work, for the properties below.
// It is no order of the product: unproven, noisy and contradicted are three
// ways of not knowing that it works, and stand together.
func standing(r Rung) int {
	switch r {
	case Outside, Blind:
		return 0
	case Observable, RuleOnly:
		return 1
	case Unproven, Noisy, Contradicted:
		return 2
	case Proven:
		return 3
	case Reliable:
		return 4
	}
	return -1
}

var (
	logs      = []string{"mail", "process", "script", "audit", "usb"}
	outcomes  = []exercise.Outcome{exercise.Blocked, exercise.Alerted, exercise.Logged, exercise.None}
	exercised = []string{"T1566", "T1059", "T1086", "T1200", "T1589.003", "AN0100", "AN0200", "AN0201", "AN0300", "AN1989"}
)

// drawWorld makes evidence about the analytics and log sources given. Nothing is
// dated after asOf and nothing starts later.
func drawWorld(t *rapid.T, analytics, sources []string, rules string) *world {
	w := new(world)
	some := func(label string, from []string) []string {
		return rapid.SliceOfDistinct(rapid.SampledFrom(from), rapid.ID).Draw(t, label)
	}
	ago := func(label string, most int) int { return rapid.IntRange(0, most).Draw(t, label) }
	w.feed(ago("fresh", 5), some("fresh feeds", sources)...)
	w.feed(ago("old", 60), some("old feeds", sources)...)
	w.declare(some("declared", sources)...)
	for i := range rapid.IntRange(0, 3).Draw(t, "rules") {
		id := fmt.Sprintf("%s%d", rules, i)
		w.rule(id, some("claims", analytics)...)
		w.Rules[i].Value.Enabled = rapid.Bool().Draw(t, "enabled")
		if rapid.Bool().Draw(t, "fires") {
			w.alerts(id, ago("hits", 30), ago("misses", 30))
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "exercises") {
		w.exercise(rapid.SampledFrom(analytics).Draw(t, "exercised"), ago("exercise", 300), rapid.SampledFrom(outcomes).Draw(t, "outcome"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "runbooks") {
		w.runbook(rapid.SampledFrom([]string{"", "me"}).Draw(t, "owner"), ago("runbook", 500), rapid.SampledFrom(analytics).Draw(t, "applies"))
	}
	for range rapid.IntRange(0, 1).Draw(t, "externals") {
		w.external(rapid.SampledFrom(analytics).Draw(t, "covers"), rapid.SampledFrom([]string{"A", "C", "E"}).Draw(t, "reliability"), 1+ago("credibility", 5))
	}
	drawIncidents(t, w, analytics, rules)
	return w
}

func drawAll(t *rapid.T) *world {
	w := drawWorld(t, []string{"AN0100", "AN0200", "AN0201", "AN0300", "AN1989"}, logs, "r")
	if rapid.Bool().Draw(t, "technique rule") {
		w.add(detection.Rule{ID: "tech", Name: "tech", Enabled: true, Techniques: []string{"T1059", "T1566"}, Platforms: []string{"Windows"}})
	}
	if rapid.Bool().Draw(t, "scoped") {
		w.scope(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Windows", "Linux", "PRE"}), 1, -1, rapid.ID).Draw(t, "scope")...)
	}
	return w
}

func TestAFailedExerciseNeverImprovesARung(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		w.exercise(rapid.SampledFrom(exercised).Draw(t, "failing"), rapid.IntRange(0, 400).Draw(t, "ago"), exercise.None)
		after := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		noneBetter(t, before, after)
	})
}

func TestAnAlertTiedFromElsewhereNeverImprovesARung(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		if len(w.Cases) == 0 {
			return
		}
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		w.away(rapid.SampledFrom(w.Cases).Draw(t, "case").Value.ID, rapid.SampledFrom([]string{"r0", "r1", "r2"}).Draw(t, "rule"), rapid.SampledFrom([]alert.Class{alert.TruePositive, alert.Unlabelled}).Draw(t, "class"), 3)
		noneBetter(t, before, Assess(miniature(), w.Evidence, testPolicy(), asOf))
	})
}

func noneBetter(t *rapid.T, before, after Assessment) {
	for i, v := range after.Verdicts {
		if was := before.Verdicts[i].Rung; standing(v.Rung) > standing(was) {
			t.Fatalf("%s went from %s to %s", v.Analytic.ATTACKID, was, v.Rung)
		}
	}
}

func TestTheOrderOfEvidenceDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		for i := range w.Exercises { // two at the same moment
			w.Exercises[i].Batch = fmt.Sprintf("b%d", i)
		}
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		x := w.Evidence
		x.Telemetry.Sources = rapid.Permutation(x.Telemetry.Sources).Draw(t, "sources")
		x.Telemetry.Observations = slices.Clone(x.Telemetry.Observations)
		slices.Reverse(x.Telemetry.Observations)
		x.Telemetry.Externals = rapid.Permutation(x.Telemetry.Externals).Draw(t, "externals")
		x.Rules = rapid.Permutation(x.Rules).Draw(t, "rules")
		x.Exercises = rapid.Permutation(x.Exercises).Draw(t, "exercises")
		x.Runbooks = rapid.Permutation(x.Runbooks).Draw(t, "runbooks")
		x.Tallies = slices.Clone(x.Tallies)
		slices.Reverse(x.Tallies)
		x.AlertRules = rapid.Permutation(x.AlertRules).Draw(t, "alert rules")
		x.Cases = rapid.Permutation(x.Cases).Draw(t, "cases")
		x.CaseCounts = rapid.Permutation(x.CaseCounts).Draw(t, "case counts")
		if diff := cmp.Diff(before, Assess(miniature(), x, testPolicy(), asOf)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestTheOrderOfTwinsDoesNotMatter is about pieces of evidence that say nearly
// the same: what is named of them must not be what happened to come first.
func TestTheOrderOfTwinsDoesNotMatter(t *testing.T) {
	w := new(world).declare("mail", "mail", "Unknown", "unknown").feed(1, "Strange", "strange")
	w.Telemetry.Sources[0].Value.Until, w.Telemetry.Sources[1].Value.Until = "2026-01-01", "2026-02-01"
	w.rule("r1", "AN0100").rule("r1", "AN0100")
	w.Rules[1].Value.Name, w.Rules[1].Batch = "Namesake", "b-other"
	w.alerts("ghost", 1, 1).alerts("apparition", 1, 1).external("AN1989", "B", 2).external("AN1989", "B", 2)
	w.Telemetry.Externals[1].Value.ID, w.Telemetry.Externals[1].Batch = "x0", "b-other"
	w.scope("Windows").scope("ESXi")
	w.Telemetry.Scope[1].Batch = "b-other"
	before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
	slices.Reverse(w.Telemetry.Scope)
	slices.Reverse(w.Telemetry.Sources)
	slices.Reverse(w.Telemetry.Observations)
	slices.Reverse(w.Telemetry.Externals)
	slices.Reverse(w.Rules)
	slices.Reverse(w.AlertRules)
	if diff := cmp.Diff(before, Assess(miniature(), w.Evidence, testPolicy(), asOf)); diff != "" {
		t.Error(diff)
	}
}

// TestEvidenceMovesOnlyWhatItIsAbout adds evidence on AN0300, which shares no
// log source, technique, rule or user with the others.
func TestEvidenceMovesOnlyWhatItIsAbout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, []string{"AN0100", "AN0200", "AN0201", "AN1989"}, logs[:4], "r")
		other := drawWorld(t, []string{"AN0300"}, logs[4:], "other")
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		w.Telemetry.Sources = append(w.Telemetry.Sources, other.Telemetry.Sources...)
		w.Telemetry.Observations = append(w.Telemetry.Observations, other.Telemetry.Observations...)
		w.Rules = append(w.Rules, other.Rules...)
		w.Exercises = append(w.Exercises, other.Exercises...)
		w.Tallies = append(w.Tallies, other.Tallies...)
		w.AlertRules = append(w.AlertRules, other.AlertRules...)
		w.Cases = append(w.Cases, other.Cases...)
		w.CaseCounts = append(w.CaseCounts, other.CaseCounts...)
		after := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		for i, v := range after.Verdicts {
			if v.Analytic.ATTACKID == "AN0300" {
				continue
			}
			if diff := cmp.Diff(before.Verdicts[i], v); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// TestEvidenceThatExpiresNeverImprovesARung moves the day of judgement and adds
// nothing. The alerts stay inside the window: a month of false alerts that
// leaves it may rightly cease to count against a rule.
func TestEvidenceThatExpiresNeverImprovesARung(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		days := rapid.IntRange(1, 79).Draw(t, "days")
		after := Assess(miniature(), w.Evidence, testPolicy(), asOf.AddDate(0, 0, days))
		noneBetter(t, before, after)
	})
}

func TestReasonsAndStepsAreThereWhateverTheEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, v := range Assess(miniature(), drawAll(t).Evidence, testPolicy(), asOf).Verdicts {
			if len(v.Next) == 0 && v.Rung != NotApplicable {
				t.Fatalf("%s is %s and has no next step", v.Analytic.ATTACKID, v.Rung)
			}
			for _, r := range v.Reasons {
				if len(r.Refs) == 0 || !strings.HasSuffix(r.Text, ".") || strings.Contains(r.Text, "%!") || strings.HasSuffix(r.Text, "..") {
					t.Fatalf("%s: %+v", v.Analytic.ATTACKID, r)
				}
			}
			for _, s := range v.Next {
				if s.Target == "" || !strings.HasSuffix(s.Text, ".") || strings.Contains(s.Text, "%!") {
					t.Fatalf("%s: %+v", v.Analytic.ATTACKID, s)
				}
			}
		}
	})
}
