package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// The actions of steps.
const (
	actCollect       = "collect"
	actVerifyFeed    = "verify_feed"
	actExternal      = "register_external"
	actWriteRule     = "write_rule"
	actEnableRule    = "enable_rule"
	actExercise      = "exercise"
	actLabel         = "label"
	actTune          = "tune"
	actFix           = "fix"
	actWriteRunbook  = "write_runbook"
	actReviewRunbook = "review_runbook"
	actKeep          = "keep"
	actWait          = "wait"
	actClarify       = "clarify_source"

	actNarrowException = "narrow_exception"
	actCollectField    = "collect_field"
	actTie             = "tie_alerts"
)

// next returns what to do so that s leaves its rung for the next.
func (a *assessor) next(s *subject) []Step {
	switch s.Rung {
	case Outside:
		return a.registerExternal(s)
	case Blind, RuleOnly:
		if s.Visibility.State.Seen() {
			return a.impairedSteps(s)
		}
		return a.bringSources(s)
	case Observable:
		return a.haveRule(s)
	case Unproven:
		return a.prove(s)
	case Noisy:
		return a.tune(s)
	case Contradicted:
		return []Step{fixStep(s)}
	case Proven:
		return a.unbound(s)
	case Reliable:
		return []Step{a.keep(s)}
	}
	return []Step{}
}

// about names the technique that a step is for, or the analytic where no
// technique holds it.
func (s *subject) about() Name {
	if len(s.Techniques) > 0 {
		return s.Techniques[0]
	}
	return s.Analytic
}

// registerExternal names the one way into view: someone else's eyes. A source
// that covers s and does not count comes before a new one.
func (a *assessor) registerExternal(s *subject) []Step {
	for _, x := range s.Visibility.Externals {
		if !x.Counts {
			return []Step{{Action: actExternal, Target: x.Source.ID, Alone: true,
				Text: fmt.Sprintf("Renew external source %s or replace it: it does not count (%s).", x.Source.Name, x.Why)}}
		}
	}
	t := s.about()
	return []Step{{Action: actExternal, Target: t.ATTACKID, Alone: true,
		Text: fmt.Sprintf("Register an external source that covers %s %s, rated %s%d or better, with owner and expiry.",
			t.ATTACKID, t.Name, a.policy.Visibility.WorstReliability, a.policy.Visibility.WorstCredibility)}}
}

// bringSources names each log source that keeps s from being seen. One alone
// lifts s when no other is in the way.
func (a *assessor) bringSources(s *subject) []Step {
	unmet, groups := unmetNeeds(s.Visibility.Needs, a.policy.Visibility.JointNeed)
	steps := []Step{}
	for _, n := range unmet {
		step := feedStep(n)
		step.Alone = groups == 1
		if home := s.elsewhere(&n); home != "" {
			step = s.clarifyStep(&n, home)
		}
		if !slices.ContainsFunc(steps, func(t Step) bool { return t.Action == step.Action && t.Target == step.Target }) {
			steps = append(steps, step)
		}
	}
	return steps
}

// elsewhere returns the platform whose own log a needed log source is where that is none
// of the analytic's; see attack.Elsewhere.
func (s *subject) elsewhere(n *visibility.Need) string { return attack.Elsewhere(n.Name, s.Platforms) }

// clarifyStep says that no host of the analytic's platform writes the log that ATT&CK
// names for it, and what makes it count where something else does.
func (s *subject) clarifyStep(n *visibility.Need, home string) Step {
	on := listed(s.Platforms, 3)
	return Step{Action: actClarify, Target: logSource(*n), Text: fmt.Sprintf(
		"Decide what takes the place of %s for %s: it is a log of %s, and the analytic is of %s. Declare and measure what does under that name with platforms [%s].",
		logSource(*n), s.Analytic.ATTACKID, home, on, on)}
}

// unmetNeeds returns the log sources that stand in the way, and in how many
// groups: within a group any one of them suffices, and every group must be met.
func unmetNeeds(needs []visibility.Need, joint string) ([]visibility.Need, int) {
	group := func(n visibility.Need) string { return needGroup(n, joint) }
	met, open := map[string]bool{}, map[string]bool{}
	for _, n := range needs {
		if n.State == visibility.Measured {
			met[group(n)] = true
		}
	}
	var unmet []visibility.Need
	for _, n := range needs {
		if g := group(n); !met[g] {
			open[g] = true
			unmet = append(unmet, n)
		}
	}
	return unmet, len(open)
}

