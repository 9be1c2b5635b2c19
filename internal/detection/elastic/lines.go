package elastic

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"

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

// lines reads the rules of an export. What else it holds, exceptions and connectors,
// is a warning; its last line counts them.
func lines(name string, data []byte) evidence.Decoded[detection.Rule] {
	var out evidence.Decoded[detection.Rule]
	n, others, first := 0, 0, 0
	for line := range bytes.Lines(data) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var rule map[string]any
		if err := json.Unmarshal(line, &rule); err != nil || rule == nil {
			out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: n, Reason: "the line is not one JSON object"})
			continue
		}
		if rule["exported_count"] != nil {
			continue
		}
		if rule["rule_id"] == nil && (rule["list_id"] != nil || rule["attributes"] != nil) {
			if others++; first == 0 {
				first = n
			}
			continue
		}
		f := &file{name: name, at: n}
		f.into(&out, map[string]any{"rule": rule})
	}
	if len(out.Records)+len(out.Rejects)+others == 0 {
		out.Warnings = append(out.Warnings, name+":1: the export is empty")
	}
	if others > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s:%d: %d exceptions and connectors were passed over", name, first, others))
	}
	return out
}
