package place

// Platforms as ATT&CK 18.1 names them.
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
	linSysmon   = "linux:Sysmon"
	linSyslog   = "linux:syslog"
	linAuth     = "linux:auth"
	nsm         = "NSM:Flow"
	nsmFirewall = "NSM:Firewall"
	nsmConn     = "NSM:Connections"
	netSyslog   = "networkdevice:syslog"
	cloudTrail  = "AWS:CloudTrail"
	vpcFlow     = "AWS:VPCFlowLogs"
	azActivity  = "azure:activity"
	azSignin    = "azure:signinlogs"
	azAudit     = "azure:audit"
	gcpAudit    = "gcp:audit"
	unified     = "m365:unified"
	kubeAudit   = "kubernetes:audit"
	okta        = "saas:okta"
	oktaSystem  = "Okta:SystemLog"
	workspace   = "saas:googleworkspace"
	gwsAudit    = "gcp:workspaceaudit"
	github      = "saas:github"
	auditFile   = "auditd:FILE"
	macUnified  = "macos:unifiedlog"
	macES       = "macos:endpointsecurity"
	macQuery    = "macos:osquery"
	netCLI      = "networkdevice:cli"
)

// Data component names as ATT&CK 18.1 spells them.
const (
	appLog     = "Application Log Content"
	command    = "Command Execution"
	driverLoad = "Driver Load"
	fileRead   = "File Access"
	fileNew    = "File Creation"
	fileGone   = "File Deletion"
	fileMeta   = "File Metadata"
	fileMod    = "File Modification"
	fwRule     = "Firewall Rule Modification"
	hostStatus = "Host Status"
	jobNew     = "Scheduled Job Creation"
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
	apiCall    = "OS API Execution"
	regGone    = "Windows Registry Key Deletion"
	regMod     = "Windows Registry Key Modification"
	regNew     = "Windows Registry Key Creation"
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
	groupMod   = "Group Modification"
	wmiNew     = "WMI Creation"
	adAccess   = "Active Directory Object Access"
	adCred     = "Active Directory Credential Request"
	adGone     = "Active Directory Object Deletion"
	adMod      = "Active Directory Object Modification"
	adNew      = "Active Directory Object Creation"
	driveNew   = "Drive Creation"
	driveRead  = "Drive Access"
	webCred    = "Web Credential Usage"
	cloudMod   = "Cloud Service Modification"
	cloudList  = "Cloud Service Enumeration"
	storeRead  = "Cloud Storage Access"
	storeMod   = "Cloud Storage Modification"
	podNew     = "Pod Creation"
	contNew    = "Container Creation"
	jobMeta    = "Scheduled Job Metadata"
	regRead    = "Windows Registry Key Access"
)

// of makes logs of data components, whatever log they are in.
func of(components ...string) []Log {
	out := make([]Log, 0, len(components))
	for _, c := range components {
		out = append(out, Log{Component: c})
	}
	return out
}

// named makes logs of log sources, whatever they hold.
func named(names ...string) []Log {
	out := make([]Log, 0, len(names))
	for _, n := range names {
		out = append(out, Log{Name: n})
	}
	return out
}

// endpoint is where sensors of every desktop and server system report, of components.
func endpoint(components ...string) Place {
	return Place{Platforms: []string{windows, linux, macOS}, Serves: Several, Logs: of(components...)}
}

// on is a place of one platform, or of each of several, with components.
func on(platform string, components ...string) Place {
	return Place{Platforms: []string{platform}, Logs: of(components...)}
}

// server is the log of software that runs on servers.
func server(components ...string) Place {
	return Place{Platforms: []string{linux, windows}, Serves: Any, Logs: of(components...)}
}

// directory is what watches Active Directory.
func directory() Place {
	return Place{Platforms: []string{windows, identity}, Serves: Several, Logs: of(adMod, adAccess, adNew, adCred, userAuth, userMod, groupMod)}
}

// network is what a sensor between hosts sees, whatever the hosts are.
func network(components ...string) Place {
	return Place{Serves: Any, Logs: append(named(nsm, nsmFirewall, nsmConn), of(components...)...)}
}

// anywhere is the log of software that runs on any platform.
func anywhere(components ...string) Place {
	return Place{Serves: Any, Logs: of(components...)}
}

// service is software as a service, with the names that ATT&CK has for its log. It
// signs its users in, which ATT&CK may have under identity providers.
func service(names ...string) Place {
	return Place{Platforms: []string{saas, identity}, Serves: Several, Logs: append(named(names...), of(appLog, userAuth, logon, userMod, userMeta)...)}
}

// Places that many names stand for.
func winLog(names ...string) Place { return Place{Platforms: []string{windows}, Logs: named(names...)} }

func signIns() Place {
	return Place{Platforms: []string{identity, office, saas, iaas}, Serves: Several, Logs: append(named(azSignin), of(userAuth, logon)...)}
}

func entraAudit() Place {
	return Place{Platforms: []string{identity, office, saas, iaas}, Serves: Several, Logs: append(named(azAudit), of(userMod, userNew, userGone, userMeta, groupMod)...)}
}

func m365() Place {
	return Place{Platforms: []string{office, saas, identity}, Serves: Several, Logs: append(named(unified), of(appLog)...)}
}

func mail() Place {
	return Place{Platforms: []string{office, windows, linux, macOS}, Serves: Several, Logs: append(named("m365:messagetrace", "Application:Mail"), of(appLog)...)}
}

func awsTrail() Place {
	return Place{Platforms: []string{iaas, identity, containers, saas}, Serves: Several, Logs: named(cloudTrail)}
}

func azureActivity() Place {
	return Place{Platforms: []string{iaas, containers, identity}, Serves: Several, Logs: append(named(azActivity), of(cloudMod)...)}
}

func gcpLogs() Place {
	return Place{Platforms: []string{iaas, containers, identity, saas}, Serves: Several, Logs: append(named(gcpAudit), of(cloudMod)...)}
}

func gws() Place {
	return Place{Platforms: []string{saas, office, identity}, Serves: Several, Logs: append(named(workspace, gwsAudit), of(appLog, userAuth)...)}
}

func oktaLog() Place {
	return Place{Platforms: []string{identity, saas}, Serves: Several, Logs: append(named(okta, oktaSystem), of(userAuth, userMod, userMeta, logon)...)}
}

func logins() Place {
	return Place{Platforms: []string{identity, saas}, Serves: Several, Logs: append([]Log{{userAuth, "saas:auth", ""}, {logon, "saas:auth", ""}}, of(userAuth, userMod, appLog)...)}
}

func kube() Place {
	return Place{Platforms: []string{containers}, Logs: named(kubeAudit, "kubernetes:apiserver")}
}

func firewall() Place {
	p := network(netFlow, netConn, netContent, fwRule)
	p.Platforms, p.Logs = []string{netDevices}, append(p.Logs, named(netSyslog, "Firewall Audit Logs")...)
	return p
}

// webServer is a web server's or web application's own log.
func webServer() Place {
	p := anywhere(appLog, netContent)
	p.Platforms = []string{linux, windows}
	p.Logs = append(p.Logs, named("ApplicationLog:WebServer", "apache:access_log")...)
	return p
}
