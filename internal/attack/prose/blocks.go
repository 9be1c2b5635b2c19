package prose

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
)

// lines parts tokens at the line ends in plain text. Code keeps its own.
func lines(tokens []token) [][]token {
	all := [][]token{nil}
	for _, t := range tokens {
		if t.kind != plain {
			all[len(all)-1] = append(all[len(all)-1], t)
			continue
		}
		for i, part := range strings.Split(t.text, "\n") {
			if i > 0 {
				all = append(all, nil)
			}
			if part != "" {
				all[len(all)-1] = append(all[len(all)-1], token{kind: plain, text: part})
			}
		}
	}
	return all
}

// writer writes lines as blocks of HTML: paragraphs, headings and lists.
type writer struct {
	b     strings.Builder
	lists []list
	// open is "p" within a paragraph.
	open string
	gap  bool // an empty line came before
}

// list is a list that is open, with an item that is open.
type list struct {
	indent int    // of its items
	shut   string // its closing tag
	sort   string // "-", "." or ")"
	number int    // of its last item
}

// maxLists bounds how deep lists are nested. A deeper item belongs to the list above.
const maxLists = 16

var (
	heading = regexp.MustCompile(`^ {0,3}(#{1,6})[ \t]+`)
	marker  = regexp.MustCompile(`^[ \t]*(?:[-*+]|([0-9]{1,9})([.)]))(?:[ \t]+|$)`)
)

// line writes one line.
func (w *writer) line(ts []token) {
	first := ""
	if len(ts) > 0 && ts[0].kind == plain {
		first = ts[0].text
	}
	indent := width(first)
	if len(ts) == 0 || len(ts) == 1 && strings.Trim(first, " \t") == "" && ts[0].kind == plain {
		w.gap = true
		return
	}
	if m := heading.FindStringSubmatch(first); m != nil {
		w.shutText()
		level := min(len(m[1])+3, 6) // must not outrank those of the page
		fmt.Fprintf(&w.b, "<h%d>", level)
		w.inline(behind(ts, len(m[0])))
		fmt.Fprintf(&w.b, "</h%d>", level)
	} else if m := marker.FindStringSubmatch(first); m != nil && begins(m, ts) {
		w.item(indent, m)
		w.inline(behind(ts, len(m[0])))
	} else if w.goesOn(indent) {
		w.inline(behind(ts, len(first)-len(strings.TrimLeft(first, " \t"))))
	} else {
		if w.open == "p" && !w.gap {
			w.b.WriteByte('\n')
		} else {
			w.shutText()
			w.b.WriteString("<p>")
			w.open = "p"
		}
		w.inline(ts)
	}
	w.gap = false
}

// goesOn reports whether a line that is indented so far goes on with the text of an
// item, and begins it there.
func (w *writer) goesOn(indent int) bool {
	ended := w.shutLists(indent - 1)
	if len(w.lists) == 0 || w.lists[len(w.lists)-1].indent >= indent {
		return false
	}
	if !ended {
		w.b.WriteByte('\n')
	}
	if w.gap {
		w.b.WriteByte('\n')
	}
	return true
}

// begins reports whether a marker begins an item: a number stands before something,
// and so does what has no blank behind it.
func begins(m []string, ts []token) bool {
	alone := len(ts) == 1 && len(m[0]) == len(ts[0].text)
	return !alone && m[0] != strings.TrimRight(m[0], " \t") || alone && m[1] == ""
}

