package runbook

import (
	"strings"

	"candor/internal/day"
)

// Tuning is one local setting of a mutable element of an analytic: a knob that
// ATT&CK says an organisation is meant to set.
type Tuning struct {
	// Analytic is an ATT&CK ID, and Element the name of the mutable element as
	// ATT&CK spells it, for example "TimeWindow".
	Analytic string `json:"analytic"`
	Element  string `json:"element"`
	// Value is what is set here, and Baseline what was measured or assumed to
	// choose it.
	Value    string `json:"value"`
	Baseline string `json:"baseline,omitempty"`
	// RuleID is the rule in which it is set, if it is said.
	RuleID     string   `json:"rule_id,omitempty"`
	Date       day.Date `json:"date"`
	ApprovedBy string   `json:"approved_by,omitempty"`
	Notes      string   `json:"notes,omitempty"`
}

// Key names what a later record supersedes: the analytic, the element and the
// rule, in lower case.
func (t *Tuning) Key() string {
	return strings.ToLower(t.Analytic + "\x1f" + t.Element + "\x1f" + t.RuleID)
}
