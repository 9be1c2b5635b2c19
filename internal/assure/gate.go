package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/measure"
)

// Purpose is what an analytic or a rule is to be used for.
type Purpose string

// The purposes that have a gate.
const (
	Reporting  Purpose = "reporting"  // to be told to executives as something that works
	Automation Purpose = "automation" // to start a response without a person
)

// Purposes lists every purpose.
func Purposes() []Purpose { return []Purpose{Reporting, Automation} }

// LeastEpisodes is the fewest labelled episodes with which a gate opens,
// whatever policy says.
const LeastEpisodes = 5

// Gates is what policy asks for each purpose.
type Gates struct {
	Reporting, Automation GatePolicy
	// MaxWaiverDays is for how many days a waiver may hold, from the day on which it was
	// made; 0 is no bound.
	MaxWaiverDays int
}

// GatePolicy is what policy asks for one purpose.
type GatePolicy struct {
	// MinPrecision is what the lower of the two lower bounds must reach, 0 to 1.
	MinPrecision float64
	// MinEpisodes is the fewest labelled episodes; less than LeastEpisodes counts
	// as that.
	MinEpisodes int
	// Rungs are those on which the analytic, or one that the rule claims, may stand.
	Rungs []Rung
	// MaxAlertsPerDay bounds the mean volume; 0 means no bound.
	MaxAlertsPerDay float64
	RequireRunbook  bool
	// MaxAgeDays bounds the age of the newest labelled alert; 0 means no bound.
	MaxAgeDays int
	// MinPersons is how many persons must have labelled, MaxPersonShare the largest share
	// of the labels that may be one person's, and MaxMinuteShare that which may have been
	// made within one minute; 0 asks for none, and 1 sets no bound. Whose name or time is
	// not known may be of that person and minute. In place of all, MinSecondReadings
	// alerts may have been read a second time by somebody else, with a lower limit of
	// agreement of MinAgreement.
	MinPersons        int
	MaxPersonShare    float64
	MaxMinuteShare    float64
	MinSecondReadings int
	MinAgreement      float64
	// MaxLeftOutShare is the largest share of labels that may leave their alert out, as a
	// test or a duplicate.
	MaxLeftOutShare float64
}

// For returns what is asked for a purpose.
func (g Gates) For(p Purpose) GatePolicy {
	if p == Automation {
		return g.Automation
	}
	return g.Reporting
}

// Asked is what a gate is asked about, and for what.
type Asked struct {
	Purpose Purpose
	// Kind is "analytic" or "rule".
	Kind string
	ID   string
	Name string
	// Verdicts is the verdict on the analytic, or those on the analytics that the
	// rule claims in a way that counts.
	Verdicts []Verdict
	// Measurement is of the analytic's claiming rules together, or of the rule.
	Measurement *measure.Statement
	// Revision is the change of the rule within the window; nil for none, or for an analytic.
	Revision *Revision
	Waivers  []evidence.Of[Waiver]
	// Beside is what stands beside the answer, of the evidence as a whole.
	Beside []string
}

// Check is one thing that a gate asks for.
type Check struct {
	// Name is stable: "rung", "episodes", "precision", "unlabelled", "labels", "left_out",
	// "volume", "runbook", "age", "untied", and of a rule "exception_hides" and "field_missing" where
	// something is in its way, and "changed" where it was changed within the window.
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Text says what was found, and Missing what would be needed where it is not
	// OK.
	Text    string         `json:"text"`
	Missing string         `json:"missing,omitempty"`
	Refs    []evidence.Ref `json:"evidence"`
}

// Decision is the answer of a gate.
type Decision struct {
	Kind    string    `json:"kind"`
	ID      string    `json:"id"`
	Name    string    `json:"name,omitempty"`
	Purpose Purpose   `json:"for"`
	AsOf    day.Date  `json:"as_of"`
	Policy  PolicyRef `json:"policy"`
	// Allowed says that the gate is open: every check is OK, or a waiver is in
	// force. Waived says that only the waiver opens it.
	Allowed bool   `json:"allowed"`
	Waived  bool   `json:"waived"`
	Reason  string `json:"reason"`
	// Limits are what stands beside the answer.
	Limits  []string `json:"limits,omitempty"`
	Checks  []Check  `json:"checks"`
	Missing []string `json:"missing"`
	// Waivers are those made for it, in force or expired.
	Waivers []Waiver `json:"waivers"`
}

