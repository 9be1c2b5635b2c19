package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/figure"
)

// Impairment is what keeps a rule that claims something from being shown to work, however
// its alerts look: an exception that hides alerts known to be true, or a field that it
// needs and that too few events carry.
type Impairment struct {
	RuleID string `json:"rule_id"`
	// Code is "exception_hides" or "field_missing".
	Code string         `json:"code"`
	Text string         `json:"text"`
	Refs []evidence.Ref `json:"evidence"`
}

// The codes of impairments, which are those of the reasons that name them.
const (
	exceptionHides = "exception_hides"
	fieldMissing   = "field_missing"
)

// Exempt is an exception of a rule, under the id of the rule that it is of, and what of
// the rule's alerts it would have hidden.
type Exempt struct {
	detection.Exception
	Batch string `json:"batch"`
	// True is how many alerts of the rule in the window are known to be true. For Hides of
	// them the condition holds, and for Unknown it hangs on fields that they do not carry.
	True    int64 `json:"known_true"`
	Hides   int64 `json:"hides"`
	Unknown int64 `json:"unknown"`
	// Alerts are the first of those that it hides, by time, and Lacks the fields that
	// alerts do not carry.
	Alerts []string `json:"alerts,omitempty"`
	Lacks  []string `json:"fields_not_carried,omitempty"`
	// State is "in_force", "expired" (its day is past and it hides on) or "ended" (its
	// product ended it); Sentence says what is wanting, empty for nothing. Both are set in
	// verdicts and lists, and follow from the day.
	State    string `json:"state,omitempty"`
	Sentence string `json:"sentence,omitempty"`
}

// The states of an exception.
const (
	exceptionInForce = "in_force"
	exceptionExpired = "expired"
	exceptionEnded   = "ended"
)

// Called names the exception for people.
func (e *Exempt) Called() string { return cmp.Or(e.Name, e.ID) }

// ExceptionsOf returns the exceptions that had begun by a day, by the rule that they are
// of, each with what is wanting of it.
func ExceptionsOf(ev *Evidence, today day.Date) map[string][]Exempt {
	by := map[string][]Exempt{}
	for _, e := range ev.Exceptions {
		if !e.Begun(today) {
			continue
		}
		e.State = exceptionInForce
		switch {
		case e.Expired(today) && e.Ends:
			e.State = exceptionEnded
		case e.Expired(today):
			e.State = exceptionExpired
		}
		e.Sentence = e.wanting()
		by[e.RuleID] = append(by[e.RuleID], e)
	}
	for _, list := range by {
		slices.SortFunc(list, func(a, b Exempt) int { return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Batch, b.Batch)) })
	}
	return by
}

// wanting says what is wanting of the exception, as the end of a sentence about it.
func (e *Exempt) wanting() string {
	var w []string
	switch e.State {
	case exceptionExpired:
		w = append(w, fmt.Sprintf("expired on %s and still stands", e.Expires))
	case exceptionEnded:
		w = append(w, fmt.Sprintf("ended on %s, and what it hid until then is not known", e.Expires))
	}
	if e.State != exceptionEnded && e.Owner == "" {
		w = append(w, "has no owner")
	}
	if e.Expires == "" {
		w = append(w, "has no end")
	}
	return strings.Join(w, ", ")
}

// hidesTrue says what the exception hides that is known to be true.
func (e *Exempt) hidesTrue(rule string) string {
	return figure.Sprintf("Exception %s would have hidden %d of %s of rule %s that are known to be true (%s): for those it is a rule only.",
		e.Called(), e.Hides, count(e.True, "alert"), rule, listedOf(e.Alerts[:min(len(e.Alerts), 5)], int(e.Hides)))
}

// impair finds out what is in the way of single rules.
func (a *assessor) impair() {
	a.exempt = ExceptionsOf(&a.ev, a.today)
	a.impaired = map[string][]Impairment{}
	for rule, list := range a.exempt {
		for i := range list {
			if e := &list[i]; e.Hides > 0 && e.Exception.Hides(a.today) {
				a.impaired[rule] = append(a.impaired[rule], Impairment{RuleID: rule, Code: exceptionHides, Text: e.hidesTrue(a.nameOfRule(rule)),
					Refs: append(evidence.Batches(e.Batch), evidence.Batches(a.alerts.rules[rule].Batches...)...)})
			}
		}
	}
	a.needs = a.fieldNeeds()
	for rule, needs := range a.needs {
		for _, n := range needs {
			if n.State == FieldScarce {
				a.impaired[rule] = append(a.impaired[rule], Impairment{RuleID: rule, Code: fieldMissing, Text: n.scarce(a.nameOfRule(rule), a.policy.Visibility.MinFieldShare),
					Refs: append(append([]evidence.Ref{}, n.Refs...), policy("visibility.min_field_share")...)})
			}
		}
	}
}

