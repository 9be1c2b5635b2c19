package place

import (
	"slices"
	"strings"
	"sync"
)

// source says what a data source of Splunk's security content is whose name begins so.
type source struct {
	prefix string
	place  Place
	// log is the log whose numbered events the source is, where a number may stand at
	// the end of the name.
	log string
}

// sources is searched from the top; the first that fits counts.
func sources() []source { return slices.Concat(hostSources(), otherSources()) }

// hostSources are those of hosts.
func hostSources() []source {
	return []source{
		{"sysmon for linux", Place{Platforms: []string{linux}, Logs: named(linSysmon)}, linSysmon},
		{"sysmon", winLog(sysmon), sysmon},
		{"windows event log security", winLog(security), security},
		{"windows security", winLog(security), security},
		{"windows event log system", winLog(system), system},
		{"windows event log application", winLog(application), application},
		{"windows event log taskscheduler", winLog(taskSched), taskSched},
		{"windows event log defender", winLog(defender, defenderOp), ""},
		{"windows defender", winLog(defender, defenderOp), ""},
		{"windows event log printservice", on(windows, appLog), ""},
		{"windows event log applocker", Place{Platforms: []string{windows}, Logs: named("WinEventLog:AppLocker")}, ""},
		{"windows event log microsoft windows terminalservices", on(windows, logon), ""},
		{"windows event log remoteconnectionmanager", on(windows, logon), ""},
		{"windows event log capi2", on(windows, appLog), ""},
		{"windows event log certificateservicesclient", on(windows, appLog), ""},
		{"windows event log", Place{Platforms: []string{windows}}, ""},
		{"windows iis", Place{Platforms: []string{windows}, Logs: append(named("ApplicationLog:IIS", "WinEventLog:iis"), of(appLog)...)}, ""},
		{"windows active directory", on(windows, adMod, adNew, adGone), ""},
		{"windows", Place{Platforms: []string{windows}}, ""},
		{"ntlm operational", on(windows, userAuth), ""},
		{"powershell script block logging", winLog(powershell), powershell},
		{"powershell installed iis modules", on(windows, appLog), ""},
		{"powershell", winLog(powershell), powershell},
		{"crowdstrike processrollup2", endpoint(procNew, procMeta, command), ""},
		{"crowdstrike", endpoint(procNew, netConn, fileNew, moduleLoad), ""},
		{"cisco network visibility module", endpoint(netConn, netFlow), ""},
		{"linux auditd execve", Place{Platforms: []string{linux}, Logs: named(auditExec)}, ""},
		{"linux auditd path", Place{Platforms: []string{linux}, Logs: named(auditPath)}, ""},
		{"linux auditd cwd", Place{Platforms: []string{linux}, Logs: named(auditPath)}, ""},
		{"linux auditd proctitle", Place{Platforms: []string{linux}, Logs: named("auditd:PROCTITLE")}, ""},
		{"linux auditd add user", Place{Platforms: []string{linux}, Logs: append(named(auditSys), of(userNew)...)}, ""},
		{"linux auditd service", Place{Platforms: []string{linux}, Logs: append(named(auditSys), of(serviceMet)...)}, ""},
		{"linux auditd", Place{Platforms: []string{linux}, Logs: named(auditSys)}, ""},
		{"linux secure", Place{Platforms: []string{linux}, Logs: named(linAuth, linSyslog)}, ""},
		{"linux", Place{Platforms: []string{linux}}, ""},
		{"macos", Place{Platforms: []string{macOS}}, ""},
		{"osquery", endpoint(procNew, fileNew, fileMod, hostStatus), ""},
	}
}

