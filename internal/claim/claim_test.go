package claim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/evidence"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func policy() claim.Policy {
	return claim.Policy{Count: []claim.Basis{claim.Explicit, claim.TechniquePlatformLog, claim.TechniquePlatform}}
}

// library holds T1, whose DET1 has AN1 (Windows, process creation), AN2 (Linux,
// the same component) and AN6 (no platform); T2 deprecated; T3 revoked by T1; T4
// revoked by nothing; T5 without a strategy; T6 revoked by deprecated T2; AN3
// deprecated; AN4 revoked by AN1; M1, a mitigation that shares T1's ID.
func library() *attack.Library {
	analytic := func(n int, platforms []string, logs ...attack.LogSource) *attack.Object {
		return &attack.Object{ID: fmt.Sprint("an--", n), Kind: attack.KindAnalytic, ATTACKID: fmt.Sprint("AN", n), Platforms: platforms, LogSources: logs}
	}
	technique := func(n int) *attack.Object {
		return &attack.Object{ID: fmt.Sprint("t--", n), Kind: attack.KindTechnique, ATTACKID: fmt.Sprint("T", n)}
	}
	related := func(typ, from, to string) *attack.Object {
		return &attack.Object{ID: from + typ + to, Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: typ, Source: from, Target: to}}
	}
	t2, t3, t4, t6 := technique(2), technique(3), technique(4), technique(6)
	t2.Deprecated, t3.Revoked, t4.Revoked, t6.Revoked = true, true, true, true
	an3, an4 := analytic(3, nil), analytic(4, nil)
	an3.Deprecated, an4.Revoked = true, true
	objects := []*attack.Object{
		{ID: "dc--1", Kind: attack.KindComponent, ATTACKID: "DC0032", Name: "Process Creation"},
		{ID: "m--1", Kind: attack.KindMitigation, ATTACKID: "T1", Deprecated: true},
		{ID: "s--1", Kind: attack.KindTool, ATTACKID: "S1"},
		technique(1), t2, t3, t4, technique(5), t6,
		analytic(1, []string{"Windows"}, attack.LogSource{Component: "dc--1", Name: "WinEventLog:Sysmon", Channel: "EventCode=1"}),
		analytic(2, []string{"Linux"}, attack.LogSource{Component: "dc--1", Name: "auditd:SYSCALL", Channel: "execve"},
			attack.LogSource{Component: "dc--1", Name: "NSM:Flow", Channel: "None"}),
		an3, an4, analytic(6, nil, attack.LogSource{Component: "dc--1", Name: "esxi:shell", Channel: "commands"}),
		{ID: "det--1", Kind: attack.KindStrategy, ATTACKID: "DET1", Analytics: []string{"an--1", "an--2", "an--3", "an--6"}},
		related(attack.Detects, "det--1", "t--1"),
		related(attack.RevokedBy, "t--3", "t--1"), related(attack.RevokedBy, "t--6", "t--2"), related(attack.RevokedBy, "an--4", "an--1"),
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
}

func rulesOf(rules ...detection.Rule) claim.Rules {
	var out claim.Rules
	for _, r := range rules {
		out = append(out, evidence.Of[detection.Rule]{Value: r, Batch: "b1"})
	}
	return out
}

// bases returns the basis of the rule's claim on each analytic, "" for none.
func bases(cs claim.Claims) map[string]claim.Basis {
	out := map[string]claim.Basis{}
	for id, c := range cs.ByAnalytic {
		out[id] = c[0].Basis
	}
	return out
}

