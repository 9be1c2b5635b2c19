package cli

import (
	"fmt"
	"strings"

	"candor/internal/assure"
)

// rungHeads are short headings for the rungs, in their order.
func rungHeads() []string {
	return []string{"N/A", "OUTSIDE", "BLIND", "OBSERV", "RULE", "UNPROV", "NOISY", "CONTRA", "PROVEN", "RELIABLE"}
}

func showRollup(g *page, r *assure.Rollup) {
	head := []string{strings.ToUpper(string(r.By)), "NAME"}
	if r.By == "platform" {
		head = head[:1]
	}
	rows := [][]string{append(append(head, rungHeads()...), "CLAIMED", "ASSURED", "OF", "WORST CASE")}
	for i := range r.Groups {
		rows = append(rows, rollupRow(&r.Groups[i], r.By == "platform"))
	}
	g.table("", rows)
	g.line("\n%s  as of %s, policy %s %s; an analytic counts in each group that it belongs to, and worst cases are of applicable ones",
		r.Release, r.AsOf.UTC().Format("2006-01-02"), r.Policy.Name, r.Policy.Version)
}

func rollupRow(g *assure.Group, nameless bool) []string {
	row := []string{g.Of.ATTACKID, clip(g.Of.Name, 40)}
	if nameless {
		row = []string{g.Of.Name}
	}
	for _, c := range g.Rungs {
		row = append(row, fmt.Sprint(c.Count))
	}
	worst := "none applies"
	if g.Worst != "" {
		worst = words(g.Worst) + ": " + clip(nameIDs(g.WorstOf, 2), 40)
	}
	return append(row, fmt.Sprint(g.Claimed), fmt.Sprint(g.Assured), fmt.Sprint(g.Applicable), worst)
}

// nameIDs lists the ATT&CK IDs of names, at most so many.
func nameIDs(ns []assure.Name, limit int) string {
	var ids []string
	for i, n := range ns {
		if i == limit {
			ids = append(ids, fmt.Sprintf("+%d", len(ns)-i))
			break
		}
		ids = append(ids, n.ATTACKID)
	}
	return strings.Join(ids, ", ")
}
