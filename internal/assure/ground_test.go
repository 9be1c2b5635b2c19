package assure

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/detection"
	"candor/internal/telemetry"
)

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
		for name, c := range map[string]struct {
			on *Ground
			ev Evidence
			at time.Time
		}{
			"no runs":      {g, idle, asOf},
			"fewer alerts": {g, fewer, asOf}, "one site": {g.At(there), there, asOf}, "an hour before": {g, w.Evidence, asOf.Add(-time.Hour)}, "all": {g, w.Evidence, asOf},
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
