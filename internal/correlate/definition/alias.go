package definition

import (
	"strings"

	"candor/internal/correlate"
	"candor/internal/decode"
	"candor/internal/fault"
)

// AliasKind is the kind of an alias file.
const AliasKind = "entity-aliases"

// Aliases reads an alias file: under "entities", what an entity is called and its other
// names. It fails with fault.Invalid and the place of what is wrong; a name of two
// entities is, because it would make them one.
func Aliases(name string, data []byte) (correlate.Aliases, error) {
	m, err := decode.Document(name, data, AliasKind)
	if err != nil {
		return nil, err
	}
	entities := m.Map("entities")
	if entities == nil {
		return nil, decode.Invalid(name, m.Line("entities"), "entities is missing").Next(`write "entities:" and under it, for example, "ann.lee: [ann@example.org, ws-17]"`)
	}
	out := correlate.Aliases{}
	for _, as := range entities.Keys() {
		for _, other := range append(entities.Strings(as), as) {
			folded := strings.ToLower(strings.TrimSpace(other))
			if have, twice := out[folded]; twice && have != as {
				return nil, decode.Invalid(name, entities.Line(as), "%q is a name of %s and of %s", other, have, as).Next("give each name to one entity")
			}
			out[folded] = as
		}
	}
	for _, bad := range []*decode.Map{entities, m} {
		if r, is := bad.Bad(); is {
			return nil, fault.New(fault.Invalid, "%s: %s", r.Field, r.Reason).At("%s:%d", r.File, r.Line)
		}
	}
	return out, nil
}

// IsAliases reports whether a file says that it is an alias file.
func IsAliases(name string, data []byte) bool {
	docs, err := decode.Documents(name, data)
	if err != nil || len(docs) != 1 {
		return false
	}
	m, ok := decode.NewMap(name, docs[0])
	return ok && m.String("kind") == AliasKind
}
