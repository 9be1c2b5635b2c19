package place

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// tables are the tables of Microsoft Sentinel and Defender XDR, and the functions of
// Sentinel's content that stand for tables, by name in lower case.
var tables = sync.OnceValue(func() map[string]*Place {
	return index(slices.Concat(windowsTables(), defenderTables(), microsoftTables(), cloudTables(), networkTables(),
		serviceTables(), productTables(), normalTables(), referenceTables()))
})

// Table returns what a table of Sentinel or Defender holds, or a function that stands
// for one, in any case, and whether it is known.
// What a connector writes behind a table's name, as in "Event (WindowsForwarding)", is
// passed over. A custom table's ending (_CL) and the version of its connector may be
// there or not; the normalised tables of ASIM have functions of many names.
func Table(name string) (Place, bool) {
	name, _, _ = strings.Cut(name, "(")
	name = strings.ToLower(strings.TrimSpace(name))
	for _, try := range spellings(name) {
		if p, ok := tables()[try]; ok {
			return *p, true
		}
	}
	for _, prefix := range [...]string{"_im_", "_asim_", "vim", "asim", "im"} {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		for _, n := range normalSchemas() {
			if strings.HasPrefix(rest, n.schema) {
				return n.place, true
			}
		}
	}
	return Place{}, false
}

// TableNames lists the tables that are known, sorted, in lower case.
func TableNames() []string { return slices.Sorted(maps.Keys(tables())) }

// spellings returns the names that a table may be listed under.
func spellings(name string) []string {
	bare := strings.TrimSuffix(name, "_cl")
	out := []string{name, bare}
	for _, version := range [...]string{"v2", "v3", "_v2"} {
		if v, ok := strings.CutSuffix(bare, version); ok {
			out = append(out, v)
		}
	}
	return out
}

func windowsTables() []row {
	return []row{
		{"SecurityEvent SecurityEvents ASimSecurityEvent", winLog(security)},
		{"Event WindowsEvent WindowsEvents WEF", Place{Platforms: []string{windows}}},
		{"SysmonEvent SysmonEvents Sysmon Sysmon_CL", winLog(sysmon)},
		{"W3CIISLog IISLogs", Place{Platforms: []string{windows}, Logs: append(named("ApplicationLog:IIS", "WinEventLog:iis"), of(appLog, netContent)...)}},
		{"WindowsFirewall", Place{Platforms: []string{windows}, Logs: append(named(firewallAS), of(netFlow, netConn)...)}},
		{"ADFSSignInLogs", Place{Platforms: []string{identity, windows}, Serves: Several, Logs: of(userAuth, logon)}},
		{"DnsEvents DnsInventory", Place{Platforms: []string{windows}, Serves: Any, Logs: append(named("dns:query"), of(netContent, netFlow)...)}},
		{"ExchangeOnPremisesServer ESIExchangeOnlineConfig_CL ESIExchangeConfig_CL MSExchange_Management ExchangeAdminAuditLogs ExchangeHttpProxy_CL http_proxy_oab_CL ExchangeConfiguration MessageTrackingLog_CL", on(windows, appLog, command, userMod)},
		{"SQLEvent SQLServer", on(windows, appLog)},
		{"secRMM_CL", on(windows, driveNew, fileNew)},
		{"Syslog LinuxAuditLog", Place{Platforms: []string{linux, netDevices, esxi, macOS}, Serves: Any, Logs: append(named(linSyslog, linAuth, netSyslog, "esxi:syslog"), of(appLog, userAuth, logon)...)}},
		{"AuditLog_CL LinuxAudit_CL auditd_CL", Place{Platforms: []string{linux}, Logs: named(auditSys, auditExec)}},
		{"VMwareESXi", Place{Platforms: []string{esxi}, Logs: named("esxi:hostd", "esxi:shell", "esxi:syslog", "esxi:vpxa")}},
		{"vCenter vcenter_CL VMwareVCenter", Place{Platforms: []string{esxi}, Logs: append(named("esxi:vpxd", "esxi:hostd", "vpxd.log"), of(userAuth, appLog)...)}},
		{"CyberArkEPM CyberArkEPM_Events_CL", on(windows, procNew, fileNew, moduleLoad)},
		{"MimecastDLP_CL Forescout ForescoutHostProperties_CL ForescoutComplianceStatus_CL ForescoutPolicyStatus_CL", anywhere(hostStatus, netFlow)},
		{"VMConnection VMBoundPort WireData ServiceMapComputer_CL ServiceMapProcess_CL", endpoint(netConn, netFlow)},
		{"VMProcess", endpoint(procNew)},
		{"InsightsMetrics Perf", endpoint(hostStatus)},
		{"ConfigurationChange ConfigurationData", endpoint(serviceMet, serviceMod, fileMod, regMod)},
		{"ProtectionStatus Update UpdateSummary", endpoint(hostStatus)},
	}
}

