package cli

import (
	"fmt"
	"html"
	"strings"

	"candor/internal/assessment"
	"candor/internal/measure/tune"
)

// The drawing's measures, in its own units.
const (
	chartWidth, chartHeight = 760, 520
	chartLeft, chartRight   = 64, 24
	precisionTop, panel     = 64, 200
	// inset keeps what is at 0 or at 1 off the frame of its panel.
	inset     = 8
	volumeTop = 300
)

// sweepSVG draws a sweep of thresholds: precision with the interval of alerts in
// both parts above, alerts per day below. The drawing stands alone: it loads
// nothing and says in words what it shows.
func sweepSVG(t *assessment.Tuned) string {
	c := &chart{t: t}
	c.scale()
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="12">`+"\n", chartWidth, chartHeight)
	fmt.Fprintf(c, "<title>Thresholds on the score of %s</title>\n<desc>%s</desc>\n", html.EscapeString(t.RuleID), html.EscapeString(c.words()))
	fmt.Fprintf(c, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", chartWidth, chartHeight)
	c.text(chartLeft, 24, "start", "#111111", fmt.Sprintf("%s: precision and volume by least score", t.RuleID))
	c.text(chartLeft, 44, "start", "#1f5fa8", fmt.Sprintf("older, %s to %s: line and band (clustered interval)", t.Older.From, t.Older.To))
	c.text(chartWidth-chartRight, 44, "end", "#a8501f", fmt.Sprintf("newer, %s to %s: dashed", t.Newer.From, t.Newer.To))
	c.precision()
	c.volume()
	c.axis()
	c.WriteString("</svg>\n")
	return c.String()
}

// chart is a drawing in the making.
type chart struct {
	strings.Builder
	t        *assessment.Tuned
	from, to float64 // of scores
	most     float64 // alerts a day
}

func (c *chart) scale() {
	ts := c.t.Thresholds
	c.from, c.to = ts[0].At, ts[len(ts)-1].At
	if c.to == c.from {
		c.to++
	}
	for i := range ts {
		c.most = max(c.most, ts[i].Older.AlertsPerDay, ts[i].Newer.AlertsPerDay)
	}
	if c.most == 0 {
		c.most = 1
	}
}

func (c *chart) words() string {
	if ch := c.t.Choice; ch != nil {
		return strings.TrimSpace(ch.Warning + " " + ch.Text)
	}
	return c.t.NoChoice
}

func (c *chart) x(at float64) float64 {
	return chartLeft + (at-c.from)/(c.to-c.from)*(chartWidth-chartLeft-chartRight)
}

func (c *chart) text(x, y float64, anchor, fill, s string) {
	fmt.Fprintf(c, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, fill, html.EscapeString(s))
}

// height returns where a share of a panel's height is, off its frame.
func height(top, share float64) float64 { return top + inset + (panel-2*inset)*(1-share) }

// frame draws a panel with its marks at the shares of its height given.
func (c *chart) frame(top float64, title string, marks map[float64]string) {
	fmt.Fprintf(c, `<rect x="%d" y="%.1f" width="%d" height="%d" fill="none" stroke="#888888"/>`+"\n", chartLeft, top, chartWidth-chartLeft-chartRight, panel)
	c.text(chartLeft, top-6, "start", "#444444", title)
	for _, share := range []float64{0, 0.5, 1} {
		c.text(chartLeft-6, height(top, share)+4, "end", "#444444", marks[share])
	}
}

func (c *chart) precision() {
	c.frame(precisionTop, "share of labelled alerts that were true", map[float64]string{0: "0 %", 0.5: "50 %", 1: "100 %"})
	y := func(p float64) float64 { return height(precisionTop, p) }
	asks := y(c.t.MinPrecision)
	fmt.Fprintf(c, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#444444" stroke-dasharray="2 3"/>`+"\n", chartLeft, chartWidth-chartRight, asks, asks)
	var high, low, older, newer []string
	for i := range c.t.Thresholds {
		th := &c.t.Thresholds[i]
		if o := &th.Older; o.Precision != nil {
			high = append(high, point(c.x(th.At), y(o.Interval[1])))
			low = append([]string{point(c.x(th.At), y(o.Interval[0]))}, low...)
			older = append(older, point(c.x(th.At), y(*o.Precision)))
		}
		if n := &th.Newer; n.Precision != nil {
			newer = append(newer, point(c.x(th.At), y(*n.Precision)))
		}
	}
	if len(high) > 0 {
		fmt.Fprintf(c, `<polygon points="%s" fill="#1f5fa8" fill-opacity="0.15"/>`+"\n", strings.Join(append(high, low...), " "))
	}
	c.lines(older, newer)
}

func (c *chart) volume() {
	c.frame(volumeTop, "alerts a day that would be raised", map[float64]string{0: "0", 0.5: brief(c.most / 2), 1: brief(c.most)})
	points := func(part func(*tune.Threshold) *tune.Outcome) []string {
		var ps []string
		for i := range c.t.Thresholds {
			th := &c.t.Thresholds[i]
			ps = append(ps, point(c.x(th.At), height(volumeTop, part(th).AlertsPerDay/c.most)))
		}
		return ps
	}
	c.lines(points(func(t *tune.Threshold) *tune.Outcome { return &t.Older }), points(func(t *tune.Threshold) *tune.Outcome { return &t.Newer }))
}

func (c *chart) lines(older, newer []string) {
	fmt.Fprintf(c, `<polyline points="%s" fill="none" stroke="#1f5fa8" stroke-width="2"/>`+"\n", strings.Join(older, " "))
	fmt.Fprintf(c, `<polyline points="%s" fill="none" stroke="#a8501f" stroke-width="2" stroke-dasharray="6 4"/>`+"\n", strings.Join(newer, " "))
	c.dots(older, "#1f5fa8")
	c.dots(newer, "#a8501f")
}

// dots marks the points of a line that has few, because a line of one point is none.
func (c *chart) dots(points []string, colour string) {
	if len(points) > mostDots {
		return
	}
	for _, p := range points {
		x, y, _ := strings.Cut(p, ",")
		fmt.Fprintf(c, `<circle cx="%s" cy="%s" r="3" fill="%s"/>`+"\n", x, y, colour)
	}
}

// mostDots is up to how many points are marked.
const mostDots = 30

// axis writes the scores, and marks the threshold that was chosen.
func (c *chart) axis() {
	c.text(chartLeft, volumeTop+panel+16, "start", "#444444", brief(c.from))
	c.text(chartWidth-chartRight, volumeTop+panel+16, "end", "#444444", brief(c.to))
	if ch := c.t.Choice; ch != nil {
		x := c.x(ch.Threshold.At)
		fmt.Fprintf(c, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#111111"/>`+"\n", x, x, precisionTop, volumeTop+panel)
		c.text(x, volumeTop+panel+16, "middle", "#111111", brief(ch.Threshold.At))
	}
}

func point(x, y float64) string { return fmt.Sprintf("%.1f,%.1f", x, y) }

func brief(x float64) string { return fmt.Sprintf("%.4g", x) }