func TestBases(t *testing.T) {
	component := []detection.Log{{Component: "process creation"}}
	for _, c := range []struct {
		name          string
		rule          detection.Rule
		an1, an2, an6 claim.Basis
	}{
		{"technique alone", detection.Rule{Techniques: []string{"T1"}}, claim.TechniqueOnly, claim.TechniqueOnly, claim.TechniqueOnly},
		{"lower case", detection.Rule{Techniques: []string{" t1"}}, claim.TechniqueOnly, claim.TechniqueOnly, claim.TechniqueOnly},
		{"with a platform", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"windows"}},
			claim.TechniquePlatform, claim.Elsewhere, claim.TechniqueOnly},
		{"with platform and component", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"Windows"}, Logs: component},
			claim.TechniquePlatformLog, claim.Elsewhere, claim.TechniqueOnly},
		{"with platform and component by id", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"Linux"}, Logs: []detection.Log{{Component: "DC0032"}}},
			claim.Elsewhere, claim.TechniquePlatformLog, claim.TechniqueOnly},
		{"of a source that serves any platform, the component", detection.Rule{Techniques: []string{"T1"}, Reach: detection.Any, Logs: component},
			claim.TechniquePlatformLog, claim.TechniquePlatformLog, claim.TechniquePlatformLog},
		{"of a source that serves several, those that name what it is", detection.Rule{Techniques: []string{"T1"}, Reach: detection.Several,
			Platforms: []string{"Windows", "Linux"}, Logs: []detection.Log{{Name: "NSM:Flow"}}}, claim.Elsewhere, claim.TechniquePlatformLog, claim.Elsewhere},
		{"of a source that serves several and is named by none, the foremost", detection.Rule{Techniques: []string{"T1"}, Reach: detection.Several,
			Platforms: []string{"Windows", "Linux"}, Logs: []detection.Log{{Component: "File Access"}}}, claim.TechniquePlatform, claim.Elsewhere, claim.Elsewhere},
		{"of a source that serves any platform, beside one that does not", detection.Rule{Techniques: []string{"T1"}, Reach: detection.Any,
			Platforms: []string{"ESXi"}, Logs: component}, claim.TechniquePlatformLog, claim.TechniquePlatformLog, claim.TechniquePlatformLog},
		{"a channel that lists the analytic's", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"Windows"},
			Logs: []detection.Log{{Name: "WinEventLog:Sysmon", Channel: "EventCode=2, 1"}}}, claim.TechniquePlatformLog, claim.Elsewhere, claim.Elsewhere},
		{"the same event under another component", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"Windows"},
			Logs: []detection.Log{{Component: "Process Metadata", Name: "WinEventLog:Sysmon", Channel: "EventCode=1"}}}, claim.TechniquePlatformLog, claim.Elsewhere, claim.Elsewhere},
		{"a component implies no platform", detection.Rule{Techniques: []string{"T1"}, Logs: component},
			claim.TechniqueOnly, claim.TechniqueOnly, claim.TechniqueOnly},
		{"a log source by name implies its platform", detection.Rule{Techniques: []string{"T1"}, Logs: []detection.Log{{Name: "wineventlog:sysmon"}}},
			claim.TechniquePlatformLog, claim.Elsewhere, claim.Elsewhere},
		{"another channel is another log source", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"Windows"},
			Logs: []detection.Log{{Name: "WinEventLog:Sysmon", Channel: "EventCode=3"}}}, claim.TechniquePlatform, claim.Elsewhere, claim.Elsewhere},
		{"another component is another log source", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"Windows"},
			Logs: []detection.Log{{Component: "File Access", Name: "WinEventLog:Sysmon"}}}, claim.TechniquePlatform, claim.Elsewhere, claim.Elsewhere},
		{"any channel will do for None", detection.Rule{Techniques: []string{"T1"}, Logs: []detection.Log{{Name: "NSM:flow", Channel: "conn"}}},
			claim.Elsewhere, claim.TechniquePlatformLog, claim.Elsewhere},
		{"an analytic without platform, by log name", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"ESXi"}, Logs: []detection.Log{{Name: "esxi:shell"}}},
			claim.Elsewhere, claim.Elsewhere, claim.TechniquePlatformLog},
		{"a log that says nothing", detection.Rule{Techniques: []string{"T1"}, Platforms: []string{"Windows"}, Logs: []detection.Log{{}}},
			claim.TechniquePlatform, claim.Elsewhere, claim.TechniqueOnly},
		{"the analytic itself", detection.Rule{Analytics: []string{"an2"}}, "", claim.Explicit, ""},
		{"the analytic and its technique", detection.Rule{Analytics: []string{"AN2"}, Techniques: []string{"T1"}},
			claim.TechniqueOnly, claim.Explicit, claim.TechniqueOnly},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rule.ID, c.rule.Enabled = "r", true
			cs := claim.Judge(library(), rulesOf(c.rule), policy())
			got := bases(cs)
			want := map[string]claim.Basis{"an--1": c.an1, "an--2": c.an2, "an--6": c.an6}
			for id, b := range want {
				if b == "" {
					delete(want, id)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(cs.Unmapped) > 0 {
				t.Errorf("unmapped: %v", cs.Unmapped)
			}
		})
	}
}

