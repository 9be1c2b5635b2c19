// Package schema describes the JSON that Go types are written as, in JSON Schema
// 2020-12. It describes types and refuses to describe values.
package schema

import (
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// dialect is the version of JSON Schema that documents are written in.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// Form is one form that an output may have.
type Form struct {
	Type reflect.Type
	// When says when the output has this form; empty if it always has.
	When string
}

// Of returns the form of a T.
func Of[T any](when string) Form { return Form{Type: reflect.TypeFor[T](), When: when} }

// Document is what a schema says of an output.
type Document struct {
	ID, Title string
	Forms     []Form
	// Stand maps types that write themselves to types that say what they write.
	Stand map[reflect.Type]reflect.Type
	// Closed refuses members that are not described. What is published is open, so
	// that a member which is added breaks nobody.
	Closed bool
}

// JSON returns the document.
func (d Document) JSON() ([]byte, error) {
	defs := huma.NewMapRegistry("#/$defs/", Name)
	for from, to := range d.Stand {
		defs.RegisterTypeAlias(from, to)
	}
	out := map[string]any{"$schema": dialect, "$id": d.ID, "title": d.Title}
	var forms []map[string]any
	for _, f := range d.Forms {
		form, err := members(defs.Schema(f.Type, true, ""))
		if err != nil {
			return nil, err
		}
		if f.When != "" {
			form["description"] = f.When
		}
		forms = append(forms, form)
	}
	if len(forms) == 1 {
		for k, v := range forms[0] {
			out[k] = v
		}
	} else {
		out["anyOf"] = forms
	}
	for name, s := range defs.Map() {
		Nullable(defs.TypeFromRef("#/$defs/"+name), s)
		if closed, ok := s.AdditionalProperties.(bool); ok && !closed && !d.Closed {
			s.AdditionalProperties = nil
		}
	}
	if len(defs.Map()) > 0 {
		out["$defs"] = defs.Map()
	}
	return json.MarshalIndent(out, "", "  ")
}

// members returns a schema as an object whose members can be added to. A list that is
// a whole output is never null.
func members(s *huma.Schema) (map[string]any, error) {
	s.Nullable = false
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, json.Unmarshal(b, &out)
}

// Name names the schema of a type by its package and name, because different packages
// have types of the same name. A type without a name gets hint.
func Name(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return hint
	}
	return upper(path.Base(t.PkgPath())) + upper(t.Name())
}

func upper(s string) string {
	if s == "" || s == "." {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Nullable says of the schema of t which properties may be null: those that hold a
// pointer or a map and are written when it is nil. The framework says it of plain
// types and lists alone.
func Nullable(t reflect.Type, s *huma.Schema) {
	if t == nil || t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		property := s.Properties[name]
		written := !slices.ContainsFunc(strings.Split(options, ","), func(o string) bool { return o == "omitempty" || o == "omitzero" })
		refers := f.Type.Kind() == reflect.Pointer && property != nil && property.Ref != ""
		if property != nil && written && (refers || f.Type.Kind() == reflect.Map) {
			s.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{property, {Type: "null"}}}
		}
	}
}
