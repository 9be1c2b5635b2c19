package web

import (
	"strings"

	"candor/internal/assure"
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
