package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/reach"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/near"
	"candor/internal/roster"
	"candor/internal/standing"
)

// Around says which relations of an object are asked for.
type Around struct {
	// Steps is how far from it, 1 or 2.
	Steps int
	// Under is the key of the one heading of its own relations that is followed; empty for
	// all.
	Under string
}

// Related is what an object is related to.
type Related struct {
	Graph reach.Graph
	// Board says how what is reached stands here.
	Board *standing.Board
	// List has a row for each object that is reached.
	List roster.List
}

// Relations returns what the object with an id is related to in a release, within one or
// two steps. An object that the release does not have, or of a kind that is related to
// nothing but who made it, is fault.NotFound, and so is a heading that it does not have.
func (s *Service) Relations(ctx context.Context, r Request, id string, a Around) (Related, error) {
	if a.Steps != 1 && a.Steps != 2 {
		return Related{}, fault.New(fault.Usage, "%d is no number of steps", a.Steps).At("steps").Next("ask for 1 or 2")
	}
	d, err := s.desk(ctx, r)
	if err != nil {
		return Related{}, err
	}
	if err := s.walkable(ctx, d.Library.Release, id); err != nil {
		return Related{}, err
	}
	o, err := meant(d, id)
	if err != nil {
		return Related{}, err
	}
	g := reach.Of(d.Library, o, a.Steps, a.Under)
	if a.Under != "" && len(g.Nodes) == 1 {
		var keys []string
		for _, h := range g.Headings {
			keys = append(keys, h.Key())
		}
		return Related{}, fault.New(fault.NotFound, "%s has no relations %q", cmp.Or(o.ATTACKID, o.Name), a.Under).At("relation").Next("%s", near.Hint(a.Under, keys, ""))
	}
	m := Related{Graph: g, Board: d.Board()}
	m.list(d.Library.Release, a.Steps)
	return m, nil
}

// walkable refuses objects that the view of a release leaves out.
func (s *Service) walkable(ctx context.Context, r attack.Release, id string) error {
	found, err := s.lib.Find(ctx, attack.SpellID(id), attack.ReleaseRef{Domain: r.Domain, Version: r.Version})
	if err != nil || len(found) == 0 {
		return err
	}
	for _, f := range found {
		if Walkable(f.Type) {
			return nil
		}
	}
	return fault.New(fault.NotFound, "%s is of the kind %s, which is related to nothing but what it says of others", id, found[0].Kind).Next("candor attack show %s shows it", id)
}

// Walkable reports whether objects of a STIX type are related to others by more than who
// made them.
func Walkable(stixType string) bool {
	return stixType != "relationship" && slices.Contains(needed[:], stixType)
}

// mostThrough is how many of the objects that lead to another are named beside it.
const mostThrough = 3

// list makes a row of each object that is reached.
func (m *Related) list(rel attack.Release, steps int) {
	of := m.Graph.Nodes[0].Object
	l := roster.List{Name: "relations", Title: "Relations of " + entitled(of), Order: "steps, then the titles of relations",
		Empty: "Nothing in this release is related to it by a relation that is in force."}
	l.About = figure.Sprintf("Objects of %s that are related to it directly: %d", rel.String(), m.Graph.Within(1))
	if steps == 2 {
		l.About += figure.Sprintf("; through one of those: %d", m.Graph.Within(2))
	}
	l.About += "."
	if m.Graph.LeftOut > 0 {
		l.Limits = []string{figure.Sprintf("Relations that are withdrawn, or lead to what is revoked, deprecated or not in the release, are left out: %d of its own.", m.Graph.LeftOut)}
	}
	if steps == 2 {
		l.Limits = append(l.Limits, "Two steps lie between objects that have a third in common. That is no relation of the one to the other.")
	}
	roster.Fill(&l, m.Graph.Nodes[1:], m.columns())
	m.List = l
}

func (m *Related) columns() []roster.Col[reach.Node] {
	return []roster.Col[reach.Node]{
		{Column: roster.Column{Key: "id", Name: "ID", Kind: roster.Text, Hint: "leads to the relations of the object"}, Cell: func(n *reach.Node) roster.Cell {
			return roster.To(roster.ToReach, m.id(n.Object), cmp.Or(n.Object.ATTACKID, n.Object.ID))
		}},
		{Column: roster.Column{Key: "name", Name: "Name", Kind: roster.Text, Hint: "leads to the page of the object"}, Cell: func(n *reach.Node) roster.Cell {
			return roster.To(roster.ToObject, m.id(n.Object), cmp.Or(n.Object.Name, n.Object.ID))
		}},
		choice("kind", "Kind", func(n *reach.Node) roster.Cell { return roster.Words(string(n.Object.Kind)) }),
		{Column: roster.Column{Key: "distance", Name: "Steps", Kind: roster.Number, Choice: true}, Cell: func(n *reach.Node) roster.Cell { return roster.Count(int64(n.Steps)) }},
		choice("way", "Relation", func(n *reach.Node) roster.Cell {
			var titles []string
			for _, w := range n.Ways {
				if !slices.Contains(titles, w.Title) {
					titles = append(titles, w.Title)
				}
			}
			return roster.Several(titles)
		}),
		{Column: roster.Column{Key: "through", Name: "Of", Kind: roster.Text, Hint: "whose relation it is"}, Cell: m.through},
		{Column: roster.Column{Key: "worst", Name: "Worst case here", Kind: roster.Rung, Hint: "of an analytic its rung; of a strategy or technique the worst case of its own analytics that apply"}, Cell: func(n *reach.Node) roster.Cell {
			return roster.Stands(m.Board.Worst(n.Object.ID))
		}},
	}
}

// through names the objects whose relation a node is.
func (m *Related) through(n *reach.Node) roster.Cell {
	var of []*attack.Object
	for _, w := range n.Ways {
		if o := m.Graph.Nodes[w.From].Object; !slices.Contains(of, o) {
			of = append(of, o)
		}
	}
	var c roster.Cell
	var ids []string
	for i, o := range of {
		if i == mostThrough {
			c.Note = figure.Sprintf("and %d more", len(of)-i)
			break
		}
		id := m.id(o)
		ids = append(ids, cmp.Or(o.ATTACKID, o.Name, id))
		c.Links = append(c.Links, roster.Link{Text: ids[i], To: roster.ToReach, ID: id, Title: o.Name})
	}
	c.Text = strings.Join(ids, ", ")
	return c
}

// id names an object in addresses: an ATT&CK ID may be shared by one that is no more.
func (m *Related) id(o *attack.Object) string {
	if o.Live() && o.ATTACKID != "" {
		return o.ATTACKID
	}
	return o.ID
}

// entitled is what an object is called.
func entitled(o *attack.Object) string {
	return cmp.Or(strings.TrimSpace(o.ATTACKID+" "+o.Name), o.ID)
}
