package cli

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/assessment"
	"candor/internal/correlate"
	"candor/internal/correlate/worth"
	"candor/internal/figure"
)

// mostChains bounds how many findings are shown; --json has all.
const mostChains = 40

// toTheSecond is how times within a finding are written.
const toTheSecond = "2006-01-02 15:04:05"

func showChains(g *sheet, r *assessment.ChainsFound, exported string) {
	g.line("%s and %s from %s to %s: %s", count(r.Alerts, "alert", "alerts"), count(r.Signals, "signal", "signals"), r.Window.From, r.Window.To,
		count(int64(len(r.Found)), "chain", "chains"))
	if r.Renamed > 0 {
		g.line("%s of an entity that the alias file calls otherwise", count(r.Renamed, "observation", "observations"))
	}
	if len(r.Found) > 0 {
		rows := [][]string{{"FINDING", "DEFINITION", "OF", "FIRST HELD", "UNTIL", "OBSERVATIONS", "BY"}}
		for i := range r.Found[:min(len(r.Found), mostChains)] {
			f := &r.Found[i]
			rows = append(rows, []string{f.ID, clip(f.Definition, 32), clip(groupOf(f), 36), f.At.Format(toTheSecond), f.Last.Format(toTheSecond), group3(f.Observations), clip(byWhat(f), 48)})
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
			g.wrap("  ", fmt.Sprintf("%s %s, first %s", group3(n), amissWords(c), strings.Join(ids, ", ")), 110)
		}
	}
}

func amissWords(c correlate.Cause) string {
	switch c {
	case correlate.Late:
		return "came later than is allowed, and were not read"
	case correlate.Outside:
		return "have a time out of bounds, and were not read"
	case correlate.Duplicate:
		return "were delivered twice, and count once"
	case correlate.Ungrouped:
		return "have no value for what a definition groups by"
	case correlate.NoValue:
		return "have no value that a definition counts"
	case correlate.Evicted:
		return "groups were given up to bound the memory: chains may be missing"
	}
	return "values were left out of a sum: more are in one window than are held"
}

func groupOf(f *correlate.Finding) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(f.Group)) {
		parts = append(parts, f.Group[k])
	}
	return strings.Join(parts, ", ")
}

// byWhat names the rules and signals of a finding's members, each once.
func byWhat(f *correlate.Finding) string {
	var of []string
	for _, m := range f.Members {
		if !slices.Contains(of, m.Of) {
			of = append(of, m.Of)
		}
	}
	return strings.Join(of, ", ")
}

func showFinding(g *sheet, f *correlate.Finding) {
	g.line("%s  %s", g.bold(f.ID), f.Title)
	g.wrap("  ", findingWords(f), 110)
	rows := [][]string{{"TIME", "OF", "AS", "VALUE", "ID"}}
	for _, m := range f.Members {
		rows = append(rows, []string{m.Time.Format(toTheSecond), clip(m.Of, 40), clip(strings.Join(m.Stages, ", "), 40), clip(m.Value, 30), clip(m.ID, 60)})
	}
	g.table("  ", rows)
	if f.More > 0 {
		g.line("  and %s more", group3(int64(f.More)))
	}
}

// findingWords says why a finding is one.
func findingWords(f *correlate.Finding) string {
	text := fmt.Sprintf("Of %s the definition %s first held at %s, by %s from %s on", groupOf(f), f.Definition, f.At.Format(toTheSecond), count(int64(len(f.Members)+f.More), "observation", "observations"), f.From.Format(toTheSecond))
	if f.Last.After(f.At) {
		text += fmt.Sprintf(", and did so until %s with %s in all", f.Last.Format(toTheSecond), group3(f.Observations))
	}
	if f.Cut {
		text += "; its group was given up to bound the memory, so that it may have gone on"
	}
	return text + "."
}