// Gate decides whether what is asked about may be used for its purpose on a day.
// Every check of policy must be OK. Precision is the lower of the two lower
// bounds, of alerts with their clustering and of episodes, and nothing opens with
// fewer than LeastEpisodes labelled episodes. Only a waiver in force opens a gate
// all the same, and the decision then says so.
func Gate(q Asked, p Policy, today day.Date) Decision {
	g := gate{Asked: q, policy: p, asks: p.Gates.For(q.Purpose), key: "gate." + string(q.Purpose) + ".", today: today}
	g.judged = g.best()
	d := Decision{Kind: q.Kind, ID: q.ID, Name: q.Name, Purpose: q.Purpose, AsOf: today,
		Policy: p.Ref(), Checks: g.checks(), Missing: []string{}, Waivers: []Waiver{}}
	for _, c := range d.Checks {
		if !c.OK {
			d.Missing = append(d.Missing, c.Missing)
		}
	}
	for _, w := range q.Waivers {
		if w.Value.ID == q.ID && w.Value.For == q.Purpose && day.Of(w.Value.Made) <= today {
			d.Waivers = append(d.Waivers, w.Value.Under(p.Gates))
		}
	}
	if looser := d.Policy.looser(); looser != "" {
		d.Limits = append(d.Limits, looser)
	}
	d.Limits = append(d.Limits, q.Beside...)
	d.decide(today)
	return d
}

// decide opens or closes the gate and says why.
func (d *Decision) decide(today day.Date) {
	of := fmt.Sprintf("%s %s", d.Kind, d.ID)
	i := slices.IndexFunc(d.Waivers, func(w Waiver) bool { return w.InForce(today) })
	switch {
	case len(d.Missing) == 0:
		d.Allowed = true
		d.Reason = fmt.Sprintf("The %s meets all that policy asks for %s.", of, d.Purpose)
	case i >= 0:
		w := &d.Waivers[i]
		d.Allowed, d.Waived = true, true
		d.Reason = fmt.Sprintf("Open by waiver of %s and %s until %s (%s), although the %s lacks %s for %s.",
			w.By, w.Second, w.Until, w.Reason, of, count(int64(len(d.Missing)), "thing"), d.Purpose)
	default:
		i := slices.IndexFunc(d.Checks, func(c Check) bool { return !c.OK })
		d.Reason = fmt.Sprintf("The %s may not be used for %s. %s", of, d.Purpose, d.Checks[i].Text)
	}
}

// gate is a gate that is being asked.
type gate struct {
	Asked
	policy Policy
	asks   GatePolicy
	key    string   // the prefix of its policy keys
	judged *Verdict // the one that rung and runbook are judged by; nil without any
	today  day.Date
}

func (g *gate) checks() []Check {
	checks := []Check{g.rung(), g.episodes()}
	if g.Kind == "rule" {
		checks = append(append(checks, g.unimpaired()...), g.changed()...)
	}
	if m := g.Measurement; m != nil && m.Precision != nil {
		checks = append(checks, g.precision(), g.unlabelled())
		if g.asks.MinPersons > 0 || g.asks.MaxPersonShare < 1 || g.asks.MaxMinuteShare < 1 {
			checks = append(checks, g.labels())
		}
	}
	if m := g.Measurement; m != nil && m.Labels.LeftOutShare != nil {
		checks = append(checks, g.leftOut())
	}
	checks = append(checks, g.volume(), g.age())
	if v := g.judged; v != nil && len(v.Incidents.Untied) > 0 {
		u := &v.Incidents.Untied[0]
		checks = append(checks, g.check("untied", false, u.text(), "a review of incident "+u.Case+" that says what those alerts are"))
	}
	if g.asks.RequireRunbook {
		checks = append(checks, g.runbook())
	}
	return checks
}

func (g *gate) check(name string, ok bool, text, missing string) Check {
	c := Check{Name: name, OK: ok, Text: text, Refs: []evidence.Ref{}}
	if !ok {
		c.Missing = missing
	}
	return c
}

func (c Check) from(refs []evidence.Ref) Check {
	c.Refs = append(c.Refs, refs...)
	return c
}

// rung asks that the analytic, or one that the rule claims, stands where policy
// wants it.
func (g *gate) rung() Check {
	refs := policy(g.key + "rungs")
	v := g.judged
	if v == nil {
		return g.check("rung", false, "It claims no analytic of the release in a way that counts.", "a mapping of the rule to an analytic, on a basis that policy counts").from(refs)
	}
	ok := slices.Contains(g.asks.Rungs, v.Rung)
	text := fmt.Sprintf("%s is %s.", v.Analytic.ATTACKID, plainRung(v.Rung))
	if n := len(g.Verdicts); n > 1 && !ok {
		text = fmt.Sprintf("None of the %d analytics that it claims stands on a rung that is asked for; %s is %s.", n, v.Analytic.ATTACKID, plainRung(v.Rung))
	}
	missing := fmt.Sprintf("rung %s", orRungs(g.asks.Rungs))
	if len(v.Next) > 0 && !ok {
		missing += ": " + v.Next[0].Text
	}
	return g.check("rung", ok, text, missing).from(append(refs, object(v.Analytic)))
}

