package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/figure"
)

// Operation is what is recorded of a rule's runs up to the day of judgement.
type Operation struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name,omitempty"`
	// State is "running", "late" (it runs, and its last run did not search all that it
	// should have in time), "failing" (its last run failed), "disabled" (its product
	// does not run it any more) or "stopped" (others of its product ran since). Of
	// several places the best counts.
	State string `json:"state"`
	// Sentence says State in words.
	Sentence string `json:"sentence"`
	// LastSearched is the last day on which it searched; empty for none.
	LastSearched day.Date `json:"last_searched,omitempty"`
	// Executions are those that are recorded of the window, and Failed and Late how many
	// of them were; GapHours is how much of it no run searched, by its product's word.
	Executions int64   `json:"executions"`
	Failed     int64   `json:"failed"`
	Late       int64   `json:"late"`
	GapHours   float64 `json:"gap_hours"`
	// Down are the sites where it does not run while it does elsewhere.
	Down []string       `json:"down_at,omitempty"`
	Refs []evidence.Ref `json:"evidence"`
}

// The states of Operation, best first.
const (
	running     = "running"
	runningLate = "late"
	runStopped  = "stopped"
	runFailing  = "failing"
	runDisabled = "disabled"
)

func runStates() []string { return []string{running, runningLate, runStopped, runFailing, runDisabled} }

// Runs reports whether the rule runs, as far as is recorded.
func (o *Operation) Runs() bool { return o.State == running || o.State == runningLate }

// Operations returns what is recorded of the runs of each rule, by its id. Runs that
// began after the last day of the window are left out.
func Operations(ev *Evidence, p Policy, asOf time.Time) map[string]Operation {
	w := WindowOf(p, asOf)
	x := operating{from: w.From.Time(), to: endOf(w.To), patience: time.Duration(p.Readiness.MaxRunAgeDays) * 24 * time.Hour, newest: map[string]time.Time{}}
	by := map[string][]evidence.Of[detection.Run]{}
	for _, r := range ev.Runs {
		if r.Value.Start.After(x.to) {
			continue
		}
		if r.Value.End.After(x.to) {
			r.Value.End = x.to
		}
		by[r.Value.RuleID] = append(by[r.Value.RuleID], r)
		x.newest[r.Value.Source] = latest(x.newest[r.Value.Source], r.Value.End)
	}
	if len(by) == 0 {
		return nil
	}
	names := make(map[string]string, len(ev.Rules))
	for i := range ev.Rules {
		names[ev.Rules[i].Value.ID] = ev.Rules[i].Value.Name
	}
	ops := make(map[string]Operation, len(by))
	for id, runs := range by {
		o := x.of(runs)
		o.RuleID, o.RuleName = id, cmp.Or(names[id], o.RuleName)
		ops[id] = o
	}
	return ops
}

// operating is what the runs of all rules are judged by.
type operating struct {
	from, to time.Time
	patience time.Duration
	newest   map[string]time.Time // the end of the newest run, by product
}

// of sums the runs of one rule.
func (x *operating) of(runs []evidence.Of[detection.Run]) Operation {
	var o Operation
	places := map[string][]detection.Run{}
	var batches []string
	for _, r := range runs {
		v := &r.Value
		places[v.Source+"\x1f"+v.Site] = append(places[v.Source+"\x1f"+v.Site], *v)
		batches = append(batches, r.Batch)
		o.RuleName = cmp.Or(o.RuleName, v.RuleName)
		x.count(&o, v)
	}
	var best *place
	for _, key := range sortedKeys(places) {
		at := x.place(places[key])
		if !at.runs() {
			o.Down = append(o.Down, cmp.Or(at.last.Site, at.last.Source))
		}
		if best == nil || slices.Index(runStates(), at.state) < slices.Index(runStates(), best.state) {
			best = &at
		}
	}
	if !best.runs() {
		o.Down = nil
	}
	o.State, o.Sentence = best.state, best.sentence()
	if !best.searched.IsZero() {
		o.LastSearched = day.Of(best.searched)
	}
	slices.Sort(batches)
	o.Refs = append(append([]evidence.Ref{}, evidence.Batches(batches...)...), policy("readiness.max_run_age_days")...)
	return o
}

// count adds a stretch of runs that reaches into the window.
func (x *operating) count(o *Operation, r *detection.Run) {
	if r.End.Before(x.from) {
		return
	}
	o.Executions += r.Executions
	o.GapHours += r.GapSeconds / 3600
	switch r.Status {
	case detection.RunFailed, detection.RunDisabled:
		o.Failed += r.Executions
	case detection.RunLate:
		o.Late += r.Executions
	}
}

// place is how a rule runs at one place.
type place struct {
	state    string
	last     detection.Run
	searched time.Time // the end of the last run that searched; zero for none
	newest   time.Time // the end of the newest run of any rule of the product
}

func (p *place) runs() bool { return p.state == running || p.state == runningLate }

