package take

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/visibility"
)

func batchRef(id string) []evidence.Ref { return evidence.Batches(id) }

func (f *facts) noLogSource() words {
	if len(f.o.LogSources) > 0 {
		return nothing
	}
	return say("ATT&CK names no log source for it.").on(f.lacks(f.o, "x_mitre_log_source_references"))
}

// namedSources are the log sources that ATT&CK names, where nothing is known of them here.
func (f *facts) namedSources() words {
	if f.v != nil && !f.stands(assure.NotApplicable) || len(f.o.LogSources) == 0 {
		return nothing
	}
	var named []words
	for _, l := range f.o.LogSources {
		w := f.field(f.o, "x_mitre_log_source_references", l.Name)
		if !slices.ContainsFunc(named, func(o words) bool { return o.text == w.text }) {
			named = append(named, w)
		}
	}
	return say("ATT&CK names as what would show it: %s.", list(named, 4))
}

// namedData are the data that the analytics of a behaviour read, where there is no
// evidence that could say how they stand.
func (f *facts) namedData() words {
	if f.d.Local {
		return nothing
	}
	var components []*attack.Object
	readers := map[*attack.Object]int{}
	for _, a := range f.d.analyticsOf(f.o, f.techniques) {
		for _, l := range a.LogSources {
			c, ok := f.d.Library.Object(l.Component)
			if !ok {
				continue
			}
			if readers[c]++; readers[c] == 1 {
				components = append(components, c)
			}
		}
	}
	if len(components) == 0 {
		return nothing
	}
	slices.SortStableFunc(components, func(a, b *attack.Object) int { return readers[b] - readers[a] })
	return say("The analytics for it read %s.", list(each(components, f.label), 4))
}

// needs are the log sources that are in one state, by name.
func (f *facts) needs(state visibility.NeedState) []words {
	if f.v == nil || f.stands(assure.NotApplicable, assure.Outside) {
		return nil
	}
	var out []words
	for _, n := range f.v.Visibility.Needs {
		if n.State != state {
			continue
		}
		w := judged("need_"+string(state), f.v.Analytic, n.Name, n.Refs)
		if !slices.ContainsFunc(out, func(o words) bool { return o.text == w.text }) {
			out = append(out, w)
		}
	}
	return out
}

// ofNeeds says a sentence of the log sources that are in a state.
func (f *facts) ofNeeds(state visibility.NeedState, sentence string) words {
	needs := f.needs(state)
	if len(needs) == 0 {
		return nothing
	}
	return say(sentence, list(needs, 3))
}

func (f *facts) seenSources() words {
	needs := f.needs(visibility.Measured)
	if len(needs) == 0 {
		return nothing
	}
	var best visibility.Need
	for _, n := range f.v.Visibility.Needs {
		if n.State == visibility.Measured && n.Days > best.Days {
			best = n
		}
	}
	w := say("Measured to arrive: %s", list(needs, 3))
	days := judged("need_days", f.v.Analytic, itoa(best.Days), best.Refs)
	if best.Days == 0 {
		return say("%s.", w)
	}
	return say("%s, at best on %s of %s days.", w, days, setting("window_days", itoa(f.d.Policy.WindowDays)))
}

func (f *facts) thinSources() words {
	return f.ofNeeds(visibility.Thin, "From too few hosts or on too few days: %s.")
}

func (f *facts) oldSources() words {
	return f.ofNeeds(visibility.Old, "Not lately: %s.")
}

func (f *facts) silentSources() words {
	return f.ofNeeds(visibility.Silent, "Looked for and not arriving: %s.")
}

func (f *facts) unmeasuredSources() words {
	return f.ofNeeds(visibility.Unmeasured, "Declared, and never measured to arrive: %s.")
}

func (f *facts) missingSources() words {
	return f.ofNeeds(visibility.Missing, "Nobody says that these are collected: %s.")
}

