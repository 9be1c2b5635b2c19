package elastic

import (
	"slices"
	"strings"

	"candor/internal/detection"
)

// place says what an index pattern that begins with a prefix holds, in the words
// of ATT&CK 18.1, or which platform a tag names. An index that holds events of
// many kinds has a log source without a data component, or none.
type place struct {
	prefix    string
	platforms []string
	logs      []detection.Log
}

// indices is searched for every index pattern; all that fit count.
var indices = [...]place{
	{"logs-endpoint.events.process", nil, []detection.Log{{Component: "Process Creation"}}},
	{"logs-endpoint.events.network", nil, []detection.Log{{Component: "Network Connection Creation"}}},
	{"logs-endpoint.events.library", nil, []detection.Log{{Component: "Module Load"}}},
	{"logs-windows.sysmon", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Sysmon"}}},
	{"logs-windows.powershell", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:PowerShell"}}},
	{"logs-windows.", []string{"Windows"}, nil},
	{"logs-system.security", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Security"}}},
	{"logs-system.system", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:System"}}},
	{"logs-system.auth", []string{"Linux"}, []detection.Log{{Name: "linux:auth"}, {Name: "linux:syslog"}}},
	{"winlogbeat-", []string{"Windows"}, nil},
	{"logs-auditd_manager.auditd", []string{"Linux"}, []detection.Log{{Name: "auditd:SYSCALL"}}},
	{"logs-aws.cloudtrail", []string{"IaaS"}, []detection.Log{{Name: "AWS:CloudTrail"}}},
	{"logs-azure.signinlogs", []string{"Identity Provider"}, []detection.Log{{Name: "azure:signinlogs"}}},
	{"logs-azure.auditlogs", []string{"Identity Provider"}, []detection.Log{{Name: "azure:audit"}}},
	{"logs-azure.activitylogs", []string{"IaaS"}, []detection.Log{{Name: "azure:activity"}}},
	{"logs-gcp.audit", []string{"IaaS"}, []detection.Log{{Name: "gcp:audit"}}},
	{"logs-o365.audit", []string{"Office Suite"}, []detection.Log{{Name: "m365:unified"}}},
	{"logs-google_workspace.", []string{"SaaS", "Office Suite"}, []detection.Log{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}},
	{"logs-okta", []string{"Identity Provider"}, []detection.Log{{Name: "saas:okta"}, {Name: "Okta:SystemLog"}}},
	{"logs-github.audit", []string{"SaaS"}, []detection.Log{{Name: "saas:github"}}},
	{"logs-kubernetes.audit", []string{"Containers"}, []detection.Log{{Name: "kubernetes:audit"}}},
	{"packetbeat-", nil, []detection.Log{{Component: "Network Traffic Flow", Name: "NSM:Flow"}, {Component: "Network Traffic Content", Name: "NSM:Flow"}}},
	{"logs-network_traffic.", nil, []detection.Log{{Component: "Network Traffic Flow", Name: "NSM:Flow"}, {Component: "Network Traffic Content", Name: "NSM:Flow"}}},
}

// tags are the tags that name a platform, as a whole.
var tags = [...]place{
	{"OS: Windows", []string{"Windows"}, nil},
	{"OS: Linux", []string{"Linux"}, nil},
	{"OS: macOS", []string{"macOS"}, nil},
}

// places returns the platforms and log sources of a rule. Tags that name an
// operating system tell the platforms; without one the indices do.
func places(patterns, words []string) (platforms []string, logs []detection.Log) {
	for _, t := range tags {
		if slices.Contains(words, t.prefix) {
			platforms = append(platforms, t.platforms...)
		}
	}
	tagged := len(platforms) > 0
	for _, p := range patterns {
		for _, at := range indices {
			if !strings.HasPrefix(p, at.prefix) {
				continue
			}
			for _, name := range at.platforms {
				if !tagged {
					platforms = add(platforms, name)
				}
			}
			for _, l := range at.logs {
				if !slices.Contains(logs, l) {
					logs = append(logs, l)
				}
			}
		}
	}
	return platforms, logs
}
