package web_test

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"candor/internal/assessment"
	"candor/internal/standing"
)

// board is how the demonstration stands.
func (d *desk) board() *standing.Board {
	d.t.Helper()
	return must(d.assess.Board(d.t.Context(), assessment.Request{AsOf: today, Policy: d.policy}))(d.t)
}

// chipless returns the links of a page's lists and tables to what a verdict is about that
// do not say how it stands, and how many do.
func chipless(b *standing.Board, doc *html.Node) (without []string, with int) {
	elements(mainOf(doc), func(n *html.Node) {
		id, ok := objectOf(n)
		if !ok || b.Worst(b.Meant(id)) == "" || !listed(n) {
			return
		}
		if rung(beside(n)) || stands(n) {
			with++
			return
		}
		without = append(without, id)
	})
	return without, with
}

// objectOf is the object that a link leads to the page of.
func objectOf(n *html.Node) (string, bool) {
	to, _, ok := local(n)
	id, is := strings.CutPrefix(to, "/objects/")
	if id, _, _ = strings.Cut(id, "?"); n.Data != "a" || !ok || !is || strings.Contains(id, "/") || strings.Contains(to, "release=") {
		return "", false
	}
	id, err := url.PathUnescape(id)
	return id, err == nil
}

// listed reports whether an element is in a list or a table, other than those that say
// where a page is.
func listed(n *html.Node) bool {
	in := false
	for p := n.Parent; p != nil; p = p.Parent {
		class, _ := attr(p, "class")
		if p.Data == "nav" || p.Data == "svg" || strings.Contains(class, "matrix") || strings.Contains(class, "grounds") {
			return false
		}
		in = in || p.Data == "li" || p.Data == "tr"
	}
	return in
}

// beside is the element behind another.
func beside(n *html.Node) *html.Node {
	for n = n.NextSibling; n != nil; n = n.NextSibling {
		if n.Type == html.ElementNode {
			return n
		}
		if strings.TrimSpace(n.Data) != "" {
			return nil
		}
	}
	return nil
}

func rung(n *html.Node) bool {
	if n == nil {
		return false
	}
	class, _ := attr(n, "class")
	return strings.HasPrefix(class, "rung ") && strings.TrimSpace(text(n)) != ""
}

// stands reports whether a link heads a row with a cell that is how it stands.
func stands(n *html.Node) bool {
	found, cell := false, n.Parent
	for ; cell.Data != "th" && cell.Data != "td"; cell = cell.Parent {
		if cell.Data == "li" || cell.Data == "body" {
			return found
		}
		if cell.Data == "div" { // a way from one rung to another, of those behind it
			elements(cell, func(x *html.Node) { found = found || rung(x) && !at(x) })
		}
	}
	for c := cell.NextSibling; c != nil; c = c.NextSibling {
		if c.Data == "td" {
			elements(c, func(x *html.Node) { found = found || rung(x) && !at(x) })
		}
	}
	return found
}

// at reports whether a rung is the small one beside a link.
func at(n *html.Node) bool {
	class, _ := attr(n, "class")
	return strings.Contains(class, " at ")
}