func (f *facts) externalCounts() words {
	if f.v == nil {
		return nothing
	}
	for _, x := range f.v.Visibility.Externals {
		if x.Counts {
			say1 := func(s string) words { return judged("external", f.v.Analytic, s, x.Refs) }
			return say("External source %s, owned by %s and rated %s, covers it until %s.", say1(x.Source.Name), say1(x.Source.Owner),
				say1(fmt.Sprintf("%s%d", x.Source.Reliability, x.Source.Credibility)), say1(string(x.Source.Expires)))
		}
	}
	return nothing
}

func (f *facts) externalNotCounted() words {
	if f.v == nil {
		return nothing
	}
	for _, x := range f.v.Visibility.Externals {
		if !x.Counts {
			return say("External source %s does not count: %s.", judged("external", f.v.Analytic, x.Source.Name, x.Refs), judged("external", f.v.Analytic, x.Why, x.Refs))
		}
	}
	return nothing
}

func (f *facts) externalNone() words {
	if !f.stands(assure.Outside) || len(f.v.Visibility.Externals) > 0 {
		return nothing
	}
	p := f.d.Policy.Visibility
	worst := setting("visibility.worst_reliability, visibility.worst_credibility", p.WorstReliability+itoa(p.WorstCredibility))
	return say("An external source could say something: none is registered, and it needs an owner and a rating of %s or better.", worst).on(reasonOf(f.v, "visibility_"))
}

// figure is a figure of the measurement of the analytic.
func (f *facts) figure(name string, n int64) words {
	text := figure.Count(n)
	return words{text, []Source{{Kind: Reason, ID: "measurement", Field: f.v.Analytic.ATTACKID, Value: name + " " + text, Refs: f.alertRefs()}}}
}

func (f *facts) alertRefs() []evidence.Ref {
	for _, r := range f.v.Reasons {
		if strings.HasPrefix(r.Code, "measured_") || r.Code == "noisy" {
			return r.Refs
		}
	}
	return nil
}

func (f *facts) hasAlerts() bool {
	return f.v != nil && f.v.Measurement != nil && f.v.Measurement.Alerts > 0
}

func (f *facts) alertHistory() words {
	if !f.hasAlerts() {
		return nothing
	}
	m := f.v.Measurement
	return say("Alerts of the claiming rules in %s days: %s, of them %s true, %s benign, %s false and %s unlabelled.", f.figure("window_days", int64(m.WindowDays)), f.figure("alerts", m.Alerts),
		f.figure("true_positive", m.TruePositive), f.figure("benign_positive", m.BenignPositive), f.figure("false_positive", m.FalsePositive), f.figure("unlabelled", m.Unlabelled))
}

func (f *facts) noAlerts() words {
	if f.v == nil || !f.v.Claimed || f.hasAlerts() {
		return nothing
	}
	return say("No alert of a claiming rule is stored for the %s days to %s.", setting("window_days", itoa(f.d.Policy.WindowDays)), words{string(dayOf(f.d)), []Source{{Kind: Computation, ID: "as_of", Value: string(dayOf(f.d))}}}).on(reasonOf(f.v, "not_measured"))
}

// keepHistory asks for a record where nothing can be measured yet.
func (f *facts) keepHistory() words {
	if !f.stands(assure.Outside, assure.Blind) || f.v.Claimed {
		return nothing
	}
	return say("Should a signal of it come to exist, keep its alerts: volume, false positives, who judged them how.").on(rungOf(f.v), reasonOf(f.v, "not_claimed"), reasonOf(f.v, "claims_not_counted"))
}

