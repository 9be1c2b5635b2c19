package assure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/exercise"
)

func TestVerdictsAndTacticsAreInOrder(t *testing.T) {
	a := assess(t, new(world))
	var ids, tactics []string
	for _, v := range a.Verdicts {
		ids = append(ids, v.Analytic.ATTACKID)
	}
	for _, tt := range a.Tactics {
		tactics = append(tactics, tt.Tactic.ATTACKID)
	}
	if want := strings.Fields("AN0100 AN0200 AN0201 AN0300 AN0400 AN1989"); !slices.Equal(ids, want) {
		t.Errorf("verdicts %v, want %v", ids, want)
	}
	if want := strings.Fields("TA0043 TA0042 TA0002 TA0001 TA0099"); !slices.Equal(tactics, want) {
		t.Errorf("tactics %v, want %v", tactics, want)
	}
}

func TestIDsAreOrderedByNumber(t *testing.T) {
	want := strings.Fields("AN2 AN0010 AN10 AN100 T1059 T1059.001 T1059.010 T1060")
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareIDs)
	want[1], want[2] = "AN10", "AN0010"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotApplicableIsInNoFigure(t *testing.T) {
	a := assess(t, new(world).scope("Windows").rule("r1", "AN0201", "AN0100"))
	want := Totals{Analytics: 6, Applicable: 5, Claimed: 1, Distance: 1, Rungs: a.Totals.Rungs}
	if diff := cmp.Diff(want, a.Totals); diff != "" {
		t.Error(diff)
	}
	if got := a.Totals.Rungs[0]; got.Rung != NotApplicable || got.Count != 1 {
		t.Errorf("first rung %v", got)
	}
}

func TestDistributionsAddUp(t *testing.T) {
	a := assess(t, new(world).scope("Windows").feed(1, "mail", "usb").rule("r1", "AN0100").exercise("T1566", 9, exercise.Alerted))
	sum := func(rs []RungCount) (n int) {
		for _, r := range rs {
			n += r.Count
		}
		return n
	}
	if got := sum(a.Totals.Rungs); got != len(a.Verdicts) {
		t.Errorf("rungs add up to %d of %d", got, len(a.Verdicts))
	}
	for _, tt := range a.Tactics {
		if len(tt.Rungs) != len(Rungs()) || sum(tt.Rungs) != tt.Total {
			t.Errorf("%s: %v of %d", tt.Tactic.ATTACKID, tt.Rungs, tt.Total)
		}
	}
	for _, g := range Roll(a.Verdicts, ByTechnique) {
		if sum(g.Rungs) != g.Analytics {
			t.Errorf("%s: %v of %d", g.Of.ATTACKID, g.Rungs, g.Analytics)
		}
	}
}

func TestRollCountsAVerdictUnderEachOfItsNames(t *testing.T) {
	a := assess(t, new(world))
	var got []string
	for _, g := range Roll(a.Verdicts, ByTechnique) {
		got = append(got, g.Of.ATTACKID+strings.Repeat("*", g.Analytics))
	}
	if diff := cmp.Diff(strings.Fields("T1059** T1200* T1566* T1589.003* T1598*"), got); diff != "" {
		t.Error(diff)
	}
	if n := len(Roll(a.Verdicts, ByStrategy)); n != 6 {
		t.Errorf("%d strategies, want 6", n)
	}
}

func TestFilterSumsAgainOverOnePlatform(t *testing.T) {
	whole := assess(t, new(world).feed(1, "process", "script", "audit").rule("r1", "AN0200", "AN0201"))
	a := Filter(whole, "linux")
	if len(a.Verdicts) != 1 || a.Totals.Analytics != 1 || a.Totals.Claimed != 1 || len(a.Tactics) != len(whole.Tactics) {
		t.Errorf("%d verdicts, totals %+v", len(a.Verdicts), a.Totals)
	}
	for _, l := range a.NextSteps {
		if l.Lifted != 1 || len(l.Moves()) != 1 || l.Moves()[0].Analytic.ATTACKID != "AN0201" {
			t.Errorf("on Linux alone: %+v", l)
		}
	}
	if len(a.NextSteps) == 0 {
		t.Error("no step on Linux")
	}
	if !strings.Contains(a.Limits[len(a.Limits)-1], "linux") || len(whole.Limits)+1 != len(a.Limits) {
		t.Errorf("limits %q", a.Limits)
	}
	if diff := cmp.Diff([]string{"Linux", "PRE", "Windows"}, Platforms(whole)); diff != "" {
		t.Error(diff)
	}
	if none := Filter(whole, "VMS"); len(none.Verdicts) != 0 {
		t.Errorf("%d verdicts on a platform that nothing names", len(none.Verdicts))
	}
}