// needGroup names the group of a need.
func needGroup(n visibility.Need, joint string) string {
	switch joint {
	case "any":
		return ""
	case "component":
		return n.Component
	}
	return logSource(n)
}

// feedStep returns what to do about one log source.
func feedStep(n visibility.Need) Step {
	step := Step{Action: actVerifyFeed, Target: logSource(n)}
	switch n.State {
	case visibility.Missing:
		step.Action = actCollect
		step.Text = fmt.Sprintf("Collect %s and record that it arrives.", step.Target)
	case visibility.Unmeasured:
		step.Text = fmt.Sprintf("Measure that %s arrives: it is declared and was never observed.", step.Target)
	case visibility.Silent:
		step.Text = fmt.Sprintf("Find out why %s does not arrive: it was looked for and nothing came.", step.Target)
	case visibility.Old:
		step.Text = fmt.Sprintf("Bring %s back or measure it again: it last arrived on %s.", step.Target, n.LastSeen)
	default:
		step.Text = fmt.Sprintf("Bring %s to more hosts and days: it arrived on %s, from at most %s.", step.Target, count(int64(n.Days), "day"), hostsText(n))
	}
	return step
}

func hostsText(n visibility.Need) string {
	if n.HostsOf == 0 {
		return count(int64(n.Hosts), "host")
	}
	return fmt.Sprintf("%d of %s", n.Hosts, count(int64(n.HostsOf), "host"))
}

// haveRule names the rules that would claim s if they were enabled, else asks
// for a new one.
func (a *assessor) haveRule(s *subject) []Step {
	steps := []Step{}
	for _, c := range s.Claims {
		if !c.Enabled && c.Misfit == "" && c.Role == detection.Alerts && slices.Contains(a.policy.Claim.Count, c.Basis) && len(steps) < 3 {
			text := fmt.Sprintf("Enable rule %s.", c.RuleName)
			if o, ok := a.operations[c.RuleID]; ok && a.enabled[c.RuleID] {
				text = fmt.Sprintf("Find out why rule %s does not run, and bring it back: %s.", c.RuleName, o.Sentence)
			}
			steps = append(steps, Step{Action: actEnableRule, Target: c.RuleID, Alone: true, Text: text})
		}
	}
	if len(steps) > 0 {
		return steps
	}
	text := fmt.Sprintf("Write a rule for %s: its telemetry is seen and nothing looks at it.", s.Analytic.ATTACKID)
	if i := slices.IndexFunc(s.Claims, func(c claim.Claim) bool { return c.Enabled && c.Misfit == "" && c.Role == detection.Alerts }); i >= 0 {
		text = fmt.Sprintf("Write a rule for %s, or name it in rule %s if that one detects it.", s.Analytic.ATTACKID, s.Claims[i].RuleName)
	}
	return []Step{{Action: actWriteRule, Target: s.Analytic.ATTACKID, Text: text, Alone: true}}
}

// prove names the ways out of unproven: an exercise, or labels.
func (a *assessor) prove(s *subject) []Step {
	if s.Exercises.State == proofFailed || s.Incidents.State == incidentsMissed {
		return []Step{fixStep(s)}
	}
	if s.Incidents.State == incidentsUntied {
		return append([]Step{tieStep(s)}, a.label(s)...)
	}
	t := s.about()
	steps := []Step{{Action: actExercise, Target: t.ATTACKID, Alone: true, Text: exerciseStepText(s, t, s.Platforms)}}
	return append(steps, a.label(s)...)
}

// tieStep asks what the alerts at the place and time of an incident are.
func tieStep(s *subject) Step {
	u := &s.Incidents.Untied[0]
	return Step{Action: actTie, Target: u.Case, Alone: s.works() && len(s.Incidents.Untied) == 1,
		Text: fmt.Sprintf("Say of the alerts at the place and time of incident %s whether they are part of it: candor review %s lists them, --tie and --not say it.", u.Case, u.Case)}
}

