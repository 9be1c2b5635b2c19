package veil

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/pseudonym"
)

// withheld stands in the place of a record that is wrong.
const withheld = `"withheld: the record was wrong, and names are kept as pseudonyms"`

// Lines returns records as JSON Lines with pseudonyms in the place of the names in them:
// what a field that holds names says, and the same within every other text. Of the lines
// that wrong names, counted from 1, and of those that are no object of JSON, nothing is
// left but a text that is rejected as they would be: a name may stand anywhere in them.
func Lines(k *pseudonym.Key, lines []byte, wrong map[int]bool) []byte {
	var out bytes.Buffer
	n := 0
	for line := range bytes.Lines(lines) {
		n++
		text := string(bytes.TrimSpace(line))
		switch {
		case text == "":
		case wrong[n]:
			out.WriteString(withheld)
		default:
			out.WriteString(record(k, text))
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

func record(k *pseudonym.Key, text string) string {
	var names []string
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || !collect(text, "", &names) {
		return withheld
	}
	return rewrite(k, text, "", names)
}

// isJSON reports whether a text is a list or an object of JSON.
func isJSON(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text))
}

// collect adds the names in a JSON text, which stands in a field, to names. It reports
// whether the text is JSON.
func collect(text, field string, names *[]string) bool {
	return walk(text, field, nil, func(at, v string) string {
		if Names(at) && !counts(v) {
			*names = append(*names, listed(v)...)
		}
		return v
	})
}

// rewrite returns a JSON text, which stands in a field, with pseudonyms in the place of
// names.
func rewrite(k *pseudonym.Key, text, field string, names []string) string {
	var out bytes.Buffer
	ok := walk(text, field, &out, func(at, v string) string {
		switch {
		case at == ".disposition_by":
			return k.Person(v)
		case Names(at) && !counts(v):
			return eachListed(v, k.Name)
		}
		return k.Mask(v, names)
	})
	if !ok {
		return withheld
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// level is an object or a list that is being walked: the path of the field that holds it,
// and of the one in it that comes next.
type level struct{ of, next string }

// walk hands each text of a JSON text, which stands in a field, to do, with the path of its
// field, and writes the whole with what comes back to out. It reports whether it is JSON,
// and one value.
func walk(text, field string, out *bytes.Buffer, do func(at, v string) string) bool {
	d := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
	var sink io.Writer = io.Discard
	if out != nil {
		sink = out
	}
	e := jsontext.NewEncoder(sink, jsontext.AllowDuplicateNames(true))
	levels := []level{{field, field}}
	for whole := false; ; whole = d.StackDepth() == 0 {
		t, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			return whole
		}
		if err != nil || whole {
			return false
		}
		now := &levels[len(levels)-1]
		kind, n := d.StackIndex(d.StackDepth())
		switch k := t.Kind(); {
		case k == jsontext.KindBeginObject, k == jsontext.KindBeginArray:
			levels = append(levels, level{now.next, now.next})
		case k == jsontext.KindEndObject, k == jsontext.KindEndArray:
			levels = levels[:len(levels)-1]
		case k == jsontext.KindString && kind == jsontext.KindBeginObject && n%2 == 1:
			now.next = now.of + "." + t.String()
		case k == jsontext.KindString:
			t = jsontext.String(do(now.next, t.String()))
		}
		if err := e.WriteToken(t); err != nil {
			return false
		}
	}
}
