package veil

import (
	"maps"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/detection/exempt"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/pseudonym"
	"candor/internal/signal"
	"candor/internal/store"
)

// Holds reports whether a batch is of a kind that has names which are covered.
func Holds(b *store.Batch) bool {
	// What ties alerts to cases says nothing else of them.
	return b.Format != store.CaseAlerts && evidence.KindOf(b.Kind).Naming == evidence.Covered
}

// Alert puts pseudonyms in the place of the names in an alert, or in a statement about one.
func Alert(k *pseudonym.Key, a *alert.Alert) {
	var names []string
	for e := range a.Entities() {
		names = append(names, e.Name)
	}
	a.Fields = fields(k, a.Fields, &names)
	a.Entity = k.Name(a.Entity)
	others := slices.Clone(a.Others)
	for i := range others {
		others[i].Name = k.Name(others[i].Name)
	}
	a.Others = others
	statement(k, a.Disposition)
	statement(k, a.Second)
}

func statement(k *pseudonym.Key, d *alert.Disposition) {
	if d != nil {
		d.By = k.Person(d.By)
	}
}

// Noun returns a record with pseudonyms in the place of the names in it, and its key. What
// holds no names that are covered is returned as it is.
func Noun(k *pseudonym.Key, noun any, key string) (any, string) {
	switch n := noun.(type) {
	case alert.Case:
		return incident(k, n), key
	case exercise.Exercise:
		host := n.Host
		n.Host, n.Notes = k.Name(host), k.Mask(n.Notes, []string{host})
		n.Test = k.Mask(n.Test, []string{host})
		return n, n.Key()
	case signal.Signal:
		names := []string{n.Entity}
		n.Fields = fields(k, n.Fields, &names)
		n.Entity, n.Name = k.Name(n.Entity), k.Mask(n.Name, names)
		return n, key
	case detection.Exception:
		n = exception(k, n)
		return n, n.Key()
	}
	return noun, key
}

func incident(k *pseudonym.Key, c alert.Case) alert.Case {
	names := append([]string{c.Owner}, c.Entities...)
	c.Title, c.Lessons = k.Mask(c.Title, names), k.Mask(c.Lessons, names)
	entities := make([]string, len(c.Entities))
	for i, e := range c.Entities {
		entities[i] = k.Name(e)
	}
	if c.Entities != nil {
		c.Entities = entities
	}
	c.Owner = k.Person(c.Owner)
	return c
}

// exception hides the values with which the fields of names are compared.
func exception(k *pseudonym.Key, e detection.Exception) detection.Exception {
	when, err := condition.Parse(e.Condition)
	if err != nil { // no decoder lets one through; a condition that cannot be read is kept out
		withheld := condition.Is("condition", condition.Listed, "withheld")
		e.Condition = withheld.String()
		return e
	}
	made := e.ID == exempt.MadeID(&e)
	var names []string
	compared(&when, func(c *condition.Expr) {
		if !Names(c.Field) {
			return
		}
		for i, v := range c.Values {
			names = append(names, v)
			c.Values[i] = k.Name(v)
		}
	})
	compared(&when, func(c *condition.Expr) {
		for i, v := range c.Values {
			c.Values[i] = k.Mask(v, names)
		}
	})
	e.Condition = when.String()
	e.Name, e.Reason = k.Mask(e.Name, names), k.Mask(e.Reason, names)
	if made {
		e.ID = exempt.MadeID(&e)
	}
	return e
}

// compared calls do for every comparison of a condition.
func compared(e *condition.Expr, do func(*condition.Expr)) {
	for _, parts := range [][]condition.Expr{e.And, e.Or} {
		for i := range parts {
			compared(&parts[i], do)
		}
	}
	if e.Not != nil {
		compared(e.Not, do)
	}
	if e.And == nil && e.Or == nil && e.Not == nil {
		do(e)
	}
}

// fields returns fields with pseudonyms in the place of the names in them: what stands in a
// field that holds names, and those names and the given ones within the others. It adds
// what it meets to the names.
func fields(k *pseudonym.Key, of map[string]string, names *[]string) map[string]string {
	if len(of) == 0 {
		return of
	}
	out := make(map[string]string, len(of))
	for _, f := range slices.Sorted(maps.Keys(of)) {
		v := of[f]
		if isJSON(v) {
			collect(v, f, names)
		} else if Names(f) && !counts(v) {
			*names = append(*names, listed(v)...)
		}
	}
	for f, v := range of {
		switch {
		case isJSON(v):
			out[f] = rewrite(k, v, f, *names)
		case Names(f) && !counts(v):
			out[f] = eachListed(v, k.Name)
		default:
			out[f] = k.Mask(v, *names)
		}
	}
	return out
}

// counts reports whether a text is a small number or a truth, which are no names.
func counts(v string) bool {
	return len(v) < 6 && strings.Trim(v, "0123456789.-") == "" || strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
}

// listed returns the values of a text that lists several, as decoders join them.
func listed(v string) []string {
	var out []string
	eachListed(v, func(one string) string { out = append(out, one); return one })
	return out
}

func eachListed(v string, do func(string) string) string {
	parts := strings.Split(v, ";")
	for i, p := range parts {
		parts[i] = do(p)
	}
	return strings.Join(parts, ";")
}