// label asks for labels where there are alerts without one, and for patience where all
// have one. It lifts by itself only when that would settle the question in favour at
// the current estimate.
func (a *assessor) label(s *subject) []Step {
	m, target, rules := s.Measurement, listed(s.firing, 3), a.ruleNames(s.firing)
	short, what := m.Short(a.policy.Measure)
	switch {
	case m.Conclusion == measure.Undecided && m.ToLabel > 0:
		t := m.Settling(m.ToLabel)
		step := Step{Action: actLabel, Target: target, Text: fmt.Sprintf("Label %s of %s, chosen at random.", count(t.Labels, "more alert"), rules),
			Alone: t.Episodes == 0 && *m.Precision >= a.policy.Measure.MinPrecision && *m.EpisodePrecision >= a.policy.Measure.MinPrecision}
		switch {
		case t.Labels == 0:
			step.Action = actWait
			step.Text = fmt.Sprintf("Wait for about %s of %s: every alert is labelled.", count(int64(t.Episodes), "more episode"), rules)
		case t.Episodes > 0:
			step.Text = fmt.Sprintf("Label the %s of %s that are left; about %s have to arrive besides.", count(t.Labels, "alert"), rules, count(int64(t.Episodes), "more episode"))
		}
		return []Step{step}
	case m.Conclusion == measure.NotMeasurable && m.Unlabelled > 0:
		return []Step{{Action: actLabel, Target: target,
			Text: fmt.Sprintf("Label alerts of %s: there are labels in %s, and policy asks for %s.", rules, m.Grounds(), count(int64(short), "more "+what))}}
	case m.Conclusion == measure.NotMeasurable && m.Alerts > 0 && short > 0:
		return []Step{{Action: actWait, Target: target,
			Text: fmt.Sprintf("Wait for %s of %s: every alert is labelled, in %s, and policy asks for %d.", count(int64(short), "more "+what), rules,
				m.Grounds(), a.policy.Measure.MinEpisodes)}}
	}
	return nil
}

// ruleNames names the rules with ids as people know them.
func (a *assessor) ruleNames(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = cmp.Or(a.alerts.rules[id].Name, id)
	}
	return listed(names, 3)
}

func exerciseStepText(s *subject, t Name, platforms []string) string {
	on := ""
	if len(platforms) > 0 {
		on = " on " + listed(platforms, 3)
	}
	if s.Exercises.State == proofExpired {
		return fmt.Sprintf("Exercise %s %s%s again: the last pass is out of date.", t.ATTACKID, t.Name, on)
	}
	text := fmt.Sprintf("Exercise %s %s%s and record the outcome.", t.ATTACKID, t.Name, on)
	if silent := s.replays(false); len(silent) > 0 {
		return text + fmt.Sprintf(" First find out why rule %s stayed silent on a recording.", silent[0].RuleName)
	}
	if len(s.replays(true)) > 0 {
		return text + " Its rule fires on a recording; that it does here is what is missing."
	}
	return text
}

// tune names the rules that are noisy by themselves, or the busiest where only
// all of them together are.
func (a *assessor) tune(s *subject) []Step {
	steps := []Step{}
	busiest, most := "", int64(-1)
	for _, id := range s.firing {
		m := a.alerts.rule(id)
		if m.Noisy {
			steps = append(steps, a.tuneStep(id, &m))
		}
		if m.Alerts > most {
			busiest, most = id, m.Alerts
		}
	}
	if len(steps) == 0 {
		m := a.alerts.rule(busiest)
		steps = append(steps, a.tuneStep(busiest, &m))
	}
	for i := range steps {
		steps[i].Alone = len(s.firing) == 1
	}
	return steps
}

func (a *assessor) tuneStep(id string, m *measure.Statement) Step {
	return Step{Action: actTune, Target: id, Text: fmt.Sprintf("Tune rule %s, enrich it or correlate it: %s in %d days, %s.",
		cmp.Or(a.alerts.rules[id].Name, id), count(m.Alerts, "alert"), m.WindowDays, precisionText(m))}
}

