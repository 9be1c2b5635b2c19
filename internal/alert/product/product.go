// Package product reads the alerts of products whose records say plainly what fired,
// when and on what: each is a row of a table, with how its files are told and how one
// record is read.
//
// It refuses to take a severity, a state of work or what a control did for a statement
// of what an alert was; of closings it reads those that say it. Products whose exports
// have histories or many shapes have packages of their own.
package product

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
)

// Product is a product whose alerts are read.
type Product struct {
	// Format is the name of the format, Description says what its files are, and Example
	// is what one is called.
	Format, Description, Example string

	sniff func(head []byte) bool
	read  func(r *export.Record) []alert.Draft
	unit  time.Duration
	table bool
	// lists and within are where the list of records stands; see export.Format.
	lists, within []string
	names         map[string]string
}

// Products lists the products, in the order in which a file is held against them.
func Products() []Product {
	return []Product{wazuh(), suricata(), zeek(), crowdstrike(), stream(), sentinelone(), guardduty(), securityhub(), qradar(), cortex(), secops(), trend(), guide(), hunting()}
}

// Sniff reports whether a file that begins with head is one of the product's.
func (p *Product) Sniff(head []byte, _ string) bool { return p.sniff(head) }

// Alerts reads the alerts of a file, in its order.
func (p *Product) Alerts(in export.Input) iter.Seq2[*alert.Alert, error] {
	return export.Alerts(in, export.Format{Read: p.read, Unit: p.unit, Table: p.table, Lists: p.lists, Within: p.within, Names: p.names})
}

// said sets what was said of an alert.
func said(d *alert.Draft, c alert.Class, word, at, by string) {
	d.Disposition, d.Word, d.DispositionTime, d.DispositionBy, d.Provenance = string(c), word, at, by, string(alert.Analyst)
}

// squeeze makes the spellings of a word one.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// verdict returns the class of a word that products share, and whether it is one.
func verdict(word string) (alert.Class, bool) {
	switch squeeze(word) {
	case "truepositive":
		return alert.TruePositive, true
	case "falsepositive":
		return alert.FalsePositive, true
	case "benignpositive", "benigntruepositive":
		return alert.BenignPositive, true
	case "duplicate":
		return alert.Duplicate, true
	}
	return alert.Unlabelled, false
}

// unwrap takes the document out of a hit of a search, or the record out of the event
// that carries it, under the first of the names that holds one.
func unwrap(r *export.Record, names ...string) {
	for _, name := range names {
		if docs := r.Objects(name); len(docs) == 1 {
			if id := r.Text("_id"); id != "" && docs[0].Text("id") == "" {
				docs[0].Set("_id", export.TextValue(id))
			}
			r.Object = docs[0]
			return
		}
	}
}

// joined is what names an alert whose product gives it no id of its own: what it says of
// itself that no other says.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "/")
}

// wazuh reads alerts.json of a manager, and hits of its indexer.
func wazuh() Product {
	return Product{
		Format: "wazuh", Example: "alerts.json", Description: "Wazuh alerts, JSON Lines of alerts.json, or hits of the indexer",
		sniff: func(head []byte) bool {
			return export.Has(head, "rule", "level", "agent") && (export.Has(head, "manager") || export.Has(head, "decoder")) && export.Contains(head, `"id"`)
		},
		read:  readWazuh,
		names: map[string]string{"rule_id": "rule.id", "time": "timestamp"},
	}
}

func readWazuh(r *export.Record) []alert.Draft {
	unwrap(r, "_source")
	return []alert.Draft{{
		ID: r.Text("id", "_id"), RuleID: r.Text("rule.id"), RuleName: r.Text("rule.description"), Time: r.Text("timestamp", "@timestamp"),
		Site: r.Text("cluster.name"), Entity: r.Text("agent.name", "agent.ip", "agent.id"), Severity: r.Text("rule.level"), Source: "Wazuh",
		Entities: r.Entities(export.Each(alert.Host, "agent.name"), export.Each(alert.Address, "agent.ip", "data.srcip", "data.dstip"),
			export.Each(alert.Account, "data.dstuser", "data.srcuser", "data.win.eventdata.targetUserName", "data.win.eventdata.subjectUserName")),
		Techniques: r.Techniques(r.Texts("rule.mitre.id")), Tactic: r.Text("rule.mitre.tactic"),
		Fields: r.Fields("id", "_id", "rule.id", "rule.description", "rule.level", "rule.mitre", "timestamp", "@timestamp", "agent.name", "full_log", "cluster.name"),
	}}
}

