// Package prose renders the text of ATT&CK objects: Markdown mixed with a little
// HTML, with pseudo-tags that are content, and with citations.
//
// It turns such text into safe HTML and into plain text for terminals. What it
// does not know it shows as text: it drops no tag that may be content, and it
// refuses to pass on scripts, attributes, styles, images and URLs other than
// http, https and mailto.
package prose

import (
	"html"
	"html/template"
	"strings"

	"candor/internal/attack"
)

// MaxMarkdown is the number of bytes above which a text is shown as it is,
// without Markdown. The longest text of any ATT&CK release has under 10,000.
const MaxMarkdown = 1 << 20

// The work of the Markdown parser grows with the square of these: block quotes
// and lists that open on one line, and delimiters of links and emphasis. A text
// with more is shown as it is; ATT&CK's have less than a tenth.
const (
	maxNesting    = 32
	maxDelimiters = 1024
)

// Linker returns the local address of what a path on attack.mitre.org shows,
// for example "/techniques/T1059/001", and whether it is known here.
type Linker func(attackPath string) (local string, ok bool)

// Note is what one citation number stands for.
type Note struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Text   string `json:"text,omitempty"`
	URL    string `json:"url,omitempty"`
	// Resolved is false when the object has no reference of that name.
	Resolved bool `json:"resolved"`
}

// Page renders the texts of one page, so that their citations share one list of
// notes: a reference that several texts cite has one number. The zero Page is
// ready for use; it must not be used concurrently.
type Page struct {
	// Link makes links to attack.mitre.org local; it may be nil.
	Link    Linker
	notes   []Note
	numbers map[Note]int
}

// HTML returns text as safe, well-formed HTML. Citations are resolved against
// refs, the references of the object that holds the text, and link to the
// element with id "note-N", which the caller renders from Notes. A text longer
// than MaxMarkdown is shown preformatted.
func (p *Page) HTML(text string, refs []attack.Reference) template.HTML {
	text = printable(text)
	if unfit(text) {
		return template.HTML("<pre>" + html.EscapeString(text) + "</pre>")
	}
	src := []byte(text)
	doc := parse(src, refs)
	p.resolve(doc, src)
	return template.HTML(renderHTML(doc, src))
}

// Plain returns text for a terminal: no markup, no control characters, links as
// their words and citations as [N].
func (p *Page) Plain(text string, refs []attack.Reference) string {
	text = printable(text)
	if unfit(text) {
		return text
	}
	src := []byte(text)
	doc := parse(src, refs)
	p.resolve(doc, src)
	return renderPlain(doc, src)
}

// Notes returns the notes of the texts rendered so far, by number.
func (p *Page) Notes() []Note { return p.notes }

// HTML renders one text that has a list of notes of its own; see [Page.HTML].
func HTML(text string, refs []attack.Reference, link Linker) (template.HTML, []Note) {
	p := Page{Link: link}
	return p.HTML(text, refs), p.Notes()
}

// Plain renders one text that has a list of notes of its own; see [Page.Plain].
func Plain(text string, refs []attack.Reference) (string, []Note) {
	var p Page
	return p.Plain(text, refs), p.Notes()
}

// number returns the number of what a citation names, a new one if the page has
// not cited it yet. References of the same name differ between objects, so the
// whole reference is compared.
func (p *Page) number(c *citation) int {
	n := Note{Name: c.name, Text: c.ref.Description, URL: safeURL(c.ref.URL), Resolved: c.resolved}
	if have := p.numbers[n]; have > 0 {
		return have
	}
	if p.numbers == nil {
		p.numbers = map[Note]int{}
	}
	number := len(p.notes) + 1
	p.numbers[n] = number
	n.Number = number
	p.notes = append(p.notes, n)
	return number
}

// unfit reports whether text must not be given to the Markdown parser.
func unfit(text string) bool {
	if len(text) > MaxMarkdown {
		return true
	}
	if strings.Count(text, "[")+strings.Count(text, "*")+strings.Count(text, "_") > maxDelimiters {
		return true
	}
	for line := range strings.Lines(text) {
		if nesting(line) > maxNesting {
			return true
		}
	}
	return false
}

// nesting counts the block quotes and list items that a line opens.
func nesting(line string) int {
	depth := 0
	for i, c := range line {
		switch {
		case strings.ContainsRune(" \t0123456789", c):
		case c == '>':
			depth++
		case strings.ContainsRune("*+-.)", c) && strings.IndexAny(line[i+1:], " \t") == 0:
			depth++
		default:
			return depth
		}
	}
	if strings.Trim(line, " \t\n*-") == "" {
		return 0 // a rule
	}
	return depth
}
