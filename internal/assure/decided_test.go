package assure

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// decided is the miniature release, in which T1562 is unknown and T1086 revoked by T1059, with
// decisions.
func decided(ds ...attack.Decision) *attack.Library {
	for i := range ds {
		ds[i].Domain, ds[i].Release, ds[i].By, ds[i].At = "enterprise-attack", "18.0", "Ann Lee", asOf
		ds[i].Batch = cmp.Or(ds[i].Batch, "b-decision")
	}
	return miniature().WithDecisions(ds)
}

// scripted is a rule that reads what AN0200 names, of a technique.
func scripted(id, technique string) detection.Rule {
	return detection.Rule{ID: id, Name: "Rule " + id, Enabled: true, Techniques: []string{technique}, Platforms: []string{"Windows"}, Logs: []detection.Log{{Name: "script", Channel: "c"}}}
}

func TestWhatWasDecidedCountsUnderTheNewID(t *testing.T) {
	w := new(world).scope("Windows", "Linux").feed(1, "process", "script", "audit").add(scripted("r", "T1562")).
		exercise("T1562", 10, exercise.Alerted).runbook("Ann", 10, "T1562")
	if v := verdict(t, Assess(decided(), w.Evidence, testPolicy(), asOf), "AN0200"); v.Rung != Observable || v.Claimed {
		t.Fatalf("before: %s", v.Rung)
	}
	a := Assess(decided(attack.Decision{ID: "T1562", To: []string{"T1059"}, Why: "our reading"}), w.Evidence, testPolicy(), asOf)
	v := verdict(t, a, "AN0200")
	if v.Rung != Reliable || len(v.Claims) != 1 || v.Claims[0].Technique != "T1059" || v.Claims[0].Via != "T1562" || v.Claims[0].Decision != "b-decision" {
		t.Errorf("after: %s, claims %+v", v.Rung, v.Claims)
	}
	text := ""
	for _, r := range v.Reasons {
		if r.Code == "claim_reread" || r.Code == "read_by_decision" {
			text += r.Code + ": " + r.Text + "\n"
			if !slices.ContainsFunc(r.Refs, func(f evidence.Ref) bool { return f.ID == "b-decision" }) {
				t.Errorf("%s does not lead to the decision: %+v", r.Code, r.Refs)
			}
		}
	}
	const says = "T1562 is read as T1059 by decision of Ann Lee on 2026-06-30 (b-decision): our reading"
	if strings.Count(text, says) != 2 || !strings.Contains(text, "claim_reread: ") {
		t.Errorf("reasons:\n%s", text)
	}
	if linux := verdict(t, a, "AN0201"); linux.Claimed {
		t.Errorf("the decision let a rule of Windows claim %s", linux.Analytic.ATTACKID)
	}
	if len(a.Reread) != 1 || a.Reread[0].As != "T1059" {
		t.Errorf("reread %+v", a.Reread)
	}
}

func TestNoDecisionTakesAFailureAway(t *testing.T) {
	base := func() *world {
		return new(world).scope("Windows").feed(1, "process", "script").add(scripted("r", "T1059")).runbook("Ann", 10, "T1059").
			exercise("T1059", 20, exercise.Alerted).exercise("T1086", 10, exercise.None)
	}
	for name, to := range map[string][]string{"elsewhere": {"T1566"}, "nowhere": {}, "several": {"T1566", "T1200"}} {
		a := Assess(decided(attack.Decision{ID: "T1086", To: to}), base().Evidence, testPolicy(), asOf)
		if v := verdict(t, a, "AN0200"); v.Rung != Contradicted {
			t.Errorf("decided %s: %s", name, v.Rung)
		}
	}
	missed := new(world).scope("Windows").feed(1, "process", "script").add(scripted("r", "T1059")).exercise("T1059", 20, exercise.Alerted)
	missed.Cases = append(missed.Cases, evidence.Of[alert.Case]{Batch: "b-case", Value: alert.Case{ID: "c1", Class: alert.TruePositive, FoundBy: alert.FoundByHunt,
		Opened: asOf.AddDate(0, 0, -5), Closed: asOf.AddDate(0, 0, -4), Techniques: []string{"T1086"}}})
	a := Assess(decided(attack.Decision{ID: "T1086", To: []string{"T1566"}}), missed.Evidence, testPolicy(), asOf)
	if v := verdict(t, a, "AN0200"); v.Rung != Contradicted {
		t.Errorf("a missed incident, decided elsewhere: %s", v.Rung)
	}
}

