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
	got := Of(Place{Platforms: []string{windows}, Logs: named(security)}, Place{Platforms: []string{linux, windows}, Serves: Several, Logs: named(security, linAuth)}, Place{Reference: true})
	if !slices.Equal(got.Platforms, []string{windows, linux}) || got.Serves != Several || len(got.Logs) != 2 || got.Reference {
		t.Errorf("%+v", got)
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
