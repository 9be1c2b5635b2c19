package matrix

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/inert"
)

// The measures of the picture, in pixels.
const (
	colWide  = 172
	colGap   = 8
	cellHigh = 34
	subHigh  = 28
	cellGap  = 3
	subIn    = 12 // how far sub-techniques are set in
	margin   = 16
	headHigh = 96
	barHigh  = 6
)

// SVG returns the matrix as a picture that stands alone: no script, no style sheet, and
// nothing that is loaded. Every cell has the code of its worst case, and its distribution
// as a bar with a pattern for each state.
func (m *Matrix) SVG() []byte {
	d := &drawing{m: m}
	wide := max(2*margin+len(m.Tactics)*(colWide+colGap)-colGap, 900)
	high := headHigh
	var body strings.Builder
	for i := range m.Tactics {
		high = max(high, d.column(&body, &m.Tactics[i], margin+i*(colWide+colGap)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="Liberation Sans, Arial, sans-serif">`+"\n", wide, high+margin)
	title := m.Release.String() + ": " + m.View.Title()
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n", esc(title), esc(m.said()))
	b.WriteString("<defs>")
	for _, e := range m.Legend {
		b.WriteString(Tile(e.Paint, Colour(e.Paint), Ink(e.Paint)))
	}
	b.WriteString("</defs>\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", wide, high+margin)
	d.head(&b, title)
	b.WriteString(body.String())
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// Tile returns a rung's pattern as an SVG pattern with the id "p-" and the rung: its
// colour, and its line drawing in its ink.
func Tile(r assure.Rung, colour, ink string) string {
	drawn := ""
	if p := Pattern(r); p != "" {
		paint := fmt.Sprintf(`fill="none" stroke="%s"`, ink)
		if strings.HasSuffix(p, "z") {
			paint = fmt.Sprintf(`fill="%s"`, ink)
		}
		drawn = fmt.Sprintf(`<path d="%s" %s opacity=".6"/>`, p, paint)
	}
	return fmt.Sprintf(`<pattern id="p-%s" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="%s"/>%s</pattern>`, r, colour, drawn)
}

// drawing draws a matrix.
type drawing struct{ m *Matrix }

// head draws the title, what the picture is of, and the legend.
func (d *drawing) head(b *strings.Builder, title string) {
	m := d.m
	fmt.Fprintf(b, `<text x="%d" y="28" font-size="18" font-weight="700" fill="#16212a">%s</text>`+"\n", margin, esc(title))
	of := fmt.Sprintf("as of %s, policy %s; colour and code are of the worst case, bars of all", day.Of(m.AsOf), m.Policy)
	if w := m.Of.Words(); w != "" {
		of += "; " + w
	}
	fmt.Fprintf(b, `<text x="%d" y="46" font-size="11" fill="#52616b">%s</text>`+"\n", margin, esc(of))
	x := margin
	for _, e := range m.Legend {
		label := fmt.Sprintf("%s %s", e.Code, e.Name)
		fmt.Fprintf(b, `<rect x="%d" y="58" width="26" height="14" fill="url(#p-%s)"/><text x="%d" y="69" font-size="11" fill="#16212a">%s</text>`+"\n", x, e.Paint, x+31, esc(label))
		x += 31 + 7*utf8.RuneCountInString(label) + 14
	}
}

// column draws a tactic with its cells at x, and returns where it ends.
func (d *drawing) column(b *strings.Builder, t *Column, x int) int {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="12" font-weight="700" fill="#16212a">%s</text>`+"\n", x, headHigh-4, esc(clip(t.Of.Name, 26)))
	y := headHigh + 4
	d.m.cells(t, func(c, above *Cell) {
		if above == nil {
			d.cell(b, c, x, y, colWide, cellHigh)
			y += cellHigh + cellGap
			return
		}
		d.cell(b, c, x+subIn, y, colWide-subIn, subHigh)
		y += subHigh + cellGap
	})
	return y
}

// cell draws a technique: its code and name, and its distribution along the bottom.
func (d *drawing) cell(b *strings.Builder, c *Cell, x, y, wide, high int) {
	m := d.m
	fmt.Fprintf(b, `<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" fill="#ffffff" stroke="#aab5bc"/>`,
		esc(c.Of.ATTACKID+" "+c.Of.Name+": "+m.Says(c)), x, y, wide, high)
	code, paint := "–", assure.NotApplicable
	if c.Worst != "" {
		s := m.State(c.Worst)
		code, paint = s.Code, s.Paint
	}
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="24" height="%d" fill="%s"/><text x="%d" y="%d" font-size="10" font-weight="700" text-anchor="middle" fill="%s">%s</text>`,
		x, y, high-barHigh, Colour(paint), x+12, y+(high-barHigh)/2+4, Ink(paint), esc(code))
	fit := (wide - 30) / 6
	if high == cellHigh {
		fmt.Fprintf(b, `<text x="%d" y="%d" font-size="9" fill="#52616b">%s</text><text x="%d" y="%d" font-size="10" fill="#16212a">%s</text>`,
			x+28, y+10, esc(c.Of.ATTACKID), x+28, y+22, esc(clip(c.Of.Name, fit)))
	} else {
		fmt.Fprintf(b, `<text x="%d" y="%d" font-size="10" fill="#16212a">%s</text>`, x+28, y+14, esc(clip(c.Of.Name, fit)))
	}
	at := float64(x)
	for _, n := range c.States {
		if n.State == none {
			continue
		}
		w := float64(wide) * float64(n.Count) / float64(c.Applicable)
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="url(#p-%s)"/>`, at, y+high-barHigh, w, barHigh, m.State(n.State).Paint)
		at += w
	}
	b.WriteString("</g>\n")
}

// esc writes a text of others into XML, with an escape for each character that is not seen
// but obeyed.
func esc(s string) string { return html.EscapeString(inert.Text(strings.ToValidUTF8(s, "?"))) }

// clip shortens a text to so many characters.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
