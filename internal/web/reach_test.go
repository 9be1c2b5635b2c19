package web_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// drawn returns the links of the picture of relations, by the address that they lead to.
func drawn(doc *html.Node) map[string]string {
	found := map[string]string{}
	elements(doc, func(n *html.Node) {
		if class, _ := attr(n, "class"); n.Data != "svg" || class != "reach" {
			return
		}
		elements(n, func(a *html.Node) {
			if to, ok := attr(a, "href"); ok && a.Data == "a" {
				found[to] = text(a)
			}
		})
	})
	return found
}

func TestRelationsAreWalkedInAPicture(t *testing.T) {
	d := demonstration(t)
	if !strings.Contains(d.get("/objects/AN1989").body, `href="/objects/AN1989/relations"`) {
		t.Error("the page of an object does not lead to its relations")
	}
	_, doc := d.page("/objects/AN1989/relations")
	links := drawn(doc)
	for _, want := range []string{"/objects/AN1989", "/objects/DET0857/relations", "/objects/T1589.003/relations"} {
		if links[want] == "" {
			t.Errorf("the picture does not lead to %s: %v", want, links)
		}
	}
	if !strings.Contains(links["/objects/DET0857/relations"], "detection strategy") {
		t.Errorf("the strategy is not called one: %q", links["/objects/DET0857/relations"])
	}
	all := text(doc)
	for to, says := range links {
		id, _, _ := strings.Cut(says, " ")
		if strings.HasSuffix(to, "/relations") && !strings.Contains(all[strings.Index(all, "Table"):], id) {
			t.Errorf("%s is in the picture and not in the table", id)
		}
	}
}

func TestPicturesOfRelationsHaveFortyObjectsAtMost(t *testing.T) {
	d := demonstration(t)
	for _, place := range []string{"/objects/TA0001/relations", "/objects/TA0002/relations", "/objects/G0034/relations", "/objects/T1110/relations"} {
		_, doc := d.page(place)
		nodes := 0
		for _, says := range drawn(doc) {
			if !strings.Contains(says, " more") {
				nodes++
			}
		}
		if nodes < 2 || nodes > 40 {
			t.Errorf("%s draws %d objects", place, nodes)
		}
	}
}

func TestRelationsRefuseWhatIsNotThere(t *testing.T) {
	d := demonstration(t)
	for place, want := range map[string]int{
		"/objects/AN1989/relations?steps=3": http.StatusBadRequest, "/objects/AN1989/relations?first=x": http.StatusBadRequest,
		"/objects/AN1989/relations?relation=used-by-nobody": http.StatusNotFound, "/objects/T9999/relations": http.StatusNotFound,
		"/objects/AN1989/relations/table.csv?steps=1": http.StatusOK, "/api/v1/objects/AN1989/relations?steps=2": http.StatusOK,
	} {
		if got := d.get(place); got.Code != want {
			t.Errorf("%s: %d, want %d", place, got.Code, want)
		}
	}
}
