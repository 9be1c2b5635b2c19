package intel

import (
	"io"
	"strconv"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/alert/ocsf"
	"candor/internal/evidence"
	"candor/internal/signal"
)

// OCSF is the name of the format of the Open Cybersecurity Schema Framework.
const OCSF = ocsf.Format

// inventory is the class OSINT Inventory Info, and discovery the category in which some
// producers number it alone.
const (
	inventory = "5021"
	discovery = "5"
)

// SniffOSINT reports whether a file is one of OCSF's open source intelligence.
func SniffOSINT(head []byte, _ string) bool { return export.Has(head, "class_uid", "osint") }

// SniffOCSF reports whether a file is one of OCSF that signals can be read from: open
// source intelligence, or findings.
func SniffOCSF(head []byte, name string) bool {
	return SniffOSINT(head, name) || ocsf.Sniff(head, name)
}

// DecodeOCSF reads records of OCSF: a signal for each indicator of an OSINT Inventory Info,
// and one for each finding, about what the finding is about first. Whoever adds findings
// as signals says that they are no alerts; one that was judged to be false, a test or a
// duplicate is passed over.
func DecodeOCSF(file string, text io.Reader) (evidence.Decoded[signal.Signal], error) {
	return several(file, text, nil, func(r *export.Record) []signal.Signal {
		r.Numbers(time.Millisecond)
		class := r.Text("class_uid")
		if class == inventory || class == strings.TrimPrefix(inventory, discovery+"0") && r.Text("category_uid") == discovery {
			return indicators(r)
		}
		var found []signal.Signal
		for _, d := range ocsf.Read(r) {
			switch alert.Class(d.Disposition) {
			case alert.FalsePositive, alert.Test, alert.Duplicate:
				r.Note("findings that were judged %s were passed over", d.Disposition)
				continue
			}
			s := signal.Signal{ID: d.ID, Entity: d.Entity, Name: d.RuleName, Site: d.Site, Source: d.Source, Techniques: d.Techniques, Tactic: d.Tactic, Fields: d.Fields}
			if s.Time, _ = r.When(d.Time); s.Name == "" {
				s.Name = d.RuleID
			}
			if check(r, &s) {
				found = append(found, s)
			}
		}
		return found
	})
}

// indicators reads what an OSINT Inventory Info is about.
func indicators(r *export.Record) []signal.Signal {
	list := r.Objects("osint")
	if len(list) == 0 {
		r.Fail("osint", "", "is missing, or is no object")
	}
	var found []signal.Signal
	whole := r.Object
	defer func() { r.Object = whole }()
	for _, o := range list {
		if s := osint(r, whole, o); check(r, &s) {
			found = append(found, s)
		}
	}
	return found
}

// osint reads an indicator. It is known since it was created, else uploaded, else since the
// record's own time; one without an identity has that of its type and value.
func osint(r *export.Record, whole, o export.Object) signal.Signal {
	kind := kindOf(o)
	s := signal.Signal{
		ID: o.Text("uid", "external_id"), Entity: o.Text("value"), Name: strings.TrimSpace("indicator " + kind),
		Source: o.Text("vendor_name", "creator.name", "creator.org.name"), Site: whole.Text("metadata.tenant_uid", "cloud.account.uid"),
		Techniques: r.Techniques(ocsf.Techniques(o)), Tactic: o.Text("attacks.tactic.name", "attacks.tactics.name"),
	}
	if s.ID == "" {
		s.ID = kind + "/" + s.Entity
	}
	if about := o.Text("campaign.name", "malware.name", "threat_actor.name", "category"); about != "" {
		s.Name = strings.TrimSuffix(about+": "+kind, ": ")
	}
	if s.Source == "" {
		s.Source = whole.Text("metadata.product.name", "metadata.product.vendor_name")
	}
	if s.Source == "" {
		s.Source = "OCSF"
	}
	r.Object = o
	s.Score = score(r, "risk_score")
	s.Fields = r.Fields("uid", "external_id", "value", "attacks", "risk_score", "vendor_name", "creator", "created_time", "created_time_dt", "desc", "whois")
	if s.Time = r.Time("created_time_dt", "created_time", "uploaded_time_dt", "uploaded_time"); s.Time.IsZero() {
		r.Object = whole
		s.Time = r.Time("time_dt", "time")
	}
	return s
}

// kindOf is the type of an indicator in words: its own, else those of type_id.
func kindOf(o export.Object) string {
	words := [...]string{"", "ip address", "domain", "hostname", "hash", "url", "user agent", "digital certificate", "email", "email address",
		"vulnerability", "file", "registry key", "registry value", "command line"}
	if kind := o.Text("type"); kind != "" {
		return strings.ToLower(kind)
	}
	if n, err := strconv.Atoi(o.Text("type_id")); err == nil && n > 0 && n < len(words) {
		return words[n]
	}
	return ""
}