func TestRevokedTechniquesMapToTheirSuccessor(t *testing.T) {
	cs := claim.Judge(library(), rulesOf(
		detection.Rule{ID: "old", Enabled: true, Techniques: []string{"T3"}},
		detection.Rule{ID: "both", Enabled: true, Techniques: []string{"T3", "T1"}},
		detection.Rule{ID: "analytic", Enabled: true, Analytics: []string{"AN4"}},
	), policy())
	var got []string
	for _, c := range cs.ByAnalytic["an--1"] {
		got = append(got, c.RuleID+" "+c.Technique+" "+c.Via)
	}
	if want := []string{"analytic  AN4", "both T1 ", "old T1 T3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(cs.Unmapped) > 0 {
		t.Errorf("unmapped: %v", cs.Unmapped)
	}
}

func TestUnmappedSaysWhy(t *testing.T) {
	cs := claim.Judge(library(), rulesOf(
		detection.Rule{ID: "b", Path: "b.yml", Techniques: []string{"T6", "T2", "T9", "T4", "T5", "S1", "T9"}, Analytics: []string{"AN3", "AN9", "DET1"}},
		detection.Rule{ID: "a", Techniques: []string{"T8"}},
		detection.Rule{ID: "silent", Tactics: []string{"execution"}},
	), policy())
	var got []string
	for _, u := range cs.Unmapped {
		got = append(got, u.RuleID+" "+u.Names+": "+u.Why)
	}
	want := []string{
		"a T8: T8 is unknown to enterprise 18.1",
		"b AN3: AN3 is deprecated in enterprise 18.1",
		"b AN9: AN9 is unknown to enterprise 18.1",
		"b DET1: DET1 is no analytic in enterprise 18.1; its kind is detection-strategy",
		"b S1: S1 is no technique in enterprise 18.1; its kind is tool",
		"b T2: T2 is deprecated in enterprise 18.1",
		"b T4: T4 is revoked in enterprise 18.1 without a successor",
		"b T5: T5 has no analytic in enterprise 18.1",
		"b T6: T6 is revoked in enterprise 18.1 by T2, which is deprecated",
		"b T9: T9 is unknown to enterprise 18.1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !slices.Equal(cs.Silent, []string{"silent"}) {
		t.Errorf("silent: %v", cs.Silent)
	}
	if len(cs.ByAnalytic) > 0 {
		t.Errorf("claims: %v", cs.ByAnalytic)
	}
}

