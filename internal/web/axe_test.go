package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
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

// judge opens every fold of a page and has axe-core look at it.
const judge = `(async () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false});
  return JSON.stringify({passes: found.passes.length, violations: found.violations.map((v) => ({id: v.id, help: v.help,
    places: v.nodes.map((n) => n.target.join(" ") + ": " + n.html.slice(0, 160))}))});
})()`

// axe has axe-core look at a page, which must break none of its rules.
func (b *tab) axe(t *testing.T, place string) {
	t.Helper()
	var said string
	b.run(t, chromedp.Navigate(b.home+place), chromedp.WaitVisible("footer"),
		chromedp.Evaluate(judge, &said, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var found struct {
		Passes     int       `json:"passes"`
		Violations []finding `json:"violations"`
	}
	if err := json.Unmarshal([]byte(said), &found); err != nil {
		t.Fatal(err)
	}
	if found.Passes < 10 {
		t.Errorf("%s: axe-core looked at no more than %d rules", place, found.Passes)
	}
	for _, v := range found.Violations {
		t.Errorf("%s: %s: %s\n\t%s", place, v.ID, v.Help, strings.Join(v.Places[:min(len(v.Places), 4)], "\n\t"))
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
	for _, place := range slices.Concat(places, astray) {
		pages[place] = must(html.Parse(strings.NewReader(d.get(place).body)))(d.t)
	}
	maps.DeleteFunc(pages, func(_ string, doc *html.Node) bool { return doc == nil })
	all := slices.Sorted(maps.Keys(pages))
	if os.Getenv("CANDOR_TEST_LONG") != "" {
		return all
	}
	parts := map[string][]string{}
	for place, doc := range pages {
		parts[place] = partsOf(doc)
	}
	slices.SortStableFunc(all, func(a, b string) int { return len(parts[b]) - len(parts[a]) })
	return slices.DeleteFunc(all, func(place string) bool {
		known := !slices.ContainsFunc(parts[place], func(p string) bool { return !seen[p] })
		for _, p := range parts[place] {
			seen[p] = true
		}
		return known
	})
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
	seen := map[string]bool{}
	for _, c := range []struct {
		name string
		*desk
	}{{"full", full}, {"without evidence", bare}, {"empty", newDesk(t)}} {
		sorts := c.sorts(seen)
		if len(sorts) == 0 { // the others have all that its pages are put together from
			sorts = []string{"/"}
		}
		for scheme, width := range map[string]int64{"light": 1280, "dark": 400} {
			t.Run(c.name+"/"+scheme, func(t *testing.T) {
				t.Parallel()
				b := browse(t, c.desk)
				b.run(t, chromedp.ActionFunc(func(ctx context.Context) error {
					_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
					return err
				}), emulation.SetDeviceMetricsOverride(width, 900, 1, false),
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
				for _, place := range sorts {
					b.axe(t, place)
				}
				t.Logf("%d pages", len(sorts))
			})
		}
	}
}
