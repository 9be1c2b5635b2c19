package assure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/measure"
	"candor/internal/runbook"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// mostTogether is how many log sources a candidate brings together at most.
const mostTogether = 5

// supposedID is the id of what is supposed and has none of its own.
const supposedID = "supposed"

// actExerciseAndRunbook is the action of doing both for one technique.
const actExerciseAndRunbook = "exercise_and_runbook"

// candidates returns everything worth trying, each once.
func (w *whatIf) candidates() []candidate {
	return slices.Concat(w.feeds(), w.externals(), w.rules(), w.trialsAndRunbooks(), w.labels())
}

// feeds supposes that log sources arrive: each that is missing somewhere, each
// name with all its channels, and what single analytics lack together.
func (w *whatIf) feeds() []candidate {
	sets := map[string][]visibility.Need{}
	byName := map[string]map[channel]visibility.Need{}
	for _, s := range w.subjects {
		if w.unmet[s] == nil {
			continue
		}
		if slices.ContainsFunc(w.unmet[s], func(g []channel) bool { return len(g) == 0 }) {
			continue
		}
		all, _ := unmetNeeds(s.Visibility.Needs, w.policy.Visibility.JointNeed)
		unmet := distinct(slices.DeleteFunc(all, func(n visibility.Need) bool { return s.elsewhere(&n) != "" }))
		for _, n := range unmet {
			c := channelOf(n)
			sets[needsKey([]visibility.Need{n})] = []visibility.Need{n}
			if byName[c.name] == nil {
				byName[c.name] = map[channel]visibility.Need{}
			}
			byName[c.name][c] = n
		}
		if len(unmet) > 1 && len(unmet) <= mostTogether && len(w.unmet[s]) == len(unmet) {
			sets[needsKey(unmet)] = unmet
		}
	}
	keys := slices.Sorted(maps.Keys(sets))
	cs := make([]candidate, len(keys))
	onCores(len(keys), func() func(int) {
		return func(i int) { cs[i] = w.arrives(sets[keys[i]]) }
	})
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if needs := byName[name]; len(needs) > 1 {
			cs = append(cs, w.arrivesWhole(slices.SortedFunc(maps.Values(needs), compareNeeds)))
		}
	}
	return cs
}

func compareNeeds(a, b visibility.Need) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Channel, b.Channel))
}

func needsKey(needs []visibility.Need) string {
	var keys []string
	for _, n := range needs {
		c := channelOf(n)
		keys = append(keys, c.name+"\x1f"+c.channel)
	}
	slices.Sort(keys)
	return strings.Join(keys, "\x1e")
}

// distinct returns the needs with those of the same name and channel once.
func distinct(needs []visibility.Need) []visibility.Need {
	var once []visibility.Need
	seen := map[channel]bool{}
	for _, n := range needs {
		if c := channelOf(n); !seen[c] {
			seen[c] = true
			once = append(once, n)
		}
	}
	return once
}

// arrives supposes that log sources are collected and measured to arrive.
func (w *whatIf) arrives(needs []visibility.Need) candidate {
	c := candidate{Prospect: Prospect{Action: feedAction(needs), Acts: len(needs), Does: map[string]int64{}}}
	var arriving []channel
	for _, n := range needs {
		c.Targets = append(c.Targets, logSource(n))
		c.Does[feedAction([]visibility.Need{n})]++
		arriving = append(arriving, channelOf(n))
	}
	c.reach = w.needing(arriving)
	for _, n := range needs {
		w.feed(&c, n.Name, n.Channel, w.hosts[channelOf(n)])
	}
	slices.Sort(c.Targets)
	c.Text = fmt.Sprintf("%s %s%s.", feedVerb(c.Action), listed(c.Targets, mostTogether), recorded(c.Action, len(needs)))
	return c
}

// EveryChannel ends the target of a step that is about all channels of a log source.
const EveryChannel = " / every channel"

