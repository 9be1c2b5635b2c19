package api

import (
	"encoding/json"
	"path"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/measure"
)

// schemaName names the schema of a type by its package and name, because
// different packages have types of the same name.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return hint
	}
	if t.PkgPath() == "" || path.Base(t.PkgPath()) == "api" {
		return upper(t.Name())
	}
	return upper(path.Base(t.PkgPath())) + upper(t.Name())
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// operation returns the description of a GET of the API with the failures that
// it may answer with.
func operation(h huma.API, id, at, summary string, failures ...int) huma.Operation {
	schema := h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	responses := map[string]*huma.Response{}
	for _, code := range append(failures, 400, 401, 403, 500) {
		responses[strconv.Itoa(code)] = &huma.Response{
			Description: "A problem",
			Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
		}
	}
	responses["401"].Description = "The server asks for a token, and there is none, or one that is unknown, expired or revoked"
	responses["403"].Description = "The token is not for this"
	return huma.Operation{OperationID: id, Method: "GET", Path: at, Summary: summary, Responses: responses}
}

// describe returns the OpenAPI document.
func describe(h huma.API) ([]byte, error) {
	schemas := h.OpenAPI().Components.Schemas.Map()
	// The framework's own error is never sent: ours replaces it.
	delete(schemas, schemaName(reflect.TypeFor[huma.ErrorModel](), ""))
	delete(schemas, schemaName(reflect.TypeFor[huma.ErrorDetail](), ""))
	for _, n := range nullables() {
		nullable(schemas[schemaName(n.of, "")], n.property)
	}
	return json.MarshalIndent(h.OpenAPI(), "", "  ")
}

// nullables lists the properties that may be null and refer to another schema.
func nullables() []property {
	return []property{
		{reflect.TypeFor[assure.Verdict](), "measurement"},
		{reflect.TypeFor[measure.Detail](), "trend"},
		{reflect.TypeFor[measure.Detail](), "busiest_cluster"},
		{reflect.TypeFor[assessment.MeasuredRule](), "trend"},
		{reflect.TypeFor[assessment.MeasuredRule](), "busiest_cluster"},
		{reflect.TypeFor[assessment.Tuned](), "choice"},
	}
}

// property is a property of the schema of a type.
type property struct {
	of       reflect.Type
	property string
}

// nullable says that a property which refers to another schema may be null. The
// framework says it for plain types alone.
func nullable(s *huma.Schema, property string) {
	if s == nil || s.Properties[property] == nil {
		return
	}
	s.Properties[property] = &huma.Schema{AnyOf: []*huma.Schema{s.Properties[property], {Type: "null"}}}
}
