// Package sigma reads detection rules from Sigma YAML: several documents in a
// file, correlation rules included.
//
// It takes a rule's mapping from its tags, and from package place what its log source
// is in ATT&CK's words. It refuses to read detection
// logic, except for event ids and audit record types, which say which events of a
// log a rule looks at, and the names of the fields that it reads.
package sigma

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"candor/internal/attack/place"
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
	c := collection{name: name, out: &out, titles: map[string]int{}}
	for _, d := range docs {
		c.document(d)
	}
	if err != nil {
		out.Rejects = append(out.Rejects, *decode.AsReject(name, err))
	} else if len(docs) == 0 {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: 1, Reason: "the file holds no YAML document"})
	}
	if len(out.Records)+len(out.Rejects)+len(out.Warnings) == 0 {
		out.Warnings = append(out.Warnings, name+":1: the file holds no rule")
	}
	return out
}

// collection reads the documents of one file.
type collection struct {
	name string
	out  *evidence.Decoded[detection.Rule]
	// global is what "action: global" put before the documents behind it, and first
	// where in out those begin.
	global *decode.Map
	first  int
	// titles counts the rules without an id by title.
	titles map[string]int
}

// document reads one document.
func (c *collection) document(n *yaml.Node) {
	m, ok := decode.NewMap(c.name, n)
	if !ok {
		c.out.Rejects = append(c.out.Rejects, evidence.Reject{File: c.name, Line: n.Line, Reason: "not a Sigma rule: the document is not a mapping"})
		return
	}
	switch action := strings.ToLower(m.String("action")); action {
	case "global":
		c.global, c.first = m, len(c.out.Records)
		return
	case "reset":
		c.global = nil
		return
	case "":
	default: // "repeat" goes back to the document before
		m.Fail("action", action, "of Sigma's actions global and reset are read; write the document out")
	}
	if m.Has("filter") && !m.Has("detection") {
		c.warn(m, "", "a Sigma filter is not a rule and was passed over")
		return
	}
	if c.global != nil {
		m.Under(c.global)
	}
	r := rule(c.name, m, &c.out.Warnings)
	if r.ID == "" {
		r.ID = c.key(r.Name)
	}
	if reject, bad := m.Bad(); bad {
		c.out.Rejects = append(c.out.Rejects, reject)
		return
	}
	if !c.joined(&r) {
		c.out.Records = append(c.out.Records, r)
	}
}

func (c *collection) warn(m *decode.Map, key, text string) {
	c.out.Warnings = append(c.out.Warnings, fmt.Sprintf("%s:%d: %s", c.name, m.Line(key), text))
}

// key makes an id for a rule that has none: it stays as long as path and title do. Of
// several of one title the second and later ones have their number in it.
func (c *collection) key(title string) string {
	text := c.name + "\x00" + title
	if c.titles[title]++; c.titles[title] > 1 {
		text += fmt.Sprint("\x00", c.titles[title])
	}
	sum := sha256.Sum256([]byte(text))
	return "sigma-" + hex.EncodeToString(sum[:8])
}

// joined joins a document that has its id from "action: global" to the one before that
// has the same: they are one rule, which reads the log sources of all.
func (c *collection) joined(r *detection.Rule) bool {
	if c.global == nil || c.global.String("id") != r.ID {
		return false
	}
	i := slices.IndexFunc(c.out.Records[c.first:], func(have detection.Rule) bool { return have.ID == r.ID })
	if i < 0 {
		return false
	}
	have := &c.out.Records[c.first+i]
	have.Logic = decode.Fingerprint([]any{have.Logic, r.Logic})
	have.Reach = have.Reach.Wider(r.Reach)
	have.Fields = append(have.Fields, r.Fields...)
	slices.Sort(have.Fields)
	have.Fields = slices.Compact(have.Fields)
	have.Optional = slices.Compact(slices.Sorted(slices.Values(append(have.Optional, r.Optional...))))
	for _, p := range r.Platforms {
		have.Platforms = add(have.Platforms, p)
	}
	for _, l := range r.Logs {
		if !slices.Contains(have.Logs, l) {
			have.Logs = append(have.Logs, l)
		}
	}
	for _, t := range r.Techniques {
		have.Techniques = add(have.Techniques, t)
	}
	if r.Source != "" && r.Source != have.Source {
		have.Source += "; " + r.Source
	}
	return true
}