func defenderTables() []row {
	return []row{
		{"DeviceProcessEvents", endpoint(procNew, procMeta, command)},
		{"DeviceNetworkEvents", endpoint(netConn, netFlow)},
		{"DeviceFileEvents", endpoint(fileNew, fileMod, fileGone, fileMeta)},
		{"DeviceImageLoadEvents", endpoint(moduleLoad)},
		{"DeviceLogonEvents", endpoint(logon, userAuth, logonMeta)},
		{"DeviceRegistryEvents", on(windows, regMod, regNew, regGone)},
		{"DeviceEvents", endpoint(procAccess, procMod, apiCall, jobNew, serviceNew, pipe, driverLoad, script, userNew, userMod, fileRead, driveNew)},
		{"DeviceFileCertificateInfo", endpoint(fileMeta)},
		{"DeviceInfo DeviceNetworkInfo", Place{Platforms: []string{windows, linux, macOS}, Serves: Several, Logs: of(hostStatus), Reference: true}},
		{"DeviceTvmSoftwareVulnerabilities DeviceTvmSoftwareInventory DeviceTvmSecureConfigurationAssessment DeviceTvmInfoGathering DeviceTvmSoftwareEvidenceBeta DeviceTvmHardwareFirmware DeviceBaselineComplianceAssessment DeviceTvmCertificateInfo DeviceTvmBrowserExtensions", endpoint(hostStatus)},
		{"DeviceTvmSoftwareVulnerabilitiesKB DeviceTvmSecureConfigurationAssessmentKB DeviceTvmInfoGatheringKB DeviceBaselineComplianceAssessmentKB DeviceTvmBrowserExtensionsKB DeviceBaselineComplianceProfiles", Place{Reference: true}},
		{"DeviceBehaviorInfo DeviceBehaviorEntities BehaviorInfo BehaviorEntities", Place{Serves: Any, Alerts: true}},
		{"IdentityLogonEvents", Place{Platforms: []string{windows, identity, office, saas}, Serves: Several, Logs: of(userAuth, logon, adCred)}},
		{"IdentityQueryEvents", on(windows, adAccess, netContent)},
		{"IdentityDirectoryEvents", Place{Platforms: []string{windows, identity}, Serves: Several, Logs: of(adMod, adNew, adGone, userMod, userNew, groupMod)}},
		{"IdentityAccountInfo IdentityInfo IdentityEvents", Place{Reference: true}},
		{"EmailEvents EmailAttachmentInfo EmailUrlInfo EmailPostDeliveryEvents CampaignInfo", mail()},
		{"UrlClickEvents", Place{Platforms: []string{office, windows, linux, macOS}, Serves: Several, Logs: of(appLog, netContent)}},
		{"MessageEvents MessagePostDeliveryEvents MessageUrlInfo", Place{Platforms: []string{office}, Logs: append(named(unified), of(appLog)...)}},
		{"CloudAppEvents McasShadowItReporting", Place{Platforms: []string{office, saas, identity, iaas}, Serves: Several, Logs: append(named(unified, "m365:defender"), of(appLog, userAuth, userMod)...)}},
		{"CloudAuditEvents CloudStorageAggregatedEvents", Place{Platforms: []string{iaas, containers}, Serves: Several, Logs: append(named(azActivity, cloudTrail, gcpAudit, kubeAudit), of(cloudMod, storeRead)...)}},
		{"CloudProcessEvents", Place{Platforms: []string{containers, linux}, Serves: Several, Logs: of(procNew)}},
		{"OAuthAppInfo ExposureGraphNodes ExposureGraphEdges AIAgentsInfo", Place{Reference: true}},
		{"AlertInfo AlertEvidence", Place{Serves: Any, Alerts: true}},
		{"EntraIdSignInEvents EntraIdSpnSignInEvents AADSignInEventsBeta AADSpnSignInEventsBeta", signIns()},
		{"GraphApiAuditEvents MicrosoftGraphActivityLogs", Place{Platforms: []string{identity, office, saas}, Serves: Several, Logs: append(named("Microsoft Graph API Logs"), of(appLog, userMeta, cloudList)...)}},
		{"DataSecurityEvents DataSecurityBehaviors", Place{Platforms: []string{office, windows}, Serves: Several, Logs: append(named("m365:purview"), of(appLog, fileRead)...)}},
		{"DisruptionAndResponseEvents", Place{Serves: Any, Alerts: true}},
	}
}