// best returns the verdict that the gate judges: of those that it is asked about the
// one that meets the most of what policy asks, a rung before a runbook, and of equals
// the one with the first ID, so that no order of verdicts changes the answer.
func (g *gate) best() *Verdict {
	worth := func(v *Verdict) (n int) {
		if slices.Contains(g.asks.Rungs, v.Rung) {
			n += 2
		}
		if g.asks.RequireRunbook && v.Runbook.State == dutyCurrent {
			n++
		}
		return n
	}
	var best *Verdict
	for i := range g.Verdicts {
		v := &g.Verdicts[i]
		if best == nil || cmp.Or(worth(best)-worth(v), compareIDs(v.Analytic.ATTACKID, best.Analytic.ATTACKID), strings.Compare(v.Analytic.StixID, best.Analytic.StixID)) < 0 {
			best = v
		}
	}
	return best
}

// unimpaired says what is in the way of the rule, whatever other rules claim beside it.
func (g *gate) unimpaired() []Check {
	var checks []Check
	seen := map[string]bool{}
	for i := range g.Verdicts {
		for _, in := range g.Verdicts[i].Impaired {
			if in.RuleID == g.ID && !seen[in.Text] {
				seen[in.Text] = true
				missing := "an exception that hides no alert known to be true"
				if in.Code == fieldMissing {
					missing = "the fields that the rule needs, in enough events"
				}
				checks = append(checks, g.check(in.Code, false, in.Text, missing).from(in.Refs))
			}
		}
	}
	return checks
}

func plainRung(r Rung) string { return strings.ReplaceAll(string(r), "_", " ") }

func orRungs(rungs []Rung) string {
	if len(rungs) == 0 {
		return "none, so that the gate never opens"
	}
	names := make([]string, len(rungs))
	for i, r := range rungs {
		names[i] = plainRung(r)
	}
	return strings.Join(names, " or ")
}

// changed asks of a rule that was changed within the window that what it raised since is
// enough to conclude from.
func (g *gate) changed() []Check {
	t := g.Revision
	if t == nil {
		return nil
	}
	n, what := t.Since.Short(g.policy.Measure)
	return []Check{g.check("changed", t.Decides, t.Sentence, fmt.Sprintf("labels in %s of what the rule raised since it was changed", count(int64(max(n, 1)), "more "+what))).
		from(append(evidence.Batches(t.Batch), policy("measure.min_episodes")...))}
}

// episodes asks for enough labelled episodes.
func (g *gate) episodes() Check {
	least := max(g.asks.MinEpisodes, LeastEpisodes)
	have, occasions, missing := 0, 0, "labels in %s"
	if m := g.Measurement; m != nil {
		have, occasions = m.Episodes, m.Occasions
		if m.Unlabelled == 0 {
			missing = "wait for %s: no alert is left to label"
		}
	}
	text := figure.Sprintf("%s labelled; %d are asked for.", was(have, "episode"), least)
	more := count(int64(least-have), "more episode")
	if have >= least {
		text = figure.Sprintf("%s labelled, on %s; %d occasions are asked for.", was(have, "episode"), count(int64(occasions), "occasion"), least)
		more = count(int64(least-occasions), "more occasion")
	}
	return g.check("episodes", have >= least && occasions >= least, text, fmt.Sprintf(missing, more)).from(policy(g.key + "min_episodes"))
}

func was(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return figure.Sprintf("%d %ss are", n, noun)
}

// precision asks that the lower of the two lower bounds reaches what policy asks.
func (g *gate) precision() Check {
	m := g.Measurement
	asks := g.asks.MinPrecision
	of := figure.Sprintf("episodes, %d of %d", m.EpisodeHits, m.Episodes)
	if m.ClusteredInterval[0] < m.EpisodeInterval[0] {
		of = figure.Sprintf("alerts, %d of %d", m.TruePositive, m.TruePositive+m.BenignPositive+m.FalsePositive)
	}
	missing := fmt.Sprintf("a lower bound of precision of %s", figure.Percent(asks))
	switch _, more := m.At(asks, g.policy.Measure); {
	case *m.Precision < asks || *m.EpisodePrecision < asks:
		missing += ", which more of the same would not reach: tune, enrich or correlate it"
	case more > 0:
		missing += ": at the current estimate, " + m.Settling(more).Words()
	}
	return g.check("precision", m.LowerBound() >= asks,
		fmt.Sprintf("The lower bound of precision is %s (%s); %s is asked for.", figure.Against(m.LowerBound(), asks), of, figure.Percent(asks)), missing).
		from(policy(g.key+"min_precision", "measure.confidence"))
}

