package elastic

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection"
	"candor/internal/detection/detectiontest"
)

func format() detectiontest.Format {
	return detectiontest.Format{Name: Format, Decode: Decode, Sniff: Sniff, Files: []string{"shell.toml", "hunt.toml", "rules.ndjson", "page.json"}}
}

func TestRulesAsTheGoldenFilesSay(t *testing.T) { format().Golden(t) }

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	format().Others(t, map[string]string{
		"alert.json": `{"@timestamp":"2026-03-01","kibana":{"alert":{"rule":{"rule_id":"r","risk_score":1,"severity":"low","interval":"5m"}}}}`,
	})
}

func TestCategoriesNameWhatATTACKHas(t *testing.T) {
	words := decodetest.Enterprise(t)
	for _, c := range categories {
		for _, component := range c.of {
			words.Check(t, c.word, component, "", nil)
		}
	}
}

func TestWhereARuleLooks(t *testing.T) {
	const head = "[rule]\nrule_id = \"r\"\nname = \"n\"\n"
	for _, c := range []struct {
		name, meta, rule string
		platforms, log   string
		reach            detection.Reach
	}{
		{"FROM", "", "type = \"esql\"\nlanguage = \"esql\"\nquery = \"from logs-okta.system-* metadata _id, _version | where x\"", "Identity Provider", "saas:okta", detection.Several},
		{"FROM behind a comment", "", "type = \"esql\"\nquery = \"\"\"\n// of Okta\nFROM logs-aws.cloudtrail-*, logs-x METADATA _id\n| where x\"\"\"", "IaaS", "AWS:CloudTrail", detection.Several},
		{"a glob that is shorter than the data", "", "index = [\"filebeat-*\", \"logs-gcp*\"]", "IaaS", "gcp:audit", detection.Several},
		{"a glob that is longer", "", "index = [\"logs-windows.sysmon_operational-*\"]", "Windows", "WinEventLog:Sysmon", detection.Stated},
		{"a glob that says nothing, and an integration", "integration = [\"okta\"]", "index = [\"logs-*\"]", "Identity Provider", "saas:okta", detection.Several},
		{"an integration as Kibana has it", "", "related_integrations = [{package = \"aws\", integration = \"cloudtrail\", version = \"1\"}]", "IaaS", "AWS:CloudTrail", detection.Several},
		{"an integration as one string", "integration = \"github\"", "", "SaaS", "saas:github", detection.Several},
		{"a tag", "", "tags = [\"Data Source: Okta System Logs\"]", "Identity Provider", "saas:okta", detection.Several},
		{"a sensor of several systems", "", "index = [\"logs-endpoint.events.process-*\"]", "Windows, Linux, macOS", "", detection.Several},
		{"and the system that the rule is of", "", "index = [\"logs-endpoint.events.process-*\"]\ntags = [\"OS: Linux\"]", "Linux", "", detection.Stated},
		{"a system beside what is none", "", "index = [\"logs-cloud_defend.process*\"]\ntags = [\"OS: Linux\"]", "Linux, Containers", "", detection.Several},
		{"a sensor of the network", "", "index = [\"packetbeat-*\"]", "", "NSM:Flow", detection.Any},
		{"another cluster", "", "index = [\"prod:logs-system.security-*\"]", "Windows", "WinEventLog:Security", detection.Stated},
		{"nothing that is known", "", "index = [\"ours-*\"]", "", "", detection.Stated},
	} {
		d := Decode("f.toml", []byte("[metadata]\n"+c.meta+"\n"+head+c.rule+"\n"))
		if len(d.Records) != 1 {
			t.Errorf("%s: %+v", c.name, d)
			continue
		}
		r := d.Records[0]
		hasLog := slices.ContainsFunc(r.Logs, func(l detection.Log) bool { return l.Name == c.log })
		if got := strings.Join(r.Platforms, ", "); c.platforms != "" && !strings.HasPrefix(got, c.platforms) || c.platforms == "" && got != "" || r.Reach != c.reach || c.log != "" && !hasLog {
			t.Errorf("%s: platforms %s, reach %q, logs %v", c.name, got, r.Reach, r.Logs)
		}
	}
}

