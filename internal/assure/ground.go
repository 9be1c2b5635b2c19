package assure

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/visibility"
)

// Ground is what an assessment stands on and no alert moves: the live analytics of a release
// with their places, the claims of the rules, and what can be seen of each as of a day. Whoever
// judges the same evidence with other alerts stands on the same one. It is immutable and safe
// for concurrent use.
type Ground struct {
	lib     *attack.Library
	policy  Policy
	today   day.Date
	window  visibility.Window
	tactics []*attack.Object
	rank    map[string]int   // a tactic's STIX id -> its place among tactics
	objects []*attack.Object // the live analytics, in order
	places  []Verdict        // of each of them, with no more than where it stands in ATT&CK
	claims  claim.Claims
	// claiming lists the rules whose claims count by the ATT&CK ID of the analytic and of its
	// techniques.
	claiming map[string][]string
	rules
	view visibility.View
	seen []visibility.Statement // of each of objects
	// unknown are the log sources that the release does not know, looked for when asked.
	unknown func() []visibility.Suggestion
	// using are the live groups and campaigns that use each technique of places, by STIX id.
	using map[string]map[*attack.Object]bool
	// stated is what of the evidence it was made of.
	stated Evidence
}

// GroundOf returns the ground of the assessment of a release by the evidence, as of the day of
// asOf. Of the evidence it looks at rules and telemetry.
func GroundOf(lib *attack.Library, ev Evidence, p Policy, asOf time.Time) *Ground {
	ev = InOrder(ev)
	g := &Ground{lib: lib, policy: p, today: day.Of(asOf), window: WindowOf(p, asOf), tactics: tacticOrder(lib), rank: map[string]int{}, objects: analytics(lib), stated: groundOf(&ev)}
	for i, t := range g.tactics {
		g.rank[t.ID] = i
	}
	var both crew.Workers // what takes the longest, and rests on nothing of the other
	both.Go(func() {
		g.claim(&ev)
		g.places, g.using = make([]Verdict, len(g.objects)), map[string]map[*attack.Object]bool{}
		for i, o := range g.objects {
			g.places[i] = g.place(o)
			for _, t := range g.places[i].Techniques {
				if g.using[t.StixID] == nil {
					g.using[t.StixID] = usersOf(lib, t.StixID)
				}
			}
		}
	})
	both.Go(func() {
		g.rules = rulesOf(&ev, g.today)
		g.look(&ev)
	})
	both.Wait()
	return g
}

// After returns what GroundOf does of a ground of the same release, policy and day, which
// decides ids alike: what rests on nothing that differs is taken over.
func (g *Ground) After(ev Evidence) *Ground {
	ev = InOrder(ev)
	own, was := *g, &g.stated
	own.stated = groundOf(&ev)
	if !same(was.Rules, ev.Rules) || !reflect.DeepEqual(was.Changes, ev.Changes) {
		own.claim(&ev)
		own.rules = rulesOf(&ev, g.today)
	}
	if !reflect.DeepEqual(was.Telemetry, own.stated.Telemetry) {
		own.look(&ev)
	}
	return &own
}

// Of reports whether a ground is of a release that is read as lib reads it.
func (g *Ground) Of(lib *attack.Library) bool { return g.lib.Alike(lib) }

// groundOf is what a ground is made of, of some evidence in order.
func groundOf(ev *Evidence) Evidence {
	return Evidence{Rules: ev.Rules, Changes: ev.Changes, Telemetry: ev.Telemetry}
}

