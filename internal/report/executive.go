package report

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/figure"
	"candor/internal/gap"
)

// How much of a list a leader is shown; how many more there are is said.
const (
	mostListed = 10
	mostSteps  = 5
	mostMoved  = 6
	soonDays   = 30
)

// executiveOf is what a report on where things stand is made of.
type executiveOf struct {
	request   assessment.Request
	whole     *assure.Assessment
	gaps      *gap.Register
	kept      []archive.Kept
	reporting []assure.Decision // of the analytics that were shown to work, or on whose rung policy opens the gate
	automatic []assure.Decision // of those that are reliable
	ending    []assure.Ending
}

// document is the report. What the gate for reporting refuses stands under what is refused,
// with the reason, and nowhere as what works.
func (e *executiveOf) document() Document {
	t := &e.whole.Totals
	d := Document{Kind: KindExecutive, Title: "What we can rely on, and what we only have a rule for", Basis: basisOf(e.whole, e.request)}
	d.Lead = []string{
		figure.Sprintf("Of %d ways to detect that apply here, rules claim %d. On %d of them the evidence lets us rely: what happens would be seen, was shown to raise an alert, and somebody knows what to do. The gate for reporting lets %d through by themselves, %d of them such.",
			t.Applicable, t.Claimed, t.Assured, e.through(), t.Reportable),
		figure.Sprintf("%d are claimed and not to be relied on.", t.Distance),
	}
	d.Limits = together(e.whole.Limits, e.gaps.Limits,
		"A way to detect is an analytic of ATT&CK: that one works does not say that the whole of a technique is seen, and the number of analytics is no measure of risk.")
	d.Sections = []Section{e.distribution(), e.moved(), e.works(), e.waived(), e.refused(), e.responses(), e.unseen(), e.fund(), e.expiring()}
	return d
}

// through is how many the gate for reporting lets through without a waiver.
func (e *executiveOf) through() (n int) {
	for i := range e.reporting {
		if d := &e.reporting[i]; d.Allowed && !d.Waived {
			n++
		}
	}
	return n
}

// distribution is how many analytics stand where: no mean and no score.
func (e *executiveOf) distribution() Section {
	s := Section{Title: "Where the analytics stand", Text: []string{"Each stands where the first question is that the evidence does not answer with yes."}}
	for _, r := range e.whole.Totals.Rungs {
		if r.Rung != assure.NotApplicable {
			s.Bars = append(s.Bars, Bar{Name: strings.ReplaceAll(string(r.Rung), "_", " "), N: r.Count, Of: e.whole.Totals.Applicable, Note: meaning(r.Rung)})
		}
	}
	return s
}

// meaning says in plain words what it is to stand on a rung.
func meaning(r assure.Rung) string {
	switch r {
	case assure.Outside:
		return "no sensor of ours can be where it happens"
	case assure.Blind:
		return "it could be seen, and what it takes does not arrive"
	case assure.Observable:
		return "what it takes arrives, and no rule looks"
	case assure.RuleOnly:
		return "a rule is there, and what it reads does not arrive or it does not run"
	case assure.Unproven:
		return "rule and telemetry are there, and nothing shows that it works"
	case assure.Noisy:
		return "its alerts are too many, or too few of them true"
	case assure.Contradicted:
		return "an exercise or an incident shows that it does not work"
	case assure.Proven:
		return "it was shown to work, and something is missing to rely on it"
	case assure.Reliable:
		return "it was shown to work, and we can act on it"
	}
	return ""
}

// moved sets earlier assessments that are kept beside the present.
func (e *executiveOf) moved() Section {
	s := Section{Title: "How that moved", Table: &Table{Columns: []string{"As of", "Apply", "Claimed", "Reliable", "Reportable", "Judged by"}, Empty: "No earlier assessment is kept: candor assess --keep NAME keeps one."}}
	if e.request.Platform != "" || e.request.Profile != "" || e.request.Site != "" {
		s.Table.Empty = "What is kept is of the whole, and this report is not."
		return s
	}
	last := map[day.Date]archive.Kept{}
	for _, k := range e.kept {
		d := day.Of(k.AsOf)
		if name, _, _ := strings.Cut(k.Release, " "); name == attack.ShortDomain(e.whole.Release.Domain) && d < day.Of(e.whole.AsOf) && !last[d].At.After(k.At) {
			last[d] = k
		}
	}
	days := make([]day.Date, 0, len(last))
	for d := range last {
		days = append(days, d)
	}
	slices.Sort(days)
	row := func(d day.Date, t *assure.Totals, by string) []string {
		return []string{string(d), figure.Count(int64(t.Applicable)), figure.Count(int64(t.Claimed)), figure.Count(int64(t.Assured)), figure.Count(int64(t.Reportable)), by}
	}
	for _, d := range days[max(0, len(days)-mostMoved):] {
		k := last[d]
		s.Table.Rows = append(s.Table.Rows, row(d, &k.Totals, k.Release+", "+k.Policy.String()))
	}
	if len(days) > 0 {
		s.Table.Rows = append(s.Table.Rows, row(day.Of(e.whole.AsOf), &e.whole.Totals, e.whole.Release.String()+", "+e.whole.Policy.String()))
	}
	return s
}

