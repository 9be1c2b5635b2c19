package assure

import (
	"cmp"
	"fmt"
	"slices"

	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/measure"
)

// Former is a rule that its source no longer holds: a complete input retired it.
type Former struct {
	detection.Rule
	Batch   string   `json:"batch"` // that retired it
	Retired day.Date `json:"retired"`
}

// live finds out what happened to rules: what those raised that were changed, and which that
// run took the place of others, that no longer run and raised alerts.
func (a *assessor) live() {
	a.revisions, a.alerts.replaced = map[string]*Revision{}, map[string][]string{}
	for i := range a.ev.Revisions {
		a.revisions[a.ev.Revisions[i].RuleID] = &a.ev.Revisions[i]
	}
	for _, r := range a.replacing {
		for _, id := range r.Replaces {
			if _, known := a.enabled[detection.Qualified(r.Origin, id)]; r.Origin != "" && known {
				id = detection.Qualified(r.Origin, id) // the id is of several sources, and the rule means that of its own
			}
			if _, raised := a.alerts.rules[id]; raised && id != r.ID && !a.enabled[id] {
				a.alerts.replaced[r.ID] = append(a.alerts.replaced[r.ID], id)
			}
		}
	}
}

// before lists the rules whose place some rules took.
func (x *alertIndex) before(rules []string) []string {
	var out []string
	for _, r := range rules {
		for _, id := range x.replaced[r] {
			if !slices.Contains(rules, id) && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// inheriting returns rules with those whose place they took, unless each that took a place
// has enough alerts of its own to conclude from.
func (x *alertIndex) inheriting(rules []string) []string {
	for _, r := range rules {
		if len(x.replaced[r]) > 0 && !x.enough(r) {
			return inOrder(append(x.before(rules), rules...))
		}
	}
	return rules
}

// enough reports whether a rule's own labels are enough to conclude from.
func (x *alertIndex) enough(rule string) bool {
	s, least := x.of([]string{rule}), int64(x.policy.MinEpisodes)
	return s.Episodes >= least && s.Occasions >= least
}

// whatCame says how many alerts there are and how many of the labelled were true.
func whatCame(st *measure.Statement) string {
	if st.Alerts == 0 {
		return "no alert"
	}
	n := st.TruePositive + st.BenignPositive + st.FalsePositive
	return figure.Sprintf("%s, %d of %d labelled true", count(st.Alerts, "alert"), st.TruePositive, n)
}

// lifeLimits says what happened within the window to the rules that claim s.
func (a *assessor) lifeLimits(s *subject) []string {
	var l []string
	rules := ruleIDs(s.counting)
	inherits := len(a.alerts.inheriting(rules)) > len(rules)
	for _, id := range rules {
		name := a.nameOfRule(id)
		for _, old := range a.alerts.replaced[id] {
			st := a.alerts.rule(old)
			how := "count as its own until it has enough"
			if !inherits {
				how = "count no more, since it has enough of its own"
			}
			l = append(l, fmt.Sprintf("Rule %s replaces rule %s, whose alerts of the window %s: %s.", name, a.nameOfRule(old), how, whatCame(&st)))
		}
	}
	return append(l, revisionLimits(s)...)
}

// whyStopped says which rules that claim s, and do not any more, raised alerts in the
// window that counted before: those that are disabled and those that were retired.
func (a *assessor) whyStopped(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	add := func(c *claim.Claim, what string, batches ...string) {
		if !a.alerts.raised(c.RuleID) || c.Misfit != "" || c.Role != detection.Alerts || !slices.Contains(a.policy.Claim.Count, c.Basis) {
			return
		}
		st := a.alerts.rule(c.RuleID)
		rs = append(rs, evidence.Reason{Code: "rule_stopped", Refs: append(evidence.Batches(batches...), a.alerts.batches([]string{c.RuleID})...),
			Text: fmt.Sprintf("Rule %s %s; what it raised in the window counts no more: %s.", cmp.Or(c.RuleName, c.RuleID), what, whatCame(&st))})
	}
	for i := range s.Claims {
		if c := &s.Claims[i]; !c.Enabled && !a.enabled[c.RuleID] {
			add(c, "is disabled", c.Batch)
		}
	}
	for i, c := range a.former[s.object.ID] {
		f := a.retired[c.RuleID]
		add(&a.former[s.object.ID][i], fmt.Sprintf("was retired on %s, since its source no longer holds it", f.Retired), f.Batch)
	}
	return rs
}

// formerly judges what rules that were retired within the window claimed.
func (a *assessor) formerly() {
	a.retired, a.former = map[string]Former{}, nil
	var rules claim.Rules
	for _, f := range a.ev.Former {
		if _, again := a.enabled[f.ID]; again || f.Retired < a.window.From || f.Retired > a.today {
			continue
		}
		a.retired[f.ID] = f
		rules = append(rules, evidence.Of[detection.Rule]{Value: f.Rule, Batch: f.Batch})
	}
	if len(rules) > 0 {
		a.former = claim.Judge(a.lib, rules, a.policy.Claim).ByAnalytic
	}
}

// strays returns the alert rules that may be one of the rules which claim s, or another,
// so that they are joined to none.
func (a *assessor) strays(s *subject) []AlertRule {
	var of []AlertRule
	for _, r := range a.ev.AlertRules {
		if len(r.Ambiguous) > 0 && slices.ContainsFunc(s.counting, func(c claim.Claim) bool { return slices.Contains(r.Ambiguous, c.RuleID) }) {
			of = append(of, r)
		}
	}
	return of
}

// strayBounds says which alerts would speak of s, for or against it, if they told whose
// rule raised them: what is not counted cannot show that s is reliable.
func (a *assessor) strayBounds(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	for _, r := range a.strays(s) {
		rs = append(rs, evidence.Reason{Code: "bounded_ambiguous_alerts", Refs: append(evidence.Batches(r.Batches...), policy("claim.join_alerts_by")...),
			Text: figure.Sprintf("%s that call their rule %s may be of any of the rules %s, so that they are joined to none and what they say is not counted.",
				count(r.Alerts, "alert"), r.ID, listed(r.Ambiguous, 3))})
	}
	return rs
}
