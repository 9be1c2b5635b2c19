package prose_test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"candor/internal/attack"
	"candor/internal/attack/prose"
	"candor/internal/attack/stix"
)

// shown is a text without what may be read as markup, said independently of what reads
// it: by patterns, for the texts of the releases that are known. What stands for a
// citation is "[N]".
func shown(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.Trim(text, " \t\r\n"))
	var parts []string
	keep := func(s string) string {
		parts = append(parts, s)
		return fmt.Sprintf("\x01%d\x02", len(parts)-1)
	}
	text = codeElements.ReplaceAllStringFunc(text, func(m string) string {
		inside := codeElements.FindStringSubmatch(m)[1]
		if strings.Contains(inside, "\n\n") {
			return m
		}
		inside = objectLinks.ReplaceAllString(inside, "$1")
		return keep(endedEntities.ReplaceAllStringFunc(inside, html.UnescapeString))
	})
	text = ticks3.ReplaceAllStringFunc(text, func(m string) string { return keep(strings.Trim(m, "`")) })
	text = ticks1.ReplaceAllStringFunc(text, func(m string) string {
		return keep(strings.Trim(m, "`"))
	})
	text = citations.ReplaceAllString(text, "[N]")
	text = links.ReplaceAllString(text, "$1")
	text = strings.ReplaceAll(text, "<br>", "\n")
	text = elements.ReplaceAllString(text, "$2")
	text = strongWords.ReplaceAllString(text, "$1$2")
	for i := len(parts) - 1; i >= 0; i-- {
		text = strings.Replace(text, fmt.Sprintf("\x01%d\x02", i), parts[i], 1)
	}
	return text
}

var (
	codeElements  = regexp.MustCompile(`(?is)<code>(.*?)</?code>`)
	objectLinks   = regexp.MustCompile(`\[([^\[\]]*)\]\(https?://attack\.mitre\.org/[^()\s]*\)`)
	endedEntities = regexp.MustCompile(`&[#A-Za-z0-9]+;`)
	ticks3        = regexp.MustCompile("(?s)```.+?```")
	ticks1        = regexp.MustCompile("`(?:[^`\n]|\n[^`\n])+\n?`")
	citations     = regexp.MustCompile(`\(Citation: ?[^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)`)
	links         = regexp.MustCompile(`\[((?:[^\[\]\n]|\[[^\[\]\n]*\])+)\]\(https?://(?:[^()\s]|\([^()\s]*\))*\)`)
	elements      = regexp.MustCompile(`<(b|u|i)>(.*?)</(?:b|u|i)>`)
	strongWords   = regexp.MustCompile(`(?m)(^|[ (])\*\*([^*\n\\]+)\*\*`)
	numbered      = regexp.MustCompile(`\[\d+\]`)
	anyMarker     = regexp.MustCompile(`^[ \t]*(?:[-*+]|[0-9]{1,9}([.)]))(?:[ \t]+|$)`)
	anyHeading    = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+`)
)

// rows are the lines of a text that are not empty, without the blanks around them, and
// with what a page draws in place of markers.
func rows(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if m := anyMarker.FindStringSubmatch(line); m != nil {
			mark := "•"
			if m[1] != "" {
				mark = strings.TrimSpace(m[0])
			}
			line = mark + " " + line[len(m[0]):]
		}
		line = anyHeading.ReplaceAllString(line, "")
		if line = strings.Trim(line, " \t"); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// seen is the text of a page as it is drawn, one line for each of its own.
func seen(t *testing.T, page string) string {
	doc, err := xhtml.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	drawn(&b, doc)
	return b.String()
}

func drawn(b *strings.Builder, n *xhtml.Node) {
	switch {
	case n.Type == xhtml.TextNode:
		b.WriteString(n.Data)
	case slices.Contains([]string{"p", "h4", "h5", "h6", "br", "li", "ul", "ol"}, n.Data):
		b.WriteString("\n")
	}
	next := 1
	value := func(n *xhtml.Node, name string) {
		for _, a := range n.Attr {
			if a.Key == name {
				next, _ = strconv.Atoi(a.Val)
			}
		}
	}
	value(n, "start")
	for c := range n.ChildNodes() {
		if c.Data == "li" && c.Type == xhtml.ElementNode {
			value(c, "value")
			switch {
			case n.Data == "ul":
				b.WriteString("\n• ")
			case strings.Contains(fmt.Sprint(n.Attr), "bracket"):
				fmt.Fprintf(b, "\n%d) ", next)
			default:
				fmt.Fprintf(b, "\n%d. ", next)
			}
			next++
			for item := range c.ChildNodes() {
				drawn(b, item)
			}
			continue
		}
		drawn(b, c)
	}
	if slices.Contains([]string{"p", "h4", "h5", "h6", "ul", "ol"}, n.Data) {
		b.WriteString("\n")
	}
}

// Every text of every object of every release that is at hand comes out as it is, but
// for the markup that was read.
func TestEveryOfficialTextIsUnchanged(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set")
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "attack", "*-attack-*.json.gz"))
	older, _ := filepath.Glob(filepath.Join(dir, "attack", "stix20", "*"))
	known, texts, wrong := map[string]bool{}, 0, 0
	for _, path := range append(paths, older...) {
		for _, o := range objects(t, path) {
			for _, text := range []string{o.Description, o.Detection} {
				texts++
				if known[text] {
					continue
				}
				known[text] = true
				if what := changed(t, text, o.References); what != "" && wrong < 20 {
					wrong++
					t.Errorf("%s in %s: %s", o.ID, filepath.Base(path), what)
				}
			}
		}
	}
	t.Logf("%d texts, %d of them different", texts, len(known))
	if len(known) < 30000 {
		t.Errorf("only %d texts were looked at", len(known))
	}
}

// changed says how a text comes out that is not as it was.
func changed(t *testing.T, text string, refs []attack.Reference) string {
	want := shown(text)
	plain, notes := prose.Plain(text, refs)
	if got := numbered.ReplaceAllString(plain, "[N]"); got != numbered.ReplaceAllString(want, "[N]") {
		return fmt.Sprintf("on a terminal\n%s", difference(want, got))
	}
	page, _ := prose.HTML(text, refs, link)
	got := numbered.ReplaceAllString(strings.Join(rows(seen(t, string(page))), "\n"), "[N]")
	if want := strings.Join(rows(numbered.ReplaceAllString(want, "[N]")), "\n"); strings.ReplaceAll(got, "• •", "•") != strings.ReplaceAll(want, "• •", "•") {
		return fmt.Sprintf("on a page\n%s", difference(want, got))
	}
	if n := len(citations.FindAllString(text, -1)); n < len(notes) {
		return fmt.Sprintf("%d notes of %d citations", len(notes), n)
	}
	return ""
}

// difference shows where two texts part.
func difference(want, got string) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	from := max(0, i-40)
	return fmt.Sprintf("want %.120q\n got %.120q", want[from:], got[from:])
}

func objects(t *testing.T, path string) []*attack.Object {
	t.Helper()
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []*attack.Object
	_, err = stix.Read(t.Context(), stix.Source{Name: path, Reader: r}, func(s *attack.Snapshot) error {
		out = append(out, &s.Object)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
