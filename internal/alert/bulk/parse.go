package bulk

import (
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/decode"
)

// parser reads lines that are one JSON object of plain values. Its parse and the
// methods beneath it report whether the text is what they read; of what is not,
// the line as a whole is left to package jsonl.
type parser struct {
	decode.Scan
	draft alert.Draft
	keys  uint32 // those that the line has had, a bit for each
	// unknown are the members whose keys are not known, which are fields too.
	unknown []field
}

// field is a value of an alert beside those that are known.
type field struct {
	key   string
	value token
}

// token is a value that holds no other.
type token struct {
	kind byte   // one of "0tfn, for a string, a number, true, false and null
	text string // of a string what it says, of others how they are written
}

// plain returns the value as text, which null has none of.
func (t token) plain() string {
	if t.kind == 'n' {
		return ""
	}
	return t.text
}

// parse reads a line into the draft.
func (p *parser) parse(line string) bool {
	*p = parser{Scan: decode.Scan{Text: line}, unknown: p.unknown[:0]}
	if !p.object(p.member) {
		return false
	}
	p.keep(p.unknown)
	p.Space()
	p.draft.Word = p.draft.Disposition
	return p.At == len(p.Text)
}

// object reads an object; member reads what follows a key.
func (p *parser) object(member func(key string) bool) bool {
	if !p.Next('{') {
		return false
	}
	if p.Next('}') {
		return true
	}
	for {
		key, ok := p.key()
		if !ok || !p.Next(':') || !member(key) {
			return false
		}
		if p.Next('}') {
			return true
		}
		if !p.Next(',') {
			return false
		}
	}
}

// key reads a key.
func (p *parser) key() (string, bool) {
	p.Space()
	if p.At == len(p.Text) || p.Text[p.At] != '"' {
		return "", false
	}
	return p.Quoted()
}

