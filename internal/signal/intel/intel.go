// Package intel reads signals from what those who share indicators write: events of MISP,
// indicators of STIX 2, open source intelligence of OCSF, and tables of indicators.
//
// An indicator is a signal about the address, name or account that it is of: somebody has
// seen it elsewhere. The package refuses to read one that has been revoked, and what its
// author does not mean for detection.
package intel

import (
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/signal"
)

// The names of the formats.
const (
	MISP       = "misp"
	STIX       = "stix-indicators"
	Indicators = "indicators-csv"
)

// SniffMISP reports whether a file is one of events of MISP.
func SniffMISP(head []byte, _ string) bool {
	return export.Has(head, "Event", "Attribute") || export.Has(head, "Event", "threat_level_id") || export.Has(head, "Attribute", "to_ids")
}

// SniffSTIX reports whether a file is a bundle with indicators.
func SniffSTIX(head []byte, _ string) bool {
	return export.Contains(head, `indicator--`) && export.Has(head, "pattern")
}

// SniffIndicators reports whether a file is a table of indicators.
func SniffIndicators(head []byte, _ string) bool {
	columns := decode.Columns(head, ',')
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(columns, n) })
	}
	return has(values[:]...) && has(kinds[:]...) && has(times[:]...) && !has("rule_id", "entity")
}

// The columns of tables of indicators, by what they hold.
var (
	values = [...]string{"indicator", "ioc", "ioc_value", "indicator_value", "value"}
	kinds  = [...]string{"type", "indicator_type", "ioc_type"}
	times  = [...]string{"first_seen", "first_seen_utc", "valid_from", "date", "time", "timestamp", "created", "last_seen"}
)

// several reads records each of which may hold several signals.
func several(file string, text io.Reader, lists []string, read func(*export.Record) []signal.Signal) (evidence.Decoded[signal.Signal], error) {
	all, err := export.CollectLists(file, text, lists, func(r *export.Record) ([]signal.Signal, bool) {
		found := read(r)
		return found, len(found) > 0
	})
	out := evidence.Decoded[signal.Signal]{Rejects: all.Rejects, Warnings: all.Warnings}
	for _, found := range all.Records {
		out.Records = append(out.Records, found...)
	}
	return out, err
}

// check says what is wrong with a signal, if anything is.
func check(r *export.Record, s *signal.Signal) bool {
	for _, f := range [...][2]string{{"id", s.ID}, {"value", s.Entity}, {"name", s.Name}} {
		if f[1] == "" {
			r.Fail(f[0], "", "is missing or empty")
		}
	}
	if s.Time.IsZero() {
		r.Fail("time", "", "is missing: since when it is known")
	}
	return !r.Refused()
}

// DecodeMISP reads events of MISP: a signal for each attribute that is meant for
// detection, those of objects included. Tags rate the source (admiralty-scale) and name
// techniques (galaxies of ATT&CK).
func DecodeMISP(file string, text io.Reader) (evidence.Decoded[signal.Signal], error) {
	return several(file, text, []string{"response"}, func(r *export.Record) []signal.Signal {
		if events := r.Objects("Event"); len(events) == 1 {
			r.Object = events[0]
		}
		event := r.Object
		defer func() { r.Object = event }()
		r.Numbers(time.Second)
		var found []signal.Signal
		for _, a := range append(event.Objects("Attribute"), event.Objects("Object.Attribute")...) {
			if !strings.EqualFold(a.Text("to_ids"), "true") && a.Text("to_ids") != "1" {
				r.Note("attributes that are not meant for detection (to_ids) were passed over")
				continue
			}
			if strings.EqualFold(a.Text("deleted"), "true") {
				r.Note("attributes that were deleted were passed over")
				continue
			}
			if s := attribute(r, event, a); check(r, &s) {
				found = append(found, s)
			}
		}
		return found
	})
}