// same reports whether two lists are one and the same, which nobody changes.
func same[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// claim finds what the rules claim.
func (g *Ground) claim(ev *Evidence) {
	g.claims = claim.Judge(g.lib, ev.Rules, g.policy.Claim)
	g.claiming = claimingRules(g.lib, g.claims)
}

// rules is what is said of rules, by their ids.
type rules struct {
	enabled   map[string]bool // those that are said to be
	named     map[string]string
	changed   map[string]detection.Change // the last change of each that was
	replacing []*detection.Rule           // those that are enabled in the place of others
}

func rulesOf(ev *Evidence, today day.Date) rules {
	of := rules{enabled: make(map[string]bool, len(ev.Rules)), named: make(map[string]string, len(ev.Rules)), changed: map[string]detection.Change{}}
	for i := range ev.Rules {
		r := &ev.Rules[i].Value
		of.enabled[r.ID], of.named[r.ID] = r.Enabled, r.Name
		if last, ok := ev.lastChange(i, today); ok {
			of.changed[r.ID] = last
		}
		if r.Enabled && len(r.Replaces) > 0 {
			of.replacing = append(of.replacing, r)
		}
	}
	return of
}

// At returns the ground of the same release and rules with the telemetry of ev, which is what
// counts for one site; see Evidence.At.
func (g *Ground) At(ev Evidence) *Ground {
	ev, own := InOrder(ev), *g
	own.stated = groundOf(&ev)
	own.look(&ev)
	return &own
}

// AtAfter returns what At does, beside what At gave of an earlier ground that this one came
// after: what can be seen is taken over where the telemetry is the same.
func (g *Ground) AtAfter(before *Ground, ev Evidence) *Ground {
	ev = InOrder(ev)
	if !before.Of(g.lib) || !reflect.DeepEqual(before.stated.Telemetry, ev.Telemetry) {
		return g.At(ev)
	}
	own := *g
	own.stated, own.view, own.seen, own.unknown = groundOf(&ev), before.view, before.seen, before.unknown
	return &own
}

// look finds what can be seen of every analytic.
func (g *Ground) look(ev *Evidence) {
	g.view = visibility.NewView(g.lib, ev.Telemetry, g.policy.Visibility, g.window)
	seen := make([]visibility.Statement, len(g.objects))
	onCores(len(seen), func() func(int) {
		own := g.view.With(visibility.Telemetry{}) // a view is used by one at a time
		return func(i int) { seen[i] = own.Of(g.objects[i]) }
	})
	lib, telemetry := g.lib, ev.Telemetry
	g.seen, g.unknown = seen, sync.OnceValue(func() []visibility.Suggestion { return visibility.Unknown(lib, telemetry) })
}

// analytics returns the live analytics of a release by ATT&CK ID.
func analytics(lib *attack.Library) []*attack.Object {
	os := slices.DeleteFunc(lib.OfKind(attack.KindAnalytic), func(o *attack.Object) bool { return !o.Live() })
	slices.SortFunc(os, compareObjects)
	return os
}

// place says where an analytic stands in ATT&CK.
func (g *Ground) place(o *attack.Object) Verdict {
	strategies, techniques := g.lib.StrategiesOf(o.ID), g.lib.TechniquesOf(o.ID)
	var tactics, parents []*attack.Object
	for _, t := range techniques {
		for _, p := range g.lib.Targets(t.ID, attack.SubtechniqueOf) {
			if p.Live() && !slices.Contains(parents, p) && !slices.Contains(techniques, p) {
				parents = append(parents, p)
			}
		}
		for _, tac := range g.lib.TacticsOf(t.ID) {
			if !slices.Contains(tactics, tac) {
				tactics = append(tactics, tac)
			}
		}
	}
	slices.SortFunc(strategies, compareObjects)
	slices.SortFunc(techniques, compareObjects)
	slices.SortFunc(parents, compareObjects)
	slices.SortFunc(tactics, func(x, y *attack.Object) int { return g.rank[x.ID] - g.rank[y.ID] })
	return Verdict{Analytic: nameOf(o), Platforms: orEmpty(o.Platforms), Strategies: namesOf(strategies), Techniques: namesOf(techniques),
		Parents: namesOf(parents), Tactics: namesOf(tactics)}
}

// claimed returns the claims, of which the lists of each analytic can be changed.
func (g *Ground) claimed() claim.Claims {
	c := g.claims
	c.ByAnalytic = make(map[string][]claim.Claim, len(g.claims.ByAnalytic))
	for id, list := range g.claims.ByAnalytic {
		c.ByAnalytic[id] = slices.Clone(list)
	}
	return c
}

// claimingRules lists the rules whose claims count by the ATT&CK ID of the analytic and of
// its techniques.
func claimingRules(lib *attack.Library, claims claim.Claims) map[string][]string {
	by := map[string]map[string]bool{}
	for id, cs := range claims.ByAnalytic {
		var of []string
		if o, ok := lib.Object(id); ok {
			of = append(of, strings.ToUpper(o.ATTACKID))
		}
		for _, t := range lib.TechniquesOf(id) {
			of = append(of, t.ATTACKID)
		}
		for i := range cs {
			if !cs[i].Enabled || !cs[i].Counts {
				continue
			}
			for _, name := range of {
				if by[name] == nil {
					by[name] = map[string]bool{}
				}
				by[name][cs[i].RuleID] = true
			}
		}
	}
	out := make(map[string][]string, len(by))
	for name, rules := range by {
		out[name] = slices.Sorted(maps.Keys(rules))
	}
	return out
}
