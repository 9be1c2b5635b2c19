package sentinel

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
)

// alertColumns are the names of SecurityAlert that are read and those that say
// nothing of an alert.
var alertColumns = [...]string{
	"SystemAlertId", "AlertName", "DisplayName", "AlertSeverity", "AlertType", "ProductName", "CompromisedEntity", "Entities",
	"ExtendedProperties", "Tactics", "Techniques", "SubTechniques", "Status", "Type", "SourceSystem", "WorkspaceSubscriptionId",
	"WorkspaceResourceGroup", "Description", "RemediationSteps", "ExtendedLinks", "AlertLink",
}

func sniffAlerts(head []byte) bool {
	return export.Has(head, "SystemAlertId") || slices.Contains(decode.Columns(head, ','), "systemalertid")
}

// row reads an alert from its row in SecurityAlert. It makes no statement.
func row(r *export.Record) alert.Draft {
	rule, at := raisedBy(r), r.Text("TimeGenerated")
	if _, ok := r.When(at); !ok {
		r.Fail("TimeGenerated", at, decode.TimeHelp)
	}
	if rule == "" {
		r.Fail("AlertType", "", "is empty, and so is AlertName: the alert does not say what raised it")
	}
	return alert.Draft{
		ID: r.Text("SystemAlertId"), RuleID: rule, RuleName: r.Text("AlertName", "DisplayName"), Time: at,
		Site: r.Text("TenantId"), Entity: entity(r), Entities: entities(r), Severity: r.Text("AlertSeverity"),
		Source: cmp.Or(r.Text("ProductName", "ProviderName"), "Microsoft Sentinel"),
		Tactic: strings.TrimSpace(first(r.Text("Tactics"))), Techniques: r.Techniques(export.Narrow(r.Texts("Techniques"), r.Texts("SubTechniques"))),
		Fields: r.Fields(append(columns[:], alertColumns[:]...)...),
	}
}

// raisedBy returns the analytics rule that raised an alert: what the alert says,
// else what its type ends in; of a product whose alerts are taken in, the type is
// the product's own detector.
func raisedBy(r *export.Record) string {
	if all := r.Objects("ExtendedProperties"); len(all) == 1 {
		r.UnfoldIn(all[0], "Analytic Rule Ids")
		if id := all[0].Text("Analytic Rule Ids"); id != "" {
			return lastPart(id)
		}
	}
	kind := r.Text("AlertType")
	if strings.HasSuffix(r.Text("ProductName"), " Sentinel") {
		kind = kind[strings.LastIndexByte(kind, '_')+1:]
	}
	return cmp.Or(kind, r.Text("AlertName", "DisplayName"))
}

// entity returns the host that an alert is about, else the account, else the
// address.
func entity(r *export.Record) string {
	if host := r.Text("CompromisedEntity"); host != "" {
		return host
	}
	for _, kind := range []struct {
		name string
		keys []string
	}{{"host", []string{"HostName", "NetBiosName"}}, {"account", []string{"UserPrincipalName", "Name"}}, {"ip", []string{"Address"}}} {
		for _, e := range r.Objects("Entities") {
			if strings.EqualFold(e.Text("Type"), kind.name) && e.Text(kind.keys...) != "" {
				return e.Text(kind.keys...)
			}
		}
	}
	return ""
}

// entities returns what an alert names among its entities: those that it can be about.
func entities(r *export.Record) (list []alert.Entity) {
	for _, e := range r.Objects("Entities") {
		var is export.Naming
		switch strings.ToLower(e.Text("Type")) {
		case "host":
			is = export.First(alert.Host, "is", "HostName", "NetBiosName")
		case "account":
			is = export.First(alert.Account, "is", "UserPrincipalName", "Name")
		case "ip":
			is = export.First(alert.Address, "is", "Address")
		case "mailbox":
			is = export.First(alert.Mail, "is", "MailboxPrimaryAddress", "Upn")
		case "mailmessage", "mail-message":
			list = append(list, e.Entities(export.Each(alert.Mail, "Recipient", "Sender", "P2Sender", "P1Sender"))...)
			continue
		case "azure-resource", "amazon-resource", "gcp-resource", "azureresource":
			is = export.First(alert.Resource, "is", "ResourceId", "AmazonResourceId", "FullResourceName")
		case "cloud-application":
			is = export.First(alert.Resource, "is", "Name", "InstanceName")
		case "dns", "url":
			is = export.First(alert.OtherEntity, "is", "DomainName", "Url")
		default:
			continue
		}
		list = append(list, export.Object{{Name: "is", Value: export.ObjectValue(e)}}.Entities(is)...)
	}
	return list
}

// first returns what stands before the first comma.
func first(list string) string {
	head, _, _ := strings.Cut(list, ",")
	return head
}