func TestPolicySaysWhichClaimsCount(t *testing.T) {
	for _, c := range []struct {
		name     string
		rule     detection.Rule
		statuses []string
		why      string
	}{
		{"as policy asks", detection.Rule{Enabled: true, Platforms: []string{"Windows"}}, nil, ""},
		{"disabled", detection.Rule{Platforms: []string{"Windows"}}, nil, "the rule is disabled"},
		{"status", detection.Rule{Enabled: true, Platforms: []string{"Windows"}, Status: "Experimental"}, []string{"stable", "test"},
			"the rule's status is Experimental; policy counts stable, test"},
		{"status that counts", detection.Rule{Enabled: true, Platforms: []string{"Windows"}, Status: "Stable"}, []string{"stable"}, ""},
		{"a hunt", detection.Rule{Enabled: true, Role: detection.Hunt, Platforms: []string{"Windows"}}, nil, "the rule is a hunt, which raises no alert"},
		{"a building block", detection.Rule{Enabled: true, Role: detection.BuildingBlock, Platforms: []string{"Windows"}}, nil,
			"the rule is a building block, which raises no alert by itself"},
		{"risk alone", detection.Rule{Enabled: true, Role: detection.Risk, Platforms: []string{"Windows"}}, nil, "the rule only adds risk and raises no alert by itself"},
		{"a disabled hunt", detection.Rule{Role: detection.Hunt, Platforms: []string{"Windows"}}, nil, "the rule is disabled"},
		{"no status", detection.Rule{Enabled: true, Platforms: []string{"Windows"}}, []string{"stable"}, ""},
		{"basis", detection.Rule{Enabled: true}, nil,
			"the rule is mapped by technique alone; policy counts only the analytic's own ID; technique, platform and log source; technique and platform"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policy()
			p.Statuses = c.statuses
			c.rule.ID, c.rule.Name, c.rule.Techniques = "r", "Rule", []string{"T1"}
			got := claim.Judge(library(), rulesOf(c.rule), p).ByAnalytic["an--1"][0]
			if got.Why != c.why || got.Counts != (c.why == "") {
				t.Errorf("counts %v: %q, want %q", got.Counts, got.Why, c.why)
			}
			if got.Enabled != c.rule.Enabled || got.RuleName != "Rule" || got.Batch != "b1" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestARuleOfAnotherPlatformOrProductCannotCount(t *testing.T) {
	for _, c := range []struct {
		name   string
		rule   detection.Rule
		misfit string
		cannot bool
	}{
		{"its own platform", detection.Rule{Enabled: true, Platforms: []string{"Windows"}}, "", false},
		{"disabled, of its own platform", detection.Rule{Platforms: []string{"Windows"}}, "", false},
		{"another platform", detection.Rule{Enabled: true, Platforms: []string{"Linux", "Network Devices"}}, "Linux, Network Devices", true},
		{"another platform and disabled", detection.Rule{Platforms: []string{"Linux"}}, "Linux", true},
		{"no platform and nothing known that it reads", detection.Rule{Enabled: true}, "", false},
		{"no platform and another product's log", detection.Rule{Enabled: true, Logs: []detection.Log{{Name: "zeek:dns"}}}, claim.OtherLogSource, true},
		{"named", detection.Rule{Enabled: true, Platforms: []string{"Linux"}, Analytics: []string{"AN1"}}, "", false},
	} {
		c.rule.ID, c.rule.Name = "r", "Rule"
		if len(c.rule.Analytics) == 0 {
			c.rule.Techniques = []string{"T1"}
		}
		got := claim.Judge(library(), rulesOf(c.rule), policy()).ByAnalytic["an--1"][0]
		if got.Misfit != c.misfit || got.Cannot() != c.cannot {
			t.Errorf("%s: misfit %q, cannot %v (%s)", c.name, got.Misfit, got.Cannot(), got.Why)
		}
	}
	p := policy()
	p.Count = claim.Countable()
	other := detection.Rule{ID: "r", Name: "Rule", Enabled: true, Platforms: []string{"Linux"}, Techniques: []string{"T1"}}
	if got := claim.Judge(library(), rulesOf(other), p).ByAnalytic["an--1"][0]; got.Counts || !got.Cannot() || got.Basis != claim.Elsewhere {
		t.Errorf("where policy counts technique alone: %+v", got)
	}
}

func TestStrongestClaimFirstAndOneForEachRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "rules")
		var rules claim.Rules
		for i := range n {
			rules = append(rules, rulesOf(detection.Rule{
				ID:         fmt.Sprint("r", i),
				Enabled:    rapid.Bool().Draw(t, "enabled"),
				Techniques: rapid.SliceOf(rapid.SampledFrom([]string{"T1", "T2", "T3", "T4", "T9"})).Draw(t, "techniques"),
				Analytics:  rapid.SliceOfN(rapid.SampledFrom([]string{"AN1", "AN2", "AN3"}), 0, 2).Draw(t, "analytics"),
				Platforms:  rapid.SliceOfN(rapid.SampledFrom([]string{"Windows", "Linux"}), 0, 2).Draw(t, "platforms"),
				Logs:       rapid.SliceOfN(rapid.SampledFrom([]detection.Log{{Component: "Process Creation"}, {Name: "auditd:SYSCALL"}}), 0, 2).Draw(t, "logs"),
			})...)
		}
		got := claim.Judge(library(), rules, policy())
		for id, cs := range got.ByAnalytic {
			seen := map[string]bool{}
			for i, c := range cs {
				if seen[c.RuleID] {
					t.Errorf("%s has two claims of %s", id, c.RuleID)
				}
				seen[c.RuleID] = true
				if i > 0 && rank(cs[i-1].Basis) > rank(c.Basis) {
					t.Errorf("%s: %s before %s", id, cs[i-1].Basis, c.Basis)
				}
				if c.Counts && !c.Enabled || c.Counts != (c.Why == "") {
					t.Errorf("%s: %+v", id, c)
				}
			}
		}
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(n, func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		for i := range rules {
			slices.Reverse(rules[i].Value.Techniques)
		}
		if diff := cmp.Diff(got, claim.Judge(library(), rules, policy())); diff != "" {
			t.Errorf("another order of rules says otherwise:\n%s", diff)
		}
	})
}