// arrivesWhole supposes that every channel of a log source arrives.
func (w *whatIf) arrivesWhole(needs []visibility.Need) candidate {
	name := needs[0].Name
	c := candidate{Prospect: Prospect{Action: feedAction(needs), Acts: 1, Targets: []string{name + EveryChannel}, Does: once(feedAction(needs))}}
	hosts := 0
	for _, n := range needs {
		hosts = max(hosts, w.hosts[channelOf(n)])
	}
	c.reach = w.needing([]channel{{name: attack.Fold(name)}})
	w.feed(&c, name, "", hosts)
	c.Text = fmt.Sprintf("%s %s with every channel that analytics need of it (%d are missing)%s.", feedVerb(c.Action), name, len(needs), recorded(c.Action, 1))
	return c
}

// feedAction is to collect unless every log source is collected already, as far
// as is known.
func feedAction(needs []visibility.Need) string {
	if slices.ContainsFunc(needs, func(n visibility.Need) bool { return n.State == visibility.Missing }) {
		return actCollect
	}
	return actVerifyFeed
}

// once says that an action is done one time.
func once(action string) map[string]int64 { return map[string]int64{action: 1} }

func feedVerb(action string) string {
	if action == actCollect {
		return "Collect"
	}
	return "Bring to full measure"
}

func recorded(action string, n int) string {
	switch {
	case action != actCollect:
		return ", on enough days and hosts, lately"
	case n == 1:
		return " and record that it arrives"
	}
	return " and record that they arrive"
}

// feed adds the declaration and the observations of a log source as policy asks
// for them. Where analytics need it that no platform of theirs can write, it is
// declared for the platforms of those that the candidate reaches.
func (w *whatIf) feed(c *candidate, name, channel string, hosts int) {
	t := &c.Supposed.Telemetry
	source := telemetry.Source{Name: name, Channel: channel}
	if w.elsewhere[attack.Fold(name)] {
		for _, s := range c.reach {
			source.Platforms = append(source.Platforms, s.Platforms...)
		}
		slices.Sort(source.Platforms)
		source.Platforms = slices.Compact(source.Platforms)
	}
	t.Sources = append(t.Sources, evidence.Of[telemetry.Source]{Value: source})
	for i := range max(1, w.policy.Visibility.MinFeedDays) {
		t.Observations = append(t.Observations, evidence.Of[telemetry.Observation]{Value: telemetry.Observation{
			Day: w.today.Add(-i), Source: name, Channel: channel, Events: 1, Hosts: max(1, hosts)}})
	}
}

// externals supposes an external source, rated just well enough, for each
// technique of which something happens outside our visibility.
func (w *whatIf) externals() []candidate {
	v := &w.policy.Visibility
	var cs []candidate
	done := map[string]bool{}
	for _, s := range w.subjects {
		if s.Rung != Outside {
			continue
		}
		t := s.about()
		if done[t.ATTACKID] {
			continue
		}
		done[t.ATTACKID] = true
		c := candidate{Prospect: Prospect{Action: actExternal, Targets: []string{t.ATTACKID}, Acts: 1, Does: once(actExternal), Text: w.registerExternal(s)[0].Text}, reach: w.of(t)}
		c.Supposed.Telemetry.Externals = []evidence.Of[telemetry.External]{{Value: telemetry.External{ID: supposedID, Name: supposedID,
			Covers: []string{t.ATTACKID}, Reliability: v.WorstReliability, Credibility: v.WorstCredibility, Expires: w.today}}}
		c.Supposed.Telemetry.Hearings = []evidence.Of[telemetry.Hearing]{{Value: telemetry.Hearing{Source: supposedID, Day: w.today}}}
		cs = append(cs, c)
	}
	return cs
}

// of returns the subjects of the technique, or the analytic, that n names.
func (w *whatIf) of(n Name) []*subject {
	if of := w.byTechnique[n.ATTACKID]; of != nil {
		return of
	}
	return w.byAnalytic[n.ATTACKID]
}

