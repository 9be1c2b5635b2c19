package prose

import (
	"net/url"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// resolve numbers the citations of a document and turns its links into anchors.
func (p *Page) resolve(doc ast.Node, src []byte) {
	var found []ast.Node
	// The walk has no error of its own to return.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch n.Kind() {
			case kindCitation, ast.KindLink, ast.KindImage, ast.KindAutoLink:
				found = append(found, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range found {
		switch n := n.(type) {
		case *citation:
			n.number = p.number(n)
		case *ast.Link:
			p.anchor(n, string(n.Destination))
		case *ast.Image:
			p.anchor(n, string(n.Destination))
		case *ast.AutoLink:
			p.autoAnchor(n, src)
		}
	}
}

// anchor replaces a link by an anchor with the same words or, when its address
// must not be followed, by its own spelling. An image is a link, because no page
// loads anything from elsewhere.
func (p *Page) anchor(n ast.Node, dest string) {
	parent := n.Parent()
	a, ok := p.follow(string(util.URLEscape([]byte(dest), true)))
	if ok {
		for c := n.FirstChild(); c != nil; c = n.FirstChild() {
			a.AppendChild(a, c)
		}
		if a.FirstChild() == nil {
			a.AppendChild(a, rawString(dest))
		}
		parent.ReplaceChild(parent, n, a)
		return
	}
	parent.InsertBefore(parent, n, rawString("["))
	for c := n.FirstChild(); c != nil; c = n.FirstChild() {
		parent.InsertBefore(parent, n, c)
	}
	parent.ReplaceChild(parent, n, rawString("]("+dest+")"))
}

func (p *Page) autoAnchor(n *ast.AutoLink, src []byte) {
	label, dest := string(n.Label(src)), string(n.URL(src))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(dest, "mailto:") {
		dest = "mailto:" + dest
	}
	parent := n.Parent()
	a, ok := p.follow(dest)
	if !ok {
		parent.ReplaceChild(parent, n, rawString("<"+label+">"))
		return
	}
	a.AppendChild(a, rawString(label))
	parent.ReplaceChild(parent, n, a)
}

func rawString(s string) *ast.String {
	n := ast.NewString([]byte(s))
	n.SetRaw(true)
	return n
}

// follow returns an anchor for an address, and whether it may be followed.
func (p *Page) follow(dest string) (*anchor, bool) {
	if path, ok := attackPath(dest); ok && p.Link != nil {
		if local, ok := p.Link(path); ok {
			return &anchor{href: local, local: true}, true
		}
	}
	dest = safeURL(dest)
	return &anchor{href: dest}, dest != ""
}

// attackPath returns the path of an address on attack.mitre.org.
func attackPath(dest string) (string, bool) {
	u, err := url.Parse(dest)
	if err != nil || u.Path == "" {
		return "", false
	}
	here := u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/")
	there := (u.Scheme == "https" || u.Scheme == "http") && strings.EqualFold(u.Host, "attack.mitre.org")
	return strings.TrimRight(u.Path, "/"), here || there
}

// safeURL returns an address that a link may have, or nothing.
func safeURL(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	case "mailto":
	default:
		return ""
	}
	return u.String()
}
