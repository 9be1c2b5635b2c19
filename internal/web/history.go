package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/library"
)

// maxValue is how many bytes of a field's value are shown; the rest is in the
// raw source.
const maxValue = 20_000

// historyView is the page of an object's whole history.
type historyView struct {
	frame
	Name     string // of the object
	Back     string
	Chapters []chapterView // newest first
}

// chapterView is an object in one release.
type chapterView struct {
	library.Chapter
	Name   string // of the release
	How    string // how it changed, in words
	Fields []fieldView
}

// fieldView is a field that changed.
type fieldView struct{ Name, Old, New string }

func (s *site) history(r *http.Request) (view, error) {
	sel, err := selected(r)
	if err != nil {
		return view{}, err
	}
	h, err := s.Objects.History(r.Context(), r.PathValue("id"), sel.ref())
	if err != nil {
		return view{}, err
	}
	fr, err := s.place(r, sel)
	if err != nil {
		return view{}, err
	}
	name := cmp.Or(strings.TrimSpace(h.Object.ATTACKID+" "+h.Object.Name), h.Object.StixID)
	fr.Title, fr.Here = "History of "+name, "objects"
	v := historyView{frame: fr, Name: name, Back: sel.Object(h.Object.StixID)}
	var ms []library.Moment
	for _, c := range slices.Backward(h.Chapters) {
		v.Chapters = append(v.Chapters, newChapter(c))
		ms = append(ms, c.Moment)
	}
	v.only(carriers(ms))
	return view{name: "history", data: v}, nil
}

func newChapter(c library.Chapter) chapterView {
	v := chapterView{Chapter: c, Name: attack.ShortDomain(c.Domain) + " " + c.Release, How: changed(c.Category)}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		f := c.Fields[name]
		v.Fields = append(v.Fields, fieldView{Name: name, Old: readable(f.Old), New: readable(f.New)})
	}
	return v
}

// readable writes a JSON value for people: a string as its text, anything else
// indented.
func readable(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		var b bytes.Buffer
		if json.Indent(&b, raw, "", "  ") != nil {
			return string(raw)
		}
		text = b.String()
	}
	if len(text) > maxValue {
		return strings.ToValidUTF8(text[:maxValue], "") + " …"
	}
	return text
}
