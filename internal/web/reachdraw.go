package web

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/reach"
)

// The measures of the picture of relations, in pixels: the object stands in the middle,
// what is related to it on either side, and what that is related to further out.
const (
	reachWide   = 1200.0
	reachBox    = 214.0 // the width of an object
	reachMiddle = 164.0 // and of that in the middle
	reachGap    = 45.0  // between columns
	reachTall   = 36.0
	reachApart  = 6.0
	reachHead   = 18.0 // the height of a heading, and of what says how many are folded
	reachNear   = reachBox + reachGap
)

// placed is an object one step away with where it stands.
type placed struct {
	cluster *reach.Cluster
	shown   *reach.Shown
	// heads says that the heading stands above it, and folds that the link to the rest of
	// the heading stands below.
	heads, folds bool
	top, middle  float64
}

// height is how much room an object and what lies beyond it take.
func (p *placed) height() float64 {
	beyond := 0.0
	for _, c := range p.shown.Beyond {
		beyond += reachHead + float64(len(c.Nodes))*(reachTall+reachApart)
	}
	if p.shown.Folded > 0 {
		beyond += reachHead
	}
	own := reachTall + reachApart
	if p.folds {
		own += reachHead
	}
	h := math.Max(own, beyond)
	if p.heads {
		h += reachHead
	}
	return h + 4
}

// painter draws the picture of relations.
type painter struct {
	strings.Builder
	v     *reachView
	lines strings.Builder
	kinds []attack.Kind
	types []string
}

// paint draws the picture; nothing where the object is related to nothing.
func (p *painter) paint() template.HTML {
	left, right := p.sides()
	if len(left)+len(right) == 0 {
		return ""
	}
	tall := math.Max(stand(left), stand(right)) + 8
	middle := math.Max(tall/2, 60)
	tall = math.Max(tall, 120)
	shift(left, (tall-stand(left))/2)
	shift(right, (tall-stand(right))/2)
	x := reachWide/2 - extent(left) - 1
	wide := extent(left) + extent(right) + 2
	of := p.v.M.Graph.Nodes[0].Object
	fmt.Fprintf(p, `<svg class="reach" role="group" aria-label="%s" viewBox="%.0f 0 %.0f %.0f" width="%[3]g" height="%.0[4]f">`,
		template.HTMLEscapeString("Picture of the relations of "+cmp.Or(of.ATTACKID, of.Name)), x, wide, tall)
	var nodes strings.Builder
	p.middle(&nodes, of, middle)
	for i := range left {
		p.near(&nodes, &left[i], -1, middle)
	}
	for i := range right {
		p.near(&nodes, &right[i], 1, middle)
	}
	fmt.Fprintf(p, `<g class="lines" aria-hidden="true">%s</g>%s</svg>`, p.lines.String(), nodes.String())
	return template.HTML(p.String())
}

// sides puts what is one step away on either side, so that both need about as much room.
func (p *painter) sides() (left, right []placed) {
	var all []placed
	total := 0.0
	for i := range p.v.Folds.Clusters {
		c := &p.v.Folds.Clusters[i]
		for j := range c.Nodes {
			e := placed{cluster: c, shown: &c.Nodes[j], heads: j == 0, folds: j == len(c.Nodes)-1 && c.First+len(c.Nodes) < c.Total}
			total += e.height()
			all = append(all, e)
		}
	}
	at, on := 0.0, 0
	for on < len(all) && (on == 0 || at+all[on].height()/2 <= total/2) {
		at += all[on].height()
		on++
	}
	left, right = all[:on], all[on:]
	if len(right) > 0 {
		right[0].heads = true
	}
	return left, right
}

// stand is the height of a side.
func stand(side []placed) float64 {
	h := 0.0
	for i := range side {
		h += side[i].height()
	}
	return h
}

