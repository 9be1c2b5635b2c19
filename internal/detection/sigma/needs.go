package sigma

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// optional returns those of a detection's fields without which it can match all the same:
// those that stand in what is excluded only, and those beside which another selection,
// or another entry of a list, will do. Where the condition cannot be read there are none.
func optional(n *yaml.Node, fields []string) []string {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	d := detected{selections: map[string]*yaml.Node{}}
	var conditions []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch k, v := n.Content[i].Value, n.Content[i+1]; {
		case k == "condition" && v.Kind == yaml.SequenceNode:
			for _, c := range v.Content {
				conditions = append(conditions, c.Value)
			}
		case k == "condition":
			conditions = append(conditions, v.Value)
		case k != "timeframe":
			d.selections[k] = v
			d.names = append(d.names, k)
		}
	}
	var out []string
	read := make([][]string, len(conditions))
	for i, c := range conditions {
		read[i] = tokens(c)
	}
	for _, f := range fields {
		d.without = f
		if slices.ContainsFunc(read, d.matches) {
			out = append(out, f)
		}
	}
	return out
}

// tokens returns the words and parentheses of a condition, without what is counted of
// what matches.
func tokens(condition string) []string {
	condition, _, _ = strings.Cut(condition, "|")
	return strings.Fields(strings.ReplaceAll(strings.ReplaceAll(condition, "(", " ( "), ")", " ) "))
}

// detected is a detection of which one field is carried by no event.
type detected struct {
	selections map[string]*yaml.Node
	names      []string // of the selections, in order
	without    string

	tokens []string
	bad    bool
}

// matches reports whether a condition can hold; false where it cannot be read.
func (d *detected) matches(condition []string) bool {
	d.tokens, d.bad = condition, false
	can := d.or(0)
	return can && !d.bad && len(d.tokens) == 0
}

// next returns the token, in lower case; empty at the end.
func (d *detected) next() string {
	if len(d.tokens) == 0 {
		return ""
	}
	return strings.ToLower(d.tokens[0])
}

func (d *detected) skip() { d.tokens = d.tokens[1:] }

func (d *detected) or(depth int) bool {
	can := d.and(depth)
	for d.next() == "or" {
		d.skip()
		also := d.and(depth)
		can = can || also
	}
	return can
}

func (d *detected) and(depth int) bool {
	can := d.one(depth)
	for d.next() == "and" {
		d.skip()
		also := d.one(depth)
		can = can && also
	}
	return can
}

// one reads a selection, several by a pattern, a negation or what stands between
// parentheses. What is excluded can be absent, so that its negation can hold.
func (d *detected) one(depth int) bool {
	word := d.next()
	if word == "" || word == ")" || depth > maxDepth {
		d.bad = true
		return false
	}
	name := d.tokens[0]
	d.skip()
	switch {
	case word == "not":
		d.one(depth + 1)
		return true
	case word == "(":
		can := d.or(depth + 1)
		if d.next() != ")" {
			d.bad = true
			return false
		}
		d.skip()
		return can
	case d.next() == "of" && len(d.tokens) > 1:
		pattern := d.tokens[1]
		d.tokens = d.tokens[2:]
		return d.several(word == "all", pattern)
	}
	s, ok := d.selections[name]
	if !ok {
		d.bad = true
		return false
	}
	return d.selection(s)
}

// several reports whether all, or one, of the selections of a pattern can match.
func (d *detected) several(all bool, pattern string) bool {
	if strings.EqualFold(pattern, "them") {
		pattern = "[^_]*"
	}
	some, every := false, true
	for _, name := range d.names {
		if of, err := path.Match(pattern, name); err != nil || !of {
			continue
		}
		can := d.selection(d.selections[name])
		some, every = some || can, every && can
	}
	if all {
		return some && every
	}
	return some
}

// selection reports whether a selection can match: a mapping where it does not ask for
// the field, a list where one of its entries can.
func (d *detected) selection(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.SequenceNode:
		return slices.ContainsFunc(n.Content, d.selection)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, modifiers, _ := strings.Cut(n.Content[i].Value, "|")
			if name == d.without && !absent(modifiers, n.Content[i+1]) {
				return false
			}
		}
	}
	return true
}

// absent reports whether what is asked of a field is that it is not there.
func absent(modifiers string, v *yaml.Node) bool {
	return v.Tag == "!!null" || modifiers == "exists" && v.Value == "false"
}
