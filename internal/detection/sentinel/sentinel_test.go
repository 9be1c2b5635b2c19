package sentinel

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/detection"
	"candor/internal/detection/detectiontest"
)

func format() detectiontest.Format {
	return detectiontest.Format{Name: Format, Decode: Decode, Sniff: Sniff, Files: []string{"signin.yaml", "hunts.yaml", "template.json", "list.json"}}
}

func TestRulesAsTheGoldenFilesSay(t *testing.T) { format().Golden(t) }

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	format().Others(t, map[string]string{"f.toml": "[tool]\nname = 1\n"})
}

func TestWhereARuleLooks(t *testing.T) {
	for _, c := range []struct {
		name, connectors, query string
		platforms               string
		reach                   detection.Reach
		log                     detection.Log
	}{
		{"a table", "", "SigninLogs | take 1", "Identity Provider, Office Suite, SaaS, IaaS", detection.Several, detection.Log{Name: "azure:signinlogs"}},
		{"a numbered event", "", "SecurityEvent | where EventID == 4688", "Windows", detection.Stated, detection.Log{Component: "Process Creation", Name: "WinEventLog:Security", Channel: "EventCode=4688"}},
		{"an event of a log that the query names", "", "Event | where Source == 'Microsoft-Windows-Sysmon' | where EventID in (13)", "Windows", detection.Stated,
			detection.Log{Component: "Windows Registry Key Modification", Name: "WinEventLog:Sysmon", Channel: "EventCode=13"}},
		{"a table of several systems", "", "DeviceProcessEvents | take 1", "Windows, Linux, macOS", detection.Several, detection.Log{Component: "Process Creation"}},
		{"a log of one system beside it", "", "union SecurityEvent, DeviceProcessEvents", "Windows", detection.Stated, detection.Log{Component: "Process Creation"}},
		{"a firewall", "", "CommonSecurityLog | take 1", "Network Devices", detection.Any, detection.Log{Component: "Network Traffic Flow"}},
		{"a list to look in tells nothing", "", "let w = ThreatIntelligenceIndicator | take 1; AuditLogs | join w on x", "Identity Provider, Office Suite, SaaS, IaaS", detection.Several, detection.Log{Name: "azure:audit"}},
		{"alerts beside data tell nothing", "", "SecurityAlert | join kind=inner (AWSCloudTrail) on x", "IaaS, Identity Provider, Containers, SaaS", detection.Several, detection.Log{Name: "AWS:CloudTrail"}},
		{"the query rather than the connectors", "[{connectorId: x, dataTypes: [SigninLogs]}]", "GitHubAuditLogsV2_CL | take 1", "SaaS, Identity Provider", detection.Several, detection.Log{Name: "saas:github"}},
		{"the connectors where the query says nothing", "[{connectorId: x, dataTypes: [OfficeActivity]}]", "Ours_CL | take 1", "Office Suite, SaaS, Identity Provider", detection.Several, detection.Log{Name: "m365:unified"}},
		{"in lower case", "[{connectorId: x, datatypes: [SigninLogs]}]", "Ours_CL", "Identity Provider, Office Suite, SaaS, IaaS", detection.Several, detection.Log{Name: "azure:signinlogs"}},
		{"a glob", "", "union Device*Logon* | take 1", "Windows, Linux, macOS", detection.Several, detection.Log{Component: "User Account Authentication"}},
		{"a function of content", "", "_Im_Dns(starttime=ago(1d)) | take 1", "", detection.Any, detection.Log{Component: "Network Traffic Content"}},
		{"nothing that is known", "", "Ours_CL", "", detection.Stated, detection.Log{}},
	} {
		d := Decode("f.yaml", []byte("id: i\nname: n\nseverity: Low\nrequiredDataConnectors: "+c.connectors+"\nquery: |\n  "+c.query+"\n"))
		if len(d.Records) != 1 || len(d.Warnings) != 0 {
			t.Errorf("%s: %+v", c.name, d)
			continue
		}
		r := d.Records[0]
		if strings.Join(r.Platforms, ", ") != c.platforms || r.Reach != c.reach || c.log != (detection.Log{}) && !slices.Contains(r.Logs, c.log) || c.log == (detection.Log{}) && len(r.Logs) > 0 {
			t.Errorf("%s: platforms %v, reach %q, logs %+v", c.name, r.Platforms, r.Reach, r.Logs)
		}
	}
}

func TestARuleThatIsNamedByAParameter(t *testing.T) {
	rule := func(parameters, name string) string {
		return `{"parameters": {` + parameters + `}, "resources": [{"type": "Microsoft.OperationalInsights/workspaces/providers/alertRules", "kind": "Scheduled", "name": "` + name +
			`", "properties": {"displayName": "n", "enabled": true, "query": "SecurityEvent | take 1", "techniques": ["T1059"]}}]}`
	}
	const name = "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/',parameters('analytic-id'))]"
	d := Decode("f.json", []byte(rule(`"analytic-id": {"type": "string", "defaultValue": "i-1"}`, name)))
	if len(d.Records) != 1 || d.Records[0].ID != "i-1" || !slices.Equal(d.Records[0].Platforms, []string{"Windows"}) || d.Records[0].Source != "Scheduled over SecurityEvent" {
		t.Errorf("%+v", d)
	}
	for _, parameters := range []string{"", `"analytic-id": {"type": "string"}`, `"analytic-id": {"defaultValue": "[newGuid()]"}`, `"analytic-id": "x"`} {
		if d := Decode("f.json", []byte(rule(parameters, name))); len(d.Rejects) != 1 {
			t.Errorf("%s: %+v", parameters, d)
		}
	}
}

func FuzzDecode(f *testing.F) { format().Fuzz(f) }

func BenchmarkDecode(b *testing.B) { format().Bench(b) }

func TestADeployedRuleIsAlsoCalledByItsTemplate(t *testing.T) {
	d := Decode("f", []byte("id: d-1\nname: Odd\nkind: Scheduled\nquery: x\nalertRuleTemplateName: t-1\n"))
	if len(d.Records) != 1 || !slices.Equal(d.Records[0].Aliases, []string{"t-1", "Odd"}) || len(d.Warnings) != 0 {
		t.Errorf("%+v", d)
	}
}
