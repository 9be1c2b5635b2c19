package assessment

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/visibility"
)

// joined gives the rules that alerts and runs name the ids of the rules that they mean. It changes no slice that it was given.
func joined(ev *assure.Evidence, joins []detection.Join) {
	of := detection.NewResolver(values(ev.Rules), joins)
	rules := make([]assure.AlertRule, 0, len(ev.AlertRules))
	at := map[string]int{}
	for _, r := range ev.AlertRules {
		to := of.Rule(detection.Called{ID: r.ID, Name: r.Name, Own: r.Own, Source: r.Source})
		if to.ID != alert.RuleKey(r.Own, r.ID) {
			r.As = []assure.AlertName{{ID: r.ID, Source: r.Own, By: to.By}}
		}
		r.ID, r.Ambiguous, r.Elsewhere = to.ID, to.Ambiguous, to.Elsewhere
		if i, ok := at[r.ID]; ok {
			rules[i] = together(rules[i], r)
			continue
		}
		at[r.ID] = len(rules)
		rules = append(rules, r)
	}
	ev.AlertRules = rules
	ev.Runs = slices.Clone(ev.Runs)
	for i := range ev.Runs {
		r := &ev.Runs[i].Value
		r.RuleID = of.Rule(detection.Called{ID: r.RuleID, Name: r.RuleName, Source: r.Source}).ID
	}
	ev.Exercises, ev.Away = slices.Clone(ev.Exercises), slices.Clone(ev.Away)
	for _, list := range [][]evidence.Of[exercise.Exercise]{ev.Exercises, ev.Away} {
		for i := range list {
			if e := &list[i].Value; e.RuleID != "" {
				e.RuleID = of.Rule(detection.Called{ID: e.RuleID, Name: e.RuleID}).ID
			}
		}
	}
}

// together returns one rule of two that alerts name.
func together(a, b assure.AlertRule) assure.AlertRule {
	a.Alerts += b.Alerts
	if b.Last.After(a.Last) {
		a.Last = b.Last
	}
	a.As = slices.Concat(a.As, b.As)
	slices.SortFunc(a.As, func(x, y assure.AlertName) int { return strings.Compare(x.Key(), y.Key()) })
	a.Batches = slices.Concat(a.Batches, b.Batches)
	slices.Sort(a.Batches)
	a.Batches = slices.Compact(a.Batches)
	if a.Name == "" || len(b.As) == 0 && b.Name != "" {
		a.Name = b.Name
	}
	a.Ambiguous, a.Elsewhere = both(a.Ambiguous, b.Ambiguous), both(a.Elsewhere, b.Elsewhere)
	return a
}

// both returns what is in one of two lists, in order and each once.
func both(a, b []string) []string {
	list := slices.Concat(a, b)
	slices.Sort(list)
	return slices.Compact(list)
}

// alertsOf yields the alerts of a rule of a window by time, under whatever id they
// name it, with what they inherit from cases.
func (s *Service) alertsOf(ctx context.Context, ev *assure.Evidence, rule string, w visibility.Window) iter.Seq2[*alert.Alert, error] {
	legacy := alert.LegacyOf(values(ev.Cases), string(w.To))
	var all iter.Seq2[*alert.Alert, error]
	for _, id := range namesOf(ev).of(rule) {
		if of := s.alerts.Each(ctx, id, w.From, w.To); all == nil {
			all = of
		} else {
			all = byTime(all, of)
		}
	}
	return func(yield func(*alert.Alert, error) bool) {
		for a, err := range all {
			if err != nil {
				yield(nil, fmt.Errorf("read the alerts of %s: %w", rule, err))
				return
			}
			if ev.Here(a.Site) && !yield(legacy.Alert(a), nil) {
				return
			}
		}
	}
}

// byTime merges two sequences, each of which is by time. An error comes at once.
func byTime(a, b iter.Seq2[*alert.Alert, error]) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		next, stop := iter.Pull2(b)
		defer stop()
		y, yErr, more := next()
		for x, err := range a {
			for ; more && err == nil && (yErr != nil || y.Time.Before(x.Time)); y, yErr, more = next() {
				if !yield(y, yErr) {
					return
				}
			}
			if !yield(x, err) {
				return
			}
		}
		for ; more; y, yErr, more = next() {
			if !yield(y, yErr) {
				return
			}
		}
	}
}
