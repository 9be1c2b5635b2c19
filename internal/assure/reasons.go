package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/claim"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// reasons says why s stands on its rung, in the order of the questions and no
// further than the question that decided.
func (a *assessor) reasons(s *subject) []evidence.Reason {
	rs := []evidence.Reason{a.whySeen(s)}
	if s.Rung == NotApplicable {
		return rs
	}
	rs = append(rs, a.whyExternal(s)...)
	rs = append(rs, a.whyClaimed(s))
	rs = append(rs, a.whyNotRunning(s)...)
	rs = append(rs, a.whyStopped(s)...)
	rs = append(rs, a.whyReread(s)...)
	rs = append(rs, a.whyImpaired(s)...)
	if s.Rung == Outside {
		return append(rs, whyCompensated(s)...)
	}
	if !s.Claimed || !s.Visibility.State.Seen() || s.unworkable() {
		return rs
	}
	rs = append(rs, a.whyDecided(s)...)
	rs = append(rs, a.whyMeasured(s), a.whyExercised(s))
	rs = append(rs, whyReplayed(s)...)
	return append(append(append(rs, a.whyIncidents(s)...), a.whyReady(s)), s.Bounds...)
}

// whySeen states the visibility, and tells a source that is missing from one
// that was never measured, is partial, or is stale.
func (a *assessor) whySeen(s *subject) evidence.Reason {
	r := evidence.Reason{Code: "visibility_" + string(s.Visibility.State), Text: s.Visibility.Sentence}
	switch s.Visibility.State {
	case visibility.OutOfScope:
		for _, sc := range a.ev.Telemetry.Scope {
			r.Refs = append(r.Refs, evidence.Batches(sc.Batch)...)
		}
		r.Refs = append(r.Refs, object(s.Analytic))
	case visibility.Outside:
		r.Refs = append(policy("visibility.outside_platforms"), object(s.Analytic))
	default:
		r.Refs = append(needRefs(s.Visibility.Needs), object(s.Analytic))
		r.Refs = append(r.Refs, policy("visibility.joint_need", "visibility.max_feed_age_days")...)
	}
	return r
}

// logSource names a need as people write it, for example
// "WinEventLog:Security / EventCode=4624".
func logSource(n visibility.Need) string {
	if n.Channel == "" {
		return n.Name
	}
	return n.Name + " / " + n.Channel
}

func needRefs(needs []visibility.Need) []evidence.Ref {
	var refs []evidence.Ref
	for _, n := range needs {
		refs = append(refs, n.Refs...)
	}
	return unique(refs)
}

// whyExternal names every external source that covers s, with its rating and
// whether it counts.
func (a *assessor) whyExternal(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	for _, x := range s.Visibility.Externals {
		r := evidence.Reason{Code: "external_source", Refs: slices.Concat(x.Refs, policy("visibility.worst_reliability", "visibility.worst_credibility"))}
		r.Text = fmt.Sprintf("External source %s by %s is rated %s%d and is in force until %s.",
			x.Source.Name, x.Source.Provider, x.Source.Reliability, x.Source.Credibility, x.Source.Expires)
		if !x.Counts {
			r.Code = "external_source_not_counted"
			r.Text = fmt.Sprintf("External source %s, rated %s%d, does not count: %s.", x.Source.Name, x.Source.Reliability, x.Source.Credibility, x.Why)
		}
		rs = append(rs, r)
	}
	return rs
}

// whyClaimed states which rules claim s. For what is outside visibility it says
// that a claim cannot observe anything.
func (a *assessor) whyClaimed(s *subject) evidence.Reason {
	n := len(ruleIDs(s.counting))
	refs := append(claimRefs(s.counting), policy("claim.count")...)
	switch {
	case n > 0 && s.Rung == Outside:
		return evidence.Reason{Code: "claimed_not_observable", Refs: refs,
			Text: fmt.Sprintf("%s it, and none of them can observe it.", claiming(n))}
	case n == 1:
		return evidence.Reason{Code: "claimed", Refs: refs,
			Text: fmt.Sprintf("Rule %s claims it, on basis %s.", s.counting[0].RuleName, s.counting[0].Basis)}
	case n > 1:
		return evidence.Reason{Code: "claimed", Refs: refs,
			Text: fmt.Sprintf("%s it, the strongest on basis %s.", claiming(n), s.counting[0].Basis)}
	case len(s.Claims) == 0:
		return evidence.Reason{Code: "not_claimed", Text: "No rule claims it.", Refs: append(policy("claim.count"), object(s.Analytic))}
	}
	return evidence.Reason{Code: "claims_not_counted", Refs: append(claimRefs(s.Claims), policy("claim.count")...), Text: uncounted(s)}
}

func claiming(n int) string {
	if n == 1 {
		return "1 enabled rule claims"
	}
	return fmt.Sprintf("%d enabled rules claim", n)
}