func microsoftTables() []row {
	return []row{
		{"SigninLogs AADNonInteractiveUserSignInLogs AADServicePrincipalSignInLogs AADManagedIdentitySignInLogs", signIns()},
		{"AuditLogs AADProvisioningLogs AADCustomSecurityAttributeAuditLogs AADDomainServicesAccountManagement", entraAudit()},
		{"AADRiskyUsers AADUserRiskEvents AADRiskyServicePrincipals AADServicePrincipalRiskEvents", signIns()},
		{"AADDomainServicesAccountLogon AADDomainServicesLogonLogoff", on(identity, userAuth, logon)},
		{"AADDomainServicesDirectoryServiceAccess", on(identity, adAccess, adMod)},
		{"AADB2CRequestLogs B2CRequestLogs", on(identity, userAuth)},
		{"OfficeActivity O365ManagementAPI_CL Office365", m365()},
		{"ExchangeOnline MailItemsAccessed", Place{Platforms: []string{office}, Logs: append(named("m365:exchange", unified), of(appLog)...)}},
		{"MicrosoftPurviewInformationProtection InformationProtectionLogs_CL PurviewDataSensitivityLogs InformationProtectionEvents", Place{Platforms: []string{office, saas, iaas}, Serves: Several, Logs: append(named("m365:purview"), of(appLog, storeRead)...)}},
		{"PowerBIActivity PowerAutomateActivity PowerAppsActivity PowerPlatformAdminActivity PowerPlatformConnectorActivity PowerPlatformDlpActivity DataverseActivity Dynamics365Activity FinanceOperationsActivity ProjectActivity LLMActivity CopilotActivity", Place{Platforms: []string{saas, office, identity}, Serves: Several, Logs: append(named(unified), of(appLog, userMod, userAuth, logon)...)}},
		{"AzureDevOpsAuditing ADOAuditLogs_CL ADOAuditLogs AzureDevOps", Place{Platforms: []string{saas, iaas, identity}, Serves: Several, Logs: append(named("azure:audit"), of(appLog, userMod)...)}},
		{"IntuneAuditLogs IntuneOperationalLogs IntuneDeviceComplianceOrg IntuneDevices", Place{Platforms: []string{identity, windows, macOS, saas}, Serves: Several, Logs: of(appLog, hostStatus, userMod)}},
		{"Windows365AuditLogs WVDConnections WVDErrors WVDManagement WVDCheckpoints", Place{Platforms: []string{windows, iaas}, Serves: Several, Logs: of(logon, appLog)}},
		{"Tailscale_Network_CL NetworkAccessTraffic NetworkAccessConnectionEvents NetworkAccessAlerts NetworkSessions", network(netFlow, netContent, netConn)},
		{"SecurityAlert SecurityIncident SecurityDetection Anomalies BehaviorAnalytics UserPeerAnalytics UserAccessAnalytics", Place{Serves: Any, Alerts: true}},
		{"SecurityRecommendation SecurityNestedRecommendation SecurityRegulatoryCompliance SecureScores SecureScoreControls SecurityBaseline SecurityBaselineSummary", Place{Platforms: []string{iaas}, Logs: of(cloudMod)}},
	}
}