func rank(b claim.Basis) int { return slices.Index(claim.Bases(), b) }

// synthetic is a library as large as enterprise 18.1 and rules as many as a
// large public collection.
func synthetic() (*attack.Library, claim.Rules) {
	platforms := []string{"Windows", "Linux", "macOS", "ESXi"}
	var objects []*attack.Object
	for c := range 100 {
		objects = append(objects, &attack.Object{ID: fmt.Sprint("dc--", c), Kind: attack.KindComponent, ATTACKID: fmt.Sprint("DC", c), Name: fmt.Sprint("Component ", c)})
	}
	for i := range 691 {
		t := &attack.Object{ID: fmt.Sprint("t--", i), Kind: attack.KindTechnique, ATTACKID: fmt.Sprintf("T%04d", i)}
		s := &attack.Object{ID: fmt.Sprint("det--", i), Kind: attack.KindStrategy}
		for j := range 3 {
			a := &attack.Object{ID: fmt.Sprint("an--", i, "-", j), Kind: attack.KindAnalytic, ATTACKID: fmt.Sprintf("AN%04d", 3*i+j), Platforms: platforms[j : j+1]}
			for k := range 3 {
				a.LogSources = append(a.LogSources, attack.LogSource{Component: fmt.Sprint("dc--", (i+k)%100), Name: fmt.Sprint("log:", (i+j)%263), Channel: fmt.Sprint("EventCode=", k)})
			}
			s.Analytics = append(s.Analytics, a.ID)
			objects = append(objects, a)
		}
		rel := &attack.Object{ID: fmt.Sprint("rel--", i), Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: attack.Detects, Source: s.ID, Target: t.ID}}
		objects = append(objects, t, s, rel)
	}
	var rules claim.Rules
	for i := range 3700 {
		rules = append(rules, rulesOf(detection.Rule{
			ID: fmt.Sprintf("rule-%04d", i), Name: strings.Repeat("r", 40), Enabled: true, Status: "test",
			Techniques: []string{fmt.Sprintf("T%04d", i%691), fmt.Sprintf("T%04d", i*7%700)},
			Platforms:  platforms[i%4 : i%4+1],
			Logs:       []detection.Log{{Component: fmt.Sprint("Component ", i%100)}, {Name: fmt.Sprint("log:", i%263)}},
		})...)
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects), rules
}

