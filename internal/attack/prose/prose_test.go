package prose_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/attack/prose"
)

var refs = []attack.Reference{
	{SourceName: "mitre-attack", ExternalID: "T1059", URL: "https://attack.mitre.org/techniques/T1059"},
	{SourceName: "CISA Alert (TA17-163A)", URL: "https://example.org/ta17", Description: "An alert."},
	{SourceName: "CISA Alert", URL: "https://example.org/alert"},
	{SourceName: "Spaced ", URL: "https://example.org/spaced"},
	{SourceName: "Bad Link", URL: "javascript:alert(1)"},
}

func link(path string) (string, bool) {
	if id, ok := attack.SiteID(path); ok && id != "S9999" {
		return "/object/" + id, true
	}
	return "", false
}

func TestTextRendersAsSafeHTMLAndAsPlainText(t *testing.T) {
	tests := []struct{ name, in, html, plain string }{
		{"lines", "One **two**\nthree\n\n* a\n* b", "<p>One <strong>two</strong>\nthree</p><ul><li>a</li><li>b</li></ul>", "One two\nthree\n\n* a\n* b"},
		{"asterisks are content", `/proc/*/mem or /proc/*/maps, *.doc and *.docx, a*b*c`, "<p>/proc/*/mem or /proc/*/maps, *.doc and *.docx, a*b*c</p>", `/proc/*/mem or /proc/*/maps, *.doc and *.docx, a*b*c`},
		{"asterisks that look strong", `C:\** and x**y** and **a*b** and ** c ** (**d**), **e**f`, `<p>C:\** and x**y** and **a*b** and ** c ** (<strong>d</strong>), **e**f</p>`, `C:\** and x**y** and **a*b** and ** c ** (d), **e**f`},
		{"underscores are content", "_a_ __b__ snake_case_name", "<p>_a_ __b__ snake_case_name</p>", "_a_ __b__ snake_case_name"},
		{"backslashes are content", `C:\Users\.ssh \[Username]\* \\host\_x`, `<p>C:\Users\.ssh \[Username]\* \\host\_x</p>`, `C:\Users\.ssh \[Username]\* \\host\_x`},
		{"spaces are content", "a  b\n    c", "<p>a  b\n    c</p>", "a  b\n    c"},
		{"nested lists", "* a\n    * b\n      more\n    * c\n* d\n\ne", "<ul><li>a<ul><li>b\nmore</li><li>c</li></ul></li><li>d</li></ul><p>e</p>", "* a\n    * b\n      more\n    * c\n* d\n\ne"},
		{"numbers in brackets", "1) a\n2) b\n4) c", `<ol class="bracket" start="1"><li>a</li><li>b</li><li value="4">c</li></ol>`, "1) a\n2) b\n4) c"},
		{"numbers with points", "3. a\n4. b\n1) c", `<ol start="3"><li>a</li><li>b</li></ol><ol class="bracket" start="1"><li>c</li></ol>`, "3. a\n4. b\n1) c"},
		{"no list", "*via EXPORT\n-x\n1.5 is\n\n2020.", "<p>*via EXPORT\n-x\n1.5 is</p><p>2020.</p>", "*via EXPORT\n-x\n1.5 is\n\n2020."},
		{"what is no block", "a\n---\n> b\n\n|c|\n|-|\n\n    d", "<p>a\n---\n&gt; b</p><p>|c|\n|-|</p><p>    d</p>", "a\n---\n> b\n\n|c|\n|-|\n\n    d"},
		{"backticks", "`a *b* \\_ <x>` ``c`d`` e`", "<p><code>a *b* \\_ &lt;x&gt;</code> <code>c`d</code> e`</p>", "a *b* \\_ <x> c`d e`"},
		{"backticks over what looks like a list", "- x:\n`a:\n  - b: c\n  - d`", "<ul><li>x:</li></ul><p><code>a:\n  - b: c\n  - d</code></p>", "- x:\na:\n  - b: c\n  - d"},
		{"a fence loses nothing of its line", "```(a=b\n\nc)``` d", "<p><code>(a=b\n\nc)</code> d</p>", "(a=b\n\nc) d"},
		{"code is not Markdown", `<code>C:\\Users\<PID>\*a*</code>`, `<p><code>C:\\Users\&lt;PID&gt;\*a*</code></p>`, `C:\\Users\<PID>\*a*`},
		{"code behind a backslash", `HKLM\<code>a</code>`, `<p>HKLM\<code>a</code></p>`, `HKLM\a`},
		{"code holds entities, and commands that look like them", "<code>&lt;user&gt; foo&copy x &amp;lt;</code>", "<p><code>&lt;user&gt; foo&amp;copy x &amp;lt;</code></p>", "<user> foo&copy x &lt;"},
		{"code ended by an opening tag", "<code>~/.zshrc<code> to set, <code>b</code>", "<p><code>~/.zshrc</code> to set, <code>b</code></p>", "~/.zshrc to set, b"},
		{"code without an end", "a <code>b", "<p>a &lt;code&gt;b</p>", "a <code>b"},
		{"code does not go over an empty line", "<code>a\n\nb</code>", "<p>&lt;code&gt;a</p><p>b&lt;/code&gt;</p>", "<code>a\n\nb</code>"},
		{"code over two lines", "<code>a\n*b*</code>", "<p><code>a\n*b*</code></p>", "a\n*b*"},
		{"code with a link", "<code>[at](https://attack.mitre.org/software/S0110) 1</code>", `<p><code><a href="/object/S0110">at</a> 1</code></p>`, "at 1"},
		{"pseudo-tags", "/proc/<PID>/maps <Excel Version> </curl>", "<p>/proc/&lt;PID&gt;/maps &lt;Excel Version&gt; &lt;/curl&gt;</p>", "/proc/<PID>/maps <Excel Version> </curl>"},
		{"script look-alike", "legitimately include <script>alert(1)</script> tags", "<p>legitimately include &lt;script&gt;alert(1)&lt;/script&gt; tags</p>", "legitimately include <script>alert(1)</script> tags"},
		{"known tags", "a<br>b<u>c</u> <b>d<i>e</i></b>", "<p>a<br>b<u>c</u> <b>d<i>e</i></b></p>", "a\nbc de"},
		{"tags that do not end in their line are content", "<b>a\n</b> </u> <table>", "<p>&lt;b&gt;a\n&lt;/b&gt; &lt;/u&gt; &lt;table&gt;</p>", "<b>a\n</b> </u> <table>"},
		{"tags with attributes are content", `<span class="x" onclick="y()">z</span> <i love it>`, "<p>&lt;span class=\"x\" onclick=\"y()\"&gt;z&lt;/span&gt; &lt;i love it&gt;</p>", `<span class="x" onclick="y()">z</span> <i love it>`},
		{"comments", "a <!-- b --> c", "<p>a &lt;!-- b --&gt; c</p>", "a <!-- b --> c"},
		{"local link", "[x](https://attack.mitre.org/techniques/T1059/001)", `<p><a href="/object/T1059.001">x</a></p>`, "x"},
		{"link to an object that is not here", "[x](https://attack.mitre.org/software/S9999)", `<p><a href="https://attack.mitre.org/software/S9999" rel="noreferrer nofollow">x</a></p>`, "x"},
		{"other link", "[`x` [y]](http://a.example/(b)?b=1&c)", `<p><a href="http://a.example/(b)?b=1&amp;c" rel="noreferrer nofollow"><code>x</code> [y]</a></p>`, "x [y]"},
		{"address", "<https://a.example/b>", `<p><a href="https://a.example/b" rel="noreferrer nofollow">https://a.example/b</a></p>`, "https://a.example/b"},
		{"dangerous link", "[x](javascript:alert(1)) <javascript:alert(1)> [y](//evil.example)", "<p>[x](javascript:alert(1)) &lt;javascript:alert(1)&gt; [y](//evil.example)</p>", "[x](javascript:alert(1)) <javascript:alert(1)> [y](//evil.example)"},
		{"brackets that are no link", "bing[.]com?id=1 [a] (b) [](http://c.example) a[0](1)", "<p>bing[.]com?id=1 [a] (b) [](http://c.example) a[0](1)</p>", "bing[.]com?id=1 [a] (b) [](http://c.example) a[0](1)"},
		{"image", "![alt](https://a.example/i.png)", `<p>!<a href="https://a.example/i.png" rel="noreferrer nofollow">alt</a></p>`, "!alt"},
		{"link definition stays", "[a]: https://a.example", "<p>[a]: https://a.example</p>", "[a]: https://a.example"},
		{"heading", "# One\n#two", "<h4>One</h4><p>#two</p>", "# One\n#two"},
		{"control characters are seen", "a\x1b[31mred\x1b[0m \u202eb\x00\x07", `<p>a\u001b[31mred\u001b[0m \u202eb\u0000\u0007</p>`, `a\u001b[31mred\u001b[0m \u202eb\u0000\u0007`},
		{"control character by entity", "a&#27;[31m&#x9b;1m&#10;b&NewLine;&notit;", "<p>a&amp;#27;[31m›1m&amp;#10;b&amp;NewLine;&amp;notit;</p>", "a&#27;[31m›1m&#10;b&NewLine;&notit;"},
		{"broken UTF-8", "a\xffb", "<p>a\ufffdb</p>", "a\ufffdb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			html, _ := prose.HTML(tt.in, refs, link)
			got := strings.ReplaceAll(strings.ReplaceAll(string(html), "&#34;", `"`), "&#39;", "'")
			if diff := cmp.Diff(tt.html, got); diff != "" {
				t.Errorf("HTML: -want +got\n%s", diff)
			}
			plain, _ := prose.Plain(tt.in, refs)
			if diff := cmp.Diff(tt.plain, plain); diff != "" {
				t.Errorf("plain: -want +got\n%s", diff)
			}
		})
	}
}