func cloudTables() []row {
	return []row{
		{"AzureActivity AzureActivityV2", azureActivity()},
		{"AzureDiagnostics", Place{Platforms: []string{iaas, identity, netDevices, containers, saas}, Serves: Any, Logs: append(named(azActivity), of(appLog, netFlow, netContent, storeRead, cloudMod, webCred)...)}},
		{"AZKVAuditLogs AZKVPolicyEvaluationDetailsLogs", Place{Platforms: []string{iaas}, Logs: of(webCred, cloudList, storeRead)}},
		{"StorageBlobLogs StorageFileLogs StorageQueueLogs StorageTableLogs", on(iaas, storeRead, storeMod)},
		{"AzureMetrics AzureMetricsV2 CoreAzureBackup AddonAzureBackupJobs AddonAzureBackupAlerts AddonAzureBackupPolicy", Place{Platforms: []string{iaas}, Logs: of(cloudMod, hostStatus)}},
		{"AzureNetworkAnalytics_CL NTANetAnalytics NSGFlowLogs NTAIpDetails NTATopologyDetails AzureFlowLogs", Place{Platforms: []string{iaas}, Serves: Any, Logs: append(named("azure:vpcflow"), of(netFlow, netConn)...)}},
		{"AZFWNetworkRule AZFWApplicationRule AZFWNatRule AZFWIdpsSignature AZFWThreatIntel AZFWDnsQuery AZFWFlowTrace AZFWFatFlow AZFWInternalFqdnResolutionFailure AzureFirewall", cloudFirewall()},
		{"AGWAccessLogs AGWFirewallLogs AGWPerformanceLogs AFDAccessLogs AFDWebApplicationFirewallLog FrontDoorAccessLog FrontDoorWebApplicationFirewallLog AzureWAF", cloudWeb()},
		{"AppServiceHTTPLogs AppServiceAuditLogs AppServiceConsoleLogs AppServiceAppLogs AppServicePlatformLogs AppServiceIPSecAuditLogs AppServiceFileAuditLogs FunctionAppLogs AppRequests AppTraces AppExceptions", cloudWeb()},
		{"AKSAudit AKSAuditAdmin AKSControlPlane KubeEvents AKS_CL AzureKubernetes", kube()},
		{"ContainerLog ContainerLogV2 ContainerInventory ContainerNodeInventory KubePodInventory KubeServices KubeNodeInventory ContainerImageInventory", Place{Platforms: []string{containers}, Logs: of(contNew, appLog)}},
		{"SQLSecurityAuditEvents SQLAssessmentRecommendation DatabricksAccounts DatabricksClusters DatabricksJobs DatabricksNotebook DatabricksSecrets SynapseRbacOperations CosmosDB CDBDataPlaneRequests PGSQLAuditLogs", Place{Platforms: []string{iaas}, Logs: of(appLog, storeRead, userAuth)}},
		{"ApiManagementGatewayLogs LogicAppWorkflowRuntime AutomationRunbook ACRConnectedClientList ContainerRegistryLoginEvents ContainerRegistryRepositoryEvents EventHubsLogs BatchLogs OpenAIRequests AOIDigestion", Place{Platforms: []string{iaas, containers}, Serves: Several, Logs: of(cloudMod, appLog, userAuth)}},
		{"MicrosoftAzureBastionAuditLogs", on(iaas, logon, userAuth)},
		{"DnsAuditEvents DNSQueryLogs", Place{Platforms: []string{iaas}, Serves: Any, Logs: of(netContent)}},
		{"AWSCloudTrail AWSCloudTrail_CL AWS_CloudTrail", awsTrail()},
		{"AWSGuardDuty AWSSecurityHubFindings AWSInspector AWSMacie", Place{Platforms: []string{iaas, identity, containers}, Serves: Several, Logs: named(cloudTrail, vpcFlow), Alerts: true}},
		{"AWSVPCFlow AWSVPCFlowLogs", Place{Platforms: []string{iaas}, Serves: Any, Logs: append(named(vpcFlow), of(netFlow, netConn)...)}},
		{"AWSCloudWatch AWSConfig", Place{Platforms: []string{iaas}, Logs: append(named("AWS:CloudWatch"), of(hostStatus, cloudMod)...)}},
		{"AWSRoute53Resolver AWSRoute53", Place{Platforms: []string{iaas}, Serves: Any, Logs: of(netContent)}},
		{"AWSS3ServerAccess AWSS3 AWSNLBAccessLogs AWSALBAccessLogs AWSELBFlowLogs AWSWAF AWSNetworkFirewallFlow AWSNetworkFirewallAlert AWSNetworkFirewallTls AWSCloudFront_AccessLog_CL", cloudWeb()},
		{"AWSEKS AWSEKSLogs_CL GKEAudit GKEAPIServer GKEApplication GKEScheduler GKEControllerManager GKEHPADecision", kube()},
		{"GCPAuditLogs GCP_Audit GCPIAM GCP_IAM_CL GCPMonitoring GCP_MONITORING_CL GCPCloudSQL GCPComputeEngine GCPApigee GCPCloudRun", gcpLogs()},
		{"GCPDNS GCP_DNS_CL", Place{Platforms: []string{iaas}, Serves: Any, Logs: of(netContent)}},
		{"GCPVPCFlow GCPFirewallLogs GCPLoadBalancerLogs GCPIDS GCPNAT GCPNATAudit GCPCDN", cloudFirewall()},
		{"GoogleCloudSCC", Place{Platforms: []string{iaas, containers}, Serves: Several, Logs: of(cloudMod), Alerts: true}},
		{"OCI_Logs_CL OCI_LogsV2_CL OCILogs", Place{Platforms: []string{iaas}, Serves: Several, Logs: of(cloudMod, userAuth, userMod, netFlow, logon)}},
		{"AlicloudActionTrail AliCloudActionTrailLogs_CL AliCloud_CL IBMCloud_CL", Place{Platforms: []string{iaas}, Logs: of(cloudMod, userMod)}},
		{"PaloAltoPrismaCloud PaloAltoPrismaCloudAlert_CL PaloAltoPrismaCloudAudit_CL PaloAltoPrismaCloudCompute PrismaCloudCompute_CL Wiz WizIssues_CL WizIssuesV2_CL WizAuditLogs_CL WizVulnerabilities_CL OrcaAlerts_CL Lacework_CL Sonrai_Tickets_CL prancer_CL SenservaPro_CL ARGOS_CL Sysdig_CL CheckPointCloudGuard_CL", Place{Platforms: []string{iaas, containers, identity, saas}, Serves: Several, Logs: append(named(cloudTrail, azActivity, gcpAudit), of(cloudMod, userMod)...)}},
	}
}

// commonEvents is what products send in the Common Event Format: firewalls and proxies
// above all, and gateways of mail and others.
func commonEvents() Place {
	p := firewall()
	p.Logs = append(p.Logs, of(appLog)...)
	return p
}

// cloudFirewall is a firewall that a cloud provides.
func cloudFirewall() Place {
	p := network(netFlow, netConn, netContent)
	p.Platforms = []string{iaas, netDevices}
	return p
}

// cloudWeb is the door of an application in a cloud.
func cloudWeb() Place {
	return Place{Platforms: []string{iaas}, Serves: Any, Logs: of(appLog, netContent, netFlow)}
}