// shift sets where the objects of a side stand.
func shift(side []placed, top float64) {
	for i := range side {
		e := &side[i]
		e.top = top
		h := e.height()
		e.middle = top + (h-4)/2
		if e.heads {
			e.middle += reachHead / 2
		}
		if e.folds {
			e.middle -= reachHead / 2
		}
		e.middle = math.Max(e.middle, top+reachTall/2+boolHead(e.heads))
		top += h
	}
}

func boolHead(heads bool) float64 {
	if heads {
		return reachHead
	}
	return 0
}

// extent is how wide a side is, from the middle.
func extent(side []placed) float64 {
	wide := reachMiddle / 2
	if len(side) > 0 {
		wide += reachNear
	}
	for i := range side {
		if len(side[i].shown.Beyond) > 0 || side[i].shown.Folded > 0 {
			return wide + reachNear
		}
	}
	return wide
}

// middle draws the object itself.
func (p *painter) middle(b *strings.Builder, o *attack.Object, y float64) {
	p.note(o.Kind, "")
	p.box(b, box{o: o, x: (reachWide - reachMiddle) / 2, y: y - 30, wide: reachMiddle, tall: 60, to: p.v.Sel.Object(p.v.id), class: "of",
		says: "The object itself; leads to its page"})
}

// near draws an object one step away, on the left (-1) or the right (1), with what lies
// beyond it.
func (p *painter) near(b *strings.Builder, e *placed, side int, middle float64) {
	x := p.column(side, 1)
	if e.heads {
		p.head(b, e.cluster.Title, figureOf(e.cluster), x, e.middle-reachTall/2-5)
	}
	n := &p.v.M.Graph.Nodes[e.shown.Node]
	p.box(b, box{o: n.Object, x: x, y: e.middle - reachTall/2, wide: reachBox, tall: reachTall, to: p.v.address(n.Object), says: e.cluster.Title})
	p.note(n.Object.Kind, e.cluster.Type)
	p.line(e.cluster.Heading, reachWide/2+float64(side)*reachMiddle/2, middle, inner(x, side), e.middle)
	y := e.top
	if e.heads {
		y += reachHead
	}
	out := p.column(side, 2)
	for i := range e.shown.Beyond {
		c := &e.shown.Beyond[i]
		p.head(b, c.Title, "", out, y+reachHead-5)
		y += reachHead
		for j := range c.Nodes {
			o := p.v.M.Graph.Nodes[c.Nodes[j].Node].Object
			p.box(b, box{o: o, x: out, y: y, wide: reachBox, tall: reachTall, to: p.v.address(o), says: c.Title + ": " + cmp.Or(n.Object.ATTACKID, n.Object.Name)})
			p.note(o.Kind, c.Type)
			p.line(c.Heading, outer(x, side), e.middle, inner(out, side), y+reachTall/2)
			y += reachTall + reachApart
		}
	}
	if e.shown.Folded > 0 {
		p.fold(b, group(e.shown.Folded)+" more beyond "+cut(cmp.Or(n.Object.ATTACKID, n.Object.Name), 20), p.v.address(n.Object), out, math.Max(y, e.middle-reachHead/2)+13)
	}
	if e.folds {
		p.fold(b, group(e.cluster.Total-e.cluster.First-len(e.cluster.Nodes))+" more: open "+cut(e.cluster.Title, 24), p.v.at(e.cluster.Key(), 1, 0), x, e.middle+reachTall/2+13)
	}
}

// figureOf says how many of a heading are shown.
func figureOf(c *reach.Cluster) string {
	if c.First == 0 && len(c.Nodes) == c.Total {
		return group(c.Total)
	}
	return group(len(c.Nodes)) + " of " + group(c.Total)
}

// column is where the objects so many steps away begin.
func (p *painter) column(side, steps int) float64 {
	x := reachWide/2 + reachMiddle/2 + reachGap + float64(steps-1)*reachNear
	if side < 0 {
		x = reachWide - x - reachBox
	}
	return x
}

// inner is the edge of a box that faces the middle, and outer the other.
func inner(x float64, side int) float64 {
	if side < 0 {
		return x + reachBox
	}
	return x
}

func outer(x float64, side int) float64 { return inner(x, -side) }

