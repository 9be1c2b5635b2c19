package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"candor/internal/sample"
	"candor/internal/store"
)

// axeScript returns the script of axe-core, the checker of accessibility, from the
// file that CANDOR_AXE names; .ci/run fetches it.
func axeScript(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CANDOR_AXE")
	if path == "" {
		t.Skip("CANDOR_AXE names no file of axe-core")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// finding is a rule of axe-core that a page breaks, and where.
type finding struct {
	ID     string   `json:"id"`
	Help   string   `json:"help"`
	Places []string `json:"places"`
}

// judge opens every fold of a page and has axe-core look at all of it.
const judge = prelude + `(async () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  return told([await axe.run(document, quick)]);
})()`

// More than half of axe-core's time goes to looks (contrast, above all), and lists have many
// rows. So everything but contrast is asked of every element, light and on a wide screen; then
// of what has the same elements with the same tag, class, role and state two stay beside each
// other, as looks do not depend on its data, and of those contrast is asked, and dark and on a
// phone everything.
const (
	wholeLight = prelude + `(async () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  const whole = await axe.run(document, {...quick, rules: {"color-contrast": {enabled: false}}});
  const made = (e) => [e.tagName, e.getAttribute("class"), e.getAttribute("role"), e.type, e.disabled, e.getAttribute("aria-current"), "(", ...[...e.children].map(made), ")"].join(" ");
  for (const parent of document.querySelectorAll("main tbody, main ul, main ol, main dl, main select, main svg, main svg g")) {
    const met = {};
    for (const e of [...parent.children]) if ((met[made(e)] = (met[made(e)] || 0) + 1) > 2) e.remove();
  }
  return told([whole, await axe.run(document, {...quick, runOnly: ["color-contrast"]})]);
})()`
	thinnedDark = prelude + `(async () => {
  while (!matchMedia("(prefers-color-scheme: dark)").matches || innerWidth > 400) await drawn();
  await drawn();
  return told([await axe.run(document, quick)]);
})()`
)

// prelude is what each of them calls.
const prelude = `var quick = {resultTypes: ["violations"], preload: false};
function drawn() { return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))); }
function told(runs) {
  return JSON.stringify({passes: Math.max(...runs.map((r) => r.passes.length)), violations: runs.flatMap((r) => r.violations).map((v) => ({id: v.id, help: v.help,
    places: v.nodes.map((n) => n.target.join(" ") + ": " + n.html.slice(0, 160) + " " + n.any.map((c) => c.message).join(" "))}))});
}
`

// axe has axe-core look at a page, which must break none of its rules: light and on a wide
// screen, then, without loading it anew, dark and on a phone.
func (b *tab) axe(t *testing.T, script, place string) {
	t.Helper()
	b.run(t, chromedp.Navigate(place), chromedp.WaitVisible("main", chromedp.ByQuery), chromedp.Evaluate(script, nil))
	for _, way := range []struct {
		scheme, judge string
		width         int64
	}{{"light", wholeLight, 1280}, {"dark", thinnedDark, 400}} {
		var said string
		b.run(t, emulation.SetDeviceMetricsOverride(way.width, 900, 1, false),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: way.scheme}}),
			chromedp.Evaluate(way.judge, &said, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		var found struct {
			Passes     int       `json:"passes"`
			Violations []finding `json:"violations"`
		}
		if err := json.Unmarshal([]byte(said), &found); err != nil {
			t.Fatal(err)
		}
		if found.Passes < 10 {
			t.Errorf("%s, %s: axe-core looked at no more than %d rules", place, way.scheme, found.Passes)
		}
		for _, v := range found.Violations {
			t.Errorf("%s, %s: %s: %s\n\t%s", place, way.scheme, v.ID, v.Help, strings.Join(v.Places[:min(len(v.Places), 4)], "\n\t"))
		}
	}
}

// astray are requests that no link leads to: a later part of a list, and those that end
// on a page that says what is wrong with them.
var astray = []string{"/objects?offset=10", "/nowhere", "/objects/T9999", "/verdicts?platform=Lnux", "/objects?kind=techniqe", "/?as_of=yesterday", "/kept/sunday"}

// sorts returns pages of every sort that can be reached, those of astray among them:
// for whatever a page is put together from, one page that has it, unless it was seen
// before. With CANDOR_TEST_LONG it returns every page.
func (d *desk) sorts(seen map[string]bool) []string {
	d.t.Helper()
	pages := d.crawl("/")
	for _, place := range slices.Concat(places, astray, slices.Sorted(maps.Keys(d.posed))) {
		pages[place] = must(html.Parse(strings.NewReader(d.get(place).body)))(d.t)
	}
	maps.DeleteFunc(pages, func(_ string, doc *html.Node) bool { return doc == nil })
	if os.Getenv("CANDOR_TEST_LONG") != "" {
		return slices.Sorted(maps.Keys(pages))
	}
	return cover(pages, seen)
}

// cover returns pages that between them have every part that any page has, but for those
// that were seen before: at each step the one that has the most parts that are new for its
// size, since what axe-core takes goes by the size of a page.
func cover(pages map[string]*html.Node, seen map[string]bool) []string {
	parts, size, left := map[string][]string{}, map[string]int{}, slices.Sorted(maps.Keys(pages))
	for place, doc := range pages {
		parts[place] = partsOf(doc)
		size[place] = 200 // loading it
		elements(doc, func(*html.Node) { size[place]++ })
	}
	var chosen []string
	for {
		best, most := "", 0.0
		left = slices.DeleteFunc(left, func(place string) bool {
			parts[place] = slices.DeleteFunc(parts[place], func(p string) bool { return seen[p] })
			if worth := float64(len(parts[place])) / float64(size[place]); worth > most {
				best, most = place, worth
			}
			return len(parts[place]) == 0
		})
		if best == "" {
			return chosen
		}
		chosen = append(chosen, best)
		for _, p := range parts[best] {
			seen[p] = true
		}
	}
}

// partsOf returns what a page is put together from: each element as its tag, class
// and role within that of its parent, and how often each landmark occurs.
func partsOf(doc *html.Node) []string {
	parts, landmarks := map[string]bool{}, map[string]int{}
	elements(doc, func(n *html.Node) {
		parts[kindOf(n.Parent)+" > "+kindOf(n)] = true
		if slices.Contains([]string{"nav", "aside", "section", "form", "main", "header", "footer"}, n.Data) {
			label, _ := attr(n, "aria-label")
			by, _ := attr(n, "aria-labelledby")
			landmarks[n.Data+" "+label+by]++
		}
	})
	for landmark, n := range landmarks {
		parts[fmt.Sprint(n, " ", landmark)] = true
	}
	return slices.Sorted(maps.Keys(parts))
}

func kindOf(n *html.Node) string {
	class, _ := attr(n, "class")
	role, _ := attr(n, "role")
	return n.Data + "." + class + "." + role
}

func TestAxeReportsNothing(t *testing.T) {
	script := axeScript(t)
	browserPath(t) // before the work
	t.Parallel()
	full := demonstration(t)
	must(full.keeper.Withdraw(t.Context(), full.batchOf("signals"), store.Withdrawal{Reason: "twice", At: today}))(t)
	if _, _, err := full.archive.Keep("monday", today, full.assessment()); err != nil {
		t.Fatal(err)
	}
	must(full.keeper.Withdraw(t.Context(), full.batchOf("exercises"), store.Withdrawal{Reason: "of another network", At: today}))(t)
	bare := newDesk(t)
	bare.bundle(sample.Bundle(), sample.Version)
	seen, places := map[string]bool{}, []string{}
	for _, d := range []*desk{full, bare, newDesk(t), staffed(t)} {
		home := serve(t, t.Context(), d)
		for _, place := range d.sorts(seen) {
			places = append(places, home+place)
		}
	}
	t.Logf("%d pages", len(places))
	todo := make(chan string, len(places))
	for _, place := range places {
		todo <- place
	}
	close(todo)
	for i := range 2 { // browsers: each keeps about one processor busy, and of two tabs the one behind is not drawn
		t.Run(fmt.Sprint("browser ", i), func(t *testing.T) {
			t.Parallel()
			b := browse(t, full)
			for place := range todo {
				b.axe(t, script, place)
			}
		})
	}
}
