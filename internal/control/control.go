// Package control reads mappings of controls, of a standard or a law, to what ATT&CK has: which
// techniques, detection strategies and analytics bear on each.
//
// A mapping is its author's statement; the package refuses what it cannot read to the letter,
// by file, line and field, and knows no standard.
package control

import (
	"regexp"
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// Kind is what a file says that it is.
const Kind = "control-mapping"

// Mapping is a file of controls.
type Mapping struct {
	File string `json:"file"`
	// Standard names what the controls are of, and Version which one of it.
	Standard string    `json:"standard"`
	Version  string    `json:"version,omitempty"`
	By       string    `json:"by"`
	Controls []Control `json:"controls"`
}

// Control is one control and what bears on it.
type Control struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	// Refs are the techniques, strategies and analytics, in the order of the file.
	Refs []Ref `json:"refs"`
}

// Ref is an ATT&CK ID where a file names it.
type Ref struct {
	ID    string `json:"id"`
	Line  int    `json:"line"`
	Field string `json:"field"`
}

// token is what OSCAL asks of the id of a control.
var token = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}.\-_]*$`)

// reference is a list of ATT&CK IDs in a control.
type reference struct {
	key   string
	valid func(string) bool
	like  string
}

func references() []reference {
	return []reference{
		{"techniques", decode.TechniqueID, "a technique's ATT&CK ID such as T1059.001"},
		{"strategies", func(s string) bool { return decode.ID("DET", s) }, "a detection strategy's ATT&CK ID such as DET0001"},
		{"analytics", func(s string) bool { return decode.ID("AN", s) }, "an analytic's ATT&CK ID such as AN0001"},
	}
}

// Decode reads a mapping in YAML, or in JSON, which is YAML. Whatever it does not know or cannot
// mean is fault.Invalid with file, line and field.
func Decode(file string, data []byte) (Mapping, error) {
	doc, err := decode.Document(file, data, Kind)
	if err != nil {
		return Mapping{}, err
	}
	only(doc, "kind", "version", "standard", "standard_version", "by", "controls")
	m := Mapping{File: file, Standard: doc.Need("standard"), Version: doc.String("standard_version"), By: doc.Need("by")}
	list, rejects := doc.Maps("controls")
	if len(rejects) > 0 {
		return m, refused(rejects[0])
	}
	if len(list) == 0 {
		doc.Fail("controls", "", "is missing or empty")
	}
	if err := wrong(doc); err != nil {
		return m, err
	}
	lines := map[string]bool{}
	for _, c := range list {
		one, err := control(c, lines)
		if err != nil {
			return m, err
		}
		m.Controls = append(m.Controls, one)
	}
	return m, nil
}

// control reads one control; known are the ids that came before.
func control(m *decode.Map, known map[string]bool) (Control, error) {
	only(m, "id", "title", "techniques", "strategies", "analytics")
	c := Control{ID: m.Need("id"), Title: m.String("title")}
	switch {
	case c.ID != "" && !token.MatchString(c.ID):
		m.Fail("id", c.ID, "no id as OSCAL has them: a letter or underscore, then letters, digits, dots, dashes and underscores")
	case known[c.ID]:
		m.Fail("id", c.ID, "the control is there twice")
	}
	known[c.ID] = true
	for _, r := range references() {
		for _, n := range m.Items(r.key) {
			id := strings.ToUpper(strings.TrimSpace(n.Value))
			if !r.valid(id) {
				m.FailAt(n.Line, r.key, n.Value, "not "+r.like)
				continue
			}
			if !slices.ContainsFunc(c.Refs, func(x Ref) bool { return x.ID == id }) {
				c.Refs = append(c.Refs, Ref{id, n.Line, r.key})
			}
		}
	}
	if len(c.Refs) == 0 {
		m.Fail("id", c.ID, "the control names no technique, strategy or analytic")
	}
	return c, wrong(m)
}

// only makes a mapping a reject that has a key which nobody knows; it comes first, because such a
// key is why others are missing.
func only(m *decode.Map, keys ...string) {
	for _, k := range m.Keys() {
		if !slices.Contains(keys, k) {
			m.FailAt(m.Line(k), k, "", "is no key of a control mapping")
		}
	}
}

// wrong is the first thing that is wrong with a mapping.
func wrong(m *decode.Map) error {
	if r, bad := m.Bad(); bad {
		return refused(r)
	}
	return nil
}

func refused(r evidence.Reject) error {
	what := r.Reason
	if r.Value != "" {
		what = "\"" + r.Value + "\": " + r.Reason
	}
	return decode.Invalid(r.File, r.Line, "%s: %s", r.Field, what).Next("doc/report.md says what a mapping of controls has")
}

// Unknown is the fault of an ID that the release does not have.
func (m *Mapping) Unknown(r Ref, release string) error {
	return fault.New(fault.Invalid, "%s: %q is not in %s", r.Field, r.ID, release).At("%s:%d", m.File, r.Line).
		Next("candor attack search finds what it is called there; a mapping is of one release")
}
