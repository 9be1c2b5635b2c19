// Package credit says which chains, whose worth was measured, line one technique up with
// another: where to look instead of at what cannot be seen, and what that is worth here.
//
// It computes no worth and gives no credit itself. What was not measured it does not know.
package credit

import (
	"slices"
	"strings"

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
	slices.SortStableFunc(list, func(a, b Joined) int {
		if a.Earned != b.Earned {
			return map[bool]int{true: -1, false: 1}[a.Earned]
		}
		return strings.Compare(a.Definition, b.Definition)
	})
	return list
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
	c := &list[0]
	text := "chain " + c.Definition + " earned no credit: " + c.Why
	if c.Earned {
		text = "chain " + c.Definition + " earned credit: " + c.Why
	}
	if n := int64(len(list) - 1); n > 0 {
		text += figure.Sprintf(" (and %s)", figure.Of(n, "other chain", "other chains"))
	}
	return text
}
