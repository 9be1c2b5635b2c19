package visibility_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

var window = visibility.Window{From: "2026-03-01", To: "2026-03-30"}

func policy() visibility.Policy {
	return visibility.Policy{
		OutsidePlatforms: []string{"PRE"}, JointNeed: "all",
		MaxFeedAgeDays: 7, MinFeedDays: 3, MinHostShare: 0.8,
		WorstReliability: "C", WorstCredibility: 3,
	}
}

// library holds AN1 (Windows; Sysmon 1 and Security 4688, both process creation,
// and Sysmon 3, connections), AN2 (PRE, nothing), AN3 (Linux, channel None), and
// AN4 (PRE, with a log source); DET1 holds all and detects T1.
func library() *attack.Library {
	process := attack.Object{ID: "dc--1", Kind: attack.KindComponent, ATTACKID: "DC0032", Name: "Process Creation"}
	network := attack.Object{ID: "dc--2", Kind: attack.KindComponent, ATTACKID: "DC0082", Name: "Network Connection"}
	objects := []*attack.Object{
		&process, &network,
		{ID: "an--1", Kind: attack.KindAnalytic, ATTACKID: "AN1", Platforms: []string{"Windows"}, LogSources: []attack.LogSource{
			{Component: "dc--1", Name: "WinEventLog:Sysmon", Channel: "EventCode=1"},
			{Component: "dc--1", Name: "WinEventLog:Security", Channel: "EventCode=4688"},
			{Component: "dc--2", Name: "WinEventLog:Sysmon", Channel: "EventCode=3"},
		}},
		{ID: "an--2", Kind: attack.KindAnalytic, ATTACKID: "AN2", Platforms: []string{"PRE"},
			Description: "This may have a very high occurrence, potentially taking place outside the visibility of the target organization."},
		{ID: "an--3", Kind: attack.KindAnalytic, ATTACKID: "AN3", Platforms: []string{"Linux"}, LogSources: []attack.LogSource{
			{Component: "dc--2", Name: "NSM:Flow", Channel: "None"},
		}},
		{ID: "an--4", Kind: attack.KindAnalytic, ATTACKID: "AN4", Platforms: []string{"PRE"}, LogSources: []attack.LogSource{
			{Component: "dc--2", Name: "Internet Scan", Channel: "None"},
		}},
		{ID: "an--5", Kind: attack.KindAnalytic, ATTACKID: "AN5", Platforms: []string{"Windows"}, Deprecated: true},
		{ID: "det--1", Kind: attack.KindStrategy, ATTACKID: "DET1", Analytics: []string{"an--1", "an--2", "an--3", "an--4"}},
		{ID: "t--1", Kind: attack.KindTechnique, ATTACKID: "T1"},
		{ID: "rel--1", Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: attack.Detects, Source: "det--1", Target: "t--1"}},
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
}

func of[T any](batch string, values ...T) []evidence.Of[T] {
	var out []evidence.Of[T]
	for _, v := range values {
		out = append(out, evidence.Of[T]{Value: v, Batch: batch})
	}
	return out
}

// daily is n days of a feed that end on last.
func daily(o telemetry.Observation, last day.Date, n int) []telemetry.Observation {
	var out []telemetry.Observation
	for i := range n {
		o.Day = last.Add(-i)
		out = append(out, o)
	}
	return out
}

func judge(t visibility.Telemetry, p visibility.Policy) map[string]visibility.Statement {
	return visibility.Judge(library(), t, p, window)
}