// unlabelled asks that what is unlabelled could not sink precision.
func (g *gate) unlabelled() Check {
	m := g.Measurement
	text := "Every alert is labelled."
	if m.Unlabelled > 0 {
		text = figure.Sprintf("%s unlabelled; if all were false, precision would be %d of %d, %s.", was(int(m.Unlabelled), "alert"), m.TruePositive,
			labelledOf(m)+m.Unlabelled, figure.Against(m.Bounds[0], g.asks.MinPrecision))
	}
	return g.check("unlabelled", m.Bounds[0] >= g.asks.MinPrecision || m.Unlabelled == 0, text,
		fmt.Sprintf("labels: the unlabelled alone could bring precision below %s", figure.Percent(g.asks.MinPrecision))).
		from(policy(g.key+"min_precision", "measure.provenances"))
}

// labels asks that more than one person looked, and not at all alerts at once.
func (g *gate) labels() Check {
	l, asks := &g.Measurement.Labels, &g.asks
	second := &l.Second
	agreed := second.Pairs > 0 && second.Pairs >= int64(asks.MinSecondReadings) && second.Interval[0] >= asks.MinAgreement
	persons := l.Persons >= int64(asks.MinPersons) && (l.BusiestAtMost == nil || *l.BusiestAtMost <= asks.MaxPersonShare)
	minute := l.MinuteAtMost == nil || *l.MinuteAtMost <= asks.MaxMinuteShare
	n := labelledOf(g.Measurement)
	text := "Who labelled its alerts is not known"
	if l.Persons == 1 {
		text = figure.Sprintf("One person, %s, labelled %d of its alerts", l.Busiest, l.ByBusiest)
	} else if l.Persons > 1 {
		text = figure.Sprintf("%d persons labelled its alerts, %s %d of %d (%s)", l.Persons, l.Busiest, l.ByBusiest, n, figure.Percent(*l.BusiestShare))
	}
	if l.Persons > 0 && *l.BusiestAtMost > *l.BusiestShare {
		text += figure.Sprintf("; who labelled %d of %d (%s) is not known", n-l.Named, n, figure.Percent(*l.BusiestAtMost-*l.BusiestShare))
	}
	if l.InMinute > 0 {
		text += figure.Sprintf("; %d of %d (%s) were labelled within one minute, that of %s", l.InMinute, n, figure.Percent(*l.MinuteShare), l.Minute)
	}
	if l.Untimed > 0 {
		text += "; " + l.Timeless() + ", and may be of one minute"
	}
	if second.Pairs == 0 {
		text += "; nobody else read any a second time."
	} else {
		text += figure.Sprintf("; %s read a second time, with a lower limit of agreement of %s.", was(int(second.Pairs), "alert"), figure.Fixed(second.Interval[0], 2))
	}
	missing := figure.Sprintf("labels by %d persons, no more than %s of them by one and no more than %s within one minute, or second readings by somebody else of %d alerts that agree to %s at least (candor label sample --second)",
		asks.MinPersons, figure.Percent(asks.MaxPersonShare), figure.Percent(asks.MaxMinuteShare), asks.MinSecondReadings, figure.Fixed(asks.MinAgreement, 2))
	return g.check("labels", persons && minute || agreed, text, missing).
		from(policy(g.key+"min_persons", g.key+"max_person_share", g.key+"max_minute_share", g.key+"min_second_readings", g.key+"min_agreement"))
}

// labelledOf is how many alerts have a label that counts.
func labelledOf(m *measure.Statement) int64 {
	return m.TruePositive + m.BenignPositive + m.FalsePositive
}

// leftOut asks that not too many labels take their alert out of what is measured.
func (g *gate) leftOut() Check {
	m, most := g.Measurement, g.asks.MaxLeftOutShare
	share := *m.Labels.LeftOutShare
	of := m.Test + m.Duplicate + m.TruePositive + m.BenignPositive + m.FalsePositive
	text := figure.Sprintf("%d of %s leave their alert out, %d as a test and %d as a duplicate: %s; %s may.",
		m.Test+m.Duplicate, count(of, "label"), m.Test, m.Duplicate, figure.Against(share, most), figure.Percent(most))
	return g.check("left_out", share <= most, text, figure.Sprintf("fewer labels that leave alerts out: at most %s of them", figure.Percent(most))).
		from(policy(g.key + "max_left_out_share"))
}

