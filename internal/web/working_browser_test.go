package web_test

import (
	"cmp"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"candor/internal/assessment"
	"candor/internal/gap"
	"candor/internal/measure"
)

// listSeen is what a page shows of a list: each row as the texts of its cells, with what is
// said of its part and of its order.
type listSeen struct {
	Rows  [][]string `json:"rows"`
	Part  string     `json:"part"`
	Hint  string     `json:"hint"`
	Order string     `json:"order"`
}

// column returns a column of the rows that are shown.
func (l listSeen) column(i int) (texts []string) {
	for _, r := range l.Rows {
		texts = append(texts, r[i])
	}
	return texts
}

const readRows = `({rows: [...document.querySelectorAll("table.roster tbody tr")].map((r) => [...r.cells].map((c) => c.innerText)),
  part: document.querySelector(".paging span").innerText, hint: document.querySelector("form.filters + .hint").innerText,
  order: (document.querySelector("th[aria-sort]") || {getAttribute: () => ""}).getAttribute("aria-sort")})`

func (b *tab) rows(t *testing.T) (l listSeen) {
	t.Helper()
	b.run(t, chromedp.WaitVisible("footer"), chromedp.Evaluate(readRows, &l))
	if len(l.Rows) == 0 {
		t.Fatal("the list shows no row")
	}
	return l
}

// loudest returns the rule with the most alerts.
func (d *desk) loudest() string {
	d.t.Helper()
	m := must(d.assess.Measure(d.t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, false))(d.t)
	return slices.MaxFunc(m.Rules, func(x, y measure.Detail) int { return cmp.Compare(x.Alerts, y.Alerts) }).RuleID
}

// numbers are the texts of cells, as the numbers that they are, without those that have none.
func numbers(t *testing.T, texts []string) (ns []float64) {
	t.Helper()
	for _, s := range texts {
		if s == "–" {
			continue
		}
		ns = append(ns, must(strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64))(t))
	}
	return ns
}