func TestNeedStates(t *testing.T) {
	flow := telemetry.Source{Name: "nsm:flow"}
	seen := telemetry.Observation{Source: "NSM: Flow", Events: 5, Hosts: 9}
	seen.Source = "NSM:Flow"
	quiet := seen
	quiet.Events = 0
	for _, c := range []struct {
		name     string
		declared []telemetry.Source
		observed []telemetry.Observation
		want     visibility.NeedState
		state    visibility.State
	}{
		{"nothing known", nil, nil, visibility.Missing, visibility.Blind},
		{"declared only", []telemetry.Source{flow}, nil, visibility.Unmeasured, visibility.Declared},
		{"measured and declared", []telemetry.Source{flow}, daily(seen, "2026-03-29", 5), visibility.Measured, visibility.Verified},
		{"measured and not declared", nil, daily(seen, "2026-03-29", 5), visibility.Measured, visibility.Verified},
		{"on the oldest day that counts", nil, daily(seen, "2026-03-23", 5), visibility.Measured, visibility.Verified},
		{"one day too old", nil, daily(seen, "2026-03-22", 5), visibility.Old, visibility.Stale},
		{"only before the window", []telemetry.Source{flow}, daily(seen, "2026-02-20", 9), visibility.Old, visibility.Stale},
		{"on too few days", nil, daily(seen, "2026-03-30", 2), visibility.Thin, visibility.Partial},
		{"looked for, declared, never seen", []telemetry.Source{flow}, daily(quiet, "2026-03-30", 9), visibility.Silent, visibility.Declared},
		{"looked for, never seen, not declared", nil, daily(quiet, "2026-03-30", 9), visibility.Silent, visibility.Blind},
		{"looked for, seen before the window", nil, append(daily(quiet, "2026-03-30", 9), daily(seen, "2026-02-20", 3)...), visibility.Silent, visibility.Stale},
		{"arrives after the day of judgement", nil, daily(seen, "2026-04-09", 9), visibility.Missing, visibility.Blind},
		{"declared for another platform", []telemetry.Source{{Name: "NSM:Flow", Platforms: []string{"Network Devices"}}}, nil, visibility.Missing, visibility.Blind},
		{"measured where it is declared for another platform",
			[]telemetry.Source{{Name: "NSM:Flow", Platforms: []string{"Network Devices"}}}, daily(seen, "2026-03-29", 5), visibility.Missing, visibility.Blind},
		{"declared for the platform", []telemetry.Source{{Name: "NSM:Flow", Platforms: []string{"linux"}}}, nil, visibility.Unmeasured, visibility.Declared},
		{"declared for the component by id", []telemetry.Source{{Name: "NSM:Flow", Component: "dc0082"}}, nil, visibility.Unmeasured, visibility.Declared},
		{"declared for the component by name", []telemetry.Source{{Name: "NSM:Flow", Component: "network  connection"}}, nil, visibility.Unmeasured, visibility.Declared},
		{"declared for another component", []telemetry.Source{{Name: "NSM:Flow", Component: "DC0032"}}, nil, visibility.Missing, visibility.Blind},
		{"any channel will do for None", []telemetry.Source{{Name: "NSM:Flow", Channel: "conn.log"}}, nil, visibility.Unmeasured, visibility.Declared},
		{"declared from tomorrow", []telemetry.Source{{Name: "NSM:Flow", Since: "2026-03-31"}}, nil, visibility.Missing, visibility.Blind},
		{"declared until yesterday", []telemetry.Source{{Name: "NSM:Flow", Until: "2026-03-29"}}, daily(seen, "2026-03-10", 5), visibility.Missing, visibility.Blind},
		{"declared until today", []telemetry.Source{{Name: "NSM:Flow", Until: "2026-03-30"}}, nil, visibility.Unmeasured, visibility.Declared},
		{"ended on paper and still arriving", []telemetry.Source{{Name: "NSM:Flow", Until: "2026-03-29"}}, daily(seen, "2026-03-30", 5), visibility.Measured, visibility.Verified},
		{"from too few hosts", []telemetry.Source{{Name: "NSM:Flow", Hosts: 12}}, daily(seen, "2026-03-29", 5), visibility.Thin, visibility.Partial},
		{"from just enough hosts", []telemetry.Source{{Name: "NSM:Flow", Hosts: 11}}, daily(seen, "2026-03-29", 5), visibility.Measured, visibility.Verified},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := judge(visibility.Telemetry{Sources: of("b1", c.declared...), Observations: of("b2", c.observed...)}, policy())["an--3"]
			if got := s.Needs[0].State; got != c.want {
				t.Errorf("need is %s, want %s (%+v)", got, c.want, s.Needs[0])
			}
			if s.State != c.state {
				t.Errorf("state is %s, want %s", s.State, c.state)
			}
			if !slices.ContainsFunc(s.Reasons, func(r evidence.Reason) bool { return r.Code == "need_"+string(c.want) }) {
				t.Errorf("no reason for the need: %v", s.Reasons)
			}
		})
	}
}

func TestHostsAreAddedOverSitesNotChannels(t *testing.T) {
	obs := func(site, channel string, hosts int) telemetry.Observation {
		return telemetry.Observation{Source: "NSM:Flow", Channel: channel, Site: site, Day: "2026-03-30", Events: 1, Hosts: hosts}
	}
	s := judge(visibility.Telemetry{Observations: of("b",
		obs("north", "conn", 10), obs("north", "http", 8), obs("south", "", 5))}, policy())["an--3"]
	if n := s.Needs[0]; n.Hosts != 15 || n.Days != 1 {
		t.Errorf("got %d hosts on %d days, want 15 on 1", n.Hosts, n.Days)
	}
}

