package detection

import "slices"

// Correlations knows which rules correlate which. What a correlation reads, and
// which rules do not alert by themselves, follows from all rules together, in
// whatever files and batches they came.
type Correlations struct {
	called map[string][]*Rule
	// bases are the rules that correlations name, false for those that alert too.
	bases map[*Rule]bool
}

// NewCorrelations returns the correlations among rules, which must stay as they are.
func NewCorrelations(rules []*Rule) Correlations {
	c := Correlations{}
	for _, r := range rules {
		if len(r.Of) > 0 {
			c = Correlations{called: map[string][]*Rule{}, bases: map[*Rule]bool{}}
			break
		}
	}
	if c.called == nil { // few have any
		return c
	}
	for _, r := range rules {
		for _, name := range append([]string{r.ID, r.Bare}, r.Aliases...) {
			if have := c.called[name]; len(have) == 0 || have[len(have)-1] != r {
				c.called[name] = append(have, r)
			}
		}
	}
	for _, r := range rules {
		for _, b := range c.named(r) {
			still, known := c.bases[b]
			c.bases[b] = (still || !known) && !r.Generate
		}
	}
	return c
}

// named returns the rules of the same format that a correlation names.
func (c Correlations) named(r *Rule) []*Rule {
	var out []*Rule
	seen := map[*Rule]bool{r: true}
	for _, name := range r.Of {
		for _, b := range c.called[name] {
			if b.Format == r.Format && !seen[b] && (b.Bare == "" || b.Origin == r.Origin) {
				seen[b], out = true, append(out, b)
			}
		}
	}
	return out
}

// Joined returns a rule as it is among the others: a correlation with the platforms
// and log sources of the rules that it names, and a rule that only correlations look
// at with the role of a base. R must be one of the rules that c was made of.
func (c Correlations) Joined(r *Rule) *Rule {
	if !c.bases[r] && len(r.Of) == 0 {
		return r
	}
	out := *r
	if c.bases[r] && r.Role == Alerts {
		out.Role = Base
	}
	if len(r.Of) > 0 && len(r.Platforms) == 0 && len(r.Logs) == 0 {
		c.gather(&out, r, map[*Rule]bool{}, maxNested)
	}
	return &out
}

// maxNested is how deep correlations of correlations are followed.
const maxNested = 32

// gather adds to a correlation what the rules that it names read, those of
// correlations among them included. A circle ends where it began.
func (c Correlations) gather(into, r *Rule, seen map[*Rule]bool, depth int) {
	if seen[r] || depth == 0 {
		return
	}
	seen[r] = true
	for _, b := range c.named(r) {
		into.Reach = into.Reach.Wider(b.Reach)
		for _, p := range b.Platforms {
			if !slices.Contains(into.Platforms, p) {
				into.Platforms = append(into.Platforms, p)
			}
		}
		for _, l := range b.Logs {
			if !slices.Contains(into.Logs, l) {
				into.Logs = append(into.Logs, l)
			}
		}
		for _, f := range b.Fields {
			if i, there := slices.BinarySearch(into.Fields, f); !there {
				into.Fields = slices.Insert(slices.Clone(into.Fields), i, f)
				if slices.Contains(b.Optional, f) {
					into.Optional = append(slices.Clone(into.Optional), f)
				}
			}
		}
		c.gather(into, b, seen, depth-1)
	}
}
