package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/visibility"
)

// ExceptionsMade is what was made of the exceptions of rules.
type ExceptionsMade struct {
	AsOf   time.Time         `json:"as_of"`
	Window visibility.Window `json:"window"`
	// Exceptions stand once for each rule that they are of, by rule and then by ID.
	Exceptions []ExceptionMade `json:"exceptions"`
	// Hiding is how many of them would have hidden alerts that are known to be true, and
	// Wanting how many have expired, or lack an owner or an end.
	Hiding  int `json:"hiding"`
	Wanting int `json:"wanting"`
}

// ExceptionMade is an exception with what was made of it for one rule.
type ExceptionMade struct {
	assure.Exempt
	// Rule is what the rule is called; empty where none is known.
	Rule string `json:"rule,omitempty"`
	// Why says why it holds for no rule, where it does not.
	Why string `json:"why_not,omitempty"`
}

// Exceptions returns what was made of every exception in force: for which rule it holds,
// what is wanting of it, and which alerts that are known to be true it would have hidden.
func (s *Service) Exceptions(ctx context.Context, r Request) (ExceptionsMade, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return ExceptionsMade{}, err
	}
	today := day.Of(r.AsOf)
	m := ExceptionsMade{AsOf: r.AsOf, Window: assure.WindowOf(r.Policy, r.AsOf), Exceptions: []ExceptionMade{}}
	known, held := map[string]string{}, map[string]bool{}
	for i := range ev.Rules {
		v := &ev.Rules[i].Value
		known[v.ID] = cmp.Or(v.Name, v.ID)
	}
	for rule, list := range assure.ExceptionsOf(&ev, today) {
		for _, e := range list {
			held[e.ID+"\x1f"+e.Batch] = true
			one := ExceptionMade{Exempt: e, Rule: known[rule]}
			if one.Rule == "" {
				one.Why = "no rule in force is called so"
			}
			m.Exceptions = append(m.Exceptions, one)
		}
	}
	for _, e := range ev.Exempted {
		if !held[e.Value.ID+"\x1f"+e.Batch] {
			m.Exceptions = append(m.Exceptions, unheld(e, today))
		}
	}
	slices.SortFunc(m.Exceptions, func(a, b ExceptionMade) int {
		return cmp.Or(strings.Compare(a.RuleID, b.RuleID), strings.Compare(a.ID, b.ID), strings.Compare(a.Batch, b.Batch))
	})
	return m.counted(), nil
}

// unheld is an exception that holds for no rule.
func unheld(e evidence.Of[detection.Exception], today day.Date) ExceptionMade {
	one := ExceptionMade{Exempt: assure.Exempt{Exception: e.Value, Batch: e.Batch}}
	switch v := &e.Value; {
	case !v.Begun(today):
		one.Why = "it begins on " + string(v.Since)
	case v.List != "":
		one.Why = "no rule in force names its list"
	default:
		one.Why = "no rule of its product is in force"
	}
	return one
}

// counted sets the counts.
func (m ExceptionsMade) counted() ExceptionsMade {
	m.Hiding, m.Wanting = 0, 0
	for i := range m.Exceptions {
		if m.Exceptions[i].Hides > 0 {
			m.Hiding++
		}
		if m.Exceptions[i].Sentence != "" {
			m.Wanting++
		}
	}
	return m
}

// Only returns m with the exceptions that are meant alone; the counts are of those. Only
// Text and Batch narrow.
func (m ExceptionsMade) Only(n Narrow) ExceptionsMade {
	list := []ExceptionMade{}
	for _, e := range m.Exceptions {
		words := []string{e.ID, e.Name, e.RuleID, e.Rule, e.List, e.Source, e.Owner, e.Condition, e.Reason, e.Sentence, e.Why}
		if mentions(words, n.Text) && (n.Batch == "" || strings.HasPrefix(e.Batch, n.Batch)) {
			list = append(list, e)
		}
	}
	m.Exceptions = list
	return m.counted()
}
