package decode

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// errorLine finds the line in the parser's messages. Those about structure
// count lines from 0, the others from 1.
var (
	errorLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)
	fromZero  = regexp.MustCompile(`^did not find expected (<|node content|key|'-' indicator|',' or)`)
)

// Documents parses the YAML documents of a file and returns the top node of each
// that is not empty. An error is fault.Invalid with the line; the documents
// before it are returned.
func Documents(file string, data []byte) ([]*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var docs []*yaml.Node
	for {
		doc := new(yaml.Node)
		err := dec.Decode(doc)
		if err == io.EOF {
			return docs, nil
		}
		if err != nil {
			return docs, syntax(file, err)
		}
		if len(doc.Content) == 1 && doc.Content[0].Tag != "!!null" {
			docs = append(docs, doc.Content[0])
		}
	}
}

func syntax(file string, err error) *fault.Error {
	text := err.Error()
	m := errorLine.FindStringSubmatch(text)
	line, _ := strconv.Atoi(m[1])
	what := strings.TrimPrefix(text, m[0])
	switch {
	case fromZero.MatchString(what):
		line++
	case m[1] == "" && !strings.Contains(what, "UTF-") && !strings.HasPrefix(what, "control characters"):
		line = 1 // of the first line the parser names none, and neither of what is not text
	}
	return Invalid(file, line, "not YAML: %s", what)
}

// Document parses a file that holds one YAML mapping whose key kind says what it
// is and whose version is 1. Every fault is fault.Invalid.
func Document(file string, data []byte, kind string) (*Map, error) {
	return DocumentOf(file, data, kind, "1")
}

// DocumentOf is Document for a file of another version.
func DocumentOf(file string, data []byte, kind, version string) (*Map, error) {
	docs, err := Documents(file, data)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, Invalid(file, 1, "%s where one should be", counted("there are", len(docs), "YAML document")).
			Next("the file is one YAML mapping that begins with \"kind: %s\" and \"version: %s\"", kind, version)
	}
	m, ok := NewMap(file, docs[0])
	if !ok {
		return nil, Invalid(file, docs[0].Line, "not a YAML mapping").
			Next("the file is one YAML mapping that begins with \"kind: %s\" and \"version: %s\"", kind, version)
	}
	if got := m.String("kind"); got != kind {
		return nil, Invalid(file, m.Line("kind"), "kind is %q, not %q", got, kind).Next("put \"kind: %s\" and \"version: %s\" first in the file", kind, version)
	}
	if got := m.String("version"); got != version {
		return nil, Invalid(file, m.Line("version"), "version is %q, and this candor reads version %s", got, version)
	}
	if r, bad := m.Bad(); bad {
		return nil, Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	return m, nil
}

// Map is a YAML mapping that remembers where it stands, which keys were asked
// for, and the first thing that was wrong with it.
type Map struct {
	file   string
	node   *yaml.Node
	values map[string]*yaml.Node
	asked  map[string]bool
	bad    *evidence.Reject
}

// NewMap returns the mapping at a node, and false when it is not a mapping.
func NewMap(file string, n *yaml.Node) (*Map, bool) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		return nil, false
	}
	m := &Map{file: file, node: n, values: make(map[string]*yaml.Node, len(n.Content)/2), asked: make(map[string]bool, len(n.Content)/2)}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Tag == "!!merge" {
			merged, m.asked[k.Value] = append(merged, n.Content[i+1]), true
			continue
		}
		if _, twice := m.values[k.Value]; twice {
			m.fail(k.Line, k.Value, "", "the key is there twice")
			continue
		}
		m.values[k.Value] = follow(n.Content[i+1])
	}
	for _, from := range merged {
		m.merge(from, maxMerged)
	}
	return m, true
}

// maxMerged bounds how many mappings and lists of them are merged into one mapping,
// through however many steps.
const maxMerged = 64

