package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/attack"
	"candor/internal/library"
	"candor/internal/sample"
)

func TestChangesAreThoseOfTheService(t *testing.T) {
	d := demonstration(t)
	if _, doc := d.page("/changes"); !strings.Contains(text(doc), "There is no earlier release") {
		t.Error("a single release is compared with something")
	}
	h := must(d.library.Find(t.Context(), "AN1989", attack.ReleaseRef{}))(t)[0]
	b := bytes.ReplaceAll(sample.Bundle(), []byte("Reading the names of staff"), []byte("Reading names"))
	b = bytes.ReplaceAll(b, []byte(h.StixID), []byte("x-mitre-analytic--11111111-1111-4111-8111-111111111111"))
	d.bundle(b, "18.1")
	report := must(library.New(d.library).Diff(t.Context(), "", "", ""))(t)
	_, doc := d.page("/changes")
	says(t, doc, "What changed from 0.1 to enterprise 18.1", "Analytics", "Added: 1", "Gone: 1")
	to := linked(doc)
	for kind, changes := range report.ByKind {
		for category, entries := range changes {
			if len(entries) > 0 && !to[fmt.Sprintf("#%s-%s", kind, category)] {
				t.Errorf("%d %s of %s are not listed", len(entries), category, kind)
			}
		}
	}
	if !to["/objects/"+h.StixID+"?domain=enterprise&release=0.1"] {
		t.Error("what is gone does not lead to the release that had it")
	}
	for place := range to {
		if strings.HasPrefix(place, "/objects/") {
			d.page(place)
		}
	}
	_, doc = d.page("/changes/objects/" + h.StixID)
	says(t, doc, "Worst case in 0.1", "18.1 has no verdict on it")
	if a := d.get("/changes?from=7.0"); a.Code != http.StatusNotFound {
		t.Errorf("a release that is not there: %d", a.Code)
	}
}

func TestAnObjectStandsInTwoReleasesSideBySide(t *testing.T) {
	d := demonstration(t)
	if a := d.get("/changes/objects"); a.Code != http.StatusNotFound || !strings.Contains(a.body, "no earlier release") {
		t.Errorf("a single release is compared: %d", a.Code)
	}
	d.bundle(bytes.ReplaceAll(sample.Bundle(), []byte("Reading the names of staff"), []byte("Reading some names")), "18.1")
	_, doc := d.page("/changes/objects")
	says(t, doc, "What changed from 0.1 to enterprise 18.1", "Only what touches us")
	place := ""
	for to := range linked(doc) {
		if strings.HasPrefix(to, "/changes/objects/") && !strings.Contains(to, ".csv") {
			if _, doc := d.page(to); strings.Contains(text(doc), "[− the −]") || strings.Contains(text(doc), "[−the −]") {
				place = to
			}
		}
	}
	if place == "" {
		t.Fatal("no page shows which words are gone")
	}
	_, doc = d.page(place)
	says(t, doc, "What it touches here", "Rules that name or claim it", "[+some +]")
	marked := map[string]int{}
	elements(doc, func(n *html.Node) { marked[n.Data]++ })
	if marked["ins"] == 0 || marked["del"] == 0 {
		t.Error("what differs is not marked as such")
	}
	if a := d.get("/changes/objects/T9999"); a.Code != http.StatusNotFound {
		t.Errorf("an object that did not change: %d", a.Code)
	}
	if !strings.Contains(d.get("/changes/objects?sort=was").body, "Worst case by 0.1") {
		t.Error("the list does not say how objects stood by the older release")
	}
	whole, ours := d.get("/changes/objects/table.csv"), d.get("/changes/objects/table.csv?touches=anything")
	if n, m := strings.Count(whole.body, "\n"), strings.Count(ours.body, "\n"); m < 1 || m > n {
		t.Errorf("%d lines, of which %d have to do with us", n, m)
	}
	for place := range linked(doc) {
		if strings.HasPrefix(place, "/") {
			if a := d.get(place); a.Code != http.StatusOK {
				t.Errorf("%s: %d", place, a.Code)
			}
		}
	}
}
