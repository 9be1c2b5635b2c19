// Package prose renders the text of ATT&CK objects: Markdown mixed with a little
// HTML, with pseudo-tags that are content, and with citations.
//
// It turns such text into safe HTML and into plain text for terminals, and shows every
// character of it. Only what is markup beyond doubt is read as such: citations, links,
// code, lists, headings, strong words, line breaks and a few elements of HTML. General
// Markdown is not, because it takes asterisks and backslashes out of paths and patterns.
// The package refuses to pass on scripts, attributes, styles, images and URLs other than
// http, https and mailto.
package prose

import (
	"html/template"
	"strings"

	"candor/internal/attack"
	"candor/internal/inert"
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

// HTML returns text as safe, well-formed HTML, in which line ends and runs of spaces
// are as the text has them: show it with white-space: pre-wrap. Citations are resolved
// against refs, the references of the object that holds the text, and link to the
// element with id "note-N", which the caller renders from Notes.
func (p *Page) HTML(text string, refs []attack.Reference) template.HTML {
	var w writer
	for _, line := range lines(p.tokens(visible(text), refs)) {
		w.line(line)
	}
	w.shutText()
	return template.HTML(w.b.String())
}

// Plain returns text for a terminal, in its own lines: as it is, but for code without
// what marks it, links as their words and citations as [N].
func (p *Page) Plain(text string, refs []attack.Reference) string {
	var b strings.Builder
	asText(&b, p.tokens(visible(text), refs))
	return b.String()
}

// visible returns text without the blanks around it, with one sort of line end, and
// with what cannot be seen as its escape.
func visible(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\ufffd"))
	return inert.Text(strings.Trim(text, " \t\n"))
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

// note returns the number of what a citation names, a new one if the page has not
// cited it yet. References of the same name differ between objects, so the whole
// reference is compared.
func (p *Page) note(t *token) int {
	n := Note{Name: t.name, Text: t.ref.Description, URL: safeURL(t.ref.URL), Resolved: t.resolved}
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
