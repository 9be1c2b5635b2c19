package sigma

import "candor/internal/detection"

// What Sigma's log sources are in the words of ATT&CK 18.1. The left side is
// Sigma's taxonomy and its rule tree; the right side is what analytics name as
// their log sources and data components. A channel is given where analytics of
// that data component spell it in one way, and is wild elsewhere. Where ATT&CK
// has a data component and no log source of the kind, the component stands alone.

// Log source names as ATT&CK 18.1 spells them.
const (
	sysmon      = "WinEventLog:Sysmon"
	security    = "WinEventLog:Security"
	system      = "WinEventLog:System"
	application = "WinEventLog:Application"
	powershell  = "WinEventLog:PowerShell"
	wmi         = "WinEventLog:WMI"
	taskSched   = "WinEventLog:TaskScheduler"
	defender    = "WinEventLog:Windows Defender"
	defenderOp  = "WinEventLog:Microsoft-Windows-Windows Defender/Operational"
	firewallAS  = "WinEventLog:Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"
	codeInteg   = "WinEventLog:Microsoft-Windows-CodeIntegrity/Operational"
	auditSys    = "auditd:SYSCALL"
	auditExec   = "auditd:EXECVE"
	auditPath   = "auditd:PATH"
	auditFile   = "auditd:FILE"
	linSysmon   = "linux:Sysmon"
	syslog      = "linux:syslog"
	linAuth     = "linux:auth"
	macUnified  = "macos:unifiedlog"
	macES       = "macos:endpointsecurity"
	macQuery    = "macos:osquery"
	nsm         = "NSM:Flow"
	nsmConn     = "NSM:Connections"
	netSyslog   = "networkdevice:syslog"
	netCLI      = "networkdevice:cli"
)

// Data component names as ATT&CK 18.1 spells them.
const (
	appLog     = "Application Log Content"
	command    = "Command Execution"
	driveRead  = "Drive Access"
	driverLoad = "Driver Load"
	fileRead   = "File Access"
	fileNew    = "File Creation"
	fileGone   = "File Deletion"
	fileMeta   = "File Metadata"
	fileMod    = "File Modification"
	fwRule     = "Firewall Rule Modification"
	hostStatus = "Host Status"
	jobNew     = "Scheduled Job Creation"
	jobMeta    = "Scheduled Job Metadata"
	jobMod     = "Scheduled Job Modification"
	logon      = "Logon Session Creation"
	logonMeta  = "Logon Session Metadata"
	moduleLoad = "Module Load"
	netConn    = "Network Connection Creation"
	netContent = "Network Traffic Content"
	netFlow    = "Network Traffic Flow"
	pipe       = "Named Pipe Metadata"
	procAccess = "Process Access"
	procMeta   = "Process Metadata"
	procMod    = "Process Modification"
	procNew    = "Process Creation"
	procEnd    = "Process Termination"
	regGone    = "Windows Registry Key Deletion"
	regMod     = "Windows Registry Key Modification"
	regNew     = "Windows Registry Key Creation"
	regRead    = "Windows Registry Key Access"
	script     = "Script Execution"
	serviceNew = "Service Creation"
	serviceMet = "Service Metadata"
	serviceMod = "Service Modification"
	share      = "Network Share Access"
	userAuth   = "User Account Authentication"
	userGone   = "User Account Deletion"
	userMeta   = "User Account Metadata"
	userMod    = "User Account Modification"
	userNew    = "User Account Creation"
	wmiNew     = "WMI Creation"
	adAccess   = "Active Directory Object Access"
	adCred     = "Active Directory Credential Request"
	adGone     = "Active Directory Object Deletion"
	adMod      = "Active Directory Object Modification"
	adNew      = "Active Directory Object Creation"
)

// Platforms as ATT&CK names them.
const (
	windows    = "Windows"
	linux      = "Linux"
	macOS      = "macOS"
	esxi       = "ESXi"
	netDevices = "Network Devices"
	iaas       = "IaaS"
	saas       = "SaaS"
	office     = "Office Suite"
	identity   = "Identity Provider"
	containers = "Containers"
)

// log is a detection.Log, written short.
type log struct{ Component, Name, Channel string }

type logs = []log