func attribute(r *export.Record, event, a export.Object) signal.Signal {
	r.Object = a
	at := r.Time("first_seen", "timestamp")
	r.Object = event
	if at.IsZero() {
		at = r.Time("timestamp", "date")
	}
	source := event.Text("Orgc.name", "Org.name")
	if source == "" {
		source = "MISP"
	}
	info := event.Text("info")
	s := signal.Signal{
		ID: a.Text("uuid", "id"), Time: at, Entity: a.Text("value"), Name: strings.TrimPrefix(info+": "+a.Text("type"), ": "), Source: source,
		Fields: map[string]string{"type": a.Text("type"), "category": a.Text("category"), "event": event.Text("uuid", "id")},
	}
	maps.DeleteFunc(s.Fields, func(_, v string) bool { return v == "" })
	for _, tag := range append(a.Texts("Tag.name"), event.Texts("Tag.name")...) {
		name, value, _ := strings.Cut(tag, "=")
		value = strings.ToUpper(strings.Trim(value, `"`))
		switch {
		case name == "admiralty-scale:source-reliability" && s.Reliability == "" && len(value) == 1 && value >= "A" && value <= "F":
			s.Reliability = value
		case name == "admiralty-scale:information-credibility" && s.Credibility == 0:
			if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= 6 {
				s.Credibility = n
			}
		case strings.Contains(name, "mitre-") && strings.Contains(name, "attack-pattern"):
			for _, id := range r.Techniques([]string{value}) {
				if !slices.Contains(s.Techniques, id) {
					s.Techniques = append(s.Techniques, id)
				}
			}
		}
	}
	return s
}

// compared finds what a pattern compares with: the texts behind =, LIKE and MATCHES, and
// those IN a set.
var compared = regexp.MustCompile(`(?:=|\bIN\s*\(|,)\s*'((?:[^'\\]|\\.)*)'`)

// DecodeSTIX reads the indicators of STIX bundles: a signal for each value that the
// pattern compares with. Objects of other types are passed over.
func DecodeSTIX(file string, text io.Reader) (evidence.Decoded[signal.Signal], error) {
	return several(file, text, []string{"objects"}, func(r *export.Record) []signal.Signal {
		switch {
		case r.Text("type") != "indicator":
			r.Note("objects of type %q are no indicators and were passed over", r.Text("type"))
			return nil
		case r.Text("revoked") == "true":
			r.Note("indicators that were revoked were passed over")
			return nil
		}
		var found []signal.Signal
		id, name := r.Text("id"), r.Text("name")
		if name == "" {
			name = "indicator"
		}
		var entities []string
		for _, m := range compared.FindAllStringSubmatch(r.Text("pattern"), -1) {
			if v := strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(m[1]); !slices.Contains(entities, v) {
				entities = append(entities, v)
			}
		}
		if len(entities) == 0 {
			r.Fail("pattern", r.Text("pattern"), "compares with no text that could be whom it is about; only patterns of STIX are read")
		}
		for i, e := range entities {
			s := signal.Signal{ID: id, Time: r.Time("valid_from", "created"), Entity: e, Name: name, Source: r.Text("created_by_ref"), Score: score(r, "confidence"),
				Fields: r.Fields("id", "type", "spec_version", "name", "valid_from", "created", "modified", "created_by_ref", "confidence", "description", "object_marking_refs")}
			if i > 0 {
				s.ID += "/" + strconv.Itoa(i+1)
			}
			if s.Source == "" {
				s.Source = "STIX"
			}
			if check(r, &s) {
				found = append(found, s)
			}
		}
		return found
	})
}

func score(r *export.Record, path string) *float64 {
	n, err := strconv.ParseFloat(r.Text(path), 64)
	if err != nil || n != n || n > 1e300 || n < -1e300 {
		return nil
	}
	return &n
}

// DecodeIndicators reads a table of indicators: a column for the indicator, its type and
// since when it is known, and others that are kept as fields.
func DecodeIndicators(file string, text io.Reader) (evidence.Decoded[signal.Signal], error) {
	return several(file, text, nil, func(r *export.Record) []signal.Signal {
		value, kind := r.Text(values[:]...), r.Text(kinds[:]...)
		s := signal.Signal{ID: kind + "/" + value, Time: r.Time(times[:]...), Entity: value, Name: r.Text("threat", "malware", "threat_type", "description", "name"),
			Source: r.Text("source", "reporter", "provider"), Techniques: r.Techniques(r.Texts("techniques", "mitre")), Score: score(r, "confidence"),
			Fields: r.Fields(append(append(slices.Clone(values[:]), times[:]...), "source", "techniques", "confidence")...)}
		if s.Name == "" {
			s.Name = "indicator " + kind
		}
		if !check(r, &s) {
			return nil
		}
		return []signal.Signal{s}
	})
}
