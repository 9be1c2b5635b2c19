package library

import (
	"context"
	"slices"

	"candor/internal/attack"
	"candor/internal/store"
)

// way is a relation that people follow from an object of some kind.
type way struct {
	typ  string
	out  bool
	name string
	// users restricts the other end to groups and campaigns.
	users bool
	// texts says that what the relationship objects say is shown.
	texts bool
}

var (
	toStrategies = way{typ: attack.HasAnalytic, name: "detection strategy"}
	toDetected   = way{typ: attack.Detects, out: true, name: "technique"}
	toTactics    = way{typ: attack.InTactic, out: true, name: "tactic"}
	toParent     = way{typ: attack.SubtechniqueOf, out: true, name: "parent technique"}
	toUsers      = way{typ: attack.Uses, name: "used by", users: true, texts: true}
	toSource     = way{typ: attack.PartOf, out: true, name: "data source"}
	toReaders    = way{typ: attack.ReadsSource, name: "analytic"}
	toMitigated  = way{typ: attack.Mitigates, out: true, name: "technique", texts: true}
)

// waysFrom returns the ways that are followed from an object of a kind.
func waysFrom(k attack.Kind) []way {
	switch k {
	case attack.KindAnalytic:
		return []way{toStrategies}
	case attack.KindStrategy:
		return []way{toDetected}
	case attack.KindTechnique, attack.KindSubTechnique:
		return []way{toTactics, toParent, toUsers}
	case attack.KindComponent:
		return []way{toSource, toReaders}
	case attack.KindMitigation:
		return []way{toMitigated}
	}
	return nil
}

// maxBranches is how many objects of one step are followed further. No release
// has an analytic of more than one strategy, or a strategy of more than one
// technique.
const maxBranches = 4

// walker collects the steps from an object.
type walker struct {
	s     *Service
	rel   attack.Release
	seen  map[string]bool
	steps []Step
}

// context returns the objects that people look for from o, each once, the way
// through it first: an analytic's strategy, technique and tactics, and the groups
// and campaigns that use the technique.
func (s *Service) context(ctx context.Context, r attack.Release, o *attack.Object, edges []store.Edge) ([]Step, error) {
	w := walker{s: s, rel: r, seen: map[string]bool{o.ID: true}, steps: []Step{}}
	if o.Relationship != nil {
		return w.steps, w.ends(ctx, o.Relationship)
	}
	err := w.from(ctx, o.Kind, edges, 1)
	return w.steps, err
}

// from takes every way that leads from an object with the given edges, and goes
// on from strategies and techniques that it finds on the way up.
func (w *walker) from(ctx context.Context, k attack.Kind, edges []store.Edge, depth int) error {
	for _, way := range waysFrom(k) {
		found := w.take(way, edges, depth)
		if way != toStrategies && way != toDetected {
			continue
		}
		for _, h := range found {
			if err := w.onward(ctx, h, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) onward(ctx context.Context, h store.Header, depth int) error {
	var types []string
	texts := false
	for _, way := range waysFrom(h.Kind) {
		types = append(types, way.typ)
		texts = texts || way.texts
	}
	if types == nil {
		return nil
	}
	edges, err := w.s.store.Relations(ctx, w.rel, h.StixID, types...)
	if err != nil {
		return err
	}
	if texts {
		var shown []store.Edge
		for _, way := range waysFrom(h.Kind) {
			for i := range edges {
				if way.leads(&edges[i]) {
					shown = append(shown, edges[i])
				}
			}
		}
		if err := w.s.addTexts(ctx, w.rel, shown); err != nil {
			return err
		}
		edges = shown
	}
	return w.from(ctx, h.Kind, edges, depth)
}

// leads reports whether an edge is on the way.
func (y way) leads(e *store.Edge) bool {
	if e.Type != y.typ || e.Out != y.out || !usable(e) {
		return false
	}
	return !y.users || e.Other.Kind == attack.KindGroup || e.Other.Kind == attack.KindCampaign
}

// count returns how many edges are on the way.
func (y way) count(edges []store.Edge) int {
	n := 0
	for i := range edges {
		if y.leads(&edges[i]) {
			n++
		}
	}
	return n
}

// take adds the ends of the edges that are on a way, and returns the new ones that
// are to be followed.
func (w *walker) take(y way, edges []store.Edge, depth int) []store.Header {
	var found []store.Header
	w.steps = slices.Grow(w.steps, y.count(edges)) // of a data component they are hundreds
	for i := range edges {
		e := &edges[i]
		if !y.leads(e) || w.seen[e.Other.StixID] {
			continue
		}
		w.seen[e.Other.StixID] = true
		step := Step{Relation: y.name, Depth: depth, Object: e.Other}
		if y.texts {
			step.Text, step.References = e.Text, e.References
		}
		w.steps = append(w.steps, step)
		if len(found) < maxBranches {
			found = append(found, e.Other)
		}
	}
	return found
}

// ends adds the two ends of a relationship object.
func (w *walker) ends(ctx context.Context, r *attack.Relationship) error {
	for _, end := range []struct{ name, id string }{{"from", r.Source}, {"to", r.Target}} {
		found, err := w.s.store.Find(ctx, end.id, attack.ReleaseRef{Domain: w.rel.Domain, Version: w.rel.Version})
		if err != nil {
			return err
		}
		h := store.Header{StixID: end.id}
		if len(found) > 0 {
			h = found[0].Header
		}
		w.steps = append(w.steps, Step{Relation: end.name, Depth: 1, Object: h})
	}
	return nil
}