// head writes the title of relations.
func (p *painter) head(b *strings.Builder, title, count string, x, y float64) {
	fmt.Fprintf(b, `<text class="head" x="%.0f" y="%.0f">%s`, x, y, template.HTMLEscapeString(cut(title, 33-len(count))))
	if count != "" {
		fmt.Fprintf(b, ` <tspan class="kind">%s</tspan>`, count)
	}
	b.WriteString(`</text>`)
}

// fold writes the link to what is folded.
func (p *painter) fold(b *strings.Builder, says, to string, x, y float64) {
	fmt.Fprintf(b, `<a class="fold" rel="nofollow" href="%s"><text x="%.0f" y="%.0f">%s</text></a>`, template.HTMLEscapeString(to), x, y, template.HTMLEscapeString(says))
}

// note remembers that a kind of object and a type of relation are in the picture.
func (p *painter) note(k attack.Kind, typ string) {
	p.kinds = once(p.kinds, k)
	if typ != "" {
		p.types = once(p.types, typ)
	}
}

func once[T comparable](have []T, one T) []T {
	for _, h := range have {
		if h == one {
			return have
		}
	}
	return append(have, one)
}

// box is an object where it is drawn.
type box struct {
	o                *attack.Object
	x, y, wide, tall float64
	to, class, says  string
}

// box draws an object: its shape, its id and kind, its name, and how it stands here.
func (p *painter) box(b *strings.Builder, x box) {
	name, chip := cmp.Or(x.o.Name, x.o.ID), p.v.chip(x.o.ID)
	says := strings.TrimSpace(x.o.ATTACKID+" "+name) + ", " + kind(x.o.Kind)
	if !x.o.Live() {
		says += ", " + x.o.Lifecycle()
	}
	if chip != nil {
		says += ", " + chip.Says()
	}
	fmt.Fprintf(b, `<a class="node %s" href="%s"><title>%s</title><rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="3"/>`,
		x.class, template.HTMLEscapeString(x.to), template.HTMLEscapeString(says+". "+x.says+"."), x.x, x.y, x.wide, x.tall)
	p.shape(b, x.o.Kind, x.x+7, x.y+6)
	short := strings.TrimPrefix(kind(x.o.Kind), "detection ") // there is room for no more
	first := x.o.ATTACKID
	if first == "" {
		first = "–"
	}
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f"><tspan class="id">%s</tspan> <tspan class="kind">%s</tspan></text>`, x.x+25, x.y+15, template.HTMLEscapeString(first), short)
	letters := int((x.wide - 34) / 6.7)
	lines := []string{cut(name, letters)}
	if x.tall > 50 {
		lines = split(name, letters)
	}
	for i, l := range lines {
		fmt.Fprintf(b, `<text x="%.0f" y="%.0f">%s</text>`, x.x+25, x.y+30+14*float64(i), template.HTMLEscapeString(l))
	}
	if chip != nil {
		fmt.Fprintf(b, `<g class="rung %s"><rect x="%.0f" y="%.0f" width="24" height="14" rx="2"/><text x="%.0f" y="%.0f" text-anchor="middle">%s</text></g>`,
			chip.Class, x.x+x.wide-29, x.y+5, x.x+x.wide-17, x.y+15.5, chip.Code)
	}
	b.WriteString("</a>\n")
}

// split breaks a name into two lines of so many letters.
func split(name string, letters int) []string {
	if len(name) <= letters {
		return []string{name}
	}
	at := strings.LastIndex(name[:letters+1], " ")
	if at <= 0 {
		return []string{cut(name, letters)}
	}
	return []string{name[:at], cut(name[at+1:], letters)}
}