// merge takes over the keys of a mapping, or of each in a list, that m has none of. It
// returns how many more mappings may be merged.
func (m *Map) merge(n *yaml.Node, left int) int {
	n = follow(n)
	if left == 0 {
		return 0
	}
	left-- // lists too: they may hold each other many times over
	switch n.Kind {
	case yaml.SequenceNode:
		for _, each := range n.Content {
			left = m.merge(each, left)
		}
		return left
	case yaml.MappingNode:
	default:
		m.fail(n.Line, "<<", n.Value, "what is merged is not a mapping")
		return left
	}
	var deeper []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Tag == "!!merge" {
			deeper = append(deeper, n.Content[i+1])
		} else if _, have := m.values[k.Value]; !have {
			m.values[k.Value] = follow(n.Content[i+1])
		}
	}
	for _, d := range deeper {
		left = m.merge(d, left)
	}
	return left
}

// Under adds the keys of another mapping that m has none of; where both have a mapping
// under a key, those of the one below it. It is what stands for every document of a file.
func (m *Map) Under(others *Map) {
	for k, v := range others.values {
		mine, have := m.values[k]
		switch {
		case !have:
			m.values[k] = v
		case mine.Kind == yaml.MappingNode && v.Kind == yaml.MappingNode:
			both := *mine
			both.Content = append(slices.Clone(mine.Content), missing(mine, v)...)
			m.values[k] = &both
		}
	}
}

// missing returns the keys and values of a mapping that another one has not.
func missing(in, from *yaml.Node) []*yaml.Node {
	has := map[string]bool{}
	for i := 0; i+1 < len(in.Content); i += 2 {
		has[in.Content[i].Value] = true
	}
	var out []*yaml.Node
	for i := 0; i+1 < len(from.Content); i += 2 {
		if !has[from.Content[i].Value] {
			out = append(out, from.Content[i], from.Content[i+1])
		}
	}
	return out
}

// follow returns what an alias stands for. It follows one step: an anchor's node
// is never an alias.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func (m *Map) fail(line int, field, value, reason string) {
	if m.bad == nil {
		m.bad = &evidence.Reject{File: m.file, Line: line, Field: field, Value: value, Reason: reason}
	}
}

// Fail makes the mapping a reject because of a key, unless it is one already.
func (m *Map) Fail(key, value, reason string) { m.fail(m.Line(key), key, value, reason) }

// FailAt is Fail for what stands in a line of its own within the mapping.
func (m *Map) FailAt(line int, field, value, reason string) { m.fail(line, field, value, reason) }

// Bad returns the mapping's reject, and whether it has one.
func (m *Map) Bad() (evidence.Reject, bool) {
	if m.bad == nil {
		return evidence.Reject{}, false
	}
	return *m.bad, true
}

// Line returns the line of a key's value, and the mapping's own line when it has
// no such key.
func (m *Map) Line(key string) int {
	if v, ok := m.values[key]; ok {
		return v.Line
	}
	return m.node.Line
}

// File returns the name of the file that the mapping stands in.
func (m *Map) File() string { return m.file }

// Keys returns the keys in the order of the file, each once.
func (m *Map) Keys() []string {
	var ks []string
	for i := 0; i+1 < len(m.node.Content); i += 2 {
		if k := m.node.Content[i].Value; !slices.Contains(ks, k) {
			ks = append(ks, k)
		}
	}
	return ks
}

// Node returns the value of a key, and nil when it has none or null.
func (m *Map) Node(key string) *yaml.Node {
	m.asked[key] = true
	v := m.values[key]
	if v == nil || v.Kind == yaml.ScalarNode && v.Tag == "!!null" {
		return nil
	}
	return v
}

// Has reports whether the mapping has a value for the key.
func (m *Map) Has(key string) bool { return m.Node(key) != nil }

// String returns a scalar as it is spelled, without the blanks around it; empty
// when there is none.
func (m *Map) String(key string) string {
	v := m.Node(key)
	if v == nil {
		return ""
	}
	if v.Kind != yaml.ScalarNode {
		m.Fail(key, "", "not a single value")
		return ""
	}
	return strings.TrimSpace(v.Value)
}

// Need returns a scalar that must not be empty.
func (m *Map) Need(key string) string {
	s := m.String(key)
	if s == "" {
		m.Fail(key, "", "is missing or empty")
	}
	return s
}

