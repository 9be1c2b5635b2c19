package claim

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/detection"
)

// index is what a release says, worked out once for all rules.
type index struct {
	lib *attack.Library
	// techniques and analytics remember what an ATT&CK ID leads to.
	techniques map[string]target
	analytics  map[string]target
	// targets remembers how an analytic is matched, by STIX id.
	targets map[string]*analytic
	// channels remembers channels as they are spelled.
	channels map[string]attack.Channel
	// family holds the techniques by their parent; see families.
	family map[string][]string
}

// target is what an ATT&CK ID that a rule names leads to.
type target struct {
	analytics []*analytic
	// as is the ATT&CK ID that was mapped, and technique that of a technique; via is
	// the one named where that one is revoked, or of another release.
	as, technique, via string
	// reading says how via leads to technique, and foreign that another release
	// says so: the one in force does not know via.
	reading string
	foreign bool
	// decision is the batch of the decision that says so, where a person does.
	decision string
	decided  bool
	// choices are what an ID of another release may stand for, when that is several:
	// the rule decides.
	choices []target
	// why says why there is nothing to map to.
	why string
}

// analytic is an analytic with the words that rules are matched with, folded.
type analytic struct {
	id        string
	platforms []string
	logs      []logSource
}

type logSource struct {
	componentID, component string
	name                   string
	channel                attack.Channel
}

func newIndex(lib *attack.Library) *index {
	return &index{
		lib:        lib,
		techniques: map[string]target{},
		analytics:  map[string]target{},
		targets:    map[string]*analytic{},
		channels:   map[string]attack.Channel{},
	}
}

// technique returns the analytics that the strategies of a technique hold.
func (x *index) technique(id string) target {
	t, ok := x.techniques[id]
	if !ok {
		t = x.findTechnique(id)
		x.techniques[id] = t
	}
	return t
}

func (x *index) findTechnique(id string) target {
	o, via, why := x.resolve(id, attack.Kind.Technique, "technique")
	if why != "" {
		x.techniques[id] = target{why: why} // should other releases lead back to it
		return x.foreign(id, why, x.technique)
	}
	t := target{as: o.ATTACKID, technique: o.ATTACKID, via: via}
	if via != "" {
		t.reading = fmt.Sprintf("%s is revoked by %s in %s", via, t.technique, x.lib.Release)
	}
	for _, s := range x.lib.Sources(o.ID, attack.Detects) {
		if s.Kind != attack.KindStrategy {
			continue
		}
		for _, a := range x.lib.Targets(s.ID, attack.HasAnalytic) {
			if e := x.analytic(a); !slices.Contains(t.analytics, e) {
				t.analytics = append(t.analytics, e)
			}
		}
	}
	if len(t.analytics) == 0 {
		t.why = fmt.Sprintf("%s has no analytic in %s", o.ATTACKID, x.lib.Release)
	}
	return t
}

// explicit returns the analytic that an ATT&CK ID names.
func (x *index) explicit(id string) target {
	t, ok := x.analytics[id]
	if !ok {
		t = x.findAnalytic(id)
		x.analytics[id] = t
	}
	return t
}

func (x *index) findAnalytic(id string) target {
	o, via, why := x.resolve(id, func(k attack.Kind) bool { return k == attack.KindAnalytic }, "analytic")
	if why != "" {
		x.analytics[id] = target{why: why} // should other releases lead back to it
		return x.foreign(id, why, x.explicit)
	}
	return target{as: o.ATTACKID, via: via, analytics: []*analytic{x.analytic(o)}}
}

// resolve returns the live object of a kind that an ATT&CK ID names or, where
// the one named is revoked, leads to; via is then the ID named. Without one it
// says why in words.
func (x *index) resolve(id string, is func(attack.Kind) bool, kind string) (o *attack.Object, via, why string) {
	all := x.lib.ByATTACKID(id)
	if len(all) == 0 {
		return nil, "", fmt.Sprintf("%s is unknown to %s", id, x.lib.Release)
	}
	for _, o := range all {
		if !is(o.Kind) {
			continue
		}
		if o.Live() {
			return o, "", ""
		}
		if !o.Revoked {
			why = fmt.Sprintf("%s is deprecated in %s", id, x.lib.Release)
			continue
		}
		next, _ := x.lib.Successor(o.ID)
		switch several := x.lib.Successors(o.ID); {
		case len(several) > 1:
			why = fmt.Sprintf("%s is revoked in %s by %s, and a person has to say which is meant: candor attack upgrade", id, x.lib.Release, either(several))
		case next == nil:
			why = fmt.Sprintf("%s is revoked in %s without a successor", id, x.lib.Release)
		case !is(next.Kind):
			why = fmt.Sprintf("%s is revoked in %s by %s, which is no %s", id, x.lib.Release, next.ATTACKID, kind)
		case !next.Live():
			why = fmt.Sprintf("%s is revoked in %s by %s, which is deprecated", id, x.lib.Release, next.ATTACKID)
		default:
			return next, id, ""
		}
	}
	if why == "" {
		why = fmt.Sprintf("%s is no %s in %s; its kind is %s", id, kind, x.lib.Release, all[0].Kind)
	}
	return nil, "", why
}

// either lists objects as a choice.
func either(of []*attack.Object) string {
	ids := make([]string, len(of))
	for i, o := range of {
		ids[i] = o.ATTACKID
	}
	slices.Sort(ids)
	return strings.Join(ids, " and ")
}

