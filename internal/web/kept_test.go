package web_test

import (
	"net/http"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/store"
)

func TestKeptAssessmentLeadsToWhatMovedSince(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/kept")
	says(t, doc, "No assessment is kept yet")
	before := d.assessment()
	kept, _, err := d.archive.Keep("monday", today, before)
	if err != nil {
		t.Fatal(err)
	}
	_, doc = d.page("/kept")
	if says(t, doc, "monday", "2026-11-20"); !linked(doc)["/kept/monday"] {
		t.Error("the list does not lead to what moved")
	}
	_, doc = d.page("/kept/monday")
	says(t, doc, "What moved since monday", kept.SHA256, "No analytic left its rung")

	must(d.keeper.Withdraw(t.Context(), d.batchOf("exercises"), store.Withdrawal{Reason: "of another network", At: today}))(t)
	c := assure.Compare(before, d.assessment())
	if len(c.Shifts) == 0 {
		t.Fatal("withdrawing the exercises moves nothing")
	}
	_, doc = d.page("/kept/monday")
	to := linked(doc)
	for _, s := range c.Shifts {
		if !to["/objects/"+s.Analytic.ATTACKID+"?domain=enterprise"] && !to["/objects/"+s.Analytic.ATTACKID] {
			t.Errorf("%s moved and is not linked", s.Analytic.ATTACKID)
		}
		for _, cause := range s.Because {
			says(t, doc, cause.Text)
		}
	}
	says(t, doc, "gone:")

	if _, _, err := d.archive.Keep("friday", today, d.assessment()); err != nil {
		t.Fatal(err)
	}
	_, doc = d.page("/kept/friday?with=monday")
	says(t, doc, "What moved since friday", "new:")
	says(t, doc, "Both are as of 2026-11-20.")
	if _, doc = d.page("/kept"); strings.Contains(text(doc), "by day") {
		t.Error("a trend of one day is shown")
	}

	earlier := before
	earlier.AsOf = before.AsOf.AddDate(0, 0, -30)
	if _, _, err := d.archive.Keep("october", today.AddDate(0, 0, -30), earlier); err != nil {
		t.Fatal(err)
	}
	_, doc = d.page("/kept")
	says(t, doc, "Claimed and assured analytics of enterprise by day", "2026-10-21 to 2026-11-20")
	_, doc = d.page("/kept/october")
	says(t, doc, "From 2026-10-21 to 2026-11-20, 30 days later.")
	_, doc = d.page("/kept/friday?with=october")
	says(t, doc, "Backwards: from 2026-11-20 to 2026-10-21, 30 days earlier.", "What is read as a gain here was a loss.")
	d.page("/kept/monday?platform=Windows")
	for place, want := range map[string]int{"/kept/sunday": http.StatusNotFound, "/kept/monday?with=sunday": http.StatusNotFound,
		"/kept/..%2f..%2fetc": http.StatusBadRequest, "/kept/monday?offset=x": http.StatusBadRequest} {
		if a := d.get(place); a.Code != want {
			t.Errorf("GET %s: %d, want %d", place, a.Code, want)
		}
	}
}

func TestKeptAssessmentOfAnotherDayIsComparedWithTheSelectedOne(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today.AddDate(0, 0, 60), Policy: d.policy}
	if _, _, err := d.archive.Keep("then", today, d.assessment()); err != nil {
		t.Fatal(err)
	}
	c := assure.Compare(d.assessment(), must(d.assess.Assess(t.Context(), req))(t))
	_, doc := d.page("/kept/then?as_of=" + req.AsOf.Format("2006-01-02"))
	says(t, doc, "2027-01-19")
	for _, difference := range c.Differences {
		says(t, doc, difference)
	}
	if !strings.Contains(text(doc), "Moved") {
		t.Error("nothing is said of what moved")
	}
}
