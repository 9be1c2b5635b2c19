package cli

import (
	"cmp"
	"fmt"
	"strings"

	"candor/internal/assessment"
	"candor/internal/correlate"
	"candor/internal/correlate/draw"
	"candor/internal/correlate/worth"
	"candor/internal/figure"
)

// mostChains bounds how many findings are shown; --json has all.
const mostChains = 40

func showChains(g *sheet, r *assessment.ChainsFound, exported string) {
	g.line("%s and %s from %s to %s: %s", count(r.Alerts, "alert", "alerts"), count(r.Signals, "signal", "signals"), r.Window.From, r.Window.To,
		count(int64(len(r.Found)), "chain", "chains"))
	if r.Renamed > 0 {
		g.line("%s of an entity that the alias file calls otherwise", count(r.Renamed, "observation", "observations"))
	}
	if r.Later > 0 {
		g.line("%s of a later day than that of judgement, and not read", count(r.Later, "observation is", "observations are"))
	}
	showDecided(g, r.Reread)
	if len(r.Found) > 0 {
		rows := [][]string{{"FINDING", "DEFINITION", "OF", "FIRST HELD", "UNTIL", "OBSERVATIONS", "BY"}}
		for i := range r.Found[:min(len(r.Found), mostChains)] {
			f := &r.Found[i]
			rows = append(rows, []string{f.ID, clip(f.Definition, 32), clip(draw.GroupOf(f), 36), f.At.Format(draw.ToTheSecond), f.Last.Format(draw.ToTheSecond), group3(f.Observations), clip(strings.Join(draw.By(f), ", "), 48)})
		}
		g.table("", rows)
		if n := len(r.Found) - mostChains; n > 0 {
			g.line("and %s more (--json lists them)", group3(int64(n)))
		}
	}
	if exported != "" {
		g.line("written to %s as alerts of rules chain:NAME; candor evidence add alerts %s takes them", exported, exported)
	}
	showRead(g, &r.Stats)
}

// showDecided says what people decided of the IDs that definitions and signals name.
func showDecided(g *sheet, list []string) {
	for _, text := range list {
		g.line("%s", text)
	}
}

// showRead says what was not read.
func showRead(g *sheet, s *correlate.Stats) {
	if s.Read == 0 {
		return
	}
	g.line("%s of %s fit a definition; %s held at most", group3(s.Fitting), count(s.Read, "observation", "observations"), count(int64(s.Peak), "group", "groups"))
	for _, c := range correlate.Causes() {
		if n := s.Amiss[c]; n > 0 {
			var ids []string
			for _, e := range s.Examples {
				if e.Cause == c {
					ids = append(ids, clip(e.ID, 40))
				}
			}
			g.wrap("  ", fmt.Sprintf("%s %s, first %s", group3(n), c.Words(), strings.Join(ids, ", ")), 110)
		}
	}
}

func showFinding(g *sheet, f *correlate.Finding) {
	g.line("%s  %s", g.bold(f.ID), f.Title)
	g.wrap("  ", draw.Words(f), 110)
	rows := [][]string{{"TIME", "OF", "AS", "VALUE", "ID"}}
	for _, m := range f.Members {
		rows = append(rows, []string{m.Time.Format(draw.ToTheSecond), clip(m.Of, 40), clip(strings.Join(m.Stages, ", "), 40), clip(m.Value, 30), clip(m.ID, 60)})
	}
	g.table("  ", rows)
	if f.More > 0 {
		g.line("  and %s more", group3(int64(f.More)))
	}
}

func showWorth(g *sheet, r *assessment.ChainsWorth) {
	g.line("%s and %s from %s to %s, null drawn %s times", count(r.Alerts, "alert", "alerts"), count(r.Signals, "signal", "signals"), r.Window.From, r.Window.To, group3(int64(r.Repeats)))
	showDecided(g, r.Reread)
	showWorths(g, r.Worth)
	if len(r.Beside) > 0 {
		g.line("%s", "The same of findings, whose windows slide, so that no edge cuts a chain in two, and which last as long as they hold:")
		showWorths(g, r.Beside)
	}
	g.line("%s", g.dim("outside: outside incidents; "+r.Incidents+". Intervals are clustered by site."))
	for i := range r.Worth {
		showOneWorth(g, &r.Worth[i])
	}
	for i := range r.Beside {
		showOneWorth(g, &r.Beside[i])
	}
	showRead(g, &r.Stats)
}

