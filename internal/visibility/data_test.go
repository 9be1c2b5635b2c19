package visibility_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/day"
	"candor/internal/telemetry"
	"candor/internal/visibility"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func enterprise181(t testing.TB) *attack.Library {
	t.Helper()
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: nothing is judged on enterprise 18.1")
	}
	f, err := os.Open(filepath.Join(dir, "attack", "enterprise-attack-18.1.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var objects []*attack.Object
	_, err = stix.Read(context.Background(), stix.Source{Name: f.Name(), Reader: f}, func(s *attack.Snapshot) error {
		o := s.Object
		objects = append(objects, &o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
}

func states(ss map[string]visibility.Statement) map[visibility.State]int {
	n := map[visibility.State]int{}
	for _, s := range ss {
		n[s.State]++
	}
	return n
}

func TestEnterprise181WithoutTelemetry(t *testing.T) {
	got := visibility.Judge(enterprise181(t), visibility.Telemetry{}, policy(), window)
	want := map[visibility.State]int{visibility.Outside: 92, visibility.Blind: 1647}
	if diff := cmp.Diff(want, states(got)); diff != "" {
		t.Errorf("analytics by state (-want +got):\n%s", diff)
	}
}

func TestAN1989CannotBeSeen(t *testing.T) {
	lib := enterprise181(t)
	id := lib.ByATTACKID("AN1989")[0].ID
	s := visibility.Judge(lib, visibility.Telemetry{}, policy(), window)[id]
	if s.State != visibility.Outside {
		t.Errorf("got %s", s.State)
	}
	var text []string
	for _, r := range s.Reasons {
		text = append(text, r.Text)
		for _, ref := range r.Refs {
			if ref.Kind == "object" && ref.ID != id {
				t.Errorf("%s rests on %s", r.Code, ref.ID)
			}
		}
	}
	all := strings.Join(text, " ")
	for _, want := range []string{"names no log source for AN1989", "platform is PRE", "very high occurrence", "may take place outside the visibility", "related behaviour"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
	registered := visibility.Telemetry{Externals: of("b", telemetry.External{
		ID: "x", Covers: []string{"T1589.003"}, Reliability: "B", Credibility: 2, Expires: "2026-12-31",
	})}
	if got := visibility.Judge(lib, registered, policy(), window)[id].State; got != visibility.Outside {
		t.Errorf("with an external source for its technique from which nothing came: %s", got)
	}
	registered.Hearings = of("s", telemetry.Hearing{Source: "x", Day: window.To})
	if got := visibility.Judge(lib, registered, policy(), window)[id].State; got != visibility.External {
		t.Errorf("with an external source for its technique: %s", got)
	}
}

// Every log source that the release names is known to it.
func TestEnterprise181KnowsItsOwnLogSources(t *testing.T) {
	lib := enterprise181(t)
	var all []telemetry.Source
	for _, o := range lib.OfKind(attack.KindAnalytic) {
		for _, l := range o.LogSources {
			all = append(all, telemetry.Source{Name: l.Name, Channel: l.Channel})
		}
	}
	if got := visibility.Unknown(lib, visibility.Telemetry{Sources: of("b", all...)}); len(got) > 0 {
		t.Errorf("unknown: %v", got)
	}
	got := visibility.Judge(lib, visibility.Telemetry{Sources: of("b", all...)}, policy(), window)
	if n := states(got)[visibility.Declared]; n != 1647 {
		t.Errorf("with everything declared %d are declared: %v", n, states(got))
	}
}

// Two thousand sources and ninety days of three hundred feeds on the largest
// release, as a large organisation would bring.
func BenchmarkJudgeEnterprise181(b *testing.B) {
	lib := enterprise181(b)
	var t visibility.Telemetry
	channels := map[string]map[string]bool{}
	for _, o := range lib.OfKind(attack.KindAnalytic) {
		for _, l := range o.LogSources {
			if channels[l.Name] == nil {
				channels[l.Name] = map[string]bool{}
			}
			channels[l.Name][l.Channel] = true
		}
	}
	for name, cs := range channels {
		for c := range cs {
			t.Sources = append(t.Sources, of("b", telemetry.Source{Name: name, Channel: c, Hosts: 10})...)
		}
		t.Observations = append(t.Observations, of("b", daily(telemetry.Observation{Source: name, Events: 9, Hosts: 9}, window.To, 90)...)...)
	}
	for b.Loop() {
		visibility.Judge(lib, t, policy(), window)
	}
	b.ReportMetric(float64(len(t.Sources)), "sources")
	b.ReportMetric(float64(len(t.Observations)), "observations")
}

// anyTelemetry draws telemetry about the log sources of the test library.
func anyTelemetry(t *rapid.T) visibility.Telemetry {
	var out visibility.Telemetry
	names := []string{"WinEventLog:Sysmon", "WinEventLog:Security", "NSM:Flow", "Internet Scan", "Other"}
	channels := []string{"", "EventCode=1", "EventCode=3", "EventCode=4688", "None"}
	platforms := [][]string{nil, {"Windows"}, {"Linux"}}
	for i := range rapid.IntRange(0, 6).Draw(t, "sources") {
		out.Sources = append(out.Sources, of(fmt.Sprint("s", i), telemetry.Source{
			Name: rapid.SampledFrom(names).Draw(t, "name"), Channel: rapid.SampledFrom(channels).Draw(t, "channel"),
			Platforms: rapid.SampledFrom(platforms).Draw(t, "platforms"), Hosts: rapid.IntRange(0, 10).Draw(t, "hosts"),
			Since: rapid.SampledFrom([]day.Date{"", "2026-01-01", "2026-04-01", "2026-05-01"}).Draw(t, "since"),
			Until: rapid.SampledFrom([]day.Date{"", "2026-03-10", "2026-03-20", "2026-06-01"}).Draw(t, "until"),
		})...)
	}
	for i := range rapid.IntRange(0, 20).Draw(t, "observations") {
		out.Observations = append(out.Observations, of(fmt.Sprint("o", i%3), telemetry.Observation{
			Source: rapid.SampledFrom(names).Draw(t, "name"), Channel: rapid.SampledFrom(channels).Draw(t, "channel"),
			Day: window.To.Add(-rapid.IntRange(-2, 40).Draw(t, "age")), Events: rapid.Int64Range(0, 2).Draw(t, "events"),
			Hosts: rapid.IntRange(0, 10).Draw(t, "hosts"), Site: rapid.SampledFrom([]string{"", "a"}).Draw(t, "site"),
		})...)
	}
	return out
}

func TestOrderOfTelemetryDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have := anyTelemetry(t)
		want := judge(have, policy())
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(have.Sources), func(i, j int) { have.Sources[i], have.Sources[j] = have.Sources[j], have.Sources[i] })
		r.Shuffle(len(have.Observations), func(i, j int) {
			have.Observations[i], have.Observations[j] = have.Observations[j], have.Observations[i]
		})
		if diff := cmp.Diff(want, judge(have, policy())); diff != "" {
			t.Error(diff)
		}
	})
}

// A looser joint need never sees less, and every statement gives its reasons.
func TestStatementsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have := anyTelemetry(t)
		p := policy()
		got := map[string]map[string]visibility.Statement{}
		for _, how := range []string{"all", "component", "any"} {
			p.JointNeed = how
			got[how] = judge(have, p)
		}
		for id := range maps.Keys(got["all"]) {
			if got["all"][id].State == visibility.Verified && got["component"][id].State != visibility.Verified ||
				got["component"][id].State == visibility.Verified && got["any"][id].State != visibility.Verified {
				t.Errorf("%s: all %s, component %s, any %s", id, got["all"][id].State, got["component"][id].State, got["any"][id].State)
			}
			s := got["all"][id]
			if len(s.Reasons) == 0 || slices.ContainsFunc(s.Needs, func(n visibility.Need) bool { return n.State == "" }) {
				t.Errorf("%s: nothing said: %+v", id, s)
			}
		}
	})
}
