package visibility

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

var (
	stopWindow = Window{From: "2026-05-01", To: "2026-05-31"}
	stopPolicy = Policy{MaxFeedAgeDays: 7}
)

func seen(d day.Date, name, channel, site string, events int64) evidence.Of[telemetry.Observation] {
	return evidence.Of[telemetry.Observation]{Batch: "b", Value: telemetry.Observation{Day: d, Source: name, Channel: channel, Site: site, Events: events}}
}

func TestStoppedFeedsAreThoseThatArrivedOnce(t *testing.T) {
	o := []evidence.Of[telemetry.Observation]{
		seen("2026-05-31", "live", "", "", 9),
		seen("2026-05-24", "as old as may be", "", "", 9),
		seen("2026-05-23", "too old", "", "", 9),
		seen("2026-05-10", "silent", "x", "", 9), seen("2026-05-30", "silent", "x", "", 0),
		seen("2026-05-30", "never arrived", "", "", 0),
		seen("2026-04-01", "Mixed Case", "", "", 9), seen("2026-05-31", "mixed  case", "", "", 9),
		seen("2026-05-31", "sites", "", "north", 9), seen("2026-05-02", "sites", "", "south", 9),
		seen("2026-05-03", "all sites", "", "north", 9), seen("2026-05-02", "all sites", "", "south", 9),
		seen("2026-04-01", "retired", "", "", 9),
		seen("2026-06-30", "later", "", "", 9), seen("2026-05-05", "later", "", "", 9),
	}
	sources := []evidence.Of[telemetry.Source]{
		{Value: telemetry.Source{Name: "Retired", Until: "2026-04-30"}},
		{Value: telemetry.Source{Name: "too old", Until: "2026-04-30"}}, {Value: telemetry.Source{Name: "too old"}},
	}
	want := []StoppedFeed{
		{Name: "sites", Site: "south", LastSeen: "2026-05-02", Days: 29, LastLooked: "2026-05-02", Batch: "b"},
		{Name: "all sites", LastSeen: "2026-05-03", Days: 28, LastLooked: "2026-05-03", Batch: "b"},
		{Name: "later", LastSeen: "2026-05-05", Days: 26, LastLooked: "2026-05-05", Batch: "b"},
		{Name: "silent", Channel: "x", LastSeen: "2026-05-10", Days: 21, LastLooked: "2026-05-30", Batch: "b"},
		{Name: "too old", LastSeen: "2026-05-23", Days: 8, LastLooked: "2026-05-23", Batch: "b"},
	}
	if d := cmp.Diff(want, Stopped(Telemetry{Sources: sources, Observations: o}, stopPolicy, stopWindow)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestStoppedFeedsDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) evidence.Of[telemetry.Observation] {
			v := seen(rapid.SampledFrom([]day.Date{"2026-04-01", "2026-05-01", "2026-05-30"}).Draw(t, "day"),
				rapid.SampledFrom([]string{"a", "A", "b"}).Draw(t, "name"), rapid.SampledFrom([]string{"", "c", "C"}).Draw(t, "channel"),
				rapid.SampledFrom([]string{"", "n", "s"}).Draw(t, "site"), rapid.Int64Range(0, 1).Draw(t, "events"))
			v.Batch = rapid.SampledFrom([]string{"b1", "b2"}).Draw(t, "batch")
			return v
		}), 0, 12).Draw(rt, "observations")
		want := Stopped(Telemetry{Observations: o}, stopPolicy, stopWindow)
		slices.Reverse(o)
		if d := cmp.Diff(want, Stopped(Telemetry{Observations: o}, stopPolicy, stopWindow)); d != "" {
			rt.Fatalf("%s", d)
		}
	})
}
