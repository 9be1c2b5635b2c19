package attack

import "slices"

// Library is the view of one release that judgements and pages read: its
// objects by id, and their relations in both directions. It is immutable once
// made and safe for concurrent use.
type Library struct {
	Release Release
	objects map[string]*Object
	order   []*Object
	byID    map[string][]*Object
	from    map[string][]Relation
	to      map[string][]Relation
	lineage lineage
	// decisions are by the ATT&CK ID that they are of, those asked first in front.
	decisions map[string][]Decision
}

// NewLibrary returns the view of the given objects, which may be a part of a
// release: relations whose other end is not among them are kept and resolve to
// no object. Of two objects with the same STIX id the one modified later
// counts, and of two modified at the same time the later one in objects.
func NewLibrary(rel Release, objects []*Object) *Library {
	l := &Library{
		Release: rel,
		objects: make(map[string]*Object, len(objects)),
		byID:    map[string][]*Object{},
		from:    map[string][]Relation{},
		to:      map[string][]Relation{},
		lineage: newLineage(Lineage{KnownRenames(rel.Domain)}),
	}
	for _, o := range objects {
		if have, ok := l.objects[o.ID]; !ok || CompareTimes(o.Modified, have.Modified) >= 0 {
			l.objects[o.ID] = o
		}
	}
	for _, o := range objects {
		if l.objects[o.ID] != o {
			continue
		}
		l.order = append(l.order, o)
		if o.ATTACKID != "" {
			l.byID[o.ATTACKID] = append(l.byID[o.ATTACKID], o)
		}
	}
	names := NewNames(l.order)
	for _, o := range l.order {
		l.relate(o, names)
	}
	for _, os := range l.byID {
		slices.SortStableFunc(os, preferLive)
	}
	return l
}

// preferLive orders objects that share an ATT&CK ID: live before dead,
// techniques before the deprecated mitigations that share their ID.
func preferLive(a, b *Object) int {
	if a.Live() != b.Live() {
		if a.Live() {
			return -1
		}
		return 1
	}
	if a.Kind.Technique() != b.Kind.Technique() {
		if a.Kind.Technique() {
			return -1
		}
		return 1
	}
	return 0
}

func (l *Library) relate(o *Object, names *Names) {
	for _, r := range RelationsOf(o) {
		if !r.Named {
			l.link(r)
			continue
		}
		for _, resolved := range names.Resolve(r) {
			l.link(resolved)
		}
	}
}

func (l *Library) link(r Relation) {
	l.from[r.From] = append(l.from[r.From], r)
	l.to[r.To] = append(l.to[r.To], r)
}

// Object returns the object with STIX id, and whether the view has it.
func (l *Library) Object(id string) (*Object, bool) {
	o, ok := l.objects[id]
	return o, ok
}

// ByATTACKID returns the objects that carry the ATT&CK ID, live ones first.
// ATT&CK IDs are not unique.
func (l *Library) ByATTACKID(id string) []*Object { return l.byID[id] }

// Objects returns the view's objects in the order of the bundle, without
// duplicates. The caller must not change the slice.
func (l *Library) Objects() []*Object { return l.order }

// OfKind returns the objects of one kind in the order of the bundle, dead ones
// included.
func (l *Library) OfKind(k Kind) []*Object {
	var os []*Object
	for _, o := range l.order {
		if o.Kind == k {
			os = append(os, o)
		}
	}
	return os
}

// From returns the relations that leave the object with STIX id.
func (l *Library) From(id string) []Relation { return l.from[id] }

// To returns the relations that reach the object with STIX id.
func (l *Library) To(id string) []Relation { return l.to[id] }

// follow returns the live objects at the far ends of id's relations of a type.
func (l *Library) follow(rs []Relation, typ string, end func(Relation) string) []*Object {
	var os []*Object
	for _, r := range rs {
		if r.Type != typ {
			continue
		}
		if by, ok := l.objects[r.By]; r.By != "" && (!ok || !by.Live()) {
			continue
		}
		if o, ok := l.objects[end(r)]; ok && o.Live() && !slices.Contains(os, o) {
			os = append(os, o)
		}
	}
	return os
}

// Targets returns the live objects that live relations of a type lead to from
// the object with STIX id, each once.
func (l *Library) Targets(id, typ string) []*Object {
	return l.follow(l.from[id], typ, func(r Relation) string { return r.To })
}

// Sources returns the live objects from which live relations of a type lead to
// the object with STIX id, each once.
func (l *Library) Sources(id, typ string) []*Object {
	return l.follow(l.to[id], typ, func(r Relation) string { return r.From })
}

// StrategiesOf returns the live detection strategies that hold an analytic.
func (l *Library) StrategiesOf(analytic string) []*Object { return l.Sources(analytic, HasAnalytic) }

// TechniquesOf returns the live techniques that an analytic's strategies detect.
func (l *Library) TechniquesOf(analytic string) []*Object {
	var ts []*Object
	for _, s := range l.StrategiesOf(analytic) {
		for _, t := range l.Targets(s.ID, Detects) {
			if !slices.Contains(ts, t) {
				ts = append(ts, t)
			}
		}
	}
	return ts
}

// TacticsOf returns the live tactics of a technique.
func (l *Library) TacticsOf(technique string) []*Object { return l.Targets(technique, InTactic) }

// Successor follows live revoked-by relations from a revoked object to the
// first one that is not revoked. Chain lists the STIX ids passed, the start
// included. It returns nil when the chain ends nowhere or runs in a circle.
//
// Where the relations lead to several objects that are not revoked, nothing says which took its
// place: then there is no successor, and Successors are those that it may be.
func (l *Library) Successor(id string) (successor *Object, chain []string) {
	several := len(l.Successors(id)) > 1
	for {
		o, ok := l.objects[id]
		if !ok || slices.Contains(chain, id) {
			return nil, chain
		}
		if !o.Revoked {
			return o, chain
		}
		chain = append(chain, id)
		if several {
			return nil, chain
		}
		id = l.replacement(id)
	}
}

// Successors are the objects that live revoked-by relations lead to from a revoked one and that
// are not revoked, each once.
func (l *Library) Successors(id string) (found []*Object) {
	for at, seen := []string{id}, map[string]bool{id: true}; len(at) > 0; at = at[1:] {
		if o, ok := l.objects[at[0]]; !ok || !o.Revoked {
			if ok && o.ID != id {
				found = append(found, o)
			}
			continue
		}
		for _, r := range l.from[at[0]] {
			if by, ok := l.objects[r.By]; r.Type == RevokedBy && ok && by.Live() && !seen[r.To] {
				seen[r.To] = true
				at = append(at, r.To)
			}
		}
	}
	return found
}

// replacement returns the STIX id that a live revoked-by relation of id leads
// to, one that the view has if there is a choice, and the empty string if none.
func (l *Library) replacement(id string) string {
	next := ""
	for _, r := range l.from[id] {
		if by, ok := l.objects[r.By]; r.Type != RevokedBy || !ok || !by.Live() {
			continue
		}
		if _, known := l.objects[r.To]; known {
			return r.To
		}
		next = r.To
	}
	return next
}
