package assure

import (
	"maps"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/claim"
	"candor/internal/day"
)

// Judging is an assessment on its way. What it rests on of alerts is asked for in two
// steps, so that no more has to be counted than it needs: the sums of Sets, and then the
// tallies of the rules of Supposed. It is used by one at a time.
type Judging struct {
	a    *assessor
	asOf time.Time
	sets [][]string
}

// Begin begins an assessment on a ground, which must be of the same rules, telemetry and day; see
// Assess. It does not look at ev.Tallies.
func Begin(g *Ground, ev Evidence, asOf time.Time) *Judging {
	return &Judging{a: newAssessor(g, ev, asOf), asOf: asOf}
}

// Sets lists the sets of rules that verdicts rest on, each once and its rules in order:
// each rule that claims something and ever raised an alert, the rules whose claims on an
// analytic count, those of them that nothing is in the way of, and either with one more
// rule, that could be enabled.
func (j *Judging) Sets() [][]string {
	if j.sets != nil {
		return j.sets
	}
	sets := map[string][]string{}
	add := func(rules []string) {
		if len(rules) > 0 {
			sets[setKey(rules)] = rules
		}
	}
	for _, o := range j.a.objects {
		var counting []claim.Claim
		var others, running []string
		claims := j.a.claims.ByAnalytic[o.ID]
		for i := range claims {
			c := &claims[i]
			if c.Enabled && c.Counts {
				running = append(running, c.RuleID)
			}
			if _, ok := j.a.alerts.rules[c.RuleID]; !ok {
				continue
			}
			add([]string{c.RuleID})
			if c.Enabled && c.Counts {
				counting = append(counting, *c)
			} else {
				others = append(others, c.RuleID)
			}
		}
		working, _ := j.a.working(counting)
		for _, rules := range [][]string{ruleIDs(counting), ruleIDs(working)} {
			add(rules)
			unhindered := slices.DeleteFunc(slices.Clone(running), func(id string) bool { return len(j.a.impaired[id]) > 0 })
			for _, those := range [][]string{running, unhindered} {
				before := j.a.alerts.before(those)
				for _, r := range before {
					add([]string{r})
				}
				add(inOrder(append(before, rules...)))
			}
			for _, r := range others {
				add(inOrder(append(slices.Clone(rules), r)))
			}
		}
	}
	for id := range j.a.retired {
		add([]string{id})
	}
	j.asIs(add)
	j.sets = make([][]string, 0, len(sets))
	for _, key := range slices.Sorted(maps.Keys(sets)) {
		j.sets = append(j.sets, sets[key])
	}
	return j.sets
}

// asIs adds the sets of rules that claim an analytic and were not changed in the window, or
// of which what they raised since decides, where others claim it too.
func (j *Judging) asIs(add func([]string)) {
	early := map[string]bool{}
	for id, t := range j.a.revisions {
		early[id] = !t.Decides
	}
	for _, o := range j.a.objects {
		var all, rest []string
		claims := j.a.claims.ByAnalytic[o.ID]
		for i := range claims {
			c := &claims[i]
			if _, ok := j.a.alerts.rules[c.RuleID]; ok && c.Enabled && c.Counts && len(j.a.impaired[c.RuleID]) == 0 {
				if all = append(all, c.RuleID); !early[c.RuleID] {
					rest = append(rest, c.RuleID)
				}
			}
		}
		if len(rest) < len(all) {
			add(inOrder(append(j.a.alerts.before(rest), rest...)))
			add(inOrder(rest))
		}
	}
}

