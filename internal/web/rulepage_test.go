package web_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/assessment"
	"candor/internal/figure"
	"candor/internal/ingest"
	"candor/internal/measure"
	"candor/internal/measure/tune"
)

func TestARuleShowsItsDaysItsAlertsAndWhatAThresholdWouldDo(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today, Policy: d.policy}
	id := must(d.assess.Measure(t.Context(), req, false))(t).Rules[0].RuleID
	m := must(d.assess.MeasureRule(t.Context(), req, id))(t)
	path := "/measurements/rules/" + url.PathEscape(id)
	page, doc := d.page(path)
	all := strings.Join(strings.Fields(text(doc)), " ")
	var sum int64
	for _, day := range m.Days {
		sum += day.Alerts
		if !strings.Contains(page.body, fmt.Sprintf(`<th scope="row">%s</th><td class="num">%s</td>`, day.Day, figure.Count(day.Alerts))) {
			t.Errorf("the table does not say %d alerts on %s", day.Alerts, day.Day)
		}
	}
	if sum < m.Alerts || sum == 0 {
		t.Errorf("%d alerts by day, %d in all", sum, m.Alerts)
	}
	for _, want := range []string{"How long alerts wait", "What it looks for", "Its alerts"} {
		if !strings.Contains(all, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	_, doc = d.page(path + "/alerts")
	if got := rowsOf(doc); int64(len(got)) != min(100, sum) {
		t.Errorf("%d of %d alerts are listed", len(got), sum)
	}
	e := must(d.assess.Explore(t.Context(), req, id, tune.Supposed{Field: "site", Value: "hamburg"}))(t)
	_, doc = d.page(path + "/tune?field=site&value=hamburg")
	if all := text(doc); !strings.Contains(all, fmt.Sprintf("%s removed", figure.Count(e.Then.Older.Removed))) || e.Then.Older.Removed == 0 {
		t.Errorf("the page does not say that %d alerts would be removed", e.Then.Older.Removed)
	}
	for target, want := range map[string]int{path + "/tune?threshold=high": 400, path + "/alerts?up_to=today": 400, "/measurements/rules/none/tune": 404, "/measurements/rules/none/alerts": 404, path + "/alerts?up_to=" + string(m.Days[0].Day): 200} {
		if a := d.get(target); a.Code != want {
			t.Errorf("GET %s: %d, want %d", target, a.Code, want)
		}
	}
}

// Templates ask a value of a page, and not where it lies.
var _ interface{ Timeless() string } = measure.Labels{}

// TestTheTextOfARuleStandsOnItsPage adds a rule whose text would be more than text, and
// rules that come as a table.
func TestTheTextOfARuleStandsOnItsPage(t *testing.T) {
	d := demonstration(t)
	dir := t.TempDir()
	source := "title: T\nid: own-1\nlogsource: {product: windows, category: process_creation}\ndetection:\n  sel:\n    Image: '<script>alert(1)</script>'\n  condition: sel # as it stands\n"
	table := "rule_id,name,enabled,techniques,analytics,log_sources,owner\nown-2,N,yes,T1059,,a,o\n"
	for name, text := range map[string]string{"own.yml": source, "own.csv": table} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		in := ingest.NewEvidence(d.keeper.Evidence(d.evidence), d.keeper.Alerts(d.alerts), clock)
		must(in.Add(t.Context(), ingest.Request{Kind: "rules", Paths: []string{path}, By: "test"}))(t)
	}
	page, doc := d.page("/measurements/rules/own-1")
	said := ""
	elements(doc, func(n *html.Node) {
		if class, _ := attr(n, "class"); n.Data == "pre" && class == "source" {
			said = n.FirstChild.Data
		}
	})
	if said != source || strings.Contains(page.body, "<script>alert") {
		t.Errorf("the page says %q, want %q", said, source)
	}
	if _, doc = d.page("/measurements/rules/own-2"); !strings.Contains(text(doc), "Its text is not kept") {
		t.Error("the page of a row of a table does not say that it has no text")
	}
}
