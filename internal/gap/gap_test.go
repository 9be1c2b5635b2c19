package gap_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"candor/internal/assure"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/gap"
)

var at = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func text(s string) *string { return &s }

func named(id string) assure.Name {
	return assure.Name{StixID: "stix--" + id, ATTACKID: id, Name: "Name of " + id}
}

// assessed is an assessment of T1 with a blind analytic and one that is not exercised, T2
// with a reliable one and one that does not apply, T3 with a sub-technique outside.
func assessed() *assure.Assessment {
	v := func(id, of string, rung assure.Rung) assure.Verdict {
		return assure.Verdict{Analytic: named(id), Techniques: []assure.Name{named(of)}, Tactics: []assure.Name{named("TA1")}, Rung: rung, Sentence: "Because " + id + "."}
	}
	unproven := v("AN2", "T1", assure.Unproven)
	unproven.Next = []assure.Step{{Action: "exercise"}}
	sub := v("AN5", "T3.001", assure.Outside)
	sub.Parents = []assure.Name{named("T3")}
	return &assure.Assessment{Verdicts: []assure.Verdict{v("AN1", "T1", assure.Blind), unproven, v("AN3", "T2", assure.Reliable), v("AN4", "T2", assure.NotApplicable), sub}}
}

func stated(id string, change func(*gap.Gap)) gap.Stated {
	n := named(strings.TrimSuffix(id, "/exercise"))
	g := gap.Gap{ID: id, Object: &n, Title: n.Name, Why: "x", Owner: "o", Decision: gap.Accept, Until: "2026-12-31", By: "b", At: at}
	if strings.HasSuffix(id, "/exercise") {
		g.Action = "exercise"
	}
	change(&g)
	return gap.Stated{Gap: g, Batch: "gap-" + id}
}

func TestHowGapsStand(t *testing.T) {
	same := func(*gap.Gap) {}
	for _, tt := range []struct {
		id     string
		change func(*gap.Gap)
		today  day.Date
		want   gap.State
	}{
		{"T1", same, "2026-06-01", gap.Decided},
		{"T1", same, "2026-12-17", gap.Soon},
		{"T1", same, "2026-12-16", gap.Decided},
		{"T1", same, "2026-12-31", gap.Soon},
		{"T1", same, "2027-01-01", gap.Overdue},
		{"T1", func(g *gap.Gap) { g.Decision, g.Until = gap.Undecided, "" }, "2027-01-01", gap.Open},
		{"T1", func(g *gap.Gap) { g.Closed = true }, "2027-01-01", gap.Closed},
		{"T2", same, "2027-01-01", gap.Done}, // what applies is reliable
		{"T1/exercise", same, "2026-06-01", gap.Decided},
		{"T2/exercise", same, "2027-01-01", gap.Done},    // no verdict names it
		{"T3/exercise", same, "2026-06-01", gap.Decided}, // nothing is seen, and none took place
		{"T3/exercise", same, "2027-01-01", gap.Overdue},
		{"T3", same, "2026-06-01", gap.Decided}, // through its sub-technique
		{"own", func(g *gap.Gap) { g.Object = nil }, "2027-01-01", gap.Overdue},
		{"T9", same, "2026-06-01", gap.Decided}, // nothing applies: not done
	} {
		r := gap.New(assessed(), []gap.Stated{stated(tt.id, tt.change)}, tt.today)
		if got := r.Gaps[0].State; got != tt.want || (r.Overdue == 1) != (tt.want == gap.Overdue) {
			t.Errorf("%s on %s: %s, %d overdue, want %s", tt.id, tt.today, got, r.Overdue, tt.want)
		}
	}
	if r := gap.New(assessed(), []gap.Stated{stated("T1", same)}, "2026-05-31"); len(r.Gaps) != 0 {
		t.Error("a gap is known before it was stated")
	}
}

func TestWhatNobodyStated(t *testing.T) {
	ids := func(ss ...gap.Stated) string {
		var all []string
		for _, c := range gap.New(assessed(), ss, "2026-07-01").Unstated {
			all = append(all, c.Of.ATTACKID+" "+string(c.Worst)+" "+c.Reach.Words()+" "+c.Why)
		}
		return strings.Join(all, "; ")
	}
	const t1, t3 = "T1 blind of 2: 1 unseen, 1 not relied on Because AN1.", "T3.001 outside_visibility of 1: 1 unseen, 0 not relied on Because AN5."
	same := func(*gap.Gap) {}
	for of, want := range map[string]string{"": t1 + "; " + t3, "T1": t3, "AN1": t3, "AN2": t1 + "; " + t3, "T3": t1, "TA1": ""} {
		var ss []gap.Stated
		if of != "" {
			ss = append(ss, stated(of, same))
		}
		if got := ids(ss...); got != want {
			t.Errorf("with a gap about %q: %s", of, got)
		}
	}
	if got := ids(stated("TA1", func(g *gap.Gap) { g.Closed = true })); got != t1+"; "+t3 {
		t.Errorf("with a gap that is closed: %s", got)
	}
}

func TestOverdueComesFirst(t *testing.T) {
	r := gap.New(assessed(), []gap.Stated{stated("T1", func(g *gap.Gap) { g.Closed = true }), stated("T3", func(*gap.Gap) {}),
		stated("AN1", func(g *gap.Gap) { g.Until = "2026-06-30" }), stated("AN2", func(g *gap.Gap) { g.Until = "2026-06-20" })}, "2026-07-01")
	var order []string
	for _, g := range r.Gaps {
		order = append(order, g.ID)
	}
	if got := strings.Join(order, " "); got != "AN2 AN1 T3 T1" || r.Overdue != 2 {
		t.Errorf("%s, %d overdue", got, r.Overdue)
	}
}

