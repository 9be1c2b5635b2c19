package assure

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/detection"
	"candor/internal/exercise"
)

// TestJudgingSomeAgainIsJudgingAllAgain is what makes a prospect true: the moves
// that are found by judging only whom a supposition can reach are those between
// two whole assessments, one of them with the evidence supposed.
func TestJudgingSomeAgainIsJudgingAllAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		for i := range rapid.IntRange(0, 2).Draw(t, "unlabelled") {
			w.unlabelled([]string{"r0", "r1", "r2"}[i], rapid.Int64Range(1, 60).Draw(t, "open"))
		}
		if rapid.Bool().Draw(t, "disabled") {
			w.add(detection.Rule{ID: "off", Name: "off", Techniques: []string{"T1059", "T1566", "T1200"}, Platforms: []string{"Windows", "Linux"}})
		}
		p := testPolicy()
		p.Visibility.JointNeed = rapid.SampledFrom([]string{"all", "any", "component"}).Draw(t, "joint")
		lib := miniature()
		before := judged(lib, w.Evidence, p)
		x := newWhatIf(GroundOf(lib, w.Evidence, p, asOf).told(w.Evidence, asOf).a)
		for _, c := range x.candidates() {
			got := x.try(c)
			after := judged(lib, w.Evidence.With(c.Supposed, p.Measure), p)
			if diff := cmp.Diff(movesBetween(before, after), got.Moves, cmp.Transformer("sorted", sortedMoves)); diff != "" {
				t.Fatalf("%s %v: judging all against judging some:\n%s", c.Action, c.Targets, diff)
			}
			if c.Text == "" || c.Acts < 1 || len(c.Targets) == 0 {
				t.Fatalf("a candidate that does not say what to do: %+v", c.Prospect)
			}
		}
	})
}

// judged gives every analytic its rung, as Assess does, and says nothing more.
func judged(lib *attack.Library, ev Evidence, p Policy) Assessment {
	a := GroundOf(lib, ev, p, asOf).told(ev, asOf).a
	var vs []Verdict
	for _, s := range a.subjects {
		vs = append(vs, s.Verdict)
	}
	return Assessment{Verdicts: vs}
}

func movesBetween(a, b Assessment) []Move {
	moves := []Move{}
	for i, v := range b.Verdicts {
		if was := a.Verdicts[i].Rung; was != v.Rung {
			moves = append(moves, Move{Analytic: v.Analytic, From: was, To: v.Rung})
		}
	}
	return moves
}

func sortedMoves(moves []Move) []string {
	var words []string
	for _, m := range moves {
		words = append(words, m.Analytic.ATTACKID+" "+string(m.From)+" "+string(m.To))
	}
	slices.Sort(words)
	return words
}

func TestProspectsDoNotDependOnTheOrderOfEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		before := Prospects(miniature(), w.Evidence, testPolicy(), asOf)
		x := w.Evidence
		x.Rules = rapid.Permutation(x.Rules).Draw(t, "rules")
		x.Telemetry.Sources = rapid.Permutation(x.Telemetry.Sources).Draw(t, "sources")
		x.Tallies = rapid.Permutation(x.Tallies).Draw(t, "tallies")
		after := Prospects(miniature(), x, testPolicy(), asOf)
		if diff := cmp.Diff(before, after, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Supposed" }, cmp.Ignore())); diff != "" {
			t.Fatal(diff)
		}
	})
}

func prospects(w *world) []string {
	var words []string
	for _, p := range Prospects(miniature(), w.Evidence, testPolicy(), asOf) {
		words = append(words, p.Action+" "+strings.Join(p.Targets, "+")+": "+strings.Join(sortedMoves(p.Moves), ", "))
	}
	return words
}

func TestWhatGetsAnAnalyticReliableComesFirst(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail", "process").rule("r1", "AN0100").rule("r2", "AN0200").
		exercise("AN0100", 5, exercise.Alerted)
	got := prospects(w)
	want := []string{
		"write_runbook T1566: AN0100 proven reliable",
		"collect usb / c: AN0300 blind observable",
		"collect script / c: AN0200 rule_only unproven",
	}
	if len(got) < 3 || got[0] != want[0] || !slices.Contains(got, want[1]) || !slices.Contains(got, want[2]) {
		t.Errorf("got %s\nwant first %s, and %v", strings.Join(got, "\n"), want[0], want[1:])
	}
}

func TestLogSourcesThatOnlyWorkTogetherAreOneProspect(t *testing.T) {
	got := prospects(new(world).scope("Windows").rule("r2", "AN0200"))
	if !slices.Contains(got, "collect process / c+script / c: AN0200 rule_only unproven") {
		t.Errorf("got %s, want process and script together", strings.Join(got, "\n"))
	}
	for _, p := range got {
		if strings.HasPrefix(p, "collect process / c:") || strings.Contains(p, "mail / c+") {
			t.Errorf("%q lifts nothing by itself, or no more together", p)
		}
	}
}

func TestLabelsAreSupposedOnlyWhereThereIsAnEstimate(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail", "usb").rule("r1", "AN0100").rule("r3", "AN0300").
		alerts("r1", 4, 1).unlabelled("r3", 40)
	for i := range 40 {
		w.tally("r1", string(rune('A'+i)), "unlabelled", 2, 1)
	}
	got := prospects(w)
	label := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "label r1: AN0100 unproven proven") })
	if label < 0 || slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "label r3") }) {
		t.Errorf("got %s, want labels of r1, whose labelled alerts give an estimate, and none of r3", strings.Join(got, "\n"))
	}
}

func BenchmarkProspectsSynthetic(b *testing.B) {
	lib := enterpriseSize()
	ev := largeEvidence(techniqueIDs(lib))
	for b.Loop() {
		if ps := Prospects(lib, ev, testPolicy(), asOf); len(ps) == 0 {
			b.Fatal("nothing to do")
		}
	}
}

// TestARuleThatClaimsTwoExercisesLeavesEachLessSure enables a rule that claims what another
// exercise at the same time and place was of: its alert may be of either, so that one that
// bore an exercise out bears it out no more.
func TestARuleThatClaimsTwoExercisesLeavesEachLessSure(t *testing.T) {
	w := new(world)
	w.feed(0, "process", "mail")
	w.rule("r0", "AN0200")
	w.Rules[0].Value.Enabled = true
	w.exercise("AN0100", 0, exercise.Blocked)
	w.exercise("AN0200", 0, exercise.Alerted)
	w.runbook("me", 0, "AN0200")
	w.scope("Windows")
	w.add(detection.Rule{ID: "off", Name: "off", Techniques: []string{"T1059", "T1566", "T1200"}, Platforms: []string{"Windows", "Linux"}})
	p := testPolicy()
	p.Visibility.JointNeed = "any"
	x := newWhatIf(GroundOf(miniature(), w.Evidence, p, asOf).told(w.Evidence, asOf).a)
	for _, c := range x.candidates() {
		if c.Action != "enable_rule" {
			continue
		}
		for _, m := range x.try(c).Moves {
			if m.Analytic.ATTACKID == "AN0200" && m.From == Reliable && m.To == Proven {
				return
			}
		}
	}
	t.Error("the rule is supposed, and AN0200 as reliable as before")
}