// showWorths is the table of what definitions are worth.
func showWorths(g *sheet, list []worth.Worth) {
	rows := [][]string{{"DEFINITION", "UNIT", "WITHIN", "CHAINS", "BY CHANCE", "O/E", "P", "OUTSIDE", "BY CHANCE", "O/E", "TRUE OF LABELLED", "INTERVAL", "UNITS REACHED"}}
	for i := range list {
		w := &list[i]
		row := append([]string{clip(w.Definition, 32), string(w.Unit), w.Window}, chanceCells(&w.Chance, true)...)
		row = append(append(row, controlCells(w.Control)...), ratio(w.Precision.Hits, w.Precision.Of), intervalOf(&w.Precision), ratio(w.Recall.Hits, w.Recall.Of))
		rows = append(rows, row)
	}
	g.table("", rows)
}

// controlCells are those of the chance outside incidents; nil where there was none.
func controlCells(c *worth.Chance) []string {
	if c == nil {
		return []string{"–", "–", "–"}
	}
	return chanceCells(c, false)
}

func chanceCells(c *worth.Chance, p bool) []string {
	cells := []string{group3(c.Observed), "–", "–"}
	if c.Expected != nil {
		cells[1] = figure.Fixed(*c.Expected, 2)
	}
	if c.Ratio != nil {
		cells[2] = figure.Fixed(*c.Ratio, 2)
	}
	if p && c.P != nil {
		return append(cells, fmt.Sprintf("%.2g", *c.P))
	}
	if p {
		return append(cells, "–")
	}
	return cells
}

func intervalOf(s *worth.Share) string { return short(s.Interval) }

func showOneWorth(g *sheet, w *worth.Worth) {
	g.head("%s  %s (%s)", w.Definition, w.Title, w.Unit)
	switch {
	case w.Chance.Why != "":
		g.wrap("  ", "There is no null: "+w.Chance.Why+".", 110)
	case w.Chance.Powerless:
		g.wrap("  ", "The null has no power: the window is a tenth of the span or more, so that nothing follows from it.", 110)
	default:
		g.wrap("  ", "The null: "+w.Shift+".", 110)
	}
	g.wrap("  ", fmt.Sprintf("Alerts in chains: %s true of %s labelled; all alerts that fit: %s of %s; %s.",
		group3(w.Chained.Hits), group3(w.Chained.Of), group3(w.Unchained.Hits), group3(w.Unchained.Of), draw.LostWords(&w.Reached)), 110)
	g.wrap("  ", fmt.Sprintf("A day: %s alerts that fit, %s chains; looking at chains alone saves %s minutes.", figure.Fixed(w.AlertsPerDay, 1), figure.Fixed(w.ChainsPerDay, 1), figure.Fixed(w.MinutesSaved, 0)), 110)
	credit := "No credit: "
	if w.Credit {
		credit = "Earns credit: "
	}
	g.wrap("  ", credit+w.Because+".", 110)
	if len(w.Sites) > 1 {
		rows := [][]string{{"SITE", "CHAINS", "BY CHANCE", "O/E", "P", "OUTSIDE", "BY CHANCE", "O/E", "TRUE OF LABELLED", "UNITS REACHED", "CHAINED", "UNCHAINED", "LOST", "MINUTES SAVED"}}
		for i := range w.Sites {
			s := &w.Sites[i]
			row := append(append([]string{clip(cmp.Or(s.Site, "no site named"), 30)}, chanceCells(&s.Chance, true)...), controlCells(s.Control)...)
			rows = append(rows, append(row, ratio(s.Precision.Hits, s.Precision.Of), ratio(s.Recall.Hits, s.Recall.Of), ratio(s.Chained.Hits, s.Chained.Of),
				ratio(s.Unchained.Hits, s.Unchained.Of), ratio(s.Reached.Of-s.Reached.Hits, s.Reached.Of), figure.Fixed(s.MinutesSaved, 0)))
		}
		g.table("  ", rows)
		g.line("%s", g.dim("  chained, unchained: true alerts of labelled ones; lost: true positives in no chain; minutes saved a day by looking at chains alone"))
	}
}