func networkTables() []row {
	return []row{
		{"CommonSecurityLog CEF CommonSecurityLogs", commonEvents()},
		{"NetScreen_Firewall_CL CiscoASA CiscoASAEvent CiscoFirepower CiscoFTD CiscoISEEvent CiscoISE CiscoMeraki CiscoMerakiNativePoller_CL meraki_CL CiscoSDWANNetflow_CL CiscoSyslogUTD CiscoSEG CiscoSEGEvent CiscoWSA CiscoWSAEvent Cisco_ACI CiscoACIEvent CiscoUCS CiscoWLC", firewall()},
		{"Fortinet FortinetFortiGate FortinetFortiWeb Fortiweb PaloAlto PaloAltoCDLEvent PaloAltoNetworks PaloAltoCDL CheckPoint CheckPointFirewall SonicWallFirewall SophosXGFirewall WatchGuardFirebox JuniperSRX Juniper_SRX pfsense Barracuda_CL BarracudaCloudFirewall ForcepointNGFW Ubiquiti_CL UbiquitiAuditEvent ArubaClearPass ExtraHop SymantecVPN SymantecProxySG PulseConnectSecure CitrixADCEvent CitrixADC Citrix_WAF F5BigIP F5Telemetry_LTM_CL F5Telemetry_ASM_CL F5Telemetry_system_CL VMware_VECO_EventLogs_CL VMware_SDWAN_FirewallLogs_CL SecureHub_CL Illumio_Auditable_Events_CL Illumio_Flow_Events_CL IllumioInsights_CL ZNSegmentAuditNativePoller_CL ZNAudit_CL Unifi_SiteManager_Sites_CL Unifi_SiteManager_Devices_CL Unifi_SiteManager_Hosts_CL Unifi_SiteManager_ISPMetrics_CL AristaAwakeSecurity HPEArubaClearPass", firewall()},
		{"Zscaler ZscalerNSS ZPAEvent ZPA_CL NetskopeWebTransactions_CL NetskopeWebtxErrors_CL Netskope_CL NetskopeAlerts_CL NetskopeAlertEvents_CL NetskopeEventsNetwork_CL NetskopeEventsApplication_CL CiscoUmbrella Cisco_Umbrella_proxy_CL Cisco_Umbrella_dns_CL Cisco_Umbrella_ip_CL Cisco_Umbrella_audit_CL Cisco_Umbrella_cloudfirewall_CL Cisco_Umbrella_dlp_CL Cisco_Umbrella_fileevent_CL Cisco_Umbrella_intrusion_CL Cisco_Umbrella_ravpnlogs_CL Cisco_Umbrella_ztaflow_CL Cisco_Umbrella_ztna_CL Cisco_Umbrella_firewall_CL CiscoUmbrellaWebTraffic_CL CiscoUmbrellaDNS_CL CiscoUmbrellaAdminAudit_CL CiscoUmbrellaIPS_CL CiscoUmbrellaDLP_CL CiscoUmbrellaCloudFirewall_CL CiscoUmbrellaFileEvent_CL CiscoUmbrellaRemoteAccessVPN_CL CiscoUmbrellaZeroTrustAccess_CL CiscoUmbrellaZeroTrustAccessFlow_CL VMware_CWS_Weblogs_CL VMware_CWS_DLPLogs_CL Seg_Cg_CL Seg_Dlp_CL iboss SquidProxy Squid McAfeeWebGateway ForcepointCloudSecurityGateway BluecoatProxy ContrastProtect", firewall()},
		{"Corelight Corelight_CL corelight_bacnet corelight_conn corelight_dns corelight_http Corelight_v2_conn_CL Corelight_v2_conn_long_CL Corelight_v2_conn_red_CL Corelight_v2_dns_CL Corelight_v2_dns_red_CL Corelight_v2_http_CL Corelight_v2_http2_CL Corelight_v2_http_red_CL Corelight_v2_smtp_CL Corelight_v2_smb_files_CL Corelight_v2_ssl_CL Zeek_CL Suricata_CL VectraStream VectraStream_CL vectra_isession_CL ExtraHop_Detections_CL darktrace_model_alerts_CL DarktraceModelAlerts_CL DarktraceIncidents_CL AIVectraDetect Vectra_Detections_CL Detections_Data_CL Entities_Data_CL CynerioEvent_CL Claroty ClarotyEvent NozomiNetworksEvents DragosAlerts_CL SINECSecurityGuard_CL MSDefenderIoT NetworkCustomAnalytics_protocol_CL NetworkSummary_Protocol_CL NetworkSummary_Country_CL argsentdc_CL Gigamon_CL GigamonV2_CL", network(netFlow, netContent, netConn)},
		{"InfobloxNIOS Infoblox Infoblox_dhcp InfobloxCDC InfobloxInsight_CL InfobloxInsight GCPCloudDNS NXLog_DNS_Server_CL DNS_Summarized_Logs_ip_CL dnsfilter_CL AkamaiSIEMEvent HYAS_CL NucleusDNS", Place{Serves: Any, Logs: append(named("dns:query"), of(netContent, netFlow)...)}},
		{"Cloudflare Cloudflare_CL CloudflareV2_CL ImpervaWAFCloud ImpervaWAFCloud_CL ImpervaWAFCloudV2_CL SentinelImpervaWAFCloudV2Logs ImpervaWAFGateway Incapsula BarracudaWAF AkamaiWAF fluentbit_CL apifirewall_log_1_CL FortyTwoCrunchAPIProtection_CL FortyTwoCrunchAPIProtectionV2_CL ContrastADRAttackEvents_CL ContrastADRIncidents_CL ContrastADR_CL Traceable_CL NonameAPISecurityAlert_CL WebSession_Summarized_SrcIP_CL WebSession_Summarized_SrcInfo_CL DynatraceAttacks_CL DynatraceAttacksV2_CL", webServer()},
		{"ApacheHTTPServer ApacheHTTPServer_CL NGINXHTTPServer NGINX_CL Tomcat_CL TomcatEvent OracleWebLogicServer_CL OracleWebLogicServerEvent JBossLogs_CL JBossEvent MongoDBAudit MongoDBAudit_CL MySQLEvent PostgreSQLEvent PostgreSQL_CL OracleDatabaseAuditEvent OracleDatabase MarkLogicAudit_CL SquidProxy_CL", webServer()},
		{"SAPAuditLog ABAPAuditLog ABAPAuditLog_CL ABAPChangeDocsLog ABAPJobLog SAPCON SAPBTPAuditLog_CL SAPLogServ_CL SAPETDAlerts_CL SAPETDInvestigations_CL Onapsis_CL SecurityBridgeLogs_CL Pathlock_TDnR_CL SAPSystems SAPHana UtimacoESKMKmipServerLogs_CL", server(appLog, userAuth, userMod, logon)},
	}
}