func (x *operating) place(runs []detection.Run) place {
	slices.SortFunc(runs, func(a, b detection.Run) int { // of what ends at once the worst is last
		return cmp.Or(a.End.Compare(b.End), slices.Index(detection.RunStatuses(), b.Status)-slices.Index(detection.RunStatuses(), a.Status))
	})
	p := place{last: runs[len(runs)-1], newest: x.newest[runs[0].Source]}
	for i := range runs {
		if runs[i].Status.Searched() {
			p.searched = latest(p.searched, runs[i].End)
		}
	}
	switch {
	case p.last.Status == detection.RunDisabled:
		p.state = runDisabled
	case p.last.Status == detection.RunFailed:
		p.state = runFailing
	case p.newest.Sub(p.searched) > x.patience:
		p.state = runStopped
	case p.last.Status == detection.RunLate:
		p.state = runningLate
	default:
		p.state = running
	}
	return p
}

// sentence says how the rule runs, as the end of a sentence about it.
func (p *place) sentence() string {
	on, why := day.Of(p.last.End), ""
	if p.last.Word != "" {
		why = " (" + p.last.Word + ")"
	}
	since := "no run that searched is recorded"
	if !p.searched.IsZero() {
		since = "it last searched on " + string(day.Of(p.searched))
	}
	switch p.state {
	case runDisabled:
		return fmt.Sprintf("its product had disabled it by %s%s; %s", on, why, since)
	case runFailing:
		return fmt.Sprintf("its last run, on %s, failed%s; %s", on, why, since)
	case runStopped:
		return fmt.Sprintf("it last ran on %s, and others of its product ran until %s", on, day.Of(p.newest))
	case runningLate:
		return fmt.Sprintf("it last ran on %s, late or not over all%s", on, why)
	}
	return fmt.Sprintf("it last ran on %s", on)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// hold takes the claims of rules that are said to be enabled and do not run for those
// of rules that are not enabled.
func (a *assessor) hold(claims []claim.Claim) {
	for i := range claims {
		c := &claims[i]
		if o, ok := a.operations[c.RuleID]; ok && c.Enabled && !o.Runs() {
			c.Enabled, c.Counts = false, false
			c.Why = "it is said to be enabled and does not run: " + o.Sentence
		}
	}
}

// whyNotRunning names the rules that would claim s if they ran.
func (a *assessor) whyNotRunning(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	for i := range s.Claims {
		c := &s.Claims[i]
		o, ok := a.operations[c.RuleID]
		if !ok || o.Runs() || c.Misfit != "" || !slices.Contains(a.policy.Claim.Count, c.Basis) || !a.enabled[c.RuleID] {
			continue
		}
		rs = append(rs, evidence.Reason{Code: "rule_not_running", Refs: append(evidence.Batches(c.Batch), o.Refs...),
			Text: fmt.Sprintf("Rule %s is said to be enabled and does not run: %s.", c.RuleName, o.Sentence)})
	}
	return rs
}

// operatingLimits says what of the runs of the rules that claim s is wanting, or not
// recorded, and whether any of them ever raised an alert.
func (a *assessor) operatingLimits(s *subject) []string {
	var l []string
	var unknown []string
	fired := false
	for _, id := range ruleIDs(s.counting) {
		_, raised := a.alerts.rules[id]
		fired = fired || raised
		o, ok := a.operations[id]
		if !ok {
			unknown = append(unknown, a.nameOfRule(id))
			continue
		}
		if o.Failed+o.Late > 0 || o.GapHours > 0 {
			l = append(l, figure.Sprintf("Runs of rule %s that are recorded in the window: %d, of which %d failed and %d were late%s.",
				a.nameOfRule(id), o.Executions, o.Failed, o.Late, gapText(o.GapHours)))
		}
		if len(o.Down) > 0 {
			l = append(l, fmt.Sprintf("Rule %s does not run at %s.", a.nameOfRule(id), listed(o.Down, 5)))
		}
	}
	if len(unknown) > 0 && len(a.operations) > 0 {
		l = append(l, fmt.Sprintf("No run is recorded of %s: that they ran in the window is taken on their being enabled.", listed(unknown, 3)))
	}
	if !fired && s.Exercises.State == proofPassed {
		l = append(l, "Exercised, never seen in operation: no rule that claims it ever raised an alert here.")
	}
	return l
}

func gapText(hours float64) string {
	if hours <= 0 {
		return ""
	}
	return figure.Sprintf("; %.1f hours were searched by none", hours)
}

// nameOfRule returns what people call a rule.
func (a *assessor) nameOfRule(id string) string {
	return cmp.Or(a.named[id], a.alerts.rules[id].Name, id)
}

// recorded returns what is recorded of the runs of the rules that claim s in whatever
// way, by rule.
func (a *assessor) recorded(s *subject) []Operation {
	var ops []Operation
	for _, id := range ruleIDs(s.Claims) {
		if o, ok := a.operations[id]; ok {
			ops = append(ops, o)
		}
	}
	slices.SortFunc(ops, func(x, y Operation) int { return strings.Compare(x.RuleID, y.RuleID) })
	return ops
}