func TestCitationsResolveAgainstTheObjectsReferences(t *testing.T) {
	in := "A.(Citation: CISA Alert (TA17-163A)) B.(Citation:CISA Alert)(Citation: Nobody (x) knows) C.(Citation: CISA Alert (TA17-163A)) (Citation: Bad Link) (Citation: open"
	want := []prose.Note{
		{Number: 1, Name: "CISA Alert (TA17-163A)", Text: "An alert.", URL: "https://example.org/ta17", Resolved: true},
		{Number: 2, Name: "CISA Alert", URL: "https://example.org/alert", Resolved: true},
		{Number: 3, Name: "Nobody (x) knows"},
		{Number: 4, Name: "Bad Link", Resolved: true},
	}
	plain, notes := prose.Plain(in, refs)
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes: -want +got\n%s", diff)
	}
	if want := "A.[1] B.[2][3] C.[1] [4] (Citation: open"; plain != want {
		t.Errorf("plain = %q, want %q", plain, want)
	}
	html, notes := prose.HTML(in, refs, link)
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes of HTML: -want +got\n%s", diff)
	}
	for _, want := range []string{
		`<a class="citation" href="#note-1" title="CISA Alert (TA17-163A)">[1]</a>`,
		`<a class="citation unresolved" href="#note-3" title="Nobody (x) knows">[3]</a>`,
	} {
		if !strings.Contains(string(html), want) {
			t.Errorf("HTML lacks %s:\n%s", want, html)
		}
	}
}