// maxItems is how many values a list may have: many times what any rule names, and few
// enough that what is made of each is bounded.
const maxItems = 10_000

// Strings returns a list of scalars; a single scalar is a list of one.
func (m *Map) Strings(key string) []string {
	v := m.Node(key)
	if v == nil {
		return nil
	}
	items := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		items = v.Content
	}
	if len(items) > maxItems {
		m.fail(v.Line, key, strconv.Itoa(len(items))+" values", "a list of more than "+strconv.Itoa(maxItems)+" values is not read")
		return nil
	}
	var out []string
	for _, it := range items {
		it = follow(it)
		if it.Kind != yaml.ScalarNode {
			m.fail(it.Line, key, "", "not a list of single values")
			return nil
		}
		if s := strings.TrimSpace(it.Value); s != "" && it.Tag != "!!null" {
			out = append(out, s)
		}
	}
	return out
}

// Items returns the entries of a list; a value that is no list is its only entry.
func (m *Map) Items(key string) []*yaml.Node {
	v := m.Node(key)
	if v == nil {
		return nil
	}
	if v.Kind != yaml.SequenceNode {
		return []*yaml.Node{v}
	}
	if len(v.Content) > maxItems {
		m.fail(v.Line, key, strconv.Itoa(len(v.Content))+" values", "a list of more than "+strconv.Itoa(maxItems)+" values is not read")
		return nil
	}
	out := make([]*yaml.Node, len(v.Content))
	for i, n := range v.Content {
		out[i] = follow(n)
	}
	return out
}

// Int returns a whole number between min and max, or 0 when there is none.
func (m *Map) Int(key string, min, max int) int {
	s := m.String(key)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < min || n > max {
		m.Fail(key, s, "not a whole number from "+strconv.Itoa(min)+" to "+strconv.Itoa(max))
		return 0
	}
	return n
}

// Bool returns true or false, and otherwise when there is no value.
func (m *Map) Bool(key string, otherwise bool) bool {
	switch s := m.String(key); strings.ToLower(s) {
	case "":
		return otherwise
	case "true", "yes":
		return true
	case "false", "no":
		return false
	default:
		m.Fail(key, s, "neither true nor false")
		return otherwise
	}
}

// Day returns a day, which is unknown when there is none.
func (m *Map) Day(key string) day.Date {
	s := m.String(key)
	if s == "" {
		return ""
	}
	d, err := day.Parse(s)
	if err != nil {
		m.Fail(key, s, "not a day such as 2026-03-01")
	}
	return d
}

// Map returns the mapping that is the value of a key, and nil when there is none.
func (m *Map) Map(key string) *Map {
	v := m.Node(key)
	if v == nil {
		return nil
	}
	sub, ok := NewMap(m.file, v)
	if !ok {
		m.Fail(key, v.Value, "not a mapping")
		return nil
	}
	return sub
}

// Maps returns the mappings in the list that is the value of a key. An entry
// that is no mapping is among the rejects.
func (m *Map) Maps(key string) (maps []*Map, rejects []evidence.Reject) {
	v := m.Node(key)
	if v == nil {
		return nil, nil
	}
	if v.Kind != yaml.SequenceNode {
		return nil, []evidence.Reject{{File: m.file, Line: v.Line, Field: key, Value: v.Value, Reason: "not a list"}}
	}
	for _, it := range v.Content {
		if sub, ok := NewMap(m.file, it); ok {
			maps = append(maps, sub)
			continue
		}
		rejects = append(rejects, evidence.Reject{File: m.file, Line: it.Line, Field: key, Value: it.Value, Reason: "the entry is not a mapping"})
	}
	return maps, rejects
}

// Unknown returns a warning for each key that nobody asked for.
func (m *Map) Unknown() []string {
	var out []string
	for _, k := range m.Keys() {
		if !m.asked[k] {
			out = append(out, m.file+":"+strconv.Itoa(m.Line(k))+": key "+k+" is not known and was passed over")
		}
	}
	return out
}
