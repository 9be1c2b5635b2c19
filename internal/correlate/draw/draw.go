// Package draw says in words and draws what chains are: the time line of a finding, and
// what definitions are worth beside chance. It decides nothing and reads no clock.
//
// A drawing fills the room there is, its letters keep their size, and its colours come from
// the style sheet of the page that it is in; alone, it brings its own. It loads nothing, and
// says in words what it shows.
package draw

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/correlate"
	"candor/internal/figure"
)

// ToTheSecond is how times within a finding are written.
const ToTheSecond = "2006-01-02 15:04:05"

// GroupOf says of what a finding is.
func GroupOf(f *correlate.Finding) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(f.Group)) {
		parts = append(parts, f.Group[k])
	}
	return strings.Join(parts, ", ")
}

// By names the rules and signals of a finding's members, each once.
func By(f *correlate.Finding) []string {
	var of []string
	for _, m := range f.Members {
		if !slices.Contains(of, m.Of) {
			of = append(of, m.Of)
		}
	}
	return of
}

// Words says why a finding is one.
func Words(f *correlate.Finding) string {
	text := fmt.Sprintf("Of %s the definition %s first held at %s, by %s from %s on", GroupOf(f), f.Definition, f.At.Format(ToTheSecond),
		figure.Of(int64(len(f.Members)+f.More), "observation", "observations"), f.From.Format(ToTheSecond))
	if f.Last.After(f.At) {
		text += figure.Sprintf(", and did so until %s with %d in all", f.Last.Format(ToTheSecond), f.Observations)
	}
	if f.Cut {
		text += "; its group was given up to bound the memory, so that it may have gone on"
	}
	return text + "."
}

// style is that of a drawing that stands alone.
const style = `<style>.chain{font:12px system-ui,sans-serif;background:#fff}.chain text{fill:#111}.chain .held{fill:#e8eef6}.chain line{stroke:#999}` +
	`.chain circle,.chain .seen{fill:#1f5fa8;stroke:#1f5fa8}.chain .weak{fill:#b9cde4}.chain .outside{fill:#fff}@media(prefers-color-scheme:dark){.chain{background:#16191d}.chain text{fill:#eee}` +
	`.chain .held{fill:#27405f}.chain circle,.chain .seen{fill:#7db2ee;stroke:#7db2ee}.chain .weak{fill:#27405f}.chain .outside{fill:#16191d}}</style>`

// The measures of drawings, in pixels; along time and counts they are in percent.
const (
	lane, top, foot = 44, 8, 48
	left, right     = 0.02, 0.98
	alone           = 900
)

type svg struct{ strings.Builder }

// begin opens a drawing of a height that says in words what it shows.
func (b *svg) begin(height int, words string, byItself bool) {
	width, css, space := `100%`, "", ""
	if byItself {
		width, css, space = fmt.Sprint(alone), style, ` xmlns="http://www.w3.org/2000/svg"`
	}
	fmt.Fprintf(b, `<svg%s class="chain" role="img" aria-label="%s" height="%d" width="%s">%s`, space, html.EscapeString(words), height, width, css)
}

func (b *svg) text(x float64, y int, anchor, s string) {
	fmt.Fprintf(b, `<text x="%s" y="%d" text-anchor="%s">%s</text>`, along(x), y, anchor, html.EscapeString(s))
}

func along(x float64) string { return fmt.Sprintf("%.2f%%", 100*x) }

// clip shortens a text to so many letters.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// TimeLine draws the members of a finding, a lane for each rule or signal, and the time in
// which the definition held behind them.
func TimeLine(f *correlate.Finding, byItself bool) string {
	lanes := By(f)
	var b svg
	height := top + lane*len(lanes) + foot
	b.begin(height, Words(f), byItself)
	long := max(f.Last.Sub(f.From), time.Second)
	at := func(t time.Time) float64 { return left + (right-left)*float64(t.Sub(f.From))/float64(long) }
	fmt.Fprintf(&b, `<rect class="held" x="%s" y="%d" width="%s" height="%d"/>`, along(at(f.At)), top, along(max(at(f.Last)-at(f.At), 0.004)), lane*len(lanes))
	for i, of := range lanes {
		y := top + lane*i
		b.text(0, y+14, "start", clip(of, 44))
		fmt.Fprintf(&b, `<line x1="%s" y1="%d" x2="%s" y2="%[2]d"/>`, along(left), y+30, along(right))
		for _, m := range f.Members {
			if m.Of == of {
				fmt.Fprintf(&b, `<circle cx="%s" cy="%d" r="5"><title>%s</title></circle>`, along(at(m.Time)), y+30, html.EscapeString(m.Time.Format(ToTheSecond)+" "+m.ID))
			}
		}
	}
	b.text(0, height-30, "start", f.From.Format(ToTheSecond))
	b.text(1, height-30, "end", f.Last.Format(ToTheSecond))
	b.text(0, height-10, "start", "shaded: from when the definition held until it last did")
	b.WriteString("</svg>\n")
	return b.String()
}
