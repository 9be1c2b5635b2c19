package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/attack"
	"candor/internal/visibility"
)

// Group is the distribution over the analytics of one strategy, technique,
// tactic or whatever else they were rolled up by. A technique includes its
// sub-techniques.
type Group struct {
	Of Name `json:"of"`
	Sum
	// Own and Subs are, of a technique that has sub-techniques with an analytic, the
	// sums over its own analytics and of theirs; nil of anything else.
	Own  *Sum `json:"own,omitempty"`
	Subs *Sum `json:"sub_techniques,omitempty"`
}

// Sum is a distribution over analytics with its worst case.
type Sum struct {
	// Techniques are the sub-techniques whose analytics they are, where they are of such.
	Techniques []Name `json:"techniques,omitempty"`
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
	members := map[Name][]*Verdict{}
	for i := range verdicts {
		for _, n := range by(verdicts[i]) {
			members[n] = append(members[n], &verdicts[i])
		}
	}
	groups := make([]Group, 0, len(members))
	for n, vs := range members {
		groups = append(groups, GroupOver(n, vs))
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Or(compareNames(a.Of, b.Of), strings.Compare(a.Of.Name, b.Of.Name)) })
	return groups
}

// GroupOf sums the verdicts that belong to what of names. Of a technique with
// sub-techniques they are those of both, and each is summed besides.
func GroupOf(of Name, verdicts []Verdict) Group { return GroupOver(of, pointers(verdicts)) }

// GroupOver is GroupOf for verdicts of which others are between them.
func GroupOver(of Name, verdicts []*Verdict) Group {
	g := Group{Of: of, Sum: sumOf(verdicts)}
	var own, subs []*Verdict
	var techniques []Name
	for _, v := range verdicts {
		if slices.Contains(v.Techniques, of) {
			own = append(own, v)
		}
		if !slices.Contains(v.Parents, of) {
			continue
		}
		subs = append(subs, v)
		for _, t := range v.Techniques {
			if !slices.Contains(techniques, t) && strings.HasPrefix(t.ATTACKID, of.ATTACKID+".") {
				techniques = append(techniques, t)
			}
		}
	}
	if len(subs) > 0 {
		x, y := sumOf(own), sumOf(subs)
		slices.SortFunc(techniques, compareNames)
		y.Techniques = techniques
		g.Own, g.Subs = &x, &y
	}
	return g
}

func sumOf(verdicts []*Verdict) Sum {
	s := Sum{Totals: totalsOf(verdicts), WorstOf: []Name{}}
	s.worst(verdicts)
	return s
}

// Apart says, of a technique with sub-techniques, the worst of its own analytics and
// the worst of theirs, for example "worst of its own blind, worst of its 13
// sub-techniques observable"; empty of anything else.
func (g Group) Apart() string {
	if g.Subs == nil {
		return ""
	}
	return fmt.Sprintf("worst of its own %s, worst of its %s %s", g.Own.plain(), count(int64(len(g.Subs.Techniques)), "sub-technique"), g.Subs.plain())
}

// plain names the worst case in words.
func (s *Sum) plain() string {
	switch {
	case s.Analytics == 0:
		return "none, as it has no analytic"
	case s.Worst == "":
		return "none, as none applies"
	}
	return plainRung(s.Worst)
}

// ByStrategy names a verdict's strategies, for Roll.
func ByStrategy(v Verdict) []Name { return v.Strategies }

// ByTechnique names a verdict's techniques and those that they are sub-techniques of,
// for Roll.
func ByTechnique(v Verdict) []Name { return slices.Concat(v.Techniques, v.Parents) }

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

// worst finds the worst case of the verdicts.
func (s *Sum) worst(verdicts []*Verdict) {
	for _, v := range verdicts {
		if v.Rung == NotApplicable {
			continue
		}
		order := -1
		if s.Worst != "" {
			order = CompareWorst(v.Rung, s.Worst)
		}
		switch {
		case order < 0:
			s.Worst, s.WorstOf = v.Rung, []Name{v.Analytic}
		case order == 0:
			s.WorstOf = append(s.WorstOf, v.Analytic)
		}
	}
}

// CompareWorst orders rungs by which is the worse case, the worse one first: the one that
// is stopped at the earlier question, and of those stopped at the same one that which is
// listed first.
func CompareWorst(a, b Rung) int {
	return cmp.Or(question(a)-question(b), slices.Index(Rungs(), a)-slices.Index(Rungs(), b))
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
	// Narrowed says which analytics it is of alone.
	Narrowed []string `json:"narrowed,omitempty"`
}

// RollUp rolls an assessment up by one of Dimensions.
func RollUp(a Assessment, by Dimension) Rollup {
	r := Rollup{Release: a.Release, AsOf: a.AsOf, Window: a.Window, Policy: a.Policy, Scope: a.Scope, By: by, Narrowed: a.Narrowed}
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