// uncounted says which rules might claim s and do not, each with why, and how many
// cannot: those of another platform or product are a number and no names.
func uncounted(s *subject) string {
	text := "No enabled rule claims it in a way that counts."
	var names []string
	for _, c := range s.Claims {
		if !c.Cannot() {
			names = append(names, fmt.Sprintf("%s (%s)", c.RuleName, c.Why))
		}
	}
	if len(names) > 0 {
		text += fmt.Sprintf(" Mapped and not counted: %s.", listed(names, 3))
	}
	if m := s.Misfits; m.Rules > 0 {
		text += fmt.Sprintf(" %s its technique and cannot count: %s.", ofRules(m.Rules, "names", "name"), m.words())
	}
	return text
}

// Misfits are the rules that name an analytic's technique and are of another platform
// or product, so that their claims cannot count.
type Misfits struct {
	Rules int `json:"rules"`
	// Of says of what they are, the most first.
	Of []MisfitsOf `json:"of"`
}

// MisfitsOf is how many rules are of a platform, or of claim.OtherLogSource.
type MisfitsOf struct {
	What  string `json:"what"`
	Rules int    `json:"rules"`
}

// misfitsOf counts the claims that cannot count.
func misfitsOf(claims []claim.Claim) Misfits {
	n := map[string]int{}
	m := Misfits{Of: []MisfitsOf{}}
	for _, c := range claims {
		if c.Cannot() {
			m.Rules++
			n[c.Misfit]++
		}
	}
	for what, rules := range n {
		m.Of = append(m.Of, MisfitsOf{what, rules})
	}
	slices.SortFunc(m.Of, func(a, b MisfitsOf) int { return cmp.Or(b.Rules-a.Rules, strings.Compare(a.What, b.What)) })
	return m
}

func (m *Misfits) words() string {
	var parts []string
	for _, o := range m.Of {
		parts = append(parts, fmt.Sprintf("%d of %s", o.Rules, o.What))
	}
	return listed(parts, 4)
}

// Words says how many rules cannot count and of what they are; empty without any.
func (m Misfits) Words() string {
	if m.Rules == 0 {
		return ""
	}
	return fmt.Sprintf("%s the technique and cannot count: %s", ofRules(m.Rules, "names", "name"), m.words())
}

func ofRules(n int, one, many string) string {
	if n == 1 {
		return "1 rule " + one
	}
	return fmt.Sprintf("%d rules %s", n, many)
}