// suricata reads EVE JSON, whose other events are passed over.
func suricata() Product {
	return Product{
		Format: "suricata", Example: "eve.json", Description: "Suricata EVE JSON, eve.json; its events of other types are passed over",
		sniff: func(head []byte) bool {
			return export.Has(head, "event_type", "timestamp") && (export.Has(head, "signature_id") || export.Has(head, "flow_id"))
		},
		read:  readSuricata,
		names: map[string]string{"rule_id": "alert.signature_id", "time": "timestamp"},
	}
}

func readSuricata(r *export.Record) []alert.Draft {
	unwrap(r, "_source", "suricata.eve")
	if kind := r.Text("event_type"); kind != "alert" {
		r.Note("events of type %q are no alerts and were passed over", kind)
		return nil
	}
	rule := r.Text("alert.signature_id")
	if gid := r.Text("alert.gid"); gid != "" && gid != "1" && rule != "" {
		rule = gid + ":" + rule // that of another generator than the rules
	}
	return []alert.Draft{{
		ID:     joined(r.Text("flow_id"), rule, r.Text("timestamp"), r.Text("src_ip"), r.Text("src_port"), r.Text("dest_ip"), r.Text("dest_port"), r.Text("pcap_cnt"), r.Text("tx_id")),
		RuleID: rule, RuleName: r.Text("alert.signature"), Time: r.Text("timestamp"), Entity: r.Text("alert.target.ip", "dest_ip", "src_ip"),
		Site: r.Text("host"), Severity: r.Text("alert.severity"), Source: "Suricata",
		Entities:   r.Entities(export.Each(alert.Address, "alert.target.ip", "dest_ip", "src_ip")),
		Techniques: r.Techniques(r.Texts("alert.metadata.mitre_technique_id")), Tactic: r.Text("alert.metadata.mitre_tactic_name"),
		Fields: r.Fields("alert.signature_id", "alert.gid", "alert.signature", "alert.severity", "timestamp", "event_type", "payload", "payload_printable", "packet", "packet_info", "host",
			"alert.metadata.mitre_technique_id", "alert.metadata.mitre_tactic_name"),
	}}
}

// zeek reads notice.log, as Zeek writes it and as JSON.
func zeek() Product {
	return Product{
		Format: "zeek", Example: "notice.log", Description: "Zeek notice.log, as Zeek writes it or as JSON", unit: time.Second, table: true,
		sniff: func(head []byte) bool {
			return export.Contains(head, "#path\tnotice") || export.Has(head, "note", "ts", "msg") && (export.Contains(head, "::") || export.Has(head, "_path"))
		},
		read:  readZeek,
		names: map[string]string{"rule_id": "note", "time": "ts"},
	}
}

func readZeek(r *export.Record) []alert.Draft {
	unwrap(r, "_source", "zeek.notice")
	note := r.Text("note")
	return []alert.Draft{{
		ID: joined(r.Text("uid", "fuid"), note, r.Text("ts"), r.Text("src", "id.orig_h"), r.Text("sub")), RuleID: note, RuleName: note, Time: r.Text("ts"),
		Entities: r.Entities(export.Each(alert.Address, "id.resp_h", "dst", "src", "id.orig_h")),
		Entity:   r.Text("id.resp_h", "dst", "src", "id.orig_h"), Site: r.Text("peer_descr", "_system_name"), Source: "Zeek", Fields: r.Fields("note", "ts", "_path", "peer_descr", "_system_name"),
	}}
}

// qradar reads offenses: one alert for each rule that an offense names, of one case.
func qradar() Product {
	return Product{
		Format: "qradar", Example: "offenses.json", Description: "QRadar offenses, JSON: an alert for each rule that an offense names, with the offense as their case", unit: time.Millisecond,
		sniff: func(head []byte) bool {
			return export.Has(head, "offense_source", "start_time") || export.Has(head, "closing_reason_id", "start_time")
		},
		read:  readQRadar,
		names: map[string]string{"time": "start_time", "disposition_time": "close_time", "disposition": "closing_reason"},
	}
}

