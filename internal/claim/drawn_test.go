package claim_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/detection/elastic"
	"candor/internal/detection/sentinel"
	"candor/internal/detection/sigma"
	"candor/internal/detection/splunk"
	"candor/internal/evidence"
	"pgregory.net/rapid"
)

// told is one kind of data as each product names it, and a platform whose events it
// holds.
type told struct {
	platform                      string
	sigma, splunk, elastic, kusto string
}

// data are kinds of data that every product has a name for.
var data = [...]told{
	{"Windows", "{product: windows, category: process_creation}", "Sysmon EventID 1", "logs-windows.sysmon_operational-*", "Event | where Source == 'Microsoft-Windows-Sysmon' and EventID == 1"},
	{"Windows", "{product: windows, category: registry_set}", "Sysmon EventID 13", "logs-windows.sysmon_operational-*", "Event | where Source == 'Microsoft-Windows-Sysmon' and EventID == 13"},
	{"Windows", "{product: windows, service: security}", "Windows Event Log Security 4624", "logs-system.security-*", "SecurityEvent | where EventID == 4624"},
	{"Linux", "{product: linux, service: auditd}", "Linux Auditd Execve", "logs-auditd_manager.auditd-*", "Syslog | where Facility == 'auth'"},
	{"IaaS", "{product: aws, service: cloudtrail}", "AWS CloudTrail ConsoleLogin", "logs-aws.cloudtrail*", "AWSCloudTrail | where EventName == 'ConsoleLogin'"},
	{"IaaS", "{product: azure, service: activitylogs}", "Azure Monitor Activity", "logs-azure.activitylogs-*", "AzureActivity | take 1"},
	{"Identity Provider", "{product: azure, service: signinlogs}", "Azure Active Directory Sign-in activity", "logs-azure.signinlogs-*", "let x = 1d; SigninLogs | union AADNonInteractiveUserSignInLogs"},
	{"Identity Provider", "{product: okta, service: okta}", "Okta", "logs-okta*", "union Okta_CL, OktaV2_CL"},
	{"Office Suite", "{product: m365, service: audit}", "O365", "logs-o365.audit-*", "OfficeActivity | take 1"},
	{"SaaS", "{product: github, service: audit}", "GitHub", "logs-github.audit-*", "GitHubAuditLogsV2_CL | take 1"},
	{"Containers", "{product: kubernetes, service: audit}", "Kubernetes Audit", "logs-kubernetes.audit_logs-*", "AKSAudit | take 1"},
	{"Network Devices", "{product: fortios, service: event}", "Palo Alto Network Traffic", "logs-panw.panos*", "CommonSecurityLog | take 1"},
}

// drawnLibrary has, for every platform of data, a technique whose one analytic is of
// that platform and names a log source that nobody reads.
func drawnLibrary() (*attack.Library, map[string]string) {
	var objects []*attack.Object
	technique := map[string]string{}
	for i, d := range data {
		if technique[d.platform] != "" {
			continue
		}
		id := fmt.Sprintf("T9%03d", i)
		technique[d.platform] = id
		objects = append(objects,
			&attack.Object{ID: "t--" + id, Kind: attack.KindTechnique, ATTACKID: id},
			&attack.Object{ID: "an--" + id, Kind: attack.KindAnalytic, ATTACKID: "AN" + id[1:], Platforms: []string{d.platform}, LogSources: []attack.LogSource{{Name: "made:up", Channel: "x"}}},
			&attack.Object{ID: "det--" + id, Kind: attack.KindStrategy, Analytics: []string{"an--" + id}},
			&attack.Object{ID: "rel--" + id, Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: attack.Detects, Source: "det--" + id, Target: "t--" + id}})
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects), technique
}

