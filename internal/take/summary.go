package take

import (
	"slices"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/visibility"
)

// noLongerInForce speaks for a revoked or deprecated object, of which nothing else
// is said.
func (f *facts) noLongerInForce() words {
	if f.o.Live() {
		return nothing
	}
	if next, _ := f.d.Library.Successor(f.o.ID); f.o.Revoked && next != nil {
		return say("It is revoked: %s took its place.", f.label(next)).on(relation(attack.RevokedBy, f.o, next), f.field(f.o, "revoked", "true"))
	}
	if f.o.Revoked {
		return say("It is revoked, and the release names no successor.").on(f.field(f.o, "revoked", "true"))
	}
	return say("It is deprecated: MITRE keeps it and no longer stands by it.").on(f.field(f.o, "x_mitre_deprecated", "true"))
}

// detectionProblem: most of what the object says is why it is hard to detect.
func (f *facts) detectionProblem() words {
	if len(f.caveats) < 2 || len(f.o.LogSources) > 0 {
		return nothing
	}
	return say("This describes a detection problem more than a behaviour that a rule could be written for.").
		on(f.lacks(f.o, "x_mitre_log_source_references")).on(f.quotes()...)
}

// quotes are the sentences in which the object states limits.
func (f *facts) quotes() []words {
	return each(f.caveats, func(c attack.Caveat) words { return f.field(f.o, c.Field, c.Quote) })
}

// officialCaveats says in short which limits the official text states itself.
func (f *facts) officialCaveats() words {
	var what []string
	for _, c := range f.caveats {
		switch c.Code {
		case attack.VeryHighOccurrence:
			what = append(what, "is frequent")
		case attack.ManyFalsePositives:
			what = append(what, "raises many false positives")
		case attack.MayBeOutside:
			what = append(what, "may happen where the target cannot look")
		case attack.MostlyOutside:
			what = append(what, "mostly happens where the target cannot look")
		case attack.RelatedStages:
			what = append(what, "is better looked for at related stages")
		}
	}
	if len(what) == 0 {
		return nothing
	}
	return say("By ATT&CK's own word it " + attack.Listed(what) + ".").on(f.quotes()...)
}

func (f *facts) isAbout() words {
	if len(f.techniques) == 0 {
		return nothing
	}
	return say("It is about “%s”%s%s.", list(each(f.techniques, f.title), 2), f.stage(), f.on())
}

// stage names the tactics in brackets.
func (f *facts) stage() words {
	if len(f.tactics) == 0 {
		return nothing
	}
	return say(" (%s)", list(each(f.tactics, f.title), 4))
}

// on names the platforms.
func (f *facts) on() words {
	if len(f.o.Platforms) == 0 || slices.Equal(f.o.Platforms, []string{"PRE"}) {
		return nothing
	}
	return say(" on %s", f.platforms(f.o.Platforms))
}

func (f *facts) platforms(names []string) words {
	return list(each(names, func(p string) words { return f.field(f.o, "x_mitre_platforms", p) }), 4)
}

// standsHere says in a sentence what the rung is made of.
func (f *facts) standsHere() words {
	v := f.v
	if v == nil {
		return nothing
	}
	seen := reasonOf(v, "visibility_")
	var s words
	switch v.Rung {
	case assure.NotApplicable:
		s = say("Its platform is not among those in scope here.")
	case assure.Outside:
		s = say("Nothing of the organisation can see it, and no external source in force covers it.")
	case assure.Blind, assure.RuleOnly:
		s = f.notSeen()
	case assure.Observable:
		if v.ExternalOnly {
			s = say("An outside source covers it, and no rule that counts looks at what it says.").on(reasonOf(v, "not_claimed"), reasonOf(v, "claims_not_counted"))
			break
		}
		s = say("What it needs arrives here, and no rule that counts looks at it.").on(reasonOf(v, "not_claimed"), reasonOf(v, "claims_not_counted"))
	case assure.Unproven:
		s = f.unproven()
	case assure.Noisy:
		s = say("Its rules were measured here, and are outside what policy allows.").on(reasonOf(v, "noisy"))
	case assure.Contradicted:
		s = say("Evidence said that it works, and newer evidence says that it does not.").on(reasonOf(v, "exercise_"), reasonOf(v, "incident"))
	case assure.Proven:
		if v.Runbook.State == "current" {
			s = say("It was shown to work here; something that it rests on was not shown to hold.").on(reasonOf(v, "bounded_"))
			break
		}
		s = say("It was shown to work here; what is missing is a current runbook with an owner.").on(reasonOf(v, "measured_"), reasonOf(v, "exercise_"), reasonOf(v, "runbook_"))
	case assure.Reliable:
		s = say("It was shown to work here, somebody owns it, and the evidence is in date.").on(reasonOf(v, "measured_"), reasonOf(v, "exercise_"), reasonOf(v, "runbook_"))
	}
	return s.on(seen, rungOf(v))
}