func readQRadar(r *export.Record) []alert.Draft {
	rules := r.Objects("rules")
	if len(rules) == 0 {
		r.Note("offenses that name no rule were passed over")
		return nil
	}
	d := alert.Draft{
		RuleName: strings.Join(strings.Fields(r.Text("description")), " "), Time: r.Text("start_time"), Entity: r.Text("offense_source"), CaseID: r.Need("id"),
		Severity: r.Text("severity"), Score: r.Text("magnitude"), Source: "QRadar", Site: r.Text("domain_name"),
		Fields: r.Fields("id", "rules", "description", "start_time", "offense_source", "status", "close_time", "closing_user", "severity", "magnitude", "last_persisted_time", "domain_name"),
	}
	d.EntityType = string(sourced(r))
	closing(r, &d)
	if len(rules) > 1 {
		d.RuleName = "" // which of them it describes is not said
	}
	drafts := make([]alert.Draft, len(rules))
	for i, rule := range rules {
		drafts[i] = d
		drafts[i].RuleID = rule.Text("id")
		drafts[i].ID = d.CaseID + "/" + drafts[i].RuleID
	}
	return drafts
}

// sourced is the type of what an offense is indexed by, by the number of its type.
func sourced(r *export.Record) alert.EntityType {
	switch r.Text("offense_type") {
	case "0", "1", "10", "11": // source and destination, of both versions of the protocol
		return alert.Address
	case "3":
		return alert.Account
	case "7":
		return alert.Host
	}
	return alert.EntityOf(alert.Untyped, r.Text("offense_source")).Type
}

// closing reads how an offense was closed. Which number means which reason is a
// console's own matter, so that only a reason by its text says it.
func closing(r *export.Record, d *alert.Draft) {
	status := strings.ToUpper(r.Text("status"))
	if status != "CLOSED" {
		if status != "" {
			said(d, alert.Open, status, r.Text("last_persisted_time", "start_time"), r.Text("assigned_to"))
		}
		return
	}
	class, word := alert.Unlabelled, r.Text("closing_reason", "closing_reason_name", "closing_reason_text")
	switch squeeze(word) {
	case "falsepositive,tuned", "falsepositivetuned", "falsepositive":
		class = alert.FalsePositive
	case "nonissue", "notanissue":
		class = alert.BenignPositive
	case "policyviolation":
		class = alert.TruePositive
	case "":
		r.Note("closing reasons by number mean what each console says, so that closed offenses were taken as unlabelled: add the reason's text as closing_reason")
	default:
		r.Note("the closing reason %q is not one that QRadar brings; its alerts were taken as unlabelled", word)
	}
	said(d, class, cmp.Or(word, joined("CLOSED", r.Text("closing_reason_id"))), r.Text("close_time"), r.Text("closing_user"))
	d.Provenance = string(alert.Incident)
}

// cortex reads alerts and issues of Cortex XDR and XSIAM.
func cortex() Product {
	return Product{
		Format: "cortex", Example: "alerts.json", Description: "Palo Alto Cortex XDR or XSIAM alerts, JSON", unit: time.Millisecond,
		lists: []string{"alerts", "data"}, within: []string{"reply"},
		sniff: func(head []byte) bool {
			return export.Has(head, "detection_timestamp") && (export.Has(head, "alert_id") || export.Has(head, "external_id") || export.Has(head, "matching_status"))
		},
		read:  readCortex,
		names: map[string]string{"id": "alert_id", "rule_id": "matching_service_rule_id", "time": "detection_timestamp", "disposition": "resolution_status", "disposition_time": "last_modified_ts"},
	}
}

func readCortex(r *export.Record) []alert.Draft {
	name := r.Text("name", "alert_name")
	rule := r.Text("matching_service_rule_id")
	if rule == "" && name != "" {
		rule = joined(r.Text("source"), name)
		r.Note("alerts that name no rule were taken as of the rule that their source and name tell")
	}
	d := alert.Draft{
		ID: r.Text("alert_id", "external_id", "id"), RuleID: rule, RuleName: name, Time: r.Text("detection_timestamp"), Entity: r.Text("host_name", "agent_hostname", "user_name", "host_ip"),
		Severity: r.Text("severity"), CaseID: r.Text("case_id"), Source: "Cortex XDR",
		Techniques: r.Techniques(r.Texts("mitre_technique_id_and_name")), Tactic: r.Text("mitre_tactic_id_and_name"),
		Fields: r.Fields("alert_id", "name", "detection_timestamp", "severity", "case_id", "resolution_status", "last_modified_ts", "mitre_technique_id_and_name", "mitre_tactic_id_and_name", "events"),
	}
	d.Entities = r.Entities(export.Each(alert.Host, "host_name", "agent_hostname", "events.agent_hostname"), export.Each(alert.Account, "user_name", "actor_effective_username", "events.user_name"),
		export.Each(alert.Address, "host_ip", "action_local_ip", "action_remote_ip", "events.action_remote_ip"))
	word := r.Text("resolution_status")
	if word == "" {
		return []alert.Draft{d}
	}
	said(&d, resolution(r, word), word, r.Text("last_modified_ts", "local_insert_ts", "detection_timestamp"), r.Text("assigned_user_mail"))
	if strings.Contains(word, "AUTO") {
		d.Provenance = string(alert.Automation)
	}
	return []alert.Draft{d}
}

