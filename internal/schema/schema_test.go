package schema_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/schema"
)

type Inner struct {
	Name string `json:"name"`
}

type sample struct {
	Inner
	Count   int               `json:"count"`
	Left    *Inner            `json:"left"`
	Perhaps *Inner            `json:"perhaps,omitempty"`
	Words   map[string]string `json:"words"`
	At      time.Time         `json:"at"`
	List    []Inner           `json:"list"`
	hidden  bool
}

func TestADocumentSaysWhatIsWritten(t *testing.T) {
	_ = sample{hidden: true}
	b, err := schema.Document{ID: "urn:x", Title: "A sample", Forms: []schema.Form{schema.Of[sample]("once"), schema.Of[[]string]("else")}}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
	  "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:x", "title": "A sample",
	  "anyOf": [{"$ref": "#/$defs/Schema_testSample", "description": "once"},
	    {"type": "array", "items": {"type": "string"}, "description": "else"}],
	  "$defs": {
	    "Schema_testInner": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
	    "Schema_testSample": {"type": "object", "required": ["count", "left", "words", "at", "list", "name"], "properties": {
	      "name": {"type": "string"}, "count": {"type": "integer", "format": "int64"},
	      "left": {"anyOf": [{"$ref": "#/$defs/Schema_testInner"}, {"type": "null"}]},
	      "perhaps": {"$ref": "#/$defs/Schema_testInner"},
	      "words": {"anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "null"}]},
	      "at": {"type": "string", "format": "date-time"},
	      "list": {"type": ["array", "null"], "items": {"$ref": "#/$defs/Schema_testInner"}}}}}}`), &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
