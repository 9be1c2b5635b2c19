package place

import (
	"strings"
	"sync"
)

// datasets are the data of Elastic's integrations: by the integration, or by the
// beginning of one of its data sets. Where both fit, the longer name counts.
func datasets() []row {
	return []row{
		{"endpoint", endpoint(procNew, netConn, fileNew, fileMod, fileGone, moduleLoad, regMod, logon, apiCall)},
		{"endpoint.events.process", endpoint(procNew, procEnd, procMeta, command)},
		{"endpoint.events.network", endpoint(netConn, netFlow)},
		{"endpoint.events.file", endpoint(fileNew, fileMod, fileGone, fileMeta, fileRead)},
		{"endpoint.events.library", endpoint(moduleLoad, driverLoad)},
		{"endpoint.events.registry", on(windows, regMod, regNew, regGone, regRead)},
		{"endpoint.events.security", endpoint(logon, userAuth)},
		{"endpoint.events.api", endpoint(apiCall, procAccess, procMod)},
		{"endpoint.events.device", endpoint(driveNew)},
		{"endpoint.alerts elastic_security cloud_defend.alerts crowdstrike.alert m365_defender.alert m365_defender.incident sentinel_one.threat sentinel_one.alert microsoft_sentinel google_secops ibm_qradar splunk", Place{Platforms: []string{windows, linux, macOS}, Serves: Several, Alerts: true}},
		{"sentinel_one_cloud_funnel sentinel_one crowdstrike.fdr crowdstrike carbon_black_cloud carbonblack_edr cybereason trend_micro_vision_one trellix_edr_cloud symantec_endpoint sophos_central cylance tanium endgame", endpoint(procNew, netConn, fileNew, fileMod, fileGone, moduleLoad, regMod)},
		{"m365_defender m365_defender.event microsoft_defender_endpoint", endpoint(procNew, netConn, fileNew, fileMod, fileGone, moduleLoad, regMod, logon)},
		{"windows windows.forwarded winlog winlogbeat", Place{Platforms: []string{windows}}},
		{"windows.sysmon sysmon", winLog(sysmon)},
		{"windows.powershell", winLog(powershell)},
		{"windows.applocker", Place{Platforms: []string{windows}, Logs: named("WinEventLog:AppLocker")}},
		{"windows.windows_defender microsoft_defender", winLog(defender, defenderOp)},
		{"system", Place{Platforms: []string{windows, linux, macOS}, Serves: Several, Logs: append(named(security, system, application, linAuth, linSyslog), of(logon, userAuth)...)}},
		{"system.security", winLog(security)},
		{"system.system", winLog(system)},
		{"system.application", winLog(application)},
		{"system.auth", Place{Platforms: []string{linux, macOS}, Serves: Several, Logs: named(linAuth, linSyslog)}},
		{"system.syslog", Place{Platforms: []string{linux, macOS}, Serves: Several, Logs: named(linSyslog)}},
		{"auditd_manager auditd_manager.auditd auditd", Place{Platforms: []string{linux}, Logs: named(auditSys, auditExec, auditPath)}},
		{"auditbeat", Place{Platforms: []string{linux, windows, macOS}, Serves: Several, Logs: append(named(auditSys), of(procNew, fileNew, fileMod, netConn, userAuth)...)}},
		{"sysmon_linux", Place{Platforms: []string{linux}, Logs: named(linSysmon)}},
		{"fim", endpoint(fileNew, fileMod, fileGone, fileMeta)},
		{"osquery osquery_manager", endpoint(procNew, hostStatus, fileMeta)},
		{"cloud_defend", Place{Platforms: []string{containers, linux}, Serves: Several, Logs: of(procNew, fileNew, fileMod)}},
		{"cloud_defend.process", Place{Platforms: []string{containers, linux}, Serves: Several, Logs: of(procNew, command)}},
		{"cloud_defend.file", Place{Platforms: []string{containers, linux}, Serves: Several, Logs: of(fileNew, fileMod, fileGone)}},
		{"jamf_protect unifiedlogs jamf_pro", Place{Platforms: []string{macOS}, Logs: append(named("macos:endpointsecurity", "macos:unifiedlog"), of(procNew, fileNew)...)}},
		{"kubernetes kubernetes.audit", kube()},
		{"docker", Place{Platforms: []string{containers}, Logs: named("docker:daemon", "docker:events")}},
		{"aws", awsTrail()},
		{"aws.cloudtrail", awsTrail()},
		{"aws.vpcflow", Place{Platforms: []string{iaas}, Serves: Any, Logs: append(named(vpcFlow), of(netFlow, netConn)...)}},
		{"aws.guardduty aws.securityhub", Place{Platforms: []string{iaas, identity, containers}, Serves: Several, Logs: named(cloudTrail, vpcFlow), Alerts: true}},
		{"aws.s3access", on(iaas, storeRead)},
		{"aws.waf aws.elb aws.cloudfront", cloudWeb()},
		{"aws_bedrock aws_bedrock_agentcore azure_openai openai", Place{Platforms: []string{iaas, saas}, Serves: Several, Logs: append(named(cloudTrail), of(appLog, cloudMod)...)}},
		{"azure", Place{Platforms: []string{iaas, identity, office, saas, containers}, Serves: Several, Logs: append(named(azActivity, azSignin, azAudit), of(cloudMod, userAuth)...)}},
		{"azure.activitylogs", azureActivity()},
		{"azure.signinlogs azure.identity_protection", signIns()},
		{"azure.auditlogs entityanalytics_entra_id", entraAudit()},
		{"azure.graphactivitylogs azure.aadgraphactivitylogs", Place{Platforms: []string{identity, office, saas}, Serves: Several, Logs: append(named("Microsoft Graph API Logs", azAudit), of(appLog, userMeta, cloudList)...)}},
		{"azure.platformlogs azure.eventhub azure.springcloudlogs", Place{Platforms: []string{iaas, containers, identity}, Serves: Several, Logs: append(named(azActivity), of(cloudMod, storeRead, appLog)...)}},
		{"azure.firewall_logs azure.application_gateway azure_network_watcher_nsg azure_network_watcher_vnet azure_frontdoor", cloudFirewall()},
		{"gcp gcp.audit", gcpLogs()},
		{"gcp.firewall gcp.vpcflow gcp.loadbalancing", cloudFirewall()},
		{"gcp.dns", Place{Platforms: []string{iaas}, Serves: Any, Logs: of(netContent)}},
		{"o365 o365.audit", m365()},
		{"microsoft_exchange_online_message_trace checkpoint_email mimecast proofpoint_tap proofpoint_on_demand abnormal_security", mail()},
		{"google_workspace google_workspace.", gws()},
		{"okta okta.system", oktaLog()},
		{"auth0 cisco_duo ping_one onelogin entityanalytics_okta keycloak jumpcloud", logins()},
		{"cyberarkpas beyondtrust_pra hashicorp_vault cyberark_pta", logins()},
		{"github github.audit", service(github)},
		{"gitlab bitbucket atlassian_jira atlassian_bitbucket atlassian_confluence", service("saas:confluence")},
		{"slack", service("saas:slack")},
		{"salesforce", service("saas:salesforce")},
		{"box_events", service("saas:box")},
		{"zoom", service("saas:zoom")},
		{"1password bitwarden lastpass wiz wiz.audit snyk netskope snowflake servicenow", service("saas:audit")},
		{"network_traffic packetbeat zeek corelight suricata network_packet_capture darktrace vectra_detect extrahop", network(netFlow, netContent, netConn)},
		{"panw panw.panos fortinet_fortigate fortinet pfsense pfsense.log sonicwall_firewall cisco_ftd cisco_asa cisco_meraki cisco_ios cisco_umbrella cisco_secure_endpoint checkpoint checkpoint.firewall sophos juniper_srx watchguard_firebox zscaler_zia zscaler_zpa barracuda f5_bigip citrix_adc citrix_waf iptables squid bluecoat hid_bravura opnsense", firewall()},
		{"nginx apache apache_tomcat iis traefik haproxy nginx_ingress_controller modsecurity cloudflare cloudflare_logpush akamai imperva apm", webServer()},
		{"iis.access iis.error", Place{Platforms: []string{windows}, Serves: Any, Logs: append(named("ApplicationLog:IIS"), of(appLog, netContent)...)}},
		{"mysql postgresql mssql mongodb oracle redis elasticsearch", server(appLog, userAuth)},
		{"ti_abusech ti_anomali ti_misp ti_otx ti_rapid7_threat_command ti_recordedfuture ti_threatq ti_util ti_", Place{Reference: true}},
		// Analytics packages over data of other integrations.
		{"problemchild", on(windows, procNew)},
		{"pad", Place{Platforms: []string{identity, windows, linux}, Serves: Several, Logs: append(named(okta, security), of(logonMeta, userAuth, procNew, userMod, groupMod)...)}},
		{"lmd", Place{Platforms: []string{windows, linux, macOS}, Serves: Several, Logs: of(netConn, fileNew, logon)}},
		{"ded", Place{Platforms: []string{windows, linux, macOS}, Serves: Any, Logs: append(named(nsm), of(netFlow, netConn, netContent, fileNew, driveNew)...)}},
		{"dga beaconing ml_beaconing", network(netContent, netFlow, netConn)},
	}
}

