// Package odd finds what is unusual about a release as a whole: what its objects say
// of each other and cannot be so, or can hardly be meant.
//
// It repairs nothing, and it does not say whose mistake it is. What is odd about an
// object by itself the reader of bundles tells.
package odd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/attack"
)

// The kinds of what is found.
const (
	Dangling  = "dangling"  // a relation leads to what the release does not have
	Creator   = "creator"   // who made objects is not in the release
	Successor = "successor" // a revoked object leads to no other
	SameID    = "id"        // one ATT&CK ID is on several live objects
	Platform  = "platform"  // an analytic names a log source of another platform
)

// Finding is one thing that is odd.
type Finding struct {
	Kind string
	// StixID and ATTACKID are of the object that it is about, or of the first.
	StixID, ATTACKID string
	What             string
}

// Of returns what is odd about a release, by kind and then in the order of the bundle.
// The view must hold all of it.
func Of(l *attack.Library) []Finding {
	f := finder{l: l}
	f.relations()
	f.successors()
	f.ids()
	f.platforms()
	return f.found
}

type finder struct {
	l     *attack.Library
	found []Finding
}

func (f *finder) add(kind string, o *attack.Object, format string, args ...any) {
	f.found = append(f.found, Finding{kind, o.ID, o.ATTACKID, fmt.Sprintf(format, args...)})
}

// fewNamed is how many things of a list are named.
const fewNamed = 3

// some names the first of a list and counts the others.
func some(names []string) string {
	if len(names) <= fewNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:fewNamed], ", "), len(names)-fewNamed)
}

// relations finds ends of relations that are not there.
func (f *finder) relations() {
	makers := map[string]*maker{}
	for _, o := range f.l.Objects() {
		lacks := map[string][]string{}
		for _, r := range attack.RelationsOf(o) {
			for _, end := range f.missing(r) {
				switch {
				case r.Type == attack.CreatedBy || r.Type == attack.ModifiedBy:
					if makers[end] == nil {
						makers[end] = &maker{first: o}
					}
					makers[end].of(o)
				case !slices.Contains(lacks[r.Type], end):
					lacks[r.Type] = append(lacks[r.Type], end)
				}
			}
		}
		for _, typ := range slices.Sorted(maps.Keys(lacks)) {
			f.add(Dangling, o, "%s leads to what the release does not have: %s", typ, some(lacks[typ]))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(makers)) {
		m := makers[id]
		f.add(Creator, m.first, "%s made or changed it%s, and the release does not say who that is", id, m.others())
	}
}

// maker is who made or changed objects.
type maker struct {
	first, last *attack.Object
	count       int
}

// of counts an object once.
func (m *maker) of(o *attack.Object) {
	if m.last != o {
		m.last, m.count = o, m.count+1
	}
}

// others says how many more objects there are than the first.
func (m *maker) others() string {
	switch m.count {
	case 1:
		return ""
	case 2:
		return " and 1 other object"
	}
	return fmt.Sprintf(" and %d other objects", m.count-1)
}

// missing returns the ends of a relation that the release does not have. What is named
// and not referred to is not looked for: old releases have no tactics.
func (f *finder) missing(r attack.Relation) []string {
	var ids []string
	for _, end := range []string{r.From, r.To} {
		if _, ok := f.l.Object(end); !ok && end != "" && !r.Named {
			ids = append(ids, end)
		}
	}
	return ids
}

// successors finds revoked objects that lead to no other.
func (f *finder) successors() {
	for _, o := range f.l.Objects() {
		if !o.Revoked || o.Kind == attack.KindRelationship {
			continue
		}
		next, chain := f.l.Successor(o.ID)
		switch {
		case next != nil:
		case len(f.l.Successors(o.ID)) > 1:
			f.add(Successor, o, "it is revoked by %d objects, and nothing says which took its place", len(f.l.Successors(o.ID)))
		case f.leads(o.ID) == "":
			f.add(Successor, o, "it is revoked, and nothing says by what")
		case len(chain) > 1 && f.leads(chain[len(chain)-1]) == "":
			f.add(Successor, o, "it is revoked by %s, which is revoked and leads nowhere", chain[len(chain)-1])
		default:
			f.add(Successor, o, "it is revoked by %s, and the way from there ends in nothing that the release has", f.leads(o.ID))
		}
	}
}

// leads returns what a live revoked-by relation leads to from an object.
func (f *finder) leads(id string) string {
	for _, r := range f.l.From(id) {
		if by, ok := f.l.Object(r.By); r.Type == attack.RevokedBy && ok && by.Live() {
			return r.To
		}
	}
	return ""
}

// ids finds ATT&CK IDs that several live objects have.
func (f *finder) ids() {
	seen := map[string]bool{}
	for _, o := range f.l.Objects() {
		if o.ATTACKID == "" || seen[o.ATTACKID] {
			continue
		}
		seen[o.ATTACKID] = true
		var live []string
		for _, other := range f.l.ByATTACKID(o.ATTACKID) {
			if other.Live() {
				live = append(live, fmt.Sprintf("%s (%s, %s)", other.Name, other.Kind, other.ID))
			}
		}
		if len(live) > 1 {
			f.add(SameID, o, "%d live objects have the ATT&CK ID %s: %s", len(live), o.ATTACKID, strings.Join(live, "; "))
		}
	}
}
