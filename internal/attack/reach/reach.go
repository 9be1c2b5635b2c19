// Package reach says what lies within two steps of an object of ATT&CK: its relations,
// under the titles that people read, and theirs; and which of that a picture shows.
//
// It follows what is in force: relations that are withdrawn and objects that are revoked
// or deprecated are counted and left out, but for what replaced what. It refuses to rank
// what is related by more than the order of titles and ids. Its functions are pure.
package reach

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/attack"
)

// Way is a relation through which an object is reached.
type Way struct {
	// From is the place in Graph.Nodes of the object that it is a relation of.
	From int
	Heading
}

// Node is an object within reach.
type Node struct {
	Object *attack.Object
	// Steps is how many relations lie between it and the object in the middle.
	Steps int
	// Ways are the relations through which it is reached in so many steps, in the order of
	// headings; of the object in the middle there is none.
	Ways []Way
}

// Graph is an object and what lies within two steps of it.
type Graph struct {
	// Nodes begin with the object in the middle; then come those one step away by heading,
	// then those two steps away by the object and heading through which they are reached first.
	Nodes []Node
	// Headings are those of the object's own relations, with how many objects are under
	// each.
	Headings []Count
	// LeftOut is how many of the object's own relations are withdrawn, or lead to what is
	// revoked, deprecated or not in the release.
	LeftOut int
}

// Count is how many objects stand under a heading.
type Count struct {
	Heading
	Count int
}

// tie is a relation as one of its ends sees it.
type tie struct {
	Heading
	other *attack.Object
}

// Of returns what lies within steps, 1 or 2, of an object of the view. Under, which may be
// empty, is the key of the one heading of its own relations that is followed.
func Of(lib *attack.Library, of *attack.Object, steps int, under string) Graph {
	w := walk{lib: lib, headings: NewHeadings(), at: map[string]int{of.ID: 0}}
	w.Nodes = []Node{{Object: of}}
	own := w.ties(of, true)
	for _, t := range own {
		if n := len(w.Headings); n == 0 || w.Headings[n-1].Title != t.Title {
			w.Headings = append(w.Headings, Count{Heading: t.Heading})
		}
		w.Headings[len(w.Headings)-1].Count++
		if under == "" || t.Key() == under {
			w.reach(t, 0, 1)
		}
	}
	if steps < 2 {
		return w.Graph
	}
	for i, near := 1, len(w.Nodes); i < near; i++ {
		for _, t := range w.ties(w.Nodes[i].Object, false) {
			w.reach(t, i, 2)
		}
	}
	return w.Graph
}

// walk is a graph in the making.
type walk struct {
	Graph
	lib      *attack.Library
	headings *Headings
	at       map[string]int // STIX id -> its place in Nodes
}

// reach notes that a tie of the node at from leads to its other end.
func (w *walk) reach(t tie, from, steps int) {
	at, known := w.at[t.other.ID]
	if !known {
		at = len(w.Nodes)
		w.at[t.other.ID], w.Nodes = at, append(w.Nodes, Node{Object: t.other, Steps: steps})
	}
	if n := &w.Nodes[at]; n.Steps == steps {
		n.Ways = append(n.Ways, Way{from, t.Heading})
	}
}

// ties lists the relations of an object that are in force, each other end once under a
// heading, in the order of headings.
func (w *walk) ties(of *attack.Object, own bool) []tie {
	var all []tie
	for _, r := range w.lib.From(of.ID) {
		all = w.tie(all, r, r.To, own)
	}
	for _, r := range w.lib.To(of.ID) {
		all = w.tie(all, r, r.From, own)
	}
	slices.SortStableFunc(all, func(a, b tie) int {
		if c := cmp.Or(a.Place-b.Place, strings.Compare(a.Title, b.Title)); c != 0 || a.Kept {
			return c
		}
		return cmp.Or(strings.Compare(a.other.ATTACKID, b.other.ATTACKID), strings.Compare(a.other.Name, b.other.Name), strings.Compare(a.other.ID, b.other.ID))
	})
	seen := map[string]map[string]bool{}
	return slices.DeleteFunc(all, func(t tie) bool {
		if seen[t.Title] == nil {
			seen[t.Title] = map[string]bool{}
		}
		twice := seen[t.Title][t.other.ID]
		seen[t.Title][t.other.ID] = true
		return twice
	})
}

// tie adds a relation, if it is in force and leads somewhere. Own says that one which does
// not is counted.
func (w *walk) tie(all []tie, r attack.Relation, other string, own bool) []tie {
	if own && other == w.Nodes[0].Object.ID {
		return all // of itself
	}
	o, there := w.lib.Object(other)
	kind := attack.Kind("")
	if there {
		kind = o.Kind
	}
	h := w.headings.Under(r.Type, r.To == other, kind)
	if h.Place > w.headings.Unknown() {
		return all // who made it is no relation to walk along
	}
	by, whole := w.lib.Object(r.By)
	live := r.By == "" || whole && by.Live()
	if !live || !there || !o.Live() && r.Type != attack.RevokedBy {
		if own {
			w.LeftOut++
		}
		return all
	}
	return append(all, tie{h, o})
}

// Within is how many objects are so many steps away.
func (g *Graph) Within(steps int) int {
	n := 0
	for i := range g.Nodes {
		if g.Nodes[i].Steps == steps {
			n++
		}
	}
	return n
}
