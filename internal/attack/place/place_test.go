package place

import (
	"slices"
	"strings"
	"testing"
)

func TestTablesOfEveryProductAreKnown(t *testing.T) {
	for _, c := range []struct{ name, platform, log, component string }{
		{"SecurityEvent", windows, security, ""},
		{"securityevent", windows, security, ""},
		{"Event (WindowsForwarding)", windows, "", ""},
		{"SigninLogs", identity, azSignin, ""},
		{"DeviceProcessEvents", windows, "", procNew},
		{"DeviceProcessEvents", macOS, "", procNew},
		{"DeviceRegistryEvents", windows, "", regMod},
		{"CommonSecurityLog", netDevices, nsm, netFlow},
		{"AWSCloudTrail", iaas, cloudTrail, ""},
		{"OktaV2_CL", identity, okta, ""},
		{"Syslog", linux, linSyslog, ""},
		{"OnePasswordEventLogs_CL", saas, "", appLog},
		{"GitHubAuditLogsV2_CL", saas, github, ""},
		{"_Im_Authentication", identity, "", userAuth},
		{"imProcessCreate", linux, "", procNew},
		{"ASimDnsActivityLogs", "", "", netContent},
		{"imNetworkSession", netDevices, "", netFlow},
		{"vimFileEventMicrosoft365D", windows, "", fileNew},
		{"CiscoASA", netDevices, "", netConn},
		{"Cisco_Umbrella_dns_CL", netDevices, "", netContent},
		{"SentinelOne", windows, "", procNew},
	} {
		p, ok := Table(c.name)
		if !ok || c.platform != "" && !slices.Contains(p.Platforms, c.platform) ||
			!slices.ContainsFunc(p.Logs, func(l Log) bool { return c.log == "" || l.Name == c.log }) && c.log != "" ||
			!slices.ContainsFunc(p.Logs, func(l Log) bool { return l.Component == c.component }) && c.component != "" {
			t.Errorf("%s: %v %+v; want %s, %s, %s", c.name, ok, p, c.platform, c.log, c.component)
		}
	}
	if p, ok := Table("MadeUpByUs_CL"); ok {
		t.Errorf("a table that nobody knows is %+v", p)
	}
	if n := len(TableNames()); n < 150 {
		t.Errorf("%d tables", n)
	}
}

// A name that stands twice would be one thing here and another there.
func TestNoTableStandsTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range slices.Concat(windowsTables(), defenderTables(), microsoftTables(), cloudTables(), networkTables(), serviceTables(), productTables(), normalTables(), referenceTables()) {
		for name := range strings.FieldsSeq(r.names) {
			if seen[strings.ToLower(name)] {
				t.Errorf("%s stands twice", name)
			}
			seen[strings.ToLower(name)] = true
			if p := r.place; len(p.Platforms) == 0 && p.Serves != Any && !p.Reference {
				t.Errorf("%s has no platform", name)
			}
			if p := r.place; len(p.Platforms) > 1 && p.Serves == Each {
				t.Errorf("%s is of each of %v", name, p.Platforms)
			}
		}
	}
}

func TestJoinedPlacesKeepTheirParts(t *testing.T) {
	got := Of(Place{Platforms: []string{windows}, Logs: named(security)}, Place{Platforms: []string{linux, windows}, Serves: Several, Logs: named(security, linAuth)}, Place{Platforms: []string{saas, office}, Serves: Several}, Place{Reference: true})
	if !slices.Equal(got.Platforms, []string{windows, saas, office}) || got.Serves != Several || len(got.Logs) != 2 || got.Reference {
		t.Errorf("%+v", got)
	}
	if got := Of(endpoint(procNew), winLog(sysmon)); !slices.Equal(got.Platforms, []string{windows}) || got.Serves != Each {
		t.Errorf("a sensor of several systems beside a log of one: %+v", got)
	}
	if got := Of(Place{Reference: true}); !got.Reference {
		t.Error("lists alone are no longer lists")
	}
	if got := (Place{Platforms: []string{windows, linux}, Serves: Several}).On([]string{linux}); !slices.Equal(got.Platforms, []string{linux}) || got.Serves != Each {
		t.Errorf("%+v", got)
	}
}