// line draws a relation from one point to another, with its head at the end that it leads
// to: the second where it leaves what it is a relation of.
func (p *painter) line(h reach.Heading, x1, y1, x2, y2 float64) {
	bend := (x2 - x1) / 2
	fmt.Fprintf(&p.lines, `<path class="%s" d="M%.0f %.1fC%.0f %.1f %.0f %.1f %.0f %.1f"/>`, dash(h.Type), x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
	x, y, d := x2, y2, 7.0
	if !h.Out {
		x, y, d = x1, y1, -7
	}
	if x2 < x1 {
		d = -d
	}
	fmt.Fprintf(&p.lines, `<path class="end" d="M%.0f %.1fl%.0f -3.5v7z"/>`, x, y, -d)
}

// dash is the class of the lines of a type of relation.
func dash(typ string) string {
	switch typ {
	case attack.Uses, attack.AttributedTo:
		return "l-use"
	case attack.Detects, attack.HasAnalytic, attack.ReadsSource:
		return "l-see"
	case attack.Mitigates:
		return "l-stop"
	case attack.InTactic, attack.SubtechniqueOf, attack.PartOf, attack.HasTactic:
		return "l-part"
	}
	return "l-other"
}

// mark explains a shape or a line.
type mark struct {
	Picture template.HTML
	Says    string
}

// signs explain what the picture has.
func (p *painter) signs() []mark {
	var ms []mark
	for _, k := range p.kinds {
		var b strings.Builder
		b.WriteString(`<svg class="reach" aria-hidden="true" width="16" height="16">`)
		p.shape(&b, k, 1, 1)
		b.WriteString(`</svg>`)
		ms = append(ms, mark{template.HTML(b.String()), kind(k)})
	}
	for _, l := range [][2]string{{"l-use", "uses, is attributed to"}, {"l-see", "detects, has as analytic, reads"}, {"l-stop", "mitigates"}, {"l-part", "is in, is part of"}, {"l-other", "another relation"}} {
		for _, t := range p.types {
			if dash(t) == l[0] {
				ms = append(ms, mark{template.HTML(`<svg class="reach" aria-hidden="true" width="44" height="16"><g class="lines"><path class="` + l[0] + `" d="M1 8H36"/><path class="end" d="M43 8l-7 -3.5v7z"/></g></svg>`), l[1]})
				break
			}
		}
	}
	return ms
}

// shape draws the shape of a kind of object in a square of 14 pixels.
func (p *painter) shape(b *strings.Builder, k attack.Kind, x, y float64) {
	fmt.Fprintf(b, `<path class="shape" transform="translate(%.0f %.0f)" d="%s"/>`, x, y, outline(k))
}

// outline is the outline of the shape of a kind; no two kinds have the same.
func outline(k attack.Kind) string {
	switch k {
	case attack.KindTechnique:
		return "M1 1h12v12h-12z"
	case attack.KindSubTechnique:
		return "M1 1h12v12h-12zM7 7h6" + "M7 7v6"
	case attack.KindTactic:
		return "M1 1h7l5 6l-5 6h-7l4 -6z"
	case attack.KindGroup:
		return "M1 7a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z"
	case attack.KindCampaign:
		return "M1 7a6 6 0 1 0 12 0a6 6 0 1 0 -12 0zM4.5 7a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z"
	case attack.KindMalware:
		return "M7 1l6 12h-12z"
	case attack.KindTool:
		return "M7 13l6 -12h-12z"
	case attack.KindMitigation:
		return "M1 1h12v6c0 3 -3 5 -6 6c-3 -1 -6 -3 -6 -6z"
	case attack.KindStrategy:
		return "M7 0.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z"
	case attack.KindAnalytic:
		return "M4 1h6l3.5 6l-3.5 6h-6l-3.5 -6z"
	case attack.KindComponent:
		return "M1 3h12v3h-12zM1 8h12v3h-12z"
	case attack.KindDataSource:
		return "M1 1h12v3h-12zM1 5.5h12v3h-12zM1 10h12v3h-12z"
	case attack.KindAsset:
		return "M7 1l6 5v7h-12v-7z"
	case attack.KindMatrix:
		return "M1 1h12v12h-12zM7 1v12M1 7h12"
	}
	return "M7 1l6 6M1 7l6 -6M1 7l6 6M13 7l-6 6"
}