// rules supposes, for what is observable, that a rule which is disabled is
// enabled, or else that one is written.
func (w *whatIf) rules() []candidate {
	known := map[string]evidence.Of[detection.Rule]{}
	for _, r := range w.ev.Rules {
		known[r.Value.ID] = r
	}
	var cs []candidate
	done := map[string]bool{}
	for _, s := range w.subjects {
		if s.Rung != Observable {
			continue
		}
		for _, step := range w.haveRule(s) {
			if done[step.Target] {
				continue
			}
			done[step.Target] = true
			c := candidate{Prospect: Prospect{Action: step.Action, Targets: []string{step.Target}, Acts: 1, Does: once(step.Action), Text: step.Text}, reach: []*subject{s}}
			r, ok := known[step.Target]
			if ok {
				r.Value.Enabled = true
				c.reach = w.byRule[step.Target]
			} else {
				r.Value = detection.Rule{ID: supposedID, Name: supposedID, Enabled: true, Analytics: []string{s.Analytic.ATTACKID}}
			}
			c.Supposed.Rules = append(c.Supposed.Rules, r)
			cs = append(cs, c)
		}
	}
	return cs
}

// trialsAndRunbooks supposes that exercises pass, on each platform, and that runbooks
// are written or reviewed, technique by technique, and both where both are wanting.
func (w *whatIf) trialsAndRunbooks() []candidate {
	var cs []candidate
	done := map[string]bool{}
	add := func(c candidate) bool {
		key := c.Action + "\x1f" + c.Targets[0] + "\x1f" + c.on
		if done[key] {
			return false
		}
		done[key] = true
		cs = append(cs, c)
		return true
	}
	passed, written := map[string][]candidate{}, map[string]candidate{}
	for _, s := range w.subjects {
		switch s.Rung {
		case Proven:
			if s.Runbook.State != dutyCurrent {
				add(w.written(s))
			} else if len(s.byStatement())+len(w.revisionBounds(s)) > 0 && len(w.policy.Readiness.Passing) > 0 {
				add(w.passed(s))
			}
		case Unproven, Contradicted:
			if len(w.policy.Readiness.Passing) == 0 {
				continue
			}
			t := s.about().ATTACKID
			if c := w.passed(s); add(c) {
				passed[t] = append(passed[t], c)
			}
			if _, ok := written[t]; !ok && s.Runbook.State != dutyCurrent {
				written[t] = w.written(s)
			}
		}
	}
	for _, t := range slices.SortedFunc(maps.Keys(written), compareIDs) {
		cs = append(cs, both(passed[t], written[t], t))
	}
	return cs
}

// passed supposes that an exercise of the subject's technique passes today, on the
// subject's platform: what is shown on one platform is not shown on another.
func (w *whatIf) passed(s *subject) candidate {
	t := s.about()
	c := candidate{Prospect: Prospect{Action: actExercise, Targets: []string{t.ATTACKID}, Acts: 1}, reach: w.of(t)}
	e := exercise.Exercise{Technique: t.ATTACKID, Test: supposedID, Time: endOf(w.today), Outcome: exercise.Outcome(w.policy.Readiness.Passing[0])}
	if len(s.Platforms) > 0 && w.byTechnique[t.ATTACKID] != nil {
		c.on, e.Platform = s.Platforms[0], s.Platforms[0]
		c.reach = slices.DeleteFunc(slices.Clone(c.reach), func(o *subject) bool { return !onPlatform(o.Platforms, c.on) })
	}
	if w.byTechnique[t.ATTACKID] == nil {
		e.Analytic = t.ATTACKID
	}
	c.Text = exerciseStepText(s, t, s.Platforms[:min(1, len(s.Platforms))])
	if s.Exercises.State == proofFailed || s.Incidents.State == incidentsMissed {
		c.Action, c.Text = actFix, fixStep(s).Text
	}
	c.Does = once(c.Action)
	c.Supposed.Exercises = []evidence.Of[exercise.Exercise]{{Value: e, Batch: supposedID}}
	return c
}

// supposedProcedure stands for the text of a runbook that is yet to be written.
const supposedProcedure = "What to do when it fires."

func endOf(d day.Date) time.Time { return d.Add(1).Time().Add(-time.Nanosecond) }