var elastic = sync.OnceValue(func() map[string]*Place { return index(datasets()) })

// Integration returns what the data of an integration of Elastic are, or of one of its
// data sets ("aws.cloudtrail"), and whether it is known.
func Integration(name string) (Place, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	for at := name; at != ""; {
		if p, ok := elastic()[at]; ok {
			return *p, true
		}
		dot := strings.LastIndexByte(at, '.')
		at = at[:max(dot, 0)]
	}
	return Place{}, false
}

// Index returns what the indices that a pattern names hold, and whether any is known:
// those of data that the pattern lies in (logs-windows.sysmon_operational-*) and all
// that lie in it (logs-gcp*). A pattern that names no data, as logs-* does, is not known.
func Index(pattern string) (Place, bool) {
	p := strings.ToLower(strings.TrimSpace(pattern))
	if strings.HasPrefix(p, "-") { // what is left out
		return Place{}, false
	}
	if i := strings.LastIndexByte(p, ':'); i >= 0 { // of another cluster
		p = p[i+1:]
	}
	for _, prefix := range [...]string{".ds-", "partial-", "restored-"} {
		p = strings.TrimPrefix(p, prefix)
	}
	if strings.HasPrefix(p, ".alerts-security") || strings.HasPrefix(p, ".siem-signals") || strings.HasPrefix(p, ".internal.alerts") {
		return Place{Serves: Any, Alerts: true}, true
	}
	for _, prefix := range [...]string{"logs-", "metrics-", "traces-"} {
		p = strings.TrimPrefix(p, prefix)
	}
	open := strings.IndexByte(p, '*')
	if open >= 0 {
		p = p[:open]
	}
	p = strings.TrimRight(p, "-.")
	if p == "" {
		return Place{}, false
	}
	if whole, ok := elastic()[p]; ok && len(whole.Logs) > 0 {
		return *whole, true
	}
	var found []Place
	longest := ""
	for name, at := range elastic() {
		switch {
		case strings.HasPrefix(p, name) && bounded(p[len(name):]):
			if len(name) > len(longest) {
				longest = name
			}
		case open >= 0 && strings.HasPrefix(name, p) && strings.Contains(name, "."):
			found = append(found, *at)
		}
	}
	if longest != "" {
		found = append([]Place{*elastic()[longest]}, found...)
	}
	at := join(sorted(found), nil)
	if len(at.Platforms) > 1 && at.Serves == Each {
		at.Serves = Several
	}
	return at, len(found) > 0
}

