package draw

import (
	"fmt"
	"html"
	"math"
	"strings"

	"candor/internal/correlate/worth"
	"candor/internal/figure"
)

// The measures of the drawing of worth: along in shares of its width, down in pixels.
const (
	oddsLeft, oddsRight   = 0.02, 0.46
	shareLeft, shareRight = 0.54, 0.98
	worthRow, worthTop    = 48, 28
	// leastOdds and mostOdds are where the axis of observed by expected ends; what is less or
	// more stands there.
	leastOdds, mostOdds = 0.1, 100.0
)

// Worth draws what definitions are worth, a row for each: how many times as many chains
// there are as by chance, in all and outside incidents, and how often they are right, with
// the interval by site.
func Worth(list []worth.Worth, byItself bool) string {
	said := make([]string, len(list))
	for i := range list {
		said[i] = WorthWords(&list[i])
	}
	var b svg
	bottom := worthTop + worthRow*len(list)
	b.begin(bottom+62, strings.Join(said, " "), byItself)
	b.text(oddsLeft, 14, "start", "found, times as many as by chance")
	b.text(shareLeft, 14, "start", "true, of labelled chains")
	for _, x := range []float64{leastOdds, 1, 10, mostOdds} {
		b.tick(oddsAt(x), bottom, strings.TrimSuffix(figure.Fixed(x, 1), ".0"))
	}
	for _, x := range []float64{0, 0.5, 1} {
		b.tick(shareAt(x), bottom, figure.Percent(x))
	}
	for i := range list {
		b.worth(&list[i], worthTop+worthRow*i)
	}
	b.text(0, bottom+36, "start", "hollow: outside incidents; pale: the null has no power")
	b.text(0, bottom+54, "start", "lines: the intervals by site")
	b.WriteString("</svg>\n")
	return b.String()
}

// tick draws a line down the rows, and below it what it stands for.
func (b *svg) tick(x float64, bottom int, says string) {
	b.line(x, x, worthTop-6, bottom)
	b.text(x, bottom+16, "middle", says)
}

func (b *svg) line(from, to float64, top, bottom int) {
	fmt.Fprintf(b, `<line x1="%s" y1="%d" x2="%s" y2="%d"/>`, along(from), top, along(to), bottom)
}

func (b *svg) dot(x float64, y int, class, says string) {
	fmt.Fprintf(b, `<circle class="%s" cx="%s" cy="%d" r="5"><title>%s</title></circle>`, class, along(x), y, html.EscapeString(says))
}

// worth draws a row: its name, and below it where it stands.
func (b *svg) worth(w *worth.Worth, y int) {
	b.text(0, y+14, "start", clip(fmt.Sprintf("%s, %s, within %s", w.Definition, w.Unit, w.Window), 60))
	y += 30
	class := "seen"
	if w.Chance.Powerless {
		class = "weak"
	}
	if w.Chance.Ratio != nil {
		b.dot(oddsAt(*w.Chance.Ratio), y, class, figure.Fixed(*w.Chance.Ratio, 2)+" times as many as by chance")
	} else {
		b.text(oddsLeft, y+4, "start", "no null")
	}
	if w.Control != nil && w.Control.Ratio != nil {
		b.dot(oddsAt(*w.Control.Ratio), y, "outside", "outside incidents "+figure.Fixed(*w.Control.Ratio, 2)+" times as many as by chance")
	}
	p := &w.Precision
	if p.Share == nil {
		b.text(shareLeft, y+4, "start", "none is labelled")
		return
	}
	if in := p.Interval; in != nil {
		b.line(shareAt(in[0]), shareAt(in[1]), y, y)
	}
	right := figure.Sprintf("%d/%d", p.Hits, p.Of)
	b.dot(shareAt(*p.Share), y, "seen", right)
	b.text(shareRight, y-16, "end", right)
}

// oddsAt is where a ratio stands, between leastOdds and mostOdds.
func oddsAt(x float64) float64 {
	part := math.Log(min(max(x, leastOdds), mostOdds)/leastOdds) / math.Log(mostOdds/leastOdds)
	return oddsLeft + part*(oddsRight-oddsLeft)
}

func shareAt(x float64) float64 { return shareLeft + x*(shareRight-shareLeft) }

// WorthWords says in a sentence what a definition is worth.
func WorthWords(w *worth.Worth) string {
	text := fmt.Sprintf("%s (%s, within %s): %s", w.Definition, w.Unit, w.Window, figure.Of(w.Chains, "chain", "chains"))
	if w.Chance.Expected != nil {
		text += " where chance makes " + figure.Fixed(*w.Chance.Expected, 2)
	}
	if w.Chance.Powerless {
		text += ", of which the null says nothing"
	}
	if w.Control != nil {
		text += "; outside incidents " + figure.Count(w.Control.Observed)
		if w.Control.Expected != nil {
			text += " where chance makes " + figure.Fixed(*w.Control.Expected, 2)
		}
	}
	if w.Precision.Of == 0 {
		return text + "; none is labelled; " + LostWords(&w.Reached) + "."
	}
	return text + figure.Sprintf("; %d of %d labelled ones have a true positive; %s.", w.Precision.Hits, w.Precision.Of, LostWords(&w.Reached))
}

// LostWords says how many true positives whoever is paged for chains alone would not see.
func LostWords(reached *worth.Share) string {
	lost, ok := worth.Lost(reached)
	if !ok {
		return "there is no true positive that paging on chains alone could lose"
	}
	return figure.Sprintf("paging on chains alone would lose %d of %d true positives (%s)", reached.Of-reached.Hits, reached.Of, figure.Percent(lost))
}
