// Package jsonl reads alerts from Candor's JSON Lines: one JSON object per line.
//
// Alerts are streamed: one line is held at a time. Keys that are not known are
// kept as fields. It refuses alerts without id, rule_id or time, and keys that
// are there twice.
package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/alert"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// MaxLine is the longest line that is read, in bytes; a longer one is rejected.
const MaxLine = 4 << 20

// Input is a file of alerts and where to say what is wrong with it.
type Input struct {
	// File names the file in messages.
	File string
	// Text is the content, not compressed.
	Text io.Reader
	// Reject is told each line that is refused, and Warn what was passed over.
	Reject func(evidence.Reject)
	Warn   func(text string)
	// Dates has the order of day and month in the file's dates; see decode.Dates.
	Dates *decode.Dates
}

// clock reads the times of the file.
func (in *Input) clock() *decode.Clock {
	return &decode.Clock{Dates: in.Dates, Once: decode.Once{Note: in.Warn}}
}

// line is an alert as a line writes it.
type line struct {
	ID         string         `json:"id"`
	RuleID     string         `json:"rule_id"`
	RuleName   string         `json:"rule_name"`
	Time       string         `json:"time"`
	Site       string         `json:"site"`
	Entity     string         `json:"entity"`
	EntityType string         `json:"entity_type"`
	Entities   jsontext.Value `json:"entities"`
	Severity   jsontext.Value `json:"severity"`
	Score      jsontext.Value `json:"score"`
	CaseID     string         `json:"case_id"`
	Techniques jsontext.Value `json:"techniques"`
	Tactic     string         `json:"tactic"`
	Source     string         `json:"source"`

	Disposition     string `json:"disposition"`
	DispositionTime string `json:"disposition_time"`
	DispositionBy   string `json:"disposition_by"`
	Provenance      string `json:"provenance"`
	Reading         string `json:"reading"`
	DuplicateOf     string `json:"duplicate_of"`

	Fields  map[string]jsontext.Value `json:"fields"`
	Unknown map[string]jsontext.Value `json:",embed"`
}

// Alerts reads the alerts of a file, in its order. An error is the reader's own
// and ends the sequence.
func Alerts(in Input) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		r := newReader(in)
		for {
			a, err := r.next(r.alert)
			if err == io.EOF || !yield(a, err) || err != nil {
				return
			}
		}
	}
}

type reader struct {
	in     Input
	text   *bufio.Reader
	n      int
	check  alert.Checker
	clock  *decode.Clock
	reject *evidence.Reject
}

func newReader(in Input) *reader {
	size := 1 << 16
	if short, is := in.Text.(interface{ Len() int }); is { // one line that somebody else could not read, a million times
		size = min(size, short.Len()+1)
	}
	r := &reader{in: in, text: bufio.NewReaderSize(in.Text, size)}
	r.clock = in.clock()
	r.check = alert.Checker{When: func(_, text string) (time.Time, bool) { return r.clock.Time(text) }, Help: decode.TimeHelp, Fail: r.fail, Warn: in.Warn}
	return r
}

// fail makes the line a reject, unless it is one already.
func (r *reader) fail(field, value, reason string) {
	if r.reject == nil {
		r.reject = &evidence.Reject{File: r.in.File, Line: r.n, Field: field, Value: value, Reason: reason}
	}
}

// next returns the next alert that is good, as read makes it of a line.
func (r *reader) next(read func(data []byte) *alert.Alert) (*alert.Alert, error) {
	for {
		data, err := r.line()
		if err != nil {
			return nil, err
		}
		r.clock.Line = r.n
		var a *alert.Alert
		if r.reject == nil {
			if len(data) == 0 {
				continue
			}
			a = read(data)
		}
		if r.reject == nil {
			return a, nil
		}
		r.in.Reject(*r.reject)
	}
}