// bounded reports whether the rest of a name begins no longer word: "aws" is not in
// "aws_bedrock", and "windows.sysmon" is in "windows.sysmon_operational".
func bounded(rest string) bool {
	return rest == "" || strings.ContainsRune("._-", rune(rest[0])) || isDigit(rest[0])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// tagged are the data sources that tags of Elastic's rules name and that are called
// otherwise than their integrations.
var tagged = [...]struct{ tag, integration string }{
	{"amazon web services", "aws"}, {"aws", "aws"}, {"amazon", "aws"}, {"elastic defend for containers", "cloud_defend"}, {"elastic defend", "endpoint"},
	{"elastic endgame", "endgame"}, {"crowdstrike", "crowdstrike.fdr"}, {"sentinelone", "sentinel_one_cloud_funnel"}, {"microsoft defender xdr", "m365_defender"},
	{"microsoft defender for", "m365_defender"}, {"sysmon", "windows.sysmon"}, {"linux sysmon", "sysmon_linux"}, {"windows security event", "system.security"},
	{"windows system event", "system.system"}, {"windows application event", "system.application"}, {"powershell", "windows.powershell"}, {"active directory", "system.security"},
	{"windows", "windows"}, {"winlogbeat", "windows"}, {"auditd", "auditd_manager"}, {"azure activity", "azure.activitylogs"}, {"azure platform", "azure.platformlogs"},
	{"azure ad graph", "azure.aadgraphactivitylogs"}, {"microsoft graph", "azure.graphactivitylogs"}, {"graph api", "azure.graphactivitylogs"}, {"azure openai", "azure_openai"},
	{"azure", "azure"}, {"microsoft azure", "azure"}, {"microsoft entra id audit", "azure.auditlogs"}, {"entra audit", "azure.auditlogs"}, {"microsoft entra id", "azure.signinlogs"},
	{"entra id", "azure.signinlogs"}, {"gcp", "gcp"}, {"google cloud", "gcp"}, {"google workspace", "google_workspace"}, {"microsoft 365", "o365"}, {"microsoft exchange", "o365"},
	{"microsoft purview", "o365"}, {"sharepoint", "o365"}, {"onedrive", "o365"}, {"microsoft teams", "o365"}, {"okta", "okta"}, {"github", "github"}, {"kubernetes", "kubernetes"},
	{"network", "network_traffic"}, {"zeek", "zeek"}, {"corelight", "corelight"}, {"suricata", "suricata"}, {"pan-os", "panw"}, {"palo alto", "panw"}, {"fortinet", "fortinet_fortigate"},
	{"pfsense", "pfsense"}, {"sonicwall", "sonicwall_firewall"}, {"cisco ftd", "cisco_ftd"}, {"cisco", "cisco_asa"}, {"nginx", "nginx"}, {"apache", "apache"}, {"iis", "iis.access"},
	{"traefik", "traefik"}, {"apm", "apm"}, {"cyberark", "cyberarkpas"}, {"jamf", "jamf_protect"}, {"zoom", "zoom"}, {"slack", "slack"}, {"salesforce", "salesforce"},
	{"file integrity", "fim"}, {"wiz", "wiz"}, {"check point harmony", "checkpoint_email"}, {"domain generation", "dga"}, {"system", "system"},
}

// Tag returns what the data source is that a tag of an Elastic rule names ("Data
// Source: Okta System Logs"), and whether it is known. The longest name that begins it
// counts.
func Tag(tag string) (Place, bool) {
	kind, name, ok := strings.Cut(tag, ":")
	if !ok || !strings.EqualFold(strings.TrimSpace(kind), "data source") {
		return Place{}, false
	}
	name = strings.ToLower(strings.TrimSpace(name))
	best := ""
	integration := name
	for _, t := range tagged {
		if strings.HasPrefix(name, t.tag) && len(t.tag) > len(best) {
			best, integration = t.tag, t.integration
		}
	}
	return Integration(integration)
}