func TestEventsAreWhatATTACKAndMicrosoftSay(t *testing.T) {
	for _, c := range []struct {
		log, code string
		want      Log
	}{
		{sysmon, "13", Log{regMod, sysmon, "EventCode=13"}},
		{security, "4688", Log{procNew, security, "EventCode=4688"}},
		{security, "4781", Log{Component: userMod, Name: security}}, // ATT&CK names no such code
		{security, "4663", Log{Name: security, Channel: "EventCode=4663"}},
		{security, "9999", Log{Name: security, Channel: "EventCode=9999"}},
	} {
		if got := Event(c.log, c.code); got != c.want {
			t.Errorf("%s %s: %+v, want %+v", c.log, c.code, got, c.want)
		}
	}
	for channel, want := range map[string]string{
		"Microsoft-Windows-Sysmon/Operational": sysmon, "microsoft-windows-sysmon": sysmon, "Security": security, "Microsoft-Windows-Security-Auditing": security,
		"System": system, "Service Control Manager": system, "Windows PowerShell": powershell, "My-App/Operational": "",
	} {
		if got, ok := WindowsLog(channel); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", channel, got, ok)
		}
	}
}

func TestNoEventStandsTwice(t *testing.T) {
	seen := map[event]bool{}
	for _, c := range eventCodes {
		for code := range strings.FieldsSeq(c.attack + " " + c.other) {
			if seen[event{c.log, code}] {
				t.Errorf("%s %s stands twice", c.log, code)
			}
			seen[event{c.log, code}] = true
		}
	}
}

func TestGlobsMeetDataBothWays(t *testing.T) {
	for _, c := range []struct {
		pattern, platform, log string
		not                    string
	}{
		{"logs-gcp*", iaas, gcpAudit, ""},
		{"logs-gcp.audit-*", iaas, gcpAudit, ""},
		{"logs-windows.*", windows, sysmon, ""},
		{"logs-windows.sysmon_operational-*", windows, sysmon, powershell},
		{"logs-aws.cloudtrail-prod", iaas, cloudTrail, ""},
		{"logs-endpoint.events.*", linux, "", ""},
		{"remote:logs-okta*", identity, okta, ""},
		{".ds-logs-system.security-default-2026.01.01-000001", windows, security, linAuth},
		{"winlogbeat-8.1", windows, "", sysmon},
		{"packetbeat-*", "", nsm, ""},
	} {
		p, ok := Index(c.pattern)
		has := func(log string) bool { return slices.ContainsFunc(p.Logs, func(l Log) bool { return l.Name == log }) }
		if !ok || c.platform != "" && !slices.Contains(p.Platforms, c.platform) || c.log != "" && !has(c.log) || c.not != "" && has(c.not) {
			t.Errorf("%s: %v %+v", c.pattern, ok, p)
		}
	}
	for _, pattern := range []string{"logs-*", "*", "", "ours-*", "-logs-okta*", "filebeat-*", "logs-awsome*x", "*:*"} {
		if p, ok := Index(pattern); ok {
			t.Errorf("%s says %+v", pattern, p)
		}
	}
	if p, ok := Index(".alerts-security.*"); !ok || !p.Alerts {
		t.Errorf("alerts: %+v", p)
	}
	first, _ := Index("logs-azure*")
	for range 5 { // whatever the order of a map
		if again, _ := Index("logs-azure*"); !slices.Equal(again.Platforms, first.Platforms) || !slices.Equal(again.Logs, first.Logs) {
			t.Fatalf("%v, then %v", first, again)
		}
	}
}

