package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/claim"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/measure"
)

// rungColour gives a rung its colour on a terminal; the word always stands
// beside it.
func rungColour(g *sheet, r assure.Rung, s string) string {
	switch r {
	case assure.Reliable, assure.Proven:
		return g.code("32", s)
	case assure.Noisy, assure.Unproven, assure.Observable:
		return g.code("33", s)
	case assure.Contradicted, assure.Blind, assure.RuleOnly:
		return g.code("31", s)
	}
	return g.dim(s)
}

func words(r assure.Rung) string { return strings.ReplaceAll(string(r), "_", " ") }

func showAssessment(g *sheet, a assure.Assessment, summary bool) {
	if !summary {
		showVerdicts(g, a.Verdicts)
		g.line("")
	}
	g.line("%s  as of %s, window %s to %s, policy %s", g.bold(a.Release.String()), a.AsOf.UTC().Format("2006-01-02"),
		a.Window.From, a.Window.To, a.Policy)
	scope := "not stated: every platform counts"
	if len(a.Scope.Platforms) > 0 {
		scope = strings.Join(a.Scope.Platforms, ", ")
	}
	g.line("scope: %s%s", prefix(a.Scope.Organisation, ": "), scope)
	if a.Scope.Site != "" {
		g.line("site: %s", a.Scope.Site)
	}
	for _, n := range a.Narrowed {
		g.wrap("", n, 100)
	}
	t := a.Totals
	g.line("")
	g.line("  claimed   %s of %d applicable analytics have an enabled rule that counts", g.bold(fmt.Sprintf("%5d", t.Claimed)), t.Applicable)
	g.line("  assured   %s of %d are reliable; the reporting gate lets %d of them through", g.bold(fmt.Sprintf("%5d", t.Assured)), t.Applicable, t.Reportable)
	g.line("  distance  %s claimed and not assured", g.bold(fmt.Sprintf("%5d", t.Distance)))
	showRungs(g, t)
	showSites(g, a.BySite)
	showSteps(g, a.NextSteps)
	showReread(g, a)
	showUnmapped(g, a.Unmapped)
	showWaivers(g, a.Waivers, "")
	for i, l := range a.Limits {
		if i == 0 {
			g.head("Limits")
		}
		g.wrap("  ", l, 100)
	}
	g.line("\nrung by rung: candor assess --rung NAME; one analytic: candor assess --explain ID")
}

// apartMost is how many verdicts that do not hold at a site are shown.
const apartMost = 5

// showSites says where verdicts of the whole do not hold.
func showSites(g *sheet, by *assure.BySite) {
	if by == nil {
		return
	}
	g.head("By site")
	rows := [][]string{{"SITE", "CLAIMED", "ASSURED", "DO NOT HOLD"}}
	for _, s := range by.Sites {
		rows = append(rows, []string{s.Site, strconv.Itoa(s.Claimed), strconv.Itoa(s.Assured), strconv.Itoa(s.Apart)})
	}
	g.table("  ", rows)
	if more := by.Named - len(by.Sites); more > 0 {
		g.line("  %s not judged here; --site judges one", plural(more, "more site is", "more sites are"))
	}
	shown := 0
	for rest := by.Apart; len(rest) > 0 && shown < apartMost; shown++ {
		v, n := rest[0], 1
		sites := v.Site
		for n < len(rest) && rest[n].Analytic == v.Analytic && rest[n].Rung == v.Rung {
			sites += ", " + rest[n].Site
			n++
		}
		rest = rest[n:]
		g.wrap("  ", fmt.Sprintf("%s %s: %s on the whole, %s at %s", v.Analytic.ATTACKID, v.Analytic.Name, words(v.Whole), words(v.Rung), sites), 100)
		if shown == apartMost-1 && len(rest) > 0 {
			g.line("  %s in --json", plural(len(rest), "more is", "more are"))
		}
	}
	if shown > 0 {
		g.line("  why: candor assess --explain ID --site SITE")
	}
}

func prefix(s, sep string) string {
	if s == "" {
		return ""
	}
	return s + sep
}

func showVerdicts(g *sheet, vs []assure.Verdict) {
	rows := [][]string{{"ANALYTIC", "RUNG", "TECHNIQUE", "PLATFORM", "NEXT STEP"}}
	for _, v := range vs {
		next := ""
		if len(v.Next) > 0 {
			next = v.Next[0].Text
		}
		rung := words(v.Rung)
		if len(v.Compensated) > 0 {
			rung += " (compensated)"
		}
		if len(v.Waivers) > 0 {
			rung += " (waiver)"
		}
		rows = append(rows, []string{v.Analytic.ATTACKID, rung, nameList(v.Techniques, 1), strings.Join(v.Platforms, ", "), clip(next, 90)})
	}
	g.table("", rows)
}

