package library

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/attack/reach"
	"candor/internal/store"
)

// group sorts edges under their headings. An edge is large and some objects have
// hundreds, so pointers are sorted and each edge is copied once.
func group(edges []store.Edge) []Group {
	headings := reach.NewHeadings()
	places, titles := make([][]*store.Edge, headings.Places()), make([]reach.Heading, headings.Places())
	for i := range edges {
		h := headings.Under(edges[i].Type, edges[i].Out, edges[i].Other.Kind)
		places[h.Place], titles[h.Place] = append(places[h.Place], &edges[i]), h
	}
	gs := []Group{}
	for at, es := range places {
		switch {
		case len(es) == 0:
		case at == headings.Unknown():
			gs = append(gs, unknownGroups(es)...)
		default:
			gs = append(gs, under(titles[at], es))
		}
	}
	return gs
}

func under(h reach.Heading, es []*store.Edge) Group {
	if !h.Kept {
		slices.SortStableFunc(es, compareEdges)
	}
	g := Group{Title: h.Title, Type: h.Type, Out: h.Out, Edges: make([]store.Edge, len(es))}
	for i, e := range es {
		g.Edges[i] = *e
	}
	return g
}

// unknownGroups groups relations whose type or ends have no heading, by their
// own name.
func unknownGroups(es []*store.Edge) []Group {
	slices.SortStableFunc(es, func(a, b *store.Edge) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(direction(a.Out), direction(b.Out)), compareEdges(a, b))
	})
	var gs []Group
	for _, e := range es {
		if n := len(gs); n == 0 || gs[n-1].Type != e.Type || gs[n-1].Out != e.Out {
			gs = append(gs, Group{Title: e.Type + " (" + direction(e.Out) + ")", Type: e.Type, Out: e.Out})
		}
		last := &gs[len(gs)-1]
		last.Edges = append(last.Edges, *e)
	}
	return gs
}

func direction(out bool) string {
	if out {
		return "from here"
	}
	return "to here"
}

// compareEdges orders by what is live, then by the other end's id and name.
func compareEdges(a, b *store.Edge) int {
	if x, y := usable(a), usable(b); x != y {
		if x {
			return -1
		}
		return 1
	}
	return cmp.Or(strings.Compare(a.Other.ATTACKID, b.Other.ATTACKID), strings.Compare(a.Other.Name, b.Other.Name), strings.Compare(a.Other.StixID, b.Other.StixID))
}

// usable reports whether an edge and its other end are live.
func usable(e *store.Edge) bool { return e.Live && e.Other.Live() && e.Other.Type != "" }
