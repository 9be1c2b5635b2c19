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

func steps(lifts []Lift) []string {
	got := []string{}
	for i := range lifts {
		l := &lifts[i]
		got = append(got, l.Text+" | "+l.Unlocks+" | "+strings.Join(sortedMoves(l.Moves()), ", "))
	}
	return got
}

func TestEqualActionsAreOneStepWithItsList(t *testing.T) {
	a := assess(t, new(world).scope("Windows", "Linux").feed(1, "process", "script", "audit", "mail", "usb").rule("r1", "AN0200", "AN0201").rule("r2", "AN0100", "AN0300"))
	got := steps(a.NextSteps[:3])
	want := []string{
		"Exercise T1059 Name of T1059 on Windows and record the outcome. Exercise T1059 Name of T1059 on Linux and record the outcome. Write a runbook for T1059 Name of T1059, with an owner and the day of its review. | 2 analytics from unproven to reliable | AN0200 unproven reliable, AN0201 unproven reliable",
		"Write a runbook and exercise once: 2 techniques. | 2 analytics from unproven to reliable | AN0100 unproven reliable, AN0300 unproven reliable",
		"Exercise once and record the outcome: 3 techniques, 4 exercises. | 4 analytics from unproven to proven | AN0100 unproven proven, AN0200 unproven proven, AN0201 unproven proven, AN0300 unproven proven",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if first, both := &a.NextSteps[0], &a.NextSteps[1]; first.Acts != 3 || both.Acts != 4 || both.Assured != 2 || len(both.Parts) != 2 || both.Does[actExercise] != 2 || both.Does[actWriteRunbook] != 2 {
		t.Errorf("%+v\n%+v", first, both)
	}
	if diff := cmp.Diff([]string{"T1566", "T1200"}, a.NextSteps[1].Things()); diff != "" {
		t.Errorf("what a group uses comes first: %s", diff)
	}
}

func TestStepsThatGainTheSameAreOrderedByMeasuredRulesThenGroupsThenAge(t *testing.T) {
	w := new(world).scope("Windows", "Linux").feed(1, "audit").feed(4, "usb").feed(3, "mail").rule("r1", "AN0100").rule("r2", "AN0201").rule("r3", "AN0300")
	order := func() string {
		a := assess(t, w)
		i := slices.IndexFunc(a.NextSteps, func(l Lift) bool { return l.Action == actExercise })
		return strings.Join(a.NextSteps[i].Things(), " ")
	}
	// G0001 uses T1059 and T1566; the evidence on the latter is older.
	if got := order(); got != "T1566 T1059 T1200" {
		t.Errorf("by groups and age: %s", got)
	}
	w.alerts("r3", 2, 1)
	if got := order(); got != "T1200 T1566 T1059" {
		t.Errorf("a measured rule first: %s", got)
	}
}

func TestWhatCannotBeSupposedComesLastAndSaysSo(t *testing.T) {
	w := new(world).scope("Windows").feed(1, "mail", "usb").rule("r1", "AN0100").alerts("r1", 1, 60).rule("r3", "AN0300").unlabelled("r3", 40)
	a := assess(t, w)
	var last []string
	for i := range a.NextSteps {
		if l := &a.NextSteps[i]; l.Lifted == 0 {
			last = append(last, l.Action+": "+l.Unlocks)
		} else if len(last) > 0 {
			t.Errorf("%q comes after what lifts nothing", l.Text)
		}
	}
	want := []string{"label: 1 analytic needs it; what it would change cannot be supposed", "tune: 1 analytic needs it; what it would change cannot be supposed"}
	slices.Sort(last)
	if diff := cmp.Diff(want, last); diff != "" {
		t.Error(diff)
	}
}

// two is a release of which one technique has an analytic of Windows and one of Linux,
// which both name a log of Windows.
func two() *attack.Library {
	var s shelf
	s.add(attack.Object{Type: "x-mitre-matrix", ATTACKID: "enterprise-attack", Tactics: []string{s.tactic("TA0002", "execution")}})
	s.add(attack.Object{Type: "x-mitre-data-component", ATTACKID: "DC1"})
	script := s.technique("T1059", "execution")
	s.analytic("AN0001", "Windows", script, "WinEventLog:Sysmon")
	s.analytic("AN0002", "Linux", script, "WinEventLog:Sysmon")
	s.analytic("AN0003", "Linux", script, "auditd:SYSCALL")
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, s.objects)
}

