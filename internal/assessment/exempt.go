package assessment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/visibility"
)

// exempt is an exception that is read, and what it comes to for one rule.
type exempt struct {
	assure.Exempt
	when condition.Expr
}

// exemptions holds the exceptions in force against what is known to be true: of each rule
// that has one, each alert of the window that a label which counts says is.
func (s *Service) exemptions(ctx context.Context, g generation, ev *assure.Evidence, r Request) ([]assure.Exempt, error) {
	w := assure.WindowOf(r.Policy, r.AsOf)
	by, err := exceptionsByRule(ev, r.Policy.Claim.JoinAlertsBy, w.To)
	if err != nil {
		return nil, err
	}
	counts := func(p alert.Provenance) bool { return slices.Contains(r.Policy.Measure.Provenances, string(p)) }
	var sets [][]string
	for _, rule := range sortedKeys(by) {
		sets = append(sets, []string{rule})
	}
	sums, err := s.sums(ctx, g, ev, r, sets)
	if err != nil {
		return nil, err
	}
	var out []assure.Exempt
	for i, set := range sets {
		rule := set[0]
		list := by[rule]
		if sums[i].H > 0 { // some are known to be true
			if err := s.hold(ctx, ev, rule, list, w, counts); err != nil {
				return nil, err
			}
		}
		for i := range list {
			out = append(out, list[i].Exempt)
		}
	}
	return out, nil
}

// exceptionsByRule returns the exceptions that had begun by a day, by the rule that they
// are of. One of a list or of all rules is of each rule that it holds for, and one of a
// rule that nobody knows is of what it names.
func exceptionsByRule(ev *assure.Evidence, joins []detection.Join, on day.Date) (map[string][]exempt, error) {
	of := detection.NewResolver(values(ev.Rules), joins)
	by := map[string][]exempt{}
	for _, e := range ev.Exempted {
		v := e.Value
		if !v.Begun(on) {
			continue
		}
		when, err := condition.Parse(v.Condition)
		if err != nil {
			return nil, fmt.Errorf("read the condition of exception %s of batch %s: %w", v.ID, e.Batch, err)
		}
		for _, rule := range rulesOf(&v, ev, of) {
			one := v
			one.RuleID = rule
			by[rule] = append(by[rule], exempt{assure.Exempt{Exception: one, Batch: e.Batch}, when})
		}
	}
	return by, nil
}

// rulesOf returns the ids of the rules that an exception is of.
func rulesOf(e *detection.Exception, ev *assure.Evidence, of detection.Resolver) []string {
	if e.List == "" && e.RuleID != detection.AnyRule {
		return []string{of.Rule(detection.Called{ID: e.RuleID, Name: e.RuleName, Source: e.Source}).ID}
	}
	var ids []string
	for i := range ev.Rules {
		if r := &ev.Rules[i].Value; e.Of(r) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// mostHidden is how many alerts an exception names that it hides.
const mostHidden = 20

// hold holds the exceptions of one rule against its true alerts of a window, each read
// once.
func (s *Service) hold(ctx context.Context, ev *assure.Evidence, rule string, list []exempt, w visibility.Window, counts func(alert.Provenance) bool) error {
	for a, err := range s.alertsOf(ctx, ev, rule, w) {
		if err != nil {
			return err
		}
		if d := a.Disposition; d == nil || d.Class != alert.TruePositive || !counts(d.Provenance) {
			continue
		}
		for i := range list {
			list[i].meets(a)
		}
	}
	for i := range list {
		slices.Sort(list[i].Lacks)
	}
	return nil
}

// meets notes what the exception would have done to a true alert.
func (e *exempt) meets(a *alert.Alert) {
	e.True++
	value := func(field string) ([]string, bool) { return carried(a, field) }
	switch e.when.Decide(value) {
	case condition.Yes:
		if e.Hides++; len(e.Alerts) < mostHidden {
			e.Alerts = append(e.Alerts, a.ID)
		}
	case condition.Maybe:
		e.Unknown++
		for _, f := range e.when.Fields() {
			if _, ok := value(f); !ok && !slices.Contains(e.Lacks, f) && len(e.Lacks) < mostHidden {
				e.Lacks = append(e.Lacks, f)
			}
		}
	}
}

// carried returns what an alert has under the name of a field: one of its own, else one
// of those that came with it, in any case of letters.
func carried(a *alert.Alert, field string) ([]string, bool) {
	if v, own := ownField(a, field); own {
		return v, len(v) > 0
	}
	v, ok := a.Fields[field]
	if !ok {
		for _, name := range sortedKeys(a.Fields) {
			if strings.EqualFold(name, field) {
				v, ok = a.Fields[name], true
				break
			}
		}
	}
	if !ok {
		return nil, false
	}
	values := []string{v}
	if strings.Contains(v, ";") { // what a product lists is kept so; it may be one text too
		values = append(values, strings.Split(v, ";")...)
	}
	return values, true
}

// ownField returns what an alert has under one of the names of Candor; own is false for
// another name.
func ownField(a *alert.Alert, field string) (values []string, own bool) {
	one := func(v string) ([]string, bool) {
		if v == "" {
			return nil, true
		}
		return []string{v}, true
	}
	switch strings.ToLower(field) {
	case "id":
		return one(a.ID)
	case "rule_id":
		return one(a.RuleID)
	case "rule_name":
		return one(a.RuleName)
	case "entity":
		return one(a.Entity)
	case "site":
		return one(a.Site)
	case "severity":
		return one(a.Severity)
	case "case_id":
		return one(a.CaseID)
	case "tactic":
		return one(a.Tactic)
	case "technique", "techniques":
		return a.Techniques, true
	}
	return nil, false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// exceptionsIn returns the exceptions that had begun by a day, by rule, without what they
// would have hidden.
func exceptionsIn(ev *assure.Evidence, joins []detection.Join, on day.Date) (map[string][]assure.Exempt, error) {
	by, err := exceptionsByRule(ev, joins, on)
	if err != nil {
		return nil, err
	}
	plain := assure.Evidence{}
	for _, list := range by {
		for i := range list {
			plain.Exceptions = append(plain.Exceptions, list[i].Exempt)
		}
	}
	return assure.ExceptionsOf(&plain, on), nil
}
