package diff

import (
	"slices"
	"strings"

	"candor/internal/attack"
)

// tiesOf returns, by technique, what live relationships say of it in one release
// only. A relationship object that another one replaces is no change.
func tiesOf(pairs []*pair, from, to map[string]Name) map[string]*Tied {
	ties := map[string]*Tied{}
	for _, p := range pairs {
		if p.typ != "relationship" {
			continue
		}
		was, is := end(p.from), end(p.to)
		if was == is {
			continue
		}
		if was != (tie{}) {
			was.add(ties, from, to, false)
		}
		if is != (tie{}) {
			is.add(ties, to, from, true)
		}
	}
	for id, t := range ties {
		kept := false
		for _, e := range []*Exchange{&t.Mitigations, &t.Detections, &t.Procedures} {
			e.net()
			kept = kept || len(e.Gained)+len(e.Lost) > 0
		}
		if !kept {
			delete(ties, id)
		}
	}
	return ties
}

// tie is one live relationship that reaches a technique.
type tie struct{ typ, source, target string }

// end returns the tie of a relationship object, and none if it is not live or
// reaches no technique.
func end(fields []field) tie {
	if !live(fields) {
		return tie{}
	}
	t := tie{textOf(fields, "relationship_type"), textOf(fields, "source_ref"), textOf(fields, "target_ref")}
	switch t.typ {
	case attack.Mitigates, attack.Detects, attack.Uses:
		if strings.HasPrefix(t.target, "attack-pattern--") {
			return t
		}
	}
	return tie{}
}

// add enters the tie under its technique, with names from the side that has the
// relationship, else from the other.
func (t tie) add(ties map[string]*Tied, names, others map[string]Name, gained bool) {
	called := func(id string) Name {
		for _, m := range []map[string]Name{names, others} {
			if n, ok := m[id]; ok {
				return n
			}
		}
		return Name{ID: id}
	}
	tied := ties[t.target]
	if tied == nil {
		tied = &Tied{Name: called(t.target), Ties: newTies()}
		ties[t.target] = tied
	}
	e := &tied.Procedures
	switch t.typ {
	case attack.Mitigates:
		e = &tied.Mitigations
	case attack.Detects:
		e = &tied.Detections
	}
	if gained {
		e.Gained = append(e.Gained, called(t.source))
	} else {
		e.Lost = append(e.Lost, called(t.source))
	}
}

// net takes out what was both gained and lost, sorts, and lists each once.
func (e *Exchange) net() {
	has := func(ns []Name, id string) bool {
		return slices.ContainsFunc(ns, func(n Name) bool { return n.ID == id })
	}
	gained, lost := []Name{}, []Name{}
	for _, n := range e.Gained {
		if !has(e.Lost, n.ID) && !has(gained, n.ID) {
			gained = append(gained, n)
		}
	}
	for _, n := range e.Lost {
		if !has(e.Gained, n.ID) && !has(lost, n.ID) {
			lost = append(lost, n)
		}
	}
	slices.SortFunc(gained, compareNames)
	slices.SortFunc(lost, compareNames)
	e.Gained, e.Lost = gained, lost
}