// otherSources are those of clouds, services and networks.
func otherSources() []source {
	return []source{
		{"aws cloudwatchlogs vpcflow", Place{Platforms: []string{iaas}, Serves: Any, Logs: append(named(vpcFlow), of(netFlow, netConn)...)}, ""},
		{"aws security hub", Place{Platforms: []string{iaas, identity, containers}, Serves: Several, Logs: named(cloudTrail), Alerts: true}, ""},
		{"aws cloudwatchlogs eks", kube(), ""},
		{"aws", awsTrail(), ""},
		{"amazon eks", kube(), ""},
		{"azure active directory sign", signIns(), ""},
		{"azure active directory noninteractive", signIns(), ""},
		{"azure active directory user risk", signIns(), ""},
		{"azure active directory microsoftgraph", Place{Platforms: []string{identity, office, saas}, Serves: Several, Logs: append(named("Microsoft Graph API Logs"), of(appLog, userMeta)...)}, ""},
		{"azure active directory", entraAudit(), ""},
		{"azure monitor activity", azureActivity(), ""},
		{"azure audit", azureActivity(), ""},
		{"google workspace", gws(), ""},
		{"g suite", gws(), ""},
		{"gcp", gcpLogs(), ""},
		{"google cloud", gcpLogs(), ""},
		{"o365", m365(), ""},
		{"office 365", m365(), ""},
		{"m365", m365(), ""},
		{"ms365", m365(), ""},
		{"ms defender atp", endpoint(procNew, fileNew, netConn), ""},
		{"okta", oktaLog(), ""},
		{"pingid", logins(), ""},
		{"cisco duo", logins(), ""},
		{"authentication events", Place{Platforms: []string{identity, windows, linux, saas, iaas}, Serves: Any, Logs: of(userAuth, logon)}, ""},
		{"github", service(github), ""},
		{"circleci", service("saas:audit"), ""},
		{"kubernetes", kube(), ""},
		{"vmware esxi", Place{Platforms: []string{esxi}, Logs: named("esxi:hostd", "esxi:shell", "esxi:syslog")}, ""},
		{"cisco secure firewall", firewall(), ""},
		{"cisco ios", Place{Platforms: []string{netDevices}, Serves: Any, Logs: append(named(netSyslog, "networkdevice:cli"), of(netFlow)...)}, ""},
		{"cisco asa", firewall(), ""},
		{"cisco", firewall(), ""},
		{"palo alto", firewall(), ""},
		{"fortinet", firewall(), ""},
		{"zscaler", firewall(), ""},
		{"netscaler", firewall(), ""},
		{"citrix", webServer(), ""},
		{"ivanti", webServer(), ""},
		{"splunk stream", network(netContent, netFlow, netConn), ""},
		{"suricata", network(netContent, netFlow, netConn), ""},
		{"zeek", network(netContent, netFlow, netConn), ""},
		{"bro", network(netContent, netFlow, netConn), ""},
		{"network traffic", network(netContent, netFlow, netConn), ""},
		{"nginx", webServer(), ""},
		{"apache", webServer(), ""},
		{"f5", webServer(), ""},
		{"crushftp", webServer(), ""},
		{"confluence", webServer(), ""},
		{"jboss", webServer(), ""},
		{"moveit", webServer(), ""},
		{"web", webServer(), ""},
		{"splunk", anywhere(appLog), ""},
	}
}

var splunkSources = sync.OnceValue(sources)

// Source returns what a data source of Splunk's security content is ("Sysmon EventID
// 13"), and whether it is known. Codes at the end of its name are the events of its log.
func Source(name string) (Place, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, s := range splunkSources() {
		rest, ok := strings.CutPrefix(name, s.prefix)
		if !ok {
			continue
		}
		if s.log == "" {
			return s.place, true
		}
		out := s.place
		out.Logs = nil
		for code := range strings.SplitSeq(rest[strings.LastIndexByte(rest, ' ')+1:], ",") {
			if code != "" && strings.Trim(code, "0123456789") == "" {
				out.Logs = append(out.Logs, Event(s.log, code))
			}
		}
		if len(out.Logs) == 0 {
			return s.place, true
		}
		return out, true
	}
	return Place{}, false
}

