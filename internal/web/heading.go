package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/attack/prose"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/near"
	"candor/internal/roster"
	"candor/internal/store"
)

// headingKey names the relations under a title in addresses.
func headingKey(title string) string { return anchor(strings.ToLower(title)) }

// headingView is the relations of an object under one heading, with what their texts cite.
type headingView struct {
	objectView
	Group  groupView
	Back   string
	Paging paging
	File   string // where they are as a file
	Cited  []prose.Note
}

// heading is all relations of an object under one heading.
func (s *site) heading(r *http.Request) (v headingView, all []store.Edge, err error) {
	sel, err := selected(r)
	if err != nil {
		return v, nil, err
	}
	p, err := s.Objects.Page(r.Context(), r.PathValue("id"), sel.ref())
	if err != nil {
		return v, nil, err
	}
	fr, err := s.frame(r, sel, p.Release)
	if err != nil {
		return v, nil, err
	}
	g, err := underHeading(p, r.PathValue("heading"))
	if err != nil {
		return v, nil, err
	}
	fr.Title, fr.Here = g.Title+": "+title(p.Object), "objects"
	fr.only(carriers(p.History))
	id := headerID(p.Object.ATTACKID, p.Object.ID, p.Object.Live())
	return headingView{objectView: objectView{frame: fr, Page: p}, Back: sel.Object(id), Group: groupView{Title: g.Title, Count: len(g.Edges)},
		File: sel.Link("/objects/" + url.PathEscape(id) + "/relations/" + headingKey(g.Title) + "/table.csv")}, g.Edges, nil
}

// headingPage lists relations under one heading, so many at a time.
func (s *site) headingPage(r *http.Request) (view, error) {
	v, all, err := s.heading(r)
	if err != nil {
		return view{}, err
	}
	shown, place, err := onPage(r, all)
	if err != nil {
		return view{}, err
	}
	pr := &prose.Page{Link: s.linker(r, v.Sel, v.Page.Release)}
	v.Group.First, v.Paging, v.Cited = edgesOf(pr, shown), place, pr.Notes()
	v.board = s.board(r, v.frame, v.Page)
	return view{name: "heading", data: v}, nil
}

// headingFile is relations under one heading as they are written to a file.
func (s *site) headingFile(r *http.Request) (rosterView, error) {
	v, all, err := s.heading(r)
	if err != nil {
		return rosterView{}, err
	}
	l := roster.List{Name: r.PathValue("heading")}
	roster.Fill(&l, all, []roster.Col[store.Edge]{
		column("id", "ID", func(e *store.Edge) string { return e.Other.ATTACKID }),
		column("name", "Name", func(e *store.Edge) string { return e.Other.Name }),
		column("kind", "Kind", func(e *store.Edge) string { return string(e.Other.Kind) }),
		column("lifecycle", "Lifecycle", func(e *store.Edge) string { return lifecycleOf(e.Other) }),
		column("text", "Text", func(e *store.Edge) string { text, _ := prose.Plain(e.Text, e.References); return text }),
		column("stix_id", "STIX id", func(e *store.Edge) string { return e.Other.StixID }),
	})
	return rosterView{frame: v.frame, L: l}, nil
}

// underHeading finds the relations that a key names.
func underHeading(p library.Page, key string) (library.Group, error) {
	all := slices.Clone(p.Relations)
	if g, ok := users(p); ok {
		all = append(all, g)
	}
	var keys []string
	for _, g := range all {
		if headingKey(g.Title) == key {
			return g, nil
		}
		keys = append(keys, headingKey(g.Title))
	}
	return library.Group{}, fault.New(fault.NotFound, "%s has no relations %q", title(p.Object), key).Next("%s", near.Hint(key, keys, ""))
}
