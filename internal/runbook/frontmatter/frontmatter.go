// Package frontmatter reads runbooks from Markdown files that begin with YAML
// between two lines of three dashes.
//
// It refuses to judge whether a runbook is current, and to change its text.
package frontmatter

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/runbook"
)

// Decode reads the runbook in one file. Name is the path of the file within its
// folder, with slashes; without its ending it is the id of a runbook that gives
// none. What is wrong with the file is its reject.
func Decode(name string, data []byte) evidence.Decoded[runbook.Runbook] {
	var out evidence.Decoded[runbook.Runbook]
	head, body, r := split(name, data)
	if r != nil {
		out.Rejects = append(out.Rejects, *r)
		return out
	}
	m, r := mapping(name, head)
	if r != nil {
		out.Rejects = append(out.Rejects, *r)
		return out
	}
	book := read(name, m)
	book.Body = string(body)
	out.Warnings = m.Unknown()
	if r, bad := m.Bad(); bad {
		out.Rejects = append(out.Rejects, r)
		return out
	}
	out.Records = append(out.Records, book)
	return out
}

// split parts the front matter from the text. The dashes of the first line are
// left as an empty line, so that lines count from the top of the file.
func split(name string, data []byte) (head, body []byte, r *evidence.Reject) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, nil, &evidence.Reject{File: name, Reason: "not UTF-8"}
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	if !dashes(lines[0]) {
		return nil, nil, &evidence.Reject{File: name, Line: 1, Reason: "no front matter: the first line is not ---"}
	}
	at := len(lines[0])
	for _, l := range lines[1:] {
		if dashes(l) {
			return data[len(lines[0])-1 : at], bytes.TrimSpace(data[at+len(l):]), nil
		}
		at += len(l)
	}
	return nil, nil, &evidence.Reject{File: name, Line: 1, Reason: "the front matter is not closed by a line of ---"}
}

func dashes(line []byte) bool { return string(bytes.TrimRight(line, " \t\r\n")) == "---" }

func mapping(name string, head []byte) (*decode.Map, *evidence.Reject) {
	docs, err := decode.Documents(name, head)
	if err != nil {
		return nil, decode.AsReject(name, err)
	}
	if len(docs) == 0 {
		docs = []*yaml.Node{{Kind: yaml.MappingNode, Line: 1}}
	}
	m, ok := decode.NewMap(name, docs[0])
	if !ok {
		return nil, &evidence.Reject{File: name, Line: docs[0].Line, Reason: "the front matter is not a YAML mapping"}
	}
	return m, nil
}

func read(name string, m *decode.Map) runbook.Runbook {
	b := runbook.Runbook{
		ID: m.String("id"), Title: m.String("title"), AppliesTo: m.Strings("applies_to"),
		Owner: m.String("owner"), Reviewed: m.Day("reviewed"), Path: name,
	}
	if b.ID == "" {
		b.ID = strings.TrimSuffix(name, path.Ext(name))
	}
	if b.ID == "" {
		m.Fail("id", "", "is missing, and the file has no name to take it from")
	}
	if len(b.AppliesTo) == 0 {
		m.Fail("applies_to", "", "names no analytic, strategy, technique or rule")
	}
	for i, id := range b.AppliesTo {
		if rule, ok := strings.CutPrefix(id, "rule:"); ok && rule != "" {
			continue
		}
		b.AppliesTo[i] = strings.ToUpper(id)
		if !decode.ID("AN", b.AppliesTo[i]) && !decode.ID("DET", b.AppliesTo[i]) && !decode.TechniqueID(b.AppliesTo[i]) {
			m.Fail("applies_to", id, "neither an ATT&CK ID such as AN1989, DET0857 or T1589.003 nor rule:ID")
		}
	}
	return b
}