func TestASuccessIsOfOneBehaviourAtMost(t *testing.T) {
	w := new(world).scope("Windows").feed(1, "process", "script", "mail").add(scripted("r", "T1059")).exercise("T1562", 10, exercise.Alerted)
	for _, c := range []struct {
		to   []string
		want Rung
	}{{[]string{"T1059"}, Proven}, {[]string{"T1059", "T1566"}, Unproven}} {
		a := Assess(decided(attack.Decision{ID: "T1562", To: c.to}), w.Evidence, testPolicy(), asOf)
		if v := verdict(t, a, "AN0200"); v.Rung != c.want {
			t.Errorf("%v: %s, want %s", c.to, v.Rung, c.want)
		}
	}
}

// Whatever is decided, an analytic stands no better than if the evidence itself named what it
// is read as, each piece its own.
func TestADecisionIsNoBetterThanEvidence(t *testing.T) {
	targets := []string{"T1059", "T1566", "T1200"}
	same := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, []string{"AN0100", "AN0200"}, logs, "x")
		w.scope("Windows", "Linux")
		w.add(scripted("r", rapid.SampledFrom([]string{"T1562", "T1086", "T1059"}).Draw(t, "rule names")))
		for range rapid.IntRange(0, 3).Draw(t, "trials") {
			w.exercise(rapid.SampledFrom([]string{"T1562", "T1086"}).Draw(t, "exercise names"), rapid.IntRange(0, 300).Draw(t, "ago"), rapid.SampledFrom(outcomes).Draw(t, "outcome"))
		}
		w.runbook("Ann", rapid.IntRange(0, 500).Draw(t, "reviewed"), "T1562")
		to := rapid.SampledFrom(targets).Draw(t, "to")
		id := rapid.SampledFrom([]string{"T1562", "T1086"}).Draw(t, "decided of")
		by := Assess(decided(attack.Decision{ID: id, To: []string{to}}), w.Evidence, testPolicy(), asOf)
		own := Assess(decided(), renamed(w.Evidence, id, to), testPolicy(), asOf)
		for i := range by.Verdicts {
			b, o := &by.Verdicts[i], &own.Verdicts[i]
			if standing(b.Rung) > standing(o.Rung) {
				t.Fatalf("%s stands as %s by decision, and as %s by what evidence names itself", b.Analytic.ATTACKID, b.Rung, o.Rung)
			}
			if b.Rung == o.Rung && b.Claimed {
				same++
			}
		}
	})
	if same == 0 {
		t.Error("no decision ever came to what evidence itself would")
	}
}

// renamed is evidence that names another technique in the place of one.
func renamed(ev Evidence, id, to string) Evidence {
	ev.Rules, ev.Exercises, ev.Runbooks = slices.Clone(ev.Rules), slices.Clone(ev.Exercises), slices.Clone(ev.Runbooks)
	as := func(ids []string) []string {
		out := slices.Clone(ids)
		for i := range out {
			if out[i] == id {
				out[i] = to
			}
		}
		return out
	}
	for i := range ev.Rules {
		ev.Rules[i].Value.Techniques = as(ev.Rules[i].Value.Techniques)
	}
	for i := range ev.Runbooks {
		ev.Runbooks[i].Value.AppliesTo = as(ev.Runbooks[i].Value.AppliesTo)
	}
	for i := range ev.Exercises {
		e := &ev.Exercises[i].Value
		was := ofExercise(e.ID())
		if e.Technique == id {
			e.Technique = to
		}
		if seen, ok := ev.Around.Seen[was]; ok {
			ev.Around.Seen[ofExercise(e.ID())] = seen
		}
	}
	return ev
}