func TestTheWorstCaseIsWhatIsStoppedEarliest(t *testing.T) {
	w := new(world).scope("Windows", "Linux").feed(1, "mail", "process", "script", "audit").rule("r1", "AN0200").rule("r2", "AN0100").
		exercise("AN0100", 10, exercise.Alerted)
	a := assess(t, w)
	want := map[string]string{"Windows": "blind AN0300 AN0400", "Linux": "observable AN0201", "PRE": "outside_visibility AN1989"}
	groups := RollUp(a, "platform").Groups
	for _, g := range groups {
		got := string(g.Worst)
		for _, n := range g.WorstOf {
			got += " " + n.ATTACKID
		}
		if got != want[g.Of.Name] {
			t.Errorf("%s: %q, want %q", g.Of.Name, got, want[g.Of.Name])
		}
	}
	if len(groups) != len(want) {
		t.Errorf("%d platforms", len(groups))
	}
	none := RollUp(assess(t, new(world).scope("ESXi").feed(1, "mail")), "platform").Groups
	for _, g := range none {
		if g.Of.Name == "Windows" && (g.Worst != "" || g.Applicable != 0) {
			t.Errorf("where nothing applies: %+v", g)
		}
	}
	var order []string
	for _, g := range RollUp(a, "tactic").Groups {
		order = append(order, g.Of.ATTACKID)
	}
	if !slices.Equal(order, []string{"TA0043", "TA0002", "TA0001"}) {
		t.Errorf("tactics in order %v", order)
	}
	for _, by := range Dimensions() {
		if len(RollUp(a, by).Groups) == 0 {
			t.Errorf("nothing by %s", by)
		}
	}
}

// family is a release in which T1059 has an analytic of its own and two sub-techniques
// with one each, and T1200 none of its own and one sub-technique with one.
func family() *attack.Library {
	var s shelf
	s.add(attack.Object{Type: "x-mitre-matrix", ATTACKID: "enterprise-attack", Tactics: []string{s.tactic("TA0002", "execution")}})
	s.add(attack.Object{Type: "x-mitre-data-component", ATTACKID: "DC1"})
	script, alone := s.technique("T1059", "execution"), s.technique("T1200", "execution")
	for _, sub := range []struct{ id, parent, analytic, log string }{
		{"T1059.001", script, "AN0011", "one"}, {"T1059.002", script, "AN0012", "two"}, {"T1200.001", alone, "AN0021", "one"},
	} {
		of := s.technique(sub.id, "execution")
		s.relate(attack.SubtechniqueOf, of, sub.parent)
		s.analytic(sub.analytic, "Windows", of, sub.log)
	}
	s.analytic("AN0010", "Windows", script, "own")
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, s.objects)
}

func TestATechniqueIncludesItsSubTechniquesTogetherAndApart(t *testing.T) {
	w := new(world).scope("Windows").feed(1, "one", "own").rule("r1", "AN0010")
	a := Assess(family(), w.Evidence, testPolicy(), asOf)
	var got []string
	for _, g := range RollUp(a, "technique").Groups {
		line := fmt.Sprintf("%s %d %s %s", g.Of.ATTACKID, g.Analytics, g.Worst, g.Apart())
		if g.Subs != nil {
			line += fmt.Sprintf(": %d and %d", g.Own.Analytics, g.Subs.Analytics)
			if g.Own.Analytics+g.Subs.Analytics != g.Analytics || g.Own.Claimed+g.Subs.Claimed != g.Claimed {
				t.Errorf("%s: together is not the sum of what is apart", g.Of.ATTACKID)
			}
		}
		got = append(got, line)
	}
	want := []string{
		"T1059 3 blind worst of its own unproven, worst of its 2 sub-techniques blind: 1 and 2",
		"T1059.001 1 observable ",
		"T1059.002 1 blind ",
		"T1200 1 observable worst of its own none, as it has no analytic, worst of its 1 sub-technique observable: 0 and 1",
		"T1200.001 1 observable ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	none := RollUp(Assess(family(), new(world).scope("Linux").Evidence, testPolicy(), asOf), "technique").Groups[0]
	if none.Apart() != "worst of its own none, as none applies, worst of its 2 sub-techniques none, as none applies" {
		t.Errorf("where nothing applies: %s", none.Apart())
	}
}