func showWorth(g *sheet, r *assessment.ChainsWorth) {
	g.line("%s and %s from %s to %s, null drawn %s times", count(r.Alerts, "alert", "alerts"), count(r.Signals, "signal", "signals"), r.Window.From, r.Window.To, group3(int64(r.Repeats)))
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
		group3(w.Chained.Hits), group3(w.Chained.Of), group3(w.Unchained.Hits), group3(w.Unchained.Of), lostWords(&w.Reached)), 110)
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
			row := append(append([]string{clip(s.Site, 30)}, chanceCells(&s.Chance, true)...), controlCells(s.Control)...)
			rows = append(rows, append(row, ratio(s.Precision.Hits, s.Precision.Of), ratio(s.Recall.Hits, s.Recall.Of), ratio(s.Chained.Hits, s.Chained.Of),
				ratio(s.Unchained.Hits, s.Unchained.Of), ratio(s.Reached.Of-s.Reached.Hits, s.Reached.Of), figure.Fixed(s.MinutesSaved, 0)))
		}
		g.table("  ", rows)
		g.line("%s", g.dim("  chained, unchained: true alerts of labelled ones; lost: true positives in no chain; minutes saved a day by looking at chains alone"))
	}
}

// lostWords says how many true positives whoever is paged for chains alone would not see.
func lostWords(reached *worth.Share) string {
	lost, ok := worth.Lost(reached)
	if !ok {
		return "there is no true positive that paging on chains alone could lose"
	}
	return fmt.Sprintf("paging on chains alone would lose %s of %s true positives (%s)", group3(reached.Of-reached.Hits), group3(reached.Of), figure.Percent(lost))
}

// The time line's measures, in its own units.
const (
	lineWidth, lineLeft, lineRight = 900, 220, 40
	lineTop, laneHeight            = 96, 30
)

// findingSVG draws the members of a finding on a time line, one lane for each rule or
// signal. The drawing stands alone: it loads nothing and says in words what it shows.
func findingSVG(f *correlate.Finding) string {
	var lanes []string
	for _, m := range f.Members {
		if !slices.Contains(lanes, m.Of) {
			lanes = append(lanes, m.Of)
		}
	}
	var b strings.Builder
	height := lineTop + laneHeight*len(lanes) + 40
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="12">`+"\n", lineWidth, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n", html.EscapeString(f.Title), html.EscapeString(findingWords(f)))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", lineWidth, height)
	text := func(x, y float64, anchor, s string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="#111111">%s</text>`+"\n", x, y, anchor, html.EscapeString(s))
	}
	text(20, 28, "start", clip(f.Title, 110))
	text(20, 48, "start", clip(groupOf(f)+": "+f.ID, 110))
	long := max(f.Last.Sub(f.From), time.Second)
	at := func(t time.Time) float64 {
		return lineLeft + float64(t.Sub(f.From))/float64(long)*(lineWidth-lineLeft-lineRight)
	}
	fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#e8eef6"/>`+"\n", at(f.At), lineTop-14, at(f.Last)-at(f.At)+1, laneHeight*len(lanes)+6)
	for i, lane := range lanes {
		y := float64(lineTop + laneHeight*i)
		text(20, y+4, "start", clip(lane, 30))
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#cccccc"/>`+"\n", lineLeft, y, lineWidth-lineRight, y)
		for _, m := range f.Members {
			if m.Of == lane {
				fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="5" fill="#1f5fa8"><title>%s</title></circle>`+"\n", at(m.Time), y, html.EscapeString(m.Time.Format(toTheSecond)+" "+m.ID))
			}
		}
	}
	y := float64(lineTop + laneHeight*len(lanes) + 14)
	text(lineLeft, y, "start", f.From.Format(toTheSecond))
	text(lineWidth-lineRight, y, "end", f.Last.Format(toTheSecond))
	text(lineLeft, y+18, "start", "shaded: from when the definition held until it last did")
	b.WriteString("</svg>\n")
	return b.String()
}
