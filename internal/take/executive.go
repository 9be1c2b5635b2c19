package take

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/visibility"
)

// stands reports whether the analytic stands on one of the rungs.
func (f *facts) stands(rungs ...assure.Rung) bool {
	return f.v != nil && slices.Contains(rungs, f.v.Rung)
}

func (f *facts) notConcerned() words {
	if !f.stands(assure.NotApplicable) {
		return nothing
	}
	return say("This concerns %s, which the organisation does not state to operate: nothing needs to be decided.", f.platforms(f.o.Platforms)).on(f.scope(), rungOf(f.v))
}

func (f *facts) notCoveredOutside() words {
	if !f.stands(assure.Outside) {
		return nothing
	}
	if f.v.Claimed {
		return say("Do not count this as covered: we have a rule for it, and nothing of ours can see it happen.").on(rungOf(f.v), reasonOf(f.v, "claimed"))
	}
	return say("Do not count this as covered, and do not fund a rule for it: nothing of ours can see it happen.").on(rungOf(f.v), reasonOf(f.v, "visibility_"))
}

func (f *facts) notCoveredBlind() words {
	if !f.stands(assure.Blind) {
		return nothing
	}
	what := "none of what would show it is collected"
	switch f.v.Visibility.Shortfall {
	case visibility.PartlySeen:
		what = "only a part of what would show it is collected"
	case visibility.PartlyCollected:
		what = "none of what would show it arrives, and a part is not collected"
	case visibility.TooLittle:
		what = "not all of what would show it arrives on enough days and hosts"
	case visibility.NeverMeasured:
		what = "nobody has checked that all of what would show it arrives"
	case visibility.GoneStale:
		what = "not all of what would show it still arrives"
	}
	return say("Do not count this as covered: no rule looks for it, and "+what+".").on(rungOf(f.v), reasonOf(f.v, "visibility_"))
}

// sightIsWhatCounts keeps a rule apart from sight.
func (f *facts) sightIsWhatCounts() words {
	if !f.stands(assure.Outside, assure.Blind) {
		return nothing
	}
	return say("A rule alone would not change that: what counts is that we see it and act.").on(rungOf(f.v))
}

func (f *facts) ruleIsMissing() words {
	if !f.stands(assure.Observable) {
		return nothing
	}
	if f.v.ExternalOnly {
		return say("We could hear of this and do not listen: an outside source covers it, and no rule uses what it says.").on(rungOf(f.v), reasonOf(f.v, "visibility_"))
	}
	return say("We could see this and do not look: what would show it arrives, and no rule uses it.").on(rungOf(f.v), reasonOf(f.v, "visibility_"))
}

func (f *facts) claimWithoutSight() words {
	if !f.stands(assure.RuleOnly) {
		return nothing
	}
	if f.obstructed() {
		return say("We have a rule for this and cannot say that we would see it: "+f.inTheWay()+".").on(rungOf(f.v), reasonOf(f.v, "exception_hides"), reasonOf(f.v, "field_missing"), reasonOf(f.v, "claimed"))
	}
	what := "what the rule has to look at is not collected"
	switch f.v.Visibility.Shortfall {
	case visibility.PartlySeen, visibility.PartlyCollected:
		what = "a part of what the rule has to look at is missing"
	case visibility.TooLittle:
		what = "not all of what it has to look at arrives on enough days and hosts"
	case visibility.NeverMeasured:
		what = "nobody has checked that all of what it has to look at arrives"
	case visibility.GoneStale:
		what = "not all of what it has to look at still arrives"
	}
	return say("We have a rule for this and cannot say that we would see it: "+what+".").on(rungOf(f.v), reasonOf(f.v, "visibility_"), reasonOf(f.v, "claimed"))
}

func (f *facts) claimWithoutProof() words {
	if !f.stands(assure.Unproven) {
		return nothing
	}
	return say("We have a rule for this and its sensors work; that we would see it and act has not been shown.").on(rungOf(f.v), reasonOf(f.v, "claimed"), reasonOf(f.v, "visibility_"))
}

func (f *facts) measuredNoisy() words {
	if !f.stands(assure.Noisy) {
		return nothing
	}
	return say("We have a rule for this, and it costs more attention than it is worth: a noisy signal is no coverage.").on(rungOf(f.v), reasonOf(f.v, "noisy"))
}

func (f *facts) contradicted() words {
	if !f.stands(assure.Contradicted) {
		return nothing
	}
	by := "a later test"
	if f.v.Incidents.State == "missed" {
		by = "a real incident"
	}
	return say("Stop claiming this: "+by+" went unseen after we had reason to think that it works.").on(rungOf(f.v), reasonOf(f.v, "exercise_"), reasonOf(f.v, "incident"))
}