func (g *gate) volume() Check {
	perDay := 0.0
	if g.Measurement != nil {
		perDay = g.Measurement.PerDay.Mean
	}
	most := g.asks.MaxAlertsPerDay
	return g.check("volume", most <= 0 || perDay <= most,
		fmt.Sprintf("It raises %s alerts a day on average; %s.", figure.PerDay(perDay), bound(most)),
		fmt.Sprintf("a volume of at most %g alerts a day", most)).from(policy(g.key + "max_alerts_per_day"))
}

func bound(most float64) string {
	if most <= 0 {
		return "policy sets no bound"
	}
	return fmt.Sprintf("%g are allowed", most)
}

// age asks that the newest label is lately enough.
func (g *gate) age() Check {
	most := g.asks.MaxAgeDays
	if g.Measurement == nil || g.Measurement.LastLabelled == "" {
		return g.check("age", most <= 0, "No alert of the window is labelled.", fmt.Sprintf("a labelled alert of the last %d days", most)).from(policy(g.key + "max_age_days"))
	}
	last := g.Measurement.LastLabelled
	return g.check("age", most <= 0 || last.Until(g.today) <= most,
		fmt.Sprintf("The newest labelled alert is of %s, %s ago.", last, count(int64(last.Until(g.today)), "day")),
		fmt.Sprintf("a labelled alert of the last %d days", most)).from(policy(g.key + "max_age_days"))
}

// runbook asks for a current runbook of the analytic whose rung is judged.
func (g *gate) runbook() Check {
	refs := policy(g.key+"require_runbook", "readiness.max_runbook_age_days")
	v := g.judged
	if v == nil {
		return g.check("runbook", false, "No analytic, and so no runbook, belongs to it.", "a current runbook with an owner").from(refs)
	}
	text := fmt.Sprintf("Runbook %s is current.", v.Runbook.ID)
	if v.Runbook.State != dutyCurrent {
		text = "No current runbook applies to it."
		if len(g.Verdicts) > 1 {
			text = fmt.Sprintf("No current runbook applies to %s.", v.Analytic.ATTACKID)
		}
	}
	return g.check("runbook", v.Runbook.State == dutyCurrent, text, "a current runbook with an owner").from(append(refs, object(v.Analytic)))
}

// Waiver is an exception that someone took upon themselves: what it is about may
// be used for a purpose although its gate is closed, until a day.
type Waiver struct {
	// ID is that of an analytic or a rule.
	ID     string  `json:"id"`
	For    Purpose `json:"for"`
	Reason string  `json:"reason"`
	By     string  `json:"by"`
	// Second is somebody else who agreed to it.
	Second string    `json:"second,omitempty"`
	Made   time.Time `json:"made"`
	// Until is the last day on which it holds.
	Until day.Date `json:"until"`
	// Void says why it opens nothing whatever the day; see Under. It is not stored.
	Void string `json:"void,omitempty"`
}

// Under returns the waiver with what policy has against it.
func (w Waiver) Under(g Gates) Waiver {
	second, by := strings.TrimSpace(w.Second), strings.TrimSpace(w.By)
	w.Void = ""
	switch n := day.Of(w.Made).Until(w.Until) + 1; {
	case second == "" || strings.EqualFold(second, by):
		w.Void = "nobody but " + by + " agreed to it"
	case g.MaxWaiverDays > 0 && n > g.MaxWaiverDays:
		w.Void = figure.Sprintf("it was made for %d days, and policy lets a waiver hold for %d", n, g.MaxWaiverDays)
	}
	return w
}

// InForce reports whether the waiver holds on a day.
func (w *Waiver) InForce(today day.Date) bool {
	return w.Void == "" && day.Of(w.Made) <= today && w.Until >= today
}

// Key names what a waiver is about: a later one of the same key supersedes it.
func (w *Waiver) Key() string { return string(w.For) + "|" + w.ID }

// waivers returns those in force of s and of the rules whose claims count.
func (a *assessor) waivers(s *subject) []Waiver {
	var in []Waiver
	for _, of := range a.ev.Waivers {
		w := of.Value.Under(a.policy.Gates)
		if w.InForce(a.today) && (w.ID == s.Analytic.ATTACKID || slices.Contains(ruleIDs(s.counting), w.ID)) {
			in = append(in, w)
		}
	}
	slices.SortFunc(in, func(x, y Waiver) int { return strings.Compare(x.Key(), y.Key()) })
	return in
}
