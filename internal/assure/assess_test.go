package assure

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/detection"
	"candor/internal/exercise"
)

// TestEveryRungIsReached gives each rung the evidence that leads to it, and
// checks the reason that decided and the next steps.
func TestEveryRungIsReached(t *testing.T) {
	seen := func() *world { return new(world).scope("Windows", "Linux").feed(1, "mail", "process", "script") }
	ruled := func() *world { return seen().rule("r1", "AN0100") }
	tests := []struct {
		name, analytic string
		world          *world
		rung           Rung
		reason         string
		next           []string
	}{
		{"platform out of scope", "AN0201", new(world).scope("Windows").rule("r1", "AN0201"), NotApplicable, "visibility_out_of_scope", nil},
		{"no log source named", "AN1989", seen(), Outside, "visibility_outside", []string{"register_external T1589.003"}},
		{"external source rated too low", "AN1989", seen().external("T1589.003", "E", 2), Outside, "external_source_not_counted", []string{"register_external x0"}},
		{"external source in force", "AN1989", seen().external("T1589.003", "B", 2), Observable, "external_source", []string{"write_rule AN1989"}},
		{"external source and rule", "AN1989", seen().external("AN1989", "B", 2).rule("r1", "AN1989"), Unproven, "visibility_external_only", []string{"exercise T1589.003"}},
		{"external source, rule, exercise, runbook", "AN1989",
			seen().external("DET1989", "B", 2).rule("r1", "AN1989").exercise("AN1989", 9, exercise.Alerted).runbook("me", 9, "T1589.003"),
			Reliable, "external_source", []string{"keep AN1989"}},
		{"nothing collected", "AN0200", new(world).scope("Windows"), Blind, "visibility_blind", []string{"collect process / c", "collect script / c"}},
		{"declared and never measured", "AN0100", new(world).declare("mail"), Blind, "visibility_declared", []string{"verify_feed mail / c"}},
		{"a part collected", "AN0200", new(world).feed(1, "process"), Blind, "visibility_partial", []string{"collect script / c"}},
		{"not lately", "AN0100", new(world).feed(30, "mail"), Blind, "visibility_stale", []string{"verify_feed mail / c"}},
		{"seen and no rule", "AN0100", seen(), Observable, "not_claimed", []string{"write_rule AN0100"}},
		{"seen and a disabled rule", "AN0100", seen().add(detection.Rule{ID: "off", Name: "Off", Analytics: []string{"AN0100"}}), Observable, "claims_not_counted", []string{"enable_rule off"}},
		{"rule and nothing collected", "AN0200", new(world).rule("r1", "AN0200"), RuleOnly, "claimed", []string{"collect process / c", "collect script / c"}},
		{"rule and one source missing", "AN0200", new(world).rule("r1", "AN0200").feed(1, "process"), RuleOnly, "visibility_partial", []string{"collect script / c"}},
		{"rule and stale source", "AN0100", new(world).rule("r1", "AN0100").feed(20, "mail"), RuleOnly, "visibility_stale", []string{"verify_feed mail / c"}},
		{"rule and source, nothing else", "AN0100", ruled(), Unproven, "exercise_none", []string{"exercise T1566"}},
		{"exercise blocked", "AN0100", ruled().exercise("T1566", 9, exercise.Blocked), Unproven, "exercise_inconclusive", []string{"exercise T1566"}},
		{"exercise logged", "AN0100", ruled().exercise("T1566", 9, exercise.Logged), Unproven, "exercise_inconclusive", []string{"exercise T1566"}},
		{"exercise out of date", "AN0100", ruled().exercise("T1566", 181, exercise.Alerted), Unproven, "exercise_expired", []string{"exercise T1566"}},
		{"exercise failed and nothing had passed", "AN0100", ruled().exercise("T1566", 500, exercise.None), Unproven, "exercise_failed", []string{"fix T1566"}},
		{"precise and more than anyone can handle", "AN0100", ruled().busy("r1", 10, 500), Noisy, "noisy", []string{"tune r1"}},
		{"alerts that nobody labelled", "AN0100", ruled().unlabelled("r1", 7), Unproven, "measured_not_measurable", []string{"exercise T1566", "label r1"}},
		{"too few labels", "AN0100", ruled().alerts("r1", 4, 1), Unproven, "measured_undecided", nil},
		{"nearly all false", "AN0100", ruled().alerts("r1", 1, 40), Noisy, "noisy", []string{"tune r1"}},
		{"noisy whatever the exercise says", "AN0100", ruled().alerts("r1", 1, 40).exercise("T1566", 9, exercise.Alerted).runbook("me", 9, "T1566"), Noisy, "noisy", []string{"tune r1"}},
		{"failed after a pass", "AN0100", ruled().exercise("T1566", 30, exercise.Alerted).exercise("AN0100", 9, exercise.None), Contradicted, "exercise_contradicts", []string{"fix AN0100"}},
		{"failed and passed at the same moment", "AN0100", ruled().exercise("T1566", 9, exercise.Alerted).exercise("T1566", 9, exercise.None), Contradicted, "exercise_contradicts", []string{"fix T1566"}},
		{"failed long ago and nothing since", "AN0100", ruled().exercise("T1566", 900, exercise.Alerted).exercise("T1566", 800, exercise.None), Contradicted, "exercise_contradicts", []string{"fix T1566"}},
		{"blocked after failing does not mend it", "AN0100", ruled().exercise("T1566", 90, exercise.Alerted).exercise("T1566", 80, exercise.None).exercise("T1566", 5, exercise.Blocked), Contradicted, "exercise_contradicts", []string{"fix T1566"}},
		{"failed against good alerts", "AN0100", ruled().alerts("r1", 40, 1).exercise("T1566", 9, exercise.None), Contradicted, "exercise_contradicts", []string{"fix T1566"}},
		{"exercise passed", "AN0100", ruled().exercise("T1566", 180, exercise.Alerted), Proven, "exercise_passed", []string{"write_runbook T1566"}},
		{"passed again after failing", "AN0100", ruled().exercise("T1566", 30, exercise.None).exercise("T1566", 9, exercise.Alerted), Proven, "exercise_passed", []string{"write_runbook T1566"}},
		{"measured well", "AN0100", ruled().alerts("r1", 40, 1), Proven, "measured_good_enough", []string{"write_runbook T1566"}},
		{"runbook without owner", "AN0100", ruled().alerts("r1", 40, 1).runbook("", 9, "T1566"), Proven, "runbook_no_owner", []string{"review_runbook rb0"}},
		{"runbook out of date", "AN0100", ruled().alerts("r1", 40, 1).runbook("me", 366, "T1566"), Proven, "runbook_expired", []string{"review_runbook rb0"}},
		{"runbook of the analytic", "AN0100", ruled().alerts("r1", 40, 1).runbook("me", 365, "AN0100"), Reliable, "runbook_current", []string{"keep AN0100"}},
		{"runbook of the rule", "AN0100", ruled().exercise("T1566", 9, exercise.Alerted).runbook("me", 9, "rule:r1"), Reliable, "runbook_current", []string{"keep AN0100"}},
		{"runbook of the strategy", "AN0100", ruled().exercise("T1566", 9, exercise.Alerted).runbook("me", 9, "DET0100"), Reliable, "runbook_current", []string{"keep AN0100"}},
	}
	reached := map[Rung]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict(t, assess(t, tt.world), tt.analytic)
			reached[v.Rung] = true
			if v.Rung != tt.rung {
				t.Fatalf("rung %s, want %s; reasons %v", v.Rung, tt.rung, v.Reasons)
			}
			if !slices.Contains(codes(v), tt.reason) {
				t.Errorf("reasons %v, want %s among them", codes(v), tt.reason)
			}
			if got := actions(v); tt.next != nil && !slices.Equal(got, tt.next) {
				t.Errorf("next %q, want %q", got, tt.next)
			}
		})
	}
	for _, r := range Rungs() {
		if !reached[r] {
			t.Errorf("no evidence reached %s", r)
		}
	}
}

