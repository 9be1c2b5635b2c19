package web_test

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/assessment"
	"candor/internal/gap"
	"candor/internal/profile"
)

// listPages are the lists whose rows a page sets by itself.
var listPages = []string{"/gaps", "/gaps?show=unstated", "/gaps?show=claimed", "/next", "/kept", "/kept/monday", "/ledger", "/evidence", "/profiles", "/profiles/expected"}

// furnished is a desk with something in every list.
func furnished(t *testing.T) *desk {
	t.Helper()
	d := demonstration(t)
	d.state(gap.Change{ID: "T1589.003", Why: said("=cmd()"), Title: said("+1"), Owner: said("@ann"), Decision: said("accept"), Until: said("2027-03-31"), By: "Ann", At: today})
	d.state(gap.Change{ID: "T1110", Why: said("not bought"), Owner: said("Bo"), Decision: said("fix"), Until: said("2027-01-31"), By: "Ann", At: today})
	if _, _, err := d.assess.StateProfile(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, profile.Change{Name: "expected", Groups: &[]string{"G0034"}, Owner: said("Ann"), By: "Ann", At: today}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"monday", "tuesday"} {
		a := d.assessment()
		if name == "monday" {
			a = must(d.assess.Assess(t.Context(), assessment.Request{AsOf: today.AddDate(0, -3, 0), Policy: d.policy}))(t)
		}
		if _, _, err := d.archive.Keep(name, today, a); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// said is something that is stated.
func said(text string) *string { return &text }

// state states a gap.
func (d *desk) state(c gap.Change) {
	d.t.Helper()
	if _, _, err := d.assess.State(d.t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, c); err != nil {
		d.t.Fatal(err)
	}
}

// sortsOf are the addresses by which the heads of a page's first list sort, and fileOf
// where the list is as a file.
func sortsOf(doc *html.Node) (sorts []string, fileOf string) {
	elements(mainOf(doc), func(n *html.Node) {
		href, _ := attr(n, "href")
		_, download := attr(n, "download")
		switch {
		case n.Data == "a" && download && strings.Contains(href, ".csv"):
			fileOf = href
		case n.Data == "a" && n.Parent.Data == "th" && strings.Contains(href, "sort="):
			sorts = append(sorts, href)
		}
	})
	return sorts, fileOf
}

// paged reports whether a page has a list that can come in parts.
func paged(doc *html.Node) (is bool) {
	elements(mainOf(doc), func(n *html.Node) {
		class, _ := attr(n, "class")
		label, _ := attr(n, "aria-label")
		is = is || class == "paging" && label == "Parts of the list"
	})
	return is
}

// TestEveryListOfItsOwnSortsNarrowsAndIsAFile sorts each list by each of its columns, both
// ways, and compares the page with the file.
func TestEveryListOfItsOwnSortsNarrowsAndIsAFile(t *testing.T) {
	d := furnished(t)
	for _, place := range listPages {
		_, doc := d.page(place)
		sorts, file := sortsOf(doc)
		if len(sorts) < 4 || file == "" {
			t.Errorf("%s: %d columns sort, and the file is %q", place, len(sorts), file)
			continue
		}
		whole := must(csv.NewReader(strings.NewReader(d.get(file).body)).ReadAll())(t)
		moved := 0
		for _, to := range sorts {
			a := d.get(strings.Replace(to, "sort=-", "sort=", 1))
			if a.Code != http.StatusOK {
				t.Fatalf("%s: %d", to, a.Code)
			}
			_, up := sortsOf(must(html.Parse(strings.NewReader(a.body)))(t))
			rows := must(csv.NewReader(strings.NewReader(d.get(up).body)).ReadAll())(t)
			down := must(csv.NewReader(strings.NewReader(d.get(strings.Replace(up, "sort=", "sort=-", 1)).body)).ReadAll())(t)
			if len(rows) != len(whole) || len(down) != len(whole) {
				t.Errorf("%s: files of %d and %d rows, want %d", to, len(rows), len(down), len(whole))
			}
			if !slices.EqualFunc(rows, down, slices.Equal[[]string]) {
				moved++
			}
		}
		if len(whole) > 2 && moved == 0 {
			t.Errorf("%s: no column sorts anything", place)
		}
		joined := place + map[bool]string{true: "&", false: "?"}[strings.Contains(place, "?")]
		if a := d.get(joined + "text=zzzz"); a.Code != http.StatusOK || !strings.Contains(a.body, "No row matches") {
			t.Errorf("%s: words that no row has: %d", place, a.Code)
		}
		if a := d.get(joined + "sort=zzzz"); a.Code != http.StatusBadRequest {
			t.Errorf("%s: a column that there is not: %d", place, a.Code)
		}
	}
	for _, cell := range []string{"'+1", "'=cmd()", "'@ann"} {
		if body := d.get("/gaps/table.csv").body; !strings.Contains(body, cell) {
			t.Errorf("the file has no cell %s: %s", cell, body)
		}
	}
}

// TestAListThatIsReadInPartIsTheOneThatIsReadWhole compares the batches and the entries of
// the ledger as they come with the same, sorted.
func TestAListThatIsReadInPartIsTheOneThatIsReadWhole(t *testing.T) {
	d := demonstration(t)
	for part, whole := range map[string]string{"/ledger": "/ledger?sort=-entry", "/evidence": "/evidence?sort=-added"} {
		_, a := d.page(part)
		_, b := d.page(whole)
		if x, y := firstCells(a), firstCells(b); len(x) == 0 || !slices.Equal(x, y) {
			t.Errorf("%s is %v, and sorted %v", part, x, y)
		}
	}
	_, doc := d.page("/evidence?text=rules&kind=rules")
	if rows := firstCells(doc); len(rows) != 1 || !strings.Contains(rows[0], d.batchOf("rules")) {
		t.Errorf("the batches of rules: %v", rows)
	}
	objects := must(csv.NewReader(strings.NewReader(d.get("/objects/table.csv?kind=technique").body)).ReadAll())(t)
	_, doc = d.page("/objects?kind=technique")
	if all := text(doc); len(objects) < 10 || !strings.Contains(all, objects[1][0]+" "+objects[1][1]) {
		t.Errorf("%d rows in the file of techniques, first %v", len(objects), objects[1])
	}
}
