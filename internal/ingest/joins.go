package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// mostCalled bounds how many rules, as alerts name them, a batch keeps count of.
const mostCalled = 1 << 16

// calls counts alerts by how they name their rule.
type calls map[calling]int64

// calling is how an alert names its rule.
type calling struct{ source, id, name string }

// add counts an alert.
func (c calls) add(a *alert.Alert) {
	if a.RuleID == "" {
		return
	}
	k := calling{a.Source, a.RuleID, a.RuleName}
	if n, there := c[k]; there || len(c) < mostCalled {
		c[k] = n + 1
	}
}

// heldRules are the rules in force.
func (e *Evidence) heldRules(ctx context.Context) ([]detection.Rule, error) {
	if e.evidence == nil {
		return nil, nil
	}
	list, err := e.evidence.Current(ctx, evidence.RecordRule)
	if err != nil {
		return nil, err
	}
	rules, all := make([]detection.Rule, len(list)), make([]*detection.Rule, len(list))
	for i := range list {
		if err := json.Unmarshal(list[i].Body, &rules[i]); err != nil {
			return nil, fmt.Errorf("read the stored rule %q of batch %s: %w", list[i].Key, list[i].Batch, err)
		}
		all[i] = &rules[i]
	}
	detection.Apart(all)
	return rules, nil
}

// joins says of which alerts of the batch it cannot be told whose rule they mean: their
// rule's id is of several sources, and they name none; or they name a source that has no
// such rule, and others have.
func (e *Evidence) joins(ctx context.Context, b *batch) error {
	if len(b.calls) == 0 {
		return nil
	}
	rules, err := e.heldRules(ctx)
	if err != nil || len(rules) == 0 {
		return err
	}
	of := detection.NewResolver(rules, []detection.Join{detection.ByID})
	var several, elsewhere untold
	for c, n := range b.calls {
		to := of.Rule(detection.Called{ID: c.id, Name: c.name, Own: c.source, Source: cmp.Or(b.Source, b.Format)})
		if len(to.Ambiguous) > 0 {
			several.add(c.id, to.Ambiguous, n)
		} else if len(to.Elsewhere) > 0 {
			elsewhere.add(detection.Qualified(c.source, c.id), to.Elsewhere, n)
		}
	}
	if several.n > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf("%s a rule by an id that several sources have, and do not tell which: %s; they are joined to none, and bound what those rules claim; name the source in a column source, or with --source",
			alertsName(several.n), several.list()))
	}
	if elsewhere.n > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf("%s a source that has no such rule: %s; they are joined to none; correct their source, or add the rules of that source",
			alertsName(elsewhere.n), elsewhere.list()))
	}
	return nil
}

func alertsName(n int64) string {
	if n == 1 {
		return "1 alert names"
	}
	return fmt.Sprintf("%d alerts name", n)
}

// untold are alerts that are joined to no rule though there are rules of their id.
type untold struct {
	n  int64
	of map[string]*untoldRule
}

type untoldRule struct {
	n     int64
	rules []string
}

func (u *untold) add(id string, rules []string, n int64) {
	if u.of == nil {
		u.of = map[string]*untoldRule{}
	}
	if u.of[id] == nil {
		u.of[id] = &untoldRule{rules: rules}
	}
	u.of[id].n += n
	u.n += n
}

// list names the rules, those of the most alerts first.
func (u *untold) list() string {
	ids := slices.SortedFunc(maps.Keys(u.of), func(a, b string) int {
		return cmp.Or(cmp.Compare(u.of[b].n, u.of[a].n), strings.Compare(a, b))
	})
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprintf("%s of %d (there is %s)", id, u.of[id].n, strings.Join(u.of[id].rules, " and "))
	}
	return some(words)
}
