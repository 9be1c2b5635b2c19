package assure

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/telemetry"
)

// TestAGroundTakesOverWhatRestsOnNothingThatDiffers looks at what is made anew.
func TestAGroundTakesOverWhatRestsOnNothingThatDiffers(t *testing.T) {
	lib, p := miniature(), testPolicy()
	w := new(world).scope("Windows").feed(1, "mail").rule("r0", "AN0001")
	g := GroundOf(lib, w.Evidence, p, asOf)
	ev := w.Evidence
	ev.Telemetry.Observations = append(slices.Clone(ev.Telemetry.Observations), some(telemetry.Observation{Day: day.Of(asOf), Source: "cold", Events: 1})...)
	fed := g.After(ev)
	if reflect.ValueOf(fed.claims.ByAnalytic).Pointer() != reflect.ValueOf(g.claims.ByAnalytic).Pointer() || same(fed.seen, g.seen) {
		t.Error("after other telemetry the claims are judged again, or what is seen is not")
	}
	ev = w.Evidence
	ev.Rules = append(slices.Clone(ev.Rules), some(detection.Rule{ID: "r1", Enabled: true})...)
	ruled := g.After(ev)
	if reflect.ValueOf(ruled.claims.ByAnalytic).Pointer() == reflect.ValueOf(g.claims.ByAnalytic).Pointer() || !same(ruled.seen, g.seen) || !ruled.enabled["r1"] {
		t.Error("after other rules what is seen is judged again, or the claims are not")
	}
	ev = w.Evidence
	ev.Changes = map[string][]detection.Change{"r0": {{On: day.Of(asOf)}}}
	if changed := g.After(ev); len(changed.changed) != 1 {
		t.Errorf("after a change of a rule %v", changed.changed)
	}
}

// TestAGroundServesManyAssessments judges evidence on a ground on which other alerts, another
// site and the same evidence at another hour were judged before.
func TestAGroundServesManyAssessments(t *testing.T) {
	lib, p := miniature(), testPolicy()
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		for i := range w.Telemetry.Observations {
			w.Telemetry.Observations[i].Value.Site = rapid.SampledFrom([]string{"", "west", "east"}).Draw(t, "site")
		}
		w.Telemetry.Sources = append(w.Telemetry.Sources, some(telemetry.Source{Name: "mail", Sites: []string{"west"}, Hosts: 3})...)
		idle := w.Evidence
		w.Runs = some(detection.Run{RuleID: "r0", Start: asOf.Add(-48 * time.Hour), End: asOf.Add(-47 * time.Hour), Status: detection.RunFailed, Executions: 1})
		g := GroundOf(lib, w.Evidence, p, asOf)
		g.Assess(w.Evidence, asOf)
		fewer := w.Evidence
		fewer.Tallies = slices.DeleteFunc(slices.Clone(fewer.Tallies), func(a alert.Tally) bool { return a.RuleID == "r0" })
		there := w.At("west", nil)
		other, elsewhere, ruled := drawAll(t).Evidence, w.Evidence, w.Evidence
		elsewhere.Telemetry, ruled.Rules, ruled.Changes = other.Telemetry, other.Rules, other.Changes
		after := GroundOf(lib, elsewhere, p, asOf).After(w.Evidence)
		for name, c := range map[string]struct {
			on *Ground
			ev Evidence
			at time.Time
		}{
			"after all else": {GroundOf(lib, other, p, asOf).After(w.Evidence), w.Evidence, asOf}, "after other telemetry": {after, w.Evidence, asOf},
			"after other rules":          {GroundOf(lib, ruled, p, asOf).After(w.Evidence), w.Evidence, asOf},
			"one site after":             {g.AtAfter(GroundOf(lib, elsewhere, p, asOf).At(elsewhere.At("west", nil)), there), there, asOf},
			"one site after other rules": {g.AtAfter(GroundOf(lib, ruled, p, asOf).At(ruled.At("west", nil)), there), there, asOf},
			"no runs":                    {g, idle, asOf},
			"fewer alerts":               {g, fewer, asOf}, "one site": {g.At(there), there, asOf}, "an hour before": {g, w.Evidence, asOf.Add(-time.Hour)}, "all": {g, w.Evidence, asOf},
		} {
			want := Assess(lib, c.ev, p, c.at)
			if diff := cmp.Diff(want, c.on.Assess(c.ev, c.at)); diff != "" {
				t.Fatalf("%s, on a ground that was there:\n%s", name, diff)
			}
			if name == "one site" && !cmp.Equal(want.Totals, Assess(lib, w.Evidence, p, asOf).Totals) {
				moved++
			}
		}
	})
	if moved == 0 {
		t.Error("no site was drawn that has other telemetry than the whole")
	}
}