func (f *facts) cases() words {
	if f.v == nil || f.v.Incidents.State == "none" || f.v.Incidents.State == "" {
		return nothing
	}
	i := f.v.Incidents
	one := func(name string, n int) words {
		return words{itoa(n), []Source{{Kind: Reason, ID: "incidents", Field: f.v.Analytic.ATTACKID, Value: name + " " + itoa(n)}}}
	}
	return say("Reviewed incidents: %s detected, %s missed, %s that say nothing of it; the last, %s, is of %s.", one("detected", i.Detected), one("missed", i.Missed), one("inconclusive", i.Others),
		judged("incidents", f.v.Analytic, i.LastCase, nil), dated(judged("incidents", f.v.Analytic, i.LastTime, nil))).on(reasonOf(f.v, "incident"))
}

func (f *facts) noCases() words {
	if f.v == nil || f.stands(assure.NotApplicable) || f.v.Incidents.State != "none" {
		return nothing
	}
	return say("No reviewed incident involved it.").on(judged("incidents", f.v.Analytic, "none", nil))
}

// seenStages are the adjacent techniques of the first tactic of which an analytic
// here is seen, and which are not.
func (f *facts) seenStages() (seen, unseen []words) {
	told := map[*attack.Object]bool{} // a technique may be a stage of several tactics
	for _, r := range f.rows {
		o, ok := f.d.Library.Object(r.Technique.StixID)
		if !ok || len(r.Here) == 0 || told[o] {
			continue
		}
		told[o] = true
		if f.d.seen(o) {
			seen = append(seen, f.label(o))
		} else {
			unseen = append(unseen, f.label(o))
		}
	}
	return seen, unseen
}

func (f *facts) stagesSeen() words {
	seen, _ := f.seenStages()
	if len(seen) == 0 || f.stands(assure.NotApplicable) {
		return nothing
	}
	return say("Of what the same users also do, telemetry is seen here for %s.", list(seen, 2)).on(f.basedOn())
}

func (f *facts) stagesUnseen() words {
	seen, unseen := f.seenStages()
	if len(seen) > 0 || len(unseen) == 0 || f.stands(assure.NotApplicable) {
		return nothing
	}
	return say("Of what the same users also do, nothing is seen here, %s included.", list(unseen[:1], 1)).on(f.basedOn())
}

// dataNamed are the data components that releases before 18.0 tie to a technique
// themselves.
func (f *facts) dataNamed() words {
	var components []*attack.Object
	for _, t := range f.techniques[:min(1, len(f.techniques))] {
		for _, c := range f.d.Library.Sources(t.ID, attack.Detects) {
			if c.Kind == attack.KindComponent {
				components = append(components, c)
			}
		}
	}
	if len(components) == 0 {
		return nothing
	}
	return say("The release names data that would help: %s.", list(each(components, f.label), 3)).on(relation(attack.Detects, components[0], f.techniques[0]))
}

// sightByState says how many analytics that apply are seen.
func (f *facts) sightByState() words {
	if len(f.vs) == 0 {
		return nothing
	}
	by := func(states ...visibility.State) []string {
		return f.having(func(v *assure.Verdict) bool { return slices.Contains(states, v.Visibility.State) })
	}
	var parts []words
	for _, p := range []struct {
		in   []string
		what string
	}{
		{by(visibility.Verified), "verified"}, {by(visibility.External), "seen by others"}, {by(visibility.Declared), "unmeasured"},
		{by(visibility.Partial), "partly seen"}, {by(visibility.Stale), "stale"}, {by(visibility.Blind), "not collected"}, {by(visibility.Outside), "outside visibility"},
	} {
		if len(p.in) > 0 && len(f.vs) == 1 {
			return say("What its one analytic needs is " + p.what + ".").on(count(p.in))
		}
		if len(p.in) > 0 {
			parts = append(parts, say(p.what+" for %s", count(p.in)))
		}
	}
	return say("What its analytics need: %s.", list(parts, 5))
}

