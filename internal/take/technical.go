package take

import (
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
)

func (f *facts) domainAndPlatforms() words {
	domain := words{f.d.Library.Release.String(), []Source{{Kind: Field, ID: f.o.ID, Field: "release", Value: f.d.Library.Release.String()}}}
	if domain.text = strings.ToUpper(domain.text[:1]) + domain.text[1:]; strings.HasPrefix(domain.text, "Ics ") {
		domain.text = "ICS" + domain.text[3:]
	}
	domain.from[0].Value = domain.text
	if len(f.o.Platforms) == 0 && f.class&(aTactic|aComponent) != 0 || f.o.Kind == attack.KindStrategy {
		return say("%s.", domain) // no such object has any
	}
	if len(f.o.Platforms) == 0 {
		return say("%s; the object names no platform.", domain).on(f.lacks(f.o, "x_mitre_platforms"))
	}
	noun := "platform"
	if len(f.o.Platforms) > 1 {
		noun += "s"
	}
	return say("%s, "+noun+" %s.", domain, f.platforms(f.o.Platforms))
}

func (f *facts) belongsTo() words {
	if len(f.strategies) == 0 {
		return say("No detection strategy of the release holds it, so it leads to no technique.").on(f.lacks(f.o, attack.HasAnalytic))
	}
	s := f.strategies[0]
	w := say("It belongs to %s.", f.label(s)).on(relation(attack.HasAnalytic, s, f.o))
	w.text = strings.Replace(w.text, "..", ".", 1) // the names of some strategies end in a full stop
	return w
}

// leadsTo is what an analytic's strategy detects.
func (f *facts) leadsTo() words {
	if len(f.strategies) == 0 {
		return nothing
	}
	if len(f.techniques) == 0 {
		return say("Its strategy detects no technique of the release.").on(f.lacks(f.strategies[0], attack.Detects))
	}
	return say("Its strategy detects %s%s.", list(each(f.techniques, f.label), 2), f.stage()).on(relation(attack.Detects, f.strategies[0], f.techniques[0]))
}

// detects says through what a technique or strategy is looked for.
func (f *facts) detects() words {
	all := f.d.analyticsOf(f.o, f.techniques)
	if len(all) == 0 {
		return nothing
	}
	var on []string
	for _, a := range all {
		for _, p := range a.Platforms {
			if !slices.Contains(on, p) {
				on = append(on, p)
			}
		}
	}
	slices.Sort(on)
	platforms := list(each(on, func(p string) words {
		return words{p, []Source{{Kind: Field, ID: f.o.ID, Field: "analytics' x_mitre_platforms", Value: p}}}
	}), 6)
	return say("%s "+verb(len(all), "look")+" for it, for %s.", counted(ids(all), "analytic"), platforms)
}

// verb is a verb as it goes with so many.
func verb(n int, v string) string {
	if n == 1 {
		return v + "s"
	}
	return v
}