// notSeen says why what it needs is not seen, and whether a rule claims it all the
// same.
func (f *facts) notSeen() words {
	v, rule := f.v, "no rule claims it"
	if f.obstructed() {
		return say("What it needs arrives here, and something is in the way of every rule that claims it.").on(reasonOf(v, "claim"), reasonOf(v, "exception_hides"), reasonOf(v, "field_missing"))
	}
	if v.Claimed {
		rule = "a rule claims it all the same"
	}
	var why string
	switch v.Visibility.Shortfall {
	case visibility.NoneCollected:
		why = "None of what it needs is collected here"
	case visibility.PartlySeen:
		why = "Only a part of what it needs is seen here"
	case visibility.PartlyCollected:
		why = "None of what it needs is seen here and a part is not collected"
	case visibility.TooLittle:
		why = "Not all of what it needs arrives here on enough days and hosts"
	case visibility.NeverMeasured:
		why = "What it needs is said to be collected here and not all of it was ever measured to arrive"
	case visibility.GoneStale:
		why = "What it needs arrived here once and not all of it lately"
	default:
		return nothing
	}
	return say(why+", and "+rule+".").on(reasonOf(v, "claim"), reasonOf(v, "not_claimed"))
}

// unproven says what keeps it from being proven.
func (f *facts) unproven() words {
	v := f.v
	switch {
	case v.Exercises.State == "failed":
		return say("Rule and telemetry are here, and the last exercise of it was not seen.").on(reasonOf(v, "exercise_"))
	case v.Incidents.State == "missed":
		return say("Rule and telemetry are here, and an incident went past them.").on(reasonOf(v, "incident"))
	case v.Measurement == nil || v.Measurement.Alerts == 0:
		return say("Rule and telemetry are here, and nothing shows that the rule has ever fired.").on(reasonOf(v, "not_measured"))
	case labelled(v) == 0:
		return say("Rule and telemetry are here, and nobody has said what the alerts were worth.").on(reasonOf(v, "measured_"))
	}
	return say("Rule and telemetry are here, and the labelled alerts are too few to conclude.").on(reasonOf(v, "measured_"))
}

// labelled is how many alerts of a verdict have a label that counts.
func labelled(v *assure.Verdict) int64 {
	if v.Measurement == nil {
		return 0
	}
	m := v.Measurement
	return m.TruePositive + m.BenignPositive + m.FalsePositive
}

// whatItIs says what the object is, for every kind but analytics.
func (f *facts) whatItIs() words {
	n := f.techniques
	switch f.o.Kind {
	case attack.KindTechnique, attack.KindSubTechnique:
		return say("A way to %s%s.", words{"reach a goal of ", nil}, list(each(f.tactics, f.title), 4)).on(f.kindIs())
	case attack.KindStrategy:
		return say("A detection strategy for “%s”%s.", list(each(n, f.title), 2), f.stage())
	case attack.KindTactic:
		return say("A goal of adversaries, reached by %s in this release.", counted(ids(n), "technique"))
	case attack.KindMitigation:
		return say("A measure that MITRE names against %s.", counted(ids(n), "technique"))
	case attack.KindComponent, attack.KindDataSource:
		return say("A kind of data that would help to see %s.", counted(ids(n), "technique"))
	case attack.KindAsset:
		return say("A kind of asset that %s can be aimed at.", counted(ids(n), "technique"))
	}
	return say("A %s that is publicly known for %s in %s.", words{actor(f.o.Kind), nil}, counted(ids(n), "technique"), counted(ids(f.tactics), "tactic")).on(f.kindIs())
}