func TestWhatCanBeStated(t *testing.T) {
	have := gap.Gap{ID: "T1", Title: "Name of T1", Why: "no sensor", Owner: "Ann", Decision: gap.Accept, Until: "2026-05-01", By: "Ann"}
	for _, tt := range []struct {
		have  gap.Gap
		c     gap.Change
		where string
	}{
		{have, gap.Change{Note: text(" more ")}, ""}, // an old day is no reason to refuse other words
		{have, gap.Change{Until: text("2026-05-31")}, "until"},
		{have, gap.Change{Until: text("soon")}, "until"},
		{have, gap.Change{Until: text("2026-06-01")}, ""},
		{have, gap.Change{Until: text("")}, "until"},
		{have, gap.Change{Owner: text(" ")}, "owner"},
		{have, gap.Change{Decision: text("acept")}, "decision"},
		{have, gap.Change{Decision: text("Compensate")}, "compensated_by"},
		{have, gap.Change{Decision: text("compensate"), CompensatedBy: text("AN9")}, ""},
		{have, gap.Change{Decision: text("undecided"), Owner: text(""), Until: text("")}, ""},
		{have, gap.Change{Why: text("")}, "why"},
		{have, gap.Change{Close: true}, "note"},
		{have, gap.Change{Close: true, Note: text("done")}, ""},
		{gap.Gap{ID: "x"}, gap.Change{Why: text("y")}, "title"},
		{gap.Gap{ID: "x"}, gap.Change{Why: text("y"), Title: text("z")}, ""},
		{have, gap.Change{Why: text(strings.Repeat("ä", gap.MaxText+1))}, "-"},
	} {
		tt.c.By, tt.c.At = "Ann", at
		g, err := tt.c.Apply(tt.have)
		var f *fault.Error
		switch {
		case tt.where == "" && err != nil:
			t.Errorf("%+v: %v", tt.c, err)
		case tt.where != "" && (!errors.As(err, &f) || f.Kind != fault.Usage || tt.where != "-" && f.Where != tt.where || f.Hint == ""):
			t.Errorf("%+v: %v, want one at %s", tt.c, err, tt.where)
		case err == nil && (g.ID != tt.have.ID || g.Closed != tt.c.Close || tt.c.Why == nil && g.Why != tt.have.Why):
			t.Errorf("%+v made %+v", tt.c, g)
		}
	}
	if _, err := (&gap.Change{Note: text("x"), At: at}).Apply(have); err == nil {
		t.Error("nobody says so")
	}
}

func TestWhatComesToTheSameIsOneStep(t *testing.T) {
	v := &assure.Verdict{Analytic: assure.Name{ATTACKID: "AN1"}, Techniques: []assure.Name{{ATTACKID: "T1"}}}
	for _, tt := range []struct {
		action, target string // of the verdict's step
		taken, of      string
		want           bool
	}{
		{"fix", "AN1", "exercise", "T1", true}, // it was done, and failed
		{"fix", "AN1", "exercise_and_runbook", "T1", true},
		{"write_runbook", "T1", "exercise_and_runbook", "T1", true},
		{"exercise", "T1", "write_runbook", "T1", false},
		{"exercise", "T1", "exercise", "T2", false},
		{"verify_feed", "Sysmon / 1", "collect", "Sysmon / 1", true}, // it is there, and not measured
		{"verify_feed", "Sysmon / 1", "collect", "Sysmon / 3", false},
		{"collect", "Sysmon / 1", "verify_feed", "sysmon / every channel", true},
		{"collect", "Sysmon", "collect", "Sysmon / every channel", true},
		{"collect", "Sysmon:Linux / 1", "collect", "Sysmon / every channel", false},
		{"register_external", "watch", "register_external", "T1", true},
		{"tune", "rule-7", "tune", "rule-7", true},
		{"tune", "rule-7", "label", "rule-7", false},
	} {
		v.Next = []assure.Step{{Action: tt.action, Target: tt.target}}
		if got := gap.Asks(v, tt.taken, tt.of); got != tt.want {
			t.Errorf("%s %s by %s %s: %t", tt.taken, tt.of, tt.action, tt.target, got)
		}
	}
}

func TestChainsStandBesideWhatCannotBeSeen(t *testing.T) {
	r := gap.New(assessed(), []gap.Stated{stated("T3", func(*gap.Gap) {}), stated("T2", func(*gap.Gap) {})}, "2026-06-02")
	r.Line(func(of []string) []credit.Lined {
		list := []credit.Lined{}
		for _, id := range of {
			list = append(list, credit.Lined{Joined: credit.Joined{Definition: "of " + id}})
		}
		return list
	})
	of := map[string][]credit.Lined{}
	for _, g := range r.Gaps {
		of[g.ID] = g.Chains
	}
	if c := of["T3"]; len(c) != 1 || c[0].Definition != "of stix--T3.001" {
		t.Errorf("a gap about what is outside has %v", c)
	}
	if c := of["T2"]; c == nil || len(c) > 0 {
		t.Errorf("a gap about what is seen has %v", c)
	}
	if c := r.Unstated[0]; c.Of.ATTACKID != "T1" || len(c.Chains) != 1 || c.Chains[0].Definition != "of stix--T1" {
		t.Errorf("what nobody stated has %v", c)
	}
	if len(r.Unreliable) > 0 && r.Unreliable[0].Chains == nil {
		t.Error("no list is there where nothing is")
	}
}
