package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// Charts are SVG whose positions are percentages, so that they fill what room
// there is and their letters keep their size. Colours come from the style sheet.

// Segments of at least this share of a bar have room for their code: of a bar as
// wide as the page, and of one in a cell of a table.
const (
	wideLabel = 0.045
	cellLabel = 0.1
)

// bar draws a distribution as a bar of segments.
func bar(s spread) template.HTML { return segments(s, wideLabel) }

// cellBar draws a distribution as a bar in a cell of a table.
func cellBar(s spread) template.HTML { return segments(s, cellLabel) }

func segments(s spread, label float64) template.HTML {
	if s.Applicable == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="bar" role="img" aria-label="%s" height="26" width="100%%">`, template.HTMLEscapeString(inWords(s)))
	at := 0.0
	shares := drawn(s)
	for i, t := range s.Rungs {
		if t.Count == 0 {
			continue
		}
		share := shares[i]
		fmt.Fprintf(&b, `<g class="%s"><title>%s: %d of %d</title><rect x="%s" y="0" width="%s" height="26"/>`,
			t.Class, t.Name, t.Count, t.Of, along(at), along(share))
		if share >= label {
			fmt.Fprintf(&b, `<text x="%s" y="17.5" text-anchor="middle">%s</text>`, along(at+share/2), t.Code)
		}
		b.WriteString(`</g>`)
		at += share
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// leastDrawn is the least share of a bar that is drawn for what is not nothing, so
// that 1 of 2,000 is seen; how many there are is written beside.
const leastDrawn = 0.008

// drawn returns the share of the bar that each rung gets: its own, but not less than
// can be seen, for which those that have more make room.
func drawn(s spread) []float64 {
	shares := make([]float64, len(s.Rungs))
	raised, room := 0.0, 0.0
	for i, t := range s.Rungs {
		if t.Count == 0 {
			continue
		}
		own := float64(t.Count) / float64(s.Applicable)
		shares[i] = max(own, leastDrawn)
		raised += shares[i] - own
		room += shares[i] - leastDrawn
	}
	for i := range shares {
		if room > 0 && shares[i] > leastDrawn {
			shares[i] -= raised * (shares[i] - leastDrawn) / room
		}
	}
	return shares
}

// inWords says a distribution in words, for those who do not see the bar.
func inWords(s spread) string {
	var parts []string
	for _, t := range s.Rungs {
		if t.Count > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", t.Name, t.Count))
		}
	}
	return fmt.Sprintf("Of %d: %s", s.Applicable, strings.Join(parts, ", "))
}

// part draws n of total as a bar on a track.
func part(n, total int, class string) template.HTML {
	if total == 0 {
		return ""
	}
	return template.HTML(fmt.Sprintf(`<svg class="part" aria-hidden="true" height="8" width="100%%">`+
		`<rect class="track" width="100%%" height="8"/><rect class="%s" width="%s" height="8"/></svg>`,
		template.HTMLEscapeString(class), along(apart(float64(n)/float64(total)))))
}

// apart keeps what is not 0 or 1 so far from them that it can be seen.
func apart(share float64) float64 {
	if share <= 0 || share >= 1 {
		return share
	}
	return min(1-leastDrawn, max(leastDrawn, share))
}

// whiskers draws a proportion and its interval on the line from 0 to 1, with the
// threshold that it is judged by. The ends of the interval have marks of their own,
// because an interval can be narrower than a line is wide; the style sheet leaves
// room for them beyond 0 and 1.
func whiskers(p, low, high, threshold float64) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="whiskers" aria-hidden="true" height="18" width="100%%">`+
		`<line class="track" x1="0" x2="100%%" y1="9" y2="9"/>`+
		`<line class="limit" x1="%[4]s" x2="%[4]s" y1="1" y2="17"/>`+
		`<line class="span" x1="%[2]s" x2="%[3]s" y1="9" y2="9"/>`+
		`<line class="end" x1="%[2]s" x2="%[2]s" y1="4" y2="14"/><line class="end" x1="%[3]s" x2="%[3]s" y1="4" y2="14"/>`+
		`<circle cx="%[1]s" cy="9" r="4"/></svg>`,
		along(p), along(low), along(high), along(threshold)))
}

// along writes a share as a position of an SVG, in percent of its width.
func along(share float64) string {
	return strconv.FormatFloat(100*min(1, max(0, share)), 'f', 3, 64) + "%"
}