// working returns those of the claims whose rules nothing is in the way of, and what is
// in the way of the others.
func (a *assessor) working(claims []claim.Claim) (working []claim.Claim, impaired []Impairment) {
	seen := map[string]bool{}
	for _, c := range claims {
		in := a.impaired[c.RuleID]
		if len(in) == 0 {
			working = append(working, c)
		} else if !seen[c.RuleID] {
			seen[c.RuleID] = true
			impaired = append(impaired, in...)
		}
	}
	return working, impaired
}

// exceptions returns those of the rules whose claims on s count.
func (a *assessor) exceptions(s *subject) []Exempt {
	var es []Exempt
	for _, id := range ruleIDs(s.counting) {
		es = append(es, a.exempt[id]...)
	}
	return es
}

// neededFields returns what the rules whose claims on s count need, where it is known.
func (a *assessor) neededFields(s *subject) map[string][]FieldNeed {
	var of map[string][]FieldNeed
	for _, id := range ruleIDs(s.counting) {
		if needs := a.needs[id]; len(needs) > 0 {
			if of == nil {
				of = map[string][]FieldNeed{}
			}
			of[id] = needs
		}
	}
	return of
}

// unworkable reports whether something is in the way of every rule that claims s.
func (s *subject) unworkable() bool { return s.Claimed && len(s.working) == 0 }

// whyImpaired says what is in the way of rules that claim s.
func (a *assessor) whyImpaired(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	for _, in := range s.Impaired {
		rs = append(rs, evidence.Reason{Code: in.Code, Text: in.Text, Refs: in.Refs})
	}
	return rs
}

// impairedLimits says what of the exceptions and fields of the rules that claim s is
// wanting or not known.
func (a *assessor) impairedLimits(s *subject) []string {
	var l []string
	if n := len(ruleIDs(s.counting)) - len(ruleIDs(s.working)); n > 0 && len(s.working) > 0 {
		l = append(l, fmt.Sprintf("%s out of what was measured, since something is in the way: %s.", ofRules(n, "that claims it is left", "that claim it are left"), listed(a.impairedNames(s.Impaired), 3)))
	}
	var unmeasured []string
	for _, id := range ruleIDs(s.counting) {
		l = append(l, a.exceptionLimits(id)...)
		for _, n := range a.needs[id] {
			if n.State == FieldUnmeasured {
				unmeasured = append(unmeasured, fmt.Sprintf("%s of rule %s", n.Field, a.nameOfRule(id)))
			}
		}
	}
	if len(unmeasured) > 0 {
		l = append(l, fmt.Sprintf("In how many events these fields arrive was not measured where they are needed: %s.", listed(unmeasured, 3)))
	}
	return l
}

// impairedNames names the rules that something is in the way of, each once.
func (a *assessor) impairedNames(in []Impairment) []string {
	var names []string
	for _, i := range in {
		if name := a.nameOfRule(i.RuleID); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// exceptionLimits says what the exceptions of a rule leave out, or do not say.
func (a *assessor) exceptionLimits(rule string) []string {
	var l []string
	for i := range a.exempt[rule] {
		e := &a.exempt[rule][i]
		of := fmt.Sprintf("Exception %s of rule %s", e.Called(), a.nameOfRule(rule))
		switch {
		case e.Sentence != "":
			l = append(l, fmt.Sprintf("%s %s.", of, e.Sentence))
		default:
			l = append(l, fmt.Sprintf("%s, owned by %s until %s, keeps from being seen what it holds for: %s.", of, e.Owner, e.Expires, clipped(e.Condition)))
		}
		if e.Unknown > 0 && e.Exception.Hides(a.today) {
			l = append(l, figure.Sprintf("Whether it hides %d of %s that are known to be true is not known: they do not carry %s.", e.Unknown, count(e.True, "alert"), listed(e.Lacks, 3)))
		}
	}
	return l
}

// clipped is the beginning of a condition, which may be of any length.
func clipped(condition string) string {
	const most = 160
	if r := []rune(condition); len(r) > most {
		return string(r[:most]) + "…"
	}
	return condition
}

// impairedSteps asks for what is in the way of rules to be taken out of it. One step
// alone lifts s where its rule has nothing else against it.
func (a *assessor) impairedSteps(s *subject) []Step {
	steps := []Step{}
	for _, in := range s.Impaired {
		step := Step{Action: actNarrowException, Target: in.RuleID, Alone: len(a.impaired[in.RuleID]) == 1,
			Text: fmt.Sprintf("Narrow or take out the exception of rule %s that hides alerts known to be true (candor measure --rule %s lists it).", a.nameOfRule(in.RuleID), in.RuleID)}
		if in.Code == fieldMissing {
			step.Action = actCollectField
			step.Text = fmt.Sprintf("Have the fields that rule %s needs recorded and measure that they arrive, or let the rule do without them.", a.nameOfRule(in.RuleID))
		}
		if !slices.ContainsFunc(steps, func(t Step) bool { return t.Action == step.Action && t.Target == step.Target }) {
			steps = append(steps, step)
		}
	}
	return steps
}