func rule(name string, m *decode.Map, warnings *[]string) detection.Rule {
	r := detection.Rule{
		ID: m.String("id"), Name: m.Need("title"), Format: Format, Status: strings.ToLower(m.String("status")),
		Level: m.String("level"), Owner: m.String("owner"), Path: name,
		FalsePositives: m.Strings("falsepositives"), Modified: m.String("modified"),
	}
	if r.Modified == "" {
		r.Modified = m.String("date")
	}
	r.Enabled = enabled(m, r.Status, warnings)
	r.Aliases = aliases(m, &r)
	tags(&r, m, warnings)
	r.Logic = logic(m)
	switch {
	case m.Has("correlation"):
		correlation(&r, m)
	case m.Has("detection") && m.Has("logsource"):
		logsource(&r, m)
	default:
		m.Fail("detection", "", "not a Sigma rule: it has neither logsource with detection nor correlation")
	}
	return r
}

// logic returns what tells one rule's conditions from another's: where it looks, by the
// words that Sigma defines, and for what.
func logic(m *decode.Map) string {
	where := make([]any, 0, 3)
	if ls := m.Node("logsource"); ls != nil && ls.Kind == yaml.MappingNode {
		for _, key := range []string{"product", "category", "service"} {
			for i := 0; i+1 < len(ls.Content); i += 2 {
				if ls.Content[i].Value == key {
					where = append(where, key+" "+strings.ToLower(ls.Content[i+1].Value))
				}
			}
		}
	}
	return decode.Fingerprint(where, m.Node("detection"), m.Node("correlation"))
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
		id := e.String("id")
		switch kind := strings.ToLower(e.String("type")); {
		case id == "":
		case kind == "renamed":
			out = add(out, id)
			r.Replaces = add(r.Replaces, id)
		case kind == "obsoletes", kind == "merged":
			r.Replaces = add(r.Replaces, id)
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
			switch bare := strings.ToUpper(strings.TrimSpace(t)); {
			case decode.TechniqueID(bare) || decode.ID("AN", bare):
				*warnings = append(*warnings, fmt.Sprintf("%s:%d: tag %q has no namespace and was passed over: write attack.%s", m.File(), tagLine(m, t), t, strings.ToLower(t)))
			case namespace == "detection" && value == "threat-hunting":
				r.Role = detection.Hunt
			}
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
			r.Tactics = add(r.Tactics, strings.Map(hyphen, value))
		case value[0] == 't' || strings.HasPrefix(value, "an"):
			*warnings = append(*warnings, fmt.Sprintf("%s:%d: tag %q is no ATT&CK ID and was passed over", m.File(), tagLine(m, t), t))
		}
	}
}

// hyphen is what stands between the words of a tactic's short name in ATT&CK.
func hyphen(r rune) rune {
	if r == '_' || r == ' ' {
		return '-'
	}
	return r
}

// tagLine returns the line of a tag.
func tagLine(m *decode.Map, tag string) int {
	if list := m.Node("tags"); list != nil {
		for _, n := range list.Content {
			if strings.TrimSpace(n.Value) == tag {
				return n.Line
			}
		}
	}
	return m.Line("tags")
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

// correlation reads what a correlation rule reads: other rules, which do not alert by
// themselves unless it says so.
func correlation(r *detection.Rule, m *decode.Map) {
	c := m.Map("correlation")
	if c == nil {
		return
	}
	r.Of, r.Generate = c.Strings("rules"), c.Bool("generate", false)
	r.Fields = slices.Compact(slices.Sorted(slices.Values(c.Strings("group-by"))))
	r.Source = "correlation: " + c.String("type") + " of " + strings.Join(r.Of, ", ")
	if bad, is := c.Bad(); is {
		m.Fail("correlation", bad.Value, bad.Field+": "+bad.Reason)
	}
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
	at, _ := place.Sigma(ls.String("product"), ls.String("category"), ls.String("service"), events(m.Node("detection")))
	r.Look(at)
	r.Fields = fields(m.Node("detection"))
	r.Optional = optional(m.Node("detection"), r.Fields)
}

// fields returns the names of the fields that a detection reads, without the modifiers
// behind them. A selection is a mapping by field, or a list of such; one of words alone
// reads no field by name. Aliases are not followed.
func fields(n *yaml.Node) []string {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var found []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i].Value; k == "condition" || k == "timeframe" {
			continue
		}
		selections := []*yaml.Node{n.Content[i+1]}
		if selections[0].Kind == yaml.SequenceNode {
			selections = selections[0].Content
		}
		for _, s := range selections {
			for j := 0; s.Kind == yaml.MappingNode && j+1 < len(s.Content); j += 2 {
				if name, _, _ := strings.Cut(s.Content[j].Value, "|"); name != "" {
					found = append(found, name)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
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