func (f *facts) kindIs() words { return f.field(f.o, "type", f.o.Type) }

// actor is what a user of techniques is called.
func actor(k attack.Kind) string {
	switch k {
	case attack.KindMalware:
		return "piece of malware"
	case attack.KindTool:
		return "tool"
	case attack.KindCampaign:
		return "campaign"
	}
	return "group"
}

// distribution sums the verdicts on what the object is about.
func (f *facts) distribution() words {
	if len(f.vs) == 0 {
		return nothing
	}
	claimed := f.having(func(v *assure.Verdict) bool { return v.Claimed })
	assured := f.having(func(v *assure.Verdict) bool { return v.Rung == assure.Reliable })
	if len(f.vs) == 1 {
		return f.onlyOne()
	}
	all := counted(analytics(f.vs), "analytic")
	switch {
	case len(claimed) == 0:
		return say("Of %s that apply here none is claimed by a rule.", all).on(f.rungs())
	case len(assured) == 0:
		return say("Of %s that apply here %s "+isAre(len(claimed))+" claimed by a rule and none is reliable.", all, count(claimed)).on(f.rungs())
	}
	return say("Of %s that apply here %s "+isAre(len(claimed))+" claimed by a rule and %s "+isAre(len(assured))+" reliable.", all, count(claimed), count(assured))
}

// onlyOne says how the one analytic stands that applies.
func (f *facts) onlyOne() words {
	v := f.vs[0]
	rung := words{rungName(v.Rung), []Source{{Kind: Reason, ID: "rung", Field: v.Analytic.ATTACKID, Value: string(v.Rung)}}}
	if v.Claimed && (v.Rung == assure.Outside || v.Rung == assure.Contradicted) {
		return say("One analytic applies here, and a rule claims it; it is %s.", rung).on(f.rungs(), count(analytics(f.vs)))
	}
	switch v.Rung {
	case assure.Blind, assure.Observable, assure.Outside:
		return say("One analytic applies here, and no rule claims it; it is %s.", rung).on(f.rungs(), count(analytics(f.vs)))
	case assure.RuleOnly:
		if v.Visibility.State.Seen() {
			return say("One analytic applies here: a rule claims it, and something is in the rule's way.").on(rung, f.rungs(), count(analytics(f.vs)))
		}
		return say("One analytic applies here: a rule claims it, and what it needs is not all seen.").on(rung, f.rungs(), count(analytics(f.vs)))
	}
	return say("One analytic applies here; it is %s.", rung).on(f.rungs(), count(analytics(f.vs)))
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// having are the analytics, of those that apply, whose verdict is so.
func (f *facts) having(so func(*assure.Verdict) bool) []string {
	var out []string
	for _, v := range f.vs {
		if so(v) {
			out = append(out, v.Analytic.ATTACKID)
		}
	}
	return out
}

func analytics(vs []*assure.Verdict) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.Analytic.ATTACKID
	}
	return out
}

// worstCase names the rung that is stopped earliest, and how many stand on it.
func (f *facts) worstCase() words {
	if len(f.vs) == 0 || f.standing == nil {
		return nothing
	}
	worst := assure.GroupOver(f.name, f.vs).Worst
	on := f.having(func(v *assure.Verdict) bool { return v.Rung == worst })
	if worst == "" || len(f.vs) == 1 || worst == assure.Reliable {
		return nothing
	}
	return say("The worst case is %s, for %s.", judged("rung", f.name, rungName(worst), nil), count(on))
}

// nothingJudged: there is no evidence of the organisation.
func (f *facts) nothingJudged() words {
	if f.d.Local || !f.o.Live() {
		return nothing
	}
	return say("No evidence of the organisation has been added, so this speaks of the official object alone.").on(setting("evidence", "none"))
}

// noneApplies: there is evidence, and no analytic of it applies.
func (f *facts) noneApplies() words {
	if !f.d.Local || len(f.vs) > 0 || len(f.d.Assessment.Verdicts) == 0 {
		return nothing
	}
	return say("No analytic of it applies to the platforms in scope here, so nothing is judged.").on(f.scope())
}

// scope rests on the platforms that are operated.
func (f *facts) scope() words {
	return setting("scope", strings.Join(f.d.Assessment.Scope.Platforms, ", "))
}

func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