func (x *index) analytic(o *attack.Object) *analytic {
	if a, ok := x.targets[o.ID]; ok {
		return a
	}
	a := &analytic{id: o.ID, platforms: foldAll(o.Platforms)}
	for _, l := range o.LogSources {
		s := logSource{name: attack.Fold(l.Name), channel: x.channel(l.Channel)}
		if c, ok := x.lib.Object(l.Component); ok {
			s.componentID, s.component = attack.Fold(c.ATTACKID), attack.Fold(c.Name)
		}
		a.logs = append(a.logs, s)
	}
	x.targets[o.ID] = a
	return a
}

// channel reads a channel; few differ among the many that rules and analytics name.
func (x *index) channel(s string) attack.Channel {
	c, ok := x.channels[s]
	if !ok {
		c = attack.NewChannel(s)
		x.channels[s] = c
	}
	return c
}

// rule is a rule with the words that it is matched by, folded.
type rule struct {
	*detection.Rule
	batch     string
	platforms []string
	logs      []read
}

// read is a log that a rule reads.
type read struct {
	component, name string
	channel         attack.Channel
}

func (x *index) rule(r *detection.Rule, batch string) *rule {
	out := &rule{Rule: r, batch: batch, platforms: foldAll(r.Platforms)}
	for _, l := range r.Logs {
		if l.Component == "" && l.Name == "" {
			continue // which says nothing
		}
		out.logs = append(out.logs, read{attack.Fold(l.Component), attack.Fold(l.Name), x.channel(l.Channel)})
	}
	return out
}

// basis is how strongly a rule that names an analytic's technique speaks for the
// analytic. Where a platform is not stated, a log source that agrees by name implies
// it; a data component alone, which exists on many platforms, does so only for a rule
// of a source that serves many.
func (r *rule) basis(a *analytic) Basis {
	stated := len(r.platforms) > 0 && len(a.platforms) > 0
	switch {
	case r.Reach == detection.Any && r.reads(a, false):
		return TechniquePlatformLog
	case !stated && r.reads(a, r.Reach == detection.Stated):
		return TechniquePlatformLog
	case !stated || !r.on(a):
		return TechniqueOnly
	case r.reads(a, false):
		return TechniquePlatformLog
	}
	return TechniquePlatform
}

// on reports whether a rule and an analytic share a platform.
func (r *rule) on(a *analytic) bool {
	return slices.ContainsFunc(r.platforms, func(p string) bool { return slices.Contains(a.platforms, p) })
}

// narrow takes the platform from claims of a rule whose log source serves several: of
// a technique's analytics those are meant that name what it reads, and if there is
// none, those of the first of its platforms that the technique has one of.
func (r *rule) narrow(t target, a *analytic, basis Basis) Basis {
	if r.Reach == detection.Stated || basis != TechniquePlatform {
		return basis
	}
	if slices.ContainsFunc(t.analytics, func(a *analytic) bool { return r.basis(a) == TechniquePlatformLog }) {
		return TechniqueOnly
	}
	for _, p := range r.platforms {
		if slices.ContainsFunc(t.analytics, func(a *analytic) bool { return slices.Contains(a.platforms, p) }) {
			if slices.Contains(a.platforms, p) {
				return basis
			}
			return TechniqueOnly
		}
	}
	return basis
}

// against returns the basis on which a rule that names a technique reaches one of its
// analytics, and its Misfit.
func (r *rule) against(t target, a *analytic) (b Basis, misfit string) {
	b = r.narrow(t, a, r.basis(a))
	if misfit = r.misfit(a, b); misfit != "" {
		b = Elsewhere
	}
	return b, misfit
}

// misfit says what the rule is of where it shares an analytic's technique alone and that
// is known; see Claim.Misfit.
func (r *rule) misfit(a *analytic, b Basis) string {
	switch {
	case b != TechniqueOnly:
		return ""
	case len(r.platforms) > 0 && len(a.platforms) > 0 && !r.on(a):
		return strings.Join(r.Platforms, ", ")
	case len(r.logs) == 0 || r.reads(a, false) || len(a.logs) == 0 && r.Reach != detection.Any:
		return "" // nothing is known that tells them apart
	}
	return OtherLogSource
}

// reads reports whether one of the rule's logs is one of the analytic's log
// sources; byName asks that the log names it.
func (r *rule) reads(a *analytic, byName bool) bool {
	for _, l := range r.logs {
		if byName && l.name == "" {
			continue
		}
		for i := range a.logs {
			if a.logs[i].is(l) {
				return true
			}
		}
	}
	return false
}

// is reports whether what l states agrees with s. A log that states nothing is no log
// source. Where name and channel agree it is the same log, whichever of its data
// components ATT&CK has in mind.
func (s *logSource) is(l read) bool {
	switch {
	case l.component == "" && l.name == "":
		return false
	case l.name != "" && l.name == s.name && l.channel.Names(s.channel):
		return true
	}
	return (l.component == "" || l.component == s.component || l.component == s.componentID) &&
		(l.name == "" || l.name == s.name) && l.channel.Meets(s.channel)
}

func foldAll(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, attack.Fold(n))
	}
	return out
}

func idKey(id string) string { return strings.ToUpper(strings.TrimSpace(id)) }