// TestRulesDoNotLiftWhatNobodyCanSee is the reason for which Candor exists: ten
// rules name AN1989 explicitly and it stays outside visibility.
func TestRulesDoNotLiftWhatNobodyCanSee(t *testing.T) {
	w := new(world).scope("Windows", "PRE").feed(1, "mail").alerts("r0", 40, 0).
		exercise("AN1989", 9, exercise.Alerted).runbook("me", 9, "AN1989")
	for _, id := range strings.Fields("r0 r1 r2 r3 r4 r5 r6 r7 r8 r9") {
		w.rule(id, "AN1989")
	}
	a := assess(t, w)
	v := verdict(t, a, "AN1989")
	if v.Rung != Outside || !v.Claimed {
		t.Errorf("rung %s, claimed %t; want %s and claimed", v.Rung, v.Claimed, Outside)
	}
	i := slices.Index(codes(v), "claimed_not_observable")
	if i < 0 {
		t.Fatalf("reasons %v do not say that the rules cannot observe it", codes(v))
	}
	if want := "10 enabled rules claim it, and none of them can observe it."; v.Reasons[i].Text != want {
		t.Errorf("reason %q, want %q", v.Reasons[i].Text, want)
	}
	if a.Totals.Claimed != 1 || a.Totals.Assured != 0 || a.Totals.Distance != 1 {
		t.Errorf("totals %+v, want it claimed, not assured", a.Totals)
	}
}

