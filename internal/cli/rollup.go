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

func showRollup(g *sheet, r *assure.Rollup) {
	head := []string{strings.ToUpper(string(r.By)), "NAME"}
	if r.By == "platform" {
		head = head[:1]
	}
	rows := [][]string{append(append(head, rungHeads()...), "CLAIMED", "ASSURED", "OF", "WORST CASE")}
	for i := range r.Groups {
		group := &r.Groups[i]
		rows = append(rows, rollupRow(group.Of, &group.Sum, r.By == "platform"))
		if group.Subs != nil {
			rows = append(rows, rollupRow(assure.Name{Name: "  its own"}, group.Own, false),
				rollupRow(assure.Name{Name: fmt.Sprintf("  its %s", plural(len(group.Subs.Techniques), "sub-technique", "sub-techniques"))}, group.Subs, false))
		}
	}
	showNarrowed(g, r.Narrowed)
	g.table("", rows)
	g.line("\n%s  as of %s, policy %s; an analytic counts in each group that it belongs to, and worst cases are of applicable ones",
		r.Release, r.AsOf.UTC().Format("2006-01-02"), r.Policy)
}

// showNarrowed says at the head of a table of what alone it is.
func showNarrowed(g *sheet, narrowed []string) {
	for _, n := range narrowed {
		g.wrap("", n, 110)
		g.line("")
	}
}

func rollupRow(of assure.Name, s *assure.Sum, nameless bool) []string {
	row := []string{of.ATTACKID, clip(of.Name, 40)}
	if nameless {
		row = []string{of.Name}
	}
	for _, c := range s.Rungs {
		row = append(row, fmt.Sprint(c.Count))
	}
	worst := "none applies"
	switch {
	case s.Worst != "":
		worst = words(s.Worst) + ": " + clip(nameIDs(s.WorstOf, 2), 40)
	case s.Analytics == 0:
		worst = "no analytic"
	}
	return append(row, fmt.Sprint(s.Claimed), fmt.Sprint(s.Assured), fmt.Sprint(s.Applicable), worst)
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
