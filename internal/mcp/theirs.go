package mcp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/figure"
	"candor/internal/inert"
)

// Bounds of what others wrote: a text of data, and what is listed of the organisation.
const (
	longestText  = 5000
	longestTheir = 200
	mostTheirs   = 50
)

// theirs are the names of fields whose texts people of the organisation chose.
var theirs = map[string]bool{"rule_name": true, "provider": true, "owner": true, "author": true, "markdown": true, "by": true, "second": true,
	"last_test": true, "test": true, "organisation": true, "recorded_by": true, "approved_by": true, "external_sources": true}

// looked is an answer's data after it was looked through.
type looked struct {
	data []byte
	// theirs are texts of the organisation in it, each once, cut where it is long.
	theirs []string
	more   int // that are not listed
	cut    int // texts
	rule   bool
	id     string // the one that came last
}

// quoting are the codes of a take's sources whose value is what somebody called something.
var quoting = map[string]bool{"claim": true, "exercise": true, "runbook": true}

// look cuts the texts of data that are longer than any name or note has to be, and finds those
// that the organisation wrote, which stand in sentences of the data as well.
func look(data []byte) (l looked, err error) {
	var out bytes.Buffer
	d, e := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true)), jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	for {
		t, err := d.ReadToken()
		if err != nil {
			break // the end; the encoder finds what is no whole value
		}
		if t.Kind() == '"' {
			if _, n := d.StackIndex(d.StackDepth()); !named(d) || n%2 == 0 {
				t = l.text(d, t)
			}
		}
		if err := e.WriteToken(t); err != nil {
			return l, fmt.Errorf("look through an answer: %w", err)
		}
	}
	l.data = bytes.TrimSpace(out.Bytes())
	return l, nil
}

// named reports whether a decoder is in an object, whose every other text is a name.
func named(d *jsontext.Decoder) bool {
	kind, _ := d.StackIndex(d.StackDepth())
	return kind == '{'
}

// text notes what a text is, and returns it, cut where it is too long.
func (l *looked) text(d *jsontext.Decoder, t jsontext.Token) jsontext.Token {
	s := t.String()
	steps := slices.Collect(d.StackPointer().Tokens())
	key, above := at(steps, 1), at(steps, 2)
	if number(key) {
		key, above = above, at(steps, 3)
	}
	if number(above) {
		above = at(steps, 3)
	}
	l.rule = l.rule || len(steps) == 1 && key == "kind" && s == "rule"
	if key == "id" {
		l.id = s
	}
	if key == "reason" && (above == "waivers" || above == "exceptions") || key == "value" && quoting[l.id] {
		l.note(s)
	}
	if s != "" && (theirs[key] || key == "name" && (above == "source" || above == "rule" || l.rule && len(steps) == 1)) {
		l.note(s)
	}
	if utf8.RuneCountInString(s) <= longestText {
		return t
	}
	l.cut++
	return jsontext.String(cut(s, longestText))
}

// number reports whether a step leads into a list.
func number(step string) bool { return step != "" && strings.TrimLeft(step, "0123456789") == "" }

// at is the step that stands so many from the end.
func at(steps []string, n int) string {
	if n > len(steps) {
		return ""
	}
	return steps[len(steps)-n]
}

// note lists a text of the organisation.
func (l *looked) note(s string) {
	s = inert.Line(cut(s, longestTheir))
	switch {
	case slices.Contains(l.theirs, s):
	case len(l.theirs) == mostTheirs:
		l.more++
	default:
		l.theirs = append(l.theirs, s)
	}
}

// cut returns so many characters of a text at most, and says how many it had.
func cut(s string, most int) string {
	n := utf8.RuneCountInString(s)
	if n <= most {
		return s
	}
	return string([]rune(s)[:most]) + fmt.Sprintf("… (cut: %s in all)", figure.Of(int64(n), "character", "characters"))
}

// limits are those that come of having looked.
func (l *looked) limits() []string {
	var list []string
	if l.cut > 0 {
		list = append(list, fmt.Sprintf("%s of the data have more than %d characters and are cut; pages and commands have them whole.", figure.Of(int64(l.cut), "text", "texts"), longestText))
	}
	if l.more > 0 {
		list = append(list, fmt.Sprintf("organisation_texts has the first %d; the data have more.", mostTheirs))
	}
	return list
}