// neededMost is the data component that more of the analytics that cannot see lack than
// any other.
func (f *facts) neededMost() words {
	by := map[string][]string{}
	var best string
	for _, v := range f.vs {
		if v.Visibility.State.Seen() {
			continue
		}
		var told []string
		for _, n := range v.Visibility.Needs {
			if n.State == visibility.Measured || n.Component == "" || slices.Contains(told, n.Component) {
				continue
			}
			told = append(told, n.Component)
			by[n.Component] = append(by[n.Component], v.Analytic.ATTACKID)
			if best == "" || len(by[n.Component]) > len(by[best]) || len(by[n.Component]) == len(by[best]) && n.Component < best {
				best = n.Component
			}
		}
	}
	o, ok := f.d.Library.Object(best)
	if !ok || len(f.vs) < 2 {
		return nothing
	}
	if len(by) > 1 && len(by[best]) == 1 {
		return nothing // one as much as the other
	}
	for id := range by {
		if id != best && len(by[id]) == len(by[best]) {
			return say("Nothing is lacking for more analytics than %s is, for %s.", f.label(o), count(by[best]))
		}
	}
	return say("What is lacking most is %s, for %s.", f.label(o), counted(by[best], "analytic"))
}

// unseenOf are the analytics that read a component and cannot see.
func (f *facts) unseenOf() []string {
	return f.ofReaders(func(v *assure.Verdict) bool { return !v.Visibility.State.Seen() })
}

// unlocked are those of unseenOf that lack nothing but this component.
func (f *facts) unlocked() []string {
	return f.ofReaders(func(v *assure.Verdict) bool {
		return !v.Visibility.State.Seen() && v.Visibility.State != visibility.Outside && !slices.ContainsFunc(v.Visibility.Needs, func(n visibility.Need) bool {
			return n.State != visibility.Measured && !f.isComponent(n.Component)
		})
	})
}

func (f *facts) isComponent(id string) bool {
	if id == f.o.ID {
		return true
	}
	c, ok := f.d.Library.Object(id)
	return ok && c.DataSource == f.o.ID
}

// ofReaders are the analytics that read a component, apply here and are so.
func (f *facts) ofReaders(so func(*assure.Verdict) bool) []string {
	if !f.d.Local || f.class != aComponent {
		return nil
	}
	var out []string
	for _, a := range f.readers() {
		if v := f.d.verdicts[a.ID]; v != nil && v.Rung != assure.NotApplicable && so(v) {
			out = append(out, v.Analytic.ATTACKID)
		}
	}
	return out
}

// componentHere says how the log sources of a component stand here.
func (f *facts) componentHere() words {
	states := map[visibility.NeedState][]string{}
	f.ofReaders(func(v *assure.Verdict) bool {
		for _, n := range v.Visibility.Needs {
			if at := n.Name + " / " + n.Channel; f.isComponent(n.Component) && !slices.Contains(states[n.State], at) {
				states[n.State] = append(states[n.State], at)
			}
		}
		return false
	})
	var parts []words
	for _, st := range []struct {
		state visibility.NeedState
		what  string
	}{{visibility.Measured, "measured"}, {visibility.Thin, "too thin"}, {visibility.Old, "not lately"}, {visibility.Silent, "silent"}, {visibility.Unmeasured, "declared and unmeasured"}, {visibility.Missing, "missing"}} {
		if in := states[st.state]; len(in) > 0 {
			parts = append(parts, say("%s "+st.what, count(in)))
		}
	}
	if len(parts) == 0 {
		return nothing
	}
	return say("Of the logs that analytics here read of it: %s.", list(parts, 6))
}

func (f *facts) componentChannels() words {
	if len(f.o.Channels) == 0 {
		return nothing
	}
	var names []string
	for _, c := range f.o.Channels {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 1 {
		return say("The release names one log for it: %s.", f.field(f.o, "x_mitre_log_sources", names[0]))
	}
	return say("The release names %s for it, such as %s.", counted(names, "log"), list(each(names[:min(2, len(names))], func(n string) words { return f.field(f.o, "x_mitre_log_sources", n) }), 2))
}
