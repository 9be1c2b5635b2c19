package assessment

import (
	"context"

	"candor/internal/attack"
)

// RuleName is what a rule is called, and its id and both as words are compared.
type RuleName struct {
	ID, Name         string
	FoldedID, Folded string
}

// RuleNames returns the rules that are in force, and behind them those that alerts name
// and no rule in force is. What it returns is shared between callers.
func (s *Service) RuleNames(ctx context.Context) ([]RuleName, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	return s.ruleNames.Of(ctx, join(g.evidence, g.alerts), func(ctx context.Context) ([]RuleName, error) {
		ev, err := s.parts(ctx, g)
		if err != nil {
			return nil, err
		}
		var list []RuleName
		known := map[string]bool{}
		add := func(id, name string) {
			list = append(list, RuleName{id, name, attack.Fold(id), attack.Fold(id + " " + name)})
		}
		for i := range ev.Rules {
			r := &ev.Rules[i].Value
			known[r.ID], known[r.Name] = true, true
			add(r.ID, r.Name)
		}
		for _, a := range ev.AlertRules {
			if !known[a.ID] && (a.Name == "" || !known[a.Name]) {
				add(a.ID, a.Name)
			}
		}
		return list, nil
	})
}