// line returns the next line without the blanks around it. A line that is too
// long is passed over and is a reject.
func (r *reader) line() ([]byte, error) {
	r.n++
	r.reject = nil
	var data []byte
	for {
		part, err := r.text.ReadSlice('\n')
		if len(data)+len(part) > MaxLine {
			r.fail("", "", "the line is longer than 4 MiB")
		}
		if r.reject == nil {
			data = append(data, part...)
		}
		switch {
		case err == nil:
			return r.trim(data), nil
		case err == io.EOF && (len(data) > 0 || r.reject != nil):
			return r.trim(data), nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

func (r *reader) trim(data []byte) []byte {
	if r.n == 1 {
		data = bytes.TrimPrefix(data, []byte("\ufeff"))
	}
	return bytes.TrimSpace(data)
}

func (r *reader) alert(data []byte) *alert.Alert {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		r.broken(err)
		return nil
	}
	return r.check.Alert(&alert.Draft{
		ID: l.ID, RuleID: l.RuleID, RuleName: l.RuleName, Time: l.Time, Site: l.Site, Entity: l.Entity, EntityType: l.EntityType, Mentions: r.entities(l.Entities),
		Severity: plain(l.Severity), Score: r.score(l.Score), CaseID: l.CaseID, Techniques: r.clock.Techniques(r.techniques(l.Techniques)),
		Tactic: l.Tactic, Source: l.Source, Fields: fields(l.Unknown, l.Fields),
		Disposition: l.Disposition, DispositionTime: l.DispositionTime, DispositionBy: l.DispositionBy, Provenance: l.Provenance,
		Reading: l.Reading, DuplicateOf: l.DuplicateOf, Word: l.Disposition,
	})
}

// broken makes a reject of a line that is not the JSON it should be.
func (r *reader) broken(err error) {
	var kind *json.SemanticError
	var text *jsontext.SyntacticError
	switch {
	case errors.As(err, &text):
		r.fail(member(text.JSONPointer), "", "the line is not JSON: "+text.Err.Error())
	case errors.As(err, &kind) && kind.JSONPointer == "":
		r.fail("", "", "the line is JSON, but not an object")
	case errors.As(err, &kind):
		r.fail(member(kind.JSONPointer), string(kind.JSONValue), "a JSON "+kind.JSONKind.String()+" is not what belongs here")
	default:
		r.fail("", "", err.Error())
	}
}

// member names the key of the object that a pointer points into.
func member(p jsontext.Pointer) string { return strings.TrimPrefix(string(p), "/") }

func (r *reader) score(v jsontext.Value) string {
	switch v.Kind() {
	case '0':
		return string(v)
	case 'n', jsontext.KindInvalid:
		return ""
	}
	r.fail("score", string(v), "not a number")
	return ""
}

// mention is an entity as an object writes it.
type mention struct {
	Type    string                    `json:"type"`
	Name    string                    `json:"name"`
	Primary bool                      `json:"primary"`
	Unknown map[string]jsontext.Value `json:",embed"`
}

// entities reads a list of entities, each a string or an object, or one string of several
// that are joined by semicolons.
func (r *reader) entities(v jsontext.Value) []alert.Mention {
	switch v.Kind() {
	case 'n', jsontext.KindInvalid:
		return nil
	case '"':
		return alert.ParseMentions(plain(v))
	}
	var items []jsontext.Value
	if err := json.Unmarshal(v, &items); err != nil {
		r.fail("entities", string(v), "not a list of entities")
		return nil
	}
	list := make([]alert.Mention, len(items))
	for i, item := range items {
		if item.Kind() == '"' {
			list[i] = alert.ParseMention(plain(item))
			continue
		}
		var m mention
		if err := json.Unmarshal(item, &m); err != nil || m.Name == "" {
			r.fail("entities", string(item), "neither a name nor an object with name, and with type and primary if it has them")
			return nil
		}
		if len(m.Unknown) > 0 {
			r.clock.Once.Say("of entities name, type and primary are kept, and other members passed over")
		}
		list[i] = alert.Mention{Type: m.Type, Name: m.Name, Primary: m.Primary}
	}
	return list
}

// techniques reads a list of strings, or one string joined by semicolons.
func (r *reader) techniques(v jsontext.Value) []string {
	switch v.Kind() {
	case 'n', jsontext.KindInvalid:
		return nil
	case '"':
		return decode.List(plain(v))
	}
	var ids []string
	if err := json.Unmarshal(v, &ids); err != nil {
		r.fail("techniques", string(v), "not a list of strings")
		return nil
	}
	for i := range ids {
		ids[i] = strings.TrimSpace(ids[i])
	}
	return ids
}

// fields returns the fields of an alert: those that it names as such, and the
// keys that are not known.
func fields(unknown, named map[string]jsontext.Value) map[string]string {
	if len(unknown)+len(named) == 0 {
		return nil
	}
	out := make(map[string]string, len(unknown)+len(named))
	for _, m := range []map[string]jsontext.Value{unknown, named} {
		for k, v := range m {
			if v.Kind() != 'n' {
				out[k] = plain(v)
			}
		}
	}
	return out
}

// plain returns a string's text, and any other value as its JSON.
func plain(v jsontext.Value) string {
	if v.Kind() == '"' {
		text, err := jsontext.AppendUnquote(nil, v)
		if err == nil {
			return string(text)
		}
	}
	if v.Kind() == 'n' {
		return ""
	}
	return string(v)
}
