package take

import (
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate/credit"
	"candor/internal/figure"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// notStandalone: what is frequent, mistaken for other things or out of sight is
// context for something else.
func (f *facts) notStandalone() words {
	if len(f.caveats) == 0 && !f.stands(assure.Noisy, assure.Outside) || f.stands(assure.NotApplicable) {
		return nothing
	}
	if f.stands(assure.Noisy) {
		return say("Not a standalone detection as it is: use it as context for something more telling.").on(rungOf(f.v), reasonOf(f.v, "noisy"))
	}
	w := say("Not a standalone detection: treat what is heard of it as context.").on(f.quotes()...)
	if f.v != nil {
		w = w.on(rungOf(f.v))
	}
	return w
}

// validateFirst says what to establish before anything is built.
func (f *facts) validateFirst() words {
	if !f.stands(assure.Outside, assure.Blind, assure.RuleOnly) {
		return nothing
	}
	w := rungOf(f.v)
	if f.obstructed() {
		return say("The rule first: nothing that is built on it can work before what is in its way is gone.").on(w, reasonOf(f.v, "exception_hides"), reasonOf(f.v, "field_missing"))
	}
	switch f.v.Visibility.State {
	case visibility.Outside:
		return say("Visibility first: find out what of it can be seen, by us or by a provider, before any rule is written.").on(w, reasonOf(f.v, "visibility_"))
	case visibility.Declared:
		return say("Visibility first: measure that what is declared arrives.").on(w, reasonOf(f.v, "visibility_"))
	case visibility.Stale:
		return say("Visibility first: find out why its log sources stopped.").on(w, reasonOf(f.v, "visibility_"))
	case visibility.Partial:
		if n := f.firstMissing(); n.text != "" {
			return say("Visibility first: %s is what keeps it from being seen.", n).on(w, reasonOf(f.v, "visibility_"))
		}
	}
	return say("Visibility first: nothing that is built on it can work before its log sources arrive.").on(w, reasonOf(f.v, "visibility_"))
}

// firstMissing is the one log source that is lacking where it is only one.
func (f *facts) firstMissing() words {
	var names []words
	for _, n := range f.v.Visibility.Needs {
		if n.State == visibility.Measured {
			continue
		}
		names = append(names, judged("need_"+string(n.State), f.v.Analytic, n.Name, n.Refs))
	}
	if len(names) != 1 {
		return nothing
	}
	return names[0]
}

// measureBeforeUse: nothing measured stands behind it.
func (f *facts) measureBeforeUse() words {
	if f.v == nil || f.stands(assure.NotApplicable) || f.v.Measurement != nil && f.v.Measurement.Conclusion == measure.GoodEnough {
		return nothing
	}
	reporting, automation := f.gate(assure.Reporting), f.gate(assure.Automation)
	if reporting.Allowed || automation.Allowed {
		return say("Measure volume and precision before anyone relies on it; a gate is open without that.").on(gateOf(f, reporting), gateOf(f, automation))
	}
	return say("Measure volume and precision before anyone reports on it or automates it; both gates are closed.").on(gateOf(f, reporting), gateOf(f, automation))
}

func gateOf(f *facts, d assure.Decision) words {
	is := "closed"
	if d.Allowed {
		is = "allowed"
	}
	return words{is, []Source{{Kind: Reason, ID: "gate_" + string(d.Purpose), Field: f.v.Analytic.ATTACKID, Value: is}}}
}

func (f *facts) writeRule() words {
	if !f.stands(assure.Observable) {
		return nothing
	}
	if cs := f.counting(false); len(cs) > 0 {
		return say("A rule is what is missing: look first whether %s that %s its technique can be made to count.", counted(ruleIDs(cs), "rule"), words{names(len(cs)), nil}).on(rungOf(f.v), reasonOf(f.v, "claims_not_counted"))
	}
	return say("A rule is what is missing: write one for what arrives.").on(rungOf(f.v), reasonOf(f.v, "visibility_"))
}

func names(n int) string {
	if n == 1 {
		return "names"
	}
	return "name"
}

func (f *facts) silentRules() words {
	if !f.stands(assure.Unproven) || f.hasAlerts() {
		return nothing
	}
	return say("Silence proves nothing: %s claimed it and raised no alert; find out whether they run.", counted(ruleIDs(f.counting(true)), "rule")).on(reasonOf(f.v, "not_measured"))
}

func (f *facts) nothingLabelled() words {
	if !f.hasAlerts() || labelled(f.v) > 0 {
		return nothing
	}
	return say("Label a random sample first: none of %s alerts says whether it was true.", f.figure("alerts", f.v.Measurement.Alerts))
}

// precision are the labelled alerts that were true, with the interval that counts.
func (f *facts) precision() words {
	m := f.v.Measurement
	w := say("%s of %s labelled alerts were true", f.figure("true_positive", m.TruePositive), f.figure("labelled", labelled(f.v)))
	i := m.ClusteredInterval
	if i == nil {
		i = m.Interval
	}
	if i == nil {
		return w
	}
	low, high := figure.Percent(i[0]), figure.Percent(i[1])
	return say("%s (interval %s to %s)", w, f.limit("interval_low", low), f.limit("interval_high", high))
}

func (f *facts) limit(name, value string) words {
	return words{value, []Source{{Kind: Reason, ID: "measurement", Field: f.v.Analytic.ATTACKID, Value: name + " " + value, Refs: f.alertRefs()}}}
}

func (f *facts) concluded(c measure.Conclusion) bool {
	return f.hasAlerts() && labelled(f.v) > 0 && f.v.Measurement.Conclusion == c
}

func (f *facts) goodEnough() words {
	if !f.concluded(measure.GoodEnough) || f.v.Measurement.Noisy {
		return nothing
	}
	return say("Measured and good enough: %s, on %s occasions.", f.precision(), f.figure("occasions", int64(f.v.Measurement.Occasions)))
}

func (f *facts) undecided() words {
	if !f.concluded(measure.Undecided) {
		return nothing
	}
	if n := f.v.Measurement.ToLabel; n > 0 {
		return say("Undecided: %s; label %s more, at random.", f.precision(), f.figure("to_label", n))
	}
	return say("Undecided: %s, and more labels of the same would not settle it.", f.precision())
}

func (f *facts) tooFew() words {
	if !f.concluded(measure.NotMeasurable) {
		return nothing
	}
	m := f.v.Measurement
	asked := setting("measure.min_episodes", itoa(f.d.Policy.Measure.MinEpisodes))
	if m.Episodes >= f.d.Policy.Measure.MinEpisodes && m.Occasions < f.d.Policy.Measure.MinEpisodes {
		return say("Too few to conclude: %s, on %s of the %s occasions that are asked for.", f.precision(), f.figure("occasions", int64(m.Occasions)), asked)
	}
	return say("Too few to conclude: %s, in %s of the %s episodes that are asked for.", f.precision(), f.figure("episodes", int64(m.Episodes)), asked)
}

// outside reports whether the measurement has a reason with the code.
func (f *facts) outside(code string) bool {
	return f.hasAlerts() && slices.ContainsFunc(measureCodes(f.v), func(c string) bool { return c == code })
}

func measureCodes(v *assure.Verdict) []string {
	var cs []string
	for _, r := range v.Measurement.Reasons {
		cs = append(cs, r.Code)
	}
	return cs
}

func (f *facts) imprecise() words {
	if !f.outside("below_threshold") || labelled(f.v) == 0 {
		return nothing
	}
	return say("Not precise enough: %s, where %s are asked for.", f.precision(), setting("measure.min_precision", figure.Percent(f.d.Policy.Measure.MinPrecision)))
}

func (f *facts) tooBusy() words {
	if !f.outside("volume_over") && !f.outside("workload_over") {
		return nothing
	}
	return say("It takes more attention than policy allows: %s alerts in %s days.", f.figure("alerts", f.v.Measurement.Alerts), f.figure("window_days", int64(f.v.Measurement.WindowDays)))
}

// tune says what to turn, where there is something to turn.
func (f *facts) tune() words {
	_, unset := f.settings()
	switch {
	case f.stands(assure.Noisy) && len(unset) > 0:
		return say("Tune its threshold and enrich it, beginning with %s from a local baseline.", list(unset, 2)).on(reasonOf(f.v, "noisy"))
	case f.stands(assure.Noisy):
		return say("Tune its threshold, enrich it with what is known of the entity, or correlate it.").on(reasonOf(f.v, "noisy"))
	case f.stands(assure.Outside) && len(f.caveats) > 0:
		return say("Set thresholds and enrichment for any signal of it before it reaches a queue.").on(f.quotes()...)
	case f.stands(assure.Observable) && len(unset) > 0:
		return say("Before the rule goes live, set %s from a local baseline.", list(unset, 2))
	}
	return nothing
}

func (f *facts) exercisePassed() words {
	if f.v == nil || f.v.Exercises.State != "passed" || f.exerciseBasis() != assure.Corroborated {
		return nothing
	}
	e := f.v.Exercises
	return say("The exercise “%s” of %s produced it, and an alert of a claiming rule bears that out.", judged("exercise", f.v.Analytic, e.LastTest, nil), f.exercised()).on(reasonOf(f.v, "exercise_"))
}

// exerciseBasis is what the exercise rests on that decided, empty without one.
func (f *facts) exerciseBasis() assure.Basis {
	for _, t := range f.v.Exercises.Trials {
		if t.Result == "passed" || t.Result == "failed" {
			return t.Basis
		}
	}
	return ""
}

// exerciseStated: it passed as far as somebody says.
func (f *facts) exerciseStated() words {
	if f.v == nil || f.v.Exercises.State != "passed" || f.exerciseBasis() == assure.Corroborated {
		return nothing
	}
	return say("The exercise “%s” of %s passed by statement only: no alert bears it out. Repeat it on a host that is named.",
		judged("exercise", f.v.Analytic, f.v.Exercises.LastTest, nil), f.exercised()).on(reasonOf(f.v, "exercise_"))
}

// exerciseContradicted: it is said to have alerted, and the alerts say otherwise.
func (f *facts) exerciseContradicted() words {
	if f.v == nil || f.v.Exercises.State != "failed" || f.exerciseBasis() != assure.Contradicting {
		return nothing
	}
	return say("Repair it: the exercise “%s” of %s is stated to have alerted, and the alerts of its time contradict that.",
		judged("exercise", f.v.Analytic, f.v.Exercises.LastTest, nil), f.exercised()).on(reasonOf(f.v, "exercise_"))
}

// untied: nobody said what the alerts at the time of an incident are.
func (f *facts) untied() words {
	if f.v == nil || f.v.Incidents.State != "untied" {
		return nothing
	}
	return say("Say first what the alerts at the place and time of case %s are: nobody tied them to it.", judged("incidents", f.v.Analytic, f.v.Incidents.LastCase, nil)).on(reasonOf(f.v, "incident"))
}

func (f *facts) exerciseOld() words {
	if f.v == nil || f.v.Exercises.State != "expired" {
		return nothing
	}
	return say("Exercise it again: the last pass, of %s, is older than %s days.", f.exercised(),
		setting("readiness.max_exercise_age_days", itoa(f.d.Policy.Readiness.MaxExerciseAgeDays))).on(reasonOf(f.v, "exercise_"))
}

func (f *facts) exerciseFailed() words {
	if f.v == nil || f.v.Exercises.State != "failed" || f.exerciseBasis() == assure.Contradicting {
		return nothing
	}
	return say("Repair it: the exercise “%s” of %s went unseen.", judged("exercise", f.v.Analytic, f.v.Exercises.LastTest, nil), f.exercised()).on(reasonOf(f.v, "exercise_"))
}

// exercised is the day of the last exercise.
func (f *facts) exercised() words {
	return dated(judged("exercise", f.v.Analytic, f.v.Exercises.LastTime, nil))
}

// dated shows the day of a time.
func dated(w words) words {
	w.text, _, _ = strings.Cut(w.text, "T")
	return w
}

func (f *facts) exerciseIt() words {
	if !f.stands(assure.Unproven, assure.Noisy) || !slices.Contains([]string{"none", "inconclusive"}, f.v.Exercises.State) || len(f.techniques) == 0 {
		return nothing
	}
	return say("Exercise %s on %s, and see which rule says so.", list(each(f.techniques[:1], f.label), 1), f.platforms(f.inScope())).on(reasonOf(f.v, "exercise_"))
}

// inScope are the object's platforms that are operated here.
func (f *facts) inScope() []string {
	scope := f.d.Assessment.Scope.Platforms
	if len(scope) == 0 {
		return f.o.Platforms
	}
	var out []string
	for _, p := range f.o.Platforms {
		if slices.ContainsFunc(scope, func(s string) bool { return strings.EqualFold(s, p) }) {
			out = append(out, p)
		}
	}
	return out
}

func (f *facts) missed() words {
	if f.v == nil || f.v.Incidents.State != "missed" {
		return nothing
	}
	return say("Begin with case %s: it went past every rule that claims this.", judged("incidents", f.v.Analytic, f.v.Incidents.LastCase, nil)).on(reasonOf(f.v, "incident"))
}

// correlate names the first stages next to it, with how they stand here.
func (f *facts) correlate() words {
	if len(f.rows) == 0 || f.adj.Level == "tactic" {
		return nothing
	}
	if r, ok := f.watchable(); ok && f.d.Local {
		return f.next("Correlate it with a stage that is seen here: %s (%s), which %s of %s users also use, %s times chance.", r)
	}
	if f.d.Local {
		return f.next("Nothing next to it is seen here. Begin with %s (%s), which %s of %s users also use, %s times chance.", f.rows[0])
	}
	return f.next("Correlate it with %s (%s), which %s of %s users also use, %s times chance.", f.rows[0])
}

// next says a sentence of a stage next to the object's technique.
func (f *facts) next(sentence string, r Adjacent) words {
	return say(sentence, f.named(r.Technique, f.label), f.named(r.Tactic, f.title), f.support(r), f.basis(), f.lift(r)).on(f.basedOn())
}

// watchable is the first stage next to the object's technique of which an analytic
// here is seen, one that goes with it no less than by chance before any other.
func (f *facts) watchable() (found Adjacent, ok bool) {
	for _, r := range f.rows {
		o, known := f.d.Library.Object(r.Technique.StixID)
		if !known || !f.d.seen(o) {
			continue
		}
		if r.Lift >= 1 {
			return r, true
		}
		if !ok {
			found, ok = r, true
		}
	}
	return found, ok
}

// seen reports whether an analytic of a technique that applies here is seen.
func (d *Desk) seen(technique *attack.Object) bool {
	return slices.ContainsFunc(d.board.Verdicts([]*attack.Object{technique}), func(v *assure.Verdict) bool {
		return v.Rung != assure.NotApplicable && v.Visibility.State.Seen()
	})
}

// correlateWide backs off where only users of a whole tactic are known.
func (f *facts) correlateWide() words {
	if len(f.rows) == 0 || f.adj.Level != "tactic" {
		return nothing
	}
	return say("Its own users are too few to say what goes with it; of all users of its tactic %s of %s also use %s.", f.support(f.rows[0]), f.basis(), f.named(f.rows[0].Technique, f.label)).on(f.basedOn())
}

func (f *facts) support(r Adjacent) words {
	return words{itoa(r.Support), []Source{{Kind: Computation, ID: "support", Field: r.Technique.ATTACKID, Value: itoa(r.Support)}}}
}

func (f *facts) basis() words {
	return words{itoa(f.adj.BasisUsers), []Source{{Kind: Computation, ID: "basis_users", Value: itoa(f.adj.BasisUsers)}}}
}

func (f *facts) lift(r Adjacent) words {
	for _, a := range f.adj.Adjacent {
		if a.Technique.StixID == r.Technique.StixID {
			return times(a.Support, f.adj.BasisUsers, a.TheirUsers, f.adj.AllUsers)
		}
	}
	return nothing
}

// chained is the first chain that lines the object's technique up with a stage next to it
// and did or did not earn credit.
func (f *facts) chained(earned bool) (*Adjacent, *credit.Joined) {
	for i := range f.rows {
		for k := range f.rows[i].Chains {
			if c := &f.rows[i].Chains[k]; c.Earned == earned {
				return &f.rows[i], c
			}
		}
	}
	return nil, nil
}

// worth rests on what a chain was measured to be worth.
func worth(c *credit.Joined) words {
	return words{c.Definition, []Source{{Kind: Batch, ID: c.Batch, Field: c.Definition, Value: c.Measured + " " + c.Why}}}
}

func (f *facts) chainEarned() words {
	r, c := f.chained(true)
	if c == nil {
		return nothing
	}
	return say("Chain %s lines it up with %s and earned credit: %s. That is a chance to notice the same people, and no coverage of this.", worth(c), f.named(r.Technique, f.label),
		words{c.Why, worth(c).from})
}

// chainUnearned speaks only where no chain earned credit.
func (f *facts) chainUnearned() words {
	if _, c := f.chained(true); c != nil {
		return nothing
	}
	r, c := f.chained(false)
	if c == nil {
		return nothing
	}
	return say("Chain %s lines it up with %s and was measured to earn no credit: %s.", worth(c), f.named(r.Technique, f.label), words{c.Why, worth(c).from})
}

func (f *facts) noAdjacent() words {
	if len(f.rows) > 0 || len(f.techniques) == 0 {
		return nothing
	}
	return say("The release knows nothing else that its users do, so no stage next to it can be named.").on(f.lacks(f.techniques[0], attack.Uses))
}

// gatesClosed says what the automation gate still lacks where the rung is well on.
func (f *facts) gatesClosed() words {
	if !f.stands(assure.Proven, assure.Reliable, assure.Noisy, assure.Unproven, assure.Contradicted) || !f.hasAlerts() {
		return nothing
	}
	d := f.gate(assure.Automation)
	if d.Allowed {
		return nothing
	}
	var lacks []string
	for _, c := range d.Checks {
		if !c.OK {
			lacks = append(lacks, checkWords(c.Name))
		}
	}
	return say("For automation the gate still lacks: " + attack.Listed(lacks) + ".").on(words{"", []Source{{Kind: Reason, ID: "gate_automation", Field: f.v.Analytic.ATTACKID, Value: "closed: " + strings.Join(d.Missing, "; ")}}})
}

// checkWords is a check of a gate as people read it.
func checkWords(name string) string {
	switch name {
	case "rung":
		return "the rung"
	case "episodes":
		return "labelled episodes"
	case "precision":
		return "precision"
	case "unlabelled":
		return "labels"
	case "volume":
		return "a bearable volume"
	case "runbook":
		return "a runbook"
	case "age":
		return "recent labels"
	}
	return name
}

func (f *facts) automationOpen() words {
	if f.v == nil || f.stands(assure.NotApplicable) {
		return nothing
	}
	if d := f.gate(assure.Automation); !d.Allowed || d.Waived {
		return nothing
	}
	return say("The gate for automated response is open.").on(words{"", []Source{{Kind: Reason, ID: "gate_automation", Field: f.v.Analytic.ATTACKID, Value: "allowed"}}})
}

func (f *facts) keepInDate() words {
	if !f.stands(assure.Reliable, assure.Proven) {
		return nothing
	}
	for _, s := range f.v.Next {
		if s.Action == "keep" {
			return say("Keep its evidence in date: exercises count for %s days here.", setting("readiness.max_exercise_age_days", itoa(f.d.Policy.Readiness.MaxExerciseAgeDays))).on(f.steps())
		}
	}
	return nothing
}

// actionWords is an action as engineers read it.
func actionWords(action string) string {
	switch action {
	case "collect":
		return "collect a log source"
	case "verify_feed":
		return "measure a feed"
	case "register_external":
		return "register an external source"
	case "write_rule":
		return "write a rule"
	case "exercise":
		return "run an exercise"
	case "label":
		return "label alerts"
	case "tune":
		return "tune a rule"
	case "fix":
		return "fix what failed"
	case "write_runbook":
		return "write a runbook"
	case "review_runbook":
		return "review a runbook"
	}
	return ""
}

// liftFirst is the kind of step that is the first of more analytics than any other.
func (f *facts) liftFirst() words {
	steps := f.firstSteps(actionWords)
	switch {
	case len(steps) == 0:
		return nothing
	case len(f.vs) == 1:
		return say("The first step is to "+actionWords(steps[0].action)+".").on(steps[0].from, f.rungs())
	case len(steps) > 1 && len(steps[0].of) == len(steps[1].of):
		return say("First steps: %s.", list(each(steps, func(s firstStep) words {
			return say(actionWords(s.action)+" (%s)", list(each(s.of, asRung), 2)).on(s.from)
		}), 2)).on(f.rungs())
	}
	if len(steps[0].of) == len(f.vs) {
		return say("The first step for all %s is to "+actionWords(steps[0].action)+".", counted(steps[0].of, "analytic")).on(f.rungs())
	}
	return say("The first step for %s of %s is to "+actionWords(steps[0].action)+".", count(steps[0].of), counted(analytics(f.vs), "analytic")).on(f.rungs())
}

// asRung names an analytic that is among those judged.
func asRung(id string) words {
	return words{id, []Source{{Kind: Reason, ID: "claimed", Field: id, Value: id}}}
}

// startHere names the analytics that are closest to being relied on.
func (f *facts) startHere() words {
	order := []assure.Rung{assure.Proven, assure.Unproven, assure.Noisy, assure.Observable, assure.RuleOnly}
	for _, r := range order {
		on := f.having(func(v *assure.Verdict) bool { return v.Rung == r })
		if len(on) == 0 {
			continue
		}
		parts := each(on, func(id string) words {
			return words{id, []Source{{Kind: Reason, ID: "rung", Field: id, Value: id + " " + string(r)}}}
		})
		return say("Nearest to being relied on, %s: %s.", judged("rung", f.name, rungName(r), nil), list(parts, 3))
	}
	return nothing
}

func (f *facts) unlocks() words {
	unseen, alone := f.unseenOf(), f.unlocked()
	if len(unseen) == 0 {
		return nothing
	}
	all := counted(unseen, "analytic")
	switch {
	case len(unseen) == 1 && len(alone) == 1:
		return say("Collecting it alone would complete the one analytic that reads it and is not seen here.").on(f.rungs(), all)
	case len(unseen) == 1:
		return say("One analytic reads it and is not seen here, and collecting it alone would not complete that.").on(f.rungs(), all)
	case len(alone) == 0:
		return say("Collecting it alone would complete none of %s that read it and are not seen here.", all).on(f.rungs())
	}
	return say("Collecting it alone would complete %s of %s that read it and are not seen here.", count(alone), all).on(f.rungs())
}
