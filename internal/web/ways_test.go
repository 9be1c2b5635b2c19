package web_test

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// mainOf returns the content of a page.
func mainOf(doc *html.Node) (main *html.Node) {
	elements(doc, func(n *html.Node) {
		if n.Data == "main" {
			main = n
		}
	})
	return main
}

// TestEveryEmptyPageSaysWhatToDo walks the pages of a folder that holds nothing: each says
// a command.
func TestEveryEmptyPageSaysWhatToDo(t *testing.T) {
	d := newDesk(t)
	for _, place := range []string{"/", "/matrix", "/verdicts", "/next", "/gaps", "/objects", "/measurements", "/reviews", "/exercises", "/evidence", "/evidence/rules", "/evidence/telemetry", "/evidence/fields", "/evidence/externals",
		"/evidence/runbooks", "/evidence/signals", "/evidence/exceptions", "/standing/groups", "/standing/techniques", "/standing/mitigations", "/kept", "/ledger", "/changes", "/compare", "/profiles", "/chains", "/chains/worth"} {
		_, doc := d.page(place)
		said := false
		elements(mainOf(doc), func(n *html.Node) {
			said = said || n.Data == "code" && strings.HasPrefix(text(n), "candor ")
		})
		if !said {
			t.Errorf("%s says nothing to do: %s", place, text(mainOf(doc)))
		}
	}
}

// TestPagesBelowTheTopSayWhereTheyAre looks at a page of every kind that no entry of the
// navigation leads to by itself.
func TestPagesBelowTheTopSayWhereTheyAre(t *testing.T) {
	d := demonstration(t)
	rule := d.unlabelled()
	for _, place := range []string{"/objects/AN1989", "/objects/G0034", "/objects/AN1989/history", "/changes", "/kept", "/evidence/" + d.batchOf("rules"), "/evidence/" + d.batchOf("rules") + "/records",
		"/measurements/rules/" + rule, "/measurements/rules/" + rule + "/tune", "/measurements/rules/" + rule + "/alerts", "/gates/AN1989", "/reviews/MF-rev-017", "/gap?id=T1589.003", "/ledger"} {
		_, doc := d.page(place)
		led := false
		elements(mainOf(doc), func(n *html.Node) {
			if class, _ := attr(n, "class"); n.Data == "nav" && class == "crumbs" {
				elements(n, func(n *html.Node) { led = led || n.Data == "a" })
			}
		})
		if !led {
			t.Errorf("%s does not say where it is", place)
		}
	}
}

func TestVerdictsAreSortedByEveryColumnAndComeAsAFile(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/verdicts")
	plain, sorts := firstCells(doc), []string{}
	elements(doc, func(n *html.Node) {
		if href, _ := attr(n, "href"); n.Data == "a" && n.Parent.Data == "th" && strings.Contains(href, "sort=") {
			sorts = append(sorts, href)
		}
	})
	if len(sorts) != 7 {
		t.Fatalf("%d columns sort: %v", len(sorts), sorts)
	}
	for _, to := range sorts {
		_, up := d.page(to)
		_, down := d.page(strings.Replace(to, "sort=", "sort=-", 1))
		a, b := firstCells(up), firstCells(down)
		if len(a) != len(plain) || slices.Equal(a, b) {
			t.Errorf("%s sorts nothing: %v", to, a)
		}
	}
	_, doc = d.page("/verdicts?sort=-analytic")
	got := firstCells(doc)
	if want := slices.Sorted(slices.Values(plain)); !slices.Equal(got, func() []string { slices.Reverse(want); return want }()) {
		t.Errorf("by analytic, last first: %v", got)
	}
	a := d.get("/verdicts/table.csv?sort=-analytic&claimed=yes")
	rows := must(csv.NewReader(strings.NewReader(a.body)).ReadAll())(t)
	_, doc = d.page("/verdicts?sort=-analytic&claimed=yes")
	if want := firstCells(doc); len(rows)-1 != len(want) || rows[1][0] != want[0] || rows[1][5] != "yes" || a.Header().Get("Content-Disposition") != `attachment; filename="candor-verdicts.csv"` {
		t.Errorf("%d rows, first %v, want %d, first %s", len(rows)-1, rows[1], len(want), want[0])
	}
	if a := d.get("/verdicts?sort=nothing"); a.Code != http.StatusBadRequest || !strings.Contains(a.body, "there is no sort") {
		t.Errorf("a sort that is not there: %d", a.Code)
	}
}