func TestSpacesAroundACitedNameDoNotCount(t *testing.T) {
	for _, in := range []string{"(Citation: Spaced )", "(Citation: Spaced)", "(Citation:Spaced)"} {
		if _, notes := prose.Plain(in, refs); len(notes) != 1 || !notes[0].Resolved || notes[0].Name != "Spaced" {
			t.Errorf("%q has the notes %+v", in, notes)
		}
	}
}

func TestTextsOfOnePageShareTheirNotes(t *testing.T) {
	var p prose.Page
	p.Plain("(Citation: CISA Alert)", refs)
	other := []attack.Reference{{SourceName: "CISA Alert", URL: "https://elsewhere.example/"}}
	if got := p.Plain("(Citation: CISA Alert)", other); got != "[2]" {
		t.Errorf("a reference of the same name and another URL is %s, want [2]", got)
	}
	if got := p.Plain("(Citation: CISA Alert)", refs); got != "[1]" {
		t.Errorf("the first reference again is %s, want [1]", got)
	}
	if n := len(p.Notes()); n != 2 {
		t.Errorf("%d notes, want 2", n)
	}
}

// Inputs that Markdown parsers are slow on: where the work grew with the square of
// the size, the larger one would not end within the time that tests have.
func TestHostileTextsEnd(t *testing.T) {
	for _, unit := range []string{"[a](", "*a_ ", "> ", "1. ", "- ", "<code>", "(Citation: ", "`a``", "<i><b>", "[", "_ a", "[]", "`\n\n", "``` `` ` ", " **a", "* a\n  ", "&lt;", "(Citation: )", "<b></b>", "<br>"} {
		for _, size := range []int{4 << 10, 256 << 10} {
			text := strings.Repeat(unit, size/len(unit))
			html, _ := prose.HTML(text, refs, link)
			if len(html) == 0 {
				t.Errorf("%d bytes of %q vanished", size, unit)
			}
		}
	}
}
