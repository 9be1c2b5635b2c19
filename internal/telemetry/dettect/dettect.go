// Package dettect reads and writes the administration files of DeTT&CT: what data sources an
// organisation has, and what it says of its detection of techniques.
//
// DeTT&CT's scores are statements of their author. The package keeps a detection
// score as a rule's status, which makes it a claim, and passes over scores of
// visibility, which Candor judges from telemetry. It refuses files of groups,
// which say nothing of the organisation.
package dettect

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/decode"
	"candor/internal/fault"
)

// Format is the name of the format, and what the rules' Format says.
const Format = "dettect"

// The types of file, as file_type spells them.
const (
	typeSources    = "data-source-administration"
	typeTechniques = "technique-administration"
	typeGroups     = "group-administration"
)

// Sniff reports whether a file that begins with head is one of DeTT&CT's
// administration files.
func Sniff(head []byte, _ string) bool {
	return decode.HasKeys(head, "file_type") && strings.Contains(string(head), "-administration")
}

// open parses a file and returns its mapping when it is of the type asked for.
func open(file string, data []byte, want string) (*decode.Map, error) {
	docs, err := decode.Documents(file, data)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		docs = []*yaml.Node{{Kind: yaml.ScalarNode, Line: 1}}
	}
	m, ok := decode.NewMap(file, docs[0])
	if !ok || len(docs) > 1 {
		return nil, decode.Invalid(file, docs[0].Line, "not one YAML mapping")
	}
	got := m.String("file_type")
	if got != want {
		return nil, wrongType(m, got, want)
	}
	m.Know("version", "name", "domain", "notes", "platform")
	if r, bad := m.Bad(); bad {
		return nil, decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	return m, nil
}

// wrongType says what a file of another type is good for.
func wrongType(m *decode.Map, got, want string) *fault.Error {
	e := decode.Invalid(m.File(), m.Line("file_type"), "file_type is %q, not %q", got, want)
	switch got {
	case typeGroups:
		return decode.Invalid(m.File(), m.Line("file_type"), "a group administration says what adversaries do, which is no evidence of this organisation").
			Next("groups and their techniques come with the ATT&CK library; leave this file out")
	case typeTechniques:
		return e.Next("add this file as rules: its detection scores are claims")
	case typeSources:
		return e.Next("add this file as telemetry: it says what is collected")
	}
	return e.Next("DeTT&CT has %s, %s and %s", typeSources, typeTechniques, typeGroups)
}

// all is DeTT&CT's word for every system, and for every platform.
const all = "all"

// date returns the day of a date, which DeTT&CT writes with or without a time of
// day, and an empty day when there is none.
func date(m *decode.Map, key string) string {
	s := m.String(key)
	if s == "" || strings.EqualFold(s, "none") {
		return ""
	}
	t, ok := decode.Time(s)
	if !ok {
		m.Fail(key, s, "not a day such as 2026-03-01")
		return ""
	}
	return t.Format("2006-01-02")
}
