package assure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/visibility"
)

// incident adds a true incident that took place so many days ago. IDs of what was
// done are of analytics or techniques.
func (w *world) incident(id string, ago int, by alert.Discovery, done ...string) *world {
	at := asOf.AddDate(0, 0, -ago)
	c := alert.Case{ID: id, Occurred: at, Opened: at, Closed: at, Class: alert.TruePositive, FoundBy: by}
	for _, d := range done {
		if d[:2] == "AN" {
			c.Analytics = append(c.Analytics, d)
		} else {
			c.Techniques = append(c.Techniques, d)
		}
	}
	return w.review(c)
}

func (w *world) review(c alert.Case) *world {
	w.Cases = append(w.Cases, evidence.Of[alert.Case]{Value: c, Batch: "b-case"})
	return w
}

// part says that a rule raised alerts of a class in a case.
func (w *world) part(id, rule string, c alert.Class, n int64) *world {
	w.CaseCounts = append(w.CaseCounts, alert.CaseCount{Case: id, Rule: rule, Class: c, Provenance: alert.Incident, N: n})
	if c.False() || c == alert.BenignPositive {
		return w
	}
	if w.Around.Seen == nil {
		w.Around.Seen = map[string][]Sighting{}
	}
	w.Around.Seen[ofTied(id)] = append(w.Around.Seen[ofTied(id)], Sighting{Near: alert.Near{RuleID: rule, N: n, First: asOf, ID: "a0"}})
	return w
}

// away says that a rule raised alerts of a class in a case, none of them at its place and time.
func (w *world) away(id, rule string, c alert.Class, n int64) *world {
	w.CaseCounts = append(w.CaseCounts, alert.CaseCount{Case: id, Rule: rule, Class: c, Provenance: alert.Incident, N: n})
	return w
}

// working is an organisation in which AN0100 is reliable by an exercise.
func working() *world {
	return new(world).feed(1, "mail").rule("r1", "AN0100").exercise("AN0100", 40, exercise.Alerted).runbook("me", 10, "AN0100")
}

