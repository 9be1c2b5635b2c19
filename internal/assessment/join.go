package assessment

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/visibility"
)

// joined gives the counts of alerts, and the rules that alerts name, the ids of
// the rules that they mean. It changes no slice that it was given.
func joined(ev *assure.Evidence, joins []detection.Join) {
	of := detection.NewResolver(values(ev.Rules), joins)
	renamed := map[string]string{}
	rules := make([]assure.AlertRule, 0, len(ev.AlertRules))
	at := map[string]int{}
	for _, r := range ev.AlertRules {
		to := of.Rule(detection.Called{ID: r.ID, Name: r.Name, Source: r.Source})
		if to.ID != r.ID {
			renamed[r.ID] = to.ID
			r.As = []assure.AlertName{{ID: r.ID, By: to.By}}
		}
		r.ID, r.Ambiguous = to.ID, to.Ambiguous
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
	ev.Tallies, ev.CaseTallies = rename(ev.Tallies, renamed), rename(ev.CaseTallies, renamed)
}

// together returns one rule of two that alerts name.
func together(a, b assure.AlertRule) assure.AlertRule {
	a.Alerts += b.Alerts
	a.As = slices.Concat(a.As, b.As)
	slices.SortFunc(a.As, func(x, y assure.AlertName) int { return strings.Compare(x.ID, y.ID) })
	a.Batches = slices.Concat(a.Batches, b.Batches)
	slices.Sort(a.Batches)
	a.Batches = slices.Compact(a.Batches)
	if len(b.As) == 0 {
		a.Name = b.Name
	}
	return a
}

func rename(tallies []alert.Tally, to map[string]string) []alert.Tally {
	if len(to) == 0 {
		return tallies
	}
	out := slices.Clone(tallies)
	for i := range out {
		if id, ok := to[out[i].RuleID]; ok {
			out[i].RuleID = id
		}
	}
	return out
}

// namesOf returns the ids under which alerts name a rule, its own first.
func namesOf(ev *assure.Evidence, rule string) []string {
	ids := []string{rule}
	for _, r := range ev.AlertRules {
		if r.ID == rule {
			for _, as := range r.As {
				ids = append(ids, as.ID)
			}
		}
	}
	return ids
}

// alertsOf yields the alerts of a rule of a window by time, under whatever id they
// name it, with what they inherit from cases.
func (s *Service) alertsOf(ctx context.Context, ev *assure.Evidence, rule string, w visibility.Window) iter.Seq2[*alert.Alert, error] {
	legacy := alert.LegacyOf(values(ev.Cases), string(w.To))
	var all iter.Seq2[*alert.Alert, error]
	for _, id := range namesOf(ev, rule) {
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
			if !yield(legacy.Alert(a), nil) {
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

// caseMargin is how many days before an incident its first alert may be.
const caseMargin = 30

// caseTallies returns the counts of the alerts that belong to cases, those from
// before the window included.
func (s *Service) caseTallies(ctx context.Context, ev *assure.Evidence, w visibility.Window) ([]alert.Tally, error) {
	if len(ev.Cases) == 0 {
		return nil, nil
	}
	in := ofCases(ev.Tallies)
	first := w.From
	for i := range ev.Cases {
		c := &ev.Cases[i].Value
		first = min(first, day.Of(c.When()).Add(-caseMargin), day.Of(c.Opened).Add(-caseMargin))
	}
	if first == w.From {
		return in, nil
	}
	earlier, err := s.alerts.Tallies(ctx, first, w.From.Add(-1))
	if err != nil {
		return nil, fmt.Errorf("count the alerts of cases from %s: %w", first, err)
	}
	return append(ofCases(earlier), in...), nil
}

// ofCases returns the counts whose cluster is a case.
func ofCases(tallies []alert.Tally) []alert.Tally {
	var of []alert.Tally
	for i := range tallies {
		if _, ok := alert.CaseOf(tallies[i].Cluster); ok {
			of = append(of, tallies[i])
		}
	}
	return of
}
