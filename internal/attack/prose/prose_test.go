package prose_test

import (
	"strings"
	"testing"
	"time"

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
		{"Markdown", "One **two**\nthree\n\n* a\n* b", "<p>One <strong>two</strong>\nthree</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "One two three\n\n- a\n- b"},
		{"code is not Markdown", `<code>C:\\Users\<PID>\*a*</code>`, `<p><code>C:\\Users\&lt;PID&gt;\*a*</code></p>`, `C:\\Users\<PID>\*a*`},
		{"code holds entities, and commands that look like them", "<code>&lt;user&gt; foo&copy x</code>", "<p><code>&lt;user&gt; foo&amp;copy x</code></p>", "<user> foo&copy x"},
		{"code ended by an opening tag", "<code>~/.zshrc<code> to set, <code>b</code>", "<p><code>~/.zshrc</code> to set, <code>b</code></p>", "~/.zshrc to set, b"},
		{"code without an end", "a <code>b", "<p>a &lt;code&gt;b</p>", "a <code>b"},
		{"code over two lines", "<code>a\n*b*</code>", "<p><code>a\n*b*</code></p>", "a\n*b*"},
		{"code with a link", "<code>[at](https://attack.mitre.org/software/S0110) 1</code>", `<p><code><a href="/object/S0110">at</a> 1</code></p>`, "at 1"},
		{"pseudo-tags", "/proc/<PID>/maps <Excel Version> </curl>", "<p>/proc/&lt;PID&gt;/maps &lt;Excel Version&gt; &lt;/curl&gt;</p>", "/proc/<PID>/maps <Excel Version> </curl>"},
		{"script look-alike", "legitimately include <script>alert(1)</script> tags", "<p>legitimately include &lt;script&gt;alert(1)&lt;/script&gt; tags</p>", "legitimately include <script>alert(1)</script> tags"},
		{"script at the start of a line", "<script>\nx\n</script>", "<p>&lt;script&gt;\nx\n&lt;/script&gt;</p>", "<script> x </script>"},
		{"known tags", "a<br>b<u>c</u> <b>d</B>", "<p>a<br/>b<u>c</u> <b>d</b></p>", "a\nbc d"},
		{"attributes of known tags go", `<span class="x" onclick="y()">z</span>`, "<p><span>z</span></p>", "z"},
		{"a known name with something else is content", "<p assword> <i love it>", "<p>&lt;p assword&gt; &lt;i love it&gt;</p>", "<p assword> <i love it>"},
		{"tags left open are closed", "<b>a <table>", "<p><b>a </b></p><table>\n</table>", "a"},
		{"comments", "a <!-- b --> c", "<p>a &lt;!-- b --&gt; c</p>", "a <!-- b --> c"},
		{"local link", "[x](https://attack.mitre.org/techniques/T1059/001)", `<p><a href="/object/T1059.001">x</a></p>`, "x"},
		{"link to an object that is not here", "[x](https://attack.mitre.org/software/S9999)", `<p><a href="https://attack.mitre.org/software/S9999" rel="noreferrer nofollow">x</a></p>`, "x"},
		{"other link", "[x](http://a.example/?b=1&c)", `<p><a href="http://a.example/?b=1&amp;c" rel="noreferrer nofollow">x</a></p>`, "x"},
		{"dangerous link", "[x](javascript:alert(1)) <javascript:alert(1)> [y](//evil.example)", "<p>[x](javascript:alert(1)) &lt;javascript:alert(1)&gt; [y](//evil.example)</p>", "[x](javascript:alert(1)) <javascript:alert(1)> [y](//evil.example)"},
		{"image", "![alt](https://a.example/i.png)", `<p><a href="https://a.example/i.png" rel="noreferrer nofollow">alt</a></p>`, "alt"},
		{"link definition stays", "[a]: https://a.example", "<p>[a]: https://a.example</p>", "[a]: https://a.example"},
		{"heading", "# One\n\n<h4>Two</h4>", "<h4>One</h4>\n<h4>Two</h4>", "One\n\nTwo"},
		{"control characters", "a\x1b[31mred\x1b[0m \u202eb\x00\x07 \x1b]0;title\x07c", "<p>ared b c</p>", "ared b c"},
		{"control character by entity", "a&#27;[31m&#x9b;1mb", "", "ab"},
		{"broken UTF-8", "a\xffb", "<p>a\ufffdb</p>", "a\ufffdb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			html, _ := prose.HTML(tt.in, refs, link)
			got := strings.TrimSpace(strings.ReplaceAll(string(html), "<p></p>", ""))
			got = strings.ReplaceAll(strings.ReplaceAll(got, "&#34;", `"`), "&#39;", "'")
			if diff := cmp.Diff(tt.html, got); diff != "" && tt.html != "" {
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

// Inputs that Markdown parsers are slow on: the work must not grow with the
// square of the size.
func TestHostileTextsTakeBoundedTime(t *testing.T) {
	for _, unit := range []string{"[a](", "*a_ ", "> ", "1. ", "- ", "<code>", "(Citation: ", "`a``", "<i><b>", "[", "_ a"} {
		for _, size := range []int{4 << 10, 16 << 10, prose.MaxMarkdown} {
			start := time.Now()
			text := strings.Repeat(unit, size/len(unit))
			html, _ := prose.HTML(text, refs, link)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%d bytes of %q took %v", size, unit, took)
			}
			if len(html) == 0 {
				t.Errorf("%d bytes of %q vanished", size, unit)
			}
		}
	}
}

func TestHugeTextIsShownAsItIs(t *testing.T) {
	text := strings.Repeat("**a** <b> ", prose.MaxMarkdown/10+1)
	html, notes := prose.HTML(text, refs, link)
	if !strings.HasPrefix(string(html), "<pre>**a** &lt;b&gt; ") || len(notes) != 0 {
		t.Errorf("HTML starts with %.40s and has %d notes", html, len(notes))
	}
	if plain, _ := prose.Plain(text, refs); plain != text {
		t.Error("plain text was changed")
	}
}

func TestLineFitsOneLineOfATerminal(t *testing.T) {
	if got := prose.Line(" a\n\tb\x1b[2J\u202ec "); got != "a bc" {
		t.Errorf("Line = %q", got)
	}
}
