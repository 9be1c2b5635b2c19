package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/figure"
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
