package assure

import (
	"fmt"
	"testing"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/telemetry"
)

// enterpriseSize is a made-up release of the size of Enterprise 18.1: 691
// techniques, 1,739 analytics, 263 log sources, 200 users with 17,000 uses.
func enterpriseSize() *attack.Library {
	var s shelf
	platforms := []string{"Windows", "Linux", "macOS", "PRE", "ESXi"}
	var tactics, techniques []string
	for i := range 14 {
		tactics = append(tactics, s.tactic(fmt.Sprintf("TA%04d", i), fmt.Sprintf("tactic-%d", i)))
	}
	s.add(attack.Object{Type: "x-mitre-matrix", ATTACKID: "enterprise-attack", Tactics: tactics})
	s.add(attack.Object{Type: "x-mitre-data-component", ATTACKID: "DC1"})
	for i := range 691 {
		techniques = append(techniques, s.technique(fmt.Sprintf("T%04d", 1000+i), fmt.Sprintf("tactic-%d", i%14)))
	}
	for i := range 1739 {
		s.analytic(fmt.Sprintf("AN%04d", i), platforms[i/691+i%3], techniques[i%691],
			fmt.Sprintf("log%d", i%263), fmt.Sprintf("log%d", (i*7)%263), fmt.Sprintf("log%d", (i*31)%263))
	}
	for i := range 200 {
		g := s.add(attack.Object{Type: "intrusion-set", ATTACKID: fmt.Sprintf("G%04d", i)})
		for j := range 85 {
			s.relate(attack.Uses, g, techniques[(i*13+j*8)%691])
		}
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, s.objects)
}

// largeEvidence is 3,700 rules, 5,000 tallies of 70 of them, 90 days of 200
// feeds, 1,400 exercises and 300 runbooks.
func largeEvidence(techniques []string) Evidence {
	w := new(world).scope("Windows", "Linux", "macOS")
	for i := range 3700 {
		w.add(detection.Rule{ID: fmt.Sprintf("r%d", i), Name: fmt.Sprintf("Rule %d", i), Enabled: true, Platforms: []string{"Windows"},
			Techniques: []string{techniques[i%len(techniques)], techniques[(i*17)%len(techniques)]}})
	}
	for i := range 5000 {
		c := alert.TruePositive
		if i%3 == 0 {
			c = alert.FalsePositive
		}
		w.tally(fmt.Sprintf("r%d", i%70*50), fmt.Sprintf("c%d", i), c, i%90, 144)
	}
	for i := range 70 {
		w.AlertRules = append(w.AlertRules, AlertRule{ID: fmt.Sprintf("r%d", i*50), Batches: []string{"b"}})
	}
	for d := range 90 {
		for i := range 200 {
			o := evidence.Of[telemetry.Observation]{Batch: "f"}
			o.Value = telemetry.Observation{Day: day.Of(asOf).Add(-d), Source: fmt.Sprintf("log%d", i), Events: 100, Hosts: 10}
			w.Telemetry.Observations = append(w.Telemetry.Observations, o)
		}
	}
	for i := range 1400 {
		w.exercise(techniques[(i*3)%len(techniques)], i%300, exercise.Alerted)
	}
	for i := range 300 {
		w.runbook("me", i, techniques[(i*2)%len(techniques)])
	}
	return w.Evidence
}

func BenchmarkAssessSynthetic(b *testing.B) {
	lib := enterpriseSize()
	ev := largeEvidence(techniqueIDs(lib))
	for b.Loop() {
		if a := Assess(lib, ev, testPolicy(), asOf); len(a.Verdicts) != 1739 {
			b.Fatalf("%d verdicts", len(a.Verdicts))
		}
	}
}

func techniqueIDs(lib *attack.Library) []string {
	var ids []string
	for _, o := range lib.Objects() {
		if o.Kind.Technique() && o.Live() {
			ids = append(ids, o.ATTACKID)
		}
	}
	return ids
}
