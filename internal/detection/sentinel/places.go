package sentinel

import (
	"slices"
	"strings"

	"candor/internal/detection"
)

// place says what a table is in the words of ATT&CK 18.1. Defender's tables hold
// events of every platform that it runs on.
type place struct {
	table     string
	platforms []string
	logs      []detection.Log
}

var facts = [...]place{
	{"SecurityEvent", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Security"}}},
	{"SecurityEvents", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Security"}}},
	{"WindowsEvent", []string{"Windows"}, nil},
	{"Event", []string{"Windows"}, nil},
	{"SigninLogs", []string{"Identity Provider"}, []detection.Log{{Name: "azure:signinlogs"}}},
	{"AADNonInteractiveUserSignInLogs", []string{"Identity Provider"}, []detection.Log{{Name: "azure:signinlogs"}}},
	{"AADServicePrincipalSignInLogs", []string{"Identity Provider"}, []detection.Log{{Name: "azure:signinlogs"}}},
	{"AuditLogs", []string{"Identity Provider"}, []detection.Log{{Name: "azure:audit"}}},
	{"AzureActivity", []string{"IaaS"}, []detection.Log{{Name: "azure:activity"}}},
	{"AWSCloudTrail", []string{"IaaS"}, []detection.Log{{Name: "AWS:CloudTrail"}}},
	{"GCPAuditLogs", []string{"IaaS"}, []detection.Log{{Name: "gcp:audit"}}},
	{"OfficeActivity", []string{"Office Suite"}, []detection.Log{{Name: "m365:unified"}}},
	{"EmailEvents", []string{"Office Suite"}, nil},
	{"Okta_CL", []string{"Identity Provider"}, []detection.Log{{Name: "saas:okta"}, {Name: "Okta:SystemLog"}}},
	{"OktaV2_CL", []string{"Identity Provider"}, []detection.Log{{Name: "saas:okta"}, {Name: "Okta:SystemLog"}}},
	{"GitHubAuditData", []string{"SaaS"}, []detection.Log{{Name: "saas:github"}}},
	{"Syslog", []string{"Linux"}, []detection.Log{{Name: "linux:syslog"}}},
	{"DeviceProcessEvents", nil, []detection.Log{{Component: "Process Creation"}}},
	{"DeviceNetworkEvents", nil, []detection.Log{{Component: "Network Connection Creation"}}},
	{"DeviceImageLoadEvents", nil, []detection.Log{{Component: "Module Load"}}},
	{"DeviceLogonEvents", nil, []detection.Log{{Component: "Logon Session Creation"}}},
	{"DeviceRegistryEvents", []string{"Windows"}, nil},
	{"DnsEvents", nil, []detection.Log{{Component: "Network Traffic Content"}}},
	{"W3CIISLog", []string{"Windows"}, []detection.Log{{Component: "Application Log Content"}}},
}

// places returns the platforms and log sources of the tables that a rule needs.
// What a table's name has behind it, as in "Event (WindowsForwarding)", is the
// connector's.
func places(tables []string) (platforms []string, logs []detection.Log) {
	for _, t := range tables {
		name, _, _ := strings.Cut(t, "(")
		i := slices.IndexFunc(facts[:], func(p place) bool { return p.table == strings.TrimSpace(name) })
		if i < 0 {
			continue
		}
		for _, p := range facts[i].platforms {
			if !slices.Contains(platforms, p) {
				platforms = append(platforms, p)
			}
		}
		for _, l := range facts[i].logs {
			if !slices.Contains(logs, l) {
				logs = append(logs, l)
			}
		}
	}
	return platforms, logs
}
