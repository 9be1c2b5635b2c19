package assure

import (
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// beside records that a rule raised n alerts at the place and time of an incident which are
// tied to none.
func (w *world) beside(id, rule string, n int64) *world {
	if w.Around.Seen == nil {
		w.Around.Seen = map[string][]Sighting{}
	}
	w.Around.Seen[ofCase(id)] = append(w.Around.Seen[ofCase(id)], Sighting{Near: alert.Near{RuleID: rule, N: n, First: asOf, ID: "a1"}})
	return w
}

func TestMissedIncidentsAreHeldAgainstUntiedAlerts(t *testing.T) {
	missed := func() *world { return working().incident("c1", 10, alert.FoundByOthers, "AN0100") }
	tests := []struct {
		name  string
		world *world
		rung  Rung
		state string
		next  string
	}{
		{"no alert lies there", missed(), Contradicted, "missed", "fix AN0100"},
		{"alerts of a claiming rule do", missed().beside("c1", "r1", 462), Unproven, "untied", "tie_alerts c1"},
		{"alerts of another rule do", missed().beside("c1", "other", 3), Contradicted, "missed", "fix T1566"},
		{"they do, and an exercise passed since", missed().beside("c1", "r1", 2).exercise("AN0100", 5, exercise.Alerted), Unproven, "untied", "tie_alerts c1"},
		{"they do, and another incident was missed", missed().beside("c1", "r1", 2).incident("c2", 9, alert.FoundByHunt, "AN0100"), Contradicted, "missed", "fix T1566"},
		{"they do, and one of them was tied to it", missed().beside("c1", "r1", 461).part("c1", "r1", alert.TruePositive, 1), Unproven, "untied", "tie_alerts c1"},
		{"all of them were tied to it", missed().part("c1", "r1", alert.TruePositive, 462), Reliable, "inconclusive", "keep AN0100"},
	}
	for _, tt := range tests {
		v := verdict(t, assess(t, tt.world), "AN0100")
		if v.Rung != tt.rung || v.Incidents.State != tt.state {
			t.Errorf("%s: %s, %s; want %s, %s", tt.name, v.Rung, v.Incidents.State, tt.rung, tt.state)
		}
		if got := actions(v); tt.next == "tie_alerts c1" && (len(got) == 0 || got[0] != tt.next) {
			t.Errorf("%s: next %v, want %s", tt.name, got, tt.next)
		}
		if tt.state != "untied" {
			continue
		}
		if !strings.Contains(v.Sentence, "tied to no case") {
			t.Errorf("%s: sentence %q", tt.name, v.Sentence)
		}
		p := testPolicy()
		p.Gates.Reporting.Rungs = Rungs()
		d := Gate(Asked{Purpose: Reporting, Kind: "analytic", ID: "AN0100", Verdicts: []Verdict{v}, Measurement: v.Measurement}, p, "2026-06-30")
		if i := slices.IndexFunc(d.Checks, func(c Check) bool { return c.Name == "untied" }); d.Allowed || i < 0 || d.Checks[i].OK {
			t.Errorf("%s: the gate is %+v", tt.name, d)
		}
	}
}

func TestWhatIsAskedOfIncidents(t *testing.T) {
	w := working()
	at := asOf.AddDate(0, 0, -10)
	c := alert.Case{ID: "c1", Occurred: at, Opened: at.Add(time.Hour), Class: alert.TruePositive, FoundBy: alert.FoundByHunt, Analytics: []string{"AN0100"}, Site: "north", Entities: []string{"h1"}}
	late := c
	late.ID, late.Occurred = "c2", time.Time{}
	found := c
	found.ID, found.FoundBy = "c3", alert.FoundByAlert
	w.review(c).review(late).review(found)
	w.Ties = []evidence.Of[Tie]{{Value: Tie{Case: "c1", AlertID: "a7", Site: "north"}}, {Value: Tie{Case: "c1", AlertID: "a8", Part: true}}}
	w.Cases = Apart(w.Cases, w.Ties)
	lib, p := miniature(), testPolicy()
	qs, _, _ := GroundOf(lib, w.Evidence, p, asOf).Questions(&w.Evidence)
	of := map[string]Question{}
	for _, q := range qs {
		of[q.Of] = q
	}
	one, two := of[ofCase("c1")], of[ofCase("c2")]
	if !one.From.Equal(at.Add(-5*time.Minute)) || !one.To.Equal(at.Add(24*time.Hour)) || !one.Untied || !slices.Equal(one.Rules, []string{"r1"}) ||
		!slices.Equal(one.Sites, []string{"north"}) || !slices.Equal(one.Entities, []string{"h1"}) || !slices.Equal(one.Except, []alert.Identity{{ID: "a7", Site: "north"}}) {
		t.Errorf("%+v", one)
	}
	if !two.From.Equal(c.Opened.Add(-24*time.Hour)) || !two.To.Equal(c.Opened) {
		t.Errorf("of which nobody knows when it took place: %+v", two)
	}
	if _, asked := of[ofCase("c3")]; asked {
		t.Error("one that an alert led to is asked about")
	}
}
