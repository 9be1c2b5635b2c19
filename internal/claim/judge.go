package claim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/detection"
)

// Judge returns the claims of rules on the live analytics of a release. Of
// several ways in which a rule reaches an analytic the strongest is kept. A
// disabled rule keeps its claims, which do not count. What a rule names and the
// release cannot map is listed by name.
func Judge(lib *attack.Library, rules Rules, p Policy) Claims {
	x, counts := newIndex(lib), newCounting(&p)
	out := Claims{ByAnalytic: map[string][]Claim{}, Unmapped: []Unmapped{}, Reread: []Reread{}, Narrowed: []Narrowed{}, Nowhere: []Nowhere{}, Silent: []string{}}
	among := correlations(rules)
	for i := range rules {
		r := x.rule(among.Joined(&rules[i].Value), rules[i].Batch)
		if len(r.Techniques) == 0 && len(r.Analytics) == 0 {
			out.Silent = append(out.Silent, r.ID)
			continue
		}
		why := counts.whyNoRule(r)
		for id, c := range x.claims(r, &out) {
			c.Why = cmp.Or(why, counts.why(&c))
			c.Counts = c.Why == ""
			out.ByAnalytic[id] = append(out.ByAnalytic[id], c)
		}
	}
	out.sort()
	return out
}

// correlations returns which of the rules correlate which.
func correlations(rules Rules) detection.Correlations {
	list := make([]*detection.Rule, len(rules))
	for i := range rules {
		list[i] = &rules[i].Value
	}
	return detection.NewCorrelations(list)
}

// sort puts everything in the order that does not depend on that of the rules.
func (out *Claims) sort() {
	for _, cs := range out.ByAnalytic {
		slices.SortFunc(cs, func(a, b Claim) int {
			return cmp.Or(cmp.Compare(a.Basis.rank(), b.Basis.rank()), strings.Compare(a.RuleID, b.RuleID))
		})
	}
	slices.SortFunc(out.Unmapped, func(a, b Unmapped) int {
		return cmp.Or(strings.Compare(a.RuleID, b.RuleID), strings.Compare(a.Names, b.Names))
	})
	slices.SortFunc(out.Reread, func(a, b Reread) int {
		return cmp.Or(strings.Compare(a.RuleID, b.RuleID), strings.Compare(a.Names, b.Names))
	})
	slices.SortFunc(out.Narrowed, func(a, b Narrowed) int {
		return cmp.Or(strings.Compare(a.RuleID, b.RuleID), strings.Compare(a.Names, b.Names))
	})
	slices.SortFunc(out.Nowhere, func(a, b Nowhere) int {
		return cmp.Or(strings.Compare(a.RuleID, b.RuleID), strings.Compare(a.Technique, b.Technique))
	})
	slices.Sort(out.Silent)
}

// claims returns the strongest claim of a rule on each analytic, by STIX id. What of
// it cannot be mapped, what was read through other releases, and which parents gave
// way to sub-techniques goes to out.
func (x *index) claims(r *rule, out *Claims) map[string]Claim {
	best := map[string]Claim{}
	note := func(id string, t target) {
		if t.foreign && t.why == "" {
			out.Reread = append(out.Reread, Reread{RuleID: r.ID, RuleName: r.Name, Names: id, As: t.as, How: t.reading, Batch: r.batch, Decision: t.decision})
		}
		out.Unmapped = r.miss(out.Unmapped, id, t)
	}
	keep := func(t target, a *analytic) {
		b, misfit := r.against(t, a)
		c := r.claim(b, t)
		c.Misfit = misfit
		if have, ok := best[a.id]; !ok || stronger(&c, &have) {
			best[a.id] = c
		}
	}
	analytics, to := x.meant(r, ids(r.Analytics), x.explicit)
	for i, id := range analytics {
		for _, a := range to[i].analytics {
			if _, ok := best[a.id]; to[i].decided {
				keep(to[i], a)
			} else if !ok || to[i].via == "" {
				best[a.id] = r.claim(Explicit, to[i])
			}
		}
		note(id, to[i])
	}
	named, to := x.meant(r, ids(r.Techniques), x.technique)
	below := subs(named, to)
	var nowhere []Nowhere
	for i, id := range named {
		t := to[i]
		if sub := cmp.Or(below[id], below[t.technique]); sub != "" {
			out.Narrowed = append(out.Narrowed, Narrowed{RuleID: r.ID, RuleName: r.Name, Names: id, To: sub, Batch: r.batch})
			continue
		}
		for _, a := range t.analytics {
			keep(t, a)
		}
		note(id, t)
		if n := x.nowhere(r, t); n != nil {
			nowhere = append(nowhere, *n)
		}
	}
	out.Nowhere = append(out.Nowhere, only(nowhere, best)...)
	return best
}

