package ingest

import (
	"bytes"
	"regexp"
	"slices"

	"candor/internal/detection"
	"candor/internal/detection/elastic"
	"candor/internal/detection/sentinel"
	"candor/internal/detection/sigma"
	"candor/internal/detection/splunk"
	"candor/internal/evidence"
	"candor/internal/store"
)

// mostText bounds the text of a rule that is kept, in bytes. A longer one stays in its file
// alone.
const mostText = 256 << 10

// putTexts keeps the text of each rule of a file, byte for byte, beside its record. Where
// a file holds several, that is the part of it that is the rule's; of one whose part
// cannot be told, and of the row of a table, nothing is kept.
func (b *batch) putTexts(format string, data []byte, rules []detection.Rule) {
	for i, text := range textsOf(format, data, rules) {
		if len(text) > 0 && len(text) <= mostText {
			b.beside = append(b.beside, store.Record{Kind: evidence.RecordRuleText, Key: store.KeyOf(b.origin(format), rules[i].ID), Body: text})
		}
	}
}

// textsOf returns the text of each of the rules of a file; empty where it cannot be told.
func textsOf(format string, data []byte, rules []detection.Rule) [][]byte {
	texts := make([][]byte, len(rules))
	if !slices.Contains([]string{sigma.Format, elastic.Format, sentinel.Format, splunk.Format}, format) {
		return texts
	}
	if len(rules) == 1 && format != splunk.Format {
		texts[0] = data
		return texts
	}
	parts := owned(partsOf(data))
	for i := range rules {
		texts[i] = parts[rules[i].ID]
	}
	return texts
}

// Where the parts of a file of several rules begin: a document of YAML behind its mark, a
// section of a file of settings. A part says whose it is by its title or by its id.
var (
	documents = regexp.MustCompile(`(?m)^---[ \t]*\r?$`)
	sections  = regexp.MustCompile(`(?m)^\[[^\]\n]+\][ \t]*\r?$`)
	whose     = regexp.MustCompile(`(?m)^(?:id:[ \t]*["']?([^"'\s]+)["']?[ \t]*\r?$|\[([^\]\n]+)\][ \t]*\r?$)|"(?:rule_id|id)"[ \t]*:[ \t]*"([^"]+)"`)
)

// partsOf cuts a file where one rule may end and the next begin.
func partsOf(data []byte) [][]byte {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		return slices.DeleteFunc(slices.Collect(bytes.Lines(data)), func(l []byte) bool { return len(bytes.TrimSpace(l)) == 0 })
	}
	cuts := documents.FindAllIndex(data, -1)
	if len(cuts) == 0 {
		cuts = sections.FindAllIndex(data, -1)
	}
	var parts [][]byte
	from := 0
	for _, c := range cuts {
		if c[0] > from {
			parts = append(parts, data[from:c[0]])
		}
		from = c[0]
	}
	parts = append(parts, data[from:])
	return slices.DeleteFunc(parts, func(p []byte) bool { return len(bytes.Trim(p, "- \t\r\n")) == 0 })
}

// owned returns parts by the id that each says as its own, without what several say.
func owned(parts [][]byte) map[string][]byte {
	by, in := map[string][]byte{}, map[string]int{}
	for i, p := range parts {
		for _, m := range whose.FindAllSubmatch(p, -1) {
			id := string(slices.Concat(m[1], m[2], m[3]))
			if before, again := in[id]; again && before != i {
				delete(by, id)
				continue
			}
			in[id], by[id] = i, p
		}
	}
	return by
}