func BenchmarkJudgeSynthetic(b *testing.B) {
	lib, rules := synthetic()
	p := policy()
	p.Statuses = []string{"stable", "test"}
	for b.Loop() {
		claim.Judge(lib, rules, p)
	}
}

func TestAParentIsClaimedOnlyWhereNoSubTechniqueOfItIsNamed(t *testing.T) {
	object := func(id, attackID string, kind attack.Kind) *attack.Object {
		return &attack.Object{ID: id, Kind: kind, ATTACKID: attackID}
	}
	related := func(typ, from, to string) *attack.Object {
		return &attack.Object{ID: from + typ + to, Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: typ, Source: from, Target: to}}
	}
	old := object("t--old", "T1086", attack.KindTechnique)
	old.Revoked = true
	parentAN, subAN := object("an--p", "AN1", attack.KindAnalytic), object("an--s", "AN2", attack.KindAnalytic)
	parentAN.Platforms, subAN.Platforms = []string{"Windows"}, []string{"Windows"}
	strategy := func(id, an string) *attack.Object {
		return &attack.Object{ID: id, Kind: attack.KindStrategy, Analytics: []string{an}}
	}
	lib := attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, []*attack.Object{
		object("t--p", "T1059", attack.KindTechnique), object("t--s", "T1059.001", attack.KindTechnique), old, parentAN, subAN,
		strategy("det--p", "an--p"), strategy("det--s", "an--s"),
		related(attack.Detects, "det--p", "t--p"), related(attack.Detects, "det--s", "t--s"), related(attack.RevokedBy, "t--old", "t--s"),
	})
	for _, c := range []struct {
		name       string
		techniques []string
		claims     string
		narrowed   string
	}{
		{"the parent alone", []string{"T1059"}, "an--p", ""},
		{"both", []string{"T1059.001", "T1059"}, "an--s", "T1059 T1059.001"},
		{"the sub-technique by the ID that it had", []string{"T1059", "T1086"}, "an--s", "T1059 T1086"},
		{"a sub-technique that the release does not know", []string{"T1059", "T1059.777"}, "", "T1059 T1059.777"},
		{"of another parent", []string{"T1059", "T1003.001"}, "an--p", ""},
	} {
		got := claim.Judge(lib, rulesOf(detection.Rule{ID: "r", Enabled: true, Platforms: []string{"Windows"}, Techniques: c.techniques}), policy())
		var claims, narrowed []string
		for id := range got.ByAnalytic {
			claims = append(claims, id)
		}
		for _, n := range got.Narrowed {
			narrowed = append(narrowed, n.Names+" "+n.To)
		}
		if strings.Join(claims, ",") != c.claims || strings.Join(narrowed, ",") != c.narrowed {
			t.Errorf("%s: claims %v, narrowed %v; want %s and %s", c.name, claims, narrowed, c.claims, c.narrowed)
		}
	}
}

func TestACorrelationClaimsForItsBases(t *testing.T) {
	log := []detection.Log{{Name: "WinEventLog:Sysmon", Channel: "EventCode=1"}}
	base := detection.Rule{ID: "base", Format: "sigma", Enabled: true, Techniques: []string{"T1"}, Platforms: []string{"Windows"}, Logs: log}
	over := detection.Rule{ID: "over", Format: "sigma", Enabled: true, Techniques: []string{"T1"}, Of: []string{"base"}}
	counts := func(rules ...detection.Rule) string {
		var out []string
		for _, c := range claim.Judge(library(), rulesOf(rules...), policy()).ByAnalytic["an--1"] {
			if c.Counts {
				out = append(out, c.RuleID)
			}
		}
		return strings.Join(out, ",")
	}
	generates := over
	generates.Generate = true
	if a, b, c := counts(base), counts(over, base), counts(base, generates); a != "base" || b != "over" || c != "base,over" {
		t.Errorf("alone %q, correlated %q, with generate %q", a, b, c)
	}
}