// TestDrawnRulesAreNotLeftAtTechniqueOnly draws rules of every product over data that
// it names: none may be left at technique only on the platform of its data.
func TestDrawnRulesAreNotLeftAtTechniqueOnly(t *testing.T) {
	lib, technique := drawnLibrary()
	rapid.Check(t, func(t *rapid.T) {
		d := data[rapid.IntRange(0, len(data)-1).Draw(t, "data")]
		tid := technique[d.platform]
		noise := rapid.SampledFrom([]string{"", "ours", "another_thing"}).Draw(t, "noise")
		var got evidence.Decoded[detection.Rule]
		switch product := rapid.SampledFrom([]string{"sigma", "correlation", "splunk", "saved", "elastic", "esql", "sentinel", "deployed"}).Draw(t, "product"); product {
		case "sigma":
			got = sigma.Decode("r.yml", fmt.Appendf(nil, "title: x\nid: i\ntags: [attack.%s]\nlogsource: %s\ndetection: {a: {b: c%s}, condition: a}\n", strings.ToLower(tid), d.sigma, noise))
		case "correlation":
			got = sigma.Decode("r.yml", fmt.Appendf(nil, "title: x\nname: base%s\nid: b\nlogsource: %s\ndetection: {a: {b: c}, condition: a}\n---\ntitle: y\nid: i\ntags: [attack.%s]\ncorrelation: {type: event_count, rules: [base%s], timespan: 1h, condition: {gte: 2}}\n", noise, d.sigma, strings.ToLower(tid), noise))
		case "splunk":
			got = splunk.Decode("r.yml", fmt.Appendf(nil, "name: x%s\nid: i\ntype: TTP\nsearch: x\ndata_source: ['%s']\ntags: {mitre_attack_id: [%s]}\n", noise, d.splunk, tid))
		case "saved":
			got = splunk.Decode("savedsearches.conf", fmt.Appendf(nil, "[i]\nsearch = x\nenableSched = 1\naction.notable = 1\naction.escu.providing_technologies = [\"%s\"]\naction.escu.mappings = {\"mitre_attack\": [\"%s\"]}\n", d.splunk, tid))
		case "elastic":
			got = elastic.Decode("r.toml", fmt.Appendf(nil, "[rule]\nrule_id = \"i\"\nname = \"x\"\nindex = [\"%s\", \"logs-%s-*\"]\n[[rule.threat]]\n[[rule.threat.technique]]\nid = \"%s\"\n", d.elastic, noise, tid))
		case "esql":
			got = elastic.Decode("r.toml", fmt.Appendf(nil, "[rule]\nrule_id = \"i\"\nname = \"x\"\ntype = \"esql\"\nquery = \"\"\"\n// %s\nFROM %s METADATA _id\n| where x\n\"\"\"\n[[rule.threat]]\n[[rule.threat.technique]]\nid = \"%s\"\n", noise, d.elastic, tid))
		case "sentinel":
			got = sentinel.Decode("r.yaml", fmt.Appendf(nil, "id: i\nname: x\nseverity: Low\nrelevantTechniques: [%s]\nquery: |\n  // %s\n  %s\n", tid, noise, d.kusto))
		case "deployed":
			got = sentinel.Decode("r.json", fmt.Appendf(nil, `{"value": [{"name": "i", "type": "Microsoft.SecurityInsights/alertRules", "kind": "Scheduled", "properties": {"displayName": "x", "enabled": true, "query": %q, "techniques": [%q]}}]}`, d.kusto, tid))
		}
		if len(got.Records) == 0 || len(got.Rejects) > 0 {
			t.Fatalf("%+v", got)
		}
		for _, c := range claim.Judge(lib, rulesOf(got.Records...), policy()).ByAnalytic["an--"+tid] {
			if c.RuleID == "i" && (c.Basis == claim.TechniqueOnly || c.Basis == claim.Elsewhere || !c.Counts) {
				t.Fatalf("%+v of %+v is %s: %s", d, got.Records, c.Basis, c.Why)
			}
		}
		other := rapid.SampledFrom(slices.Sorted(maps.Keys(technique))).Draw(t, "other platform")
		lookElsewhere(t, lib, got.Records, technique[other])
	})
}

// lookElsewhere has the drawn rule i name a technique of another platform: then it claims
// nothing under any policy, and what is wanting is told as a fact about ATT&CK, with what to
// do, and never as something that is not known of the rule.
func lookElsewhere(t *rapid.T, lib *attack.Library, rules []detection.Rule, named string) {
	rules = slices.Clone(rules)
	list := make([]*detection.Rule, len(rules))
	for i := range rules {
		list[i] = &rules[i]
	}
	r := list[slices.IndexFunc(list, func(r *detection.Rule) bool { return r.ID == "i" })]
	r.Techniques = []string{named}
	if of := lib.ByATTACKID("AN" + named[1:])[0].Platforms[0]; slices.Contains(detection.NewCorrelations(list).Joined(r).Platforms, of) {
		return // it looks there too
	}
	all := policy()
	all.Count = claim.Bases()
	cs := claim.Judge(lib, rulesOf(rules...), all)
	c := cs.ByAnalytic["an--"+named]
	if len(c) != 1 || c[0].Basis != claim.Elsewhere || c[0].Counts || c[0].Misfit == "" {
		t.Fatalf("%+v names %s: %+v", *r, named, c)
	}
	if n := cs.Nowhere; len(n) != 1 || n[0].Technique != named || !n[0].Only || len(n[0].Looks) == 0 || !strings.Contains(n[0].Next, "ATT&CK has nothing there") {
		t.Fatalf("%+v names %s: %+v", *r, named, n)
	}
}

