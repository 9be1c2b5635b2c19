package report

import (
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/custody"
	"candor/internal/figure"
)

// gateOf is what a report on one rule is made of: whether it may be used.
type gateOf struct {
	request  assessment.Request
	whole    *assure.Assessment
	measured assessment.MeasuredRule
	gates    []assure.Decision
	batches  []custody.Account
}

func (f *gateOf) document() Document {
	m := &f.measured
	d := Document{Kind: KindGate, Title: strings.TrimSpace("Rule " + m.RuleName + " " + m.RuleID), Basis: basisOf(f.whole, f.request), Limits: together(m.Limits, f.whole.Beside)}
	for i := range f.gates {
		d.Lead = append(d.Lead, gateAnswer(&f.gates[i]))
		d.Limits = together(d.Limits, f.gates[i].Limits)
	}
	d.Sections = []Section{measuredSections(&m.Detail, nil, m.Confidence)[0], f.claims(), f.life()}
	for i := range f.gates {
		d.Sections = append(d.Sections, gateSection(&f.gates[i]))
	}
	if len(m.Text) > 0 {
		d.Sections = append(d.Sections, Section{Title: "The rule as its file has it", Quoted: true, Text: []string{strings.ToValidUTF8(string(m.Text), "\uFFFD")}})
	}
	d.Sections = append(d.Sections, evidenceSection(f.batches))
	return d
}

// claims lists the analytics that the rule claims, each with where it stands.
func (f *gateOf) claims() Section {
	t := &Table{Columns: []string{"Analytic", "Techniques", "Basis", "Counts", "Stands on"}, Empty: "It claims no analytic of the release."}
	for i := range f.whole.Verdicts {
		v := &f.whole.Verdicts[i]
		for j := range v.Claims {
			if c := &v.Claims[j]; c.RuleID == f.measured.RuleID && !c.Cannot() {
				t.Rows = append(t.Rows, []string{v.Analytic.ATTACKID, names(v.Techniques), c.Basis.Words(), yes(c.Counts), strings.ReplaceAll(string(v.Rung), "_", " ")})
			}
		}
	}
	return Section{Title: "What it claims", Table: t}
}

// life is what happened to the rule: whether it runs, how often it was changed, what is kept
// from it.
func (f *gateOf) life() Section {
	m := &f.measured
	rows := [][]string{{"Known", "no: only alerts name it"}, {"Changed", figure.Of(int64(len(m.Changes)), "time", "times")},
		{"Exceptions that had begun", figure.Count(int64(len(m.Exceptions)))}, {"Runs", "none are recorded"}}
	if m.Rule != nil {
		rows[0][1] = "yes, batch " + m.RuleBatch + ", enabled: " + yes(m.Rule.Enabled)
	}
	if m.Operation != nil {
		rows[3][1] = m.Operation.Sentence
	}
	return Section{Title: "The rule itself", Table: &Table{Columns: []string{"", "is"}, Rows: rows}}
}
