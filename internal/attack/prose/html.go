package prose

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// elements are the HTML elements that text may hold; none has an attribute when
// it comes from the text.
var elements = []string{
	"b", "blockquote", "br", "caption", "code", "em", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "span",
	"strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}

// policy is what rendered text may hold, whatever went wrong before.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(elements...)
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^noreferrer nofollow$`)).OnElements("a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(?:citation|citation unresolved)$`)).OnElements("a")
	p.AllowAttrs("title").OnElements("a")
	return p
})

var toHTML = sync.OnceValue(func() renderer.Renderer {
	return renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(nodeRenderer{}, 100),
		util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), 500),
		util.Prioritized(ghtml.NewRenderer(), 1000),
	))
})

// renderHTML returns a resolved document as HTML that is first made well formed,
// so that text cannot close what surrounds it, and then cut down to the policy.
func renderHTML(doc ast.Node, src []byte) string {
	var raw, formed bytes.Buffer
	if toHTML().Render(&raw, src, doc) != nil || wellForm(&formed, &raw) != nil {
		return "<pre>" + html.EscapeString(string(src)) + "</pre>"
	}
	return policy().SanitizeReader(&formed).String()
}

func wellForm(w, r *bytes.Buffer) error {
	nodes, err := xhtml.ParseFragment(r, &xhtml.Node{Type: xhtml.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := xhtml.Render(w, n); err != nil {
			return err
		}
	}
	return nil
}

// nodeRenderer renders the nodes that are ATT&CK's own, and headings, which must
// not outrank those of the page.
type nodeRenderer struct{}

// RegisterFuncs says which nodes it renders.
func (r nodeRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(kindCitation, r.citation)
	reg.Register(kindTag, r.tag)
	reg.Register(kindCode, r.code)
	reg.Register(kindAnchor, r.anchor)
	reg.Register(ast.KindHeading, r.heading)
}

func (nodeRenderer) citation(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkSkipChildren, nil
	}
	c := n.(*citation)
	class := "citation"
	if !c.resolved {
		class = "citation unresolved"
	}
	fmt.Fprintf(w, `<sup><a class="%s" href="#note-%d" title="%s">[%d]</a></sup>`, class, c.number, html.EscapeString(c.name), c.number)
	return ast.WalkSkipChildren, nil
}

func (nodeRenderer) tag(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		w.WriteString(n.(*tag).html)
	}
	return ast.WalkContinue, nil
}

func (r nodeRenderer) code(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	w.WriteString("<code>")
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if a, ok := c.(*anchor); ok {
			openAnchor(w, a)
			w.WriteString(html.EscapeString(codeText(a, src)))
			w.WriteString("</a>")
			continue
		}
		w.WriteString(html.EscapeString(codeText(c, src)))
	}
	w.WriteString("</code>")
	return ast.WalkSkipChildren, nil
}

func (nodeRenderer) anchor(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		openAnchor(w, n.(*anchor))
	} else {
		w.WriteString("</a>")
	}
	return ast.WalkContinue, nil
}

func openAnchor(w util.BufWriter, a *anchor) {
	rel := ` rel="noreferrer nofollow"`
	if a.local {
		rel = ""
	}
	fmt.Fprintf(w, `<a href="%s"%s>`, html.EscapeString(a.href), rel)
}

func (nodeRenderer) heading(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	level := min(n.(*ast.Heading).Level+3, 6)
	if entering {
		fmt.Fprintf(w, "<h%d>", level)
	} else {
		fmt.Fprintf(w, "</h%d>\n", level)
	}
	return ast.WalkContinue, nil
}

var entity = regexp.MustCompile(`&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);`)

// codeText returns the text of a node inside <code>. There it is HTML's, not
// Markdown's: entities are read, and only those that end in a semicolon, because
// "copy" often follows "&" in a command.
func codeText(n ast.Node, src []byte) string {
	var b strings.Builder
	switch n := n.(type) {
	case *ast.Text:
		b.WriteString(entity.ReplaceAllStringFunc(string(n.Segment.Value(src)), html.UnescapeString))
	case *ast.String:
		b.Write(n.Value)
	default:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			b.WriteString(codeText(c, src))
		}
	}
	return b.String()
}
