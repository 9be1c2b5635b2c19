// Package sigma reads detection rules from Sigma YAML: several documents in a
// file, correlation rules included.
//
// It takes a rule's mapping from its tags and its log source from a table of
// what Sigma's log sources are in ATT&CK's words. It refuses to read detection
// logic, except for event ids and audit record types, which say which events of a
// log a rule looks at.
package sigma

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// Format is what the rules' Format says.
const Format = "sigma"

// Decode reads the rules of one file. Name is its path within its folder or
// archive, with slashes. Everything that is wrong with it is among the rejects:
// broken YAML as one, and each document that is no Sigma rule.
func Decode(name string, data []byte) evidence.Decoded[detection.Rule] {
	var out evidence.Decoded[detection.Rule]
	if !utf8.Valid(data) {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Reason: "not UTF-8"})
		return out
	}
	docs, err := decode.Documents(name, data)
	for _, d := range docs {
		document(&out, name, d)
	}
	if err != nil {
		out.Rejects = append(out.Rejects, *decode.AsReject(name, err))
	} else if len(docs) == 0 {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: 1, Reason: "the file holds no YAML document"})
	}
	return out
}

// document reads one document into out.
func document(out *evidence.Decoded[detection.Rule], name string, n *yaml.Node) {
	m, ok := decode.NewMap(name, n)
	if !ok {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: n.Line, Reason: "not a Sigma rule: the document is not a mapping"})
		return
	}
	if m.Has("filter") && !m.Has("detection") {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s:%d: a Sigma filter is not a rule and was passed over", name, n.Line))
		return
	}
	r := rule(name, m, &out.Warnings)
	if reject, bad := m.Bad(); bad {
		out.Rejects = append(out.Rejects, reject)
		return
	}
	out.Records = append(out.Records, r)
}

func rule(name string, m *decode.Map, warnings *[]string) detection.Rule {
	r := detection.Rule{
		ID: m.String("id"), Name: m.Need("title"), Format: Format, Status: strings.ToLower(m.String("status")),
		Level: m.String("level"), Owner: m.String("owner"), Path: name,
		FalsePositives: m.Strings("falsepositives"), Modified: m.String("modified"),
	}
	if r.ID == "" {
		sum := sha256.Sum256([]byte(name + "\x00" + r.Name))
		r.ID = "sigma-" + hex.EncodeToString(sum[:8])
	}
	if r.Modified == "" {
		r.Modified = m.String("date")
	}
	r.Enabled = enabled(m, r.Status, warnings)
	r.Aliases = aliases(m, &r)
	tags(&r, m, warnings)
	switch {
	case m.Has("correlation"):
		r.Source = correlation(m)
	case m.Has("detection") && m.Has("logsource"):
		logsource(&r, m)
	default:
		m.Fail("detection", "", "not a Sigma rule: it has neither logsource with detection nor correlation")
	}
	return r
}

// aliases returns the other names of a rule: its title, which is what products
// call a rule that was converted for them, its name, and the ids that it had
// before it was renamed.
func aliases(m *decode.Map, r *detection.Rule) []string {
	var out []string
	for _, alias := range []string{r.Name, m.String("name")} {
		if alias != "" && alias != r.ID {
			out = add(out, alias)
		}
	}
	related, _ := m.Maps("related") // an entry that is none says nothing
	for _, e := range related {
		if id := e.String("id"); id != "" && strings.EqualFold(e.String("type"), "renamed") {
			out = add(out, id)
		}
	}
	return out
}

// enabled says whether a rule runs: its own key, else its status. A status that
// Sigma does not define leaves the rule enabled and is reported.
func enabled(m *decode.Map, status string, warnings *[]string) bool {
	switch status {
	case "deprecated", "unsupported":
		return m.Bool("enabled", false)
	case "stable", "test", "experimental", "":
	default:
		*warnings = append(*warnings, fmt.Sprintf("%s:%d: status %q is not one of Sigma's; the rule was taken as enabled", m.File(), m.Line("status"), status))
	}
	return m.Bool("enabled", true)
}

// tags reads a rule's mapping. Tags of other namespaces, and of ATT&CK objects
// that are no behaviour (groups, software), say nothing of what it detects.
func tags(r *detection.Rule, m *decode.Map, warnings *[]string) {
	for _, t := range m.Strings("tags") {
		namespace, value, _ := strings.Cut(strings.ToLower(t), ".")
		if namespace != "attack" || value == "" {
			continue
		}
		id := strings.ToUpper(value)
		switch {
		case decode.TechniqueID(id):
			r.Techniques = add(r.Techniques, id)
		case decode.ID("AN", id):
			r.Analytics = add(r.Analytics, id)
		case decode.ID("TA", id):
			r.Tactics = add(r.Tactics, id)
		case !numbered(value):
			r.Tactics = add(r.Tactics, strings.NewReplacer("_", "-", " ", "-").Replace(value))
		case value[0] == 't' || strings.HasPrefix(value, "an"):
			*warnings = append(*warnings, fmt.Sprintf("%s:%d: tag %q is no ATT&CK ID and was passed over", m.File(), m.Line("tags"), t))
		}
	}
}

// numbered reports whether a tag is one to three letters and a digit, as the IDs
// of ATT&CK objects begin.
func numbered(value string) bool {
	i := strings.IndexFunc(value, func(c rune) bool { return c >= '0' && c <= '9' })
	return i >= 1 && i <= 3
}

func add(list []string, v string) []string {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// correlation describes what a correlation rule reads: other rules.
func correlation(m *decode.Map) string {
	c := m.Map("correlation")
	if c == nil {
		return ""
	}
	s := "correlation: " + c.String("type") + " of " + strings.Join(c.Strings("rules"), ", ")
	if r, bad := c.Bad(); bad {
		m.Fail("correlation", r.Value, r.Field+": "+r.Reason)
	}
	return s
}

// logsource reads where a rule looks.
func logsource(r *detection.Rule, m *decode.Map) {
	ls := m.Map("logsource")
	if ls == nil {
		return
	}
	var parts []string
	for _, k := range []string{"product", "category", "service", "definition"} {
		if v := ls.String(k); v != "" {
			parts = append(parts, k+": "+v)
		}
	}
	r.Source = strings.Join(parts, ", ")
	if bad, is := ls.Bad(); is {
		m.Fail("logsource", bad.Value, bad.Field+": "+bad.Reason)
	}
	where := place{
		product: strings.ToLower(ls.String("product")), category: strings.ToLower(ls.String("category")),
		service: strings.ToLower(ls.String("service")),
	}
	r.Platforms, r.Logs = where.resolve(events(m.Node("detection")))
}

// maxDepth bounds how deep a detection is searched.
const maxDepth = 16

// events returns the event ids and audit record types that a detection names, in
// the order of the file and each once. Aliases are not followed.
func events(n *yaml.Node) []string {
	var found []string
	walk(n, 0, &found)
	return found
}

func walk(n *yaml.Node, depth int, found *[]string) {
	if n == nil || depth > maxDepth {
		return
	}
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			walk(c, depth+1, found)
		}
		return
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Value == "EventID" || k.Value == "type" {
			scalars(v, found)
			continue
		}
		if !strings.HasPrefix(k.Value, "filter") {
			walk(v, depth+1, found)
		}
	}
}

func scalars(n *yaml.Node, found *[]string) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, it := range items {
		if it.Kind == yaml.ScalarNode && it.Value != "" {
			*found = add(*found, it.Value)
		}
	}
}
