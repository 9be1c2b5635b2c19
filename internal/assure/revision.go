package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/measure"
)

// Revision is the last change of a rule within the window, with what it raised before and
// since. The day of the change itself is of before: both may have been in force on it.
type Revision struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name,omitempty"`
	detection.Change
	// Sentence says all of it.
	Sentence string            `json:"sentence"`
	Before   measure.Statement `json:"before"`
	Since    measure.Statement `json:"since"`
	// Decides says that what it raised since is enough to conclude from: then no more than
	// that is concluded from, else all of the window is.
	Decides bool `json:"since_decides"`
}

// Revised lists the rules that were changed within the window, by ID, without what they
// raised.
func Revised(ev *Evidence, p Policy, asOf time.Time) []Revision {
	w := WindowOf(p, asOf)
	var revisions []Revision
	for i := range ev.Rules {
		r := &ev.Rules[i].Value
		if last, ok := ev.lastChange(i, w.To); ok && last.On >= w.From {
			revisions = append(revisions, Revision{RuleID: r.ID, RuleName: r.Name, Change: last})
		}
	}
	slices.SortFunc(revisions, func(x, y Revision) int {
		return cmp.Or(strings.Compare(x.RuleID, y.RuleID), strings.Compare(string(x.On), string(y.On)), strings.Compare(x.Batch, y.Batch))
	})
	return slices.CompactFunc(revisions, func(x, y Revision) bool { return x.RuleID == y.RuleID })
}

// lastChange returns the last change of a rule, by its place among the rules, up to a day.
func (e *Evidence) lastChange(i int, today day.Date) (last detection.Change, ok bool) {
	r := &e.Rules[i]
	changes, several := e.Changes[r.Value.ID]
	if !several {
		changes = detection.Changes([]detection.Version{{Rule: r.Value, Batch: r.Batch}})
	}
	for _, c := range changes {
		if c.On <= today && c.On >= last.On {
			last, ok = c, true
		}
	}
	return last, ok
}

// Parts are the alerts of a rule before it was changed, and those since.
func (t *Revision) Parts() (before, since alert.Set) {
	return alert.Set{{Rule: t.RuleID, To: t.On}}, alert.Set{{Rule: t.RuleID, From: t.first()}}
}

// first is the first day since, which may be after the window.
func (t *Revision) first() day.Date { return t.On.Add(1) }

// Told takes over the sums of both parts.
func (t *Revision) Told(before, since *alert.Sums, p Policy, asOf time.Time) {
	w := WindowOf(p, asOf)
	t.Before = measure.Of(t.RuleID, before, w.From.Until(t.On)+1, p.Measure)
	t.Since = measure.Of(t.RuleID, since, t.On.Until(w.To), p.Measure)
	n, _ := t.Since.Short(p.Measure)
	t.Decides = t.Since.Episodes > 0 && n == 0
	t.Sentence = t.sentence(p.Measure)
}

func (t *Revision) sentence(p measure.Policy) string {
	text := figure.Sprintf("Rule %s was changed on %s, within the window, %s. ", cmp.Or(t.RuleName, t.RuleID), t.On, t.grounds())
	since, before := "What it raised since", "before"
	switch {
	case t.Before.Alerts+t.Since.Alerts == 0:
		return text + "It raised no alert in the window."
	case t.Decides:
		return text + figure.Sprintf("%s decides: %s. What it raised %s counts no more: %s.", since, whatCame(&t.Since), before, whatCame(&t.Before))
	case t.Before.Alerts == 0:
		return text + figure.Sprintf("All that it raised in the window is of since: %s.", whatCame(&t.Since))
	}
	n, what := t.Since.Short(p)
	return text + figure.Sprintf("%s is not enough to conclude from (labels in %s; %s to go), so that what it raised %s counts as well: since, %s; %s, %s.",
		since, t.Since.Grounds(), count(int64(n), "more "+what), before, whatCame(&t.Since), before, whatCame(&t.Before))
}

// grounds says what the change is known by.
func (t *Revision) grounds() string {
	switch t.By {
	case detection.ByText:
		return "as its text tells"
	case detection.ByReading:
		return "as what it reads tells"
	}
	return "by its own date"
}

// weighed returns the revisions with what the tallies of rules say.
func weighed(ev *Evidence, by map[string][]alert.Tally, p Policy, asOf time.Time) []Revision {
	revisions := Revised(ev, p, asOf)
	for i := range revisions {
		t := &revisions[i]
		var sums [2]alert.Sums
		before, since := t.Parts()
		for n, set := range []alert.Set{before, since} {
			sums[n] = alert.SumsOf(p.Measure.Counting(), func(yield func(alert.Tally) bool) {
				for _, tally := range by[t.RuleID] {
					if set[0].Within(day.Date(tally.Day)) && !yield(tally) {
						return
					}
				}
			})
		}
		t.Told(&sums[0], &sums[1], p, asOf)
	}
	return revisions
}

