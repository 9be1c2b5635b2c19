package mapping

import (
	"regexp"
	"slices"
	"strings"

	"candor/internal/decode"
)

// condition says which records are of the kind. All that it says must hold.
type condition struct {
	value *expr
	is    []string
	not   []string
	match *regexp.Regexp
	has   *bool
	any   []*condition
	text  string // for people
}

// conditions reads a list of conditions.
func (r *reading) conditions(doc *decode.Map, name string, depth int) []*condition {
	if !doc.Has(name) {
		return nil
	}
	if depth == maxDepth {
		doc.Fail(name, "", "conditions lie deeper within each other than is read")
		return nil
	}
	var out []*condition
	for _, item := range doc.Items(name) {
		m, isMap := decode.NewMap(doc.File(), item)
		if !isMap {
			doc.FailAt(item.Line, name, item.Value, "not a condition such as {column: status, is: [closed]}")
			continue
		}
		out = append(out, r.condition(m, depth))
		if bad, is := m.Bad(); is {
			doc.FailAt(bad.Line, name+"."+bad.Field, bad.Value, bad.Reason)
		}
		r.warnings = append(r.warnings, m.Unknown()...)
	}
	return out
}

func (r *reading) condition(m *decode.Map, depth int) *condition {
	c := &condition{is: m.Strings("is"), not: m.Strings("not"), match: pattern1(m, "match"), any: r.conditions(m, "any", depth+1)}
	if m.Has("has") {
		has := m.Bool("has", true)
		c.has = &has
	}
	c.value = &expr{path: m.String("column"), first: r.several(m, "first_of", depth)}
	sure := len(c.is)+len(c.not) > 0 || c.match != nil || c.has != nil
	switch named := c.value.path != "" || len(c.value.first) > 0; {
	case len(c.any) > 0 && (named || sure):
		m.Fail("any", "", "said beside a column; it is a condition of its own")
	case len(c.any) == 0 && !named:
		m.Fail("column", "", "is missing: a condition names a column, or any of several conditions")
	case len(c.any) == 0 && !sure:
		m.Fail("is", "", "is missing: a condition says is, not, match or has")
	}
	c.text = c.words()
	return c
}

// words say what the condition asks.
func (c *condition) words() string {
	var parts []string
	for _, sub := range c.any {
		parts = append(parts, sub.text)
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", or ")
	}
	name := c.value.label()
	if len(c.is) > 0 {
		parts = append(parts, name+" is "+strings.Join(c.is, " or "))
	}
	if len(c.not) > 0 {
		parts = append(parts, name+" is not "+strings.Join(c.not, " or "))
	}
	if c.match != nil {
		parts = append(parts, name+" matches "+c.match.String())
	}
	switch {
	case c.has == nil:
	case *c.has:
		parts = append(parts, name+" is there")
	default:
		parts = append(parts, name+" is not there")
	}
	return strings.Join(parts, ", and ")
}

// holds reports whether a record is of the kind. Words are compared without regard to
// case.
func (c *condition) holds(r *row) bool {
	if len(c.any) > 0 {
		return slices.ContainsFunc(c.any, func(sub *condition) bool { return sub.holds(r) })
	}
	all := c.value.eval(r)
	one := func(words []string) bool {
		return slices.ContainsFunc(all, func(v string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(v, w) })
		})
	}
	switch {
	case len(c.is) > 0 && !one(c.is), len(c.not) > 0 && one(c.not):
		return false
	case c.match != nil && !slices.ContainsFunc(all, c.match.MatchString):
		return false
	}
	return c.has == nil || *c.has == (len(all) > 0)
}

// each calls do with every expression of the condition that reads a path.
func (c *condition) each(do func(*expr)) {
	c.value.each(do)
	for _, sub := range c.any {
		sub.each(do)
	}
}
