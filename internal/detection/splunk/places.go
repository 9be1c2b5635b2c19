package splunk

import (
	"slices"
	"strings"

	"candor/internal/detection"
)

// place says what a data source whose name begins with a prefix is in the words
// of ATT&CK 18.1. Where events says so, a number at the end of the name is the
// code of an event, and with it the channel of the log.
type place struct {
	prefix    string
	platforms []string
	logs      []detection.Log
	events    bool
}

// sources is searched from the top; the first that fits counts.
var sources = [...]place{
	{"Sysmon for Linux", []string{"Linux"}, []detection.Log{{Name: "linux:Sysmon"}}, true},
	{"Sysmon", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Sysmon"}}, true},
	{"Windows Event Log Security", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Security"}}, true},
	{"Windows Event Log System", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:System"}}, true},
	{"Windows Event Log Application", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Application"}}, true},
	{"Windows Event Log TaskScheduler", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:TaskScheduler"}}, true},
	{"Windows Event Log Defender", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:Windows Defender"}}, false},
	{"Windows Event Log", []string{"Windows"}, nil, false},
	{"Windows Active Directory", []string{"Windows"}, nil, false},
	{"Powershell", []string{"Windows"}, []detection.Log{{Name: "WinEventLog:PowerShell"}}, false},
	{"CrowdStrike ProcessRollup2", nil, []detection.Log{{Component: "Process Creation"}}, false},
	{"Linux Auditd Execve", []string{"Linux"}, []detection.Log{{Name: "auditd:EXECVE"}}, false},
	{"Linux Auditd Path", []string{"Linux"}, []detection.Log{{Name: "auditd:PATH"}}, false},
	{"Linux Auditd Proctitle", []string{"Linux"}, []detection.Log{{Name: "auditd:PROCTITLE"}}, false},
	{"Linux Auditd", []string{"Linux"}, []detection.Log{{Name: "auditd:SYSCALL"}}, false},
	{"Linux Secure", []string{"Linux"}, []detection.Log{{Name: "linux:auth"}, {Name: "linux:syslog"}}, false},
	{"osquery", nil, nil, false},
	{"AWS CloudTrail", []string{"IaaS"}, []detection.Log{{Name: "AWS:CloudTrail"}}, false},
	{"AWS", []string{"IaaS"}, nil, false},
	{"Azure Active Directory Sign", []string{"Identity Provider"}, []detection.Log{{Name: "azure:signinlogs"}}, false},
	{"Azure Active Directory", []string{"Identity Provider"}, []detection.Log{{Name: "azure:audit"}}, false},
	{"Azure Monitor Activity", []string{"IaaS"}, []detection.Log{{Name: "azure:activity"}}, false},
	{"Azure Audit", []string{"IaaS"}, []detection.Log{{Name: "azure:activity"}}, false},
	{"Google Workspace", []string{"SaaS", "Office Suite"}, []detection.Log{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}, false},
	{"G Suite", []string{"SaaS", "Office Suite"}, []detection.Log{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}, false},
	{"O365", []string{"Office Suite"}, []detection.Log{{Name: "m365:unified"}}, false},
	{"Okta", []string{"Identity Provider"}, []detection.Log{{Name: "saas:okta"}, {Name: "Okta:SystemLog"}}, false},
	{"GitHub", []string{"SaaS"}, []detection.Log{{Name: "saas:github"}}, false},
	{"Kubernetes Audit", []string{"Containers"}, []detection.Log{{Name: "kubernetes:audit"}}, false},
	{"VMWare ESXi", []string{"ESXi"}, []detection.Log{{Name: "esxi:hostd"}, {Name: "esxi:shell"}, {Name: "esxi:syslog"}}, false},
	{"Cisco IOS", []string{"Network Devices"}, []detection.Log{{Name: "networkdevice:syslog"}}, false},
	{"Cisco ASA", []string{"Network Devices"}, []detection.Log{{Name: "networkdevice:syslog"}}, false},
	{"Splunk Stream", nil, []detection.Log{{Component: "Network Traffic Content"}}, false},
}

// places returns the platforms and log sources of a rule's data sources.
func places(names []string) (platforms []string, logs []detection.Log) {
	for _, name := range names {
		for i := range sources {
			at := &sources[i]
			if len(name) < len(at.prefix) || !strings.EqualFold(name[:len(at.prefix)], at.prefix) {
				continue
			}
			for _, p := range at.platforms {
				if !slices.Contains(platforms, p) {
					platforms = append(platforms, p)
				}
			}
			for _, l := range at.logs {
				if l.Channel = at.channel(name); !slices.Contains(logs, l) {
					logs = append(logs, l)
				}
			}
			break
		}
	}
	return platforms, logs
}

// channel returns the channel that the code at the end of a name stands for.
func (p *place) channel(name string) string {
	code := name[strings.LastIndexByte(name, ' ')+1:]
	if !p.events || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return "EventCode=" + code
}
