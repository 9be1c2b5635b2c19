// Package layer reads layers of the ATT&CK Navigator as what their author claims to
// detect.
//
// A layer names techniques and no rule. Each technique that it scores above zero is
// kept as a claim without a rule, and marked as one: nothing can fire, be measured or
// be tuned under it. It refuses to take a colour for a score.
package layer

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// Format is the name of the format, and what the rules' Format says.
const Format = "navigator"

// Sniff reports whether a file begins as a layer of the Navigator does, or a list of
// them.
func Sniff(head []byte, _ string) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	return (bytes.HasPrefix(head, []byte("{")) || bytes.HasPrefix(head, []byte("["))) &&
		bytes.Contains(head, []byte(`"techniques"`)) && (bytes.Contains(head, []byte(`"techniqueID"`)) || bytes.Contains(head, []byte(`"navigator"`)))
}

// layer is what is read of a layer, of versions 2 to 4.5.
type layer struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Filters     struct {
		Platforms []string `json:"platforms"`
	} `json:"filters"`
	Techniques []technique `json:"techniques"`
}

// technique is one entry of a layer.
type technique struct {
	ID      string         `json:"techniqueID"`
	Tactic  string         `json:"tactic"`
	Score   jsontext.Value `json:"score"`
	Color   string         `json:"color"`
	Comment string         `json:"comment"`
	Enabled *bool          `json:"enabled"`
}

// reader reads the layers of one file.
type reader struct {
	name      string
	out       evidence.Decoded[detection.Rule]
	at        map[string]int // rules by id
	unscored  int
	zero, off int
}

// Decode reads a layer, or a list of layers, JSON. Name is the file's path within its
// folder or archive. What is wrong with the file is among the rejects.
func Decode(name string, data []byte) evidence.Decoded[detection.Rule] {
	r := &reader{name: name, at: map[string]int{}}
	layers, err := layersOf(data)
	if err != nil {
		r.reject("", "", reason(err))
		return r.out
	}
	for i := range layers {
		r.layer(&layers[i])
	}
	r.close(len(layers))
	return r.out
}

// Scored returns the techniques that a layer scores above zero and does not disable, each
// once, in order. It fails with fault.Invalid where an entry cannot be read.
func Scored(name string, data []byte) ([]string, error) {
	read := Decode(name, data)
	if len(read.Rejects) > 0 {
		r := read.Rejects[0]
		what := r.Reason
		if r.Field != "" {
			what = fmt.Sprintf("%s: %s %q", r.Field, r.Reason, clip(r.Value))
		}
		return nil, fault.New(fault.Invalid, "%s", what).At("%s", name).Next("save the layer in the Navigator again, and score the techniques that are meant")
	}
	var ids []string
	for i := range read.Records {
		ids = append(ids, read.Records[i].Techniques...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// clip shortens what is shown of a value.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func layersOf(data []byte) ([]layer, error) {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	lenient := []json.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	if bytes.HasPrefix(data, []byte("[")) {
		var list []layer
		err := json.Unmarshal(data, &list, lenient...)
		return list, err
	}
	var one layer
	err := json.Unmarshal(data, &one, lenient...)
	return []layer{one}, err
}

// reason says why a file is no layer.
func reason(err error) string {
	var text *jsontext.SyntacticError
	if errors.As(err, &text) {
		return "not JSON: " + text.Err.Error()
	}
	var typed *json.SemanticError
	if errors.As(err, &typed) {
		return fmt.Sprintf("not a layer: %s is of another type", cmp.Or(string(typed.JSONPointer), "the file"))
	}
	return err.Error()
}

func (r *reader) reject(field, value, why string) {
	r.out.Rejects = append(r.out.Rejects, evidence.Reject{File: r.name, Field: field, Value: value, Reason: why})
}

func (r *reader) warn(format string, args ...any) {
	r.out.Warnings = append(r.out.Warnings, r.name+": "+fmt.Sprintf(format, args...))
}

func (r *reader) layer(l *layer) {
	title := cmp.Or(strings.TrimSpace(l.Name), r.name)
	for i := range l.Techniques {
		r.technique(l, title, &l.Techniques[i], "techniques."+strconv.Itoa(i))
	}
}

// technique keeps one entry as a claim. A technique that stands under several tactics
// is one claim, with its highest score.
func (r *reader) technique(l *layer, title string, t *technique, at string) {
	id := strings.ToUpper(strings.TrimSpace(t.ID))
	if !decode.TechniqueID(id) {
		r.reject(at+".techniqueID", t.ID, "not a technique's ATT&CK ID such as T1059.001")
		return
	}
	score, scored, err := number(t.Score)
	switch {
	case err != nil:
		r.reject(at+".score", string(t.Score), "not a number")
		return
	case t.Enabled != nil && !*t.Enabled:
		r.off++
		return
	case !scored:
		r.unscored++
		return
	case !(score > 0): // NaN is not
		r.zero++
		return
	}
	rule := detection.Rule{
		ID: Format + ":" + title + ":" + id, Name: title + ": " + id, Format: Format, Stated: true, Enabled: true,
		Status: "layer score " + strconv.FormatFloat(score, 'g', -1, 64), Techniques: []string{id}, Platforms: platforms(l.Filters.Platforms),
		Source: strings.TrimSpace(t.Comment), Path: r.name,
	}
	if i, there := r.at[rule.ID]; there {
		if old, _, _ := number(jsontext.Value(strings.TrimPrefix(r.out.Records[i].Status, "layer score "))); score > old {
			r.out.Records[i].Status = rule.Status
		}
		return
	}
	r.at[rule.ID] = len(r.out.Records)
	r.out.Records = append(r.out.Records, rule)
}

// number reads a score, and whether there is one.
func number(v jsontext.Value) (score float64, scored bool, err error) {
	text := strings.Trim(string(v), `" `)
	if text == "" || text == "null" {
		return 0, false, nil
	}
	score, err = strconv.ParseFloat(text, 64)
	return score, err == nil, err
}

// platforms returns a layer's filter. One of every platform is none: the Navigator
// writes them all where nobody chose.
func platforms(filter []string) []string {
	const every = 8
	if len(filter) >= every {
		return nil
	}
	var out []string
	for _, p := range filter {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// close says what was passed over.
func (r *reader) close(layers int) {
	if layers == 0 {
		r.reject("", "", "the list holds no layer")
	}
	if len(r.out.Records) > 0 {
		r.warn("a layer has no rules: each technique is kept as a claim without one, which nothing fires under")
	}
	for _, w := range []struct {
		n   int
		why string
	}{{r.unscored, "without a score"}, {r.zero, "scored zero or less"}, {r.off, "disabled"}} {
		if w.n > 0 {
			r.warn("%s, which claims nothing: %d", w.why, w.n)
		}
	}
	if len(r.out.Records)+len(r.out.Rejects) == 0 {
		r.reject("techniques", "", "no technique is scored above zero, and nothing else says that it is detected")
	}
}