// inOrder returns ids in order, each once.
func inOrder(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Sum takes over the sums of Sets, in their order, and finds every rung.
func (j *Judging) Sum(sums []alert.Sums) {
	x := &j.a.alerts
	for i := range sums {
		x.sums[setKey(j.Sets()[i])] = &sums[i]
		x.sums[firingKey(&sums[i])] = &sums[i] // what did not fire adds nothing
	}
	if x.sums[""] == nil {
		x.sums[""] = &alert.Sums{}
	}
	j.a.first()
}

// firingKey is the key of the rules of a set that have alerts.
func firingKey(s *alert.Sums) string {
	rules := make([]string, len(s.Rules))
	for i, r := range s.Rules {
		rules[i] = r.Rule
	}
	return setKey(rules)
}

// Supposed lists the rules whose tallies it takes to suppose that more of their alerts are
// labelled, in order: those that could come to be measured so, and those that are measured
// together with one of them. It is asked once the sums are told.
func (j *Judging) Supposed() []string {
	var rules []string
	asked := j.a.unsettled()
	for _, s := range j.a.subjects {
		if slices.ContainsFunc(s.firing, func(id string) bool { return slices.Contains(asked, id) }) {
			rules = append(rules, s.firing...)
		}
	}
	return inOrder(rules)
}

// Tell takes over the tallies of the rules of Supposed, with what alerts inherit.
func (j *Judging) Tell(tallies []alert.Tally) { j.a.alerts.tallies = ByRule(tallies) }

// Assessment ends the assessment. The rungs were found in a first pass; compensation,
// which rests on them, is in a second.
func (j *Judging) Assessment() Assessment {
	a := j.a
	a.compensate()
	verdicts := make([]Verdict, len(a.subjects))
	a.each(func(own *assessor, i int) {
		s := a.subjects[i]
		s.Reasons = own.reasons(s)
		s.Sentence = sentence(s)
		s.Next = own.next(s)
		s.Limits = own.limits(s)
		s.Reportable = own.reportable(s)
		verdicts[i] = s.Verdict
	})
	return a.assessment(verdicts, j.asOf)
}

// Standing ends the assessment with no more than the rungs of the verdicts, their sentences
// and the totals, for who compares them with those of another one. Nothing has to be told
// for it beside the sums, and nothing is supposed.
func (j *Judging) Standing() Assessment {
	j.a.compensate() // which the reasons tell of
	verdicts := make([]Verdict, len(j.a.subjects))
	for i, s := range j.a.subjects {
		s.Reasons = j.a.reasons(s)
		s.Sentence = sentence(s)
		verdicts[i] = s.Verdict
	}
	return Assessment{Release: j.a.lib.Release, AsOf: j.asOf, Totals: totalsOf(pointers(verdicts)), Verdicts: verdicts}
}

// Assess does what Assess does, on a ground that is there; see Begin.
func (g *Ground) Assess(ev Evidence, asOf time.Time) Assessment { return g.told(ev, asOf).Assessment() }

// told is an assessment to which ev.Tallies told what it asked for.
func (g *Ground) told(ev Evidence, asOf time.Time) *Judging {
	w, p := g.window, g.policy
	within := slices.DeleteFunc(slices.Clone(ev.Tallies), func(t alert.Tally) bool { return day.Date(t.Day) < w.From || day.Date(t.Day) > w.To })
	ev.Revisions = weighed(&ev, ByRule(within), p, asOf)
	since := ev.Lately(asOf).Since
	by := ByRule(slices.DeleteFunc(within, func(t alert.Tally) bool { return day.Date(t.Day) < since[t.RuleID] }))
	j := Begin(g, ev, asOf)
	sums := make([]alert.Sums, len(j.Sets()))
	for i, set := range j.Sets() {
		sums[i] = sumsOf(by, set, &p.Measure)
	}
	j.Sum(sums)
	var tallies []alert.Tally
	for _, r := range j.Supposed() {
		tallies = append(tallies, by[r]...)
	}
	j.Tell(tallies)
	return j
}

// ByRule returns the tallies by rule. Those that come by rule, as stores give them,
// are not copied.
func ByRule(tallies []alert.Tally) map[string][]alert.Tally {
	by := map[string][]alert.Tally{}
	for from := 0; from < len(tallies); {
		to := from + 1
		for to < len(tallies) && tallies[to].RuleID == tallies[from].RuleID {
			to++
		}
		if id := tallies[from].RuleID; by[id] == nil {
			by[id] = tallies[from:to:to] // a view; to append to it is to copy it
		} else {
			by[id] = append(by[id], tallies[from:to]...)
		}
		from = to
	}
	return by
}
