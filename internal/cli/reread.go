package cli

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/claim"
)

// joined joins the texts that are not empty.
func joined(sep string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), sep)
}

// showReread tells the ids that rules took from another release, each with what it
// was read as and how many rules name it.
func showReread(g *sheet, a assure.Assessment) {
	if len(a.Reread) == 0 {
		return
	}
	type reading struct{ names, as, how string }
	rules := map[reading]int{}
	for _, r := range a.Reread {
		rules[reading{r.Names, r.As, r.How}]++
	}
	ids := slices.SortedFunc(maps.Keys(rules), func(x, y reading) int {
		return cmp.Or(cmp.Compare(rules[y], rules[x]), strings.Compare(x.names, y.names), strings.Compare(x.as, y.as))
	})
	g.head("Rules written for another release")
	through := "does not know, read through other releases"
	if slices.ContainsFunc(a.Reread, func(r claim.Reread) bool { return r.Decision != "" }) {
		through = "does not have in force, read through other releases or by decision"
	}
	g.line("  %s to ids that %s %s:", plural(len(a.Reread), "reference", "references"), a.Release, through)
	for i, r := range ids {
		if i == 24 {
			g.line("    … and %s (--json lists all)", plural(len(ids)-i, "more reading", "more readings"))
			break
		}
		g.wrap("    ", plural(rules[r], "rule", "rules")+": "+r.how, 110)
	}
}
