package visibility_test

import (
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

func TestComponentsAreKnownByEveryNameThatTheyHad(t *testing.T) {
	for name, c := range map[string]struct{ readAs, nearest string }{
		"Process Creation":           {},
		"process creation ":          {},
		"DC0032":                     {},
		"Process: Process Creation":  {readAs: "Process Creation"},
		"Process monitoring":         {readAs: "Process Creation"},
		"Proces Creation":            {nearest: "Process Creation"},
		"Process: Proces Creation":   {nearest: "Process Creation"},
		"File monitoring":            {nearest: "File Creation,File Modification,File Access,File Deletion,File Metadata"},
		"API monitoring":             {nearest: "OS API Execution"}, // not in this release
		"Coffee consumption metrics": {nearest: ""},
	} {
		declared := telemetry.Source{Component: name, Platforms: []string{"Windows"}}
		got := visibility.Unknown(library(), visibility.Telemetry{Sources: of("b", declared, declared)})
		known := c == struct{ readAs, nearest string }{} && name != "Coffee consumption metrics"
		if known != (len(got) == 0) || len(got) > 1 {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		if len(got) == 1 && (got[0].Component != name || got[0].ReadAs != c.readAs || strings.Join(got[0].Nearest, ",") != c.nearest || (got[0].How != "") != (c.readAs != "")) {
			t.Errorf("%s: %+v", name, got[0])
		}
		want := visibility.Missing
		if known || c.readAs != "" {
			want = visibility.Unmeasured
		}
		if n := judge(visibility.Telemetry{Sources: of("b", declared)}, policy())["an--1"].Needs[0]; n.State != want {
			t.Errorf("%s: the need is %s, want %s", name, n.State, want)
		}
	}
}

func TestTelemetrysChannelsAreSets(t *testing.T) {
	lib := attack.NewLibrary(attack.Release{}, []*attack.Object{
		{ID: "dc--1", Kind: attack.KindComponent, Name: "Windows Registry Key Modification"},
		{ID: "an--1", Kind: attack.KindAnalytic, ATTACKID: "AN1", Platforms: []string{"Windows"}, LogSources: []attack.LogSource{
			{Component: "dc--1", Name: "WinEventLog:Sysmon", Channel: "EventCode=13, 14"}}},
	})
	for channel, meets := range map[string]bool{"EventCode=13": true, "EventID 14": true, "14, 13": true, "EventCode=12": false, "EventCode=1": false, "": true} {
		s := telemetry.Source{Name: "WinEventLog:Sysmon", Channel: channel}
		o := telemetry.Observation{Day: window.To, Source: s.Name, Channel: channel, Events: 9, Hosts: 1}
		for what, have := range map[string]visibility.Telemetry{"declared": {Sources: of("b", s)}, "measured": {Observations: of("b", o)}} {
			need := visibility.Judge(lib, have, policy(), window)["an--1"].Needs[0]
			if (need.State != visibility.Missing) != meets {
				t.Errorf("%s %q: the need is %s", what, channel, need.State)
			}
		}
		if unknown := visibility.Unknown(lib, visibility.Telemetry{Sources: of("b", s)}); (len(unknown) == 0) != meets {
			t.Errorf("%q: unknown %+v", channel, unknown)
		}
	}
}