func TestAQueryTellsWhichEventsOfASensorItLooksAt(t *testing.T) {
	rule := func(query string) detection.Rule {
		return Decode("f.toml", []byte("[rule]\nrule_id = \"r\"\nname = \"n\"\ntype = \"eql\"\nlanguage = \"eql\"\nindex = [\"logs-endpoint.events.*\"]\nquery = '"+query+"'\n")).Records[0]
	}
	has := func(r detection.Rule, component string) bool {
		return slices.ContainsFunc(r.Logs, func(l detection.Log) bool { return l.Component == component })
	}
	if r := rule("process where true"); !has(r, "Process Creation") || has(r, "Module Load") {
		t.Errorf("one category: %v", r.Logs)
	}
	if r := rule("sequence by x [process where true] [library where true]"); !has(r, "Process Creation") || !has(r, "Module Load") || has(r, "File Creation") {
		t.Errorf("two categories: %v", r.Logs)
	}
	if r := rule("any where true"); !has(r, "Process Creation") || !has(r, "Module Load") {
		t.Errorf("any category: %v", r.Logs)
	}
}

func TestWhatComesOfARule(t *testing.T) {
	d := Decode("f.toml", []byte("[rule]\nrule_id = \"r\"\nname = \"n\"\nbuilding_block_type = \"default\"\ninterval = \"9m\"\n"))
	if len(d.Records) != 1 || d.Records[0].Role != detection.BuildingBlock || !d.Records[0].Enabled || d.Records[0].Schedule != "9m" {
		t.Errorf("%+v", d)
	}
	d = Decode("h.toml", []byte("[hunt]\nuuid = \"h\"\nname = \"n\"\nintegration = [\"aws.cloudtrail\"]\nmitre = [\"T1580\", \"x\"]\nquery = [\"from logs-x* | limit 1\"]\n"))
	if len(d.Records) != 1 || d.Records[0].Role != detection.Hunt || !slices.Equal(d.Records[0].Techniques, []string{"T1580"}) || len(d.Warnings) != 1 || len(d.Records[0].Platforms) == 0 {
		t.Errorf("%+v", d)
	}
}

func FuzzDecode(f *testing.F) { format().Fuzz(f) }

func TestWhatIsWrongIsNamedWithItsLine(t *testing.T) {
	const good = "[rule]\nrule_id = \"r\"\nname = \"n\"\n"
	for text, want := range map[string]string{
		"":                               "f.toml:1: rule: not an Elastic rule: it has no table [rule]",
		"[rule]\nname = \"n\"\n":         "f.toml:1: rule_id: is missing or empty",
		good + "severity = 3\n":          `f.toml:4: severity: "3": not a string`,
		good + "\nenabled = \"maybe\"\n": `f.toml:5: enabled: "maybe": neither true nor false`,
		good + "index = \"a\"\n":         `f.toml:4: index: "a": not a list of strings`,
		good + "threat = [1]\n":          `f.toml:4: threat: "1": not a list of tables`,
		good + "x = [\n":                 "f.toml:4: not TOML: ",
		"rule = 1\n":                     `f.toml:1: rule: "1": not a table`,
		"\xff":                           "f.toml: not UTF-8",
	} {
		d := Decode("f.toml", []byte(text))
		if len(d.Rejects) != 1 || len(d.Records) != 0 || !strings.HasPrefix(d.Rejects[0].String(), want) {
			t.Errorf("%q: %+v, want %s", text, d, want)
		}
	}
}

func TestATechniqueThatIsNoneIsPassedOver(t *testing.T) {
	d := Decode("f.toml", []byte("[rule]\nrule_id = \"r\"\nname = \"n\"\n[[rule.threat]]\n[[rule.threat.technique]]\nid = \"T1059\"\n[[rule.threat.technique]]\nid = \"T1\"\n"))
	if len(d.Records) != 1 || len(d.Records[0].Techniques) != 1 || len(d.Warnings) != 1 || !strings.HasPrefix(d.Warnings[0], "f.toml:8: \"T1\"") {
		t.Errorf("%+v", d)
	}
}

func TestMaturitySaysWhetherARuleRuns(t *testing.T) {
	const rule = "[rule]\nrule_id = \"r\"\nname = \"n\"\n"
	for maturity, want := range map[string]bool{"production": true, "deprecated": false, "development": false, "surprising": true} {
		d := Decode("f.toml", []byte("[metadata]\nmaturity = \""+maturity+"\"\n"+rule))
		if len(d.Records) != 1 || d.Records[0].Enabled != want || (maturity == "surprising") != (len(d.Warnings) == 1) {
			t.Errorf("%s: %+v", maturity, d)
		}
	}
}