// searchPlaces are what searches name: macros and source types by their names, and data
// models by theirs and a dot.
func searchPlaces() []row {
	return []row{
		// Data models of the Common Information Model.
		{"endpoint. endpoint.processes", endpoint(procNew, procMeta, command)},
		{"endpoint.registry", on(windows, regMod, regNew, regGone)},
		{"endpoint.filesystem", endpoint(fileNew, fileMod, fileGone, fileMeta)},
		{"endpoint.services", endpoint(serviceNew, serviceMod, serviceMet)},
		{"endpoint.ports", endpoint(netConn)},
		{"web.", network(netContent, netFlow, appLog)},
		{"network_traffic. network_resolution. network_sessions. intrusion_detection. certificates.", network(netFlow, netContent, netConn)},
		{"authentication.", Place{Platforms: []string{identity, windows, linux, saas, iaas, netDevices}, Serves: Any, Logs: append(named(azSignin, okta), of(userAuth, logon)...)}},
		{"change. change_analysis.", Place{Platforms: []string{windows, identity, linux, iaas, saas, netDevices}, Serves: Any, Logs: of(userMod, userNew, userGone, groupMod, serviceMod, cloudMod, fwRule, fileMod)}},
		{"email.", mail()},
		{"databases. performance. jvm.", anywhere(appLog)},
		{"updates. vulnerabilities. malware.", endpoint(hostStatus, fileMeta, appLog)},
		{"data_loss_prevention. dlp.", Place{Platforms: []string{windows, macOS, office, saas}, Serves: Several, Logs: of(fileRead, appLog)}},
		{"risk. ueba. alerts. notable. incident_management.", Place{Serves: Any, Alerts: true}},
		// Macros of the security content, and source types that they stand for.
		{"sysmon xmlwineventlog:microsoft-windows-sysmon/operational wineventlog:microsoft-windows-sysmon/operational", winLog(sysmon)},
		{"sysmon_linux sysmon:linux", Place{Platforms: []string{linux}, Logs: named(linSysmon)}},
		{"wineventlog_security xmlwineventlog:security wineventlog:security", winLog(security)},
		{"wineventlog_system xmlwineventlog:system wineventlog:system", winLog(system)},
		{"wineventlog_application xmlwineventlog:application wineventlog:application", winLog(application)},
		{"wineventlog_task_scheduler", winLog(taskSched)},
		{"powershell xmlwineventlog:microsoft-windows-powershell/operational wineventlog:microsoft-windows-powershell/operational", winLog(powershell)},
		{"ms_defender", winLog(defender, defenderOp)},
		{"applocker", Place{Platforms: []string{windows}, Logs: named("WinEventLog:AppLocker")}},
		{"wmi", winLog(wmi)},
		{"ntlm_audit", on(windows, userAuth)},
		{"printservice capi2_operational certificateservices_lifecycle remoteconnectionmanager bootloader_inventory driverinventory iis_get_webglobalmodule iis_operational_logs exchange msexchange_management wineventlog_rdp subjectinterfacepackage", on(windows, appLog)},
		{"wineventlog xmlwineventlog", Place{Platforms: []string{windows}}},
		{"admon activedirectory", on(windows, adMod, adNew, adGone)},
		{"linux_auditd linux:audit linux_audit auditd linux_auditd_normalized_execve_process linux_auditd_normalized_proctitle_process", Place{Platforms: []string{linux}, Logs: named(auditSys, auditExec, "auditd:PROCTITLE", auditPath)}},
		{"linux_hosts linux_secure linux_shells syslog", Place{Platforms: []string{linux}, Logs: named(linSyslog, linAuth)}},
		{"osquery osquery_macro osquery_process", endpoint(procNew, fileNew, fileMod, hostStatus)},
		{"crowdstrike_stream crowdstrike_identities", endpoint(procNew, appLog, logon)},
		{"cloudtrail aws:cloudtrail amazon_security_lake ec2_modification_api_calls network_acl_events security_group_api_calls aws_s3_accesslogs aws:s3:accesslogs aws_ecr_events aws_ecr_users aws_config aws_description aws:description previously_seen_aws_cross_account_activity s3_accesslogs", awsTrail()},
		{"aws_securityhub_finding aws:securityhub:finding aws_securityhub_firehose", Place{Platforms: []string{iaas, identity, containers}, Serves: Several, Logs: named(cloudTrail), Alerts: true}},
		{"cloudwatchlogs_vpcflow aws_cloudwatchlogs_vpcflow aws:cloudwatchlogs:vpcflow", Place{Platforms: []string{iaas}, Serves: Any, Logs: append(named(vpcFlow), of(netFlow, netConn)...)}},
		{"aws_cloudwatchlogs_eks kube_audit kubernetes_metrics kubernetes_azure kubernetes_container_controller kube_objects_events kubernetes_audit kube:audit", kube()},
		{"azure_monitor_aad azure:monitor:aad azuread", Place{Platforms: []string{identity, office, saas, iaas}, Serves: Several, Logs: append(named(azSignin, azAudit), of(userAuth, userMod)...)}},
		{"azure_audit azure_monitor_activity azure:monitor:activity mscs:azure:audit", azureActivity()},
		{"o365_management_activity o365:management:activity o365_suspect_search_terms_regex o365_graph o365:graph:api", m365()},
		{"google_gcp_pubsub_message google:gcp:pubsub:message google_gcp_pubsub", gcpLogs()},
		{"gws_reports_login gws_reports_admin gws_login_mfa_methods gsuite_gmail gsuite_drive gsuite_calendar gsuite:gmail:bigquery gws:reports:admin gws:reports:login", gws()},
		{"okta oktaim2:log", oktaLog()},
		{"pingid cisco_duo duo ", logins()},
		{"github github_enterprise github_organizations", service(github)},
		{"circleci", service("saas:audit")},
		{"zscaler_proxy cisco_networks cisco_secure_firewall pan:traffic pan:threat cisco:asa cisco_asa palo_alto fortinet fgt_utm", firewall()},
		{"stream_http stream_dns stream_tcp stream:http stream:dns stream:tcp zeek_rpc zeek_x509 zeek_ssl bro suricata detect_suspicious_dns_txt_records_using_pretrained_model_in_dsdl pretrained_dga_model_dsdl detect_dns_data_exfiltration_using_pretrained_model_in_dsdl", network(netContent, netFlow, netConn)},
		{"esxi_syslog vmw-syslog vmware:esxlog", Place{Platforms: []string{esxi}, Logs: named("esxi:hostd", "esxi:shell", "esxi:syslog")}},
		{"moveit_sftp_logs papercutng jenkins exchange_web nginx_access apache ivanti_vtm_audit crushftp netbackup f5_bigip_rogue iis ms:iis:auto ms:iis:default access_combined", webServer()},
		{"splunkd splunkda splunk_python splunk_crash_log splunkd_ui splunkd_web splunkd_webx splunkd_webs splunkd_failed_auths splunkd_investigation_rest_handler path_traversal_spl_injection internal_vulnerability_report audittrail splunk_search", anywhere(appLog)},
		{"risk_index notable notable_index", Place{Serves: Any, Alerts: true}},
	}
}