func serviceTables() []row {
	return []row{
		{"Okta_CL OktaV2_CL OktaSSO OktaSystemLogs OktaNativePoller_CL", oktaLog()},
		{"CiscoDuo CiscoDuo_CL DuoSecurityAuthentication_CL DuoSecurityTrustMonitor_CL PingFederate PingFederateEvent PingOne_AuditActivitiesV2_CL Auth0AM_CL Auth0Logs_CL Auth0AM OneLogin OneLoginEventsV2_CL OneLogin_CL JumpCloud_CL SailPointIDN_Events_CL SailPointISC_Events_CL SailPointIDN_Triggers_CL CyberArk_AuditEvents_CL RSAIDPlus_AdminLogs_CL SecretServer Delinea ThycoticSecretServer BeyondTrust Authomize_v2_CL datawizaserveraccess_CL StealthTalkAnomalousAuth_CL SilverfortAma", logins()},
		{"BHEAttackPathsData_CL BHEAttackPathsTimelineData_CL BHETierZeroAssets_CL QuestADAudit ManageEngineAD Semperis dsp_parser AlsidForAD AlsidForADLog_CL TenableAD Tenable_ad_CL TenableIE Tenable_IE_CL afad_parser", directory()},
		{"GitHubAuditData GitHubAudit GitHubAuditLogPolling_CL GitHubAuditLogsV2_CL GitHub_CL GitHubRepo GitHubRepoLogs_CL GitHubScanAudit_CL GitHubAdvancedSecurity", service(github)},
		{"GitLabApp GitLabAudit GitLabAccess GitLabAudit_CL GitLabAccess_CL GitLab_CL BitbucketAudit BitbucketAudit_CL Jira_Audit_CL Jira_Audit_v2_CL JiraAudit atlassian_beacon_alerts_CL ConfluenceAudit Confluence_Audit_CL ConfluenceAuditLogs", service("saas:confluence")},
		{"GWorkspace_ReportsAPI_admin_CL GWorkspace_ReportsAPI_calendar_CL GWorkspace_ReportsAPI_drive_CL GWorkspace_ReportsAPI_login_CL GWorkspace_ReportsAPI_mobile_CL GWorkspace_ReportsAPI_token_CL GWorkspace_ReportsAPI_user_accounts_CL GWorkspace_ReportsAPI_groups_CL GWorkspace_ReportsAPI_groups_enterprise_CL GWorkspace_ReportsAPI_chat_CL GWorkspace_ReportsAPI_chrome_CL GWorkspace_ReportsAPI_context_aware_access_CL GWorkspace_ReportsAPI_data_studio_CL GWorkspace_ReportsAPI_gcp_CL GWorkspace_ReportsAPI_gplus_CL GWorkspace_ReportsAPI_jamboard_CL GWorkspace_ReportsAPI_keep_CL GWorkspace_ReportsAPI_meet_CL GWorkspace_ReportsAPI_rules_CL GWorkspace_ReportsAPI_saml_CL GWorkspace_ReportsAPI_access_transparency_CL GWorkspaceActivityReports GoogleWorkspaceReports_CL GoogleWorkspaceReports", gws()},
		{"SlackAudit SlackAudit_CL SlackAuditV2_CL SlackAuditNativePoller_CL", service("saas:slack")},
		{"SalesforceServiceCloud SalesforceServiceCloud_CL SalesforceServiceCloudV2_CL SalesforceServiceCloudV3_CL SalesforceRealTimeEvents", service("saas:salesforce")},
		{"Box BoxEvents BoxEvents_CL BoxEventsV2_CL", service("saas:box")},
		{"ZoomLogs Zoom_CL", service("saas:zoom")},
		{"OnePasswordEventLogs_CL NordPassEventLogs_CL LastPassNativePoller_CL LastPass_BYOC_CL KeeperSecurityEventNewLogs_CL WorkdayActivity ASimWorkday ServiceNow_CL SnowflakeLogin_CL Snowflake_CL Snowflake SnowflakeQuery_CL SnowflakeUsers_CL SnowflakeRoles_CL SnowflakeRoleGrant_CL SnowflakeUserGrant_CL SnowflakeTables_CL SnowflakeLoad_CL SnowflakeMaterializedView_CL SnowflakeTableStorageMetrics_CL DropboxSignLogs BitglassLogs_CL Bitglass TrendMicroCAS TrendMicroCAS_CL ValenceAlert_CL AdaptiveShield_CL AppOmni Obsidian_CL Cognni CognniIncidents_CL TheomAlerts_CL Egnyte_CL MuleSoft_Cloudhub_CL Rubrik_Anomaly_Data_CL Rubrik_Events_Data_CL Rubrik_Ransomware_Data_CL CommvaultAlerts_CL CommvaultAlertsCCF_CL Tailscale_Audit_CL Tailscale_Devices_CL Tailscale_Users_CL CommvaultSecurityIQ_CL Veeam VeeamOneTriggeredAlarms_CL VeeamMalwareEvents_CL VeeamSessions_CL VeeamSecurityComplianceAnalyzer_CL NetBackupAlerts_CL Cohesity_CL HackerViewLog_Azure_1_CL HackerViewLog_AzureV2_CL CBSLog_Azure_1_CL CBSLog_AzureV2_CL QscoutAppEvents_CL Docusign DocuSignSecurityEvents_CL SlashNext SOCPrimeAuditLogs_CL XbowAssets_CL XbowFindings_CL AIShield_CL AIShield Guardian_CL Vaikora_AgentSignals_CL Audit_CL NetcleanIncidents Netclean_Incidents_CL OpenAI_CL ClaudeAudit", service("saas:audit", "saas:application")},
		{"ABNORMAL_SECURITY_THREAT_LOG_CL ABNORMAL_SECURITY_VENDOR_CASE_CL ABNORMAL_SECURITY_ABUSE_MAILBOX_CL ABNORMAL_SECURITY_ATO_CASE_CL ProofpointPOD ProofpointPOD_message_CL ProofpointPOD_maillog_CL ProofpointPODMessage_CL ProofpointPODMailLog_CL maillog_CL message_CL ProofPointTAPMessagesDelivered_CL ProofPointTAPMessagesDeliveredV2_CL ProofPointTAPMessagesBlocked_CL ProofPointTAPMessagesBlockedV2_CL ProofPointTAPClicksPermitted_CL ProofPointTAPClicksPermittedV2_CL ProofPointTAPClicksBlockedV2_CL ProofPointTAPClicksBlocked_CL MimecastSIEM_CL MimecastDLP MimecastAudit_CL MimecastTTPAttachment_CL MimecastTTPImpersonation_CL MimecastTTPUrl_CL Ttp_Attachment_CL Ttp_Impersonation_CL Ttp_Url_CL EgressDefend_CL KnowBe4Defend_CL Armorblox_CL AbnormalThreatMessages_CL ABNORMAL_THREAT_MESSAGES_CL ABNORMAL_CASES_CL AgariApdPolicyLog_CL FilewallExchange_CL FilewallFile_CL RedSiftAuth_CL RedSiftEmailForensics_CL ValimailEnforceEvents_CL CiscoSecureEmail TrendMicroEmail PostfixMail IronscalesEvents Tessian CheckpointHEC_CL VaikoraO365_Quarantine_CL", mail()},
	}
}