// TestEveryProductReadsAnEventAlike asks that the same numbered event claims the same
// analytics, whichever product's rule reads it.
func TestEveryProductReadsAnEventAlike(t *testing.T) {
	log := func(name, channel string) attack.LogSource {
		return attack.LogSource{Component: "dc--1", Name: name, Channel: channel}
	}
	objects := []*attack.Object{
		{ID: "dc--1", Kind: attack.KindComponent, ATTACKID: "DC1", Name: "Windows Registry Key Modification"},
		{ID: "t--1", Kind: attack.KindTechnique, ATTACKID: "T1547.001"},
		{ID: "an--listed", Kind: attack.KindAnalytic, ATTACKID: "AN1", Platforms: []string{"Windows"}, LogSources: []attack.LogSource{log("WinEventLog:Sysmon", "EventCode=13, 14")}},
		{ID: "an--alone", Kind: attack.KindAnalytic, ATTACKID: "AN2", Platforms: []string{"Windows"}, LogSources: []attack.LogSource{log("WinEventLog:Sysmon", "EventCode=13")}},
		{ID: "an--other", Kind: attack.KindAnalytic, ATTACKID: "AN3", Platforms: []string{"Windows"}, LogSources: []attack.LogSource{{Name: "WinEventLog:Sysmon", Channel: "EventCode=1"}}},
		{ID: "det--1", Kind: attack.KindStrategy, Analytics: []string{"an--listed", "an--alone", "an--other"}},
		{ID: "rel--1", Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: attack.Detects, Source: "det--1", Target: "t--1"}},
	}
	lib := attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
	for name, got := range map[string]evidence.Decoded[detection.Rule]{
		"sigma category": sigma.Decode("r.yml", []byte("title: x\nid: i\ntags: [attack.t1547.001]\nlogsource: {product: windows, category: registry_set}\ndetection: {a: {b: c}, condition: a}\n")),
		"sigma service":  sigma.Decode("r.yml", []byte("title: x\nid: i\ntags: [attack.t1547.001]\nlogsource: {product: windows, service: sysmon}\ndetection: {a: {EventID: 13}, condition: a}\n")),
		"splunk source":  splunk.Decode("r.yml", []byte("name: x\nid: i\nsearch: x\ndata_source: [Sysmon EventID 13]\ntags: {mitre_attack_id: [T1547.001]}\n")),
		"splunk search":  splunk.Decode("r.yml", []byte("name: x\nid: i\nsearch: '`sysmon` EventCode=13'\ntags: {mitre_attack_id: [T1547.001]}\n")),
		"sentinel":       sentinel.Decode("r.yaml", []byte("id: i\nname: x\nseverity: Low\nrelevantTechniques: [T1547.001]\nquery: Event | where Source == \"Microsoft-Windows-Sysmon\" | where EventID == 13\n")),
		"csv's channel":  {Records: []detection.Rule{{ID: "i", Enabled: true, Techniques: []string{"T1547.001"}, Logs: []detection.Log{{Name: "WinEventLog:Sysmon", Channel: "EventCode=13"}}}}},
	} {
		cs := claim.Judge(lib, rulesOf(got.Records...), policy())
		want := map[string]claim.Basis{"an--listed": claim.TechniquePlatformLog, "an--alone": claim.TechniquePlatformLog, "an--other": claim.TechniquePlatform}
		if name == "csv's channel" {
			want["an--other"] = claim.Elsewhere // it states no platform, and reads another event
		}
		if have := bases(cs); len(have) != 3 || have["an--listed"] != want["an--listed"] || have["an--alone"] != want["an--alone"] || have["an--other"] != want["an--other"] {
			t.Errorf("%s: %v, of %+v", name, have, got.Records)
		}
	}
}