func nameList(ns []assure.Name, limit int) string {
	var parts []string
	for i, n := range ns {
		if i == limit {
			parts = append(parts, fmt.Sprintf("+%d", len(ns)-i))
			break
		}
		parts = append(parts, strings.TrimSpace(n.ATTACKID+" "+n.Name))
	}
	return strings.Join(parts, ", ")
}

func showRungs(g *sheet, t assure.Totals) {
	g.head("Rungs (%d analytics)", t.Analytics)
	most := 1
	for _, r := range t.Rungs {
		most = max(most, r.Count)
	}
	for _, r := range t.Rungs {
		bar := strings.Repeat("█", (r.Count*40+most-1)/most)
		g.line("  %-18s %5d  %s", words(r.Rung), r.Count, rungColour(g, r.Rung, bar))
		for _, s := range r.Shortfalls {
			g.line("    %s", g.dim(fmt.Sprintf("%5d %s", s.Count, s.Shortfall.Words())))
		}
	}
	if t.Compensated > 0 {
		g.line("  %d of those outside visibility are compensated by a reliable adjacent stage (not counted as coverage)", t.Compensated)
	}
}

// fewSteps is how many of the steps that lift something a summary shows.
const fewSteps = 10

// showSteps shows the first of what lifts, and what verdicts name beside it.
func showSteps(g *sheet, steps []assure.Lift) {
	if len(steps) == 0 {
		return
	}
	g.head("Next steps that would lift most")
	rows := [][]string{{"LIFTS", "RELIABLE", "STEP"}}
	shown := 0
	for i := range steps {
		l := &steps[i]
		if l.Named == 0 && i >= fewSteps {
			continue
		}
		shown++
		rows = append(rows, []string{fmt.Sprintf("%5d", l.Lifted), fmt.Sprintf("%8d", l.Assured), clip(l.Text, 110)}, []string{"", "", g.dim("  " + l.Unlocks)})
	}
	g.table("  ", rows)
	if more := len(steps) - shown; more > 0 {
		g.line("  %s", g.dim(fmt.Sprintf("and %s (candor next lists them, with what each is about)", plural(more, "more step", "more steps"))))
	}
	g.line("  %s", g.dim("lifts: analytics that get past the question that stops them; reliable: those of them that become reliable"))
}

func showUnmapped(g *sheet, u assure.Unmapped) {
	showStopped(g, u.StoppedFeeds)
	nowhere := u.RulesNowhere()
	if len(u.Rules)+nowhere+len(u.SilentRules)+len(u.AlertRules)+len(u.UnknownSources)+len(u.Tunings) == 0 {
		return
	}
	g.head("Evidence that no verdict could use")
	showUnknownIDs(g, u.Rules)
	if nowhere > 0 {
		g.line("  %s only techniques of which ATT&CK has no analytic where the rule is known to look (candor evidence rules --basis elsewhere)", plural(nowhere, "rule names", "rules name"))
	}
	if n := len(u.SilentRules); n > 0 {
		g.line("  %s no technique and no analytic (--json lists them)", plural(n, "rule names", "rules name"))
	}
	if n := len(u.AlertRules); n > 0 {
		g.line("  %s alerts that cannot be joined to a rule that is known:", plural(n, "rule raised", "rules raised"))
		for i, r := range u.AlertRules {
			if i == 8 {
				g.line("    … and %d more (--json lists all)", n-i)
				break
			}
			g.line("    %-14s %s, %s%s", r.ID, cmp.Or(clip(r.Name, 60), "no name given"), count(r.Alerts, "alert", "alerts"), ambiguous(&r))
		}
	}
	showUnknownSources(g, u.UnknownSources)
	showUnmappedTunings(g, u.Tunings)
}

func showUnmappedTunings(g *sheet, ts []assure.UnmappedTuning) {
	if len(ts) == 0 {
		return
	}
	g.line("  %s to no element of an analytic:", plural(len(ts), "tuning record belongs", "tuning records belong"))
	for i, t := range ts {
		if i == 8 {
			g.line("    … and %d more (--json lists all)", len(ts)-i)
			break
		}
		g.line("    %s %s: %s (batch %s)", t.Analytic, clip(t.Element, 40), t.Why, t.Batch)
	}
}

// ambiguous says which rules alerts could mean.
func ambiguous(r *assure.AlertRule) string {
	switch {
	case len(r.Ambiguous) > 0:
		return fmt.Sprintf("; could be any of %d rules: %s", len(r.Ambiguous), clip(strings.Join(r.Ambiguous, ", "), 80))
	case len(r.Elsewhere) > 0 && len(r.As) > 0:
		return fmt.Sprintf("; %s has no such rule, and another has: %s", r.As[0].Source, clip(strings.Join(r.Elsewhere, ", "), 80))
	}
	return ""
}