// resolution returns the class of a status such as STATUS_060_RESOLVED_FALSE_POSITIVE.
func resolution(r *export.Record, word string) alert.Class {
	text := strings.ToUpper(word)
	for _, of := range [...]struct {
		part  string
		class alert.Class
	}{
		{"NEW", alert.Open}, {"UNDER_INVESTIGATION", alert.Open}, {"FALSE_POSITIVE", alert.FalsePositive}, {"TRUE_POSITIVE", alert.TruePositive},
		{"THREAT_HANDLED", alert.TruePositive}, {"HANDLED_THREAT", alert.TruePositive}, {"DUPLICATE", alert.Duplicate}, {"SECURITY_TESTING", alert.Test},
		{"KNOWN_ISSUE", alert.BenignPositive}, {"AUTO", alert.Unlabelled}, {"OTHER", alert.Unlabelled}, {"REOPENED", alert.Open},
	} {
		if strings.Contains(text, of.part) {
			return of.class
		}
	}
	r.Note("the status %q is not one of Cortex XDR's; its alerts were taken as unlabelled", word)
	return alert.Unlabelled
}

// trend reads alerts of Trend Micro's Workbench.
func trend() Product {
	return Product{
		Format: "trendmicro", Example: "alerts.json", Description: "Trend Micro Vision One Workbench alerts, JSON", lists: []string{"items"},
		sniff: func(head []byte) bool {
			return export.Has(head, "impactScope") && export.Has(head, "createdDateTime") || export.Has(head, "alertProvider", "modelId") || export.Has(head, "investigationStatus", "workbenchLink")
		},
		read:  readTrend,
		names: map[string]string{"rule_id": "modelId", "time": "createdDateTime", "disposition": "investigationResult", "disposition_time": "updatedDateTime"},
	}
}

func readTrend(r *export.Record) []alert.Draft {
	d := alert.Draft{
		ID: r.Text("id"), RuleID: r.Text("modelId", "model"), RuleName: r.Text("model"), Time: r.Text("createdDateTime"), Severity: r.Text("severity"), Score: r.Text("score"),
		CaseID: r.Text("incidentId", "caseId"), Source: "Trend Micro Vision One", Techniques: r.Techniques(r.Texts("matchedRules.matchedFilters.mitreTechniqueIds")), Entity: scope(r),
		Fields: r.Fields("id", "modelId", "model", "createdDateTime", "updatedDateTime", "severity", "score", "matchedRules", "impactScope", "indicators", "description", "workbenchLink",
			"status", "investigationStatus", "investigationResult"),
	}
	for _, e := range r.Objects("impactScope.entities") {
		kind, known := alert.ParseEntityType(strings.TrimPrefix(e.Text("entityType"), "cloud"))
		if !known {
			kind = alert.Untyped
		}
		d.Entities = append(d.Entities, alert.EntityOf(kind, e.Text("entityValue.name", "entityValue")))
		d.Entities = append(d.Entities, e.Entities(export.Each(alert.Address, "entityValue.ips"))...)
	}
	status, result := r.Text("status", "investigationStatus"), r.Text("investigationResult", "investigationStatus")
	class, labels := verdict(result)
	switch squeeze(status) {
	case "open", "new", "inprogress":
		if !labels {
			class = alert.Open
		}
	}
	if word := cmp.Or(result, status); word != "" {
		said(&d, class, word, r.Text("updatedDateTime", "createdDateTime"), r.Text("ownerIds"))
	}
	return []alert.Draft{d}
}

// scope returns the host that an alert is about, else the account, else what is named first.
func scope(r *export.Record) string {
	all := r.Objects("impactScope.entities")
	for _, kind := range []string{"host", "account", "emailAddress", ""} {
		for _, e := range all {
			if kind == "" || e.Text("entityType") == kind {
				if name := e.Text("entityValue.name", "entityValue"); name != "" {
					return name
				}
			}
		}
	}
	return ""
}