// fixStep asks for the failed exercise to pass, or for one after the incident
// that was missed.
func fixStep(s *subject) Step {
	if s.Exercises.State != proofFailed {
		c, t := &s.reviews.missed.Value, s.about()
		return Step{Action: actFix, Target: t.ATTACKID, Alone: true,
			Text: fmt.Sprintf("Find out why no rule raised an alert in incident %s of %s, fix that, and exercise %s %s.", c.ID, dayOf(c), t.ATTACKID, t.Name)}
	}
	e := &s.trials.newest.Value
	return Step{Action: actFix, Target: cmp.Or(e.Analytic, e.Technique), Alone: true,
		Text: fmt.Sprintf("Find out why exercise %q of %s was not seen, fix that, and exercise again.", e.Test, e.Time.UTC().Format("2006-01-02"))}
}

// unbound names what keeps s from being reliable: a runbook, and what bounds it.
func (a *assessor) unbound(s *subject) []Step {
	var steps []Step
	if s.Runbook.State != dutyCurrent {
		steps = append(steps, runbookStep(s))
	}
	for _, of := range s.unknownShares() {
		steps = append(steps, Step{Action: actVerifyFeed, Target: of, Alone: true, Text: fmt.Sprintf("Declare how many hosts should send %s.", of)})
	}
	for _, n := range s.late(tooLate) {
		steps = append(steps, Step{Action: actVerifyFeed, Target: logSource(n), Alone: true, Text: fmt.Sprintf("Bring %s in sooner: it arrives days after what it tells of.", logSource(n))})
	}
	if len(s.byStatement()) > 0 {
		t := s.about()
		steps = append(steps, Step{Action: actExercise, Target: t.ATTACKID, Alone: true,
			Text: fmt.Sprintf("Exercise %s %s on a host that is named, with the alerts of that time brought in: the last pass rests on a statement alone.", t.ATTACKID, t.Name)})
	}
	if len(a.revisionBounds(s)) > 0 {
		t, of := s.about(), a.early(s)
		steps = append(steps, Step{Action: actExercise, Target: t.ATTACKID, Alone: true, Text: fmt.Sprintf(
			"Exercise %s %s again, or label what %s raised since: what shows that it works is of before %s.", t.ATTACKID, t.Name, ruleWords(of), changedWords(of))})
	}
	for _, r := range a.strays(s) {
		steps = append(steps, Step{Action: actClarify, Target: r.ID, Alone: true, Text: fmt.Sprintf(
			"Say of which source the alerts are that call their rule %s (candor evidence add alerts --source SOURCE), or withdraw the rules of that id that are not theirs.", r.ID)})
	}
	for i := range steps {
		steps[i].Alone = steps[i].Alone && len(steps) == 1
	}
	return steps
}

// runbookStep asks for a current runbook with an owner.
func runbookStep(s *subject) Step {
	d := &s.duty
	switch d.State {
	case dutyEmpty:
		return Step{Action: actWriteRunbook, Target: s.about().ATTACKID, Alone: d.inDate, Text: fmt.Sprintf("Write the procedure of runbook %s: it has front matter alone.", d.ID)}
	case dutyNoOwner:
		return Step{Action: actReviewRunbook, Target: d.ID, Alone: d.inDate, Text: fmt.Sprintf("Name an owner of runbook %s.", d.ID)}
	case dutyExpired:
		return Step{Action: actReviewRunbook, Target: d.ID, Alone: true, Text: fmt.Sprintf("Review runbook %s and record the day.", d.ID)}
	}
	t := s.about()
	return Step{Action: actWriteRunbook, Target: t.ATTACKID, Alone: true,
		Text: fmt.Sprintf("Write a runbook for %s %s, with an owner and the day of its review.", t.ATTACKID, t.Name)}
}

// keep says by when what makes s reliable has to be renewed.
func (a *assessor) keep(s *subject) Step {
	var by []string
	if r := s.duty.from.Value.Reviewed; r != "" {
		by = append(by, fmt.Sprintf("review runbook %s by %s", s.duty.ID, r.Add(a.policy.Readiness.MaxRunbookAgeDays)))
	}
	if s.Exercises.State == proofPassed {
		by = append(by, fmt.Sprintf("exercise again by %s", a.exerciseExpires(s)))
	}
	return Step{Action: actKeep, Target: s.Analytic.ATTACKID, Text: fmt.Sprintf("Keep it in date: %s.", strings.Join(by, ", "))}
}
