package prose

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"candor/internal/attack"
)

// markdown is the parser of ATT&CK text. It knows neither HTML blocks nor link
// definitions, because both make text disappear.
var markdown = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(citationParser{}, 150),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(tagParser{}, 400),
			util.Prioritized(parser.NewEmphasisParser(), 500),
		),
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
})

var refsKey = parser.NewContextKey()

func parse(src []byte, refs []attack.Reference) ast.Node {
	names := make(map[string]attack.Reference, len(refs))
	for _, r := range refs {
		name := strings.TrimSpace(r.SourceName) // some end in a space, here or in the citation
		if _, ok := names[name]; !ok {
			names[name] = r
		}
	}
	pc := parser.NewContext()
	pc.Set(refsKey, names)
	return markdown().Parse(text.NewReader(src), parser.WithContext(pc))
}

// The kinds of node that ATT&CK text has and Markdown does not.
var (
	kindCitation = ast.NewNodeKind("Citation")
	kindTag      = ast.NewNodeKind("Tag")
	kindCode     = ast.NewNodeKind("CodeElement")
	kindAnchor   = ast.NewNodeKind("Anchor")
)

// citation is "(Citation: NAME)".
type citation struct {
	ast.BaseInline
	name     string
	ref      attack.Reference
	resolved bool
	number   int
}

// tag is a known HTML tag, opening or closing, without its attributes.
type tag struct {
	ast.BaseInline
	html string
}

// codeElement is <code>...</code>, whose content is not Markdown but for links.
// Its children are raw text and links.
type codeElement struct{ ast.BaseInline }

// anchor is a link that may be followed.
type anchor struct {
	ast.BaseInline
	href  string
	local bool
}

// Kind returns the node's kind.
func (*citation) Kind() ast.NodeKind { return kindCitation }

// Kind returns the node's kind.
func (*tag) Kind() ast.NodeKind { return kindTag }

// Kind returns the node's kind.
func (*codeElement) Kind() ast.NodeKind { return kindCode }

// Kind returns the node's kind.
func (*anchor) Kind() ast.NodeKind { return kindAnchor }

// Dump prints the node for debugging, as every node must.
func (n *citation) Dump(src []byte, level int) { ast.DumpHelper(n, src, level, nil, nil) }

// Dump prints the node for debugging, as every node must.
func (n *tag) Dump(src []byte, level int) { ast.DumpHelper(n, src, level, nil, nil) }

// Dump prints the node for debugging, as every node must.
func (n *codeElement) Dump(src []byte, level int) { ast.DumpHelper(n, src, level, nil, nil) }

// Dump prints the node for debugging, as every node must.
func (n *anchor) Dump(src []byte, level int) { ast.DumpHelper(n, src, level, nil, nil) }

// maxName is the longest citation name that is looked for, in bytes.
const maxName = 512

// citationParser reads citations. NAME may hold ")", so the longest one that
// the object's references know is taken, else the one that ends where its
// brackets balance.
type citationParser struct{}

// Trigger returns the byte that a citation begins with.
func (citationParser) Trigger() []byte { return []byte{'('} }

// Parse reads a citation, if there is one here.
func (citationParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	rest, ok := bytes.CutPrefix(line, []byte("(Citation:"))
	if !ok {
		return nil
	}
	names, _ := pc.Get(refsKey).(map[string]attack.Reference)
	c := &citation{}
	end, depth, balanced := 0, 0, 0
	for i, b := range rest[:min(len(rest), maxName)] {
		switch b {
		case '(':
			depth++
		case ')':
			if ref, ok := names[strings.TrimSpace(string(rest[:i]))]; ok {
				c.ref, c.resolved, end = ref, true, i+1
			}
			if depth == 0 && balanced == 0 {
				balanced = i + 1
			}
			depth--
		}
	}
	if end == 0 {
		end = balanced
	}
	if end == 0 {
		return nil
	}
	c.name = strings.TrimSpace(string(rest[:end-1]))
	block.Advance(len(line) - len(rest) + end)
	return c
}

// known are the tags that are HTML and not content.
var known = func() map[string]bool {
	m := map[string]bool{}
	for _, t := range elements {
		m[t] = true
	}
	return m
}()

var tagPattern = regexp.MustCompile(`^<(/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z][A-Za-z0-9-]*\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*)\s*(/?)>`)

// tagParser reads the known tags and <code> elements. It leaves every other
// "<" to be text.
type tagParser struct{}

// Trigger returns the byte that a tag begins with.
func (tagParser) Trigger() []byte { return []byte{'<'} }

// Parse reads a known tag or a <code> element, if there is one here.
func (tagParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if len(line) >= len("<code>") && bytes.EqualFold(line[:len("<code>")], []byte("<code>")) {
		return parseCode(block)
	}
	m := tagPattern.FindSubmatch(line)
	if m == nil {
		return nil
	}
	name := strings.ToLower(string(m[2]))
	if !known[name] {
		return nil
	}
	block.Advance(len(m[0]))
	return &tag{html: "<" + string(m[1]) + name + ">"}
}

var (
	codeEnd  = regexp.MustCompile(`(?i)</?code>`)
	codeLink = regexp.MustCompile(`\[([^\[\]]*)\]\((https?://attack\.mitre\.org/[^()\s]*)\)`)
)

// parseCode reads a <code> element up to its end. ATT&CK sometimes ends one with
// <code> instead of </code>. Without an end the tag is text.
func parseCode(block text.Reader) ast.Node {
	row, pos := block.Position()
	block.Advance(len("<code>"))
	n := &codeElement{}
	for {
		line, seg := block.PeekLine()
		if line == nil {
			block.SetPosition(row, pos)
			return nil
		}
		if at := codeEnd.FindIndex(line); at != nil {
			n.add(line[:at[0]], seg)
			block.Advance(at[1])
			return n
		}
		n.add(line, seg)
		block.AdvanceLine()
	}
}

// add adds the part of a line that is within the element.
func (n *codeElement) add(part []byte, seg text.Segment) {
	part = part[min(seg.Padding, len(part)):]
	raw := func(from, to int) *ast.Text {
		return ast.NewRawTextSegment(text.NewSegment(seg.Start+from, seg.Start+to))
	}
	at := 0
	for _, m := range codeLink.FindAllSubmatchIndex(part, -1) {
		l := ast.NewLink()
		l.Destination = part[m[4]:m[5]]
		l.AppendChild(l, raw(m[2], m[3]))
		if m[0] > at {
			n.AppendChild(n, raw(at, m[0]))
		}
		n.AppendChild(n, l)
		at = m[1]
	}
	if at < len(part) {
		n.AppendChild(n, raw(at, len(part)))
	}
}