// secops reads alerts and detections of Google Security Operations.
func secops() Product {
	return Product{
		Format: "secops", Example: "alerts.json", Description: "Google SecOps (Chronicle) alerts or detections of rules, JSON", lists: []string{"detections", "alerts"}, within: []string{"alerts"},
		sniff: func(head []byte) bool {
			return export.Has(head, "detection", "ruleId", "ruleName") || export.Contains(head, "RULE_DETECTION")
		},
		read:  readSecOps,
		names: map[string]string{"rule_id": "detection.ruleId", "time": "detectionTime", "disposition": "feedbackSummary.verdict"},
	}
}

func readSecOps(r *export.Record) []alert.Draft {
	rules := r.Objects("detection")
	if len(rules) == 0 {
		r.Note("records without a detection are no alerts and were passed over")
		return nil
	}
	rule := rules[0]
	var techniques, tactics []string
	for _, l := range rule.Objects("ruleLabels") {
		switch key := squeeze(l.Text("key")); {
		case strings.Contains(key, "technique"), key == "mitreattack", key == "mitreattackid":
			techniques = append(techniques, l.Text("value"))
		case strings.Contains(key, "tactic"):
			tactics = append(tactics, l.Text("value"))
		}
	}
	d := alert.Draft{
		ID: r.Text("id"), RuleID: rule.Text("ruleId", "ruleName"), RuleName: rule.Text("ruleName"), Time: r.Text("detectionTime", "timeWindow.endTime", "createdTime"),
		Severity: rule.Text("severity"), Score: rule.Text("riskScore"), CaseID: r.Text("caseName"), Source: "Google SecOps", Techniques: r.Techniques(techniques), Tactic: strings.Join(tactics, ", "),
		Entity: asset(r, rule),
		Fields: r.Fields("id", "detection", "detectionTime", "timeWindow", "createdTime", "collectionElements", "feedbackSummary", "feedbackHistory", "caseName"),
	}
	d.Entities = assets(r, rule)
	feedback(r, &d)
	return []alert.Draft{d}
}

// feedback reads what was said of a detection.
func feedback(r *export.Record, d *alert.Draft) {
	word, status := r.Text("feedbackSummary.verdict", "feedback.verdict"), r.Text("feedbackSummary.status", "feedback.status")
	class, labels := verdict(word)
	switch {
	case strings.HasSuffix(word, "UNSPECIFIED") && status == "", word == "" && status == "":
		return
	case !labels && status != "" && !strings.EqualFold(status, "closed"):
		class = alert.Open
	}
	if !labels {
		word = status
	}
	said(d, class, word, r.Text("feedbackSummary.updateTime", "feedback.createTime", "feedbackSummary.createdTime", "createdTime"), r.Text("feedbackSummary.idpUserId", "feedback.idpUserId"))
}

// assets returns what a detection groups by, and what its events name.
func assets(r *export.Record, rule export.Object) []alert.Entity {
	list := grouped(rule)
	for _, side := range [...]string{"principal.", "target."} {
		at := "collectionElements.references.event." + side
		list = append(list, r.Entities(export.Each(alert.Host, at+"hostname"), export.First(alert.Account, at+"user", "userid", "emailAddresses"), export.Each(alert.Address, at+"ip"),
			export.First(alert.Resource, at+"resource", "name", "productObjectId"))...)
	}
	return list
}

// grouped returns what a detection groups by: hosts, then accounts, then addresses.
func grouped(rule export.Object) (list []alert.Entity) {
	for _, kind := range [...]struct {
		of   alert.EntityType
		keys []string
	}{{alert.Host, []string{"hostname", "host", "asset"}}, {alert.Account, []string{"user", "userid", "account", "email"}}, {alert.Address, []string{"ip", "ipaddress"}}} {
		for _, f := range rule.Objects("detectionFields") {
			key := squeeze(f.Text("key"))
			if v := f.Text("value"); v != "" && slices.ContainsFunc(kind.keys, func(k string) bool { return strings.HasSuffix(key, k) }) {
				list = append(list, alert.EntityOf(kind.of, v))
			}
		}
	}
	return list
}

// asset returns the host that a detection groups by, else the account, else the address.
func asset(r *export.Record, rule export.Object) string {
	if list := grouped(rule); len(list) > 0 {
		return list[0].Name
	}
	return r.Text("collectionElements.references.event.principal.hostname", "collectionElements.references.event.principal.user.userid",
		"collectionElements.references.event.principal.ip", "collectionElements.references.event.target.hostname")
}

