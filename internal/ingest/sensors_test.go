package ingest

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/evidence"
	"candor/internal/fault"
)

// What sensors are configured to record, a file of each format.
const (
	sysmonXML  = "<Sysmon schemaversion=\"4.90\"><EventFiltering><RuleGroup><ProcessCreate onmatch=\"exclude\"/></RuleGroup></EventFiltering></Sysmon>\n"
	auditpol   = "Machine Name,Policy Target,Subcategory,Subcategory GUID,Inclusion Setting,Exclusion Setting\nH,System,Process Creation,{0CCE922B-69AE-11D9-BED3-505054503030},Success,\n"
	auditRules = "-D\n-a always,exit -F arch=b64 -S connect -k net\n"
	ctidCSV    = "EVENT ID,EVENT NAME,LOG SOURCE,ATT&CK DATA SOURCE,ATT&CK DATA COMPONENT\n1,Process,Sysmon,Process,Process Creation\n"
	edrJSON    = `[{"Telemetry Feature Category":"Process","Sub-Category":"Process Creation","Acme":"Yes","Other":"No"}]`
	osqueryOf  = `{"platform":"linux","queries":{"q":{"query":"select * from process_events","interval":60}}}`
	channelCSV = "\"LogName\",\"IsEnabled\"\n\"Security\",\"True\"\n"
	channelTXT = "Security\nSystem\n"
	layerJSON  = `{"name":"L","versions":{"navigator":"5"},"domain":"enterprise-attack","techniques":[{"techniqueID":"T1059.001","score":8}]}`
)

func TestSensorsAreToldFromContentAndLand(t *testing.T) {
	for _, c := range []struct{ kind, name, text, format, record, keys string }{
		{"telemetry", "f.xml", sysmonXML, "sysmon", evidence.RecordSource, "WinEventLog:Sysmon|EventCode=1||"},
		{"telemetry", "f.csv", auditpol, "auditpol", evidence.RecordSource, "WinEventLog:Security|EventCode=4688, 4696||"},
		{"telemetry", "f.rules", auditRules, "auditd", evidence.RecordSource, "auditd:SYSCALL|connect||"},
		{"telemetry", "f.csv", ctidCSV, "ctid-sensors", evidence.RecordSource, "WinEventLog:Sysmon|EventCode=1|Process Creation|"},
		{"telemetry", "linux.json", edrJSON, "edr-telemetry", evidence.RecordSource, "||Process Creation|"},
		{"telemetry", "f.conf", osqueryOf, "osquery", evidence.RecordSource, "linux:osquery|process_events||"},
		{"telemetry", "f.csv", channelCSV, "windows-channels", evidence.RecordSource, "WinEventLog:Security|||"},
		{"telemetry", "f.txt", channelTXT, "windows-channels", evidence.RecordSource, "WinEventLog:Security||| WinEventLog:System|||"},
		{"feeds", "f.csv", "_time,sourcetype,count,hosts\n2026-03-01,aws:cloudtrail,5,1\n", "splunk-tstats", evidence.RecordFeed, "2026-03-01|AWS:CloudTrail||"},
		{"feeds", "f.csv", "TimeGenerated,DataType,Quantity\n2026-03-01,AWSCloudTrail,5.5\n", "sentinel-usage", evidence.RecordFeed, "2026-03-01|AWS:CloudTrail||"},
		{"feeds", "f.json", `{"data_streams":[{"data_stream":"logs-aws.cloudtrail-default","maximum_timestamp":1772366400000}]}`, "elastic-indices", evidence.RecordFeed, "2026-03-01|AWS:CloudTrail||"},
		{"rules", "f.json", layerJSON, "navigator", evidence.RecordRule, "navigator:L:T1059.001"},
	} {
		b := newBench(t)
		r := b.request(c.kind, b.write(c.name, c.text))
		if kind, err := r.KindOf(); err != nil || kind != c.kind {
			t.Errorf("%s is told as %q, %v", c.format, kind, err)
		}
		if c.format == "edr-telemetry" {
			err := b.refused(r, fault.Usage)
			if !strings.Contains(fault.HintOf(err), "--product") {
				t.Errorf("%v", err)
			}
			r.Product = "acme"
		}
		res := b.add(r)
		if res.Format != c.format || res.Rejected != 0 || strings.Join(b.keys(c.record), " ") != c.keys {
			t.Errorf("format %s, rejects %v, keys %q; want %s and %q", res.Format, res.Rejects, b.keys(c.record), c.format, c.keys)
		}
	}
}

func TestAProductOfATableIsAnotherInput(t *testing.T) {
	b := newBench(t)
	r := b.request("telemetry", b.write("linux.json", strings.Replace(edrJSON, `"No"`, `"Partially"`, 1)))
	for _, product := range []string{"Acme", "Other"} {
		r.Product = product
		if res := b.add(r); !res.Fresh {
			t.Errorf("%s is there already", product)
		}
	}
	r.Kind = "rules"
	b.refused(r, fault.Usage)
}

// TestInputsOfTheFieldAreReadAsTheyAreMeant reads shapes of shared data, with what a
// user of the product expects of each.
func TestInputsOfTheFieldAreReadAsTheyAreMeant(t *testing.T) {
	for file, c := range map[string]struct {
		kind, record, format string
		keys, warnings       []string
	}{
		"sysmonconfig.xml": {"telemetry", evidence.RecordSource, "sysmon",
			[]string{"WinEventLog:Sysmon|EventCode=10||", "WinEventLog:Sysmon|EventCode=1||", "WinEventLog:Sysmon|EventCode=3||"}, nil},
		"auditpol.csv": {"telemetry", evidence.RecordSource, "auditpol",
			[]string{"WinEventLog:Security|EventCode=4624, 4625, 4648, 4675||", "WinEventLog:Security|EventCode=4688, 4696||"}, []string{"Security Group Management"}},
		"ctid-sensor-mapping.csv": {"telemetry", evidence.RecordSource, "ctid-sensors",
			[]string{"WinEventLog:Security|EventCode=4688|Process Creation|", "WinEventLog:Sysmon|EventCode=1|Process Creation|"}, nil},
		"navigator-layer.json": {"rules", evidence.RecordRule, "navigator",
			[]string{"navigator:Our coverage:T1059.001", "navigator:Our coverage:T1110"}, []string{"a claim without one"}},
		"telemetry-unknown-component.yaml": {"telemetry", evidence.RecordSource, "candor-yaml",
			[]string{"WinEventLog Sysmon|||", "||Proces Creation|"}, []string{`"Proces Creation", so nothing rests on it; nearest: Process Creation`, "nearest: WinEventLog:Sysmon"}},
		"dettect-unknown-names.yaml": {"telemetry", evidence.RecordSource, "dettect",
			[]string{"||Proces Creation|", "||Process monitoring|"}, []string{"nearest: Process Creation", "Process monitoring is read as Process Creation"}},
	} {
		path := testData(t, "mend", "telemetry", file)
		b := newBench(t)
		b.Against(words())
		res := b.add(b.request(c.kind, path))
		if got := b.keys(c.record); res.Format != c.format || res.Rejected != 0 || !slices.Equal(got, c.keys) {
			t.Errorf("%s: format %s, rejects %v, keys %q", file, res.Format, res.Rejects, got)
		}
		for _, w := range c.warnings {
			if !has(res.Warnings, w) {
				t.Errorf("%s: %q lacks %q", file, res.Warnings, w)
			}
		}
	}
}
