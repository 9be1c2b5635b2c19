package cli

import (
	"fmt"
	"html"
	"math"
	"strings"

	"candor/internal/assessment"
	"candor/internal/correlate/worth"
	"candor/internal/figure"
)

// The measures of the drawing of what chains are worth, in its own units.
const (
	worthWidth, worthTop, worthRow = 1000, 92, 34
	oddsLeft, oddsRight            = 260, 600
	shareLeft, shareRight          = 680, 980
	// mostOdds is where the axis of observed by expected ends; what is more stands there.
	mostOdds = 100
)

// worthSVG draws what definitions are worth: how many times as many chains as by chance, in
// all and outside incidents, and how often they are right, with the interval by site. The
// drawing stands alone: it loads nothing and says in words what it shows.
func worthSVG(r *assessment.ChainsWorth) string {
	list := append(append([]worth.Worth{}, r.Worth...), r.Beside...)
	d := &drawing{}
	height := worthTop + worthRow*len(list) + 56
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="12">`+"\n", worthWidth, height)
	fmt.Fprintf(d, "<title>What chains are worth</title>\n<desc>")
	for i := range list {
		fmt.Fprintf(d, "%s ", html.EscapeString(worthWords(&list[i])))
	}
	fmt.Fprintf(d, "</desc>\n"+`<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", worthWidth, height)
	d.text(20, 28, "start", fmt.Sprintf("What chains are worth: %s and %s from %s to %s", count(r.Alerts, "alert", "alerts"), count(r.Signals, "signal", "signals"), r.Window.From, r.Window.To))
	d.text(oddsLeft, 56, "start", "observed by expected; filled: all, hollow: outside incidents")
	d.text(shareLeft, 56, "start", "chains with a true positive, of labelled ones")
	bottom := float64(worthTop + worthRow*len(list))
	for _, x := range []float64{0.1, 1, 10, mostOdds} {
		d.line(oddsAt(x), worthTop-14, oddsAt(x), bottom, "#cccccc")
		d.text(oddsAt(x), bottom+16, "middle", figure.Fixed(x, 1))
	}
	for _, x := range []float64{0, 0.5, 1} {
		d.line(shareAt(x), worthTop-14, shareAt(x), bottom, "#cccccc")
		d.text(shareAt(x), bottom+16, "middle", figure.Percent(x))
	}
	for i := range list {
		d.worth(&list[i], float64(worthTop+worthRow*i))
	}
	d.text(20, bottom+40, "start", fmt.Sprintf("null drawn %s times; a pale row has no null or one without power; lines are the intervals by site", group3(int64(r.Repeats))))
	d.WriteString("</svg>\n")
	return d.String()
}

// drawing is an SVG on its way.
type drawing struct{ strings.Builder }

func (d *drawing) text(x, y float64, anchor, s string) {
	fmt.Fprintf(d, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="#111111">%s</text>`+"\n", x, y, anchor, html.EscapeString(s))
}

func (d *drawing) line(x, y, toX, toY float64, colour string) {
	fmt.Fprintf(d, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`+"\n", x, y, toX, toY, colour)
}

func (d *drawing) dot(x, y float64, fill, words string) {
	fmt.Fprintf(d, `<circle cx="%.1f" cy="%.1f" r="5" fill="%s" stroke="#1f5fa8"><title>%s</title></circle>`+"\n", x, y, fill, html.EscapeString(words))
}

// worth draws a row.
func (d *drawing) worth(w *worth.Worth, y float64) {
	d.text(20, y+4, "start", clip(fmt.Sprintf("%s, %s", w.Definition, w.Unit), 38))
	fill := "#1f5fa8"
	if w.Chance.Powerless {
		fill = "#b9cde4"
	}
	if w.Chance.Ratio != nil {
		d.dot(oddsAt(*w.Chance.Ratio), y, fill, fmt.Sprintf("%s times as many as by chance", figure.Fixed(*w.Chance.Ratio, 2)))
	}
	if w.Control != nil && w.Control.Ratio != nil {
		d.dot(oddsAt(*w.Control.Ratio), y, "#ffffff", fmt.Sprintf("outside incidents %s times as many as by chance", figure.Fixed(*w.Control.Ratio, 2)))
	}
	if w.Precision.Share == nil {
		d.text(shareLeft, y+4, "start", "none is labelled")
		return
	}
	if in := w.Precision.Interval; in != nil {
		d.line(shareAt(in[0]), y, shareAt(in[1]), y, "#1f5fa8")
	}
	d.dot(shareAt(*w.Precision.Share), y, "#1f5fa8", ratio(w.Precision.Hits, w.Precision.Of))
	d.text(shareAt(*w.Precision.Share), y-9, "middle", ratio(w.Precision.Hits, w.Precision.Of))
}

// oddsAt is where a ratio stands, between a tenth and mostOdds.
func oddsAt(x float64) float64 {
	part := (math.Log10(min(max(x, 0.1), mostOdds)) + 1) / (math.Log10(mostOdds) + 1)
	return oddsLeft + part*(oddsRight-oddsLeft)
}

func shareAt(x float64) float64 { return shareLeft + x*(shareRight-shareLeft) }

// worthWords says in a sentence what a row shows.
func worthWords(w *worth.Worth) string {
	text := fmt.Sprintf("%s (%s, within %s): %s", w.Definition, w.Unit, w.Window, count(w.Chains, "chain", "chains"))
	if w.Chance.Expected != nil {
		text += fmt.Sprintf(" where chance makes %s", figure.Fixed(*w.Chance.Expected, 2))
	}
	if w.Chance.Powerless {
		text += ", of which the null says nothing"
	}
	return text + fmt.Sprintf("; %s labelled ones have a true positive; %s.", ratio(w.Precision.Hits, w.Precision.Of), lostWords(&w.Reached))
}