// showUnknownIDs names every id that the release does not know, with how many
// rules name it.
func showUnknownIDs(g *sheet, rules []claim.Unmapped) {
	if len(rules) == 0 {
		return
	}
	type miss struct{ id, why string }
	byID := map[miss][]claim.Unmapped{}
	known := map[string]bool{}
	for _, r := range rules {
		byID[miss{r.Names, r.Why}] = append(byID[miss{r.Names, r.Why}], r)
		known[r.Names] = true
	}
	ids := slices.SortedFunc(maps.Keys(byID), func(a, b miss) int {
		return cmp.Or(cmp.Compare(len(byID[b]), len(byID[a])), strings.Compare(a.id, b.id), strings.Compare(a.why, b.why))
	})
	g.line("  %s of rules to %s that this release does not know or cannot map:", plural(len(rules), "reference", "references"), plural(len(known), "id", "ids"))
	for i, id := range ids {
		if i == 12 {
			var rest []string
			for _, m := range ids[i:] {
				rest = append(rest, m.id)
			}
			rest = slices.Compact(rest)
			g.line("    … and %s: %s", plural(len(rest), "more id", "more ids"), strings.Join(rest, ", "))
			break
		}
		rs := byID[id]
		g.line("    %-10s %-10s %s; for example %s", id.id, plural(len(rs), "rule", "rules"), rs[0].Why, clip(rs[0].RuleName, 60))
	}
}

func showVerdict(g *sheet, v assure.Verdict, every bool) {
	g.line("%s  %s", g.bold(v.Analytic.ATTACKID), v.Analytic.Name)
	for _, t := range v.Techniques {
		g.line("  detects %s %s (%s)", t.ATTACKID, t.Name, nameList(v.Tactics, 9))
	}
	g.line("  platform %s", strings.Join(v.Platforms, ", "))
	claimed := "not claimed by any rule that counts"
	if v.Claimed {
		claimed = "claimed"
	}
	g.line("  rung %s, %s", g.bold(rungColour(g, v.Rung, words(v.Rung))), claimed)
	g.wrap("  ", v.Sentence, 110)
	g.head("Reasons")
	showReasons(g, v.Reasons)
	g.head("Visibility: %s", strings.ReplaceAll(string(v.Visibility.State), "_", " "))
	showReasons(g, v.Visibility.Reasons)
	showNeeds(g, v)
	showClaims(g, v, every)
	if v.Measurement != nil {
		showMeasurement(g, v.Measurement)
	}
	showIncidents(g, &v.Incidents)
	showKnobs(g, v.Knobs, "")
	for i, c := range v.Compensated {
		if i == 0 {
			g.head("Compensated by (named, never counted as coverage)")
		}
		g.line("  %s %s in %s: %s is reliable here; both used by %s", c.Technique.ATTACKID, c.Technique.Name, c.Tactic.Name, c.Analytic.ATTACKID, nameList(c.Users, 3))
	}
	showWaivers(g, v.Waivers, "")
	for i, s := range v.Next {
		if i == 0 {
			g.head("Next steps")
		}
		g.wrap("  ", s.Text, 110)
	}
	for i, l := range v.Limits {
		if i == 0 {
			g.head("Limits")
		}
		g.wrap("  ", l, 110)
	}
}

// showIncidents says what incidents say, where there are any.
func showIncidents(g *sheet, i *assure.Incidents) {
	if i.State == "" || i.State == "none" {
		return
	}
	g.head("Incidents: %s", strings.ReplaceAll(i.State, "_", " "))
	g.line("  %d missed, %d detected, %d that say nothing of it; last %s of %s (candor review %s)", i.Missed, i.Detected, i.Others, i.LastCase,
		i.LastTime[:min(10, len(i.LastTime))], i.LastCase)
}

// showKnobs lists what ATT&CK says should be set locally and what is, for one rule
// or, if rule is empty, for all.
func showKnobs(g *sheet, knobs []assure.Knob, rule string) {
	if len(knobs) == 0 {
		return
	}
	set := 0
	rows := [][]string{{"ELEMENT", "VALUE", "RULE", "SINCE", "APPROVED BY", "BASELINE", "BATCH"}}
	for _, k := range knobs {
		n := len(rows)
		for _, s := range k.Settings {
			if rule == "" || s.RuleID == "" || s.RuleID == rule {
				rows = append(rows, []string{k.Element, clip(s.Value, 30), cmp.Or(s.RuleID, "all"), string(s.Date), s.ApprovedBy, clip(s.Baseline, 40), s.Batch})
			}
		}
		if len(rows) == n {
			rows = append(rows, []string{k.Element, "not recorded", "", "", "", "", ""})
		} else {
			set++
		}
	}
	g.head("What ATT&CK says should be set locally (%d of %d recorded)", set, len(knobs))
	g.table("  ", rows)
}

