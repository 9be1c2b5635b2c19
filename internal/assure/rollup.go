package assure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"candor/internal/attack"
	"candor/internal/visibility"
)

// Group is the distribution over the analytics of one strategy, technique,
// tactic or whatever else they were rolled up by.
type Group struct {
	Of Name `json:"of"`
	Totals
	// Worst is the rung, of the applicable analytics, that is stopped at the earliest
	// question, and WorstOf are those that stand on it; empty without any.
	Worst   Rung   `json:"worst"`
	WorstOf []Name `json:"worst_of"`
}

// Roll rolls verdicts up by what by names of each, for example its techniques:
// a verdict counts once under each name. The groups are in order of ATT&CK ID.
// A group is a distribution; there is no mean of rungs.
func Roll(verdicts []Verdict, by func(Verdict) []Name) []Group {
	members := map[Name][]Verdict{}
	for _, v := range verdicts {
		for _, n := range by(v) {
			members[n] = append(members[n], v)
		}
	}
	groups := make([]Group, 0, len(members))
	for n, vs := range members {
		groups = append(groups, GroupOf(n, vs))
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Or(compareNames(a.Of, b.Of), strings.Compare(a.Of.Name, b.Of.Name)) })
	return groups
}

// GroupOf sums the verdicts that belong to what of names.
func GroupOf(of Name, verdicts []Verdict) Group {
	g := Group{Of: of, Totals: totalsOf(verdicts), WorstOf: []Name{}}
	g.worst(verdicts)
	return g
}

// ByStrategy names a verdict's strategies, for Roll.
func ByStrategy(v Verdict) []Name { return v.Strategies }

// ByTechnique names a verdict's techniques, for Roll.
func ByTechnique(v Verdict) []Name { return v.Techniques }

// ByTactic names a verdict's tactics, for Roll.
func ByTactic(v Verdict) []Name { return v.Tactics }

// ByPlatform names a verdict's platforms, for Roll.
func ByPlatform(v Verdict) []Name {
	names := make([]Name, len(v.Platforms))
	for i, p := range v.Platforms {
		names[i] = Name{Name: p}
	}
	return names
}

// worst finds the worst case of the verdicts. Of rungs that are stopped at the same
// question the one that is listed first is taken.
func (g *Group) worst(verdicts []Verdict) {
	for i := range verdicts {
		v := &verdicts[i]
		if v.Rung == NotApplicable {
			continue
		}
		order := -1
		if g.Worst != "" {
			order = cmp.Or(question(v.Rung)-question(g.Worst), slices.Index(Rungs(), v.Rung)-slices.Index(Rungs(), g.Worst))
		}
		switch {
		case order < 0:
			g.Worst, g.WorstOf = v.Rung, []Name{v.Analytic}
		case order == 0:
			g.WorstOf = append(g.WorstOf, v.Analytic)
		}
	}
}

// Dimension is what an assessment is rolled up by.
type Dimension string

// Dimensions lists what an assessment can be rolled up by.
func Dimensions() []Dimension { return []Dimension{"tactic", "platform", "technique", "strategy"} }

// Rollup is an assessment rolled up by one dimension.
type Rollup struct {
	Release attack.Release    `json:"release"`
	AsOf    time.Time         `json:"as_of"`
	Window  visibility.Window `json:"window"`
	Policy  PolicyRef         `json:"policy"`
	Scope   ScopeRef          `json:"scope"`
	By      Dimension         `json:"by"`
	// Groups are in order of the matrix for tactics, and of ATT&CK ID or name else.
	// An analytic counts in each that it belongs to, so that they do not sum.
	Groups []Group `json:"groups"`
}

// RollUp rolls an assessment up by one of Dimensions.
func RollUp(a Assessment, by Dimension) Rollup {
	r := Rollup{Release: a.Release, AsOf: a.AsOf, Window: a.Window, Policy: a.Policy, Scope: a.Scope, By: by}
	of := map[Dimension]func(Verdict) []Name{"tactic": ByTactic, "platform": ByPlatform, "technique": ByTechnique, "strategy": ByStrategy}[by]
	r.Groups = Roll(a.Verdicts, of)
	if by == "tactic" {
		place := map[Name]int{}
		for i, t := range a.Tactics {
			place[t.Tactic] = i
		}
		slices.SortStableFunc(r.Groups, func(x, y Group) int { return place[x.Of] - place[y.Of] })
	}
	return r
}