// analyticsOf are the live analytics of an object.
func (d *Desk) analyticsOf(o *attack.Object, techniques []*attack.Object) []*attack.Object {
	var out []*attack.Object
	strategies := []*attack.Object{o}
	if o.Kind != attack.KindStrategy {
		strategies = nil
		for _, t := range techniques {
			strategies = append(strategies, d.Library.Sources(t.ID, attack.Detects)...)
		}
	}
	for _, s := range strategies {
		for _, a := range d.Library.Targets(s.ID, attack.HasAnalytic) {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

func (f *facts) subTechniques() words {
	if f.o.Kind == attack.KindSubTechnique {
		if p := f.d.Library.Targets(f.o.ID, attack.SubtechniqueOf); len(p) > 0 {
			return say("It is a sub-technique of %s.", f.label(p[0])).on(relation(attack.SubtechniqueOf, f.o, p[0]))
		}
		return nothing
	}
	subs := f.d.Library.Sources(f.o.ID, attack.SubtechniqueOf)
	if f.o.Kind != attack.KindTechnique || len(subs) == 0 {
		return nothing
	}
	worst := f.d.board.Group(f.o.ID)
	if worst.Worst == "" || !f.d.Local {
		return say("What is said here takes in its %s.", counted(ids(subs), "sub-technique"))
	}
	return say("What is said here takes in its %s; of its own analytics the worst case is %s.", counted(ids(subs), "sub-technique"), judged("rung", f.name, rungName(worst.Worst), nil))
}

// objectLacks lists what an analytic's object does not have.
func (f *facts) objectLacks() words {
	var what, fields []string
	for _, l := range []struct {
		lacks       bool
		what, field string
	}{
		{len(f.o.LogSources) == 0, "no log source", "x_mitre_log_source_references"},
		{len(f.o.Mutable) == 0, "no mutable element", "x_mitre_mutable_elements"},
		{len(f.o.Platforms) == 0, "no platform", "x_mitre_platforms"},
	} {
		if l.lacks {
			what, fields = append(what, l.what), append(fields, l.field)
		}
	}
	if len(what) == 0 {
		return nothing
	}
	return say("The object itself carries no tactic, " + strings.Join(what, ", ") + ".").on(each(fields, func(n string) words { return f.lacks(f.o, n) })...)
}

// noLogic: nothing remains of the description when the limits are taken away.
func (f *facts) noLogic() words {
	rest := f.o.Description
	for _, c := range f.caveats {
		rest = strings.Replace(rest, c.Quote, "", 1)
	}
	if len(f.caveats) == 0 || len(strings.TrimSpace(rest)) > 0 {
		return nothing
	}
	return say("Its text says why it is hard to detect and gives no detection logic: local data have to supply that.").on(f.quotes()...)
}

// reads says which data components an analytic reads.
func (f *facts) reads() words {
	if len(f.o.LogSources) == 0 {
		return nothing
	}
	var components []*attack.Object
	for _, l := range f.o.LogSources {
		if c, ok := f.d.Library.Object(l.Component); ok && !slices.Contains(components, c) {
			components = append(components, c)
		}
	}
	sources := count(each2(f.o.LogSources, func(l attack.LogSource) string { return l.Name + " / " + l.Channel }))
	sources.text += " log " + plural(len(f.o.LogSources), "source")
	if len(components) == 0 {
		return say("It reads %s.", sources)
	}
	return say("It reads %s of %s.", sources, list(each(components, f.label), 3))
}

func each2[T any](list []T, to func(T) string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = to(e)
	}
	return out
}

func (f *facts) jointNeed() words {
	if f.v == nil || len(f.o.LogSources) < 2 || f.stands(assure.NotApplicable, assure.Outside) {
		return nothing
	}
	need := setting("visibility.joint_need", f.d.Policy.Visibility.JointNeed)
	switch need.text {
	case "any":
		return say("Policy asks for %s one of them.", need)
	case "component":
		return say("Policy asks for one log source of each data %s.", need)
	}
	return say("Policy asks for %s of them.", need)
}

func (f *facts) knobs() words {
	if len(f.o.Mutable) == 0 {
		return nothing
	}
	names := list(each(f.o.Mutable, func(m attack.MutableElement) words { return f.field(f.o, "x_mitre_mutable_elements", m.Field) }), 4)
	return say("To be set locally: %s.", names)
}

// settings splits the knobs by whether a value is recorded here.
func (f *facts) settings() (set, unset []words) {
	if f.v == nil {
		return nil, nil
	}
	for _, k := range f.v.Knobs {
		w := f.field(f.o, "x_mitre_mutable_elements", k.Element)
		if len(k.Settings) > 0 {
			set = append(set, say("%s (%s)", w, judged("knob", f.v.Analytic, k.Settings[0].Value, nil)))
		} else {
			unset = append(unset, w)
		}
	}
	return set, unset
}

func (f *facts) knobsUnset() words {
	set, unset := f.settings()
	if len(unset) == 0 || f.stands(assure.NotApplicable) {
		return nothing
	}
	if len(set) == 0 {
		return say("Nobody has recorded a value here for any of them.").on(unset...)
	}
	return say("No value is recorded here for %s.", list(unset, 4))
}

func (f *facts) knobsSet() words {
	set, _ := f.settings()
	if len(set) == 0 {
		return nothing
	}
	return say("Recorded here: %s.", list(set, 3))
}

// counting are the claims that count, one for each rule.
func (f *facts) counting(counts bool) []claim.Claim {
	var out []claim.Claim
	if f.v == nil {
		return nil
	}
	for _, c := range f.v.Claims {
		same := func(o claim.Claim) bool { return o.RuleID == c.RuleID }
		if c.Counts == counts && !slices.ContainsFunc(out, same) {
			out = append(out, c)
		}
	}
	return out
}

func ruleIDs(cs []claim.Claim) []string {
	return each2(cs, func(c claim.Claim) string { return c.RuleID })
}

func (f *facts) claims() words {
	cs := f.counting(true)
	if len(cs) == 0 {
		return nothing
	}
	basis := judged("claimed", f.v.Analytic, basisWords(cs[0].Basis), nil)
	name := judged("claim", f.v.Analytic, cs[0].RuleName, batchRef(cs[0].Batch))
	if len(cs) == 1 {
		return say("One enabled rule claims it, by %s: “%s”.", basis, name)
	}
	return say("%s enabled rules claim it, the strongest by %s: “%s”.", count(ruleIDs(cs)), basis, name)
}

// basisWords is a basis as people read it.
func basisWords(b claim.Basis) string {
	switch b {
	case claim.Explicit:
		return "naming the analytic"
	case claim.TechniquePlatformLog:
		return "technique, platform and log source"
	case claim.TechniquePlatform:
		return "technique and platform"
	}
	return "technique alone"
}

func (f *facts) claimsNotCounted() words {
	cs := f.counting(false)
	if len(cs) == 0 || f.stands(assure.NotApplicable) {
		return nothing
	}
	w := count(ruleIDs(cs))
	if f.v.Claimed {
		if len(cs) == 1 {
			return say("One other rule names its technique and does not count here.").on(w, reasonOf(f.v, "claimed"))
		}
		return say("Of other rules %s name its technique and do not count here.", w).on(reasonOf(f.v, "claimed"))
	}
	if len(cs) == 1 {
		return say("One rule names its technique, and does not count here.").on(w, reasonOf(f.v, "claims_not_counted"))
	}
	return say("Of all rules %s name its technique, and none of them counts here.", w).on(reasonOf(f.v, "claims_not_counted"))
}

func (f *facts) noClaims() words {
	if f.v == nil || len(f.v.Claims) > 0 || f.stands(assure.NotApplicable) {
		return nothing
	}
	return say("No rule names its technique, or it.").on(reasonOf(f.v, "not_claimed"))
}

// siblings are the other analytics of its strategy.
func (f *facts) siblings() words {
	if len(f.strategies) == 0 {
		return nothing
	}
	var others []*attack.Object
	var on []words
	for _, a := range f.d.Library.Targets(f.strategies[0].ID, attack.HasAnalytic) {
		if a == f.o {
			continue
		}
		others = append(others, a)
		for _, p := range a.Platforms {
			w := f.field(a, "x_mitre_platforms", p)
			if !slices.ContainsFunc(on, func(o words) bool { return o.text == p }) {
				on = append(on, w)
			}
		}
	}
	if len(others) == 0 || len(on) == 0 {
		return nothing
	}
	return say("Its strategy has %s for %s.", counted(ids(others), "other analytic"), list(on, 5))
}

func (f *facts) oldDetection() words {
	if f.o.Detection == "" {
		return nothing
	}
	return say("This release says how to detect it in a text of its own and has no analytics for it.").on(f.lacks(f.o, "x_mitre_detection"))
}

func (f *facts) knownAs() words {
	var others []words
	for _, a := range f.o.Aliases {
		if a != f.o.Name {
			others = append(others, f.field(f.o, "aliases", a))
		}
	}
	if len(others) == 0 {
		return nothing
	}
	return say("Also known as %s.", list(others, 5))
}

// toolsOf says what software a group or campaign uses, or who uses a software.
func (f *facts) toolsOf() words {
	var os []*attack.Object
	sentence := "Its software is %s."
	switch f.o.Kind {
	case attack.KindGroup, attack.KindCampaign:
		for _, o := range f.d.Library.Targets(f.o.ID, attack.Uses) {
			if !o.Kind.Technique() {
				os = append(os, o)
			}
		}
	default:
		sentence = "It is used by %s."
		for _, o := range f.d.Library.Sources(f.o.ID, attack.Uses) {
			if classOf(o.Kind) == anActor {
				os = append(os, o)
			}
		}
	}
	if len(os) == 0 {
		return nothing
	}
	return say(sentence, list(each(os, f.label), 4)).on(relation(attack.Uses, f.o, os[0]))
}

func (f *facts) stagesOf() words {
	if f.standing == nil || len(f.standing.Stages) < 2 {
		return nothing
	}
	most := f.standing.Stages[0]
	for _, s := range f.standing.Stages {
		if s.Techniques > most.Techniques {
			most = s
		}
	}
	var in []string
	for _, t := range f.standing.Techniques {
		if slices.ContainsFunc(t.Tactics, func(n assure.Name) bool { return n.StixID == most.Of.StixID }) {
			in = append(in, t.Of.ATTACKID)
		}
	}
	return say("No stage has more of what is known of it than %s: %s of %s.", f.named(most.Of, f.label), count(in), counted(ids(f.techniques), "technique"))
}

func (f *facts) touches() words {
	if len(f.techniques) == 0 {
		return say("The release ties it to no technique.").on(f.lacks(f.o, attack.Mitigates))
	}
	return say("It touches %s of %s.", counted(ids(f.techniques), "technique"), list(each(f.tactics, f.title), 3)).on(relation(attack.Mitigates, f.o, f.techniques[0]))
}

// readBy says which analytics read a data component.
func (f *facts) readBy() words {
	all := f.readers()
	if len(all) == 0 {
		return say("No analytic of the release reads it.").on(f.lacks(f.o, attack.ReadsSource))
	}
	return say("%s "+verb(len(all), "read")+" it, for %s.", counted(ids(all), "analytic"), counted(ids(f.techniques), "technique"))
}

// readers are the analytics that read a data component.
func (f *facts) readers() []*attack.Object {
	if f.o.Kind == attack.KindComponent {
		return f.d.Library.Sources(f.o.ID, attack.ReadsSource)
	}
	var out []*attack.Object
	for _, c := range f.d.Library.Sources(f.o.ID, attack.PartOf) {
		for _, a := range f.d.Library.Sources(c.ID, attack.ReadsSource) {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

func (f *facts) techniquesIn() words {
	var own []*attack.Object
	for _, t := range f.techniques {
		if t.Kind == attack.KindTechnique {
			own = append(own, t)
		}
	}
	if len(own) == 0 {
		return nothing
	}
	if subs := len(f.techniques) - len(own); subs > 0 {
		return say("%s, and their sub-techniques: %s in all.", counted(ids(own), "technique"), count(ids(f.techniques)))
	}
	return say("%s, such as %s.", counted(ids(own), "technique"), list(each(own[:min(2, len(own))], f.label), 2))
}
