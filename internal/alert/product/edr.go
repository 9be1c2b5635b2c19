package product

import (
	"cmp"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
)

// crowdstrike reads alerts and detections of Falcon.
func crowdstrike() Product {
	return Product{
		Format: "crowdstrike", Example: "alerts.json", Description: "CrowdStrike Falcon alerts or detections, JSON", lists: []string{"resources"},
		sniff: func(head []byte) bool {
			return export.Has(head, "composite_id") && export.Has(head, "created_timestamp") || export.Has(head, "detection_id", "behaviors")
		},
		read:  readFalcon,
		names: map[string]string{"id": "composite_id", "rule_id": "pattern_id", "time": "timestamp", "disposition": "resolution", "disposition_time": "updated_timestamp"},
	}
}

func readFalcon(r *export.Record) []alert.Draft {
	if r.Text("detection_id") != "" && len(r.Objects("behaviors")) > 0 {
		return []alert.Draft{detection(r)}
	}
	d := alert.Draft{
		ID: r.Text("composite_id", "id"), RuleID: r.Text("pattern_id", "name", "display_name"), RuleName: r.Text("display_name", "name"), Time: r.Text("timestamp", "created_timestamp"),
		Site: r.Text("cid"), Entity: r.Text("device.hostname", "hostname", "user_name", "source_account_name", "agent_id"), Severity: r.Text("severity_name", "severity"),
		CaseID: r.Text("incident.id", "case_id"), Tactic: r.Text("tactic"), Source: "CrowdStrike Falcon", Techniques: r.Techniques(known(r.Texts("technique_id", "mitre_attack.technique_id"))),
		Fields: r.Fields("composite_id", "id", "pattern_id", "display_name", "name", "timestamp", "created_timestamp", "updated_timestamp", "cid", "severity_name", "severity", "tactic", "tactic_id",
			"technique_id", "mitre_attack", "status", "resolution", "device", "parent_details", "grandparent_details", "description", "assigned_to_name", "assigned_to_uid"),
	}
	d.Entities = r.Entities(export.Each(alert.Host, "device.hostname", "hostname", "source_endpoint_host_name", "target_endpoint_host_name"),
		export.Each(alert.Account, "user_name", "source_account_name", "target_account_name"), export.Each(alert.Address, "device.local_ip", "local_ip", "source_endpoint_address_ip4"))
	falcon(r, &d, r.Text("resolution"), r.Text("updated_timestamp"))
	return []alert.Draft{d}
}

// known leaves out CrowdStrike's own numbers of techniques, CST0001, which are none of
// ATT&CK's.
func known(ids []string) []string {
	var out []string
	for _, id := range ids {
		if !strings.HasPrefix(strings.ToUpper(id), "CST") {
			out = append(out, id)
		}
	}
	return out
}

// detection reads a detection, which is of its first behaviour's pattern.
func detection(r *export.Record) alert.Draft {
	first := r.Objects("behaviors")[0]
	d := alert.Draft{
		ID: r.Text("detection_id"), RuleID: first.Text("pattern_id", "display_name", "scenario", "behavior_id"), RuleName: first.Text("display_name", "scenario"),
		Time: r.Text("first_behavior", "created_timestamp"), Site: r.Text("cid"), Entity: cmp.Or(r.Text("device.hostname"), first.Text("user_name")), Severity: r.Text("max_severity_displayname", "max_severity"),
		Tactic: first.Text("tactic"), Source: "CrowdStrike Falcon", Techniques: r.Techniques(known(r.Texts("behaviors.technique_id"))),
		Fields: r.Fields("detection_id", "behaviors", "behaviors_processed", "device", "created_timestamp", "first_behavior", "last_behavior", "date_updated", "max_severity_displayname",
			"max_severity", "status", "assigned_to_name", "assigned_to_uid", "cid", "hostinfo"),
	}
	d.Entities = r.Entities(export.Each(alert.Host, "device.hostname"), export.Each(alert.Account, "behaviors.user_name"), export.Each(alert.Address, "device.local_ip"))
	falcon(r, &d, "", r.Text("date_updated"))
	return d
}

// falcon reads what was said: by a resolution, or in older records by the status itself.
func falcon(r *export.Record, d *alert.Draft, resolution, at string) {
	status := r.Text("status")
	if status == "" && resolution == "" {
		return
	}
	class, labels := verdict(cmp.Or(resolution, status))
	switch squeeze(status) {
	case "new", "inprogress", "reopened":
		if !labels {
			class = alert.Open
		}
	}
	said(d, class, cmp.Or(resolution, status), at, r.Text("assigned_to_name", "assigned_to_uid"))
}

// stream reads the event stream of Falcon.
func stream() Product {
	return Product{
		Format: "crowdstrike-stream", Example: "events.json", Description: "CrowdStrike Falcon event stream, JSON Lines; its events of other types are passed over", unit: time.Millisecond,
		sniff: func(head []byte) bool {
			return export.Has(head, "metadata", "eventType", "event") || export.Contains(head, "DetectionSummaryEvent")
		},
		read:  readStream,
		names: map[string]string{"id": "event.CompositeId", "rule_id": "event.PatternId", "time": "event.ProcessStartTime"},
	}
}

