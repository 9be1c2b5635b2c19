package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
)

// summed is what sums have been asked for under one question but for its sets, which have
// answers by the ids that alerts use. One asks at a time, so that nothing is asked twice.
type summed struct {
	turn  chan struct{}
	sums  map[string]alert.Sums
	ahead bool // sites have been asked for, all at once
}

// question asks about the alerts of the window of a request.
func question(ev *assure.Evidence, r Request) alert.Question {
	w := assure.WindowOf(r.Policy, r.AsOf)
	return alert.Question{From: w.From, To: w.To, Site: ev.Site, Provenances: r.Policy.Measure.Counting(), Cases: alert.LegacyOf(values(ev.Cases), string(w.To)), Trials: trials(ev, r.Policy.Readiness)}
}

// trials is when and where exercises can have raised alerts: on the site and the host that
// an exercise names, around its time as alerts that bear it out are looked for.
func trials(ev *assure.Evidence, p assure.Readiness) []alert.Trial {
	list := make([]alert.Trial, len(ev.Exercises))
	for i := range ev.Exercises {
		e := &ev.Exercises[i].Value
		list[i].From, list[i].To = p.Around(e.Time)
		list[i].Site, list[i].Entity = e.Site, e.Host
	}
	return list
}

// sums returns the sums of sets of rules in the window, under the ids of the rules that
// alerts mean. Of rules that were changed they are of the alerts that count.
func (s *Service) sums(ctx context.Context, g generation, ev *assure.Evidence, r Request, sets [][]string) ([]alert.Sums, error) {
	names, since := namesOf(ev), ev.Lately(r.AsOf).Since
	parts := make([]alert.Set, len(sets))
	for i, rules := range sets {
		parts[i] = names.set(rules, since)
	}
	return s.sumsOfSets(ctx, g, ev, r, parts)
}