// AN1 needs three log sources of two data components.
func TestJointNeed(t *testing.T) {
	feed := func(name, channel string) []telemetry.Observation {
		return daily(telemetry.Observation{Source: name, Channel: channel, Events: 1}, "2026-03-30", 5)
	}
	sysmon1 := feed("wineventlog:sysmon", "eventcode=1")
	sysmon3 := feed("WinEventLog:Sysmon", "EventCode=3")
	all := slices.Concat(sysmon1, sysmon3, feed("WinEventLog:Security", ""))
	for _, c := range []struct {
		name                string
		observed            []telemetry.Observation
		all, component, any visibility.State
	}{
		{"nothing", nil, visibility.Blind, visibility.Blind, visibility.Blind},
		{"one", sysmon1, visibility.Partial, visibility.Partial, visibility.Verified},
		{"one of each component", slices.Concat(sysmon1, sysmon3), visibility.Partial, visibility.Verified, visibility.Verified},
		{"a whole name", feed("WinEventLog:Sysmon", ""), visibility.Partial, visibility.Verified, visibility.Verified},
		{"all", all, visibility.Verified, visibility.Verified, visibility.Verified},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, want := range map[string]visibility.State{"all": c.all, "component": c.component, "any": c.any} {
				p := policy()
				p.JointNeed = how
				s := judge(visibility.Telemetry{Observations: of("b", c.observed...)}, p)["an--1"]
				if s.State != want {
					t.Errorf("%s: got %s, want %s", how, s.State, want)
				}
				if s.Reasons[0].Code != string(want) {
					t.Errorf("%s: first reason is %s", how, s.Reasons[0].Code)
				}
			}
		})
	}
}

func TestScope(t *testing.T) {
	scoped := visibility.Telemetry{Scope: of("b",
		telemetry.Scope{Organisation: "Acme", Platforms: []string{"linux"}}, telemetry.Scope{Platforms: []string{"macOS"}}, telemetry.Scope{})}
	got := judge(scoped, policy())
	for id, want := range map[string]visibility.State{
		"an--1": visibility.OutOfScope, "an--2": visibility.Outside, "an--3": visibility.Blind, "an--4": visibility.Outside,
	} {
		if got[id].State != want {
			t.Errorf("%s is %s, want %s", id, got[id].State, want)
		}
	}
	if text := got["an--1"].Reasons[0].Text; text != "Its platform is Windows; the stated scope of Acme has linux, macOS." {
		t.Errorf("got %q", text)
	}
	for id, s := range judge(visibility.Telemetry{Scope: of("b", telemetry.Scope{Organisation: "Acme"})}, policy()) {
		if s.State == visibility.OutOfScope {
			t.Errorf("%s is out of a scope that nobody stated", id)
		}
	}
	if _, ok := got["an--5"]; ok {
		t.Error("a deprecated analytic was judged")
	}
}

func TestExternalSources(t *testing.T) {
	good := telemetry.External{
		ID: "x1", Name: "Watch", Provider: "CERT", Covers: []string{"det1"},
		Reliability: "C", Credibility: 3, Since: "2026-03-30", Expires: "2026-03-30",
	}
	change := func(f func(*telemetry.External)) telemetry.External {
		e := good
		f(&e)
		return e
	}
	for _, c := range []struct {
		name   string
		source telemetry.External
		counts bool
		why    string
	}{
		{"covers the strategy", good, true, ""},
		{"covers the technique", change(func(e *telemetry.External) { e.Covers = []string{"T1"} }), true, ""},
		{"covers the analytic", change(func(e *telemetry.External) { e.Covers = []string{"AN2", "AN3", "AN4"} }), true, ""},
		{"not yet", change(func(e *telemetry.External) { e.Since = "2026-03-31" }), false, "starts on"},
		{"no longer", change(func(e *telemetry.External) { e.Expires = "2026-03-29" }), false, "expired on"},
		{"no expiry", change(func(e *telemetry.External) { e.Expires = "" }), false, "no expiry"},
		{"unreliable", change(func(e *telemetry.External) { e.Reliability = "D" }), false, "reliability D"},
		{"cannot be judged", change(func(e *telemetry.External) { e.Reliability = "F" }), false, "reliability F"},
		{"no reliability", change(func(e *telemetry.External) { e.Reliability = "" }), false, "not a rating"},
		{"improbable", change(func(e *telemetry.External) { e.Credibility = 5 }), false, "credibility 5"},
		{"its provider owns it", change(func(e *telemetry.External) { e.Owner = " cert" }), false, "nobody else answers for it"},
		{"its provider rates it", change(func(e *telemetry.External) { e.RatedBy = "CERT" }), false, "its rating is that of its own provider"},
		{"never heard from", change(func(e *telemetry.External) { e.ID, e.Name = "x9", "Other" }), false, "registered and silent"},
		{"no credibility", change(func(e *telemetry.External) { e.Credibility = 0 }), false, "not a rating"},
	} {
		t.Run(c.name, func(t *testing.T) {
			heard := of("s", telemetry.Hearing{Source: "watch", Day: "2026-03-10"}, telemetry.Hearing{Source: "x9", Day: "2026-03-31"}, telemetry.Hearing{Source: "x9", Day: "2026-02-28"})
			got := judge(visibility.Telemetry{Externals: of("b", c.source), Hearings: heard}, policy())
			for id, without := range map[string]visibility.State{"an--2": visibility.Outside, "an--3": visibility.Blind, "an--4": visibility.Outside} {
				want, code := without, "external_not_counted"
				if c.counts {
					want, code = visibility.External, "external_in_force"
				}
				s := got[id]
				if s.State != want {
					t.Errorf("%s is %s, want %s", id, s.State, want)
				}
				if len(s.Externals) != 1 || s.Externals[0].Counts != c.counts || !strings.Contains(s.Externals[0].Why, c.why) {
					t.Errorf("%s: got %+v", id, s.Externals)
				}
				if !slices.ContainsFunc(s.Reasons, func(r evidence.Reason) bool { return r.Code == code }) {
					t.Errorf("%s: no reason %s", id, code)
				}
			}
		})
	}
}