func TestCompensationIsNamedAndNeverCounted(t *testing.T) {
	base := func() *world {
		return new(world).scope("Windows").feed(1, "mail", "process", "script", "portal").rule("r1", "AN0100").rule("r2", "AN0200", "AN0400").
			exercise("AN0200", 9, exercise.Alerted).exercise("AN0400", 12, exercise.Alerted).runbook("me", 9, "T1566", "T1059", "T1598")
	}
	before := assess(t, base())
	after := assess(t, base().exercise("AN0100", 9, exercise.Alerted))
	var got []string
	for _, c := range verdict(t, after, "AN1989").Compensated {
		users := []string{}
		for _, u := range c.Users {
			users = append(users, u.ATTACKID)
		}
		got = append(got, c.Technique.ATTACKID+" "+c.Tactic.ATTACKID+" "+c.Analytic.ATTACKID+" "+strings.Join(users, "+"))
	}
	want := []string{"T1566 TA0001 AN0100 C0001+G0001", "T1059 TA0002 AN0200 C0001+G0001"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	v := verdict(t, after, "AN1989")
	if v.Rung != Outside || !slices.Contains(codes(v), "compensated") {
		t.Errorf("rung %s with reasons %v", v.Rung, codes(v))
	}
	if len(verdict(t, before, "AN1989").Compensated) != 1 {
		t.Errorf("a technique that is not reliable compensates: %v", verdict(t, before, "AN1989").Compensated)
	}
	if after.Totals.Assured != 3 || after.Totals.Compensated != 1 {
		t.Errorf("totals %+v, want 3 assured and 1 compensated", after.Totals)
	}
}

// TestOnlyWhatAlertsBearOutCompensates: what passed by a statement alone is at most proven,
// so that nothing compensates that is neither measured nor corroborated.
func TestOnlyWhatAlertsBearOutCompensates(t *testing.T) {
	base := func() *world {
		return new(world).scope("Windows").feed(1, "mail", "process", "script", "portal").rule("r1", "AN0100").runbook("me", 9, "T1566")
	}
	stated, _ := base().tested(9, func(*exercise.Exercise) {})
	borne := base().exercise("AN0100", 9, exercise.Alerted)
	measured, _ := base().tested(9, func(*exercise.Exercise) {})
	measured.alerts("r1", 40, 0)
	for name, tt := range map[string]struct {
		w    *world
		want int
	}{"by a statement": {stated, 0}, "corroborated": {borne, 1}, "measured": {measured, 1}} {
		a := assess(t, tt.w)
		if got := verdict(t, a, "AN1989").Compensated; len(got) != tt.want {
			t.Errorf("%s: compensated by %+v, want %d; AN0100 stands on %s", name, got, tt.want, verdict(t, a, "AN0100").Rung)
		}
	}
}

func TestAStepLiftsAloneOnlyWhenNothingElseIsInTheWay(t *testing.T) {
	tests := []struct {
		name, joint string
		world       *world
		want        map[string]bool
	}{
		{"two sources missing", "all", new(world), map[string]bool{"process / c": false, "script / c": false}},
		{"one source missing", "all", new(world).feed(1, "process"), map[string]bool{"script / c": true}},
		{"any source would do", "any", new(world), map[string]bool{"process / c": true, "script / c": true}},
		{"either source of the one component would do", "component", new(world), map[string]bool{"process / c": true, "script / c": true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := testPolicy()
			p.Visibility.JointNeed = tt.joint
			got := map[string]bool{}
			for _, s := range verdict(t, Assess(miniature(), tt.world.Evidence, p, asOf), "AN0200").Next {
				got[s.Target] = s.Alone
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTuningOneOfSeveralRulesNeedNotSuffice(t *testing.T) {
	w := new(world).feed(1, "mail").rule("r1", "AN0100").alerts("r1", 1, 60)
	if next := verdict(t, assess(t, w), "AN0100").Next; len(next) != 1 || !next[0].Alone {
		t.Errorf("one noisy rule: %+v", next)
	}
	w.rule("r2", "AN0100").alerts("r2", 2, 1)
	if next := verdict(t, assess(t, w), "AN0100").Next; len(next) != 1 || next[0].Target != "r1" || next[0].Alone {
		t.Errorf("one noisy rule of two: %+v", next)
	}
}

func TestAnOwnerAloneDoesNotMakeAnOldRunbookCurrent(t *testing.T) {
	for ago, alone := range map[int]bool{9: true, 400: false} {
		w := new(world).feed(1, "mail").rule("r1", "AN0100").exercise("T1566", 9, exercise.Alerted).runbook("", ago, "T1566")
		if next := verdict(t, assess(t, w), "AN0100").Next; len(next) != 1 || next[0].Alone != alone {
			t.Errorf("reviewed %d days ago: %+v, want alone %t", ago, next, alone)
		}
	}
}

func TestEveryReasonRestsOnSomething(t *testing.T) {
	w := new(world).scope("Windows").feed(1, "mail", "process", "script").declare("usb").rule("r1", "AN0100", "AN1989").rule("r2", "AN0200").
		alerts("r1", 40, 1).exercise("T1059", 9, exercise.Alerted).runbook("me", 9, "T1566")
	for _, v := range assess(t, w).Verdicts {
		for _, r := range v.Reasons {
			if len(r.Refs) == 0 || r.Code == "" || !strings.HasSuffix(r.Text, ".") {
				t.Errorf("%s: reason %+v", v.Analytic.ATTACKID, r)
			}
			for _, ref := range r.Refs {
				if ref.Kind == "" || ref.ID == "" {
					t.Errorf("%s: %s rests on %+v", v.Analytic.ATTACKID, r.Code, ref)
				}
			}
		}
		if len(v.Next) == 0 && v.Rung != NotApplicable {
			t.Errorf("%s is %s and has no next step", v.Analytic.ATTACKID, v.Rung)
		}
	}
}

func TestReasonsLeadToTheBatchesTheyRestOn(t *testing.T) {
	w := new(world).feed(1, "mail").rule("r1", "AN0100").alerts("r1", 40, 1).exercise("AN0100", 9, exercise.Alerted).runbook("me", 9, "T1566")
	want := map[string]string{"visibility_verified": "b-feed", "claimed": "b-rule", "measured_good_enough": "b-alert", "exercise_passed": "b-exercise", "runbook_current": "b-runbook"}
	for _, r := range verdict(t, assess(t, w), "AN0100").Reasons {
		found := false
		for _, ref := range r.Refs {
			found = found || ref.Kind == "batch" && ref.ID == want[r.Code]
		}
		if !found {
			t.Errorf("%s rests on %v, want batch %s", r.Code, r.Refs, want[r.Code])
		}
	}
}

func TestLimitsNameWhatCannotBeKnown(t *testing.T) {
	w := new(world).feed(1, "mail", "process", "script").add(detection.Rule{ID: "r1", Name: "R", Enabled: true, Techniques: []string{"T1059"}, Platforms: []string{"Windows"}}).
		alerts("r1", 20, 1).exercise("T1059", 9, exercise.Alerted).external("AN1989", "B", 2)
	w.tally("r1", "open", alert.Unlabelled, 3, 7)
	a := assess(t, w)
	got := strings.Join(verdict(t, a, "AN0200").Limits, "\n")
	for _, want := range []string{"scope is not stated", "No rule names the analytic", "recall", "7 of 28 alerts carry no label", "names technique T1059"} {
		if !strings.Contains(got, want) {
			t.Errorf("limits do not say %q:\n%s", want, got)
		}
	}
	if got := strings.Join(verdict(t, a, "AN1989").Limits, "\n"); !strings.Contains(got, "rated, not measured") {
		t.Errorf("limits of an external source:\n%s", got)
	}
}

func TestExercisesMatchTechniquePlatformAndSuccessor(t *testing.T) {
	w := new(world).feed(1, "process", "script", "audit").rule("r1", "AN0200", "AN0201").
		exercise("T1086", 9, exercise.Alerted).exercise("T4040", 9, exercise.None).exercise("T1059", -1, exercise.None)
	w.Exercises[0].Value.Platform = "linux"
	w.Exercises[0].Value.RuleID = "r1"
	a := assess(t, w)
	if v := verdict(t, a, "AN0201"); v.Rung != Proven || !strings.Contains(v.Reasons[3].Text, "by rule r1") {
		t.Errorf("AN0201 on Linux: %s, %v", v.Rung, v.Reasons)
	}
	if v := verdict(t, a, "AN0200"); v.Rung != Unproven {
		t.Errorf("AN0200 on Windows: %s, want %s", v.Rung, Unproven)
	}
	limits := strings.Join(a.Limits, "\n")
	for _, want := range []string{"T4040", "1 exercise is dated after 2026-06-30"} {
		if !strings.Contains(limits, want) {
			t.Errorf("limits do not name %q:\n%s", want, limits)
		}
	}
}

func TestAlertsOutsideTheWindowDoNotCount(t *testing.T) {
	w := new(world).feed(1, "mail").rule("r1", "AN0100")
	for i := range 40 {
		w.tally("r1", string(rune('a'+i)), alert.FalsePositive, 90, 1)
	}
	if v := verdict(t, assess(t, w), "AN0100"); v.Rung != Unproven || v.Measurement.Alerts != 0 {
		t.Errorf("rung %s on %d alerts, want %s on none", v.Rung, v.Measurement.Alerts, Unproven)
	}
}

func TestUnmappedEvidenceIsNamed(t *testing.T) {
	w := new(world).declare("mail", "mial").alerts("ghost", 1, 1).alerts("r1", 1, 1).
		rule("r1", "AN0100").rule("lost", "AN7777").rule("silent")
	u := assess(t, w).Unmapped
	if len(u.Rules) != 1 || u.Rules[0].RuleID != "lost" || u.Rules[0].Names != "AN7777" {
		t.Errorf("rules %+v", u.Rules)
	}
	if diff := cmp.Diff([]string{"silent"}, u.SilentRules); diff != "" {
		t.Error(diff)
	}
	if len(u.AlertRules) != 1 || u.AlertRules[0].ID != "ghost" {
		t.Errorf("alert rules %+v", u.AlertRules)
	}
	if diff := cmp.Diff([]string{"mial / c"}, u.LogSources); diff != "" {
		t.Error(diff)
	}
}

func TestJSONWritesEmptyListsAndNotNull(t *testing.T) {
	out, err := json.Marshal(assess(t, new(world).scope("Windows")))
	if err != nil {
		t.Fatal(err)
	}
	var a struct {
		Verdicts []map[string]json.RawMessage `json:"verdicts"`
	}
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	for _, v := range a.Verdicts {
		for _, key := range []string{"platforms", "strategies", "techniques", "tactics", "compensated", "reasons", "next", "limits", "claims"} {
			if string(v[key]) == "null" {
				t.Errorf("%s of %s is null", key, v["analytic"])
			}
		}
	}
}