// The public rules keep the measure that doc/evidence.md tells: of none of the enabled ones
// is it unknown where it looks, and at most 3 in 100 look where ATT&CK has nothing.
func TestFewPublicRulesAreLeftAtTechniqueOnly(t *testing.T) {
	lib, sigmas := publicRules(t)
	splunks := archived(t, filepath.Join(os.Getenv("CANDOR_TEST_DATA"), "rules", "splunk-detections.tar.gz"), splunk.Decode)
	for name, rules := range map[string]claim.Rules{"sigma": sigmas, "splunk": splunks} {
		s := measureShare(lib, rules)
		t.Logf("%s: %s", name, s)
		if s.rules < 900 || s.unread > 0 || 100*s.elsewhere > 3*s.rules {
			t.Errorf("%s: %s", name, s)
		}
	}
}

// TestWhatProductsGotWrong reads inputs as products write them, each of a kind that was
// read wrong once.
func TestWhatProductsGotWrong(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: it names the folder of real data that this test reads")
	}
	lib := enterprise181(t, dir)
	for _, c := range []struct {
		file   string
		decode func(string, []byte) evidence.Decoded[detection.Rule]
		rules  int
		claims []string // the rules whose claims count
		warns  string
	}{
		{"sentinel-portal-export.json", sentinel.Decode, 2, []string{"11111111-aaaa-4bbb-8ccc-000000000001", "11111111-aaaa-4bbb-8ccc-000000000002"}, ""},
		{"sentinel-api-list.json", sentinel.Decode, 1, []string{"77777777-aaaa-4bbb-8ccc-000000000002"}, ""},
		{"sentinel-mde-process.yaml", sentinel.Decode, 1, []string{"22222222-aaaa-4bbb-8ccc-0000000000a1"}, ""},
		{"sentinel-csl.yaml", sentinel.Decode, 1, []string{"22222222-aaaa-4bbb-8ccc-0000000000a3"}, ""},
		{"sentinel-datatypes-lowercase.yaml", sentinel.Decode, 1, []string{"22222223-aaaa-4bbb-8ccc-000000000001"}, ""},
		{"sentinel-arm-parameter-id.json", sentinel.Decode, 1, []string{"33333333-aaaa-4bbb-8ccc-000000000001"}, ""},
		{"elastic-esql-no-index.toml", elastic.Decode, 1, []string{"88888888-aaaa-4bbb-8ccc-000000000004"}, ""},
		{"elastic-short-glob.toml", elastic.Decode, 1, []string{"88888888-aaaa-4bbb-8ccc-000000000005"}, ""},
		{"splunk-and-sources.yml", splunk.Decode, 1, []string{"88888888-aaaa-4bbb-8ccc-000000000001"}, ""},
		{"splunk-sysmon13.yml", splunk.Decode, 1, []string{"88888888-aaaa-4bbb-8ccc-000000000002"}, ""},
		{"sigma-correlation-tags.yml", sigma.Decode, 2, []string{"66666666-aaaa-4bbb-8ccc-000000000402"}, ""},
		{"sigma-yaml-merge-key.yml", sigma.Decode, 1, []string{"55555555-aaaa-4bbb-8ccc-000000000009"}, ""},
		{"sigma-action-global.yml", sigma.Decode, 1, []string{"55555555-aaaa-4bbb-8ccc-000000000010"}, ""},
		{"sigma-tag-without-namespace.yml", sigma.Decode, 1, nil, `:9: tag "t1003.001" has no namespace`},
		{"sigma-two-docs-no-id-same-title.yml", sigma.Decode, 2, nil, ""},
	} {
		text, err := os.ReadFile(filepath.Join(dir, "mend", "rules", c.file))
		if err != nil {
			t.Fatal(err)
		}
		got := c.decode(c.file, text)
		if len(got.Records) != c.rules || len(got.Rejects) > 0 || !strings.Contains(strings.Join(got.Warnings, "\n"), c.warns) {
			t.Errorf("%s: %+v", c.file, got)
			continue
		}
		var counting []string
		for _, cs := range claim.Judge(lib, rulesOf(got.Records...), policy()).ByAnalytic {
			for _, one := range cs {
				if one.Counts && !slices.Contains(counting, one.RuleID) {
					counting = append(counting, one.RuleID)
				}
			}
		}
		slices.Sort(counting)
		if c.claims != nil && !slices.Equal(counting, c.claims) {
			t.Errorf("%s: claims of %v count, want %v; %+v", c.file, counting, c.claims, got.Records)
		}
		if c.rules == 2 && got.Records[0].ID == got.Records[1].ID {
			t.Errorf("%s: two rules have one id", c.file)
		}
	}
}
