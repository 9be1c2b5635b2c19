package library

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/store"
)

// heading says under which title a relation is shown. An empty kind is any.
type heading struct {
	typ   string
	out   bool
	other []attack.Kind
	title string
	// kept says that the order of the references means something.
	kept bool
}

var (
	groups     = []attack.Kind{attack.KindGroup}
	software   = []attack.Kind{attack.KindMalware, attack.KindTool}
	campaigns  = []attack.Kind{attack.KindCampaign}
	techniques = []attack.Kind{attack.KindTechnique, attack.KindSubTechnique}
	strategies = []attack.Kind{attack.KindStrategy}
	components = []attack.Kind{attack.KindComponent}
)

// headings lists the relations in the order in which they are shown: what the
// object became and belongs to, how it is seen, who uses it, what stops it, what
// it consists of, and who wrote it.
var headings = []heading{
	{typ: attack.RevokedBy, out: true, title: "Revoked by"},
	{typ: attack.RevokedBy, title: "Replaces"},
	{typ: attack.InTactic, out: true, title: "Tactics", kept: true},
	{typ: attack.SubtechniqueOf, out: true, title: "Sub-technique of"},
	{typ: attack.HasAnalytic, title: "Detection strategy it belongs to"},
	{typ: attack.ReadsSource, out: true, title: "Log sources it reads", kept: true},
	{typ: attack.PartOf, out: true, title: "Data source"},
	{typ: attack.Detects, out: true, title: "Detects"},
	{typ: attack.HasAnalytic, out: true, title: "Analytics"},
	{typ: attack.Detects, other: strategies, title: "Detected by"},
	{typ: attack.Detects, other: components, title: "Detected by data components"},
	{typ: attack.AttributedTo, out: true, title: "Attributed to"},
	{typ: attack.Uses, other: groups, title: "Used by groups"},
	{typ: attack.Uses, other: campaigns, title: "Used in campaigns"},
	{typ: attack.Uses, other: software, title: "Used by software"},
	{typ: attack.Uses, out: true, other: techniques, title: "Techniques it uses"},
	{typ: attack.Uses, out: true, other: software, title: "Software it uses"},
	{typ: attack.AttributedTo, title: "Campaigns attributed to it"},
	{typ: attack.Mitigates, title: "Mitigated by"},
	{typ: attack.Mitigates, out: true, title: "Mitigates"},
	{typ: attack.Targets, out: true, title: "Assets it targets"},
	{typ: attack.Targets, title: "Techniques that target it"},
	{typ: attack.RelatedToName, out: true, title: "Related assets", kept: true},
	{typ: attack.RelatedToName, title: "Named as related by"},
	{typ: attack.SubtechniqueOf, title: "Sub-techniques"},
	{typ: attack.HasTactic, out: true, title: "Tactics", kept: true},
	{typ: attack.InTactic, title: "Techniques"},
	{typ: attack.PartOf, title: "Data components"},
	{typ: attack.ReadsSource, title: "Analytics that read it"},
	{typ: attack.HasTactic, title: "Matrices"},
}

// closing lists the relations that come last, after those of unknown type.
var closing = []heading{
	{typ: attack.CreatedBy, out: true, title: "Created by"},
	{typ: attack.ModifiedBy, out: true, title: "Modified by"},
	{typ: attack.MarkedBy, out: true, title: "Marked by"},
	{typ: attack.Contains, title: "Listed in"},
	{typ: attack.Contains, out: true, title: "Lists"},
	{typ: attack.CreatedBy, title: "Objects created by it"},
	{typ: attack.ModifiedBy, title: "Objects modified by it"},
	{typ: attack.MarkedBy, title: "Objects that it marks"},
}

func (h heading) fits(e *store.Edge) bool {
	return h.typ == e.Type && h.out == e.Out && (h.other == nil || slices.Contains(h.other, e.Other.Kind))
}

// place returns where among all headings an edge belongs: unknown ones between
// the known and the closing ones.
func place(e *store.Edge) int {
	if i := slices.IndexFunc(headings, func(h heading) bool { return h.fits(e) }); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(closing, func(h heading) bool { return h.fits(e) }); i >= 0 {
		return len(headings) + 1 + i
	}
	return len(headings)
}

// group sorts edges under their headings. An edge is large and some objects have
// hundreds, so pointers are sorted and each edge is copied once.
func group(edges []store.Edge) []Group {
	places := make([][]*store.Edge, len(headings)+1+len(closing))
	for i := range edges {
		at := place(&edges[i])
		places[at] = append(places[at], &edges[i])
	}
	gs := []Group{}
	for at, es := range places {
		switch {
		case len(es) == 0:
		case at < len(headings):
			gs = append(gs, headings[at].group(es))
		case at > len(headings):
			gs = append(gs, closing[at-len(headings)-1].group(es))
		default:
			gs = append(gs, unknownGroups(es)...)
		}
	}
	return gs
}

func (h heading) group(es []*store.Edge) Group {
	if !h.kept {
		slices.SortStableFunc(es, compareEdges)
	}
	g := Group{Title: h.title, Type: h.typ, Out: h.out, Edges: make([]store.Edge, len(es))}
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
