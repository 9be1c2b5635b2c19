package web_test

import (
	"strings"
	"testing"
)

func TestIncidentsAreListedAndReviewed(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/reviews")
	for _, want := range []string{"MF-rev-017", "Old sensor reports the stock-taking robots", "1 of 3", "T1566.001"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("the list does not say %q", want)
		}
	}
	_, doc = d.page("/reviews/MF-phishing-001")
	all := text(doc)
	for _, want := range []string{"Contributed evidence", "AN0655", "Found by alert", "Alerts of the case", "policy default 1"} {
		if !strings.Contains(strings.Join(strings.Fields(all), " "), want) {
			t.Errorf("the review does not say %q", want)
		}
	}
	if a := d.get("/reviews/none"); a.Code != 404 || !strings.Contains(strings.ToLower(a.body), "there is no case") {
		t.Errorf("an unknown case is answered with %d", a.Code)
	}
	if _, doc := newDesk(t).page("/reviews"); !strings.Contains(text(doc), "No case is known") {
		t.Error("without a case the page does not say so")
	}
}

func TestTheOverviewNamesTheWorstCaseOfEachPlatform(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/")
	all := strings.Join(strings.Fields(text(doc)), " ")
	if !strings.Contains(all, "By platform") || !strings.Contains(all, "Worst case") {
		t.Error("the overview has no table by platform")
	}
}
