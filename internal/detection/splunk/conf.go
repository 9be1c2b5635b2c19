package splunk

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// isConf reports whether a file is settings of saved searches: by its name, or because
// a stanza has what these have.
func isConf(head []byte, name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	if strings.HasSuffix(name, "savedsearches.conf") {
		return true
	}
	head = bytes.TrimLeft(head, "\ufeff \t\r\n")
	stanza := bytes.HasPrefix(head, []byte("[")) || bytes.Contains(head, []byte("\n["))
	if !stanza || !bytes.Contains(head, []byte("\nsearch =")) && !bytes.Contains(head, []byte("\nsearch=")) {
		return false
	}
	for _, key := range []string{"\ncron_schedule", "\nenableSched", "\naction.", "\nalert."} {
		if bytes.Contains(head, []byte(key)) {
			return true
		}
	}
	return false
}

// stanza is a saved search as settings have it.
type stanza struct {
	name   string
	line   int
	values map[string]string
}

// conf reads the saved searches of a file of settings. What neither raises anything
// nor names a technique is no rule.
func conf(name string, data []byte) evidence.Decoded[detection.Rule] {
	var out evidence.Decoded[detection.Rule]
	if !utf8.Valid(data) {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Reason: "not UTF-8"})
		return out
	}
	var plain, partial passed
	seen := map[string]int{}
	for _, s := range stanzas(name, string(data), &out) {
		r := s.rule(name, func(text string) { out.Warnings = append(out.Warnings, fmt.Sprintf("%s:%d: %s", name, s.line, text)) })
		_, own := s.values["search"]
		switch i, again := seen[s.name]; {
		case !own:
			partial.note(s.line)
		case len(r.Techniques) == 0 && (r.Role == detection.Report || !s.detects()):
			plain.note(s.line)
		case again:
			out.Records[i] = r // a later stanza of one name is the one in force
		default:
			seen[s.name] = len(out.Records)
			out.Records = append(out.Records, r)
		}
	}
	plain.tell(&out, name, "without an alert and a technique")
	partial.tell(&out, name, "without a search: settings that change those of another file; add what \"splunk btool savedsearches list\" prints, which has both together")
	if len(out.Records)+len(out.Rejects)+len(out.Warnings) == 0 {
		out.Warnings = append(out.Warnings, name+":1: the file has no saved search")
	}
	return out
}

// passed counts stanzas that are passed over.
type passed struct{ n, first int }

func (p *passed) note(line int) {
	if p.n++; p.n == 1 {
		p.first = line
	}
}

func (p *passed) tell(out *evidence.Decoded[detection.Rule], name, why string) {
	searches := "saved searches"
	if p.n == 1 {
		searches = "saved search"
	}
	if p.n > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s:%d: passed over %d %s %s", name, p.first, p.n, searches, why))
	}
}

// maxDefaults bounds how many settings [default] may have, as each stanza takes them.
const maxDefaults = 1000

