package prose

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// renderPlain returns a resolved document as plain text.
func renderPlain(doc ast.Node, src []byte) string {
	w := plainWriter{src: src}
	w.blocks(doc, "\n\n")
	// An entity can spell a control character, so it is cleaned once more.
	return strings.TrimSpace(printable(w.b.String()))
}

type plainWriter struct {
	src    []byte
	b      strings.Builder
	indent string
}

// blocks writes the children of a block, with sep between them.
func (w *plainWriter) blocks(n ast.Node, sep string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c != n.FirstChild() {
			w.write(sep)
		}
		w.block(c)
	}
}

// write writes text, with every line after the first indented.
func (w *plainWriter) write(s string) {
	w.b.WriteString(strings.ReplaceAll(s, "\n", "\n"+w.indent))
}

func (w *plainWriter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.List:
		w.list(n)
	case *ast.Blockquote:
		w.blocks(n, "\n\n")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		w.lines(n)
	case *ast.ThematicBreak:
		w.write("---")
	case *east.Table:
		w.blocks(n, "\n")
	case *east.TableRow, *east.TableHeader:
		w.blocks(n, " | ")
	default:
		w.inline(n)
	}
}

func (w *plainWriter) list(n *ast.List) {
	number := n.Start
	sep := "\n\n"
	if n.IsTight {
		sep = "\n"
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if c != n.FirstChild() {
			w.write(sep)
		}
		w.write(mark)
		outer := w.indent
		w.indent += strings.Repeat(" ", len(mark))
		w.blocks(c, sep)
		w.indent = outer
	}
}

func (w *plainWriter) lines(n ast.Node) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		if i > 0 {
			w.write("\n")
		}
		w.write("    " + strings.TrimRight(string(line.Value(w.src)), "\n"))
	}
}

func (w *plainWriter) inline(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			w.text(c)
		case *ast.String:
			w.write(string(c.Value))
		case *ast.CodeSpan:
			w.span(c)
		case *codeElement:
			w.write(codeText(c, w.src))
		case *citation:
			w.write("[" + strconv.Itoa(c.number) + "]")
		case *tag:
			w.tag(c)
		default:
			w.inline(c)
		}
	}
}

func (w *plainWriter) text(n *ast.Text) {
	s := n.Segment.Value(w.src)
	if !n.IsRaw() {
		s = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(s)))
	}
	w.write(string(s))
	switch {
	case n.HardLineBreak():
		w.write("\n")
	case n.SoftLineBreak():
		w.write(" ")
	}
}

// span writes a code span, in which a line end counts as a space.
func (w *plainWriter) span(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			w.write(strings.ReplaceAll(string(t.Segment.Value(w.src)), "\n", " "))
		}
	}
}

// tag writes what is left of a tag without markup.
func (w *plainWriter) tag(n *tag) {
	switch n.html {
	case "<br>", "</p>", "</h4>", "</h5>", "</h6>", "</tr>":
		w.write("\n")
	case "<li>":
		w.write("\n- ")
	case "</td>", "</th>":
		w.write(" | ")
	}
}