// sumsOfSets does so of sets under the ids that alerts use. What was asked before is not
// asked again.
func (s *Service) sumsOfSets(ctx context.Context, g generation, ev *assure.Evidence, r Request, sets []alert.Set) ([]alert.Sums, error) {
	if len(sets) == 0 {
		return nil, nil
	}
	q, names := question(ev, r), namesOf(ev)
	if len(r.beside) > 0 {
		q.Site, sets = "", atSite(sets, ev.Site)
	}
	key := join(g.alerts, string(q.From), string(q.To), q.Site, fmt.Sprint(q.Provenances), fmt.Sprint(q.Cases), fmt.Sprint(q.Trials))
	known, err := s.summed.Of(ctx, key, func(context.Context) (*summed, error) {
		return &summed{turn: make(chan struct{}, 1), sums: map[string]alert.Sums{}}, nil
	})
	if err != nil {
		return nil, err
	}
	select {
	case known.turn <- struct{}{}:
		defer func() { <-known.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	keys, asked := make([]string, len(sets)), map[string]bool{}
	for i, set := range sets {
		keys[i] = fmt.Sprint(set)
		if _, ok := known.sums[keys[i]]; !ok && !asked[keys[i]] {
			asked[keys[i]] = true
			q.Sets = append(q.Sets, set)
		}
	}
	if len(q.Sets) > 0 {
		if own := q.Sets; !known.ahead { // the others will ask for the same
			for _, site := range r.beside {
				if known.ahead = true; site != ev.Site {
					q.Sets = append(q.Sets, atSite(own, site)...)
				}
			}
		}
		answers, err := s.alerts.Sums(ctx, &q)
		if err != nil {
			return nil, fmt.Errorf("count alerts from %s to %s: %w", q.From, q.To, err)
		}
		for i, set := range q.Sets {
			known.sums[fmt.Sprint(set)] = answers[i]
		}
	}
	out := make([]alert.Sums, len(sets))
	for i := range sets {
		out[i] = names.meant(known.sums[keys[i]])
	}
	return out, nil
}

// atSite returns the sets at a site.
func atSite(sets []alert.Set, site string) []alert.Set {
	list := make([]alert.Set, len(sets))
	for i, set := range sets {
		list[i] = slices.Clone(set)
		for j := range list[i] {
			list[i][j].Site = site
		}
	}
	return list
}

// sumsNow does so by the state of the stores now.
func (s *Service) sumsNow(ctx context.Context, ev *assure.Evidence, r Request, sets [][]string) ([]alert.Sums, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	return s.sums(ctx, g, ev, r, sets)
}

// sumsOf returns those of one set.
func (s *Service) sumsOf(ctx context.Context, ev *assure.Evidence, r Request, rules []string) (*alert.Sums, error) {
	sums, err := s.sumsNow(ctx, ev, r, [][]string{rules})
	if err != nil {
		return nil, err
	}
	return &sums[0], nil
}

// sumsByRule returns those of every rule that raised alerts in the window.
func (s *Service) sumsByRule(ctx context.Context, ev *assure.Evidence, r Request) (map[string]*alert.Sums, error) {
	sets := make([][]string, len(ev.AlertRules))
	for i, rule := range ev.AlertRules {
		sets[i] = []string{rule.ID}
	}
	sums, err := s.sumsNow(ctx, ev, r, sets)
	by := map[string]*alert.Sums{}
	for i := range sums {
		if sums[i].Alerts > 0 {
			by[sets[i][0]] = &sums[i]
		}
	}
	return by, err
}

// tallies returns what the alerts of rules in the window count as, once they have
// inherited, under the ids of the rules that they mean.
func (s *Service) tallies(ctx context.Context, ev *assure.Evidence, r Request, rules []string) ([]alert.Tally, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	q, names := question(ev, r), namesOf(ev)
	q.Sets = []alert.Set{names.set(rules, ev.Lately(r.AsOf).Since)}
	tallies, err := s.alerts.Tallies(ctx, &q)
	if err != nil {
		return nil, fmt.Errorf("count alerts from %s to %s: %w", q.From, q.To, err)
	}
	for i := range tallies {
		tallies[i].RuleID = names.meaning(tallies[i].RuleID)
	}
	return q.Cases.Tallies(tallies), nil
}

// caseMargin is how many days before an incident its first alert may be.
const caseMargin = 30

// caseCounts returns the counts of the alerts that belong to cases, those from
// before the window included.
func (s *Service) caseCounts(ctx context.Context, ev *assure.Evidence, r Request) ([]alert.CaseCount, error) {
	if len(ev.Cases) == 0 {
		return nil, nil
	}
	q, names := question(ev, r), namesOf(ev)
	for i := range ev.Cases {
		c := &ev.Cases[i].Value
		q.From = min(q.From, day.Of(c.When()).Add(-caseMargin), day.Of(c.Opened).Add(-caseMargin))
	}
	counts, err := s.alerts.CaseCounts(ctx, &q)
	if err != nil {
		return nil, fmt.Errorf("count the alerts of cases from %s: %w", q.From, err)
	}
	for i := range counts {
		counts[i].Rule = names.meaning(counts[i].Rule)
	}
	return counts, nil
}

// naming says under which other ids alerts name rules.
type naming struct {
	others map[string][]string // by id of the rule
	rule   map[string]string   // by the other id
}

func namesOf(ev *assure.Evidence) naming {
	n := naming{map[string][]string{}, map[string]string{}}
	for _, r := range ev.AlertRules {
		for _, as := range r.As {
			n.others[r.ID] = append(n.others[r.ID], as.Key())
			n.rule[as.Key()] = r.ID
		}
	}
	return n
}

// of returns the ids under which alerts name a rule, its own first.
func (n naming) of(rule string) []string {
	if n.rule[rule] != "" { // alerts that have this id mean another rule
		return n.others[rule]
	}
	return append([]string{rule}, n.others[rule]...)
}

// set is that of some rules, under every id; of those since a day that have one.
func (n naming) set(rules []string, since map[string]day.Date) alert.Set {
	set := alert.SetOf(rules...)
	for i := range set {
		set[i].From = since[set[i].Rule]
	}
	return n.under(set)
}

// under returns a set of rules as that of every id under which alerts name them.
func (n naming) under(set alert.Set) alert.Set {
	var all alert.Set
	for _, p := range set {
		for _, id := range n.of(p.Rule) {
			p.Rule = id
			all = append(all, p)
		}
	}
	return all
}

// meaning is the rule that alerts under an id mean.
func (n naming) meaning(id string) string { return cmp.Or(n.rule[id], id) }

// meant returns sums with the rules that alerts mean.
func (n naming) meant(s alert.Sums) alert.Sums {
	if len(n.rule) == 0 {
		return s
	}
	var rules []alert.RuleCount
	for _, c := range s.Rules {
		c.Rule = n.meaning(c.Rule)
		if i := slices.IndexFunc(rules, func(r alert.RuleCount) bool { return r.Rule == c.Rule }); i >= 0 {
			rules[i].N += c.N
		} else {
			rules = append(rules, c)
		}
	}
	slices.SortFunc(rules, func(a, b alert.RuleCount) int { return strings.Compare(a.Rule, b.Rule) })
	s.Rules = rules
	return s
}
