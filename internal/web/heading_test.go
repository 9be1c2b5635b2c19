package web_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/sample"
)

// TestManyRelationsHaveAPageOfTheirOwn finds every object that the miniature's collection
// lists, a part at a time and in the file, and few of them on the collection's page.
func TestManyRelationsHaveAPageOfTheirOwn(t *testing.T) {
	d := newDesk(t)
	d.bundle(sample.Bundle(), sample.Version)
	var at string
	rels := must(d.library.Releases(t.Context()))(t)
	_, list := d.page("/objects?kind=collection")
	elements(list, func(n *html.Node) {
		if to, _, ok := local(n); ok && strings.HasPrefix(to, "/objects/x-mitre-collection--") {
			at = to
		}
	})
	if len(rels) != 1 || at == "" {
		t.Fatalf("%d releases, the collection is at %q", len(rels), at)
	}
	edges := func(place string) (n int, next string) {
		_, doc := d.page(place)
		elements(doc, func(e *html.Node) {
			if class, _ := attr(e.Parent, "class"); e.Data == "li" && class == "edges" {
				n++
			}
			if rel, _ := attr(e, "rel"); rel == "next" {
				next, _ = attr(e, "href")
			}
		})
		return n, next
	}
	if n, _ := edges(at); n > 200 {
		t.Errorf("the page of the collection has %d relations", n)
	}
	all := 0
	for place := at + "/relations/lists"; place != ""; {
		var n int
		if n, place = edges(place); n > 100 {
			t.Errorf("%d at once", n)
		} else {
			all += n
		}
	}
	rows := must(csv.NewReader(strings.NewReader(strings.TrimPrefix(d.get(at+"/relations/lists/table.csv").body, "\ufeff"))).ReadAll())(t)
	if all < 150 || len(rows)-1 != all {
		t.Errorf("%d in parts, %d in the file", all, len(rows)-1)
	}
	if a := d.get(at + "/relations/list"); a.Code != http.StatusNotFound || !strings.Contains(a.body, "lists") {
		t.Errorf("a heading that there is not: %d", a.Code)
	}
}
