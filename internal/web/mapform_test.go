package web_test

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestColumnsAreChosenInAForm brings a table whose columns are called as nobody foresaw,
// says what they are, and lands it.
func TestColumnsAreChosenInAForm(t *testing.T) {
	d := demonstration(t, writing)
	ann := d.someone("ann", "evidence")
	place, page := ann.settled(ann.brings("", "tickets.csv", "Filed,Detection,Machine\n03/11/2026 08:00:00,Odd login,host-1\n04/11/2026 09:00:00,<b>Odd</b>,host-2\n"))
	doc := must(html.Parse(strings.NewReader(page.body)))(t)
	selects := map[string]bool{}
	elements(doc, func(n *html.Node) {
		if name, _ := attr(n, "name"); n.Data == "select" {
			selects[name] = true
		}
	})
	for _, want := range []string{"column.rule_id", "column.time", "column.entity", "column.severity", "dates", "as"} {
		if !selects[want] {
			t.Fatalf("nothing chooses %s: %s", want, page.body)
		}
	}
	if selects["column.entities"] || strings.Contains(page.body, "<b>Odd") {
		t.Error("a key that takes no column can be chosen, or a value is obeyed")
	}
	form := url.Values{"do": {"choose"}, "as": {"alerts"}, "column.rule_id": {"Detection"}, "column.time": {"Filed"}, "column.entity": {"Machine"}, "column.severity": {""},
		"zone": {"Europe/Berlin"}, "dates": {"day-first"}}
	_, page = ann.settled(ann.send(place, form))
	if !strings.Contains(page.body, "2 good") || !strings.Contains(page.body, "2026-11-03T07:00:00Z") || !strings.Contains(page.body, `value="day-first" selected`) || !strings.Contains(page.body, `value="Europe/Berlin"`) {
		t.Errorf("day first: %s", page.body)
	}
	form.Set("dates", "month-first")
	if _, page = ann.settled(ann.send(place, form)); !strings.Contains(page.body, "2026-03-11T07:00:00Z") {
		t.Errorf("month first: %s", page.body)
	}
	for field, value := range map[string]string{"column.rule_id": "", "column.time": "Nowhere", "zone": "Europe/Nowhere"} {
		was := form.Get(field)
		form.Set(field, value)
		if _, page = ann.settled(ann.send(place, form)); !strings.Contains(page.body, "Nothing would land") || strings.Contains(page.body, `value="land"`) || !strings.Contains(page.body, `value="choose"`) {
			t.Errorf("%s is %q: %s", field, value, page.body)
		}
		form.Set(field, was)
	}
	form.Set("dates", "day-first")
	_, page = ann.settled(ann.send(place, form))
	_, sum, _ := strings.Cut(page.body, `name="sha256" value="`)
	sum, _, _ = strings.Cut(sum, `"`)
	if _, page = ann.settled(ann.send(place, url.Values{"do": {"land"}, "sha256": {sum}})); !strings.Contains(page.body, "It landed") || !strings.Contains(page.body, "2 new") {
		t.Errorf("it did not land: %s", page.body)
	}
}