func TestMissedIncidents(t *testing.T) {
	tests := []struct {
		name  string
		world *world
		rung  Rung
		state string
		code  string
	}{
		{"none", working(), Reliable, "none", ""},
		{"found by others after the exercise", working().incident("c1", 10, alert.FoundByOthers, "AN0100"), Contradicted, "missed", "incident_contradicts"},
		{"found by a hunt", working().incident("c1", 10, alert.FoundByHunt, "T1566"), Contradicted, "missed", "incident_contradicts"},
		{"found too late", working().incident("c1", 10, alert.FoundTooLate, "AN0100"), Contradicted, "missed", "incident_contradicts"},
		{"before the exercise", working().incident("c1", 50, alert.FoundByOthers, "AN0100"), Reliable, "answered", "incident_answered"},
		{"found by an alert of another rule", working().incident("c1", 10, alert.FoundByAlert, "AN0100"), Reliable, "inconclusive", "incident_inconclusive"},
		{"how it was found is not said", working().incident("c1", 10, "", "AN0100"), Reliable, "inconclusive", "incident_inconclusive"},
		{"a claiming rule raised an alert in it", working().incident("c1", 10, alert.FoundByOthers, "AN0100").part("c1", "r1", alert.Unlabelled, 1), Reliable, "inconclusive", "incident_inconclusive"},
		{"a claiming rule raised only false ones in it", working().incident("c1", 10, alert.FoundByOthers, "AN0100").part("c1", "r1", alert.FalseLogic, 1).part("c1", "r1", alert.BenignPositive, 1), Contradicted, "missed", "incident_contradicts"},
		{"it raised false ones and another", working().incident("c1", 10, alert.FoundByOthers, "AN0100").part("c1", "r1", alert.FalseLogic, 1).part("c1", "r1", alert.Unlabelled, 1), Reliable, "inconclusive", "incident_inconclusive"},
		{"a true one of a claiming rule was tied to it from elsewhere", working().incident("c1", 10, alert.FoundByOthers, "AN0100").away("c1", "r1", alert.TruePositive, 3), Contradicted, "missed", "incident_contradicts"},
		{"one from elsewhere, and one at its place", working().incident("c1", 10, alert.FoundByOthers, "AN0100").away("c1", "r1", alert.TruePositive, 3).part("c1", "r1", alert.Unlabelled, 1), Reliable, "inconclusive", "incident_inconclusive"},
		{"a benign one at its place, a true one from elsewhere", working().incident("c1", 10, alert.FoundByHunt, "AN0100").part("c1", "r1", alert.BenignPositive, 1).away("c1", "r1", alert.TruePositive, 1), Contradicted, "missed", "incident_contradicts"},
		{"an alert from elsewhere is said to have led to a later one", working().incident("c1", 10, alert.FoundByOthers, "AN0100").
			incident("c2", 5, alert.FoundByAlert, "AN0100").away("c2", "r1", alert.TruePositive, 2), Contradicted, "missed", "incident_contradicts"},
		{"another rule raised an alert in it", working().incident("c1", 10, alert.FoundByOthers, "AN0100").part("c1", "r9", alert.TruePositive, 1), Contradicted, "missed", "incident_contradicts"},
		{"an alert of its rule led to a later one", working().incident("c1", 10, alert.FoundByOthers, "AN0100").
			incident("c2", 5, alert.FoundByAlert, "AN0100").part("c2", "r1", alert.TruePositive, 2), Reliable, "answered", "incident_answered"},
		{"an alert of its rule led to an earlier one", working().incident("c1", 10, alert.FoundByOthers, "AN0100").
			incident("c2", 15, alert.FoundByAlert, "AN0100").part("c2", "r1", alert.TruePositive, 2), Contradicted, "missed", "incident_contradicts"},
		{"detected, and nothing else", new(world).feed(1, "mail").rule("r1", "AN0100").runbook("me", 10, "AN0100").
			incident("c1", 5, alert.FoundByAlert, "AN0100").part("c1", "r1", alert.TruePositive, 2), Unproven, "detected", "incident_detected"},
		{"missed, and nothing had said that it works", new(world).feed(1, "mail").rule("r1", "AN0100").
			incident("c1", 5, alert.FoundByOthers, "AN0100"), Unproven, "missed", "incident_missed"},
		{"missed although the alerts are good", new(world).feed(1, "mail").rule("r1", "AN0100").alerts("r1", 40, 0).
			incident("c1", 5, alert.FoundByOthers, "AN0100"), Contradicted, "missed", "incident_contradicts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict(t, assess(t, tt.world), "AN0100")
			if v.Rung != tt.rung || v.Incidents.State != tt.state || tt.code != "" && !slices.Contains(codes(v), tt.code) {
				t.Errorf("got %s, incidents %+v, reasons %v", v.Rung, v.Incidents, codes(v))
			}
			for _, r := range v.Reasons {
				if strings.HasPrefix(r.Code, "incident_") && !slices.Contains(r.Refs, evidence.Ref{Kind: "batch", ID: "b-case"}) {
					t.Errorf("%s does not name its batch: %+v", r.Code, r.Refs)
				}
			}
		})
	}
}

// A revoked technique stands for its successor, on the platforms of the incident.
func TestAnIncidentSpeaksOfItsTechniqueOnItsPlatforms(t *testing.T) {
	w := new(world).feed(1, "process", "script", "audit").rule("r1", "AN0200", "AN0201").
		exercise("AN0200", 40, exercise.Alerted).exercise("AN0201", 40, exercise.Alerted)
	at := asOf.AddDate(0, 0, -5)
	w.review(alert.Case{ID: "c", Opened: at, Class: alert.TruePositive, FoundBy: alert.FoundByOthers, Techniques: []string{"T1086"}, Platforms: []string{"linux"}})
	a := assess(t, w)
	if got := verdict(t, a, "AN0201").Rung; got != Contradicted {
		t.Errorf("AN0201 on Linux is %s", got)
	}
	if got := verdict(t, a, "AN0200").Rung; got != Proven {
		t.Errorf("AN0200 on Windows is %s", got)
	}
}