// item begins an item of a list, which m says the marker of.
func (w *writer) item(indent int, m []string) {
	if w.open == "p" {
		w.shutText()
	}
	sort, number := "-", 0
	if m[1] != "" {
		sort = m[2]
		number, _ = strconv.Atoi(m[1])
	}
	_ = w.shutLists(indent)
	top := len(w.lists) - 1
	switch {
	case top >= 0 && (indent < w.lists[top].indent+2 || top+1 == maxLists) && w.lists[top].sort == sort:
		w.b.WriteString("</li>")
		w.begin(&w.lists[top], number)
		return
	case top >= 0 && (indent < w.lists[top].indent+2 || top+1 == maxLists):
		w.shutOne()
	}
	l := list{indent: indent, sort: sort, shut: "</ol>", number: number - 1}
	switch {
	case sort == "-":
		l.shut = "</ul>"
		w.b.WriteString("<ul>")
	case sort == ")":
		fmt.Fprintf(&w.b, `<ol class="bracket" start="%d">`, number)
	default:
		fmt.Fprintf(&w.b, `<ol start="%d">`, number)
	}
	w.lists = append(w.lists, l)
	w.begin(&w.lists[len(w.lists)-1], number)
}

// begin begins an item with its number.
func (w *writer) begin(l *list, number int) {
	if l.sort == "-" || number == l.number+1 {
		w.b.WriteString("<li>")
	} else {
		fmt.Fprintf(&w.b, `<li value="%d">`, number)
	}
	l.number = number
}

// shutOne ends the innermost list.
func (w *writer) shutOne() {
	w.b.WriteString("</li>" + w.lists[len(w.lists)-1].shut)
	w.lists = w.lists[:len(w.lists)-1]
}

// shutLists ends the lists whose items are indented deeper, and reports whether there
// were any.
func (w *writer) shutLists(indent int) bool {
	before := len(w.lists)
	for len(w.lists) > 0 && w.lists[len(w.lists)-1].indent > indent {
		w.shutOne()
	}
	return len(w.lists) < before
}

// shutText ends every list, and the paragraph.
func (w *writer) shutText() {
	for len(w.lists) > 0 {
		w.shutOne()
	}
	if w.open == "p" {
		w.b.WriteString("</p>")
	}
	w.open = ""
}

// behind returns a line's tokens without the first n bytes.
func behind(ts []token, n int) []token {
	if n == 0 {
		return ts
	}
	first := ts[0]
	first.text = first.text[n:]
	return append([]token{first}, ts[1:]...)
}

// width returns how far a line is indented, with tabs every four columns.
func width(line string) int {
	n := 0
	for i := range len(line) {
		switch line[i] {
		case ' ':
			n++
		case '\t':
			n += 4 - n%4
		default:
			return n
		}
	}
	return n
}

// inline writes tokens.
func (w *writer) inline(ts []token) {
	for i := range ts {
		t := &ts[i]
		switch t.kind {
		case plain:
			w.b.WriteString(html.EscapeString(t.text))
		case code:
			w.b.WriteString("<code>" + html.EscapeString(t.text))
			w.inline(t.kids)
			w.b.WriteString("</code>")
		case link:
			rel := ` rel="noreferrer nofollow"`
			if t.local {
				rel = ""
			}
			fmt.Fprintf(&w.b, `<a href="%s"%s>`, html.EscapeString(t.href), rel)
			w.inline(t.kids)
			w.b.WriteString("</a>")
		case styled:
			w.b.WriteString("<" + t.name + ">")
			w.inline(t.kids)
			w.b.WriteString("</" + t.name + ">")
		case cited:
			class := "citation"
			if !t.resolved {
				class = "citation unresolved"
			}
			fmt.Fprintf(&w.b, `<sup><a class="%s" href="#note-%d" title="%s">[%d]</a></sup>`, class, t.number, html.EscapeString(t.name), t.number)
		case broken:
			w.b.WriteString("<br>")
		}
	}
}

// asText writes tokens as text alone.
func asText(b *strings.Builder, ts []token) {
	for i := range ts {
		t := &ts[i]
		switch t.kind {
		case cited:
			fmt.Fprintf(b, "[%d]", t.number)
		case broken:
			b.WriteByte('\n')
		default:
			b.WriteString(t.text)
			asText(b, t.kids)
		}
	}
}
