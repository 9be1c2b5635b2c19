package place

import (
	"slices"
	"strings"
)

// What Sigma's log sources are in the words of ATT&CK 18.1. The left side is
// Sigma's taxonomy and its rule tree; the right side is what analytics name as
// their log sources and data components. A channel is given where analytics of
// that data component spell it in one way, and is wild elsewhere. Where ATT&CK
// has a data component and no log source of the kind, the component stands alone.

// sigmaFact says what one of Sigma's log sources is. An empty product, category or
// service is wild.
type sigmaFact struct {
	product, category, service string
	platforms                  []string
	logs                       []Log
	// serves says how platforms are meant.
	serves Serves
	// byEvent says that the events a rule names tell its logs more exactly; logs
	// are then what is known of a rule that names none.
	byEvent bool
	// alone says that it is of rules that name no product: of one that is not known it
	// is not known what its events are.
	alone bool
}

// sigmaFacts is searched from the top; the first that fits counts.
var sigmaFacts = [...]sigmaFact{
	// Windows: Sysmon and what the Security log has of the same.
	{product: "windows", category: "process_creation", platforms: []string{windows}, logs: []Log{{procNew, sysmon, "EventCode=1"}, {procNew, security, "EventCode=4688"}}},
	{product: "windows", category: "process_termination", platforms: []string{windows}, logs: []Log{{procEnd, sysmon, "EventCode=5"}}},
	{product: "windows", category: "process_access", platforms: []string{windows}, logs: []Log{{procAccess, sysmon, "EventCode=10"}}},
	{product: "windows", category: "process_tampering", platforms: []string{windows}, logs: []Log{{procAccess, sysmon, "EventCode=25"}, {procMod, sysmon, ""}}},
	{product: "windows", category: "create_remote_thread", platforms: []string{windows}, logs: []Log{{procMod, sysmon, "EventCode=8"}}},
	{product: "windows", category: "raw_access_thread", platforms: []string{windows}, logs: []Log{{driveRead, sysmon, "EventCode=9"}}},
	{product: "windows", category: "image_load", platforms: []string{windows}, logs: []Log{{moduleLoad, sysmon, "EventCode=7"}}},
	{product: "windows", category: "driver_load", platforms: []string{windows}, logs: []Log{{driverLoad, sysmon, "EventCode=6"}}},
	{product: "windows", category: "network_connection", platforms: []string{windows}, logs: []Log{{netConn, sysmon, "EventCode=3"}, {netConn, security, "EventCode=5156, 5157"}}},
	{product: "windows", category: "dns_query", platforms: []string{windows}, logs: []Log{{netConn, sysmon, "EventCode=22"}}},
	{product: "windows", category: "pipe_created", platforms: []string{windows}, logs: []Log{{pipe, sysmon, "EventCode=17"}}},
	{product: "windows", category: "file_event", platforms: []string{windows}, logs: []Log{{fileNew, sysmon, "EventCode=11"}}},
	{product: "windows", category: "file_executable_detected", platforms: []string{windows}, logs: []Log{{fileNew, sysmon, ""}}},
	{product: "windows", category: "file_delete", platforms: []string{windows}, logs: []Log{{fileGone, sysmon, "EventCode=23"}}},
	{product: "windows", category: "file_delete_detected", platforms: []string{windows}, logs: []Log{{fileGone, sysmon, ""}}},
	{product: "windows", category: "file_block_executable", platforms: []string{windows}, logs: []Log{{fileNew, sysmon, ""}}},
	{product: "windows", category: "file_block_shredding", platforms: []string{windows}, logs: []Log{{fileGone, sysmon, ""}}},
	{product: "windows", category: "file_change", platforms: []string{windows}, logs: []Log{{fileMod, sysmon, "EventCode=2"}}},
	{product: "windows", category: "file_rename", platforms: []string{windows}, logs: []Log{{Component: fileMod}}},
	{product: "windows", category: "file_access", platforms: []string{windows}, logs: []Log{{fileRead, security, "EventCode=4663, 4670, 4656"}}},
	{product: "windows", category: "create_stream_hash", platforms: []string{windows}, logs: []Log{{fileMeta, sysmon, "EventCode=15"}}},
	{product: "windows", category: "registry_set", platforms: []string{windows}, logs: []Log{{regMod, sysmon, "EventCode=13"}, {regMod, security, "EventCode=4657"}}},
	{product: "windows", category: "registry_add", platforms: []string{windows}, logs: []Log{{regNew, sysmon, "EventCode=12"}}},
	{product: "windows", category: "registry_delete", platforms: []string{windows}, logs: []Log{{regNew, sysmon, "EventCode=12"}, {Component: regGone}}},
	{product: "windows", category: "registry_rename", platforms: []string{windows}, logs: []Log{{regMod, sysmon, "EventCode=14"}}},
	{product: "windows", category: "registry_event", platforms: []string{windows}, logs: []Log{{regMod, sysmon, "EventCode=13, 14"}, {regNew, sysmon, "EventCode=12"}, {Component: regGone}}},
	{product: "windows", category: "wmi_event", platforms: []string{windows}, logs: []Log{{wmiNew, wmi, ""}}},
	{product: "windows", category: "sysmon_status", platforms: []string{windows}, logs: []Log{{serviceMet, sysmon, "EventCode=4"}, {hostStatus, sysmon, "EventCode=16"}}},
	{product: "windows", category: "sysmon_error", platforms: []string{windows}, logs: []Log{{hostStatus, sysmon, "EventCode=16"}}},
	{product: "windows", category: "ps_script", platforms: []string{windows}, logs: psLogs},
	{product: "windows", category: "ps_module", platforms: []string{windows}, logs: psLogs},
	{product: "windows", category: "ps_classic_start", platforms: []string{windows}, logs: []Log{{procMeta, powershell, "EventCode=400, 403"}}},
	{product: "windows", category: "ps_classic_provider_start", platforms: []string{windows}, logs: []Log{{Name: powershell}}},
	{product: "windows", category: "ps_classic_script", platforms: []string{windows}, logs: []Log{{Name: powershell}}},

	// Windows: event logs by name.
	{product: "windows", service: "security", platforms: []string{windows}, logs: []Log{{Name: security}}, byEvent: true},
	{product: "windows", service: "system", platforms: []string{windows}, logs: []Log{{Name: system}}, byEvent: true},
	{product: "windows", service: "sysmon", platforms: []string{windows}, logs: []Log{{Name: sysmon}}, byEvent: true},
	{product: "windows", service: "application", platforms: []string{windows}, logs: []Log{{Name: application}}},
	{product: "windows", service: "powershell", platforms: []string{windows}, logs: psLogs},
	{product: "windows", service: "powershell-classic", platforms: []string{windows}, logs: []Log{{procMeta, powershell, "EventCode=400, 403"}}},
	{product: "windows", service: "wmi", platforms: []string{windows}, logs: []Log{{wmiNew, wmi, ""}}},
	{product: "windows", service: "taskscheduler", platforms: []string{windows}, logs: []Log{{jobNew, taskSched, "EventCode=106"}, {jobMeta, taskSched, ""}}},
	{product: "windows", service: "windefend", platforms: []string{windows}, logs: []Log{{Name: defenderOp}, {Name: defender}}},
	{product: "windows", service: "firewall-as", platforms: []string{windows}, logs: []Log{{fwRule, firewallAS, ""}, {netFlow, firewallAS, "EventCode=2004, 2005, 2006"}}},
	{product: "windows", service: "codeintegrity-operational", platforms: []string{windows}, logs: []Log{{Name: codeInteg}, {fileMod, "WinEventLog:CodeIntegrity", "EventCode=3033"}}},
	{product: "windows", service: "applocker", platforms: []string{windows}, logs: []Log{{procMeta, "WinEventLog:AppLocker", ""}}},
	{product: "windows", service: "security-mitigations", platforms: []string{windows}, logs: []Log{{procMeta, "WinEventLog:Microsoft-Windows-Security-Mitigations/KernelMode", ""}}},
	{product: "windows", service: "shell-core", platforms: []string{windows}, logs: []Log{{fileNew, "WinEventLog:Microsoft-Windows-Shell-Core", ""}}},
	{product: "windows", service: "smbclient-security", platforms: []string{windows}, logs: []Log{{share, "WinEventLog:Microsoft-Windows-SMBClient/Security", ""}}},
	{product: "windows", service: "smbclient-connectivity", platforms: []string{windows}, logs: []Log{{Component: share}}},
	{product: "windows", service: "smbserver-connectivity", platforms: []string{windows}, logs: []Log{{Component: share}}},
	{product: "windows", service: "iis-configuration", platforms: []string{windows}, logs: []Log{{serviceMod, "WinEventLog:Microsoft-IIS-Configuration", ""}}},
	{product: "windows", service: "iis", platforms: []string{windows}, logs: []Log{{netContent, "WinEventLog:iis", ""}, {appLog, "ApplicationLog:IIS", ""}}},
	{product: "windows", service: "dhcp", platforms: []string{windows}, logs: []Log{{netFlow, "wineventlog:dhcp", ""}}},
	{product: "windows", service: "msexchange-management", platforms: []string{windows}, logs: []Log{{appLog, application, ""}}},
	{product: "windows", service: "ntlm", platforms: []string{windows}, logs: []Log{{Component: userAuth}}},
	{product: "windows", service: "ldap", platforms: []string{windows}, logs: []Log{{Component: adAccess}}},
	{product: "windows", service: "ldap_debug", platforms: []string{windows}, logs: []Log{{Component: adAccess}}},
	{product: "windows", service: "dns-client", platforms: []string{windows}, logs: []Log{{Component: netContent}}},
	{product: "windows", service: "dns-server", platforms: []string{windows}, logs: []Log{{Component: netContent}, {Component: appLog}}},
	{product: "windows", service: "dns-server-analytic", platforms: []string{windows}, logs: []Log{{Component: netContent}}},
	{product: "windows", service: "driver-framework", platforms: []string{windows}, logs: []Log{{Component: "Drive Creation"}}},
	{product: "windows", service: "terminalservices-localsessionmanager", platforms: []string{windows}, logs: []Log{{Component: logon}}},
	{product: "windows", service: "openssh", platforms: []string{windows}, logs: []Log{{Component: logon}}},
	{product: "windows", service: "lsa-server", platforms: []string{windows}, logs: []Log{{Component: logonMeta}}},
	// The other logs of Windows are logs of one application each.
	{product: "windows", service: "*", platforms: []string{windows}, logs: []Log{{Component: appLog}}},
	{product: "windows", platforms: []string{windows}},

	// Linux.
	{product: "linux", category: "process_creation", platforms: []string{linux}, logs: []Log{{procNew, auditSys, "execve"}, {procNew, auditExec, ""}, {procNew, linSysmon, "EventCode=1"}}},
	{product: "linux", category: "network_connection", platforms: []string{linux}, logs: []Log{{netConn, auditSys, "connect"}, {netConn, linSysmon, "EventCode=3"}}},
	{product: "linux", category: "file_event", platforms: []string{linux}, logs: []Log{{fileNew, auditSys, ""}, {fileNew, auditPath, ""}, {fileNew, auditFile, ""}, {fileNew, linSysmon, ""}}},
	{product: "linux", category: "file_delete", platforms: []string{linux}, logs: []Log{{fileGone, auditSys, ""}}},
	{product: "linux", service: "auditd", platforms: []string{linux}, logs: []Log{{Name: auditSys}}, byEvent: true},
	{product: "linux", service: "sshd", platforms: []string{linux}, logs: []Log{{userAuth, linSyslog, ""}, {logon, linSyslog, ""}, {userAuth, linAuth, ""}, {logon, linAuth, ""}}},
	{product: "linux", service: "auth", platforms: []string{linux}, logs: []Log{{userAuth, linSyslog, ""}, {logon, linSyslog, ""}, {userAuth, linAuth, ""}, {logon, linAuth, ""}}},
	{product: "linux", service: "sudo", platforms: []string{linux}, logs: []Log{{command, linSyslog, ""}, {logonMeta, linSyslog, ""}}},
	{product: "linux", service: "cron", platforms: []string{linux}, logs: []Log{{jobMeta, "linux:cron", ""}, {jobNew, "linux:cron", ""}, {jobNew, linSyslog, ""}}},
	{product: "linux", service: "syslog", platforms: []string{linux}, logs: []Log{{Name: linSyslog}}},
	{product: "linux", service: "*", platforms: []string{linux}, logs: []Log{{appLog, linSyslog, ""}}},
	{product: "linux", platforms: []string{linux}},

	// macOS.
	{product: "macos", category: "process_creation", platforms: []string{macOS}, logs: []Log{{procNew, macUnified, ""}, {procNew, macES, ""}, {procNew, macQuery, ""}}},
	{product: "macos", category: "file_event", platforms: []string{macOS}, logs: []Log{{fileNew, macUnified, ""}, {fileNew, macES, ""}, {fileNew, macQuery, ""}, {fileNew, "fs:fsusage", ""}}},
	{product: "macos", category: "network_connection", platforms: []string{macOS}, logs: []Log{{netConn, macUnified, ""}, {netConn, macES, ""}}},
	{product: "macos", platforms: []string{macOS}},

	// Hypervisors and containers.
	{product: "esxi", platforms: []string{esxi}, logs: []Log{{Name: "esxi:hostd"}, {Name: "esxi:shell"}, {Name: "esxi:syslog"}}},
	{product: "vmware", service: "esxi", platforms: []string{esxi}, logs: []Log{{Name: "esxi:hostd"}, {Name: "esxi:shell"}, {Name: "esxi:syslog"}}},
	{product: "kubernetes", platforms: []string{containers}, logs: []Log{{Name: "kubernetes:audit"}, {Name: "kubernetes:apiserver"}}},
	{product: "docker", platforms: []string{containers}, logs: []Log{{Name: "docker:daemon"}, {Name: "docker:events"}}},

	// Clouds.
	{product: "aws", platforms: []string{iaas, identity, containers, saas}, serves: Several, logs: []Log{{Name: "AWS:CloudTrail"}}},
	{product: "azure", service: "activitylogs", platforms: []string{iaas, containers, identity}, serves: Several, logs: []Log{{Name: "azure:activity"}}},
	{product: "azure", service: "azureactivity", platforms: []string{iaas, containers, identity}, serves: Several, logs: []Log{{Name: "azure:activity"}}},
	{product: "azure", service: "signinlogs", platforms: []string{identity, office, saas, iaas}, serves: Several, logs: []Log{{Name: "azure:signinlogs"}}},
	{product: "azure", service: "auditlogs", platforms: []string{identity, office, saas, iaas}, serves: Several, logs: []Log{{Name: "azure:audit"}}},
	{product: "azure", service: "pim", platforms: []string{identity, office, saas, iaas}, serves: Several, logs: []Log{{Name: "azure:audit"}}},
	{product: "azure", service: "riskdetection", platforms: []string{identity, office, saas, iaas}, serves: Several, logs: []Log{{Name: "azure:signinlogs"}}},
	{product: "azure", platforms: []string{iaas}},
	{product: "gcp", service: "gcp.audit", platforms: []string{iaas, containers, identity, saas}, serves: Several, logs: []Log{{Name: "gcp:audit"}}},
	{product: "gcp", service: "google_workspace.admin", platforms: []string{saas, office, identity}, serves: Several, logs: []Log{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}},
	{product: "gcp", service: "google_workspace.login", platforms: []string{saas, office, identity}, serves: Several, logs: []Log{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}},
	{product: "gcp", platforms: []string{iaas, containers, identity, saas}, serves: Several, logs: []Log{{Name: "gcp:audit"}}},
	{product: "google_workspace", platforms: []string{saas, office, identity}, serves: Several, logs: []Log{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}},
	{product: "m365", service: "exchange", platforms: []string{office, saas, identity}, serves: Several, logs: []Log{{Name: "m365:exchange"}, {Name: "m365:unified"}}},
	{product: "m365", service: "audit", platforms: []string{office, saas, identity}, serves: Several, logs: []Log{{Name: "m365:unified"}}},
	{product: "m365", service: "threat_management", platforms: []string{office, saas, identity}, serves: Several, logs: []Log{{Name: "m365:unified"}, {Name: "m365:defender"}}},
	{product: "m365", service: "threat_detection", platforms: []string{office, saas, identity}, serves: Several, logs: []Log{{Name: "m365:unified"}, {Name: "m365:defender"}}},
	{product: "m365", platforms: []string{office, saas, identity}, serves: Several, logs: []Log{{Name: "m365:unified"}}},

	// Identity providers and software as a service.
	{product: "okta", platforms: []string{identity, saas}, serves: Several, logs: []Log{{Name: "saas:okta"}, {Name: "Okta:SystemLog"}}},
	{product: "onelogin", platforms: []string{identity, saas}, serves: Several, logs: []Log{{userAuth, "saas:auth", ""}, {logon, "saas:auth", ""}}},
	{product: "cisco", service: "duo", platforms: []string{identity, saas}, serves: Several, logs: []Log{{userAuth, "saas:auth", ""}, {logon, "saas:auth", ""}}},
	{product: "github", platforms: []string{saas}, logs: []Log{{Name: "saas:github"}}},
	{product: "bitbucket", platforms: []string{saas}, logs: []Log{{Component: appLog}}},
	{product: "salesforce", platforms: []string{saas}, logs: []Log{{Name: "saas:salesforce"}}},
	{product: "slack", platforms: []string{saas}, logs: []Log{{Name: "saas:slack"}}},
	{product: "zoom", platforms: []string{saas}, logs: []Log{{Name: "saas:zoom"}}},

	// Network devices, and the network as a sensor sees it.
	{product: "cisco", service: "aaa", platforms: []string{netDevices}, logs: []Log{{command, netCLI, ""}, {command, netSyslog, ""}, {userAuth, netSyslog, ""}}},
	{product: "cisco", platforms: []string{netDevices}, logs: []Log{{Name: netSyslog}}},
	{product: "fortigate", platforms: []string{netDevices}, serves: Any, logs: []Log{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}, {fwRule, "Firewall Audit Logs", ""}}},
	{product: "fortios", platforms: []string{netDevices}, serves: Any, logs: []Log{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "paloalto", platforms: []string{netDevices}, serves: Any, logs: []Log{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "juniper", platforms: []string{netDevices}, serves: Any, logs: []Log{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "huawei", platforms: []string{netDevices}, serves: Any, logs: []Log{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "zeek", serves: Any, logs: netLogs},
	{product: "suricata", serves: Any, logs: netLogs},
	{product: "rpc_firewall", platforms: []string{windows}, logs: []Log{{Component: netContent}}},
	{category: "firewall", serves: Any, logs: []Log{{Name: "NSM:Firewall"}, {netFlow, nsm, ""}, {Component: netFlow}, {Component: netConn}}},
	{category: "proxy", serves: Any, logs: []Log{{Component: netContent}, {Component: netFlow}}},
	{category: "dns", serves: Any, logs: []Log{{Name: "dns:query"}, {Component: netContent}, {Component: netFlow}}},

	// Applications, wherever they run.
	{category: "webserver", platforms: []string{linux, windows}, serves: Any, logs: []Log{{Component: netContent}, {appLog, "ApplicationLog:WebServer", ""}, {netContent, "apache:access_log", ""}, {Component: appLog}}},
	{product: "opencanary", serves: Any, logs: append([]Log{{Component: appLog}}, netLogs...)},
	{category: "database", serves: Any, logs: []Log{{Component: appLog}}},
	{category: "antivirus", platforms: []string{windows, linux, macOS}, serves: Several, logs: []Log{{Component: fileMeta}, {Component: appLog}}},
	{category: "application", serves: Any, logs: []Log{{Component: appLog}}},
	{service: "apache", platforms: []string{linux, windows}, serves: Any, logs: []Log{{Component: netContent}, {netContent, "apache:access_log", ""}, {Component: appLog}}},
	{service: "nginx", platforms: []string{linux, windows}, serves: Any, logs: []Log{{Component: netContent}, {Component: appLog}}},
	// Categories of a host's events that a rule gives without a product.
	{category: "process_creation", alone: true, serves: Any, logs: []Log{{Component: procNew}}},
	{category: "network_connection", alone: true, serves: Any, logs: []Log{{Component: netConn}}},
	{category: "file_event", alone: true, serves: Any, logs: []Log{{Component: fileNew}}},
}

// netLogs is what a sensor between hosts sees.
var netLogs = []Log{{Name: nsm}, {Name: nsmConn}, {Component: netContent}, {Component: netFlow}, {Component: netConn}}

// psLogs is PowerShell's own log of modules and script blocks.
var psLogs = []Log{{command, powershell, ""}, {script, powershell, ""}}

// auditRecord says what one record type of Linux's audit log is.
type auditRecord struct {
	id  string
	log Log
}

// auditRecords are the record types of audit, as ATT&CK 18.1 and, for those that it does
// not name, the descriptions of the record place them. Windows' numbered events are in
// events.go.
var auditRecords = [...]auditRecord{
	{"SYSCALL", Log{"", auditSys, ""}},
	{"EXECVE", Log{"", auditExec, ""}},
	{"PATH", Log{"", auditPath, ""}},
	{"PROCTITLE", Log{"", "auditd:PROCTITLE", ""}},
	{"CONFIG_CHANGE", Log{"", "auditd:CONFIG_CHANGE", ""}},
	{"USER_LOGIN", Log{"", "auditd:USER_LOGIN", ""}},
	{"USER_AUTH", Log{userAuth, "auditd:USER_LOGIN", ""}},
	{"MMAP", Log{"", "auditd:MMAP", ""}},
	{"ADD_USER", Log{userNew, "", ""}},
	{"DEL_USER", Log{userGone, "", ""}},
	{"SERVICE_STOP", Log{serviceMet, "", ""}},
	{"SERVICE_START", Log{serviceMet, "", ""}},
}

// Sigma returns what one of Sigma's log sources holds, by its product, category and
// service, and whether it is known. Events are the event ids and record types that a rule
// names: where each is an event of its own, those tell it.
func Sigma(product, category, service string, events []string) (Place, bool) {
	product, category, service = strings.ToLower(product), strings.ToLower(category), strings.ToLower(service)
	for i := range sigmaFacts {
		f := &sigmaFacts[i]
		if f.alone && product != "" || !fits(f.product, product) || !fits(f.category, category) || !fits(f.service, service) {
			continue
		}
		at := Place{Platforms: slices.Clone(f.platforms), Serves: f.serves, Logs: slices.Clone(f.logs)}
		if f.byEvent {
			if exact := sigmaEvents(product, service, events); len(exact) > 0 {
				at.Logs = exact
			}
		}
		return at, true
	}
	return Place{}, false
}

// fits reports whether a fact's field speaks of a word. An empty field is wild, and "*"
// stands for any word but none.
func fits(want, have string) bool {
	return want == "" || want == have || want == "*" && have != ""
}

// sigmaEvents returns what the named events of a product's log are, each once.
func sigmaEvents(product, service string, events []string) (out []Log) {
	add := func(l Log) {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	for _, e := range events {
		if product == "linux" {
			for i := range auditRecords {
				if strings.EqualFold(e, auditRecords[i].id) {
					add(auditRecords[i].log)
				}
			}
			continue
		}
		for _, l := range [...]struct{ service, name string }{{"security", security}, {"system", system}, {"sysmon", sysmon}} {
			if service == l.service && KnownEvent(l.name, e) {
				add(Event(l.name, e))
			}
		}
	}
	return out
}
