package detection

import (
	"slices"
	"strings"
)

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
	rules   map[string]*Rule
	bare    map[string][]string
	aliases map[string][]string
	names   map[string][]string
	sources map[string]bool // in lower case
}

// Called is how an alert names its rule: an id, and a name where the alert says one.
type Called struct {
	ID, Name string
	// Own is whose rule the alert itself says that it is, and Source what the input says
	// that it came in; empty where they say nothing.
	Own, Source string
}

// NewResolver returns a resolver of rules that joins in the ways given; by id it
// always does.
func NewResolver(rules []Rule, joins []Join) Resolver {
	r := Resolver{rules: map[string]*Rule{}, bare: map[string][]string{}, aliases: map[string][]string{}, names: map[string][]string{}, sources: map[string]bool{}}
	alias, name := slices.Contains(joins, ByAlias), slices.Contains(joins, ByName)
	for i := range rules {
		v := &rules[i]
		r.rules[v.ID] = v
		r.sources[strings.ToLower(v.Origin)] = v.Origin != ""
		note(r.bare, v.Bare, v.ID)
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
	// Elsewhere lists the rules of other sources that it would mean, did the alert not name
	// a source that has no such rule.
	Elsewhere []string
}

// Rule returns which rule an alert means that calls its rule so. Of several rules it
// means that of the source that it names, else that whose name it gives too. What
// could still be one of several is joined to none. An alert that names a source of rules
// by its name means a rule of that source or none; any other word for a source, as that of
// a product, only helps to choose among several.
func (r Resolver) Rule(c Called) Resolved {
	if r.sources[strings.ToLower(c.Own)] {
		return r.ofSource(c)
	}
	return r.within(c, func([]string) []string { return nil })
}

// ofSource returns which rule of the source that it names an alert means.
func (r Resolver) ofSource(c Called) Resolved {
	to := r.within(c, func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return strings.EqualFold(r.rules[id].Origin, c.Own) })
	})
	if len(to.Elsewhere) > 0 && r.rules[to.ID] != nil {
		to.ID = Qualified(c.Own, c.ID) // which is no rule's: what has the id itself is another's
	}
	return to
}

// within returns which rule an alert means; others returns those of some rules that it
// cannot mean.
func (r Resolver) within(c Called, others func(ids []string) []string) Resolved {
	var exact, elsewhere []string
	if r.rules[c.ID] != nil {
		exact = []string{c.ID}
	}
	for _, w := range []struct {
		rules []string
		by    Join
	}{{exact, ByID}, {r.bare[c.ID], ByID}, {r.aliases[c.ID], ByAlias}, {r.names[c.Name], ByName}} {
		if not := others(w.rules); len(not) > 0 {
			w.rules = slices.DeleteFunc(slices.Clone(w.rules), func(id string) bool { return slices.Contains(not, id) })
			if elsewhere == nil {
				elsewhere = not
			}
		}
		switch found := r.narrowed(w.rules, c); len(found) {
		case 0:
		case 1:
			return Resolved{ID: found[0], By: w.by}
		default:
			return Resolved{ID: c.ID, Ambiguous: found}
		}
	}
	return Resolved{ID: c.ID, Elsewhere: elsewhere}
}

// narrowed returns those of several rules that an alert may mean by what else it says.
func (r Resolver) narrowed(rules []string, c Called) []string {
	if len(rules) < 2 {
		return rules
	}
	for _, fits := range []func(*Rule) bool{
		func(v *Rule) bool { return v.of(c.Own) },
		func(v *Rule) bool { return v.of(c.Source) },
		func(v *Rule) bool { return v.Bare != "" && v.Name == c.Name },
	} {
		var found []string
		for _, id := range rules {
			if fits(r.rules[id]) {
				found = append(found, id)
			}
		}
		if len(found) > 0 {
			rules = found
		}
	}
	return rules
}