// Lately says of which rules no alerts count but those since they were changed.
func (e *Evidence) Lately(asOf time.Time) measure.Lately {
	l := measure.Lately{Since: map[string]day.Date{}, To: day.Of(asOf)}
	for i := range e.Revisions {
		if t := &e.Revisions[i]; t.Decides {
			l.Since[t.RuleID] = t.first()
		}
	}
	return l
}

// revisionsOf returns those of the rules of claims.
func (a *assessor) revisionsOf(claims []claim.Claim) []Revision {
	var of []Revision
	if len(a.revisions) > 0 {
		for _, id := range ruleIDs(claims) {
			if t := a.revisions[id]; t != nil {
				of = append(of, *t)
			}
		}
	}
	return of
}

// early is a rule of which what it raised since its last change, within the window or
// before it, is not enough to conclude from.
type early struct {
	detection.Change
	id, name, sentence string
	within             bool
}

// early lists those of the rules that claim s.
func (a *assessor) early(s *subject) []early {
	var of []early
	for _, id := range ruleIDs(s.counting) {
		name := a.nameOfRule(id)
		if t := a.revisions[id]; t != nil && !t.Decides {
			of = append(of, early{t.Change, id, name, t.Sentence, true})
		} else if c, ok := a.changed[id]; ok && t == nil && !a.alerts.enough(id) {
			of = append(of, early{c, id, name, fmt.Sprintf("Rule %s was changed on %s, and what it raised in the window is not enough to conclude from.", name, c.On), false})
		}
	}
	return of
}

// revisionBounds says that what shows that s works is of rules as they were before they were
// changed: neither the alerts of the others nor an exercise that a rule of today's text
// met shows it.
func (a *assessor) revisionBounds(s *subject) []evidence.Reason {
	if len(a.changed) == 0 || !s.Claimed || !s.works() || s.Measurement.Noisy || s.contradicted() {
		return nil
	}
	early := a.early(s)
	if len(early) == 0 || a.worksAsIs(s, early) {
		return nil
	}
	var rs []evidence.Reason
	for i := range early {
		rs = append(rs, evidence.Reason{Code: "bounded_rule_changed", Refs: append(evidence.Batches(early[i].Batch), policy("measure.min_episodes")...),
			Text: "It was shown to work as its rules were, not as they are. " + early[i].sentence})
	}
	return rs
}

// ruleWords names the rules of revisions, and changedWords says when they were changed.
func ruleWords(of []early) string {
	if len(of) == 1 {
		return "rule " + of[0].name
	}
	return figure.Sprintf("the %d rules that were changed", len(of))
}

func changedWords(of []early) string {
	if len(of) == 1 {
		return "its change on " + string(of[0].On)
	}
	return "their changes"
}

// worksAsIs reports whether s is shown to work without what rules raised before they were
// changed: by the alerts of the other rules, or by an exercise in date that passed and
// that was met by a rule which was not changed since, or is newer than every change where
// it is not known which rule met it.
func (a *assessor) worksAsIs(s *subject, of []early) bool {
	changed := map[string]*early{}
	var newest day.Date
	for i := range of {
		changed[of[i].id], newest = &of[i], max(newest, of[i].On)
	}
	others := slices.DeleteFunc(slices.Clone(s.working), func(c claim.Claim) bool { return changed[c.RuleID] != nil && changed[c.RuleID].within })
	if m, _ := a.alerts.pool(others); m != nil && m.Conclusion == measure.GoodEnough {
		return true
	}
	if s.Exercises.State != proofPassed {
		return false
	}
	for i := range s.trials.all { // newest first; of one time, failures first
		e := &s.trials.all[i]
		on := day.Of(e.Value.Time)
		if e.result == failed || on.Until(a.today) > a.policy.Readiness.MaxExerciseAgeDays {
			return false
		}
		if e.result != passed {
			continue
		}
		if on > newest || slices.ContainsFunc(e.Fired, func(f Firing) bool { return changed[f.RuleID] == nil || on > changed[f.RuleID].On }) {
			return true
		}
	}
	return false
}

// revisionLimits says what rules that claim s raised before they were changed and since.
func revisionLimits(s *subject) []string {
	var l []string
	for i := range s.Revisions {
		t := &s.Revisions[i]
		bound := slices.ContainsFunc(s.Bounds, func(r evidence.Reason) bool { return strings.HasSuffix(r.Text, t.Sentence) })
		if t.Before.Alerts+t.Since.Alerts > 0 && !bound {
			l = append(l, t.Sentence)
		}
	}
	return l
}
