package export

import (
	"strings"

	"candor/internal/alert"
)

// Naming says where objects name entities of a type.
type Naming struct {
	kind  alert.EntityType
	at    string
	names []string
}

// Each names the entities that all values at the paths are.
func Each(kind alert.EntityType, paths ...string) Naming { return Naming{kind: kind, names: paths} }

// First names the entity that each object at a path is: by the first of its names that has a
// value.
func First(kind alert.EntityType, at string, names ...string) Naming {
	return Naming{kind, at, names}
}

// Entities returns what the object names, in that order, and no more than an alert keeps and
// one. What should be a host, and is an address, is one; see alert.EntityOf.
func (o Object) Entities(of ...Naming) (list []alert.Entity) {
	add := func(kind alert.EntityType, name string) {
		name = strings.TrimSpace(name)
		if name != "" && name != "-" && len(list) <= alert.MaxEntities {
			if list == nil {
				list = make([]alert.Entity, 0, 4)
			}
			list = append(list, alert.EntityOf(kind, name))
		}
	}
	for _, n := range of {
		if n.at != "" {
			for _, sub := range o.Objects(n.at) {
				add(n.kind, sub.Text(n.names...))
			}
			continue
		}
		for _, path := range n.names {
			o.each(path, func(v Value) {
				s, _ := v.Text()
				for line := range strings.Lines(s) { // as a table writes a list
					add(n.kind, line)
				}
			})
		}
	}
	return list
}