// listIsWalked sorts a list of alerts, narrows it, turns its pages and reads it as a file.
func (b *tab) listIsWalked(t *testing.T, rule string) {
	t.Helper()
	const score, label, most = 6, 7, 100
	b.run(t, chromedp.Navigate(b.home+"/measurements/rules/"+rule+"/alerts"))
	whole := b.rows(t)
	b.leads(t, chromedp.Click(`th a[href$="sort=-score"]`))
	down := b.rows(t)
	if ns := numbers(t, down.column(score)); down.Order != "descending" || !slices.IsSortedFunc(ns, func(x, y float64) int { return int(y*10) - int(x*10) }) || slices.Equal(down.column(0), whole.column(0)) {
		t.Errorf("sorted by score, from the last: %s %v", down.Order, ns)
	}
	b.leads(t, chromedp.Click(`th[aria-sort=descending] a`))
	up := b.rows(t)
	if ns := numbers(t, up.column(score)); up.Order != "ascending" || !slices.IsSorted(ns) || ns[0] >= numbers(t, down.column(score))[0] {
		t.Errorf("sorted by score: %s %v", up.Order, ns)
	}
	b.run(t, chromedp.SetValue("form.filters select[name=label]", "false_positive"))
	b.leads(t, chromedp.Click("form.filters button"))
	first := b.rows(t)
	for _, said := range first.column(label) {
		if !strings.HasPrefix(said, "false positive") {
			t.Errorf("narrowed to false positives, the list has one that is %q", said)
		}
	}
	of := func(l listSeen) string { _, n, _ := strings.Cut(l.Part, " of "); return n }
	all := int(numbers(t, []string{of(first)})[0])
	if of(first) == of(whole) || first.Order != "ascending" || all <= most || !strings.HasPrefix(first.Hint, of(first)+" of "+of(whole)+" rows") {
		t.Errorf("narrowed: %q, %q, of %q", first.Part, first.Hint, whole.Part)
	}
	b.leads(t, chromedp.Click("a[rel=next]"))
	second := b.rows(t)
	if !strings.HasPrefix(second.Part, "101–") || of(second) != of(first) || second.Order != "ascending" || !slices.IsSorted(append(numbers(t, first.column(score)), numbers(t, second.column(score))...)) ||
		slices.Contains(first.column(0), second.Rows[0][0]) {
		t.Errorf("the next part is %q of %q", second.Part, first.Part)
	}
	var file string
	b.run(t, chromedp.Evaluate(`fetch(document.querySelector("a[download]").href).then((a) => a.text())`, &file, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	lines := must(csv.NewReader(strings.NewReader(file)).ReadAll())(t)
	if len(lines) != all+1 || lines[1][0] != first.Rows[0][0] || lines[most+1][0] != second.Rows[0][0] {
		t.Errorf("the file has %d rows of %d, and begins with %q", len(lines)-1, all, lines[1])
	}
	b.quiet(t, "a list")
}

// stepIsTakenOn takes a next step on, and brings what it asks for.
func (b *tab) stepIsTakenOn(t *testing.T) {
	t.Helper()
	const taken = "/gap?action=write_runbook&target=T1059.001"
	var said string
	b.run(t, chromedp.Navigate(b.home+"/next"), chromedp.WaitVisible("footer"))
	b.leads(t, chromedp.Click(`a[href="`+taken+`"]`))
	b.run(t, chromedp.WaitVisible("#gap-owner"), chromedp.SendKeys("#gap-owner", "Lindqvist"), chromedp.SetValue("#gap-until", "2026-12-24"), chromedp.SendKeys("#gap-note", "after the audit"))
	b.leads(t, chromedp.Click(`button[value=set]`))
	b.run(t, chromedp.WaitVisible("#stated"), chromedp.Text("main", &said))
	if !strings.Contains(said, "after the audit") || strings.Contains(said, "What is stated done") {
		t.Errorf("taken on is %.300q", said)
	}
	b.run(t, chromedp.Navigate(b.home+"/next"), chromedp.WaitVisible("footer"), chromedp.Text("main", &said))
	if !strings.Contains(said, "taken on by Lindqvist, due 2026-12-24") {
		t.Error("the step does not say who takes it on until when")
	}
	file := filepath.Join(t.TempDir(), "interpreter.md")
	if err := os.WriteFile(file, []byte("---\nid: rb-interpreter\ntitle: An interpreter was started\napplies_to: [T1059.001]\nowner: s.lindqvist\nreviewed: 2026-11-18\n---\nLook at its parent, isolate the host where that is an office program, and call its owner.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.run(t, chromedp.Navigate(b.home+"/bring"), chromedp.WaitVisible("#files"), chromedp.SetUploadFiles("#files", []string{file}), chromedp.Click("button.main"),
		chromedp.WaitVisible(`button[value=land]`), chromedp.Click(`button[value=land]`), chromedp.WaitVisible(`a[href^="/evidence/runbooks-"]`))
	b.run(t, chromedp.Navigate(b.home+taken), chromedp.Text("#stated", &said))
	if said != "What is stated done" {
		t.Errorf("after the runbook came: %q", said)
	}
	b.quiet(t, "a step")
}

// gapIsChanged changes what is stated of a gap in its page, which keeps both.
func (b *tab) gapIsChanged(t *testing.T, d *desk, id string) {
	t.Helper()
	var past string
	b.run(t, chromedp.Navigate(b.home+"/gap?id="+id), chromedp.WaitVisible("#gap-owner"), chromedp.SetValue("#gap-owner", "Head of HR"), chromedp.SetValue("#gap-decision", "transfer"))
	b.leads(t, chromedp.Click(`button[value=set]`))
	b.run(t, chromedp.WaitVisible("#stated"), chromedp.Text("#history", &past))
	got := d.stated(id)
	if len(got) != 2 || got[len(got)-1].Owner == got[0].Owner || !strings.HasSuffix(past, " 2") {
		t.Fatalf("%q: %+v", past, got)
	}
	if now := must(d.assess.Gaps(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}))(t); !slices.ContainsFunc(now.Gaps, func(g gap.Listed) bool {
		return g.ID == id && g.Owner == "Head of HR" && g.Decision == gap.Transfer && g.Until == "2027-01-31"
	}) {
		t.Errorf("stated now is %+v", now.Gaps)
	}
	b.quiet(t, "a changed gap")
}

// profileIsKept states a threat profile, changes it and retires it.
func (b *tab) profileIsKept(t *testing.T, d *desk) {
	t.Helper()
	var said, place string
	b.run(t, chromedp.Navigate(b.home+"/profiles"), chromedp.WaitVisible("#p-name"), chromedp.SendKeys("#p-name", "retail"), chromedp.SendKeys("#p-groups", "G0034"), chromedp.SendKeys("#p-owner", "Ann"))
	b.leads(t, chromedp.Click("form.sheet button.main"))
	b.run(t, chromedp.WaitVisible("#members"), chromedp.Location(&place))
	if !strings.HasSuffix(place, "/profiles/retail") {
		t.Errorf("a profile that was stated leads to %s", place)
	}
	plan := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(plan, []byte(`{"name": "plan", "versions": {"layer": "4.5"}, "domain": "enterprise-attack", "techniques": [{"techniqueID": "T1110", "score": 1}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b.run(t, chromedp.SetValue("#p-owner", "Bo"), chromedp.SetUploadFiles("#p-layer", []string{plan}))
	b.leads(t, chromedp.Click(`button[value=set]`))
	b.run(t, chromedp.WaitVisible("#members"), chromedp.Text("main", &said))
	if !strings.Contains(said, "Owned by Bo") || !strings.Contains(said, "Layer plan.json") {
		t.Errorf("changed: %.200q", said)
	}
	b.leads(t, chromedp.Click(`button[value=remove]`))
	b.run(t, chromedp.WaitVisible("#wrong"))
	b.quiet4xx(t, "a profile")
	b.run(t, chromedp.SendKeys("#p-note", "nobody reads it"))
	b.leads(t, chromedp.Click(`button[value=remove]`))
	b.run(t, chromedp.WaitVisible("#p-name"), chromedp.Location(&place))
	if all := must(d.assess.Profiles(t.Context()))(t); len(all) != 0 || !strings.HasSuffix(place, "/profiles") {
		t.Errorf("retired leads to %s, and %d are left", place, len(all))
	}
	b.quiet(t, "a profile")
}
