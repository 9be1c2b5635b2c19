package prose_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/attack/prose"
	"candor/internal/inert"
)

// allowed is every element and attribute that may come out, said independently
// of the renderer.
var allowed = map[string]string{
	"a": "href rel class title", "ol": "start class", "li": "value", "b": "", "blockquote": "", "br": "", "caption": "", "code": "", "em": "",
	"h4": "", "h5": "", "h6": "", "hr": "", "i": "", "p": "", "pre": "", "span": "", "strong": "", "sub": "", "sup": "",
	"table": "", "tbody": "", "td": "", "tfoot": "", "th": "", "thead": "", "tr": "", "u": "", "ul": "",
}

func checkToken(t *testing.T, tok html.Token) {
	attrs, ok := allowed[tok.Data]
	if !ok {
		t.Fatalf("element <%s> came out", tok.Data)
	}
	for _, a := range tok.Attr {
		if !strings.Contains(" "+attrs+" ", " "+a.Key+" ") {
			t.Fatalf("attribute %s of <%s> came out", a.Key, tok.Data)
		}
		if a.Key != "href" {
			continue
		}
		v := strings.ToLower(a.Val)
		if !strings.HasPrefix(v, "http://") && !strings.HasPrefix(v, "https://") && !strings.HasPrefix(v, "mailto:") &&
			!strings.HasPrefix(v, "#note-") && !strings.HasPrefix(v, "/object/") {
			t.Fatalf("address %q came out", a.Val)
		}
	}
}

func checkHTML(t *testing.T, out string) {
	if strings.Contains(strings.ToLower(out), "<script") {
		t.Fatalf("a script came out: %q", out)
	}
	depth := 0
	z := html.NewTokenizer(strings.NewReader(out))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if depth != 0 {
				t.Fatalf("%d elements are left open: %q", depth, out)
			}
			return
		case html.StartTagToken:
			tok := z.Token()
			checkToken(t, tok)
			depth++
		case html.SelfClosingTagToken:
			checkToken(t, z.Token())
		case html.EndTagToken:
			if depth--; depth < 0 {
				t.Fatalf("an element is closed that was not opened: %q", out)
			}
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("a comment or doctype came out: %q", out)
		}
	}
}

func FuzzOutputIsHarmless(f *testing.F) {
	for _, s := range []string{
		"<script>alert(1)</script>", "<ScRiPt src=x>", "<img src=x onerror=alert(1)>", `<b onmouseover="x">`, "[a](javascript:alert(1))",
		"[a](java\tscript:x)", "![a](data:text/html;base64,AAAA)", "<javascript:alert(1)>", "<code><script></code>", "</div></p><b>",
		"(Citation: <script>)", "(Citation: CISA Alert (TA17-163A))", "[x](https://attack.mitre.org/techniques/T1059/001)",
		"* a\n  * b\n\n    c\n1. d", "> a\n> b", "|a|b|\n|-|-|\n|c|d|", "\x1b[31m\u202e\u009b1m", "&#27;[2J&lt;script&gt;", "<table><td><svg><style><img>",
		"[a](http://x\"onclick=alert(1))", "<https://a.example/\">", "<a@b.example>", "~~~\n<script>\n~~~", "a\\\nb  \nc", "<pre>\n\n</pre>x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, notes := prose.HTML(s, refs, link)
		checkHTML(t, string(out))
		for i, n := range notes {
			if n.Number != i+1 || n.URL != "" && !strings.HasPrefix(n.URL, "http") && !strings.HasPrefix(n.URL, "mailto:") {
				t.Fatalf("note %+v", n)
			}
		}
		plain, _ := prose.Plain(s, refs)
		for _, r := range plain {
			if inert.Hidden(r) {
				t.Fatalf("control character %U came out: %q", r, plain)
			}
		}
	})
}
