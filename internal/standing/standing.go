// Package standing says how the techniques that something is about stand here:
// those that a group uses, that a mitigation touches, that a log source would show.
//
// It sums verdicts as distributions and names the worst case and the first
// reliable chance. It refuses to make one number of them, and to say of an
// adversary that it is expected. Its functions are pure.
package standing

import (
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
)

// Standing is how the techniques of one object stand, by the verdicts on their
// analytics.
type Standing struct {
	Of   assure.Name `json:"of"`
	Kind attack.Kind `json:"kind"`
	// Techniques are by the order of their first tactic, then by ATT&CK ID.
	Techniques []Technique `json:"techniques"`
	// Totals sum the analytics of all of them, each analytic once.
	Totals assure.Totals `json:"totals"`
	Stages []Stage       `json:"stages"`
	// First is the first reliable chance to see any of them by the order of tactics,
	// nil when there is none, and Unseen the stages before it (all of them without
	// one) at which no analytic that applies is seen at all.
	First  *Chance       `json:"first_reliable"`
	Unseen []assure.Name `json:"unseen_before"`
}

// Technique is a technique with the verdicts on its own analytics.
type Technique struct {
	assure.Group
	Tactics []assure.Name `json:"tactics"`
}

// Stage is a tactic, with how the techniques in it stand.
type Stage struct {
	assure.Group
	Techniques int `json:"techniques"`
}

// Chance is an analytic through which a technique can be seen and acted on.
type Chance struct {
	Tactic    assure.Name `json:"tactic"`
	Technique assure.Name `json:"technique"`
	Analytic  assure.Name `json:"analytic"`
}

// Board is a release with its verdicts, made ready to say how anything in it
// stands. It is immutable and safe for concurrent use.
type Board struct {
	lib     *attack.Library
	by      map[string][]int // technique -> its verdicts
	beneath map[string][]int // analytic or detection strategy -> its verdicts
	all     []assure.Verdict
	groups  map[string]assure.Group
	tactics []*attack.Object
	place   map[string]int    // tactic -> its place
	named   map[string]string // ATT&CK ID of what a verdict is about -> its STIX id
}

// New returns the board of a view and the assessment of its release, which the
// caller must not change afterwards.
func New(lib *attack.Library, a *assure.Assessment) *Board {
	b := &Board{lib: lib, by: map[string][]int{}, beneath: map[string][]int{}, groups: map[string]assure.Group{}, place: map[string]int{}, named: map[string]string{},
		all: a.Verdicts, tactics: adjacency.Tactics(lib)}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		for _, t := range v.Techniques {
			b.by[t.StixID] = append(b.by[t.StixID], i)
			b.named[t.ATTACKID] = t.StixID
		}
		b.beneath[v.Analytic.StixID] = []int{i}
		b.named[v.Analytic.ATTACKID] = v.Analytic.StixID
		for _, s := range v.Strategies {
			b.beneath[s.StixID] = append(b.beneath[s.StixID], i)
			b.named[s.ATTACKID] = s.StixID
		}
	}
	for id := range b.by {
		if o, ok := lib.Object(id); ok {
			b.groups[id] = assure.GroupOver(nameOf(o), b.verdicts(b.by[id]))
		}
	}
	for i, t := range b.tactics {
		b.place[t.ID] = i
	}
	return b
}

// Group returns the distribution over a technique's own analytics.
func (b *Board) Group(technique string) assure.Group { return b.groups[technique] }

// Meant returns the STIX id of what an ATT&CK ID or a STIX id names, which is the name
// itself where no verdict is about what has it.
func (b *Board) Meant(name string) string {
	if id, ok := b.named[name]; ok && name != "" {
		return id
	}
	return name
}

// Beneath returns the verdict on an analytic, those on the analytics of a detection
// strategy, or those on a technique's own, each in the order of the assessment.
func (b *Board) Beneath(id string) []*assure.Verdict {
	if is, ok := b.by[id]; ok {
		return b.verdicts(is)
	}
	return b.verdicts(b.beneath[id])
}

// Worst returns the rung of an analytic, and of a detection strategy and a technique the
// worst case of its own analytics that apply; of an analytic that does not apply it is
// that, and of anything else empty.
func (b *Board) Worst(id string) assure.Rung {
	worst := assure.Rung("")
	for _, v := range b.Beneath(id) {
		switch {
		case v.Analytic.StixID == id:
			return v.Rung
		case v.Rung != assure.NotApplicable && (worst == "" || assure.CompareWorst(v.Rung, worst) < 0):
			worst = v.Rung
		}
	}
	return worst
}

// Tactics returns the live tactics in the order of the matrices.
func (b *Board) Tactics() []*attack.Object { return b.tactics }

// Verdicts returns the verdicts on the analytics of any of the techniques, each
// once, in the order of the assessment.
func (b *Board) Verdicts(techniques []*attack.Object) []*assure.Verdict {
	return b.verdicts(b.indices(techniques))
}

func (b *Board) indices(techniques []*attack.Object) []int {
	var is []int
	for _, t := range techniques {
		is = append(is, b.by[t.ID]...)
	}
	slices.Sort(is)
	return slices.Compact(is)
}

func (b *Board) verdicts(indices []int) []*assure.Verdict {
	vs := make([]*assure.Verdict, len(indices))
	for i, at := range indices {
		vs[i] = &b.all[at]
	}
	return vs
}

