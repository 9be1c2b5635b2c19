package detection

import "slices"

// Join is what an alert is joined to its rule by.
type Join string

// The joins, the first that applies deciding.
const (
	ByID    Join = "id"    // the alert names the rule's id
	ByAlias Join = "alias" // the id that the alert names is an alias of one rule alone
	ByName  Join = "name"  // the alert gives the name of one rule alone
)

// Joins lists every join in order.
func Joins() []Join { return []Join{ByID, ByAlias, ByName} }

// Resolver finds the rule that an alert means. It compares exactly: what is only
// alike is not joined.
type Resolver struct {
	ids     map[string]bool
	aliases map[string][]string
	names   map[string][]string
}

// NewResolver returns a resolver of rules that joins in the ways given; by id it
// always does.
func NewResolver(rules []Rule, joins []Join) Resolver {
	r := Resolver{ids: map[string]bool{}, aliases: map[string][]string{}, names: map[string][]string{}}
	alias, name := slices.Contains(joins, ByAlias), slices.Contains(joins, ByName)
	for i := range rules {
		v := &rules[i]
		r.ids[v.ID] = true
		for _, a := range v.Aliases {
			if alias {
				note(r.aliases, a, v.ID)
			}
		}
		if name {
			note(r.names, v.Name, v.ID)
		}
	}
	return r
}

// note adds an id to those of a word, in order and each once. The empty word
// names nothing.
func note(of map[string][]string, word, id string) {
	if i, there := slices.BinarySearch(of[word], id); word != "" && !there {
		of[word] = slices.Insert(of[word], i, id)
	}
}

// Resolved is what an alert's id and name of a rule lead to.
type Resolved struct {
	// ID is the rule's id, or the alert's own where no rule is known.
	ID string
	// By is empty where no rule is known.
	By Join
	// Ambiguous lists the rules that it could mean where it could mean several.
	Ambiguous []string
}

// Rule returns which rule an alert means that calls its rule so. What could be
// one of several rules is joined to none.
func (r Resolver) Rule(id, name string) Resolved {
	if r.ids[id] {
		return Resolved{ID: id, By: ByID}
	}
	for _, w := range []struct {
		rules []string
		by    Join
	}{{r.aliases[id], ByAlias}, {r.names[name], ByName}} {
		switch len(w.rules) {
		case 0:
		case 1:
			return Resolved{ID: w.rules[0], By: w.by}
		default:
			return Resolved{ID: id, Ambiguous: w.rules}
		}
	}
	return Resolved{ID: id}
}