// stanzas reads a file of settings: [name], then key = value, a value going on behind a
// backslash at the end of its line. What [default] says holds where a stanza does not.
func stanzas(name, text string, out *evidence.Decoded[detection.Rule]) []stanza {
	var list []stanza
	defaults := map[string]string{}
	into, n := defaults, 0
	key, value := "", []string(nil) // of a value that goes on
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case key != "":
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
			continue
		case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]"):
			into = defaults
			if title := trimmed[1 : len(trimmed)-1]; title != "default" && title != "" {
				into = map[string]string{}
				list = append(list, stanza{title, n, into})
			}
			continue
		default:
			k, v, ok := strings.Cut(trimmed, "=")
			if k = strings.TrimSpace(k); !ok || k == "" {
				out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: n, Value: trimmed, Reason: "neither [stanza] nor key = value"})
				continue
			}
			key, line, value = k, strings.TrimSpace(v), nil
		}
		more, goesOn := strings.CutSuffix(line, `\`)
		if value = append(value, more); !goesOn {
			into[key] = strings.Join(value, "\n")
			key = ""
		}
	}
	if key != "" {
		into[key] = strings.Join(value, "\n")
	}
	if len(defaults) > maxDefaults {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Field: "default", Reason: fmt.Sprintf("[default] has more than %d settings, and none of them was read", maxDefaults)})
		clear(defaults)
	}
	for _, s := range list {
		for k, v := range defaults {
			if _, has := s.values[k]; !has && k != "search" {
				s.values[k] = v
			}
		}
	}
	return list
}

// is reports whether a setting is on.
func (s *stanza) is(key string) bool {
	switch strings.ToLower(s.values[key]) {
	case "1", "true", "t", "yes", "y":
		return true
	}
	return false
}

// detects reports whether a search is one that detects, rather than a report that
// somebody is sent.
func (s *stanza) detects() bool {
	return s.is("action.correlationsearch.enabled") || s.is("action.notable") || s.is("alert.track") || s.values["action.escu.search_type"] == "detection"
}

func (s *stanza) rule(file string, warn func(string)) detection.Rule {
	r := detection.Rule{
		ID: s.name, Name: s.name, Format: Format, Path: file, Level: s.values["action.notable.param.severity"],
		Schedule: s.values["cron_schedule"], Modified: s.values["action.escu.modification_date"], Actions: s.actions(),
	}
	if label := s.values["action.correlationsearch.label"]; label != "" {
		r.Name = label
	}
	for _, alias := range []string{s.name, r.Name, s.values["action.escu.full_search_name"], builtFrom(s.name), s.values["action.correlationsearch.metadata.detection_id"]} {
		if alias != "" && !slices.Contains(r.Aliases, alias) {
			r.Aliases = append(r.Aliases, alias)
		}
	}
	r.Enabled = !s.is("disabled") && s.is("enableSched")
	switch {
	case s.is("disabled"):
		r.Status = "disabled"
	case !r.Enabled:
		r.Status = "not scheduled"
	}
	r.Role = s.role(r.Actions)
	for _, key := range []string{"action.correlationsearch.annotations", "action.escu.mappings"} {
		s.techniques(&r, key, warn)
	}
	if known := s.values["action.escu.known_false_positives"]; known != "" {
		r.FalsePositives = []string{known}
	}
	d := reading{search: s.values["search"], sources: words(s.values["action.escu.providing_technologies"])}
	d.into(&r)
	r.Source = strings.Join(scan(d.search).known(), ", ")
	r.Logic = decode.Fingerprint(decode.Gist(d.search), s.values["counttype"], s.values["relation"], s.values["quantity"], s.values["alert_condition"])
	return r
}

// builtFrom returns the name of the detection that a search was built from: Splunk's
// builder puts the app and the kind around it.
func builtFrom(name string) string {
	rest, ok := strings.CutSuffix(name, " - Rule")
	if _, after, found := strings.Cut(rest, " - "); ok && found {
		return after
	}
	return ""
}

// actions returns what a search does when it fires.
func (s *stanza) actions() []string {
	var out []string
	for _, a := range strings.FieldsFunc(s.values["actions"], func(r rune) bool { return r == ',' || r == ' ' }) {
		if off, said := s.values["action."+a]; (!said || off != "0" && off != "false") && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	for k := range s.values {
		a, ok := strings.CutPrefix(k, "action.")
		if ok && !strings.Contains(a, ".") && s.is(k) && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if s.is("alert.track") {
		out = append(out, "alert.track")
	}
	slices.Sort(out)
	return slices.DeleteFunc(out, func(a string) bool { return a == "correlationsearch" || a == "escu" || a == "customsearchbuilder" })
}

// role says what comes of a search by what it does: those actions that nobody is told
// by raise no alert.
func (s *stanza) role(actions []string) detection.Role {
	role := detection.Report
	for _, a := range actions {
		switch a {
		case "risk":
			role = detection.Risk
		case "summary_index", "populate_lookup", "lookup", "outputtelemetry", "threat_add", "nbtstat", "ping", "logevent", "stream":
		default:
			return detection.Alerts
		}
	}
	return role
}

// techniques reads the techniques in a setting that holds JSON.
func (s *stanza) techniques(r *detection.Rule, key string, warn func(string)) {
	text := s.values[key]
	if text == "" {
		return
	}
	var notes struct {
		Mitre []string `json:"mitre_attack"`
	}
	if err := json.Unmarshal([]byte(text), &notes); err != nil {
		warn(key + " is not JSON with a list mitre_attack, and was passed over")
		return
	}
	for _, word := range notes.Mitre {
		id := strings.ToUpper(strings.TrimSpace(word))
		if !decode.TechniqueID(id) {
			warn(fmt.Sprintf("%q is no ATT&CK ID of a technique and was passed over", word))
		} else if !slices.Contains(r.Techniques, id) {
			r.Techniques = append(r.Techniques, id)
		}
	}
}

// words returns a list of JSON, or nothing.
func words(text string) []string {
	var out []string
	if json.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return out
}

// Stanza is a stanza of a file of settings, with what [default] sets and it does not.
type Stanza struct {
	Name   string
	Line   int // of its name, from 1
	Values map[string]string
}

// Stanzas reads a file of Splunk's settings, as "splunk btool NAME list" prints them, too.
// A line that is neither a name nor a setting is a reject.
func Stanzas(file, text string) ([]Stanza, []evidence.Reject) {
	var out evidence.Decoded[detection.Rule]
	var list []Stanza
	for _, s := range stanzas(file, text, &out) {
		list = append(list, Stanza{s.name, s.line, s.values})
	}
	return list, out.Rejects
}