var searched = sync.OnceValue(func() map[string]*Place { return index(searchPlaces()) })

// Searched returns what a macro, a source type or a data set of a data model
// ("Endpoint.Processes") of Splunk holds, and whether it is known. Of a data model
// whose data set is not known the model's is.
func Searched(name string) (Place, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if p, ok := searched()[name]; ok {
		return *p, true
	}
	model, _, _ := strings.Cut(name, ".")
	p, ok := searched()[model+"."]
	if !ok {
		return Place{}, false
	}
	return *p, true
}

// assets are the asset types of Splunk's security content: what a detection is about.
var assets = [...]struct {
	part      string
	platforms []string
}{
	{"kubernetes", []string{containers}}, {"eks", []string{containers}}, {"container registry", []string{containers, iaas}}, {"windows", []string{windows}},
	{"domain server", []string{windows}}, {"domain controller", []string{windows}}, {"linux", []string{linux}}, {"macos", []string{macOS}},
	{"o365", []string{office, identity}}, {"office 365", []string{office, identity}}, {"gsuite", []string{saas, office}}, {"gdrive", []string{saas, office}}, {"google workspace", []string{saas, office}},
	{"okta", []string{identity}}, {"azure active directory", []string{identity}}, {"entra", []string{identity}}, {"identity", []string{identity}},
	{"aws", []string{iaas, identity}}, {"s3", []string{iaas}}, {"ec2", []string{iaas}}, {"azure", []string{iaas}}, {"gcp", []string{iaas}}, {"google cloud", []string{iaas}}, {"cloud", []string{iaas}},
	{"github", []string{saas}}, {"circleci", []string{saas}}, {"esxi", []string{esxi}},
	{"network", []string{netDevices}}, {"vpn", []string{netDevices}}, {"firewall", []string{netDevices}}, {"router", []string{netDevices}}, {"infrastructure", []string{netDevices}}, {"web proxy", []string{netDevices}},
	{"web", []string{linux, windows}}, {"database", []string{linux, windows}}, {"dns server", []string{windows, linux}},
	{"endpoint", []string{windows, linux, macOS}}, {"mobile", []string{"Android", "iOS"}},
}

// Asset returns the platforms of an asset type, and whether it is known.
func Asset(kind string) (Place, bool) {
	kind = strings.ToLower(kind)
	for _, a := range assets {
		if strings.Contains(kind, a.part) {
			p := Place{Platforms: a.platforms}
			if len(a.platforms) > 1 {
				p.Serves = Several
			}
			return p, true
		}
	}
	return Place{}, false
}