func productTables() []row {
	return []row{
		{"SentinelOne SentinelOne_CL SentinelOneThreats_CL SentinelOneAlerts_CL SentinelOneActivities_CL SentinelOneAgents_CL SentinelOneGroups_CL CiscoSecureEndpoint CiscoSecureEndpoint_CL CiscoSecureEndpointEventsV2_CL CiscoSecureEndpointAuditLogsV2_CL CarbonBlackEvents_CL CarbonBlackNotifications_CL CarbonBlack_Alerts_CL CrowdStrikeFalconEventStream CrowdstrikeReplicatorLogs_CL CrowdstrikeReplicatorV2 CrowdStrikeAlerts CrowdStrikeDetections CrowdStrike_Additional_Events_CL CrowdstrikeReplicator TrendMicro_XDR_WORKBENCH_CL TrendMicro_XDR_OAT_CL TrendAI_XDR_WORKBENCH_CL TrendMicroApexOneEvent TrendMicroApexOne TrendMicroDeepSecurity SymantecEndpointProtection SophosEPEvent SophosEP_CL SophosEPEvents_CL eset_CL ESETPROTECT ESETEvent McAfeeEPOEvent McAfeeePO BitDefender_CL MorphisecAlerts_CL CybereasonEvent TaniumThreatResponse_CL TaniumComplyCompliance_CL Cylance_CL Trellix HuntressEvents jamfprotectalerts_CL RedCanaryDetections_CL PaloAltoCortexXDR_Incidents_CL PaloAltoCortexXDR_Alerts_CL FieldEffectAROAlerts_CL Anvilogic_Alerts_CL FireEyeNX FireEyeNXEvent FireEyeHX DeepInstinct WithSecure LimaCharlie_CL", endpoint(procNew, fileNew, fileMod, fileMeta, netConn, moduleLoad, regMod, command)},
		{"jamfprotect_CL jamfprotectunifiedlogs_CL jamfprotecttelemetryv2_CL JamfProtect", Place{Platforms: []string{macOS}, Logs: append(named("macos:endpointsecurity", "macos:unifiedlog"), of(procNew, fileNew)...)}},
		{"LookoutMtdV2_CL Lookout_CL Lookout LookoutEvents Samsung_Knox_System_CL Samsung_Knox_User_CL Samsung_Knox_Process_CL Samsung_Knox_Audit_CL Samsung_Knox_Application_CL Samsung_Knox_Network_CL ZimperiumThreatLog_CL ZimperiumMitigationLog_CL BetterMobileSecurity BetterMTDIncidentLog_CL BetterMTDDeviceLog_CL", Place{Platforms: []string{"Android", "iOS"}, Serves: Several, Logs: of(appLog)}},
		{"QualysHostDetection_CL QualysHostDetectionV2_CL QualysHostDetectionV3_CL Tenable_VM_Vuln_CL TenableVM NexposeInsightVMCloud_vulnerabilities_CL Rapid7_CL InsightVM DynatraceSecurityProblems_CL DynatraceSecurityProblemsV2_CL DynatraceProblems_CL DynatraceProblemsV2_CL CyfirmaVulnerabilities_CL", anywhere(hostStatus, appLog)},
		{"SpyCloudBreachDataWatchlist_CL SpyCloudBreachWatchlistV2_CL PRODAFTUstaCompromisedCredentials_CL PRODAFTUstaCompromisedCards_CL CyfirmaCompromisedAccounts_CL CyfirmaIndicators_CL CyfirmaASOpenPortsAlerts_CL CyfirmaASCertificatesAlerts_CL CyfirmaASCloudWeaknessAlerts_CL CyfirmaASConfigurationAlerts_CL CyfirmaASDomainIPReputationAlerts_CL CyfirmaASDomainIPVulnerabilityAlerts_CL CyfirmaBIDomainITAssetAlerts_CL CyfirmaBIExecutivePeopleAlerts_CL CyfirmaBIMaliciousMobileAppsAlerts_CL CyfirmaBIProductSolutionAlerts_CL CyfirmaBISocialHandlersAlerts_CL CyfirmaDBWMDarkWebAlerts_CL CyfirmaDBWMPhishingAlerts_CL CyfirmaDBWMRansomwareAlerts_CL CyfirmaSPEConfidentialFilesAlerts_CL CyfirmaSPEPIIAndCIIAlerts_CL CyfirmaSPESocialThreatAlerts_CL CyfirmaSPESourceCodeAlerts_CL CybleVisionAlerts_CL DigitalShadows_CL DataminrPulse_Alerts_CL FireworkV2_CL Firework_CL ZeroFoxAlertPoller_CL ZeroFox_CTI_CL SOCRadar_Alarms_CL blacklens_CL TacitRed_Findings_CL VisaThreatIntelligenceIOC_CL RecordedFuturePortalAlerts_CL RecordedFutureIdentity_PlaybookAlertResults_CL RecordedFuturePlaybookAlerts_CL CyberpionActionItems_CL BitSightAlerts_CL BitsightAlerts_data_CL BitSightBreaches_CL BitsightBreaches_data_CL BitSightFindings_CL BitsightFindings_data_CL BitSightCompanyDetails_CL BitsightGraph_data_CL iocalerts_CL HaveIBeenPwned DetectionAlerts_CL D3SOARIncidents_CL", external()},
	}
}

