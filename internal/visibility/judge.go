package visibility

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// Judge returns the statement of every live analytic of a release, by STIX id,
// as of the last day of the window.
func Judge(lib *attack.Library, t Telemetry, p Policy, w Window) map[string]Statement {
	x := newIndex(lib, t, p, w)
	statements := map[string]Statement{}
	for _, o := range lib.OfKind(attack.KindAnalytic) {
		if o.Live() {
			statements[o.ID] = x.judge(o)
		}
	}
	return statements
}

func (x *index) judge(o *attack.Object) Statement {
	s := Statement{Needs: []Need{}, Externals: x.sights(o)}
	if !x.inScope(o) {
		s.State = OutOfScope
		if !x.silent {
			s.Reasons = []evidence.Reason{x.outOfScope(o)}
			s.Sentence = x.sentence(o, &s, nil)
		}
		return s
	}
	s.Needs = x.needs(o)
	groups := groupsOf(s.Needs, x.policy.JointNeed)
	levels := levelsOf(groups)
	own := Outside
	if len(o.LogSources) > 0 && !x.beyondSensors(o) {
		own, s.Shortfall = stateOf(levels), shortfallOf(levels)
	}
	if s.State = own; own != Verified && slices.ContainsFunc(s.Externals, func(e Sight) bool { return e.Counts }) {
		s.State, s.Shortfall = External, ""
	}
	if !x.silent {
		s.Sentence = x.sentence(o, &s, groups)
		s.Reasons = x.reasons(o, own, &s, levels)
	}
	return s
}

// reasons says why the own log sources of an analytic come to a state, and what else is
// known of how it is seen.
func (x *index) reasons(o *attack.Object, own State, s *Statement, levels []level) []evidence.Reason {
	rs := x.outsideReasons(o)
	if own != Outside {
		rs = x.ownReasons(o, own, s.Needs, levels)
	}
	return slices.Concat(rs, sightReasons(s.Externals), caveatReasons(o))
}

// inScope reports whether o applies to the organisation. Without a stated scope
// everything does, an analytic without a platform does, and so does what
// happens where nobody has a sensor: adversaries act there against everyone.
func (x *index) inScope(o *attack.Object) bool {
	if x.scope.platforms == nil || len(o.Platforms) == 0 {
		return true
	}
	return slices.ContainsFunc(o.Platforms, func(p string) bool {
		f := attack.Fold(p)
		return x.scope.platforms[f] || x.outside[f]
	})
}

func (x *index) beyondSensors(o *attack.Object) bool {
	for _, p := range o.Platforms {
		if !x.outside[attack.Fold(p)] {
			return false
		}
	}
	return len(o.Platforms) > 0
}

// sights returns the external sources that cover the analytic, one of its
// strategies or one of its techniques, by id.
func (x *index) sights(o *attack.Object) []Sight {
	sights := []Sight{}
	if len(x.externals) == 0 {
		return sights
	}
	ids := []string{idKey(o.ATTACKID)}
	for _, s := range x.lib.StrategiesOf(o.ID) {
		ids = append(ids, idKey(s.ATTACKID))
	}
	for _, t := range x.lib.TechniquesOf(o.ID) {
		ids = append(ids, idKey(t.ATTACKID))
	}
	seen := map[string]bool{}
	for _, id := range ids {
		for _, e := range x.externals[id] {
			if id == "" || seen[e.Value.ID] {
				continue
			}
			seen[e.Value.ID] = true
			heard := x.heard(&e.Value)
			why := x.whyNot(&e.Value, heard)
			sights = append(sights, Sight{Source: e.Value, Counts: why == "", Why: why, Heard: heard, Refs: append([]evidence.Ref{}, evidence.Batches(e.Batch)...)})
		}
	}
	slices.SortFunc(sights, func(a, b Sight) int { return strings.Compare(a.Source.ID, b.Source.ID) })
	return sights
}

// whyNot says why an external source does not count; empty means that it does.
func (x *index) whyNot(e *telemetry.External, heard day.Date) string {
	to, p := x.window.To, x.policy
	reliability := idKey(e.Reliability)
	switch {
	case e.Since > to:
		return fmt.Sprintf("it starts on %s, after %s", e.Since, to)
	case same(e.Owner, e.Provider):
		return fmt.Sprintf("its provider %s is its owner too: nobody else answers for it", e.Provider)
	case same(e.RatedBy, e.Provider):
		return fmt.Sprintf("its rating is that of its own provider, %s", e.Provider)
	case e.Expires == "":
		return "it states no expiry"
	case e.Expires < to:
		return fmt.Sprintf("it expired on %s", e.Expires)
	case len(reliability) != 1 || reliability < "A" || reliability > "F":
		return fmt.Sprintf("its reliability %q is not a rating from A to F", e.Reliability)
	case reliability > idKey(p.WorstReliability):
		return fmt.Sprintf("its reliability %s is below %s, the lowest that policy counts", reliability, p.WorstReliability)
	case e.Credibility < 1 || e.Credibility > 6:
		return fmt.Sprintf("its credibility %d is not a rating from 1 to 6", e.Credibility)
	case e.Credibility > p.WorstCredibility:
		return fmt.Sprintf("its credibility %d is below %d, the lowest that policy counts", e.Credibility, p.WorstCredibility)
	case heard == "":
		return fmt.Sprintf("it is registered and silent: no signal and no feed came from it from %s to %s", x.window.From, to)
	}
	return ""
}

// same reports whether two names are of one, but for case and blanks.
func same(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	return a != "" && strings.EqualFold(a, b)
}

// heard returns the last day of the window on which something came from an external
// source: a signal that names it, or events of a feed of its name. The provider's name
// will do where it provides nothing else here.
func (x *index) heard(e *telemetry.External) day.Date {
	var last day.Date
	names := []string{attack.Fold(e.ID), attack.Fold(e.Name)}
	if provider := attack.Fold(e.Provider); len(x.provided[provider]) == 1 {
		names = append(names, provider)
	}
	for _, name := range names {
		for _, d := range x.hearings[name] {
			last = max(last, d)
		}
		for _, f := range x.feeds[name] {
			if f.Events > 0 && f.Day >= x.window.From {
				last = max(last, f.Day)
			}
		}
	}
	return last
}
