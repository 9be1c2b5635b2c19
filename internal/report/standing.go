package report

import (
	"strings"

	"candor/internal/assure"
	"candor/internal/figure"
)

// standing is the report on where things stand for a repository or a ticket: what a leader is
// told, and every tactic and every analytic that a rule claims.
func (e *executiveOf) standing() Document {
	d := e.document()
	d.Kind, d.Title = KindStanding, "Where detection stands"
	d.Sections = []Section{e.distribution(), e.tactics(), e.claimed(), e.refused(), e.waived(), e.fund(), e.unseen(), e.expiring(), e.moved()}
	return d
}

// tactics is how many analytics stand where under each tactic.
func (e *executiveOf) tactics() Section {
	t := &Table{Columns: []string{"Tactic", "Apply", "Reliable", "Proven", "Contradicted", "Noisy", "Unproven", "Rule only", "Observable", "Blind", "Outside visibility"}, Empty: "The release has no tactic."}
	order := []assure.Rung{assure.Reliable, assure.Proven, assure.Contradicted, assure.Noisy, assure.Unproven, assure.RuleOnly, assure.Observable, assure.Blind, assure.Outside}
	for i := range e.whole.Tactics {
		of := &e.whole.Tactics[i]
		counts := map[assure.Rung]int{}
		apply := 0
		for _, r := range of.Rungs {
			if counts[r.Rung] = r.Count; r.Rung != assure.NotApplicable {
				apply += r.Count
			}
		}
		row := []string{strings.TrimSpace(of.Tactic.ATTACKID + " " + of.Tactic.Name), figure.Count(int64(apply))}
		for _, r := range order {
			row = append(row, figure.Count(int64(counts[r])))
		}
		t.Rows = append(t.Rows, row)
	}
	return Section{Title: "By tactic", Text: []string{"An analytic counts under each of its tactics."}, Table: t}
}

// claimed lists every analytic that a rule claims.
func (e *executiveOf) claimed() Section {
	t := &Table{Columns: []string{"Analytic", "Behaviour", "Stands on", "Why", "The gate for reporting"}, Empty: "No rule claims an analytic."}
	gates := map[string]*assure.Decision{}
	for i := range e.reporting {
		gates[e.reporting[i].ID] = &e.reporting[i]
	}
	for i := range e.whole.Verdicts {
		v := &e.whole.Verdicts[i]
		if !v.Claimed || v.Rung == assure.NotApplicable {
			continue
		}
		word := "refuses: it stands on a rung on which policy opens it for none"
		if g := gates[v.Analytic.ATTACKID]; g != nil {
			word = gateWord(g)
		}
		t.Rows = append(t.Rows, []string{v.Analytic.ATTACKID, names(v.Techniques), strings.ReplaceAll(string(v.Rung), "_", " "), v.Sentence, word})
	}
	return Section{Title: "What rules claim", Text: []string{"A claim is what a rule says, not what it does."}, Table: t}
}

// gateWord says what a gate does with an analytic.
func gateWord(g *assure.Decision) string {
	switch {
	case g.Waived:
		return "opens by waiver alone"
	case g.Allowed:
		return "lets it through"
	}
	return "refuses: " + g.Reason
}