func (f *facts) worksUnowned() words {
	if !f.stands(assure.Proven) {
		return nothing
	}
	if f.v.Runbook.State == "current" {
		return say("This has been shown to work; not all that it rests on has been shown to hold.").on(rungOf(f.v), reasonOf(f.v, "bounded_"))
	}
	return say("This has been shown to work; nobody is bound to act when it fires.").on(rungOf(f.v), reasonOf(f.v, "runbook_"))
}

func (f *facts) mayBeCounted() words {
	if !f.stands(assure.Reliable) {
		return nothing
	}
	owner := judged("runbook", f.v.Analytic, f.v.Runbook.Owner, nil)
	if owner.text == "" {
		return say("This may be counted: it has been shown to work, and a current runbook says who acts.").on(rungOf(f.v), reasonOf(f.v, "runbook_"))
	}
	return say("This may be counted: it has been shown to work, and %s owns what happens then.", owner).on(rungOf(f.v), reasonOf(f.v, "runbook_"))
}

func (f *facts) externalOnly() words {
	if f.v == nil || !f.v.ExternalOnly {
		return nothing
	}
	for _, x := range f.v.Visibility.Externals {
		if x.Counts {
			return say("We see it through %s alone, until %s.", judged("external", f.v.Analytic, x.Source.Provider, x.Refs), judged("external", f.v.Analytic, string(x.Source.Expires), x.Refs))
		}
	}
	return nothing
}

func (f *facts) compensatedPlain() words {
	if f.v == nil || len(f.v.Compensated) == 0 {
		return nothing
	}
	c := f.v.Compensated[0]
	return say("What the same adversaries also do, “%s”, can be seen and acted on here; that is no coverage of this.", f.named(c.Technique, f.title)).on(reasonOf(f.v, "compensated"))
}