func TestNoStepWorksOnEvidenceOfAnotherPlatform(t *testing.T) {
	w := new(world).scope("Windows", "Linux").feed(1, "auditd:SYSCALL")
	w.add(detection.Rule{ID: "lin", Name: "Of Linux", Enabled: true, Techniques: []string{"T1059"}, Platforms: []string{"Linux"}})
	w.add(detection.Rule{ID: "win", Name: "Of Windows", Techniques: []string{"T1059"}, Platforms: []string{"Windows"}})
	a := Assess(two(), w.Evidence, testPolicy(), asOf)
	want := []string{
		"Exercise T1059 Name of T1059 on Linux and record the outcome. Write a runbook for T1059 Name of T1059, with an owner and the day of its review. | 1 analytic from unproven to reliable | AN0003 unproven reliable",
		"Exercise T1059 Name of T1059 on Linux and record the outcome. | 1 analytic from unproven to proven | AN0003 unproven proven",
		"Collect WinEventLog:Sysmon / c and record that it arrives. | 1 analytic from blind to observable | AN0001 blind observable",
		"Decide what takes the place of WinEventLog:Sysmon / c for AN0002: it is a log of Windows, and the analytic is of Linux. Declare and measure what does under that name with platforms [Linux]. | 1 analytic needs it; what it would change cannot be supposed | ",
	}
	if diff := cmp.Diff(want, steps(a.NextSteps)); diff != "" {
		t.Error(diff)
	}
	// Once the log arrives on Windows, the rule of Windows is what is enabled, and an
	// exercise of Linux shows nothing there.
	w.feed(1, "WinEventLog:Sysmon").declare("WinEventLog:Sysmon")
	w.Telemetry.Sources[0].Value.Platforms = []string{"Windows"}
	a = Assess(two(), w.Evidence, testPolicy(), asOf)
	if got := actions(verdict(t, a, "AN0001")); !slices.Equal(got, []string{"enable_rule win"}) {
		t.Errorf("AN0001: %v", got)
	}
	if got := actions(verdict(t, a, "AN0002")); !slices.Equal(got, []string{"clarify_source WinEventLog:Sysmon / c"}) {
		t.Errorf("AN0002: %v", got)
	}
}

// TestStepsOfOnePlatformAreThoseOfItsAnalytics narrows what was assessed as a whole.
func TestStepsOfOnePlatformAreThoseOfItsAnalytics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		a := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		for _, platform := range Platforms(a) {
			narrow := Filter(a, platform)
			kept := map[Name]bool{}
			for i := range narrow.Verdicts {
				kept[narrow.Verdicts[i].Analytic] = true
			}
			for i := range narrow.NextSteps {
				l := &narrow.NextSteps[i]
				if l.Lifted <= l.Fell && l.Named == 0 {
					t.Fatalf("%s: %q lifts nothing", platform, l.Text)
				}
				for _, m := range l.Moves() {
					if !kept[m.Analytic] {
						t.Fatalf("%s: %q moves %s", platform, l.Text, m.Analytic.ATTACKID)
					}
				}
			}
		}
		lifted := 0
		for i := range a.NextSteps {
			l := &a.NextSteps[i]
			if lifted += l.Lifted; len(l.Parts) == 0 || l.Text == "" || l.Unlocks == "" {
				t.Fatalf("%+v", l)
			}
		}
		if p := Prospects(miniature(), w.Evidence, testPolicy(), asOf); (len(p) > 0) != (lifted > 0) {
			t.Fatalf("%d prospects and %d lifted", len(p), lifted)
		}
	})
}

func TestAnExerciseOfOnePlatformIsSupposedOfNoOther(t *testing.T) {
	w := new(world).scope("Windows", "Linux").feed(1, "process", "script", "audit").rule("r1", "AN0200", "AN0201")
	got := prospects(w)
	for _, want := range []string{"exercise T1059: AN0200 unproven proven", "exercise T1059: AN0201 unproven proven"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, strings.Join(got, "\n"))
		}
	}
	w.exercise("T1059", 5, exercise.Alerted)
	w.Exercises[0].Value.Platform = "Linux"
	got = prospects(w)
	if slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "exercise ") && strings.Contains(s, "AN0201") }) {
		t.Errorf("what has passed is exercised again:\n%s", strings.Join(got, "\n"))
	}
}
