package splunk

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/detection"
	"candor/internal/detection/detectiontest"
)

func format() detectiontest.Format {
	return detectiontest.Format{Name: Format, Decode: Decode, Sniff: Sniff, Files: []string{"shell.yml", "cloud.yml", "newer.yml", "savedsearches.conf"}}
}

func TestRulesAsTheGoldenFilesSay(t *testing.T) { format().Golden(t) }

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	format().Others(t, map[string]string{"f.toml": "[tool]\nname = 1\n"})
}

func TestWhereADetectionLooks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		platforms  string
		reach      detection.Reach
		logs       []detection.Log
	}{
		{"both of two", "data_source: [Sysmon EventID 1 AND Sysmon EventID 3]", "Windows", detection.Stated, []detection.Log{
			{Component: "Process Creation", Name: "WinEventLog:Sysmon", Channel: "EventCode=1", Group: 1},
			{Component: "Network Connection Creation", Name: "WinEventLog:Sysmon", Channel: "EventCode=3", Group: 1}}},
		{"one of two", "data_source: [Sysmon EventID 1, Windows Event Log Security 4688]", "Windows", detection.Stated, []detection.Log{
			{Component: "Process Creation", Name: "WinEventLog:Sysmon", Channel: "EventCode=1"},
			{Component: "Process Creation", Name: "WinEventLog:Security", Channel: "EventCode=4688"}}},
		{"a macro", "data_source: []\nsearch: '`cloudtrail` eventName=x | `security_content_ctime(a)`'", "IaaS, Identity Provider, Containers, SaaS", detection.Several, []detection.Log{{Name: "AWS:CloudTrail"}}},
		{"a macro and its events", "search: '`wineventlog_security` EventCode IN (4624,4625) | stats count'", "Windows", detection.Stated, []detection.Log{
			{Component: "Logon Session Creation", Name: "WinEventLog:Security", Channel: "EventCode=4624"},
			{Component: "User Account Authentication", Name: "WinEventLog:Security", Channel: "EventCode=4625"}}},
		{"a data model", "search: '| tstats count from datamodel=Endpoint.Registry where x'", "Windows", detection.Stated, []detection.Log{
			{Component: "Windows Registry Key Modification"}, {Component: "Windows Registry Key Creation"}, {Component: "Windows Registry Key Deletion"}}},
		{"a source type", "search: 'index=x sourcetype=\"XmlWinEventLog:Security\" EventCode=4688'", "Windows", detection.Stated, []detection.Log{
			{Component: "Process Creation", Name: "WinEventLog:Security", Channel: "EventCode=4688"}}},
		{"an asset", "search: x\ntags: {asset_type: O365 Tenant}", "Office Suite, Identity Provider", detection.Several, nil},
		{"an asset that says which system", "data_source: [CrowdStrike ProcessRollup2]\nasset_type: Windows", "Windows", detection.Stated, []detection.Log{
			{Component: "Process Creation"}, {Component: "Process Metadata"}, {Component: "Command Execution"}}},
		{"nothing", "search: x", "", detection.Stated, nil},
	} {
		d := Decode("f.yml", []byte("name: n\nid: i\n"+c.text+"\n"))
		if len(d.Records) != 1 {
			t.Errorf("%s: %+v", c.name, d)
			continue
		}
		r := d.Records[0]
		if strings.Join(r.Platforms, ", ") != c.platforms || r.Reach != c.reach || !slices.Equal(r.Logs, c.logs) {
			t.Errorf("%s: platforms %v, reach %q, logs %+v", c.name, r.Platforms, r.Reach, r.Logs)
		}
	}
}

func TestWhatComesOfADetection(t *testing.T) {
	for text, want := range map[string]detection.Role{
		"type: TTP": detection.Alerts, "type: Correlation": detection.Alerts, "type: Hunting": detection.Hunt, "type: Anomaly": detection.Risk,
		"type: Anomaly\nfinding: {title: x}": detection.Alerts, "intermediate_findings: {entities: []}": detection.Risk, "": detection.Alerts,
	} {
		d := Decode("f.yml", []byte("name: n\nid: i\nsearch: x\n"+text+"\n"))
		if len(d.Records) != 1 || d.Records[0].Role != want || !d.Records[0].Enabled {
			t.Errorf("%q: %+v", text, d)
		}
	}
}

