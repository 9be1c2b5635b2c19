package detection

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// RunStatus is how a product's execution of a rule ended.
type RunStatus string

// The statuses, worst first.
const (
	RunDisabled RunStatus = "disabled" // the product itself does not run it any more
	RunFailed   RunStatus = "failed"   // it ended in an error and searched nothing, as far as is known
	RunLate     RunStatus = "late"     // it searched, and not all that it should have in time
	RunOK       RunStatus = "ok"
)

// RunStatuses lists every status, worst first.
func RunStatuses() []RunStatus { return []RunStatus{RunDisabled, RunFailed, RunLate, RunOK} }

// Searched reports whether executions of the status looked at events.
func (s RunStatus) Searched() bool { return s == RunOK || s == RunLate }

// Run is an unbroken stretch of executions of one rule that ended alike; often one
// execution alone.
type Run struct {
	// RuleID and RuleName are what the product calls the rule.
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name,omitempty"`
	// Source is the product that ran it, and Site where; both may be empty.
	Source string `json:"source,omitempty"`
	Site   string `json:"site,omitempty"`
	// Start and End bound the time that was searched, or that the rule ran in where
	// the product does not say what it searched. Start is not after End.
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Status RunStatus `json:"status"`
	// Executions is how many the stretch holds, 1 or more.
	Executions int64 `json:"executions"`
	// Events is how many events matched or were searched, as the product counts; nil
	// where it does not say.
	Events *int64 `json:"events,omitempty"`
	// GapSeconds is how much time no execution searched, by the product's own word.
	GapSeconds float64 `json:"gap_seconds,omitempty"`
	// Word is the product's own word for the status, or its reason.
	Word string `json:"word,omitempty"`
}

// Key names what a later record supersedes: the stretch by its rule, place, start and
// status.
func (r *Run) Key() string {
	return strings.Join([]string{r.Source, r.Site, r.RuleID, r.Start.UTC().Format(time.RFC3339Nano), string(r.Status)}, "|")
}

// Stretch joins executions of the same rule at the same place that ended alike, follow
// each other and are no further apart than the pause. What comes back is by rule and
// start; runs is not changed.
func Stretch(runs []Run, pause time.Duration) []Run {
	sorted := slices.Clone(runs)
	slices.SortStableFunc(sorted, func(a, b Run) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Site, b.Site), strings.Compare(a.RuleID, b.RuleID),
			a.Start.Compare(b.Start), a.End.Compare(b.End))
	})
	var out []Run
	for i := range sorted {
		if n := len(out); n > 0 && follows(&out[n-1], &sorted[i], pause) {
			extend(&out[n-1], &sorted[i])
			continue
		}
		out = append(out, sorted[i])
	}
	return out
}

func follows(a, b *Run, pause time.Duration) bool {
	return a.Source == b.Source && a.Site == b.Site && a.RuleID == b.RuleID && a.Status == b.Status && b.Start.Sub(a.End) <= pause
}

// extend makes b a part of a, which begins before it.
func extend(a, b *Run) {
	if b.End.After(a.End) {
		a.End = b.End
	}
	a.Executions += b.Executions
	a.GapSeconds += b.GapSeconds
	a.RuleName, a.Word = cmp.Or(b.RuleName, a.RuleName), cmp.Or(b.Word, a.Word)
	if b.Events != nil {
		sum := *b.Events
		if a.Events != nil {
			sum += *a.Events
		}
		a.Events = &sum
	}
}