func TestWhatACaseMayNotSay(t *testing.T) {
	at := asOf.AddDate(0, 0, -5)
	miss := alert.Case{ID: "c", Opened: at, Class: alert.TruePositive, FoundBy: alert.FoundByOthers, Analytics: []string{"AN0100"}}
	for name, change := range map[string]func(*alert.Case){
		"false":              func(c *alert.Case) { c.Class = alert.FalsePositive },
		"unlabelled":         func(c *alert.Case) { c.Class = alert.Unlabelled },
		"opened tomorrow":    func(c *alert.Case) { c.Opened = asOf.AddDate(0, 0, 1) },
		"of another":         func(c *alert.Case) { c.Analytics = []string{"AN0300"} },
		"of what is unknown": func(c *alert.Case) { c.Analytics = []string{"AN7777"} },
	} {
		c := miss
		change(&c)
		if got := verdict(t, assess(t, working().review(c)), "AN0100").Rung; got != Reliable {
			t.Errorf("a case that is %s makes it %s", name, got)
		}
	}
	limits := strings.Join(assess(t, working()).Limits, "\n")
	if !strings.Contains(limits, "Missed incidents are not taken into account") {
		t.Errorf("without a case the limit is missing: %s", limits)
	}
	c := miss
	c.Analytics = []string{"AN7777"}
	limits = strings.Join(assess(t, working().review(c)).Limits, "\n")
	if strings.Contains(limits, "Missed incidents are not") || !strings.Contains(limits, "AN7777") {
		t.Errorf("with a case of AN7777 the limits are: %s", limits)
	}
}

func TestAnExerciseAfterAMissedIncidentIsTheNextStepAndLifts(t *testing.T) {
	w := working().incident("c1", 10, alert.FoundByOthers, "AN0100")
	v := verdict(t, assess(t, w), "AN0100")
	if got := actions(v); !slices.Equal(got, []string{"fix T1566"}) || !strings.Contains(v.Next[0].Text, "c1") {
		t.Errorf("next %v, %q", got, v.Next[0].Text)
	}
	plan := Prospects(miniature(), w.Evidence, testPolicy(), asOf)
	if len(plan) == 0 || plan[0].Action != "fix" || plan[0].Moves[0].To != Reliable {
		t.Errorf("prospects %+v", plan)
	}
}

func TestAMissedIncidentNeverImprovesARung(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		by := rapid.SampledFrom([]alert.Discovery{alert.FoundByHunt, alert.FoundByOthers, alert.FoundTooLate}).Draw(t, "by")
		w.incident("new", rapid.IntRange(0, 400).Draw(t, "ago"), by, rapid.SampledFrom(exercised).Draw(t, "missed"))
		noneBetter(t, before, Assess(miniature(), w.Evidence, testPolicy(), asOf))
	})
}

// drawIncidents adds incidents of the analytics, in some of which rules raised
// alerts.
func drawIncidents(t *rapid.T, w *world, analytics []string, prefix string) {
	for i := range rapid.IntRange(0, 2).Draw(t, "incidents") {
		id := fmt.Sprintf("%s-case%d", prefix, i)
		w.incident(id, rapid.IntRange(0, 300).Draw(t, "incident"), rapid.SampledFrom(alert.Discoveries()).Draw(t, "found by"), rapid.SampledFrom(analytics).Draw(t, "done"))
		if rapid.Bool().Draw(t, "raised") {
			w.part(id, prefix+"0", rapid.SampledFrom([]alert.Class{alert.TruePositive, alert.FalsePositive}).Draw(t, "as"), 1)
		}
	}
}

