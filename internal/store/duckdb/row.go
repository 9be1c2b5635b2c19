//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/fault"
	"candor/internal/store/stamp"
)

// The places in row.words, in the order of the tables' columns.
const (
	wordRule = iota
	wordName
	wordSite
	wordEntity
	wordSeverity
	wordIncident
	wordTechniques
	wordTactic
	wordSource
	numWords
)

// The columns of the alert table that hold a row: what is said of the alert,
// under what it counts, its flags, and all.
const (
	content  = `time, rule, name, site, entity, severity, incident, techniques, tactic, source, score, fields`
	standing = `class, provenance, said`
	flags    = `revised, void`
	columns  = `seq, batch, digest, id, ` + content + `, ` + standing + `, ` + flags
	// judged is as many columns, with nothing in those that statements leave alone.
	judged = `seq, 0::INTEGER, 0::BIGINT, id, 0::BIGINT, rule, 0::INTEGER, 0::INTEGER, 0::INTEGER, 0::INTEGER,
		0::INTEGER, 0::INTEGER, 0::INTEGER, 0::INTEGER, NULL::DOUBLE, '', ` + standing + `, ` + flags
)

// How many columns they name.
const (
	numContent = 1 + numWords + 2
	numColumns = 4 + numContent + 3 + 2
)

// span is a part of a text. Rows hold spans and no strings, which the garbage
// collector would have to follow.
type span struct{ from, to int }

// saying is what is said of an alert.
type saying struct {
	time   int64
	words  [numWords]int32
	score  float64 // NaN when there is none
	fields span    // JSON, or empty
}

// silence says nothing of an alert.
func silence() saying { return saying{time: stamp.Unknown, score: math.NaN()} }

// partial reports whether s is said of an alert that is known, and brings none.
func (s *saying) partial() bool { return s.time == stamp.Unknown }

// row is an alert as it is stored; see the table for the columns' meaning.
type row struct {
	seq    int64
	batch  int32
	digest int64
	id     span
	saying

	counts
}

// counts is under what a row counts, and its flags.
type counts struct {
	class, provenance int32
	said              int64
	revised, void     bool
}

// statement is a disposition as it is stored. Its class is 0 when there is none.
type statement struct {
	time                            int64
	class, word, author, provenance int32
}

// unlabelled is the term of alert.Unlabelled.
const unlabelled = 1

// unsay leaves a row as one that nothing was stated about.
func (r *counts) unsay() { r.class, r.provenance, r.said = unlabelled, 0, stamp.Unknown }

// hear counts a row under s unless a later statement has been made. A
// statement that leaves it unlabelled also takes its provenance away.
func (r *counts) hear(s statement) {
	if s.time < r.said {
		return
	}
	r.said, r.class, r.provenance = s.time, s.class, s.provenance
	if s.class == unlabelled {
		r.provenance = 0
	}
}

// texts is the text that the spans of some rows are parts of.
type texts struct{ text []byte }

// of returns a part of the text.
func (t *texts) of(s span) []byte { return t.text[s.from:s.to:s.to] }

// keep keeps what was appended to the text.
func (t *texts) keep(text []byte) span {
	from := len(t.text)
	t.text = text
	return span{from, len(text)}
}

// keepString keeps a copy of s.
func (t *texts) keepString(s string) span { return t.keep(append(t.text, s...)) }

// same reports whether a and b are the same.
func (t *texts) same(a, b *saying) bool {
	return a.time == b.time && a.words == b.words && (a.score == b.score || math.IsNaN(a.score) && math.IsNaN(b.score)) &&
		bytes.Equal(t.of(a.fields), t.of(b.fields))
}

// merge takes over into s what other says and reports whether any of it is new.
// What other leaves empty stays as it was.
func (t *texts) merge(s, other *saying) (changed bool, err error) {
	if other.time != stamp.Unknown && other.time != s.time {
		s.time, changed = other.time, true
	}
	for i, w := range other.words {
		if w != 0 && w != s.words[i] {
			s.words[i], changed = w, true
		}
	}
	if !math.IsNaN(other.score) && other.score != s.score {
		s.score, changed = other.score, true
	}
	before, said := t.of(s.fields), t.of(other.fields)
	if len(said) == 0 || bytes.Equal(before, said) {
		return changed, nil
	}
	if len(before) == 0 {
		s.fields = other.fields
		return true, nil
	}
	text, err := mergeFields(t.text, before, said)
	if err != nil || bytes.Equal(before, text[len(t.text):]) {
		return changed, err
	}
	s.fields = t.keep(text)
	return true, nil
}

// mergeFields appends the fields of both in their stored form to buf; newer wins.
func mergeFields(buf, older, newer []byte) ([]byte, error) {
	all := map[string]string{}
	for _, fields := range [...][]byte{older, newer} {
		if len(fields) == 0 {
			continue
		}
		if err := json.Unmarshal(fields, &all); err != nil {
			return buf, fmt.Errorf("read stored fields: %w", err)
		}
	}
	buf, _, err := appendFields(buf, nil, all)
	return buf, err
}

// appendFields appends fields in their stored form, JSON with sorted keys, to
// buf. It uses keys as scratch space, and returns both.
func appendFields(buf []byte, keys []string, fields map[string]string) ([]byte, []string, error) {
	if len(fields) == 0 {
		return buf, keys, nil
	}
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for i, k := range keys {
		buf = append(buf, "{,"[min(i, 1)])
		var err error
		if buf, err = jsontext.AppendQuote(buf, k); err == nil {
			buf, err = jsontext.AppendQuote(append(buf, ':'), fields[k])
		}
		if err != nil {
			return buf, keys, notText("fields."+k, fields[k])
		}
	}
	return append(buf, '}'), keys, nil
}

// notText is the error for a text that is not UTF-8, which DuckDB cannot keep.
func notText(field, value string) error {
	return fault.New(fault.Invalid, "%s is not UTF-8: %q", field, strings.ToValidUTF8(value, string(utf8.RuneError)))
}
