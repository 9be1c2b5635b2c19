package api

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/attack"
	"candor/internal/library"
	"candor/internal/store"
)

// Release is the parameters that select a release.
type Release struct {
	Domain  string `query:"domain" doc:"ATT&CK domain, for example enterprise; empty for any" maxLength:"100"`
	Release string `query:"release" doc:"Release number, for example 18.1; empty for the newest" maxLength:"40"`
}

func (r Release) ref() attack.ReleaseRef {
	return attack.ReleaseRef{Domain: attack.DomainName(r.Domain), Version: r.Release}
}

type objectInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id" maxLength:"200"`
	Release
}

type rawInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id" maxLength:"200"`
	Release
	Nth   int    `query:"nth" minimum:"0" maximum:"1000000" doc:"Of several objects with one STIX id the one at this place in the bundle, from 1; 0 for the one that counts"`
	Known string `header:"If-None-Match" doc:"Object hashes that the client has, as entity tags"`
}

type rawOutput struct {
	Status      int
	ContentType string `header:"Content-Type"`
	ETag        string `header:"ETag" doc:"The SHA-256 of the exact bytes"`
	Body        []byte
}

type pageOutput struct{ Body library.Page }

type historyOutput struct{ Body library.History }

type listInput struct {
	Release
	Kind      []string `query:"kind" doc:"Kinds of object, for example technique,analytic; software is malware and tools" enum:"technique,sub-technique,analytic,detection-strategy,tactic,data-component,data-source,group,malware,tool,software,campaign,mitigation,asset,matrix,relationship,collection,identity,marking-definition"`
	Text      string   `query:"text" doc:"Words to look for in ids, names, aliases, descriptions, log sources and procedures" maxLength:"400"`
	Tactic    string   `query:"tactic" doc:"A tactic's ATT&CK ID or short name; techniques only" maxLength:"100"`
	Platform  string   `query:"platform" doc:"A platform" maxLength:"100"`
	LogSource string   `query:"log_source" doc:"A log source's name; analytics and data components only" maxLength:"200"`
	Lifecycle string   `query:"lifecycle" doc:"Empty for all" enum:"live,revoked,deprecated"`
	Sort      string   `query:"sort" doc:"Best match or the library's order when empty" enum:"id,name,modified,-id,-name,-modified"`
	Offset    int      `query:"offset" doc:"How many to pass over" minimum:"0"`
	Limit     int      `query:"limit" doc:"At most this many" minimum:"1" maximum:"1000" default:"50"`
}

// ObjectList is a part of the objects of a release that match a request.
type ObjectList struct {
	Release attack.Release `json:"release"`
	// Total is how many match in all.
	Total   int            `json:"total" doc:"How many match in all"`
	Offset  int            `json:"offset"`
	Limit   int            `json:"limit"`
	Objects []store.Header `json:"objects"`
}

type listOutput struct{ Body ObjectList }

func (s *server) registerObjects(h huma.API) {
	huma.Register(h, operation(h, "list-objects", "/api/v1/objects", "List or search the objects of a release", 404), s.list)
	huma.Register(h, operation(h, "get-object", "/api/v1/objects/{id}", "One object with its relations, history and hashes", 404, 409), s.page)
	huma.Register(h, operation(h, "get-object-history", "/api/v1/objects/{id}/history", "One object over all imported releases: hashes, and what changed", 404, 409), s.history)
	huma.Register(h, operation(h, "get-object-take", "/api/v1/objects/{id}/take", "What one object means here, sentence by sentence with its sources", 404, 409), s.take)
	huma.Register(h, operation(h, "get-object-adjacent", "/api/v1/objects/{id}/adjacent", "The techniques of other tactics that known users of a technique also use, each with how its own analytics are judged here", 404), s.adjacent)
	raw := operation(h, "get-object-raw", "/api/v1/objects/{id}/raw", "The exact bytes of one object as its release carries them", 404, 409)
	raw.Responses["200"] = &huma.Response{Description: "The object", Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
	}}
	raw.Responses["304"] = &huma.Response{Description: "The client has these bytes"}
	huma.Register(h, raw, s.raw)
}

func (s *server) page(ctx context.Context, in *objectInput) (*pageOutput, error) {
	p, err := s.Objects.Page(ctx, in.ID, in.ref())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &pageOutput{Body: p}, nil
}

func (s *server) history(ctx context.Context, in *objectInput) (*historyOutput, error) {
	h, err := s.Objects.History(ctx, in.ID, in.ref())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &historyOutput{Body: h}, nil
}

func (s *server) raw(ctx context.Context, in *rawInput) (*rawOutput, error) {
	snap, err := s.Objects.Raw(ctx, in.ID, in.ref())
	if in.Nth > 0 {
		snap, _, err = s.Objects.Nth(ctx, in.ID, in.ref(), in.Nth)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	tag := `"` + attack.Hash(sha256.Sum256(snap.Raw)).String() + `"`
	out := &rawOutput{Status: http.StatusOK, ContentType: "application/json", ETag: tag, Body: snap.Raw}
	if known(in.Known, tag) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

// known reports whether the value of an If-None-Match header holds tag.
func known(header, tag string) bool {
	for have := range strings.SplitSeq(header, ",") {
		have = strings.TrimPrefix(strings.TrimSpace(have), "W/")
		if have == tag || have == "*" {
			return true
		}
	}
	return false
}

func (s *server) list(ctx context.Context, in *listInput) (*listOutput, error) {
	rel, err := s.Objects.Release(ctx, in.ref())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	q := store.Query{Release: rel, Text: in.Text, Tactic: in.Tactic, Platform: in.Platform, LogSource: in.LogSource,
		Lifecycle: in.Lifecycle, Sort: in.Sort, Offset: in.Offset, Limit: in.Limit}
	if q.Kinds, err = library.KindsOf(in.Kind); err != nil {
		return nil, s.problem(ctx, err)
	}
	if q, err = s.Objects.Narrowing(ctx, q); err != nil {
		return nil, s.problem(ctx, err)
	}
	found, total, err := s.Index.List(ctx, q)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := ObjectList{Release: rel, Total: total, Offset: in.Offset, Limit: in.Limit, Objects: []store.Header{}}
	for _, f := range found {
		out.Objects = append(out.Objects, f.Header)
	}
	return &listOutput{Body: out}, nil
}