func TestWhatEachAnalyticDidInAnIncident(t *testing.T) {
	w := new(world).scope("Windows", "Linux").feed(1, "mail", "process", "script", "audit").
		rule("r1", "AN0100").rule("r2", "AN0200").rule("r3", "AN0300")
	at := asOf.AddDate(0, 0, -1)
	w.review(alert.Case{ID: "c", Opened: at, Class: alert.TruePositive, FoundBy: alert.FoundByOthers,
		Techniques: []string{"T1566", "T1086", "T1589.003", "T7777"}, Analytics: []string{"AN0300"}})
	roles := func(parts func(*world)) map[string]Role {
		v := *w
		v.CaseCounts, v.Around.Seen = nil, nil
		parts(&v)
		beside := map[string]int64{}
		for _, s := range v.Around.Seen[ofCase("c")] {
			beside[s.RuleID] += s.N
		}
		here := map[string]int64{}
		for _, s := range v.Around.Seen[ofTied("c")] {
			here[s.RuleID] += s.N
		}
		r := ReviewOf(miniature(), Reviewed{Case: w.Cases[0], Then: assess(t, &v), Counts: v.CaseCounts, Beside: beside, Here: here})
		if !slices.Equal(r.Unknown, []string{"T7777"}) {
			t.Errorf("unknown: %v", r.Unknown)
		}
		got := map[string]Role{}
		for _, x := range r.Involved {
			got[x.Analytic.ATTACKID] = x.Role
			// No sentence says that nothing could be seen where there are alerts.
			if heard := x.Untied > 0 || len(x.Rules) > 0; heard == (x.Role == CouldNotSee) && x.Visibility == visibility.Blind ||
				heard && x.Visibility == visibility.Blind && !strings.Contains(x.Reason.Text, "says something else (blind): there were alerts") {
				t.Errorf("%s, %d untied: %s: %s", x.Analytic.ATTACKID, x.Untied, x.Role, x.Reason.Text)
			}
			if len(x.Reason.Refs) == 0 || x.Reason.Refs[0].ID != "b-case" {
				t.Errorf("%s: %+v", x.Analytic.ATTACKID, x.Reason)
			}
		}
		return got
	}
	untied := func(rule string) func(*world) { return func(w *world) { w.beside("c", rule, 3) } }
	if got := roles(untied("r3"))["AN0300"]; got != LeftUntied {
		t.Errorf("a rule of a blind analytic raised alerts there: %q", got)
	}
	if got := roles(func(w *world) { w.part("c", "r3", alert.TruePositive, 1) })["AN0300"]; got != GaveEvidence {
		t.Errorf("a rule of a blind analytic raised alerts in it: %q", got)
	}
	base := map[string]Role{"AN0100": StayedSilent, "AN0200": StayedSilent, "AN0201": NoRule, "AN0300": CouldNotSee, "AN1989": CouldNotSee}
	for name, tt := range map[string]struct {
		parts func(*world)
		want  Role
	}{
		"silent":                 {func(*world) {}, StayedSilent},
		"alerts of other cases":  {func(w *world) { w.part("d", "r1", alert.TruePositive, 1) }, StayedSilent},
		"true, elsewhere":        {func(w *world) { w.away("c", "r1", alert.TruePositive, 2) }, StayedSilent},
		"true, both":             {func(w *world) { w.away("c", "r1", alert.TruePositive, 2).part("c", "r1", alert.TruePositive, 1) }, GaveEvidence},
		"true, elsewhere, noise": {func(w *world) { w.away("c", "r1", alert.TruePositive, 2).part("c", "r1", alert.FalsePositive, 1) }, GaveNoise},
		"true":                   {func(w *world) { w.part("c", "r1", alert.FalsePositive, 9).part("c", "r1", alert.TruePositive, 1) }, GaveEvidence},
		"false and benign":       {func(w *world) { w.part("c", "r1", alert.FalseLogic, 2).part("c", "r1", alert.BenignPositive, 1) }, GaveNoise},
		"not all are labelled":   {func(w *world) { w.part("c", "r1", alert.FalseLogic, 2).part("c", "r1", alert.Unlabelled, 1) }, GaveUnknown},
		"of another rule":        {func(w *world) { w.part("c", "r9", alert.TruePositive, 1) }, StayedSilent},
		"untied":                 {untied("r1"), LeftUntied},
		"untied, other rule":     {untied("r9"), StayedSilent},
		"untied, and others in":  {func(w *world) { w.part("c", "r1", alert.TruePositive, 1).beside("c", "r1", 3) }, GaveEvidence},
	} {
		got := roles(tt.parts)
		for id, want := range base {
			if id == "AN0100" {
				want = tt.want
			}
			if got[id] != want {
				t.Errorf("%s: %s is %q, want %q", name, id, got[id], want)
			}
		}
		if len(got) != len(base) {
			t.Errorf("%s: involved are %v", name, got)
		}
	}
}

func TestAReviewSaysWhichAlertsWereOpenedAgain(t *testing.T) {
	w := new(world).scope("Windows").rule("r1", "AN0100")
	closed := asOf.AddDate(0, 0, -1)
	w.review(alert.Case{ID: "c", Opened: closed.AddDate(0, 0, -1), Closed: closed, Class: alert.TruePositive, Techniques: []string{"T1566"}})
	w.part("c", "r1", alert.Unlabelled, 2).part("c", "r1", alert.Unlabelled, 3).part("d", "r1", alert.Unlabelled, 4)
	w.CaseCounts[1].Reopened, w.CaseCounts[2].Reopened = true, true
	limits := ReviewOf(miniature(), Reviewed{Case: w.Cases[0], Then: assess(t, w), Counts: w.CaseCounts}).Limits
	if !slices.Contains(limits, "3 alerts are open again since the case was closed; no class is inherited from it.") {
		t.Errorf("limits: %q", limits)
	}
}