// guide reads the data set GUIDE of Microsoft: a row for each piece of evidence.
func guide() Product {
	return Product{
		Format: "guide", Example: "GUIDE_Train.csv", Description: "Microsoft's GUIDE data set of graded incidents, CSV", table: true,
		sniff: func(head []byte) bool { return export.Contains(head, "OrgId", "DetectorId", "IncidentGrade") },
		read:  readGuide,
		names: map[string]string{"id": "AlertId", "rule_id": "DetectorId", "time": "Timestamp", "disposition": "IncidentGrade"},
	}
}

func readGuide(r *export.Record) []alert.Draft {
	org := r.Text("orgid")
	if r.Text("alertid") == "" || r.Text("detectorid") == "" {
		r.Fail("alertid", r.Text("alertid"), "is empty, or DetectorId is")
	}
	d := alert.Draft{
		ID: org + "/" + r.Text("alertid"), RuleID: r.Text("detectorid"), RuleName: r.Text("alerttitle"), Time: r.Text("timestamp"), Site: org, Source: "GUIDE",
		CaseID: joined(org, r.Text("incidentid")), Tactic: r.Text("category"), Techniques: r.Techniques(strings.Split(r.Text("mitretechniques"), ";")),
	}
	switch r.Text("entitytype") { // which rows of an alert name what it is about
	case "Machine":
		d.Entity, d.EntityType = "device "+r.Text("deviceid"), string(alert.Host)
	case "User":
		if r.Text("evidencerole") == "Impacted" {
			d.Entity, d.EntityType = "account "+r.Text("accountupn", "accountsid"), string(alert.Account)
		}
	}
	if word := r.Text("incidentgrade"); word != "" {
		class, ok := verdict(word)
		if !ok {
			r.Note("the grade %q is not one of GUIDE's; its alerts were taken as unlabelled", word)
		}
		said(&d, class, word, d.Time, "")
		d.Provenance = string(alert.Incident)
	}
	return []alert.Draft{d}
}

// hunting reads the stream of Defender XDR's tables of alerts.
func hunting() Product {
	return Product{
		Format: "defender-stream", Example: "insights.json", Description: "Microsoft Defender XDR's stream, or rows of AlertInfo and AlertEvidence, JSON", lists: []string{"records"},
		sniff: func(head []byte) bool {
			return export.Contains(head, "AdvancedHunting-Alert") || export.Has(head, "AlertId", "ServiceSource", "DetectionSource")
		},
		read:  readHunting,
		names: map[string]string{"id": "AlertId", "rule_id": "Title", "time": "Timestamp"},
	}
}

// account names the account of a row, by its best name.
func account(r *export.Record) export.Naming {
	if r.Text("AccountUpn") != "" {
		return export.Each(alert.Account, "AccountUpn")
	}
	return export.Each(alert.Account, "AccountName")
}

func readHunting(r *export.Record) []alert.Draft {
	site, table := r.Text("tenantId"), r.Text("category")
	if strings.HasPrefix(table, "AdvancedHunting-") && table != "AdvancedHunting-AlertInfo" && table != "AdvancedHunting-AlertEvidence" {
		r.Note("rows of %s are no alerts and were passed over", table)
		return nil
	}
	unwrap(r, "properties")
	r.Unfold("AttackTechniques", "Categories")
	title := r.Text("Title")
	if title == "" && r.Text("EntityType") != "" {
		r.Note("rows of AlertEvidence that do not say which alert they are of, as older ones, were passed over")
		return nil
	}
	if title == "" {
		r.Fail("Title", "", "is missing or empty")
	}
	return []alert.Draft{{
		ID: r.Text("AlertId"), RuleID: joined(r.Text("DetectionSource", "ServiceSource"), title), RuleName: title, Time: r.Text("Timestamp"), Site: site,
		Entity: r.Text("DeviceName", "AccountUpn", "AccountName"), Severity: strings.ToLower(r.Text("Severity")), Tactic: r.Text("Category", "Categories"), Source: "Microsoft Defender",
		Entities: r.Entities(export.Each(alert.Host, "DeviceName"), account(r),
			export.Each(alert.Address, "RemoteIP", "LocalIP"), export.Each(alert.Resource, "CloudResource"), export.Each(alert.OtherEntity, "RemoteUrl")),
		Techniques: r.Techniques(r.Texts("AttackTechniques")),
		Fields:     r.Fields("AlertId", "Title", "Timestamp", "Severity", "Category", "Categories", "AttackTechniques", "DeviceName", "AccountUpn", "AdditionalFields"),
	}}
}