// fact says what one of Sigma's log sources is. An empty product, category or
// service is wild.
type fact struct {
	product, category, service string
	platforms                  []string
	logs                       logs
	// reach says how platforms are meant; see detection.Reach.
	reach detection.Reach
	// byEvent says that the events a rule names tell its logs more exactly; logs
	// are then what is known of a rule that names none.
	byEvent bool
}

// facts is searched from the top; the first that fits counts.
var facts = [...]fact{
	// Windows: Sysmon and what the Security log has of the same.
	{product: "windows", category: "process_creation", platforms: []string{windows}, logs: logs{{procNew, sysmon, "EventCode=1"}, {procNew, security, "EventCode=4688"}}},
	{product: "windows", category: "process_termination", platforms: []string{windows}, logs: logs{{procEnd, sysmon, "EventCode=5"}}},
	{product: "windows", category: "process_access", platforms: []string{windows}, logs: logs{{procAccess, sysmon, "EventCode=10"}}},
	{product: "windows", category: "process_tampering", platforms: []string{windows}, logs: logs{{procAccess, sysmon, "EventCode=25"}, {procMod, sysmon, ""}}},
	{product: "windows", category: "create_remote_thread", platforms: []string{windows}, logs: logs{{procMod, sysmon, "EventCode=8"}}},
	{product: "windows", category: "raw_access_thread", platforms: []string{windows}, logs: logs{{driveRead, sysmon, "EventCode=9"}}},
	{product: "windows", category: "image_load", platforms: []string{windows}, logs: logs{{moduleLoad, sysmon, "EventCode=7"}}},
	{product: "windows", category: "driver_load", platforms: []string{windows}, logs: logs{{driverLoad, sysmon, "EventCode=6"}}},
	{product: "windows", category: "network_connection", platforms: []string{windows}, logs: logs{{netConn, sysmon, "EventCode=3"}, {netConn, security, "EventCode=5156, 5157"}}},
	{product: "windows", category: "dns_query", platforms: []string{windows}, logs: logs{{netConn, sysmon, "EventCode=22"}}},
	{product: "windows", category: "pipe_created", platforms: []string{windows}, logs: logs{{pipe, sysmon, "EventCode=17"}}},
	{product: "windows", category: "file_event", platforms: []string{windows}, logs: logs{{fileNew, sysmon, "EventCode=11"}}},
	{product: "windows", category: "file_executable_detected", platforms: []string{windows}, logs: logs{{fileNew, sysmon, ""}}},
	{product: "windows", category: "file_delete", platforms: []string{windows}, logs: logs{{fileGone, sysmon, "EventCode=23"}}},
	{product: "windows", category: "file_delete_detected", platforms: []string{windows}, logs: logs{{fileGone, sysmon, ""}}},
	{product: "windows", category: "file_block_executable", platforms: []string{windows}, logs: logs{{fileNew, sysmon, ""}}},
	{product: "windows", category: "file_block_shredding", platforms: []string{windows}, logs: logs{{fileGone, sysmon, ""}}},
	{product: "windows", category: "file_change", platforms: []string{windows}, logs: logs{{fileMod, sysmon, "EventCode=2"}}},
	{product: "windows", category: "file_rename", platforms: []string{windows}, logs: logs{{Component: fileMod}}},
	{product: "windows", category: "file_access", platforms: []string{windows}, logs: logs{{fileRead, security, "EventCode=4663, 4670, 4656"}}},
	{product: "windows", category: "create_stream_hash", platforms: []string{windows}, logs: logs{{fileMeta, sysmon, "EventCode=15"}}},
	{product: "windows", category: "registry_set", platforms: []string{windows}, logs: logs{{regMod, sysmon, "EventCode=13"}, {regMod, security, "EventCode=4657"}}},
	{product: "windows", category: "registry_add", platforms: []string{windows}, logs: logs{{regNew, sysmon, "EventCode=12"}}},
	{product: "windows", category: "registry_delete", platforms: []string{windows}, logs: logs{{regNew, sysmon, "EventCode=12"}, {Component: regGone}}},
	{product: "windows", category: "registry_rename", platforms: []string{windows}, logs: logs{{regMod, sysmon, "EventCode=14"}}},
	{product: "windows", category: "registry_event", platforms: []string{windows}, logs: logs{{regMod, sysmon, "EventCode=13, 14"}, {regNew, sysmon, "EventCode=12"}, {Component: regGone}}},
	{product: "windows", category: "wmi_event", platforms: []string{windows}, logs: logs{{wmiNew, wmi, ""}}},
	{product: "windows", category: "sysmon_status", platforms: []string{windows}, logs: logs{{serviceMet, sysmon, "EventCode=4"}, {hostStatus, sysmon, "EventCode=16"}}},
	{product: "windows", category: "sysmon_error", platforms: []string{windows}, logs: logs{{hostStatus, sysmon, "EventCode=16"}}},
	{product: "windows", category: "ps_script", platforms: []string{windows}, logs: psLogs},
	{product: "windows", category: "ps_module", platforms: []string{windows}, logs: psLogs},
	{product: "windows", category: "ps_classic_start", platforms: []string{windows}, logs: logs{{procMeta, powershell, "EventCode=400, 403"}}},
	{product: "windows", category: "ps_classic_provider_start", platforms: []string{windows}, logs: logs{{Name: powershell}}},
	{product: "windows", category: "ps_classic_script", platforms: []string{windows}, logs: logs{{Name: powershell}}},

	// Windows: event logs by name.
	{product: "windows", service: "security", platforms: []string{windows}, logs: logs{{Name: security}}, byEvent: true},
	{product: "windows", service: "system", platforms: []string{windows}, logs: logs{{Name: system}}, byEvent: true},
	{product: "windows", service: "sysmon", platforms: []string{windows}, logs: logs{{Name: sysmon}}, byEvent: true},
	{product: "windows", service: "application", platforms: []string{windows}, logs: logs{{Name: application}}},
	{product: "windows", service: "powershell", platforms: []string{windows}, logs: psLogs},
	{product: "windows", service: "powershell-classic", platforms: []string{windows}, logs: logs{{procMeta, powershell, "EventCode=400, 403"}}},
	{product: "windows", service: "wmi", platforms: []string{windows}, logs: logs{{wmiNew, wmi, ""}}},
	{product: "windows", service: "taskscheduler", platforms: []string{windows}, logs: logs{{jobNew, taskSched, "EventCode=106"}, {jobMeta, taskSched, ""}}},
	{product: "windows", service: "windefend", platforms: []string{windows}, logs: logs{{Name: defenderOp}, {Name: defender}}},
	{product: "windows", service: "firewall-as", platforms: []string{windows}, logs: logs{{fwRule, firewallAS, ""}, {netFlow, firewallAS, "EventCode=2004, 2005, 2006"}}},
	{product: "windows", service: "codeintegrity-operational", platforms: []string{windows}, logs: logs{{Name: codeInteg}, {fileMod, "WinEventLog:CodeIntegrity", "EventCode=3033"}}},
	{product: "windows", service: "applocker", platforms: []string{windows}, logs: logs{{procMeta, "WinEventLog:AppLocker", ""}}},
	{product: "windows", service: "security-mitigations", platforms: []string{windows}, logs: logs{{procMeta, "WinEventLog:Microsoft-Windows-Security-Mitigations/KernelMode", ""}}},
	{product: "windows", service: "shell-core", platforms: []string{windows}, logs: logs{{fileNew, "WinEventLog:Microsoft-Windows-Shell-Core", ""}}},
	{product: "windows", service: "smbclient-security", platforms: []string{windows}, logs: logs{{share, "WinEventLog:Microsoft-Windows-SMBClient/Security", ""}}},
	{product: "windows", service: "smbclient-connectivity", platforms: []string{windows}, logs: logs{{Component: share}}},
	{product: "windows", service: "smbserver-connectivity", platforms: []string{windows}, logs: logs{{Component: share}}},
	{product: "windows", service: "iis-configuration", platforms: []string{windows}, logs: logs{{serviceMod, "WinEventLog:Microsoft-IIS-Configuration", ""}}},
	{product: "windows", service: "iis", platforms: []string{windows}, logs: logs{{netContent, "WinEventLog:iis", ""}, {appLog, "ApplicationLog:IIS", ""}}},
	{product: "windows", service: "dhcp", platforms: []string{windows}, logs: logs{{netFlow, "wineventlog:dhcp", ""}}},
	{product: "windows", service: "msexchange-management", platforms: []string{windows}, logs: logs{{appLog, application, ""}}},
	{product: "windows", service: "ntlm", platforms: []string{windows}, logs: logs{{Component: userAuth}}},
	{product: "windows", service: "ldap", platforms: []string{windows}, logs: logs{{Component: adAccess}}},
	{product: "windows", service: "ldap_debug", platforms: []string{windows}, logs: logs{{Component: adAccess}}},
	{product: "windows", service: "dns-client", platforms: []string{windows}, logs: logs{{Component: netContent}}},
	{product: "windows", service: "dns-server", platforms: []string{windows}, logs: logs{{Component: netContent}, {Component: appLog}}},
	{product: "windows", service: "dns-server-analytic", platforms: []string{windows}, logs: logs{{Component: netContent}}},
	{product: "windows", service: "driver-framework", platforms: []string{windows}, logs: logs{{Component: "Drive Creation"}}},
	{product: "windows", service: "terminalservices-localsessionmanager", platforms: []string{windows}, logs: logs{{Component: logon}}},
	{product: "windows", service: "openssh", platforms: []string{windows}, logs: logs{{Component: logon}}},
	{product: "windows", service: "lsa-server", platforms: []string{windows}, logs: logs{{Component: logonMeta}}},
	// The other logs of Windows are logs of one application each.
	{product: "windows", service: "*", platforms: []string{windows}, logs: logs{{Component: appLog}}},
	{product: "windows", platforms: []string{windows}},

	// Linux.
	{product: "linux", category: "process_creation", platforms: []string{linux}, logs: logs{{procNew, auditSys, "execve"}, {procNew, auditExec, ""}, {procNew, linSysmon, "EventCode=1"}}},
	{product: "linux", category: "network_connection", platforms: []string{linux}, logs: logs{{netConn, auditSys, "connect"}, {netConn, linSysmon, "EventCode=3"}}},
	{product: "linux", category: "file_event", platforms: []string{linux}, logs: logs{{fileNew, auditSys, ""}, {fileNew, auditPath, ""}, {fileNew, auditFile, ""}, {fileNew, linSysmon, ""}}},
	{product: "linux", category: "file_delete", platforms: []string{linux}, logs: logs{{fileGone, auditSys, ""}}},
	{product: "linux", service: "auditd", platforms: []string{linux}, logs: logs{{Name: auditSys}}, byEvent: true},
	{product: "linux", service: "sshd", platforms: []string{linux}, logs: logs{{userAuth, syslog, ""}, {logon, syslog, ""}, {userAuth, linAuth, ""}, {logon, linAuth, ""}}},
	{product: "linux", service: "auth", platforms: []string{linux}, logs: logs{{userAuth, syslog, ""}, {logon, syslog, ""}, {userAuth, linAuth, ""}, {logon, linAuth, ""}}},
	{product: "linux", service: "sudo", platforms: []string{linux}, logs: logs{{command, syslog, ""}, {logonMeta, syslog, ""}}},
	{product: "linux", service: "cron", platforms: []string{linux}, logs: logs{{jobMeta, "linux:cron", ""}, {jobNew, "linux:cron", ""}, {jobNew, syslog, ""}}},
	{product: "linux", service: "syslog", platforms: []string{linux}, logs: logs{{Name: syslog}}},
	{product: "linux", service: "*", platforms: []string{linux}, logs: logs{{appLog, syslog, ""}}},
	{product: "linux", platforms: []string{linux}},

	// macOS.
	{product: "macos", category: "process_creation", platforms: []string{macOS}, logs: logs{{procNew, macUnified, ""}, {procNew, macES, ""}, {procNew, macQuery, ""}}},
	{product: "macos", category: "file_event", platforms: []string{macOS}, logs: logs{{fileNew, macUnified, ""}, {fileNew, macES, ""}, {fileNew, macQuery, ""}, {fileNew, "fs:fsusage", ""}}},
	{product: "macos", category: "network_connection", platforms: []string{macOS}, logs: logs{{netConn, macUnified, ""}, {netConn, macES, ""}}},
	{product: "macos", platforms: []string{macOS}},

	// Hypervisors and containers.
	{product: "esxi", platforms: []string{esxi}, logs: logs{{Name: "esxi:hostd"}, {Name: "esxi:shell"}, {Name: "esxi:syslog"}}},
	{product: "vmware", service: "esxi", platforms: []string{esxi}, logs: logs{{Name: "esxi:hostd"}, {Name: "esxi:shell"}, {Name: "esxi:syslog"}}},
	{product: "kubernetes", platforms: []string{containers}, logs: logs{{Name: "kubernetes:audit"}, {Name: "kubernetes:apiserver"}}},
	{product: "docker", platforms: []string{containers}, logs: logs{{Name: "docker:daemon"}, {Name: "docker:events"}}},

	// Clouds.
	{product: "aws", platforms: []string{iaas, identity, containers, saas}, reach: detection.Several, logs: logs{{Name: "AWS:CloudTrail"}}},
	{product: "azure", service: "activitylogs", platforms: []string{iaas, containers, identity}, reach: detection.Several, logs: logs{{Name: "azure:activity"}}},
	{product: "azure", service: "azureactivity", platforms: []string{iaas, containers, identity}, reach: detection.Several, logs: logs{{Name: "azure:activity"}}},
	{product: "azure", service: "signinlogs", platforms: []string{identity, office, saas, iaas}, reach: detection.Several, logs: logs{{Name: "azure:signinlogs"}}},
	{product: "azure", service: "auditlogs", platforms: []string{identity, office, saas, iaas}, reach: detection.Several, logs: logs{{Name: "azure:audit"}}},
	{product: "azure", service: "pim", platforms: []string{identity, office, saas, iaas}, reach: detection.Several, logs: logs{{Name: "azure:audit"}}},
	{product: "azure", service: "riskdetection", platforms: []string{identity, office, saas, iaas}, reach: detection.Several, logs: logs{{Name: "azure:signinlogs"}}},
	{product: "azure", platforms: []string{iaas}},
	{product: "gcp", service: "gcp.audit", platforms: []string{iaas, containers, identity, saas}, reach: detection.Several, logs: logs{{Name: "gcp:audit"}}},
	{product: "gcp", service: "google_workspace.admin", platforms: []string{saas, office, identity}, reach: detection.Several, logs: logs{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}},
	{product: "gcp", service: "google_workspace.login", platforms: []string{saas, office, identity}, reach: detection.Several, logs: logs{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}},
	{product: "gcp", platforms: []string{iaas, containers, identity, saas}, reach: detection.Several, logs: logs{{Name: "gcp:audit"}}},
	{product: "google_workspace", platforms: []string{saas, office, identity}, reach: detection.Several, logs: logs{{Name: "saas:googleworkspace"}, {Name: "gcp:workspaceaudit"}}},
	{product: "m365", service: "exchange", platforms: []string{office, saas, identity}, reach: detection.Several, logs: logs{{Name: "m365:exchange"}, {Name: "m365:unified"}}},
	{product: "m365", service: "audit", platforms: []string{office, saas, identity}, reach: detection.Several, logs: logs{{Name: "m365:unified"}}},
	{product: "m365", service: "threat_management", platforms: []string{office, saas, identity}, reach: detection.Several, logs: logs{{Name: "m365:unified"}, {Name: "m365:defender"}}},
	{product: "m365", service: "threat_detection", platforms: []string{office, saas, identity}, reach: detection.Several, logs: logs{{Name: "m365:unified"}, {Name: "m365:defender"}}},
	{product: "m365", platforms: []string{office, saas, identity}, reach: detection.Several, logs: logs{{Name: "m365:unified"}}},

	// Identity providers and software as a service.
	{product: "okta", platforms: []string{identity, saas}, reach: detection.Several, logs: logs{{Name: "saas:okta"}, {Name: "Okta:SystemLog"}}},
	{product: "onelogin", platforms: []string{identity, saas}, reach: detection.Several, logs: logs{{userAuth, "saas:auth", ""}, {logon, "saas:auth", ""}}},
	{product: "cisco", service: "duo", platforms: []string{identity, saas}, reach: detection.Several, logs: logs{{userAuth, "saas:auth", ""}, {logon, "saas:auth", ""}}},
	{product: "github", platforms: []string{saas}, logs: logs{{Name: "saas:github"}}},
	{product: "bitbucket", platforms: []string{saas}, logs: logs{{Component: appLog}}},
	{product: "salesforce", platforms: []string{saas}, logs: logs{{Name: "saas:salesforce"}}},
	{product: "slack", platforms: []string{saas}, logs: logs{{Name: "saas:slack"}}},
	{product: "zoom", platforms: []string{saas}, logs: logs{{Name: "saas:zoom"}}},

	// Network devices, and the network as a sensor sees it.
	{product: "cisco", service: "aaa", platforms: []string{netDevices}, logs: logs{{command, netCLI, ""}, {command, netSyslog, ""}, {userAuth, netSyslog, ""}}},
	{product: "cisco", platforms: []string{netDevices}, logs: logs{{Name: netSyslog}}},
	{product: "fortigate", platforms: []string{netDevices}, reach: detection.Any, logs: logs{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}, {fwRule, "Firewall Audit Logs", ""}}},
	{product: "fortios", platforms: []string{netDevices}, reach: detection.Any, logs: logs{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "paloalto", platforms: []string{netDevices}, reach: detection.Any, logs: logs{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "juniper", platforms: []string{netDevices}, reach: detection.Any, logs: logs{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "huawei", platforms: []string{netDevices}, reach: detection.Any, logs: logs{{Name: nsm}, {Component: netFlow}, {Component: netContent}, {Component: netConn}, {Name: netSyslog}}},
	{product: "zeek", reach: detection.Any, logs: netLogs},
	{product: "suricata", reach: detection.Any, logs: netLogs},
	{product: "rpc_firewall", platforms: []string{windows}, logs: logs{{Component: netContent}}},
	{category: "firewall", reach: detection.Any, logs: logs{{Name: "NSM:Firewall"}, {netFlow, nsm, ""}, {Component: netFlow}, {Component: netConn}}},
	{category: "proxy", reach: detection.Any, logs: logs{{Component: netContent}, {Component: netFlow}}},
	{category: "dns", reach: detection.Any, logs: logs{{Name: "dns:query"}, {Component: netContent}, {Component: netFlow}}},

	// Applications, wherever they run.
	{category: "webserver", platforms: []string{linux, windows}, reach: detection.Any, logs: logs{{Component: netContent}, {appLog, "ApplicationLog:WebServer", ""}, {netContent, "apache:access_log", ""}, {Component: appLog}}},
	{product: "opencanary", reach: detection.Any, logs: append(logs{{Component: appLog}}, netLogs...)},
	{category: "database", reach: detection.Any, logs: logs{{Component: appLog}}},
	{category: "antivirus", platforms: []string{windows, linux, macOS}, reach: detection.Several, logs: logs{{Component: fileMeta}, {Component: appLog}}},
	{category: "application", reach: detection.Any, logs: logs{{Component: appLog}}},
	{service: "apache", platforms: []string{linux, windows}, reach: detection.Any, logs: logs{{Component: netContent}, {netContent, "apache:access_log", ""}, {Component: appLog}}},
	{service: "nginx", platforms: []string{linux, windows}, reach: detection.Any, logs: logs{{Component: netContent}, {Component: appLog}}},
	// Categories of a host's events that a rule gives without a product.
	{category: "process_creation", reach: detection.Any, logs: logs{{Component: procNew}}},
	{category: "network_connection", reach: detection.Any, logs: logs{{Component: netConn}}},
	{category: "file_event", reach: detection.Any, logs: logs{{Component: fileNew}}},
}

// netLogs is what a sensor between hosts sees.
var netLogs = logs{{Name: nsm}, {Name: nsmConn}, {Component: netContent}, {Component: netFlow}, {Component: netConn}}

// psLogs is PowerShell's own log of modules and script blocks.
var psLogs = logs{{command, powershell, ""}, {script, powershell, ""}}

// event says what one record type of Linux's audit log is.
type event struct {
	id  string
	log log
}

// eventFacts are the record types of audit, as ATT&CK 18.1 and, for those that it does
// not name, the descriptions of the record place them. Windows' numbered events are
// package place's.
var eventFacts = [...]event{
	{"SYSCALL", log{"", auditSys, ""}},
	{"EXECVE", log{"", auditExec, ""}},
	{"PATH", log{"", auditPath, ""}},
	{"PROCTITLE", log{"", "auditd:PROCTITLE", ""}},
	{"CONFIG_CHANGE", log{"", "auditd:CONFIG_CHANGE", ""}},
	{"USER_LOGIN", log{"", "auditd:USER_LOGIN", ""}},
	{"USER_AUTH", log{userAuth, "auditd:USER_LOGIN", ""}},
	{"MMAP", log{"", "auditd:MMAP", ""}},
	{"ADD_USER", log{userNew, "", ""}},
	{"DEL_USER", log{userGone, "", ""}},
	{"SERVICE_STOP", log{serviceMet, "", ""}},
	{"SERVICE_START", log{serviceMet, "", ""}},
}
