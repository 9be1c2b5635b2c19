package elastic

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/detection"
	"candor/internal/evidence"
)

// headSize is how much of a file tells what it is, in bytes.
const headSize = 1 << 15

// isLines reports whether a file is rules as Kibana exports them. Their alerts bear
// the same names, and a time.
func isLines(head []byte) bool {
	head = head[:min(len(head), headSize)]
	if !bytes.HasPrefix(bytes.TrimLeft(head, "\ufeff \t\r\n"), []byte("{")) {
		return false
	}
	for _, name := range []string{`"rule_id"`, `"risk_score"`, `"severity"`, `"interval"`} {
		if !bytes.Contains(head, []byte(name)) {
			return false
		}
	}
	return !bytes.Contains(head, []byte(`"@timestamp":`)) && !bytes.Contains(head, []byte(`"kibana":`))
}

// lines reads the rules of an export, or of the interface's list of them.
func lines(name string, data []byte) evidence.Decoded[detection.Rule] {
	e := export{name: name}
	if list, ok := listed(data); ok {
		line, at := 1, 0
		for _, raw := range list {
			i := at + bytes.Index(data[at:], raw)
			line += bytes.Count(data[at:i], []byte("\n"))
			e.object(line, raw)
			at = i
		}
	} else {
		n := 0
		for line := range bytes.Lines(data) {
			n++
			e.object(n, bytes.TrimSpace(line))
		}
	}
	return e.done()
}

// listed returns the rules of a page that the interface returns, as they stand
// there, and whether data is one.
func listed(data []byte) ([]jsontext.Value, bool) {
	var page struct {
		Data []jsontext.Value `json:"data"`
	}
	err := json.Unmarshal(data, &page)
	return page.Data, err == nil && page.Data != nil
}

// export reads the objects of an export. What else it holds, exceptions and
// connectors, is a warning; its last object counts them.
type export struct {
	name          string
	out           evidence.Decoded[detection.Rule]
	others, first int
}

func (e *export) object(line int, raw []byte) {
	if len(raw) == 0 {
		return
	}
	var rule map[string]any
	if err := json.Unmarshal(raw, &rule); err != nil || rule == nil {
		e.out.Rejects = append(e.out.Rejects, evidence.Reject{File: e.name, Line: line, Reason: "the line is not one JSON object"})
		return
	}
	switch {
	case rule["exported_count"] != nil:
	case rule["rule_id"] == nil && (rule["list_id"] != nil || rule["attributes"] != nil):
		if e.others++; e.first == 0 {
			e.first = line
		}
	default:
		f := &file{name: e.name, at: line}
		f.into(&e.out, map[string]any{"rule": rule})
	}
}

func (e *export) done() evidence.Decoded[detection.Rule] {
	if len(e.out.Records)+len(e.out.Rejects)+e.others == 0 {
		e.out.Warnings = append(e.out.Warnings, e.name+":1: the export is empty")
	}
	if e.others > 0 {
		e.out.Warnings = append(e.out.Warnings, fmt.Sprintf("%s:%d: %d exceptions and connectors were passed over", e.name, e.first, e.others))
	}
	return e.out
}
