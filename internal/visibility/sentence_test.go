package visibility_test

import (
	"strings"
	"testing"

	"candor/internal/day"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// TestTheSentenceSaysWhatMadeTheState is about AN1 of library: two channels of Sysmon
// and one of Security, all of Windows.
func TestTheSentenceSaysWhatMadeTheState(t *testing.T) {
	source := func(name, channel string) telemetry.Source { return telemetry.Source{Name: name, Channel: channel} }
	first, third, security := source("WinEventLog:Sysmon", "EventCode=1"), source("WinEventLog:Sysmon", "EventCode=3"), source("WinEventLog:Security", "EventCode=4688")
	seen := func(s telemetry.Source, last string, days, events int) []telemetry.Observation {
		return daily(telemetry.Observation{Source: s.Name, Channel: s.Channel, Events: int64(events), Hosts: 5}, day.Date(last), days)
	}
	for _, c := range []struct {
		name     string
		joint    string
		declared []telemetry.Source
		observed []telemetry.Observation
		short    visibility.Shortfall
		want     string
	}{
		{"nothing", "all", nil, nil, visibility.NoneCollected,
			"None of the 3 log sources that it needs is collected: WinEventLog:Sysmon / EventCode=1, WinEventLog:Security / EventCode=4688, WinEventLog:Sysmon / EventCode=3."},
		{"looked for in vain", "all", nil, seen(first, "2026-03-30", 5, 0), visibility.NoneCollected,
			"None of the 3 log sources that it needs is collected or arrives: not collected WinEventLog:Security / EventCode=4688, WinEventLog:Sysmon / EventCode=3; looked for and not arriving WinEventLog:Sysmon / EventCode=1."},
		{"one arrives", "all", nil, seen(first, "2026-03-30", 5, 1), visibility.PartlySeen,
			"Only a part of what it needs is seen: not collected WinEventLog:Security / EventCode=4688, WinEventLog:Sysmon / EventCode=3; measured WinEventLog:Sysmon / EventCode=1."},
		{"one arrives thinly", "all", []telemetry.Source{third}, seen(first, "2026-03-30", 1, 1), visibility.PartlySeen,
			"Only a part of what it needs arrives, and on too few days or hosts: not collected WinEventLog:Security / EventCode=4688; declared and never measured WinEventLog:Sysmon / EventCode=3; on too few days or hosts WinEventLog:Sysmon / EventCode=1."},
		{"one is declared", "all", []telemetry.Source{first}, nil, visibility.PartlyCollected,
			"Nothing of what it needs is seen, and a part is not even said to be collected: not collected WinEventLog:Security / EventCode=4688, WinEventLog:Sysmon / EventCode=3; declared and never measured WinEventLog:Sysmon / EventCode=1."},
		{"all declared, one looked for", "all", []telemetry.Source{first, third, security}, seen(first, "2026-03-30", 5, 0), visibility.NeverMeasured,
			"Of the 3 log sources that it needs 3 are said to be collected and were never measured to arrive: declared, looked for and not arriving WinEventLog:Sysmon / EventCode=1; declared and never measured WinEventLog:Security / EventCode=4688, WinEventLog:Sysmon / EventCode=3."},
		{"two went stale", "all", nil, append(append(seen(first, "2026-03-10", 5, 1), seen(third, "2026-03-12", 5, 1)...), seen(security, "2026-03-30", 5, 1)...), visibility.GoneStale,
			"What it needs is stale since 2026-03-18, when it had not arrived for more than 7 days: not lately WinEventLog:Sysmon / EventCode=1 (last on 2026-03-10), WinEventLog:Sysmon / EventCode=3 (last on 2026-03-12); measured WinEventLog:Security / EventCode=4688."},
		{"too few days of one", "all", nil, append(append(seen(first, "2026-03-30", 1, 1), seen(third, "2026-03-30", 5, 1)...), seen(security, "2026-03-30", 5, 1)...), visibility.TooLittle,
			"Not all of what it needs arrives on enough days and hosts: on too few days or hosts WinEventLog:Sysmon / EventCode=1; measured WinEventLog:Security / EventCode=4688, WinEventLog:Sysmon / EventCode=3."},
		{"any one will do and arrives", "any", nil, seen(first, "2026-03-30", 5, 1), "",
			"Enough of what it needs was measured to arrive: WinEventLog:Sysmon / EventCode=1."},
		{"any one would do and none is there", "any", nil, nil, visibility.NoneCollected,
			"None of the 3 log sources of which it needs one is collected: WinEventLog:Sysmon / EventCode=1, WinEventLog:Security / EventCode=4688, WinEventLog:Sysmon / EventCode=3."},
		{"of one component one arrives, of the other none is collected", "component", nil, seen(first, "2026-03-30", 5, 1), visibility.PartlySeen,
			"Only a part of what it needs is seen: not collected WinEventLog:Sysmon / EventCode=3; measured WinEventLog:Sysmon / EventCode=1."},
	} {
		p := policy()
		p.JointNeed = c.joint
		s := judge(visibility.Telemetry{Sources: of("b1", c.declared...), Observations: of("b2", c.observed...)}, p)["an--1"]
		if s.Sentence != c.want || s.Shortfall != c.short {
			t.Errorf("%s: %s, %s\n  %s\nwant %s\n  %s", c.name, s.State, s.Shortfall, s.Sentence, c.short, c.want)
		}
		if belongs(s.Shortfall) != s.State && s.Shortfall != "" {
			t.Errorf("%s: %s is %s", c.name, s.State, s.Shortfall)
		}
	}
}

// belongs returns the state that a shortfall belongs to.
func belongs(s visibility.Shortfall) visibility.State {
	switch s {
	case visibility.NoneCollected:
		return visibility.Blind
	case visibility.NeverMeasured:
		return visibility.Declared
	case visibility.GoneStale:
		return visibility.Stale
	}
	return visibility.Partial
}

func TestEveryShortfallHasWordsOfItsOwn(t *testing.T) {
	words := map[string]bool{}
	for _, s := range visibility.Shortfalls() {
		if w := s.Words(); w == string(s) || words[w] || strings.Contains(w, "_") {
			t.Errorf("%s: %q", s, w)
		} else {
			words[w] = true
		}
	}
}
