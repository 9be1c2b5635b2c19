package report

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/custody"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/library"
	"candor/internal/measure"
)

// verdictOf is what a report on one analytic is made of.
type verdictOf struct {
	request  assessment.Request
	whole    *assure.Assessment
	verdict  *assure.Verdict
	official library.Page
	measured *assessment.OneAnalytic // nil where the alerts say nothing
	gates    []assure.Decision
	batches  []custody.Account
}

// document is the report: the answer, how it was derived, what speaks for it and what does
// not, and what it rests on.
func (f *verdictOf) document() Document {
	v := f.verdict
	d := Document{Kind: KindVerdict, Title: v.Analytic.ATTACKID + " " + v.Analytic.Name, Basis: basisOf(f.whole, f.request)}
	d.Lead = []string{"Verdict: " + strings.ReplaceAll(string(v.Rung), "_", " ") + ".", v.Sentence}
	for i := range f.gates {
		d.Lead = append(d.Lead, gateAnswer(&f.gates[i]))
	}
	d.Limits = together(v.Limits, f.whole.Beside, "Judged by what the evidence of the window says; what nobody recorded is not known.")
	for i := range f.gates {
		d.Limits = together(d.Limits, f.gates[i].Limits)
	}
	d.Sections = append(d.Sections, f.quoted(), f.place(), f.reasons(), f.seen(), f.claims())
	if f.measured != nil {
		d.Sections = append(d.Sections, measuredSections(&f.measured.Detail, f.measured.Rules, f.measured.Confidence)...)
		d.Limits = together(d.Limits, f.measured.Limits)
	}
	d.Sections = append(d.Sections, f.exercises(), f.duty())
	for i := range f.gates {
		d.Sections = append(d.Sections, gateSection(&f.gates[i]))
	}
	d.Sections = append(d.Sections, f.next(), evidenceSection(f.batches))
	return d
}