// nextStagesPlain says where money helps where the behaviour itself is out of sight.
func (f *facts) nextStagesPlain() words {
	if !f.outOfSight() || len(f.rows) == 0 || !f.d.Local {
		return nothing
	}
	var rows []Adjacent
	for _, r := range f.rows {
		if len(rows) < perTactic && couldBeSeen(r) {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nothing
	}
	good := 0
	for _, r := range rows {
		good += on(r, assure.Reliable)
	}
	names := list(each(rows, func(r Adjacent) words { return f.named(r.Technique, f.title) }), perTactic)
	do := "also use"
	if !slices.ContainsFunc(rows, func(r Adjacent) bool { return !f.later(r) }) {
		do = "go on to"
	}
	if good == 0 {
		return say("Those known for it "+do+" %s: none is reliable here, so fund it first.", names).on(f.basedOn())
	}
	return say("Those known for it "+do+" %s: part of that is reliable here, which is where to look.", names).on(f.basedOn())
}

// couldBeSeen reports whether the organisation has, or could have, a sensor for a stage.
func couldBeSeen(r Adjacent) bool {
	for _, p := range r.Here {
		for _, c := range p.Rungs {
			if c.Count > 0 && c.Rung != assure.Outside && c.Rung != assure.NotApplicable {
				return true
			}
		}
	}
	return false
}

// later reports whether a stage comes after those of the object by the order of tactics.
func (f *facts) later(r Adjacent) bool {
	order := f.d.board.Tactics()
	at := func(id string) int {
		return slices.IndexFunc(order, func(t *attack.Object) bool { return t.ID == id })
	}
	return !slices.ContainsFunc(f.tactics, func(t *attack.Object) bool { return at(t.ID) >= at(r.Tactic.StixID) })
}

// on is how many analytics of a row stand on a rung.
func on(r Adjacent, rung assure.Rung) int {
	n := 0
	for _, p := range r.Here {
		for _, c := range p.Rungs {
			if c.Rung == rung {
				n += c.Count
			}
		}
	}
	return n
}

// outOfSight reports whether nothing here can see what the object is about.
func (f *facts) outOfSight() bool {
	if f.class == anAnalytic {
		return f.stands(assure.Outside, assure.Blind)
	}
	return len(f.vs) > 0 && !slices.ContainsFunc(f.vs, func(v *assure.Verdict) bool { return v.Visibility.State.Seen() })
}

// basedOn rests on the relations that the adjacent stages come from.
func (f *facts) basedOn() words {
	var w words
	for _, b := range f.adj.Basis {
		w.from = append(w.from, Source{Kind: Relation, ID: b.StixID, Field: attack.Uses, Value: b.ATTACKID})
	}
	return w
}

// whatItTakes turns the steps of a verdict into what a leader can ask for.
func (f *facts) whatItTakes() words {
	if f.v == nil {
		return nothing
	}
	var acts []string
	for _, s := range f.v.Next {
		if act := plainly(s.Action); act != "" && !slices.Contains(acts, act) {
			acts = append(acts, act)
		}
	}
	if len(acts) == 0 {
		return nothing
	}
	return say("What it takes: " + attack.Listed(acts) + ".").on(f.steps())
}

// plainly is a step as a leader would ask for it; empty for what is no work.
func plainly(action string) string {
	switch action {
	case "collect":
		return "collect what is missing"
	case "verify_feed":
		return "check that the sensors deliver"
	case "register_external":
		return "find an outside source, with an owner"
	case "write_rule":
		return "have a rule written"
	case "exercise":
		return "test it once on purpose"
	case "label":
		return "have more alerts judged"
	case "tune":
		return "have the rule quietened"
	case "fix":
		return "have it repaired and tested again"
	case "write_runbook":
		return "write down who acts, and how"
	case "review_runbook":
		return "have the instructions reviewed"
	}
	return ""
}

// steps rest on the next steps of the verdict.
func (f *facts) steps() words {
	var w words
	for _, s := range f.v.Next {
		w.from = append(w.from, Source{Kind: Reason, ID: "next", Field: f.v.Analytic.ATTACKID, Value: s.Action + ": " + s.Text})
	}
	return w
}

// nothingToBuy: what it takes is work that the team can do with what it has.
func (f *facts) nothingToBuy() words {
	if f.v == nil || !f.stands(assure.Observable, assure.Unproven, assure.Noisy, assure.Proven, assure.Contradicted) {
		return nothing
	}
	for _, s := range f.v.Next {
		if s.Action == "collect" || s.Action == "register_external" {
			return nothing
		}
	}
	return say("Nothing has to be bought for that.").on(f.steps())
}

func (f *facts) whoOwnsTheGap() words {
	if !f.outOfSight() {
		return nothing
	}
	return say("Decide who owns that gap, and what is told about it.").on(f.rungs())
}

// rungs rest on the rungs of what was judged: the one, or how many stand on each.
func (f *facts) rungs() words {
	if f.v != nil {
		return rungOf(f.v)
	}
	src := Source{Kind: Computation, ID: "rungs", Field: f.name.ATTACKID}
	for _, c := range assure.DistributionOver(f.vs) {
		if c.Count > 0 {
			src.Inputs = append(src.Inputs, string(c.Rung)+" "+itoa(c.Count))
		}
	}
	src.Value = itoa(len(f.vs))
	return words{"", []Source{src}}
}

func (f *facts) waived() words {
	if f.v == nil || len(f.v.Waivers) == 0 {
		return nothing
	}
	x := f.v.Waivers[0]
	return say("%s and %s accepted until %s that it is used although the evidence does not allow it.", judged("waiver", f.v.Analytic, x.By, nil), judged("waiver", f.v.Analytic, x.Second, nil), judged("waiver", f.v.Analytic, string(x.Until), nil))
}

// gate is what the gate for a purpose decides of the analytic.
func (f *facts) gate(p assure.Purpose) assure.Decision {
	return assure.Gate(assure.Asked{Purpose: p, Kind: "analytic", ID: f.name.ATTACKID, Name: f.name.Name,
		Verdicts: []assure.Verdict{*f.v}, Measurement: f.v.Measurement}, f.d.Policy, dayOf(f.d))
}

func (f *facts) reportingOpen() words {
	if f.v == nil || f.v.Rung == assure.NotApplicable {
		return nothing
	}
	if d := f.gate(assure.Reporting); !d.Allowed || d.Waived {
		return nothing
	}
	return say("It may be told to executives as something that works.").on(judged("gate_reporting", f.v.Analytic, "allowed", nil))
}

// claimedAndShown sets what is claimed beside what was shown.
func (f *facts) claimedAndShown() words {
	claimed := f.having(func(v *assure.Verdict) bool { return v.Claimed })
	shown := f.having(func(v *assure.Verdict) bool { return v.Rung == assure.Reliable })
	if len(f.vs) == 0 || len(claimed) == 0 {
		return nothing
	}
	all := count(analytics(f.vs))
	switch {
	case len(f.vs) == 1 && len(shown) == 1:
		return say("We have a rule for the one way to see it here, and can rely on it today.").on(all, f.rungs())
	case len(f.vs) == 1:
		return say("We have a rule for the one way to see it here, and cannot rely on it today.").on(all, f.rungs())
	case len(shown) == 0:
		return say("We have rules for %s of %s ways to see it, and could rely on none of them today.", count(claimed), all).on(f.rungs())
	}
	return say("We have rules for %s of %s ways to see it, and could rely on %s of them today.", count(claimed), all, count(shown)).on(f.rungs())
}

func (f *facts) noneShown() words {
	claimed := f.having(func(v *assure.Verdict) bool { return v.Claimed })
	if len(f.vs) == 0 || len(claimed) > 0 {
		return nothing
	}
	return say("No rule of ours looks for any of it: do not tell anyone that it is covered.").on(f.rungs())
}

func (f *facts) firstReliable() words {
	if f.standing == nil || f.standing.First == nil || !f.d.Local {
		return nothing
	}
	c := f.standing.First
	if f.class == aTactic {
		return say("It can be relied on for “%s”.", f.named(c.Technique, f.title)).on(judged("rung", c.Analytic, "reliable", nil))
	}
	return say("The first reliable chance to see it is %s, by “%s”.", f.named(c.Tactic, f.title), f.named(c.Technique, f.title)).on(judged("rung", c.Analytic, "reliable", nil))
}

func (f *facts) noReliableChance() words {
	if f.standing == nil || f.standing.First != nil || len(f.vs) == 0 {
		return nothing
	}
	return say("There is no stage at which we could rely on seeing it today.").on(f.rungs())
}

func (f *facts) unseenBefore() words {
	if f.standing == nil || len(f.standing.Unseen) == 0 || len(f.vs) == 0 {
		return nothing
	}
	names := list(each(f.standing.Unseen, func(n assure.Name) words { return f.named(n, f.title) }), 3)
	before := "We see nothing of"
	if f.standing.First != nil {
		before = "Before that we see nothing of"
	}
	return say(before+" its %s.", names).on(f.rungs())
}

// liftsMost is the kind of work that more of the analytics wait for than for any other.
func (f *facts) liftsMost() words {
	steps := f.firstSteps(plainly)
	switch {
	case len(steps) == 0:
		return nothing
	case len(f.vs) == 1:
		return say("What it waits for: "+plainly(steps[0].action)+".").on(steps[0].from, f.rungs())
	case len(steps) > 1 && len(steps[0].of) == len(steps[1].of):
		return say("The ways to see it wait for different work: %s.", list(each(steps, func(s firstStep) words { return say(plainly(s.action)).on(s.from) }), 2)).on(f.rungs())
	}
	if len(steps[0].of) == len(f.vs) {
		return say("All %s ways to see it wait for one thing: "+plainly(steps[0].action)+".", count(steps[0].of)).on(f.rungs())
	}
	return say("The work that comes first most often: "+plainly(steps[0].action)+" (%s of %s).", count(steps[0].of), count(analytics(f.vs))).on(f.rungs())
}

// firstStep is an action that is the first step of analytics.
type firstStep struct {
	action string
	of     []string // ATT&CK IDs
	from   words
}

// firstSteps are the first steps of the analytics that are work, as told says, the one
// that is that of most first.
func (f *facts) firstSteps(told func(action string) string) []firstStep {
	var steps []firstStep
	for _, v := range f.vs {
		if len(v.Next) == 0 || told(v.Next[0].Action) == "" {
			continue
		}
		n := v.Next[0]
		i := slices.IndexFunc(steps, func(s firstStep) bool { return s.action == n.Action })
		if i < 0 {
			i = len(steps)
			steps = append(steps, firstStep{action: n.Action,
				from: words{"", []Source{{Kind: Reason, ID: "next", Field: v.Analytic.ATTACKID, Value: n.Action + ": " + n.Text}}}})
		}
		steps[i].of = append(steps[i].of, v.Analytic.ATTACKID)
	}
	slices.SortFunc(steps, func(a, b firstStep) int {
		return cmp.Or(len(b.of)-len(a.of), strings.Compare(a.action, b.action))
	})
	return steps
}

func (f *facts) preventsWhereUnseen() words {
	unseen := f.having(func(v *assure.Verdict) bool { return v.Rung == assure.Outside || v.Rung == assure.Blind })
	if len(unseen) == 0 {
		return nothing
	}
	return say("Of %s ways to see what it is against %s show us nothing: prevention matters most there.", count(analytics(f.vs)), count(unseen)).on(f.rungs())
}

func (f *facts) wouldUnlockPlain() words {
	alone, unseen := f.unlocked(), f.unseenOf()
	switch {
	case len(unseen) == 0:
		return nothing
	case len(alone) == 0:
		return say("Collecting it alone would let us see nothing more: all that we would read it for lacks something else, too.").on(f.rungs(), count(unseen))
	}
	return say("Collecting it would by itself let us see %s of the %s behaviours that need it and are out of our sight.", count(alone), count(unseen)).on(f.rungs())
}

func (f *facts) publicUsers() words {
	if len(f.adj.Users) == 0 || f.notOperated() {
		return nothing
	}
	users := make([]string, len(f.adj.Users))
	for i, u := range f.adj.Users {
		users[i] = u.ATTACKID
	}
	return say("Of %s publicly known adversaries %s %s known to do this.", words{itoa(f.adj.AllUsers), []Source{{Kind: Computation, ID: "users", Value: itoa(f.adj.AllUsers)}}},
		count(users), words{isAre(len(users)), nil}).on(f.basedOn())
}