// Techniques returns the live techniques that an object is about: those it uses,
// mitigates, targets or is targeted by, that its analytics detect, that a tactic
// holds; of a technique itself and its sub-techniques. Software that a group uses
// and campaigns of it have techniques of their own.
func Techniques(lib *attack.Library, o *attack.Object) []*attack.Object {
	var ts []*attack.Object
	switch o.Kind {
	case attack.KindTechnique, attack.KindSubTechnique:
		ts = append([]*attack.Object{o}, lib.Sources(o.ID, attack.SubtechniqueOf)...)
	case attack.KindTactic:
		ts = lib.Sources(o.ID, attack.InTactic)
	case attack.KindStrategy:
		ts = lib.Targets(o.ID, attack.Detects)
	case attack.KindAnalytic:
		ts = lib.TechniquesOf(o.ID)
	case attack.KindMitigation:
		ts = lib.Targets(o.ID, attack.Mitigates)
	case attack.KindAsset:
		ts = lib.Sources(o.ID, attack.Targets)
	case attack.KindComponent:
		ts = shownBy(lib, o)
	case attack.KindDataSource:
		for _, c := range lib.Sources(o.ID, attack.PartOf) {
			ts = append(ts, shownBy(lib, c)...)
		}
	default:
		ts = lib.Targets(o.ID, attack.Uses)
	}
	return techniques(ts)
}

// shownBy returns the techniques that a data component helps to detect: through
// analytics since 18.0, by its own relations before.
func shownBy(lib *attack.Library, component *attack.Object) []*attack.Object {
	ts := lib.Targets(component.ID, attack.Detects)
	for _, a := range lib.Sources(component.ID, attack.ReadsSource) {
		ts = append(ts, lib.TechniquesOf(a.ID)...)
	}
	return ts
}

// techniques returns the techniques among objects, each once.
func techniques(objects []*attack.Object) []*attack.Object {
	var ts []*attack.Object
	seen := map[*attack.Object]bool{}
	for _, o := range objects {
		if o.Kind.Technique() && !seen[o] {
			seen[o] = true
			ts = append(ts, o)
		}
	}
	return ts
}

// Of returns the standing of an object; see Techniques for what that is made of.
func (b *Board) Of(o *attack.Object) Standing {
	s := b.Over(nameOf(o), Techniques(b.lib, o))
	s.Kind = o.Kind
	return s
}

// Over returns the standing of some techniques, each named once, under a name.
func (b *Board) Over(of assure.Name, ts []*attack.Object) Standing {
	s := Standing{Of: of, Techniques: []Technique{}, Stages: []Stage{}, Unseen: []assure.Name{}}
	s.Totals = assure.GroupOver(s.Of, b.Verdicts(ts)).Totals
	for _, t := range ts {
		row := Technique{Group: b.groups[t.ID], Tactics: namesOf(b.lib.TacticsOf(t.ID))}
		row.Of = nameOf(t)
		s.Techniques = append(s.Techniques, row)
	}
	slices.SortStableFunc(s.Techniques, func(x, y Technique) int {
		if c := b.first(x) - b.first(y); c != 0 {
			return c
		}
		return strings.Compare(x.Of.ATTACKID, y.Of.ATTACKID)
	})
	b.stages(&s, ts)
	return s
}

// first returns the place of a technique's first tactic.
func (b *Board) first(t Technique) int {
	at := len(b.tactics)
	for _, tactic := range t.Tactics {
		at = min(at, b.place[tactic.StixID])
	}
	return at
}

// stages sums the techniques by tactic, and finds the first reliable chance.
func (b *Board) stages(s *Standing, ts []*attack.Object) {
	in := map[string][]*attack.Object{}
	for _, t := range ts {
		for _, tactic := range b.lib.TacticsOf(t.ID) {
			in[tactic.ID] = append(in[tactic.ID], t)
		}
	}
	for _, tactic := range b.tactics {
		own := in[tactic.ID]
		if len(own) == 0 {
			continue
		}
		vs := b.Verdicts(own)
		st := Stage{Group: assure.GroupOver(nameOf(tactic), vs), Techniques: len(own)}
		s.Stages = append(s.Stages, st)
		if s.First != nil {
			continue
		}
		if s.First = reliable(vs, own); s.First != nil {
			s.First.Tactic = st.Of
			continue
		}
		if !slices.ContainsFunc(vs, func(v *assure.Verdict) bool { return v.Visibility.State.Seen() }) {
			s.Unseen = append(s.Unseen, st.Of)
		}
	}
}

// reliable returns the first reliable analytic among verdicts, of one of the
// techniques; nil when there is none.
func reliable(vs []*assure.Verdict, of []*attack.Object) *Chance {
	for _, v := range vs {
		if v.Rung != assure.Reliable {
			continue
		}
		for _, t := range v.Techniques {
			if slices.ContainsFunc(of, func(o *attack.Object) bool { return o.ID == t.StixID }) {
				return &Chance{Technique: t, Analytic: v.Analytic}
			}
		}
	}
	return nil
}

func nameOf(o *attack.Object) assure.Name {
	return assure.Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}
}

func namesOf(os []*attack.Object) []assure.Name {
	ns := []assure.Name{}
	for _, o := range os {
		ns = append(ns, nameOf(o))
	}
	return ns
}