// value reads a value that holds no other.
func (p *parser) value() (t token, ok bool) {
	p.Space()
	if p.At == len(p.Text) {
		return t, false
	}
	switch c := p.Text[p.At]; c {
	case '"':
		t.kind = c
		t.text, ok = p.Quoted()
		return t, ok
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return p.number()
}

// word reads a literal.
func (p *parser) word(w string) (token, bool) { return token{kind: w[0], text: w}, p.Word(w) }

// number reads a number without an exponent, which few have.
func (p *parser) number() (token, bool) {
	text, ok := p.Number()
	return token{kind: '0', text: text}, ok
}

// place is where a key's text goes.
type place struct {
	bit uint32
	to  *string
}

// place returns the place of a key whose value is a text.
func (p *parser) place(key string) (place, bool) {
	d := &p.draft
	switch key {
	case "id":
		return place{1 << 0, &d.ID}, true
	case "rule_id":
		return place{1 << 1, &d.RuleID}, true
	case "rule_name":
		return place{1 << 2, &d.RuleName}, true
	case "time":
		return place{1 << 3, &d.Time}, true
	case "site":
		return place{1 << 4, &d.Site}, true
	case "entity":
		return place{1 << 5, &d.Entity}, true
	case "case_id":
		return place{1 << 6, &d.CaseID}, true
	case "tactic":
		return place{1 << 7, &d.Tactic}, true
	case "source":
		return place{1 << 8, &d.Source}, true
	case "disposition":
		return place{1 << 9, &d.Disposition}, true
	case "disposition_time":
		return place{1 << 10, &d.DispositionTime}, true
	case "disposition_by":
		return place{1 << 11, &d.DispositionBy}, true
	case "provenance":
		return place{1 << 12, &d.Provenance}, true
	case "reading":
		return place{1 << 17, &d.Reading}, true
	case "duplicate_of":
		return place{1 << 18, &d.DuplicateOf}, true
	case "severity":
		return place{1 << 13, &d.Severity}, true
	case "score":
		return place{1 << 14, &d.Score}, true
	case "techniques":
		return place{bit: 1 << 15}, true
	case "fields":
		return place{bit: 1 << 16}, true
	case "entity_type":
		return place{1 << 19, &d.EntityType}, true
	case "entities":
		return place{bit: 1 << 20}, true
	}
	return place{}, false
}

// member reads the value of a key. A key that comes twice is not plain.
func (p *parser) member(key string) (ok bool) {
	at, known := p.place(key)
	if !known {
		p.unknown, ok = p.field(p.unknown, key)
		return ok
	}
	if p.keys&at.bit != 0 {
		return false
	}
	p.keys |= at.bit
	switch key {
	case "techniques":
		return p.techniques()
	case "fields":
		return p.fields()
	case "entities":
		return p.entities()
	}
	t, ok := p.value()
	*at.to = t.plain()
	switch {
	case t.kind == 'n' || key == "severity":
		return ok
	case key == "score":
		return ok && t.kind == '0'
	}
	return ok && t.kind == '"'
}

// techniques reads a list that is written as one string, or is null.
func (p *parser) techniques() bool {
	if p.Next('[') {
		return p.list()
	}
	t, ok := p.value()
	if !ok || t.kind != '"' && t.kind != 'n' {
		return false
	}
	if t.kind == '"' {
		p.draft.Techniques = decode.List(t.text)
	}
	return true
}

// list reads a list of strings.
func (p *parser) list() bool {
	p.draft.Techniques = []string{}
	if p.Next(']') {
		return true
	}
	for {
		t, ok := p.value()
		if !ok || t.kind != '"' {
			return false
		}
		p.draft.Techniques = append(p.draft.Techniques, strings.TrimSpace(t.text))
		if p.Next(']') {
			return true
		}
		if !p.Next(',') {
			return false
		}
	}
}

// entities reads a list of entities, each a string, or an object of a name and a type, or one
// string of several. What says which of them is primary is not plain.
func (p *parser) entities() bool {
	if !p.Next('[') {
		t, ok := p.value()
		if !ok || t.kind != '"' && t.kind != 'n' {
			return false
		}
		p.draft.Mentions = alert.ParseMentions(t.plain())
		return true
	}
	if p.Next(']') {
		return true
	}
	for {
		m, ok := p.mention()
		if !ok {
			return false
		}
		p.draft.Mentions = append(p.draft.Mentions, m)
		if p.Next(']') {
			return true
		}
		if !p.Next(',') {
			return false
		}
	}
}

// mention reads an entity.
func (p *parser) mention() (m alert.Mention, ok bool) {
	p.Space()
	if p.At == len(p.Text) || p.Text[p.At] != '{' {
		t, ok := p.value()
		return alert.ParseMention(t.text), ok && t.kind == '"'
	}
	ok = p.object(func(key string) bool {
		to := &m.Name
		if key == "type" {
			to = &m.Type
		}
		if key != "type" && key != "name" || *to != "" {
			return false
		}
		t, ok := p.value()
		*to = t.text
		return ok && t.kind == '"'
	})
	return m, ok && m.Name != ""
}

// maxFields bounds the fields of a plain line, because each is compared with the
// ones before it.
const maxFields = 32

// field reads the value of a field that comes behind others.
func (p *parser) field(before []field, key string) (all []field, ok bool) {
	if len(before) == maxFields || slices.ContainsFunc(before, func(f field) bool { return f.key == key }) {
		return before, false
	}
	v, ok := p.value()
	return append(before, field{key, v}), ok
}

// fields reads an object of values that hold no others, or null.
func (p *parser) fields() bool {
	p.Space()
	if strings.HasPrefix(p.Text[p.At:], "null") {
		_, ok := p.word("null")
		return ok
	}
	var room [maxFields]field
	all := room[:0]
	ok := p.object(func(key string) (ok bool) {
		all, ok = p.field(all, key)
		return ok
	})
	if ok {
		p.keep(all)
	}
	return ok
}

// keep adds fields to the draft, where it has none of their keys: what the object of
// fields says counts before what stands beside it.
func (p *parser) keep(all []field) {
	if len(all) > 0 && p.draft.Fields == nil {
		p.draft.Fields = make(map[string]string, len(all))
	}
	for _, f := range all {
		if _, have := p.draft.Fields[f.key]; !have && f.value.kind != 'n' {
			p.draft.Fields[f.key] = f.value.text
		}
	}
}