func TestVerifiedSensorsCountBeforeExternalSources(t *testing.T) {
	s := judge(visibility.Telemetry{
		Externals:    of("b", telemetry.External{ID: "x", Covers: []string{"AN3"}, Reliability: "A", Credibility: 1, Expires: "2027-01-01"}),
		Observations: of("b", daily(telemetry.Observation{Source: "NSM:Flow", Events: 1}, "2026-03-30", 9)...),
	}, policy())["an--3"]
	if s.State != visibility.Verified || len(s.Externals) != 1 {
		t.Errorf("got %s with %d external sources", s.State, len(s.Externals))
	}
}

func TestReasonsOfWhatNobodyCanSee(t *testing.T) {
	s := judge(visibility.Telemetry{}, policy())["an--2"]
	var got []string
	for _, r := range s.Reasons {
		got = append(got, r.Code+": "+r.Text)
		if len(r.Refs) == 0 {
			t.Errorf("%s rests on nothing", r.Code)
		}
	}
	want := []string{
		"no_log_source_named: ATT&CK names no log source for AN2.",
		"platform_outside: Its platform is PRE, where an organisation has no sensor of its own.",
		"caveat_very_high_occurrence: ATT&CK's own text says that much of the activity may have a very high occurrence.",
		"caveat_may_be_outside_visibility: ATT&CK's own text says that it may take place outside the visibility of the target organisation.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReasonsGiveNumbersAndBatches(t *testing.T) {
	s := judge(visibility.Telemetry{
		Sources:      of("inventory", telemetry.Source{Name: "NSM:Flow", Hosts: 10}),
		Observations: of("feeds", daily(telemetry.Observation{Source: "NSM:Flow", Events: 3, Hosts: 9}, "2026-03-30", 28)...),
	}, policy())["an--3"]
	r := s.Reasons[1]
	if want := "NSM:Flow, None (Network Connection) arrived on 28 of 30 days, last on 2026-03-30, from 9 of 10 declared hosts on its best day."; r.Text != want {
		t.Errorf("got  %s\nwant %s", r.Text, want)
	}
	var batches []string
	for _, ref := range r.Refs {
		if ref.Kind == "batch" {
			batches = append(batches, ref.ID)
		}
	}
	if !slices.Equal(batches, []string{"inventory", "feeds"}) {
		t.Errorf("rests on %v", batches)
	}
}

func TestUnknownLogSources(t *testing.T) {
	got := visibility.Unknown(library(), visibility.Telemetry{
		Sources: of("b1",
			telemetry.Source{Name: "wineventlog:SYSMON "}, // known but for case and space
			telemetry.Source{Name: "WinEventLog Sysmon", Channel: "EventCode=1"},
			telemetry.Source{Name: "Sysmon"},
			telemetry.Source{Name: "WinEventLog:Security", Channel: "EventCode=4686"},
			telemetry.Source{Name: "NSM:Flow", Channel: "conn.log"}, // None is any
			telemetry.Source{Name: "Coffee machine"},
		),
		Observations: of("b2", telemetry.Observation{Source: "NSM:Flwo"}, telemetry.Observation{Source: "sysmon"}, telemetry.Observation{Source: telemetry.PulledFrom("corp")}),
	})
	var lines []string
	for _, s := range got {
		lines = append(lines, fmt.Sprintf("%s|%s|%s|%s", s.Name, s.Channel, strings.Join(s.Nearest, ","), s.Batch))
	}
	want := []string{
		"Coffee machine|||b1",
		"NSM:Flwo||NSM:Flow|b2",
		"Sysmon||WinEventLog:Sysmon|b1",
		"WinEventLog Sysmon|EventCode=1|WinEventLog:Sysmon|b1",
		"WinEventLog:Security|EventCode=4686|EventCode=4688|b1",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// TestAMisspeltChannelIsToldFromAnyOther declares channels of a log source that the
// release names with one channel and, elsewhere, with none.
func TestAMisspeltChannelIsToldFromAnyOther(t *testing.T) {
	lib := attack.NewLibrary(attack.Release{}, []*attack.Object{{ID: "an--1", Kind: attack.KindAnalytic, LogSources: []attack.LogSource{
		{Name: "auditd:SYSCALL", Channel: "execve"}, {Name: "auditd:SYSCALL", Channel: "None"},
	}}})
	for channel, want := range map[string][]string{"": nil, "EXECVE": nil, "None": nil, "mmap": nil, "exceve": {"execve"}, "type=execve": {"execve"}} {
		got := visibility.Unknown(lib, visibility.Telemetry{Sources: of("b", telemetry.Source{Name: "auditd:SYSCALL", Channel: channel})})
		if len(got) != min(1, len(want)) || len(got) > 0 && !slices.Equal(got[0].Nearest, want) {
			t.Errorf("channel %q: %+v, want %q", channel, got, want)
		}
	}
}

func TestADeclaredComponentStandsForItsLogSources(t *testing.T) {
	declared := telemetry.Source{Component: "Process Creation", Platforms: []string{"Windows"}}
	needs := func(s telemetry.Source) (states []visibility.NeedState) {
		for _, n := range judge(visibility.Telemetry{Sources: of("b", s)}, policy())["an--1"].Needs {
			states = append(states, n.State)
		}
		return states
	}
	for name, c := range map[string]struct {
		change func(*telemetry.Source)
		want   []visibility.NeedState
	}{
		"its own component":  {func(*telemetry.Source) {}, []visibility.NeedState{visibility.Unmeasured, visibility.Unmeasured, visibility.Missing}},
		"another component":  {func(s *telemetry.Source) { s.Component = "File Access" }, []visibility.NeedState{visibility.Missing, visibility.Missing, visibility.Missing}},
		"another platform":   {func(s *telemetry.Source) { s.Platforms = []string{"Linux"} }, []visibility.NeedState{visibility.Missing, visibility.Missing, visibility.Missing}},
		"no longer in force": {func(s *telemetry.Source) { s.Until = "2020-01-01" }, []visibility.NeedState{visibility.Missing, visibility.Missing, visibility.Missing}},
		"nothing at all":     {func(s *telemetry.Source) { s.Component = "" }, []visibility.NeedState{visibility.Missing, visibility.Missing, visibility.Missing}},
	} {
		t.Run(name, func(t *testing.T) {
			s := declared
			c.change(&s)
			if got := needs(s); !slices.Equal(got, c.want) {
				t.Errorf("needs are %v, want %v", got, c.want)
			}
		})
	}
	if got := visibility.Unknown(library(), visibility.Telemetry{Sources: of("b", declared)}); len(got) != 0 {
		t.Errorf("a component is listed as an unknown log source: %v", got)
	}
}

// The first day is the first on which evidence has it arriving, within the window or before.
func TestTheFirstDayIsTheFirstThatEvidenceHas(t *testing.T) {
	seen := telemetry.Observation{Source: "NSM:Flow", Events: 5, Hosts: 9}
	quiet := telemetry.Observation{Source: "NSM:Flow", Day: "2026-01-01"}
	got := judge(visibility.Telemetry{Observations: of("f", append(daily(seen, "2026-03-29", 5), append(daily(seen, "2026-02-03", 2), quiet)...)...)}, policy())["an--3"].Needs[0]
	if got.FirstSeen != "2026-02-02" || got.LastSeen != "2026-03-29" {
		t.Errorf("from %s to %s", got.FirstSeen, got.LastSeen)
	}
}
