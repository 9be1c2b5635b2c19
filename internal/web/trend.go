package web

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"candor/internal/archive"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/figure"
)

// point is what one kept assessment says of its day.
type point struct {
	Name                         string
	Day                          day.Date
	Claimed, Assured, Reportable int
	Applicable                   int
	// By is the release and the policy that it was judged by, and Changed says that
	// the day before was judged by others.
	By      string
	Changed bool
}

// points returns what the kept assessments of a domain say, by the day that they are
// of; of several of one day the one that was kept last counts.
func points(kept []archive.Kept, domain string) []point {
	last := map[day.Date]archive.Kept{}
	for _, k := range kept {
		name, _, _ := strings.Cut(k.Release, " ")
		d := day.Of(k.AsOf)
		if name != attack.ShortDomain(domain) || !last[d].At.IsZero() && last[d].At.After(k.At) {
			continue
		}
		last[d] = k
	}
	list := make([]point, 0, len(last))
	for d, k := range last {
		list = append(list, point{Name: k.Name, Day: d, Claimed: k.Totals.Claimed, Assured: k.Totals.Assured, Reportable: k.Totals.Reportable, Applicable: k.Totals.Applicable,
			By: judgedBy(k.Release, k.Policy)})
	}
	slices.SortFunc(list, func(a, b point) int { return cmp.Compare(a.Day, b.Day) })
	for i := 1; i < len(list); i++ {
		list[i].Changed = list[i].By != list[i-1].By
	}
	return list
}

// judgedBy says by which release and policy an assessment was made.
func judgedBy(release string, p any) string { return fmt.Sprintf("%s, policy %s", release, p) }

// mostRecent is how many days the table beside the drawing has.
const mostRecent = 14

// Recent returns the newest points, the newest first.
func (v keptView) Recent() []point {
	list := slices.Clone(v.Points[max(0, len(v.Points)-mostRecent):])
	slices.Reverse(list)
	return list
}

// Earlier is how many points Recent leaves out.
func (v keptView) Earlier() int { return max(0, len(v.Points)-mostRecent) }

// Last is the newest point.
func (v keptView) Last() point { return v.Points[len(v.Points)-1] }

// The measures of the trend, in pixels; along the days it is as wide as there is
// room, in percent.
const (
	trendHeight = 180
	trendTop    = 22.0
	trendBottom = 150.0
	trendLeft   = 0.06
	trendRight  = 0.97
)

// trend draws how many analytics were claimed and assured, day by day. A dashed line
// marks a day from which another release or policy judged. One point is no trend,
// and is not drawn.
func trend(ps []point) template.HTML {
	if len(ps) < 2 {
		return ""
	}
	t := trendChart{points: ps, most: 1}
	for _, p := range ps {
		t.most = max(t.most, p.Claimed, p.Assured)
	}
	fmt.Fprintf(&t, `<svg class="trend" role="img" aria-label="%s" height="%d" width="100%%">`, template.HTMLEscapeString(t.words()), trendHeight)
	t.frame()
	t.line("claimed", "claimed", func(p *point) int { return p.Claimed })
	t.line("assured", "assured", func(p *point) int { return p.Assured })
	t.WriteString(`</svg>`)
	return template.HTML(t.String())
}

// trendChart is a trend in the making.
type trendChart struct {
	strings.Builder
	points []point
	most   int
}

// words says what is drawn, for those who do not see it.
func (t *trendChart) words() string {
	first, last := &t.points[0], &t.points[len(t.points)-1]
	return figure.Sprintf("From %s to %s, on %d days: claimed from %d to %d, assured from %d to %d",
		first.Day, last.Day, len(t.points), first.Claimed, last.Claimed, first.Assured, last.Assured)
}

// x returns where a day is along the chart.
func (t *trendChart) x(d day.Date) string {
	first, last := t.points[0].Day, t.points[len(t.points)-1].Day
	return along(trendLeft + (trendRight-trendLeft)*float64(first.Until(d))/float64(first.Until(last)))
}

// y returns how high a number of analytics is.
func (t *trendChart) y(n int) float64 {
	return trendBottom - (trendBottom-trendTop)*float64(n)/float64(t.most)
}

// frame draws the lines for nothing and for the most, the first and the last day,
// and where what judged changed.
func (t *trendChart) frame() {
	for _, n := range []int{0, t.most} {
		fmt.Fprintf(t, `<line class="track" x1="%s" x2="%s" y1="%.1f" y2="%.1f"/><text x="%s" y="%.1f" text-anchor="end">%s</text>`,
			along(trendLeft), along(trendRight), t.y(n), t.y(n), along(trendLeft-0.01), t.y(n)+4, figure.Count(int64(n)))
	}
	first, last := t.points[0].Day, t.points[len(t.points)-1].Day
	fmt.Fprintf(t, `<text x="%s" y="%d">%s</text><text x="%s" y="%d" text-anchor="end">%s</text>`,
		along(trendLeft), trendHeight-8, first, along(trendRight), trendHeight-8, last)
	for i := range t.points {
		if p := &t.points[i]; p.Changed {
			fmt.Fprintf(t, `<g><title>%s: from here judged by %s</title><line class="limit" x1="%s" x2="%[3]s" y1="%.1f" y2="%.1f"/></g>`,
				p.Day, template.HTMLEscapeString(p.By), t.x(p.Day), trendTop, trendBottom)
		}
	}
}

// line draws one count over the days, with a mark at each and its name at the end.
func (t *trendChart) line(class, name string, of func(*point) int) {
	fmt.Fprintf(t, `<g class="%s">`, class)
	for i := range t.points {
		p := &t.points[i]
		if i > 0 {
			before := &t.points[i-1]
			fmt.Fprintf(t, `<line x1="%s" y1="%.1f" x2="%s" y2="%.1f"/>`, t.x(before.Day), t.y(of(before)), t.x(p.Day), t.y(of(p)))
		}
		fmt.Fprintf(t, `<circle cx="%s" cy="%.1f" r="3"><title>%s: %s %s</title></circle>`, t.x(p.Day), t.y(of(p)), p.Day, figure.Count(int64(of(p))), name)
	}
	last := &t.points[len(t.points)-1]
	fmt.Fprintf(t, `<text x="%s" y="%.1f" text-anchor="end">%s</text></g>`, along(trendRight), t.y(of(last))-8, name)
}