// A technique that has nothing where the rule looks is told as that, with what ATT&CK has
// of it and nearby; one of which too little is known is not.
func TestATechniqueWithoutAnAnalyticWhereTheRuleLooks(t *testing.T) {
	related := func(typ, from, to string) *attack.Object {
		return &attack.Object{ID: from + typ + to, Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: typ, Source: from, Target: to}}
	}
	objects := []*attack.Object{}
	for id, of := range map[string][2]string{"T1": {"Windows", "Windows"}, "T1.001": {"SaaS", "SaaS"}, "T1.002": {"Linux", "Linux"}, "T2": {"SaaS,Windows", "Windows"}, "T3": {"PRE", "PRE"}} {
		objects = append(objects,
			&attack.Object{ID: "t--" + id, Kind: attack.KindTechnique, ATTACKID: id, Platforms: strings.Split(of[0], ",")},
			&attack.Object{ID: "an--" + id, Kind: attack.KindAnalytic, ATTACKID: "AN" + id, Platforms: []string{of[1]}, LogSources: []attack.LogSource{{Name: "log:" + id}}},
			&attack.Object{ID: "det--" + id, Kind: attack.KindStrategy, Analytics: []string{"an--" + id}}, related(attack.Detects, "det--"+id, "t--"+id))
	}
	lib := attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
	saas := []string{"SaaS"}
	for _, c := range []struct {
		rule detection.Rule
		why  string
		next string
		only bool
	}{
		{detection.Rule{Techniques: []string{"T1"}, Platforms: saas}, "enterprise 18.1 does not have T1 on SaaS, where the rule looks: its analytics are of Windows", "map the rule to T1.001, which", true},
		{detection.Rule{Techniques: []string{"T2"}, Platforms: saas}, "enterprise 18.1 has T2 on SaaS, where the rule looks, and none of its analytics is of that: they are of Windows", "map the rule to a technique that", true},
		{detection.Rule{Techniques: []string{"T3"}, Platforms: saas}, "enterprise 18.1 does not have T3 on SaaS, where the rule looks: its analytics are of PRE", "keep it as a rule without analytic.", true},
		{detection.Rule{Techniques: []string{"T3", "T1.001"}, Platforms: saas}, "enterprise 18.1 does not have T3 on SaaS, where the rule looks: its analytics are of PRE", "", false},
		{detection.Rule{Techniques: []string{"T2"}, Reach: detection.Any, Logs: []detection.Log{{Name: "NSM:Flow"}, {Component: "Network Traffic Flow"}}},
			"none of the analytics of T2 in enterprise 18.1 names what the rule reads (NSM:Flow, Network Traffic Flow)", "", true},
		{detection.Rule{Techniques: []string{"T1.001"}, Platforms: saas}, "", "", false},
		{detection.Rule{Techniques: []string{"T1"}}, "", "", false},
		{detection.Rule{Techniques: []string{"T9"}, Platforms: saas}, "", "", false},
		{detection.Rule{Techniques: []string{"T1", "T1.001"}, Platforms: saas}, "", "", false}, // the parent gives way
	} {
		c.rule.ID, c.rule.Enabled = "r", true
		got := claim.Judge(lib, rulesOf(c.rule), policy()).Nowhere
		if c.why == "" {
			if len(got) > 0 {
				t.Errorf("%+v: %+v", c.rule, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Why != c.why || !strings.Contains(got[0].Next, c.next) || got[0].Only != c.only {
			t.Errorf("%+v: %+v", c.rule, got)
		}
	}
}