// verdict returns that on an analytic.
func (e *executiveOf) verdict(id string) *assure.Verdict {
	i := slices.IndexFunc(e.whole.Verdicts, func(v assure.Verdict) bool { return v.Analytic.ATTACKID == id })
	return &e.whole.Verdicts[i]
}

// works lists what the gate for reporting lets through of itself.
func (e *executiveOf) works() Section {
	s := Section{Title: "What may be told as something that works",
		Table: &Table{Columns: []string{"Analytic", "Behaviour", "Why"}, Empty: "Nothing: the gate for reporting lets no analytic through by itself."}}
	for i := range e.reporting {
		if d := &e.reporting[i]; d.Allowed && !d.Waived {
			v := e.verdict(d.ID)
			s.Table.Rows = append(s.Table.Rows, []string{d.ID, names(v.Techniques), v.Sentence})
		}
	}
	return s.bounded(mostListed)
}

// waived lists what is told by waiver alone.
func (e *executiveOf) waived() Section {
	s := Section{Title: "What is told by waiver, although the gate for reporting finds something missing",
		Table: &Table{Columns: []string{"Analytic", "Stands on", "Waiver"}, Empty: "No waiver opens the gate for reporting."}}
	for i := range e.reporting {
		if d := &e.reporting[i]; d.Waived {
			s.Table.Rows = append(s.Table.Rows, []string{d.ID, string(e.verdict(d.ID).Rung), d.Reason})
		}
	}
	return s.bounded(mostListed)
}

// refused lists what was shown to work and may not be told as such, with the reason.
func (e *executiveOf) refused() Section {
	s := Section{Title: "What was shown to work, and the gate for reporting refuses",
		Table: &Table{Columns: []string{"Analytic", "Behaviour", "Stands on", "Refused because"}, Empty: "Nothing that was shown to work is refused."}}
	for i := range e.reporting {
		d := &e.reporting[i]
		if v := e.verdict(d.ID); !d.Allowed && (v.Rung == assure.Proven || v.Rung == assure.Reliable) {
			s.Table.Rows = append(s.Table.Rows, []string{d.ID, names(v.Techniques), string(v.Rung), d.Reason})
		}
	}
	return s.bounded(mostListed)
}

// responses is what may start a response without a person.
func (e *executiveOf) responses() Section {
	s := Section{Title: "What may start a response without a person", Table: &Table{Columns: []string{"Analytic", "Gate", "Why"}, Empty: "Nothing: no analytic is reliable."}}
	for i := range e.automatic {
		d := &e.automatic[i]
		word := "closed"
		if d.Allowed {
			word = "open"
		}
		s.Table.Rows = append(s.Table.Rows, []string{d.ID, word, d.Reason})
	}
	return s.bounded(mostListed)
}

// unseen is where nothing is seen or relied on, and who answers for it.
func (e *executiveOf) unseen() Section {
	g := e.gaps
	s := Section{Title: "Where we cannot see or rely, and who owns it",
		Table: &Table{Columns: []string{"Gap", "Reach, in analytics that apply", "Owner", "Decision", "Until", "State"}, Empty: "No gap is stated."},
		Text: []string{figure.Sprintf("%d gaps are stated, %d of them overdue. Beyond them %d techniques cannot be seen and %d are claimed and not to be relied on, and nobody has said who owns that.",
			len(g.Gaps), g.Overdue, len(g.Unstated), len(g.Unreliable))}}
	for i := range g.Gaps {
		x := &g.Gaps[i]
		s.Table.Rows = append(s.Table.Rows, []string{x.Title, x.Words(), x.Owner, string(x.Decision), string(x.Until), strings.ReplaceAll(string(x.State), "_", " ")})
	}
	return s.bounded(mostListed)
}

// fund is what lifts most.
func (e *executiveOf) fund() Section {
	s := Section{Title: "What to do or fund next, and what it lifts", Table: &Table{Columns: []string{"Step", "What it lifts", "Newly reliable", "Cost"}, Empty: "No step is known that lifts an analytic."}}
	for i := range e.whole.NextSteps {
		l := &e.whole.NextSteps[i]
		cost := "not stated"
		if l.Cost != nil {
			cost = figure.Fixed(*l.Cost, 1)
		}
		s.Table.Rows = append(s.Table.Rows, []string{l.Text, l.Unlocks, figure.Count(int64(l.Assured)), cost})
	}
	return s.bounded(mostSteps)
}

func (e *executiveOf) expiring() Section {
	s := Section{Title: fmt.Sprintf("What stops counting within %d days", soonDays),
		Table: &Table{Columns: []string{"What", "Last day", "Owner", "Analytics that rest on it", "Of them reliable"}, Empty: "Nothing ends by then."}}
	for i := range e.ending {
		x := &e.ending[i]
		s.Table.Rows = append(s.Table.Rows, []string{x.What, string(x.Until), x.Owner, figure.Count(int64(len(x.Analytics))), figure.Sprintf("%d of %d", x.Assured, len(x.Analytics))})
	}
	return s.bounded(mostListed)
}

// bounded leaves the first rows of a section's table, and says how many more there are.
func (s Section) bounded(most int) Section {
	if left := len(s.Table.Rows) - most; left > 0 {
		s.Table.Rows = s.Table.Rows[:most]
		s.Items = append(s.Items, figure.Sprintf("And %d more of %d.", left, left+most))
	}
	return s
}