func showReasons(g *sheet, rs []evidence.Reason) {
	for _, r := range rs {
		g.wrap("  ", r.Text, 110)
		var refs []string
		for i, e := range r.Refs {
			if i == 6 {
				refs = append(refs, fmt.Sprintf("+%d", len(r.Refs)-i))
				break
			}
			refs = append(refs, strings.TrimSpace(e.Kind+" "+e.ID+" "+e.Detail))
		}
		if len(refs) > 0 {
			g.line("      %s", g.dim("["+r.Code+"] "+strings.Join(refs, "; ")))
		}
	}
}

func showNeeds(g *sheet, v assure.Verdict) {
	if len(v.Visibility.Needs) == 0 {
		return
	}
	g.head("Log sources that it needs")
	rows := [][]string{{"LOG SOURCE", "CHANNEL", "DATA COMPONENT", "STATE", "LAST SEEN", "DAYS", "HOSTS"}}
	for _, n := range v.Visibility.Needs {
		hosts := fmt.Sprint(n.Hosts)
		if n.HostsOf > 0 {
			hosts = fmt.Sprintf("%d/%d", n.Hosts, n.HostsOf)
		}
		rows = append(rows, []string{n.Name, clip(n.Channel, 40), n.ComponentName, string(n.State), string(n.LastSeen), fmt.Sprint(n.Days), hosts})
	}
	g.table("  ", rows)
}

// showClaims lists the claims. Those that cannot count are a line with their number
// unless every one is asked for.
func showClaims(g *sheet, v assure.Verdict, every bool) {
	if len(v.Claims) == 0 {
		return
	}
	g.head("Claims (%d)", len(v.Claims)-v.Misfits.Rules)
	rows := [][]string{{"BASIS", "RULE", "BATCH", "COUNTS", ""}}
	left := 0
	for i := range v.Claims {
		c := &v.Claims[i]
		switch {
		case c.Cannot() && !every:
			continue
		case len(rows) > mostClaims && !every:
			left++
			continue
		}
		counts := "yes"
		if !c.Counts {
			counts = "no"
		}
		rows = append(rows, []string{string(c.Basis), clip(c.RuleName, 60), c.Batch, counts, joined("; ", c.Why, c.Reading)})
	}
	if left > 0 {
		rows = append(rows, []string{"…", fmt.Sprintf("and %d more (--claims lists all)", left), "", "", ""})
	}
	if len(rows) > 1 {
		g.table("  ", rows)
	}
	if words := v.Misfits.Words(); words != "" && !every {
		g.wrap("  ", words+" (--claims lists them)", 110)
	}
}

// mostClaims is how many claims a verdict lists unless all are asked for.
const mostClaims = 15

func showMeasurement(g *sheet, m *measure.Statement) {
	g.head("Measured over %d days", m.WindowDays)
	n := m.TruePositive + m.BenignPositive + m.FalsePositive
	rows := [][]string{{"alerts", fmt.Sprintf("%s: %s true, %s benign, %s false, %s unlabelled, %s test, %s duplicate", group3(m.Alerts),
		group3(m.TruePositive), group3(m.BenignPositive), group3(m.FalsePositive), group3(m.Unlabelled), group3(m.Test), group3(m.Duplicate))}}
	if m.Precision != nil {
		rows = append(rows, []string{"precision", fmt.Sprintf("%s of %s = %s, interval %s, clustered %s", group3(m.TruePositive), group3(n), figure.Percent(*m.Precision), span(m.Interval), span(m.ClusteredInterval))})
	}
	if m.EpisodePrecision != nil {
		rows = append(rows, []string{"episodes", figure.Sprintf("%d of %d = %s, interval %s", m.EpisodeHits, m.Episodes, figure.Percent(*m.EpisodePrecision), span(m.EpisodeInterval))})
	}
	if m.Bounds != nil {
		rows = append(rows, []string{"worst case", "with every unlabelled alert false, and true: " + span(m.Bounds)})
	}
	rows = append(rows,
		[]string{"volume", figure.Sprintf("per day mean %s, median %s, 95th percentile %s, most %d", figure.Fixed(m.PerDay.Mean, 2), figure.Fixed(m.PerDay.Median, 1), figure.Fixed(m.PerDay.P95, 1), m.PerDay.Max)},
		[]string{"workload", figure.Fixed(m.WorkloadMinutesPerDay, 1) + " minutes a day"},
		[]string{"conclusion", strings.ReplaceAll(string(m.Conclusion), "_", " ")})
	g.table("  ", rows)
}

func span(i *measure.Interval) string {
	if i == nil {
		return "none"
	}
	return figure.Percents(i[0], i[1])
}
