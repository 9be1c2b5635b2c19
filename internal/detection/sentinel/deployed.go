package sentinel

import (
	"bytes"
	"fmt"
	"strings"

	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// resource is the type of a deployed rule, at its end: a template and the interface
// write it with different beginnings.
const resource = "/alertRules"

// isDeployed reports whether a file holds deployed rules as JSON: a template for
// their deployment, which is what the portal exports, or the interface's list.
func isDeployed(head []byte) bool {
	trimmed := bytes.TrimLeft(head, "\ufeff \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{' && bytes.Contains(head, []byte(resource+`"`)) && bytes.Contains(head, []byte(`"properties"`))
}

// deployed reads the rules of a template or of a list.
func deployed(name string, data []byte) evidence.Decoded[detection.Rule] {
	var out evidence.Decoded[detection.Rule]
	docs, err := decode.Documents(name, bytes.TrimPrefix(data, []byte("\ufeff"))) // JSON is YAML
	if err != nil {
		out.Rejects = append(out.Rejects, *decode.AsReject(name, err))
	}
	for _, d := range docs {
		top, ok := decode.NewMap(name, d)
		if !ok {
			out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: d.Line, Reason: "the document is not a mapping"})
			continue
		}
		entries, parameters := []*decode.Map{top}, top.Map("parameters")
		for _, key := range []string{"resources", "value"} {
			if top.Has(key) {
				list, rejects := top.Maps(key)
				entries, out.Rejects = list, append(out.Rejects, rejects...)
			}
		}
		for _, e := range entries {
			one(&out, e, parameters)
		}
	}
	if len(out.Records)+len(out.Rejects)+len(out.Warnings) == 0 {
		out.Warnings = append(out.Warnings, name+":1: the template or list is empty")
	}
	return out
}

// one reads a resource of a template or of a list. One that is no rule, as there
// may be others in a template, is a warning.
func one(out *evidence.Decoded[detection.Rule], e, parameters *decode.Map) {
	note := func(line int, text string) {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s:%d: %s", e.File(), line, text))
	}
	kind, props := e.String("type"), e.Map("properties")
	switch {
	case !strings.HasSuffix(kind, resource):
		note(e.Line("type"), fmt.Sprintf("a resource of type %q is no analytics rule and was passed over", kind))
		return
	case e.String("kind") == "MicrosoftSecurityIncidentCreation":
		note(e.Line("kind"), "a rule that makes incidents of another product's alerts detects nothing and was passed over")
		return
	case props == nil:
		e.Fail("properties", "", "is missing")
	}
	id := last(e.String("name"))
	if id == "" {
		id = byParameter(e.String("name"), parameters)
	}
	if id == "" {
		e.Fail("name", e.String("name"), "does not name the rule; export the rules from the portal, or list them from the interface")
	}
	if r, bad := e.Bad(); bad {
		out.Rejects = append(out.Rejects, r)
		return
	}
	r := rule(props, id, func(key, text string) { note(props.Line(key), text) })
	if r.Modified == "" {
		r.Modified = props.String("lastModifiedUtc")
	}
	if kind := e.String("kind"); r.Source == "" {
		r.Source = kind
	} else if kind != "" {
		r.Source = kind + " over " + r.Source
	}
	if bad, is := props.Bad(); is {
		out.Rejects = append(out.Rejects, bad)
		return
	}
	out.Records = append(out.Records, r)
}

// last returns the rule's id at the end of its name, which in a template is an
// expression; it is empty when that computes the id.
func last(name string) string {
	id := strings.TrimRight(name[strings.LastIndexByte(name, '/')+1:], "')] ")
	if strings.ContainsAny(id, "(,'") {
		return ""
	}
	return id
}

// byParameter returns the default value of the parameter that a rule's name ends with,
// as converters of rules write it; empty without one.
func byParameter(name string, parameters *decode.Map) string {
	if parameters == nil {
		return ""
	}
	i := strings.LastIndex(name, "parameters('")
	if i < 0 {
		return ""
	}
	key, rest, ok := strings.Cut(name[i+len("parameters('"):], "'")
	if !ok || strings.Trim(rest, ")] ") != "" || !parameters.Has(key) {
		return ""
	}
	p := parameters.Map(key)
	if p == nil {
		return ""
	}
	value := p.String("defaultValue")
	if strings.HasPrefix(value, "[") { // computed in turn
		return ""
	}
	return value
}