// only says of the techniques that a rule names in vain whether it claims something else.
func only(in []Nowhere, best map[string]Claim) []Nowhere {
	for _, c := range best {
		if c.Basis != Elsewhere {
			return in
		}
	}
	for i := range in {
		in[i].Only = true
	}
	return in
}

// subs returns, for each technique of which a rule names a sub-technique, that
// sub-technique. It is what the rule means; the parent says only where it belongs.
func subs(named []string, to []target) map[string]string {
	var of map[string]string
	for i, id := range named {
		for _, sub := range [...]string{id, to[i].technique} {
			parent, _, is := strings.Cut(sub, ".")
			if !is || of[parent] != "" {
				continue
			}
			if of == nil {
				of = map[string]string{}
			}
			of[parent] = id
		}
	}
	return of
}

// stronger reports whether a is to be kept rather than b: the stronger basis,
// then the technique named itself rather than through a revoked one.
func stronger(a, b *Claim) bool {
	if a.Basis != b.Basis {
		return a.Basis.rank() < b.Basis.rank()
	}
	return a.Basis != Explicit && a.Via == "" && b.Via != ""
}

// ids returns the ATT&CK IDs in order, each once, so that the order in which a
// rule names them changes nothing.
func ids(named []string) []string {
	if len(named) == 1 {
		return []string{idKey(named[0])}
	}
	out := make([]string, 0, len(named))
	for _, id := range named {
		out = append(out, idKey(id))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *rule) claim(b Basis, t target) Claim {
	return Claim{
		RuleID: r.ID, RuleName: r.Name, Basis: b,
		Technique: t.technique, Via: t.via, Reading: t.reading, Decision: t.decision, Enabled: r.Enabled, Role: r.Role, Batch: r.batch,
	}
}

func (r *rule) miss(unmapped []Unmapped, id string, t target) []Unmapped {
	if t.why == "" {
		return unmapped
	}
	return append(unmapped, Unmapped{
		RuleID: r.ID, RuleName: r.Name, Path: r.Path, Names: id, Why: t.why, Batch: r.batch,
	})
}

// counting is a policy with its answers worked out once for all rules.
type counting struct {
	statuses map[string]bool // folded; empty for all
	named    string          // the statuses as spelled
	bases    map[Basis]string
}

func newCounting(p *Policy) counting {
	c := counting{statuses: map[string]bool{}, named: strings.Join(p.Statuses, ", "), bases: map[Basis]string{}}
	for _, s := range p.Statuses {
		c.statuses[attack.Fold(s)] = true
	}
	for _, b := range Countable() {
		if !slices.Contains(p.Count, b) {
			c.bases[b] = fmt.Sprintf("the rule is mapped by %s; policy counts only %s", b.words(), basisWords(p.Count))
		}
	}
	return c
}

// whyNoRule says why policy lets no claim of r count; empty if some may.
func (c *counting) whyNoRule(r *rule) string {
	switch {
	case !r.Enabled:
		return "the rule is disabled"
	case r.Role != detection.Alerts:
		return r.Role.Why()
	case r.Status != "" && len(c.statuses) > 0 && !c.statuses[attack.Fold(r.Status)]:
		return fmt.Sprintf("the rule's status is %s; policy counts %s", r.Status, c.named)
	}
	return ""
}

// why says why a claim of a rule that may count does not; empty if it does.
func (c *counting) why(of *Claim) string {
	switch {
	case of.Basis != Elsewhere:
		return c.bases[of.Basis]
	case of.Misfit == OtherLogSource:
		return "the rule names its technique, is of no platform in particular, and reads none of its log sources"
	}
	return fmt.Sprintf("the rule names its technique and is of %s", of.Misfit)
}

func basisWords(bs []Basis) string {
	if len(bs) == 0 {
		return "nothing"
	}
	words := make([]string, 0, len(bs))
	for _, b := range bs {
		words = append(words, b.words())
	}
	return strings.Join(words, "; ")
}

// words says a basis for people.
func (b Basis) words() string {
	switch b {
	case Explicit:
		return "the analytic's own ID"
	case TechniquePlatformLog:
		return "technique, platform and log source"
	case TechniquePlatform:
		return "technique and platform"
	case TechniqueOnly:
		return "technique alone"
	}
	return string(b)
}

// rank orders bases, strongest first.
func (b Basis) rank() int {
	switch b {
	case Explicit:
		return 0
	case TechniquePlatformLog:
		return 1
	case TechniquePlatform:
		return 2
	case TechniqueOnly:
		return 3
	}
	return 4
}