// together returns texts, each once.
func together(texts []string, more ...any) []string {
	out := slices.Clone(texts)
	for _, m := range more {
		switch m := m.(type) {
		case string:
			out = append(out, m)
		case []string:
			out = append(out, m...)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(t string) bool {
		again := seen[t]
		seen[t] = true
		return again
	})
}

func gateAnswer(d *assure.Decision) string {
	word := "closed"
	switch {
	case d.Waived:
		word = "open by waiver alone"
	case d.Allowed:
		word = "open"
	}
	return fmt.Sprintf("Gate for %s: %s. %s", d.Purpose, word, d.Reason)
}

// quoted is what ATT&CK says, as it says it.
func (f *verdictOf) quoted() Section {
	o := &f.official
	return Section{Title: "What ATT&CK says", Quoted: true, Text: []string{o.Object.Description}, Items: []string{
		"STIX id " + o.Object.ID + ", changed " + o.Object.Modified,
		"SHA-256 of the object's bytes " + o.ObjectHash + ", of the release's file " + o.FileHash,
		o.Official.Licence,
	}}
}

func (f *verdictOf) place() Section {
	v := f.verdict
	rows := [][]string{{"Platforms", strings.Join(v.Platforms, ", ")}}
	for _, x := range []struct {
		name string
		of   []assure.Name
	}{{"Detection strategies", v.Strategies}, {"Techniques", v.Techniques}, {"Parent techniques", v.Parents}, {"Tactics", v.Tactics}} {
		if len(x.of) > 0 {
			rows = append(rows, []string{x.name, names(x.of)})
		}
	}
	return Section{Title: "Where it stands in ATT&CK", Table: &Table{Columns: []string{"", "is"}, Rows: rows}}
}

func names(of []assure.Name) string {
	words := make([]string, len(of))
	for i, n := range of {
		words[i] = strings.TrimSpace(n.ATTACKID + " " + n.Name)
	}
	return strings.Join(words, "; ")
}

// reasons are those of the verdict, each with what it rests on.
func (f *verdictOf) reasons() Section {
	t := &Table{Columns: []string{"Reason", "Code", "Rests on"}, Empty: "No reason is recorded."}
	for _, r := range f.verdict.Reasons {
		t.Rows = append(t.Rows, []string{r.Text, r.Code, refs(r.Refs)})
	}
	return Section{Title: "How the verdict was derived", Text: []string{"The questions of doc/verdict.md are asked in their order; the first that applies decides."}, Table: t}
}

func refs(list []evidence.Ref) string {
	words := make([]string, len(list))
	for i, r := range list {
		words[i] = strings.TrimSpace(r.Kind + " " + r.ID + " " + r.Detail)
	}
	return strings.Join(words, "; ")
}

// seen is what telemetry says of each log source that the analytic reads.
func (f *verdictOf) seen() Section {
	s := &f.verdict.Visibility
	t := &Table{Columns: []string{"Log source", "Channel", "Data component", "State", "Last seen", "Days of the window", "Hosts", "Rests on"}, Empty: "ATT&CK names no log source for it."}
	for i := range s.Needs {
		n := &s.Needs[i]
		hosts := figure.Count(int64(n.Hosts)) + " of an unknown number"
		if n.HostsOf > 0 {
			hosts = figure.Sprintf("%d of %d", n.Hosts, n.HostsOf)
		}
		t.Rows = append(t.Rows, []string{n.Name, n.Channel, n.ComponentName, string(n.State), string(n.LastSeen),
			figure.Sprintf("%d of %d", n.Days, f.whole.Window.From.Until(f.whole.Window.To)+1), hosts, refs(n.Refs)})
	}
	sec := Section{Title: "What can be seen", Text: []string{s.Sentence}, Table: t}
	for i := range s.Externals {
		e := &s.Externals[i]
		word := "counts"
		if !e.Counts {
			word = "does not count: " + e.Why
		}
		sec.Items = append(sec.Items, fmt.Sprintf("External source %s of %s, which %s.", e.Source.ID, e.Source.Provider, word))
	}
	return sec
}

func (f *verdictOf) claims() Section {
	v := f.verdict
	t := &Table{Columns: []string{"Rule", "Id", "Basis", "Enabled", "Counts", "Why not", "Batch"}, Empty: "No rule claims it."}
	for i := range v.Claims {
		c := &v.Claims[i]
		if c.Cannot() {
			continue
		}
		t.Rows = append(t.Rows, []string{c.RuleName, c.RuleID, c.Basis.Words(), yes(c.Enabled), yes(c.Counts), c.Why, c.Batch})
	}
	sec := Section{Title: "Rules that claim it", Text: []string{"A claim is what a rule says, not what it does."}, Table: t}
	if words := v.Misfits.Words(); words != "" {
		sec.Items = append(sec.Items, words)
	}
	return sec
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// measuredSections say what alerts were raised and how they were labelled, of all rules
// together and of each.
func measuredSections(all *measure.Detail, each []measure.Detail, confidence float64) []Section {
	m := &all.Statement
	first := Section{Title: "What the alerts say", Table: &Table{Columns: []string{"", "is"}, Rows: measureRows(m)},
		Text: []string{fmt.Sprintf("Over %s; intervals at %s.", figure.Of(int64(m.WindowDays), "day", "days"), figure.Percent(confidence))}}
	for _, r := range m.Reasons {
		first.Items = append(first.Items, r.Text)
	}
	t := &Table{Columns: []string{"Rule", "Alerts", "True of labelled", "Interval, clustered", "Episodes with a true alert", "Unlabelled"}, Empty: "No rule raised an alert in the window."}
	for i := range each {
		s := &each[i].Statement
		t.Rows = append(t.Rows, []string{strings.TrimSpace(each[i].RuleName + " " + s.RuleID), figure.Count(s.Alerts), figure.Sprintf("%d of %d", s.TruePositive, labelled(s)), span(s.ClusteredInterval),
			figure.Sprintf("%d of %d", s.EpisodeHits, s.Episodes), figure.Sprintf("%d of %d", s.Unlabelled, s.Alerts)})
	}
	return []Section{first, {Title: "What each rule raised", Table: t}}
}

func labelled(s *measure.Statement) int64 { return s.TruePositive + s.BenignPositive + s.FalsePositive }

func measureRows(m *measure.Statement) [][]string {
	rows := [][]string{{"Alerts", figure.Sprintf("%d: %d true, %d benign, %d false, %d unlabelled, %d test, %d duplicate",
		m.Alerts, m.TruePositive, m.BenignPositive, m.FalsePositive, m.Unlabelled, m.Test, m.Duplicate)}}
	if m.Precision != nil {
		rows = append(rows, []string{"Precision", figure.Sprintf("%d of %d true (%s), interval %s, clustered %s", m.TruePositive, labelled(m), figure.Percent(*m.Precision), span(m.Interval), span(m.ClusteredInterval))})
	}
	if m.EpisodePrecision != nil {
		rows = append(rows, []string{"Episodes", figure.Sprintf("%d of %d with a true alert (%s), interval %s, on %d occasions", m.EpisodeHits, m.Episodes, figure.Percent(*m.EpisodePrecision), span(m.EpisodeInterval), m.Occasions)})
	}
	if m.Bounds != nil {
		rows = append(rows, []string{"Worst case", figure.Sprintf("with each of %d unlabelled false %d of %d true, with each true %d: %s", m.Unlabelled, m.TruePositive, m.Unlabelled+labelled(m), m.TruePositive+m.Unlabelled, span(m.Bounds))})
	}
	return append(rows,
		[]string{"Alerts a day", figure.Sprintf("mean %s, median %s, 95th percentile %s, most %d", figure.Fixed(m.PerDay.Mean, 2), figure.Fixed(m.PerDay.Median, 1), figure.Fixed(m.PerDay.P95, 1), m.PerDay.Max)},
		[]string{"Workload", figure.Fixed(m.WorkloadMinutesPerDay, 1) + " minutes a day"},
		[]string{"Conclusion", strings.ReplaceAll(string(m.Conclusion), "_", " ")})
}

func span(i *measure.Interval) string {
	if i == nil {
		return "none"
	}
	return figure.Percents(i[0], i[1])
}

func (f *verdictOf) exercises() Section {
	p := &f.verdict.Exercises
	t := &Table{Columns: []string{"Exercise", "When", "Said", "Judged", "Why", "Batch"}, Empty: "No exercise has produced it: what is missed is not known."}
	for i := range p.Trials {
		x := &p.Trials[i]
		t.Rows = append(t.Rows, []string{x.Test, x.Time.UTC().Format("2006-01-02 15:04 UTC"), string(x.Outcome), x.Result, x.Why, x.Batch})
	}
	return Section{Title: "What exercises showed", Text: []string{"State: " + p.State + "."}, Table: t}
}

// duty is what incidents and runbooks say.
func (f *verdictOf) duty() Section {
	i, r := &f.verdict.Incidents, &f.verdict.Runbook
	rows := [][]string{
		{"Incidents", figure.Sprintf("%s: %d missed, %d found by its alert, %d that say nothing of it", i.State, i.Missed, i.Detected, i.Others)},
		{"Runbook", strings.ReplaceAll(r.State, "_", " ")},
	}
	if r.ID != "" {
		rows[1][1] += ": " + strings.Join(slices.DeleteFunc([]string{r.ID, r.Title, "owner " + r.Owner, "reviewed " + r.Reviewed}, func(t string) bool { return strings.TrimSpace(t) == "" }), ", ")
	}
	return Section{Title: "Incidents and runbook", Table: &Table{Columns: []string{"", "is"}, Rows: rows}}
}

// gateSection is what a gate asked for and what it found.
func gateSection(d *assure.Decision) Section {
	t := &Table{Columns: []string{"Asked for", "Holds", "Found", "Missing", "Rests on"}, Empty: "The gate asks for nothing."}
	for i := range d.Checks {
		c := &d.Checks[i]
		t.Rows = append(t.Rows, []string{strings.ReplaceAll(c.Name, "_", " "), yes(c.OK), c.Text, c.Missing, refs(c.Refs)})
	}
	s := Section{Title: "Gate for " + string(d.Purpose), Text: []string{gateAnswer(d)}, Table: t}
	for i := range d.Waivers {
		w := &d.Waivers[i]
		state := "until " + string(w.Until)
		switch {
		case w.Void != "":
			state = "void, since " + w.Void
		case !w.InForce(d.AsOf):
			state = "ended on " + string(w.Until)
		}
		s.Items = append(s.Items, fmt.Sprintf("Waiver %s, by %s and %s: %s", state, w.By, w.Second, w.Reason))
	}
	return s
}

func (f *verdictOf) next() Section {
	s := Section{Title: "What to do next"}
	for i := range f.verdict.Next {
		n := &f.verdict.Next[i]
		text := n.Text
		if n.Alone {
			text += " This alone would lift it."
		}
		s.Items = append(s.Items, text)
	}
	if len(s.Items) == 0 {
		s.Text = []string{"Nothing is left to do for it."}
	}
	return s
}

// evidenceSection lists what a document rests on, with where the ledger speaks of it.
func evidenceSection(batches []custody.Account) Section {
	t := &Table{Columns: []string{"Batch", "Kind", "Added", "By", "Records", "SHA-256 of its content", "Ledger entries"}, Empty: "It rests on no batch of evidence."}
	for i := range batches {
		b := &batches[i]
		var at []string
		for _, e := range b.Ledger {
			at = append(at, fmt.Sprintf("%d (%s)", e.Seq, e.Kind))
		}
		entries := strings.Join(at, ", ")
		if len(at) == 0 {
			entries = "none yet"
		}
		t.Rows = append(t.Rows, []string{b.ID, b.Kind, b.Added.UTC().Format("2006-01-02 15:04 UTC"), b.By, figure.Count(int64(b.New + b.Updated + b.Unchanged)), b.Content, entries})
	}
	return Section{Title: "The evidence that it rests on", Table: t}
}