func TestASavedSearchSaysWhetherItRunsAndWhatItDoes(t *testing.T) {
	const search = "search = `sysmon` EventCode=1\naction.correlationsearch.annotations = {\"mitre_attack\": [\"T1003.001\"]}\n"
	for _, c := range []struct {
		name, text string
		enabled    bool
		status     string
		role       detection.Role
		actions    string
	}{
		{"a notable", "enableSched = 1\ncron_schedule = 0 * * * *\naction.notable = 1\n", true, "", detection.Alerts, "notable"},
		{"a list of actions", "enableSched = true\nactions = notable, risk\naction.risk = 0\n", true, "", detection.Alerts, "notable"},
		{"risk alone", "enableSched = 1\naction.risk = 1\naction.risk.param._risk = []\n", true, "", detection.Risk, "risk"},
		{"nothing", "enableSched = 1\n", true, "", detection.Report, ""},
		{"an alert in the list", "enableSched = 1\nalert.track = 1\n", true, "", detection.Alerts, "alert.track"},
		{"mail", "enableSched = 1\naction.email = 1\n", true, "", detection.Alerts, "email"},
		{"a summary", "enableSched = 1\naction.summary_index = 1\naction.risk = 1\n", true, "", detection.Risk, "risk,summary_index"},
		{"disabled", "disabled = 1\nenableSched = 1\naction.notable = 1\n", false, "disabled", detection.Alerts, "notable"},
		{"not scheduled", "action.notable = 1\n", false, "not scheduled", detection.Alerts, "notable"},
	} {
		d := Decode("default/savedsearches.conf", []byte("[ESCU - Odd - Rule]\naction.correlationsearch.enabled = 1\n"+search+c.text))
		if len(d.Records) != 1 {
			t.Errorf("%s: %+v", c.name, d)
			continue
		}
		r := d.Records[0]
		if r.Enabled != c.enabled || r.Status != c.status || r.Role != c.role || strings.Join(r.Actions, ",") != c.actions {
			t.Errorf("%s: enabled %v, status %s, role %q, actions %v", c.name, r.Enabled, r.Status, r.Role, r.Actions)
		}
		if r.ID != "ESCU - Odd - Rule" || !slices.Contains(r.Aliases, "Odd") || !slices.Equal(r.Techniques, []string{"T1003.001"}) || !slices.Equal(r.Platforms, []string{"Windows"}) || r.Logs[0].Channel != "EventCode=1" {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

func TestSettingsAreReadAsSplunkReadsThem(t *testing.T) {
	text := "# ours\n[default]\nenableSched = 1\naction.notable = 1\n\n[A]\nsearch = | tstats count \\\n  from datamodel=Endpoint.Processes\\\n  where x\naction.escu.mappings = {\"mitre_attack\": [\"t1059\", \"x\"]}\n" +
		"[B]\ndisabled = 0\n[C]\nsearch = index=web\naction.notable = 0\nnonsense\n"
	d := Decode("savedsearches.conf", []byte(text))
	if len(d.Records) != 1 || d.Records[0].Name != "A" || !d.Records[0].Enabled || d.Records[0].Reach != detection.Several || !slices.Equal(d.Records[0].Techniques, []string{"T1059"}) {
		t.Errorf("%+v", d.Records)
	}
	notes := strings.Join(d.Warnings, "\n")
	for _, want := range []string{"savedsearches.conf:11: passed over 1 saved search without a search", "savedsearches.conf:13: passed over 1 saved search without an alert", `"x" is no ATT&CK ID`} {
		if !strings.Contains(notes, want) {
			t.Errorf("%s is not in\n%s", want, notes)
		}
	}
	if len(d.Rejects) != 1 || d.Rejects[0].Line != 16 {
		t.Errorf("%+v", d.Rejects)
	}
	if d := Decode("savedsearches.conf", nil); len(d.Warnings) != 1 {
		t.Errorf("an empty file: %+v", d)
	}
}

func FuzzDecode(f *testing.F) { format().Fuzz(f) }

func BenchmarkDecode(b *testing.B) { format().Bench(b) }