func ruleIDs(claims []claim.Claim) []string {
	if len(claims) == 0 {
		return nil
	}
	ids := make([]string, len(claims))
	for i := range claims { // a claim is large, and there are many
		ids[i] = claims[i].RuleID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func claimRefs(claims []claim.Claim) []evidence.Ref {
	ids := make([]string, len(claims))
	for i := range claims {
		ids[i] = claims[i].Batch
	}
	slices.Sort(ids)
	return evidence.Batches(slices.Compact(ids)...)
}

// whyMeasured states what the alerts of the claiming rules say together.
func (a *assessor) whyMeasured(s *subject) evidence.Reason {
	m := s.Measurement
	refs := append(a.alerts.batches(s.firing), policy("measure.min_precision", "measure.min_episodes", "window_days")...)
	r := evidence.Reason{Code: "measured_" + string(m.Conclusion), Refs: refs}
	switch {
	case m.Alerts == 0:
		r.Code, r.Text = "not_measured", fmt.Sprintf("The claiming rules raised no alert in the %d days to %s; that says nothing of whether they work.", m.WindowDays, a.today)
	case m.Noisy:
		return noisyReason(m, refs)
	case m.Conclusion == measure.GoodEnough:
		r.Text = fmt.Sprintf("Measured and good enough: %s.", precisionText(m))
	case m.Conclusion == measure.Undecided:
		r.Text = fmt.Sprintf("Measured and undecided: %s.", precisionText(m))
		if m.ToLabel > 0 {
			r.Text += " To decide it at the current estimate, " + m.Settling(m.ToLabel).Words() + "."
		}
	default:
		r.Text = fmt.Sprintf("Not measurable: %s.", precisionText(m))
	}
	return r
}

// noisyReason says which of precision, volume and workload is outside policy, in
// the words of the measurement.
func noisyReason(m *measure.Statement, refs []evidence.Ref) evidence.Reason {
	var why []string
	for _, r := range m.Reasons {
		switch r.Code {
		case "below_threshold", "volume_over", "workload_over":
			why = append(why, r.Text)
			refs = append(refs, r.Refs...)
		}
	}
	text := fmt.Sprintf("Measured and outside policy: %s. %s", precisionText(m), strings.Join(why, " "))
	return evidence.Reason{Code: "noisy", Text: strings.TrimSpace(text), Refs: unique(refs)}
}

// precisionText states precision by alerts and by episodes, each with its
// numerator, denominator and interval.
func precisionText(m *measure.Statement) string {
	n := m.TruePositive + m.BenignPositive + m.FalsePositive
	if n == 0 {
		return fmt.Sprintf("none of %s is labelled in a way that counts", count(m.Alerts, "alert"))
	}
	interval := m.ClusteredInterval
	if interval == nil {
		interval = m.Interval
	}
	text := figure.Sprintf("%d of %s true%s", m.TruePositive, count(n, "labelled alert"), intervalText(interval))
	return text + figure.Sprintf(", %d of %s on %s%s", m.EpisodeHits, count(int64(m.Episodes), "labelled episode"), count(int64(m.Occasions), "occasion"), intervalText(m.EpisodeInterval))
}

func intervalText(i *measure.Interval) string {
	if i == nil {
		return ""
	}
	return " (interval " + figure.Percents(i[0], i[1]) + ")"
}

// whyExercised states what the exercises say.
func (a *assessor) whyExercised(s *subject) evidence.Reason {
	t := &s.trials
	r := evidence.Reason{Code: "exercise_" + t.State, Refs: append(evidence.Batches(t.newest.Of.Batch), policy("readiness.passing", "readiness.max_exercise_age_days", "readiness.corroborate_hours")...)}
	r.Text = a.exerciseText(s)
	if s.failedAndContradicted() {
		r.Code = "exercise_contradicts"
		for _, e := range t.all {
			r.Refs = append(r.Refs, evidence.Batches(e.Of.Batch)...)
		}
		r.Refs = unique(r.Refs)
	}
	return r
}

func (a *assessor) exerciseText(s *subject) string {
	t, e := &s.trials, &s.trials.newest.Value
	if t.State == proofNone {
		return "No exercise has produced it."
	}
	what := fmt.Sprintf("%q of %s", e.Test, e.Time.UTC().Format("2006-01-02"))
	switch t.State {
	case proofPassed:
		if t.newest.Basis != Corroborated {
			return fmt.Sprintf("Exercise %s passed by statement only: %s%s.", what, e.Outcome, byRule(e.RuleID))
		}
		return fmt.Sprintf("Exercise %s passed, and alerts bear it out. %s", what, t.newest.Why)
	case proofExpired:
		return fmt.Sprintf("Exercise %s passed and is out of date: policy lets it count for %d days.", what, a.policy.Readiness.MaxExerciseAgeDays)
	case proofInconclusive:
		return fmt.Sprintf("Exercise %s shows neither that it works nor that it fails. %s", what, t.newest.Why)
	}
	text := fmt.Sprintf("Exercise %s failed: nothing was seen.", what)
	switch t.newest.Basis {
	case Contradicting:
		text = fmt.Sprintf("Exercise %s is stated to have alerted, and the data contradict that. %s", what, t.newest.Why)
	case Silent:
		text = fmt.Sprintf("Exercise %s failed. %s", what, t.newest.Why)
	}
	switch {
	case t.passedBefore:
		return text + " An earlier one had passed."
	case s.measuredWell():
		return text + " The alerts had said that it works."
	}
	return text
}

func byRule(id string) string {
	if id == "" {
		return ""
	}
	return " by rule " + id
}

// whyReady states what the runbooks say.
func (a *assessor) whyReady(s *subject) evidence.Reason {
	d := s.duty
	r := evidence.Reason{Code: "runbook_" + d.State, Refs: append(evidence.Batches(d.from.Batch), policy("readiness.max_runbook_age_days", "readiness.require_owner")...)}
	switch {
	case d.State == dutyNone:
		r.Text = "No runbook applies to it."
	case d.State == dutyEmpty:
		r.Text = fmt.Sprintf("Runbook %s has front matter and no procedure: it says nothing of what to do.", d.ID)
	case d.State == dutyNoOwner:
		r.Text = fmt.Sprintf("Runbook %s has no owner.", d.ID)
	case d.State == dutyExpired && d.Reviewed == "":
		r.Text = fmt.Sprintf("Runbook %s does not say when it was reviewed.", d.ID)
	case d.State == dutyExpired:
		r.Text = fmt.Sprintf("Runbook %s, reviewed on %s, is not current: policy asks for a review every %d days.", d.ID, d.Reviewed, a.policy.Readiness.MaxRunbookAgeDays)
	default:
		r.Text = fmt.Sprintf("Runbook %s%s is current, reviewed on %s, %s.", d.ID, ownedBy(d.Owner), d.Reviewed, usedIn(&d.Duty))
	}
	return r
}

func usedIn(d *Duty) string {
	if d.Used == 0 {
		return "never used in a recorded case"
	}
	return fmt.Sprintf("used in %s, last on %s", count(int64(d.Used), "case"), d.LastUsed)
}

func ownedBy(owner string) string {
	if owner == "" {
		return ""
	}
	return ", owned by " + owner + ","
}

// whyCompensated names what is reliable at adjacent stages.
func whyCompensated(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	for _, c := range s.Compensated {
		rs = append(rs, evidence.Reason{
			Code: "compensated",
			Text: fmt.Sprintf("Not counted as coverage: %s %s (%s) is reliable here and is used by %d of the same groups and campaigns.",
				c.Technique.ATTACKID, c.Technique.Name, c.Tactic.Name, len(c.Users)),
			Refs: []evidence.Ref{object(c.Technique), object(c.Analytic)},
		})
	}
	return rs
}
