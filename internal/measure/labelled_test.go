package measure_test

import (
	"math"
	"testing"

	"candor/internal/alert"
	"candor/internal/measure"
	"pgregory.net/rapid"
)

func drawTallies(t *rapid.T) []alert.Tally {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) alert.Tally {
		x := alert.Tally{RuleID: "r", Day: "2026-05-01", Provenance: alert.Analyst, N: rapid.Int64Range(1, 40).Draw(t, "n"),
			Class:   rapid.SampledFrom(alert.Classes()).Draw(t, "class"),
			Cluster: rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h"}).Draw(t, "cluster")}
		if x.Class == alert.Unlabelled {
			x.Provenance = ""
		} else if rapid.IntRange(0, 4).Draw(t, "machine at 0") == 0 {
			x.Provenance = alert.Automation
		}
		return x
	}), 0, 25).Draw(t, "tallies")
}

func TestLabelledMovesAlertsAndMakesNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tallies, p := drawTallies(t), policy()
		before := pool("r", tallies, 10, p)
		more := rapid.Int64Range(0, 300).Draw(t, "more")
		after := pool("r", measure.Labelled(tallies, more, p), 10, p)
		want := min(more, before.Unlabelled)
		if before.Precision == nil {
			want = 0
		}
		if after.Alerts != before.Alerts || before.Unlabelled-after.Unlabelled != want || after.Test != before.Test {
			t.Fatalf("%d of %d unlabelled became labelled, want %d; %d alerts became %d", before.Unlabelled-after.Unlabelled, before.Unlabelled, want, before.Alerts, after.Alerts)
		}
		if after.TruePositive < before.TruePositive || after.BenignPositive != before.BenignPositive || after.FalsePositive < before.FalsePositive {
			t.Fatalf("labels were taken away: %+v became %+v", before, after)
		}
	})
}

func TestLabelledKeepsToTheEstimates(t *testing.T) {
	var tallies []alert.Tally
	add := func(cluster string, c alert.Class, n int64) {
		tallies = append(tallies, alert.Tally{RuleID: "r", Cluster: cluster, Day: "2026-05-01", Class: c, Provenance: alert.Analyst, N: n})
	}
	for i := range 20 {
		id := string(rune('a' + i))
		if i%4 == 0 { // a quarter of the episodes holds hits, four of five of their alerts
			add("old"+id, alert.TruePositive, 8)
			add("old"+id, alert.FalsePositive, 2)
		} else {
			add("old"+id, alert.FalsePositive, 10)
		}
		for j := range 4 {
			add("new"+id+string(rune('0'+j)), alert.Unlabelled, 10)
		}
	}
	p := policy()
	before := pool("r", tallies, 10, p)
	after := pool("r", measure.Labelled(tallies, 800, p), 10, p)
	if math.Abs(*after.Precision-*before.Precision) > 0.02 || math.Abs(*after.EpisodePrecision-*before.EpisodePrecision) > 0.02 {
		t.Errorf("precision %v and %v, before %v and %v", *after.Precision, *after.EpisodePrecision, *before.Precision, *before.EpisodePrecision)
	}
	if after.Episodes <= before.Episodes || math.Abs(*after.Deff / *before.Deff - 1) > 0.2 {
		t.Errorf("%d episodes and deff %v, before %d and %v", after.Episodes, *after.Deff, before.Episodes, *before.Deff)
	}
}
