package decode

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"candor/internal/evidence"
)

// Each reads every document of a file of YAML that one function turns into a
// record; it returns false for a document to pass over. Name is the file's path
// within its folder or archive. Everything that is wrong with the file is among
// the rejects, and a key that nobody asked for is a warning.
func Each[T any](name string, data []byte, record func(m *Map, warn func(key, text string)) (T, bool)) evidence.Decoded[T] {
	var out evidence.Decoded[T]
	if !utf8.Valid(data) {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Reason: "not UTF-8"})
		return out
	}
	docs, err := Documents(name, data)
	for _, d := range docs {
		m, ok := NewMap(name, d)
		if !ok {
			out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: d.Line, Reason: "the document is not a mapping"})
			continue
		}
		var notes []string
		v, ok := record(m, func(key, text string) { notes = append(notes, m.File()+":"+strconv.Itoa(m.Line(key))+": "+text) })
		if r, bad := m.Bad(); bad {
			out.Rejects = append(out.Rejects, r)
			continue
		}
		out.Warnings = append(out.Warnings, notes...)
		if ok {
			out.Records, out.Warnings = append(out.Records, v), append(out.Warnings, m.Unknown()...)
		}
	}
	if err != nil {
		out.Rejects = append(out.Rejects, *AsReject(name, err))
	} else if len(docs) == 0 {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: 1, Reason: "the file holds no YAML document"})
	}
	return out
}

// Know says that keys are known although nobody reads them.
func (m *Map) Know(keys ...string) {
	for _, k := range keys {
		m.asked[k] = true
	}
}

// Techniques returns the ATT&CK IDs of techniques in the list under a key, in
// upper case and each once. Of another word it warns.
func (m *Map) Techniques(key string, warn func(key, text string)) []string {
	var ids []string
	for _, word := range m.Strings(key) {
		id := strings.ToUpper(word)
		switch {
		case !TechniqueID(id):
			warn(key, strconv.Quote(word)+" is no ATT&CK ID of a technique and was passed over")
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	return ids
}