func TestTagsAndIntegrationsAreKnown(t *testing.T) {
	for tag, platform := range map[string]string{
		"Data Source: Okta System Logs": identity, "Data Source: AWS S3": iaas, "Data Source: Microsoft Entra ID Audit Logs": identity, "Data Source: Sysmon": windows,
		"Data Source: Elastic Defend for Containers": containers, "Data source: GitHub": saas, "Data Source: Google Workspace": saas, "Data Source: PAN-OS": netDevices,
	} {
		if p, ok := Tag(tag); !ok || !slices.Contains(p.Platforms, platform) {
			t.Errorf("%s: %v %+v", tag, ok, p)
		}
	}
	for _, tag := range []string{"Domain: Cloud", "Data Source: Ours", "Okta", ""} {
		if p, ok := Tag(tag); ok {
			t.Errorf("%s says %+v", tag, p)
		}
	}
	if p, ok := Integration("aws.somethingnew"); !ok || !slices.Contains(p.Platforms, iaas) {
		t.Errorf("a data set that is not listed is its integration's: %+v", p)
	}
}

func TestNoDataSetStandsTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range datasets() {
		for name := range strings.FieldsSeq(r.names) {
			if seen[name] || name != strings.ToLower(name) {
				t.Errorf("%s stands twice, or not in lower case", name)
			}
			seen[name] = true
		}
	}
}

func TestSplunksSourcesAreKnown(t *testing.T) {
	for _, c := range []struct {
		name, platform string
		log            Log
	}{
		{"Sysmon EventID 13", windows, Log{regMod, sysmon, "EventCode=13"}},
		{"sysmon eventid 22", windows, Log{netConn, sysmon, "EventCode=22"}},
		{"Sysmon for Linux EventID 1", linux, Log{procNew, linSysmon, "EventCode=1"}},
		{"Windows Event Log Security 4688", windows, Log{procNew, security, "EventCode=4688"}},
		{"Windows Security 5136", windows, Log{adMod, security, "EventCode=5136"}},
		{"Windows Event Log Security 4781", windows, Log{Component: userMod, Name: security}},
		{"Windows Event Log CAPI2 70", windows, Log{Component: appLog}},
		{"Powershell Script Block Logging 4104", windows, Log{Name: powershell, Channel: "EventCode=4104"}},
		{"AWS CloudTrail ConsoleLogin", iaas, Log{Name: cloudTrail}},
		{"Linux Auditd Execve", linux, Log{Name: auditExec}},
		{"Palo Alto Network Threat", netDevices, Log{Name: nsm}},
		{"Office 365 Universal Audit Log", office, Log{Name: unified}},
	} {
		p, ok := Source(c.name)
		if !ok || !slices.Contains(p.Platforms, c.platform) || !slices.Contains(p.Logs, c.log) {
			t.Errorf("%s: %v %+v, want %s and %+v", c.name, ok, p, c.platform, c.log)
		}
	}
	for name, platform := range map[string]string{"Endpoint.Processes": linux, "Endpoint": windows, "Endpoint.Registry": windows, "Authentication.Authentication": identity, "cloudtrail": iaas, "XmlWinEventLog:Security": windows, "kube_audit": containers} {
		if p, ok := Searched(name); !ok || !slices.Contains(p.Platforms, platform) {
			t.Errorf("%s: %v %+v", name, ok, p)
		}
	}
	for kind, platform := range map[string]string{"Endpoint": windows, "O365 Tenant": office, "GCP GKE Kubernetes cluster": containers, "AWS Account": iaas, "Web Server": linux} {
		if p, ok := Asset(kind); !ok || !slices.Contains(p.Platforms, platform) {
			t.Errorf("%s: %v %+v", kind, ok, p)
		}
	}
	for _, unknown := range []string{"", "Ours", "drop_dm_object_name"} {
		_, a := Source(unknown)
		_, b := Searched(unknown)
		_, c := Asset(unknown)
		if a || b || c {
			t.Errorf("%q is known: %v %v %v", unknown, a, b, c)
		}
	}
}