func readStream(r *export.Record) []alert.Draft {
	kind := r.Text("metadata.eventType")
	if !strings.HasSuffix(kind, "DetectionSummaryEvent") {
		r.Note("events of type %q are no alerts and were passed over", kind)
		return nil
	}
	at := r.Text("event.ProcessStartTime", "event.ContextTimeStamp", "event.StartTime")
	if at == "" || at == "0" {
		at = r.Text("metadata.eventCreationTime")
	}
	return []alert.Draft{{
		ID: r.Text("event.CompositeId", "event.DetectId", "event.DetectionId"), RuleID: r.Text("event.PatternId", "event.MitreAttack.PatternID", "event.Name", "event.DetectName"),
		RuleName: r.Text("event.Name", "event.DetectName"), Time: at, Site: r.Text("metadata.customerIDString"), Entity: r.Text("event.Hostname", "event.ComputerName", "event.UserName", "event.SourceAccountName"),
		Severity: r.Text("event.SeverityName", "event.Severity"), Tactic: r.Text("event.Tactic", "event.MitreAttack.Tactic"), Source: "CrowdStrike Falcon",
		Entities: r.Entities(export.Each(alert.Host, "event.Hostname", "event.ComputerName", "event.SourceEndpointHostName", "event.TargetEndpointHostName"),
			export.Each(alert.Account, "event.UserName", "event.SourceAccountName", "event.TargetAccountName"), export.Each(alert.Address, "event.LocalIP", "event.SourceEndpointIpAddress")),
		Techniques: r.Techniques(known(r.Texts("event.MitreAttack.TechniqueID"))),
		Fields: r.Fields("metadata", "event.CompositeId", "event.PatternId", "event.Name", "event.DetectName", "event.ProcessStartTime", "event.SeverityName", "event.Severity", "event.Tactic",
			"event.MitreAttack", "event.FalconHostLink", "event.DetectDescription", "event.Description"),
	}}
}

// sentinelone reads threats.
func sentinelone() Product {
	return Product{
		Format: "sentinelone", Example: "threats.json", Description: "SentinelOne threats, JSON", lists: []string{"data"},
		sniff: func(head []byte) bool { return export.Has(head, "threatInfo") },
		read:  readThreat,
		names: map[string]string{"rule_id": "threatInfo.detectionEngines", "time": "threatInfo.identifiedAt", "disposition": "threatInfo.analystVerdict", "disposition_time": "threatInfo.updatedAt"},
	}
}

func readThreat(r *export.Record) []alert.Draft {
	engine := cmp.Or(strings.Join(r.Texts("threatInfo.detectionEngines.key"), "+"), strings.Join(r.Texts("threatInfo.engines"), "+"), r.Text("threatInfo.detectionType"))
	kind := r.Text("threatInfo.classification")
	r.Note("threats name no rule: they were taken as of the rule that their engine and classification tell")
	d := alert.Draft{
		ID: r.Text("id", "threatInfo.threatId"), RuleID: joined(engine, kind), RuleName: joined(strings.Join(r.Texts("threatInfo.detectionEngines.title"), ", "), kind),
		Time: r.Text("threatInfo.identifiedAt", "threatInfo.createdAt"), Site: r.Text("agentDetectionInfo.siteName", "agentRealtimeInfo.siteName"),
		Entity: r.Text("agentRealtimeInfo.agentComputerName", "agentDetectionInfo.agentLastLoggedInUserName"), Severity: r.Text("threatInfo.confidenceLevel"), Source: "SentinelOne",
		Entities: r.Entities(export.Each(alert.Host, "agentRealtimeInfo.agentComputerName"), export.Each(alert.Account, "agentDetectionInfo.agentLastLoggedInUserName", "threatInfo.processUser"),
			export.Each(alert.Address, "agentDetectionInfo.agentIpV4", "agentDetectionInfo.externalIp")),
		Techniques: r.Techniques(r.Texts("indicators.tactics.techniques.name")), Tactic: r.Text("indicators.tactics.name"),
		Fields: r.Fields("id", "agentDetectionInfo", "agentRealtimeInfo", "indicators", "mitigationStatus", "whiteningOptions", "threatInfo.threatId", "threatInfo.identifiedAt", "threatInfo.createdAt",
			"threatInfo.updatedAt", "threatInfo.analystVerdict", "threatInfo.analystVerdictDescription", "threatInfo.incidentStatus", "threatInfo.incidentStatusDescription", "threatInfo.detectionEngines", "threatInfo.engines"),
	}
	word, status := r.Text("threatInfo.analystVerdict"), r.Text("threatInfo.incidentStatus")
	class, labels := verdict(word)
	if !labels && status != "" && status != "resolved" {
		class = alert.Open
	}
	if word == "undefined" || word == "" {
		word = status
	}
	if word != "" {
		said(&d, class, word, r.Text("threatInfo.updatedAt", "threatInfo.createdAt"), "")
	}
	return []alert.Draft{d}
}