// external is what a service saw of the organisation from outside.
func external() Place {
	return Place{Platforms: []string{"PRE", identity, iaas}, Serves: Any, Logs: append(of("Response Content", "Response Metadata", "Social Media", "Domain Registration", "Active DNS", "Certificate Registration", "Malware Content"), named("Internet Scan")...), Alerts: true}
}

func referenceTables() []row {
	return []row{
		{"ThreatIntelligenceIndicator ThreatIntelIndicators ThreatIntelObjects ThreatIntelligence Watchlist _GetWatchlist GetWatchlist Heartbeat Usage Operation SentinelHealth SentinelAudit LAQueryLogs ComputerGroup externaldata datatable Cyren_Indicators_CL ResourceContainers arg adx _SummarizedLogs", Place{Reference: true}},
	}
}

// normal is a schema of ASIM and what its events are.
type normal struct {
	schema string
	place  Place
}

// normalSchemas are ASIM's schemas: functions and tables of any source begin with
// their names.
func normalSchemas() []normal {
	return []normal{
		{"processcreate", endpoint(procNew, procMeta, command)}, {"processterminat", endpoint(procEnd)}, {"process", endpoint(procNew, procEnd, command)},
		{"fileevent", Place{Platforms: []string{windows, linux, macOS, office, iaas}, Serves: Several, Logs: of(fileNew, fileMod, fileGone, fileRead, storeRead)}},
		{"registry", on(windows, regMod, regNew, regGone)},
		{"networksession", firewall()}, {"websession", firewall()}, {"dns", Place{Serves: Any, Logs: append(named("dns:query"), of(netContent, netFlow)...)}},
		{"dhcp", network(netFlow, netContent)},
		{"authentication", Place{Platforms: []string{identity, windows, linux, saas, iaas, netDevices}, Serves: Any, Logs: append(named(azSignin, security, okta), of(userAuth, logon)...)}},
		{"usermanagement", Place{Platforms: []string{identity, windows, linux, saas, iaas}, Serves: Any, Logs: of(userNew, userMod, userGone, groupMod)}},
		{"auditevent", Place{Platforms: []string{iaas, saas, identity, office, windows}, Serves: Any, Logs: append(named(azActivity, azAudit, cloudTrail), of(appLog, cloudMod)...)}},
		{"alertevent", Place{Serves: Any, Alerts: true}}, {"assetentity", Place{Reference: true}},
	}
}

// normalTables are ASIM's own tables.
func normalTables() []row {
	var out []row
	for _, n := range normalSchemas() {
		out = append(out, row{"ASim" + n.schema + "logs", n.place})
	}
	return append(out, row{"ASimProcessEventLogs", endpoint(procNew, procEnd, command)})
}