// written supposes that the runbook which the subject's next step asks for is
// there, owned and reviewed today.
func (w *whatIf) written(s *subject) candidate {
	step, t := runbookStep(s), s.about()
	c := candidate{Prospect: Prospect{Action: step.Action, Targets: []string{step.Target}, Acts: 1, Does: once(step.Action), Text: step.Text}, reach: w.of(t)}
	r := runbook.Runbook{ID: supposedID, AppliesTo: []string{t.ATTACKID}, Body: supposedProcedure}
	if step.Action == actReviewRunbook {
		r = s.duty.from.Value
		c.reach = w.ruledBy(&r)
	}
	if r.Owner == "" {
		r.Owner = supposedID
	}
	r.Reviewed = w.today
	c.Supposed.Runbooks = []evidence.Of[runbook.Runbook]{{Value: r}}
	return c
}

// ruledBy returns the subjects that a runbook applies to.
func (w *whatIf) ruledBy(r *runbook.Runbook) []*subject {
	return slices.DeleteFunc(slices.Clone(w.subjects), func(s *subject) bool {
		keys := s.runbookKeys()
		return !slices.ContainsFunc(r.AppliesTo, func(id string) bool {
			if !strings.HasPrefix(id, rulePrefix) {
				id = Current(w.lib, id)
			}
			return slices.Contains(keys, id)
		})
	})
}

// both supposes exercises, one on each platform, and a runbook for one technique.
func both(passed []candidate, written candidate, technique string) candidate {
	c := candidate{Prospect: Prospect{Action: actExerciseAndRunbook, Targets: []string{technique}, Acts: len(passed) + 1}}
	c.Does = once(written.Action)
	c.Supposed.Runbooks = written.Supposed.Runbooks
	for _, p := range append(slices.Clone(passed), written) {
		for _, s := range p.reach {
			if !slices.Contains(c.reach, s) {
				c.reach = append(c.reach, s)
			}
		}
	}
	for _, p := range passed {
		c.Does[p.Action]++
		c.Text += p.Text + " "
		c.Supposed.Exercises = append(c.Supposed.Exercises, p.Supposed.Exercises...)
	}
	c.Text += written.Text
	return c
}

// labels supposes, rule by rule, that so many of its unlabelled alerts are
// labelled as settle the rule's own measurement at the current estimate. A rule
// without any label gives no estimate and is not supposed about.
func (w *whatIf) labels() []candidate {
	var cs []candidate
	for _, id := range w.unsettled() {
		m := w.alerts.rule(id)
		more := w.settles(id, &m)
		if more == 0 {
			continue
		}
		c := candidate{Prospect: Prospect{Action: actLabel, Targets: []string{id}, Acts: 1, Does: map[string]int64{actLabel: more}}, reach: w.byRule[id]}
		c.Text = fmt.Sprintf("Label %s of rule %s, chosen at random (candor label sample %s -n %d).", count(more, "more alert"), id, id, more)
		c.Supposed.Labels = map[string]int64{id: more}
		cs = append(cs, c)
	}
	return cs
}

// unsettled lists the rules, in order, whose own measurement more labels could settle, of
// those that keep an analytic from being proven.
func (a *assessor) unsettled() []string {
	var rules []string
	for _, s := range a.subjects {
		if s.Rung != Unproven {
			continue
		}
		for _, id := range s.firing {
			m := a.alerts.rule(id)
			if m.Precision != nil && m.Unlabelled > 0 && m.Conclusion != measure.GoodEnough && m.Conclusion != measure.NotGoodEnough {
				rules = append(rules, id)
			}
		}
	}
	return inOrder(rules)
}

// settles returns how many labels, of those that can be had, settle a rule's
// measurement at the current estimate, found by doubling; 0 when none do.
func (w *whatIf) settles(id string, m *measure.Statement) int64 {
	for more := max(m.ToLabel, 1); ; more *= 2 {
		more = min(more, m.Unlabelled)
		x := w.alerts.labelled(map[string]int64{id: more}, w.policy.Measure)
		after := x.rule(id)
		if after.Conclusion == measure.GoodEnough || after.Conclusion == measure.NotGoodEnough {
			return more
		}
		if more == m.Unlabelled {
			return 0
		}
	}
}
