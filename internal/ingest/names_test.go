package ingest

import (
	"context"
	"testing"

	"candor/internal/attack"
)

// lexicon is a library of releases in memory.
type lexicon map[string]*attack.Library

func (s lexicon) Releases(context.Context) (list []attack.Release, err error) {
	for _, lib := range s {
		list = append(list, lib.Release)
	}
	return list, nil
}

func (s lexicon) Load(_ context.Context, r attack.Release, _ ...string) (*attack.Library, error) {
	return s[r.Domain], nil
}

// words is a library whose one analytic reads Sysmon.
func words() lexicon {
	return lexicon{"enterprise-attack": attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, []*attack.Object{
		{ID: "dc--1", Kind: attack.KindComponent, ATTACKID: "DC0032", Name: "Process Creation"},
		{ID: "an--1", Kind: attack.KindAnalytic, ATTACKID: "AN1", LogSources: []attack.LogSource{{Component: "dc--1", Name: "WinEventLog:Sysmon", Channel: "EventCode=1"}}},
	})}
}

func TestNamesThatATTACKDoesNotKnowAreToldWhenTheyAreAdded(t *testing.T) {
	b := newBench(t)
	b.Against(words())
	path := b.write("t.yaml", "kind: telemetry\nversion: 1\nlog_sources:\n"+
		"  - {component: Proces Creation}\n  - {component: Process monitoring}\n  - {component: Process Creation}\n"+
		"  - {name: WinEventLog Sysmon}\n  - {name: 'WinEventLog:Sysmon', channel: EventCode=1}\n  - {name: 'WinEventLog:Sysmon', channel: EventCode=255}\n")
	for name, res := range map[string][]string{
		"added":   b.add(b.request("telemetry", path)).Warnings,
		"checked": check(t, b, b.request("telemetry", b.write("other.yaml", "kind: telemetry\nversion: 1\nlog_sources:\n  - {component: Proces Creation}\n"))),
	} {
		if !has(res, `enterprise 18.1 knows no data component "Proces Creation"`, "nearest: Process Creation") {
			t.Errorf("%s: %q", name, res)
		}
		if name == "checked" {
			continue
		}
		for _, words := range [][]string{
			{"data component Process monitoring is read as Process Creation", "release 8"},
			{`knows no log source "WinEventLog Sysmon"`, "nearest: WinEventLog:Sysmon"},
			{"no analytic of enterprise 18.1 names 1 channel of known log sources: WinEventLog:Sysmon / EventCode=255"},
		} {
			if !has(res, words...) {
				t.Errorf("%s: %q lacks %q", name, res, words)
			}
		}
		if len(res) != 4 {
			t.Errorf("%s: %q", name, res)
		}
	}
	if res := b.add(b.request("feeds", b.write("f.csv", "date,source,channel,events,hosts\n2026-03-01,Sysmon,EventCode=1,4,1\n"))); !has(res.Warnings, `"Sysmon"`, "WinEventLog:Sysmon") {
		t.Errorf("feeds: %q", res.Warnings)
	}
}

func TestANameOfAnyDomainIsKnown(t *testing.T) {
	b, lib := newBench(t), words()
	lib["ics-attack"] = attack.NewLibrary(attack.Release{Domain: "ics-attack", Version: "18.1"}, []*attack.Object{
		{ID: "dc--9", Kind: attack.KindComponent, Name: "Device Alarm"},
	})
	b.Against(lib)
	text := "kind: telemetry\nversion: 1\nlog_sources: [{component: Device Alarm}, {component: Process Creation}, {component: Device Alrm}]\n"
	if res := b.add(b.request("telemetry", b.write("t.yaml", text))); len(res.Warnings) != 1 || !has(res.Warnings, "Device Alrm") {
		t.Errorf("%q", res.Warnings)
	}
}

// check returns the notes of a check.
func check(t *testing.T, b *bench, r Request) []string {
	t.Helper()
	c, err := b.Check(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return c.Warnings
}
