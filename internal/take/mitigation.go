package take

import (
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
)

func (f *facts) mitreNames() words {
	if len(f.mitigations) == 0 || len(f.techniques) == 0 {
		return nothing
	}
	names := list(each(f.mitigations, f.title), 3)
	return say("MITRE names against it: %s.", names).on(relation(attack.Mitigates, f.mitigations[0], f.techniques[0]))
}

func (f *facts) mitreNamesNone() words {
	if len(f.mitigations) > 0 || len(f.techniques) == 0 {
		return nothing
	}
	return say("MITRE names no mitigation for what it is about: that leaves seeing it, or what goes with it.").on(f.lacks(f.techniques[0], attack.Mitigates))
}

// controlsAtSeenStages: where the behaviour cannot be seen, controls belong to
// what comes next.
func (f *facts) controlsAtSeenStages() words {
	if !f.stands(assure.Outside, assure.Blind) || len(f.rows) == 0 {
		return nothing
	}
	row, ok := f.watchable()
	if !ok {
		return nothing
	}
	o, _ := f.d.Library.Object(row.Technique.StixID)
	ms := f.d.mitigations([]*attack.Object{o})
	if len(ms) == 0 {
		return say("Put controls around a stage that can be watched, such as %s.", f.label(o)).on(f.basedOn())
	}
	return say("Put controls around a stage that can be watched, such as %s: %s.", f.label(o), list(each(ms, f.label), 2)).on(f.basedOn(), relation(attack.Mitigates, ms[0], o))
}

func (f *facts) runbookNone() words {
	if f.v == nil || f.stands(assure.NotApplicable) || f.v.Runbook.State != "none" {
		return nothing
	}
	rest := judged("runbook", f.v.Analytic, "none", nil)
	if f.outOfSight() {
		return say("Keep a runbook for the day a hint of it comes from elsewhere: none applies to it.").on(rest)
	}
	if f.stands(assure.Observable) {
		return say("Write the runbook with the rule: none applies to it.").on(rest)
	}
	return say("Write the runbook: none applies to it.").on(rest)
}

func (f *facts) runbookLacks() words {
	if f.v == nil {
		return nothing
	}
	id := judged("runbook", f.v.Analytic, f.v.Runbook.ID, nil)
	switch f.v.Runbook.State {
	case "no_owner":
		return say("Runbook %s needs an owner.", id)
	case "expired":
		return say("Runbook %s needs a review: policy asks for one every %s days.", id, setting("readiness.max_runbook_age_days", itoa(f.d.Policy.Readiness.MaxRunbookAgeDays)))
	}
	return nothing
}

func (f *facts) runbookCurrent() words {
	if f.v == nil || f.v.Runbook.State != "current" {
		return nothing
	}
	return say("Runbook %s, reviewed on %s, says what to do.", judged("runbook", f.v.Analytic, f.v.Runbook.ID, nil), judged("runbook", f.v.Analytic, f.v.Runbook.Reviewed, nil))
}

func (f *facts) reviewIncidents() words {
	if !f.stands(assure.Outside, assure.Blind, assure.RuleOnly, assure.Unproven, assure.Noisy) || len(f.techniques) == 0 {
		return nothing
	}
	if f.v.Incidents.State != "none" {
		return say("Carry what the incident reviews found into the rules, and ask the next one the same.").on(judged("incidents", f.v.Analytic, f.v.Incidents.State, nil))
	}
	return say("Ask of every incident review whether %s was part of it, and what showed it.", list(each(f.techniques[:1], f.label), 1)).on(judged("incidents", f.v.Analytic, "none", nil))
}

func (f *facts) sayItOpenly() words {
	if !f.outOfSight() {
		return nothing
	}
	return say("Name this gap, and who owns it, in every report of coverage.").on(f.rungs())
}

// mitigatesMost is the mitigation that touches most of the techniques.
func (f *facts) mitigatesMost() words {
	by := map[*attack.Object][]string{}
	var best *attack.Object
	for _, t := range f.techniques {
		for _, m := range f.d.Library.Sources(t.ID, attack.Mitigates) {
			by[m] = append(by[m], t.ATTACKID)
			if best == nil || len(by[m]) > len(by[best]) || len(by[m]) == len(by[best]) && m.ATTACKID < best.ATTACKID {
				best = m
			}
		}
	}
	if best == nil || len(f.techniques) < 2 {
		return nothing
	}
	return say("No mitigation touches more of it than %s: %s of %s.", f.label(best), count(by[best]), counted(ids(f.techniques), "technique"))
}

// onlyDefence are the techniques of a mitigation that cannot be seen here at all.
func (f *facts) onlyDefence() words {
	var unseen []*attack.Object
	for _, t := range f.techniques {
		own := f.d.board.Verdicts([]*attack.Object{t})
		own = slices.DeleteFunc(own, func(v *assure.Verdict) bool { return v.Rung == assure.NotApplicable })
		if len(own) > 0 && !slices.ContainsFunc(own, func(v *assure.Verdict) bool { return v.Visibility.State.Seen() }) {
			unseen = append(unseen, t)
		}
	}
	if len(unseen) == 0 || !f.d.Local {
		return nothing
	}
	slices.SortFunc(unseen, func(a, b *attack.Object) int { return strings.Compare(a.ATTACKID, b.ATTACKID) })
	return say("It matters most where nothing is seen here: %s.", list(each(unseen, f.label), 3)).on(f.rungs())
}
