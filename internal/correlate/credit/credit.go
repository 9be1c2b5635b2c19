// Package credit says which chains, whose worth was measured, line one technique up with
// another: where to look instead of at what cannot be seen, and what that is worth here.
//
// It computes no worth and gives no credit itself. What was not measured it does not know.
package credit

import (
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/correlate"
	"candor/internal/figure"
)

// Chain is a definition of chains with what it was measured to be worth.
type Chain struct {
	Definition string
	// Stages are what each of its stages sees, techniques and tactics alone.
	Stages [][]correlate.Selector
	// Earned says that it may stand in for what cannot be seen, and Why why or why not.
	Earned bool
	Why    string
	// Measured says what was measured, and Batch where that is kept.
	Measured, Batch string
}

// Joined is a chain that lines a technique up with what is adjacent to it.
type Joined struct {
	Definition string `json:"definition"`
	Earned     bool   `json:"earns_credit"`
	Why        string `json:"because"`
	Measured   string `json:"measured"`
	Batch      string `json:"batch"`
}

// Lined is a chain that lines what cannot be seen up with stages that are adjacent to it.
type Lined struct {
	Joined
	// With are the techniques of these stages by their ATT&CK IDs, those first that most
	// users of the one are known to use too; Others is how many more there are.
	With   []string `json:"with"`
	Others int      `json:"with_others"`
}

// mostWith is how many adjacent techniques are named of a chain.
const mostWith = 5

// Lines gathers the chains that line something up with what is adjacent to it. The zero
// value has none.
type Lines struct {
	list []Lined
	seen map[string]bool
}

// Add adds the chains that line it up with an adjacent technique.
func (l *Lines) Add(list []Joined, with string) {
	for _, j := range list {
		if key := j.Definition + "\x1f" + with; l.seen[key] {
			continue
		} else if l.seen == nil {
			l.seen = map[string]bool{key: true}
		} else {
			l.seen[key] = true
		}
		i := slices.IndexFunc(l.list, func(o Lined) bool { return o.Definition == j.Definition })
		if i < 0 {
			i, l.list = len(l.list), append(l.list, Lined{Joined: j, With: []string{}})
		}
		if of := &l.list[i]; len(of.With) < mostWith {
			of.With = append(of.With, with)
		} else {
			of.Others++
		}
	}
}

// List returns them: first those that earned credit, then by name.
func (l *Lines) List() []Lined {
	slices.SortStableFunc(l.list, func(a, b Lined) int { return compare(&a.Joined, &b.Joined) })
	return append([]Lined{}, l.list...)
}

// Beside says with what a chain lines something up.
func (l *Lined) Beside() string {
	names := append([]string{}, l.With...)
	if l.Others > 0 {
		names = append(names, figure.Of(int64(l.Others), "other technique", "other techniques"))
	}
	return attack.Listed(names)
}

// Looked says in a sentence of each chain what it is worth to look there; empty for none.
func Looked(list []Lined) string {
	parts := make([]string, len(list))
	for i := range list {
		parts[i] = list[i].said() + "; it lines this up with " + list[i].Beside()
	}
	return strings.Join(parts, "; ")
}

// Shortly names the chains, and whether they earned credit; empty for none.
func Shortly(list []Lined) string {
	parts := make([]string, len(list))
	for i := range list {
		parts[i] = "chain " + list[i].Definition + ": no credit"
		if list[i].Earned {
			parts[i] = "chain " + list[i].Definition + ": credit"
		}
	}
	return strings.Join(parts, "; ")
}

// Place is a technique with its tactics, under all their names.
type Place struct {
	Technique string
	Tactics   []string
}

// sees reports whether a selector sees what is done there.
func (p *Place) sees(s *correlate.Selector) bool {
	switch s.Kind {
	case correlate.OfTechnique:
		return strings.EqualFold(s.Name, p.Technique) || len(p.Technique) > len(s.Name) && strings.EqualFold(p.Technique[:len(s.Name)+1], s.Name+".")
	case correlate.OfTactic:
		return slices.ContainsFunc(p.Tactics, func(t string) bool { return strings.EqualFold(t, s.Name) })
	}
	return false
}

// Of returns the chains that have a stage which sees the one place, and another stage that
// sees the other: first those that earned credit, then by name.
func Of(all []Chain, from, to Place) []Joined {
	var list []Joined
	for i := range all {
		if c := &all[i]; c.joins(&from, &to) {
			list = append(list, Joined{c.Definition, c.Earned, c.Why, c.Measured, c.Batch})
		}
	}
	slices.SortStableFunc(list, func(a, b Joined) int { return compare(&a, &b) })
	return list
}

// compare puts what earned credit first, then goes by name.
func compare(a, b *Joined) int {
	if a.Earned != b.Earned {
		return map[bool]int{true: -1, false: 1}[a.Earned]
	}
	return strings.Compare(a.Definition, b.Definition)
}

func (c *Chain) joins(from, to *Place) bool {
	see := func(p *Place, stage []correlate.Selector) bool {
		return slices.ContainsFunc(stage, func(s correlate.Selector) bool { return p.sees(&s) })
	}
	for i := range c.Stages {
		for k := range c.Stages {
			if i != k && see(from, c.Stages[i]) && see(to, c.Stages[k]) {
				return true
			}
		}
	}
	return false
}

// Words says what the chains are worth that line a technique up with another; empty for
// none.
func Words(list []Joined) string {
	if len(list) == 0 {
		return ""
	}
	text := list[0].said()
	if n := int64(len(list) - 1); n > 0 {
		text += figure.Sprintf(" (and %s)", figure.Of(n, "other chain", "other chains"))
	}
	return text
}

// said says whether a chain earned credit, and why or why not.
func (c *Joined) said() string {
	if c.Earned {
		return "chain " + c.Definition + " earned credit: " + c.Why
	}
	return "chain " + c.Definition + " earned no credit: " + c.Why
}
