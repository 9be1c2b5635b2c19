package web

import (
	"net/http"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/figure"
	"candor/internal/standing"
)

// chip is how a technique, a detection strategy or an analytic stands wherever it is
// listed: the rung of an analytic, of the others the worst case of their own analytics
// that apply, with how many stand where.
type chip struct {
	look
	Title string
}

// Says is a chip in words.
func (c *chip) Says() string { return c.Name + " here" }

// chipOf returns the chip of what has a STIX id; nil where no verdict is about it, or none
// that applies.
func chipOf(b *standing.Board, id string) *chip {
	if b == nil {
		return nil
	}
	worst := b.Worst(id)
	if worst == "" {
		return nil
	}
	c := &chip{look: lookOf(worst)}
	vs := b.Beneath(id)
	if len(vs) == 1 && vs[0].Analytic.StixID == id {
		c.Title = c.Meaning
		return c
	}
	counts := map[assure.Rung]int{}
	for _, v := range vs {
		counts[v.Rung]++
	}
	var parts []string
	for _, r := range assure.Rungs() {
		if n := counts[r]; n > 0 && r != assure.NotApplicable {
			parts = append(parts, figure.Count(int64(n))+" "+lookOf(r).Name)
		}
	}
	c.Title = "of its analytics here: " + strings.Join(parts, ", ")
	return c
}

// chip is the chip of an object of the picture.
func (v *reachView) chip(id string) *chip { return chipOf(v.M.Board, id) }

// rungs are the chips of one page. What they are read from is made when the page first
// names an object, and each chip once.
type rungs struct {
	of    func() *standing.Board
	board *standing.Board
	asked bool
	chips map[string]*chip
}

// rungs are the chips of a page about a release, without any where it cannot be judged.
func (s *site) rungs(r *http.Request, sel selection, rel attack.Release) *rungs {
	if rel.Version == "" {
		return nil
	}
	return &rungs{chips: map[string]*chip{}, of: func() *standing.Board {
		b, err := s.Assessor.Board(r.Context(), s.requestFor(sel, rel))
		if err != nil {
			return nil
		}
		return b
	}}
}

// chip is the chip of the object that an ATT&CK ID or a STIX id names; nil for any that
// no verdict is about.
func (g *rungs) chip(id string) *chip {
	if g == nil {
		return nil
	}
	if !g.asked {
		g.board, g.asked = g.of(), true
	}
	if g.board == nil {
		return nil
	}
	c, ok := g.chips[id]
	if !ok {
		c = chipOf(g.board, g.board.Meant(id))
		g.chips[id] = c
	}
	return c
}

// Chip is the chip of the object that an ATT&CK ID or a STIX id names.
func (s selection) Chip(id string) *chip { return s.rungs.chip(id) }
