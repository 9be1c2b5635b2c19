package product

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"candor/internal/alert"
	"candor/internal/alert/export"
)

// guardduty reads findings as the service exports them, as its interface lists them and
// as EventBridge carries them.
func guardduty() Product {
	return Product{
		Format: "guardduty", Example: "findings.jsonl.gz", Description: "Amazon GuardDuty findings, JSON, exported, listed, or as events",
		sniff: func(head []byte) bool {
			return export.Contains(head, ":guardduty:") && !export.Has(head, "ProductArn") && (export.Has(head, "schemaVersion") || export.Has(head, "SchemaVersion"))
		},
		read:  readGuardDuty,
		names: map[string]string{"rule_id": "type", "time": "createdAt"},
	}
}

// small gives every name of an object a small first letter: the interface writes them
// with a large one, exports and events do not.
func small(o export.Object) export.Object {
	out := o.Renamed(func(name string) string {
		first, n := utf8.DecodeRuneInString(name)
		if lower := unicode.ToLower(first); lower != first {
			return string(lower) + name[n:]
		}
		return name
	})
	for i := range out {
		out[i].Value = smallValue(out[i].Value)
	}
	return out
}

func smallValue(v export.Value) export.Value {
	if o, is := v.Object(); is {
		return export.ObjectValue(small(o))
	}
	list, is := v.List()
	for i := range list {
		list[i] = smallValue(list[i])
	}
	if is {
		return export.ListValue(list)
	}
	return v
}

func readGuardDuty(r *export.Record) []alert.Draft {
	if !strings.EqualFold(r.Text("detail-type"), "") {
		unwrap(r, "detail")
	}
	r.Object = small(r.Object)
	d := alert.Draft{
		ID: r.Text("id"), RuleID: r.Text("type"), RuleName: r.Text("type"), Time: r.Text("service.eventFirstSeen", "createdAt"), Site: r.Text("accountId"), Severity: r.Text("severity"),
		Source: "Amazon GuardDuty", Entity: attacked(r), Entities: resources(r),
		Fields: r.Fields("id", "arn", "type", "createdAt", "updatedAt", "accountId", "severity", "description", "schemaVersion", "service.evidence"),
	}
	if strings.EqualFold(r.Text("service.archived"), "true") {
		said(&d, alert.Unlabelled, "archived", r.Text("updatedAt"), "")
	}
	return []alert.Draft{d}
}

// resources returns what a finding names: resources, the account of keys, addresses.
func resources(r *export.Record) []alert.Entity {
	return r.Entities(export.Each(alert.Resource, "resource.instanceDetails.instanceId", "resource.eksClusterDetails.name", "resource.ecsClusterDetails.name", "resource.lambdaDetails.functionName",
		"resource.rdsDbInstanceDetails.dbInstanceIdentifier", "resource.s3BucketDetails.name", "resource.containerDetails.name"),
		export.First(alert.Account, "resource.accessKeyDetails", "userName", "principalId"), export.Each(alert.Account, "resource.rdsDbUserDetails.user", "resource.kubernetesDetails.kubernetesUserDetails.username"),
		export.Each(alert.Address, "resource.instanceDetails.networkInterfaces.privateIpAddress", "service.action.awsApiCallAction.remoteIpDetails.ipAddressV4",
			"service.action.networkConnectionAction.remoteIpDetails.ipAddressV4", "service.action.portProbeAction.portProbeDetails.remoteIpDetails.ipAddressV4",
			"service.action.kubernetesApiCallAction.remoteIpDetails.ipAddressV4", "service.action.rdsLoginAttemptAction.remoteIpDetails.ipAddressV4"))
}

// attacked returns the resource that a finding is about.
func attacked(r *export.Record) string {
	return r.Text("resource.instanceDetails.instanceId", "resource.eksClusterDetails.name", "resource.ecsClusterDetails.name", "resource.lambdaDetails.functionName",
		"resource.rdsDbInstanceDetails.dbInstanceIdentifier", "resource.s3BucketDetails.name", "resource.containerDetails.name", "resource.accessKeyDetails.userName",
		"resource.accessKeyDetails.principalId", "resource.accessKeyDetails.accessKeyId")
}

// securityhub reads findings in the AWS Security Finding Format.
func securityhub() Product {
	return Product{
		Format: "securityhub", Example: "findings.json", Description: "AWS Security Hub findings in the Security Finding Format (ASFF), JSON, listed or as events", lists: []string{"findings"}, within: []string{"detail"},
		sniff: func(head []byte) bool {
			return export.Has(head, "ProductArn", "GeneratorId") || export.Has(head, "ProductArn", "AwsAccountId")
		},
		read:  readSecurityHub,
		names: map[string]string{"id": "Id", "rule_id": "GeneratorId", "time": "CreatedAt", "disposition": "VerificationState", "disposition_time": "UpdatedAt"},
	}
}

func readSecurityHub(r *export.Record) []alert.Draft {
	if word := r.Text("Compliance.Status"); word != "" {
		r.Note("results of compliance checks (%s) are no detections and were passed over", word)
		return nil
	}
	rule := r.Text("GeneratorId")
	if strings.Contains(rule, ":guardduty:") { // which names a detector, under which all findings are
		kind := r.Text("Types", "FindingProviderFields.Types")
		kind = kind[strings.Index(kind, "/")+1:]
		rule = kind[strings.Index(kind, "/")+1:]
	}
	d := alert.Draft{
		ID: r.Text("Id"), RuleID: rule, RuleName: r.Text("Title"), Time: r.Text("FirstObservedAt", "CreatedAt"), Site: r.Text("AwsAccountId"), Entity: r.Text("Resources.Id"),
		Severity: r.Text("Severity.Label", "FindingProviderFields.Severity.Label"), Source: cmp.Or(r.Text("ProductName"), "AWS Security Hub"), Techniques: r.Techniques(attacks(r)),
		Fields: r.Fields("Id", "GeneratorId", "Title", "FirstObservedAt", "CreatedAt", "UpdatedAt", "AwsAccountId", "Severity", "ProductName", "Description", "Remediation", "Workflow",
			"WorkflowState", "VerificationState", "SchemaVersion", "FindingProviderFields"),
	}
	for _, o := range r.Objects("Resources") {
		kind := alert.Resource
		switch o.Text("Type") {
		case "AwsIamUser", "AwsIamRole", "AwsIamAccessKey":
			kind = alert.Account
		}
		d.Entities = append(d.Entities, o.Entities(export.Each(kind, "Id"), export.Each(alert.Address, "Details.AwsEc2Instance.IpV4Addresses"))...)
	}
	d.Entities = append(d.Entities, r.Entities(export.Each(alert.Address, "Network.SourceIpV4", "Network.DestinationIpV4", "Action.NetworkConnectionAction.RemoteIpDetails.IpAddressV4",
		"Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4"))...)
	word, status := r.Text("VerificationState"), r.Text("Workflow.Status")
	class, labels := verdict(word)
	switch {
	case word == "UNKNOWN" || word == "":
		word = status
	case !labels:
		r.Note("the state %q is not one of Security Hub's; its alerts were taken as unlabelled", word)
	}
	if !labels && (status == "NEW" || status == "NOTIFIED") {
		class = alert.Open
	}
	if word != "" {
		said(&d, class, word, r.Text("UpdatedAt", "CreatedAt"), r.Text("Note.UpdatedBy"))
	}
	return []alert.Draft{d}
}

// attacks are what the types of a finding name of ATT&CK, if they do.
func attacks(r *export.Record) []string {
	return r.Texts("ProductFields.mitre/technique", "ThreatIntelIndicators.Techniques")
}
