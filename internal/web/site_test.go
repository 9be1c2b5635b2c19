package web_test

import (
	"net/http"
	"strings"
	"testing"

	"candor/internal/assessment"
)

// TestASiteIsChosenAndFollowsEveryLink chooses a site as people do.
func TestASiteIsChosenAndFollowsEveryLink(t *testing.T) {
	d := demonstration(t)
	first := d.get("/").body
	for _, want := range []string{`<option>hamburg</option>`, "By site", "Verdicts that do not hold at a site", `href="/?site=rotterdam"`} {
		if !strings.Contains(first, want) {
			t.Errorf("the overview does not have %q", want)
		}
	}
	at := d.get("/?site=hamburg").body
	a := must(d.assess.Assess(t.Context(), assessment.Request{AsOf: today, Policy: d.policy, Site: "hamburg"}))(t)
	for _, want := range []string{`<option selected>hamburg</option>`, "site <strong>hamburg</strong>", "/verdicts?", "site=hamburg", a.Scope.Site} {
		if !strings.Contains(at, want) {
			t.Errorf("the overview of a site does not have %q", want)
		}
	}
	if strings.Contains(at, "Verdicts that do not hold") {
		t.Error("the overview of a site compares it with itself")
	}
	for _, place := range []string{"/verdicts", "/measurements", "/next", "/objects/AN1336", "/gates/AN1336", "/reviews", "/kept"} {
		if got := d.get(place + "?site=hamburg"); got.Code != http.StatusOK || !strings.Contains(got.body, "site <strong>hamburg</strong>") {
			t.Errorf("%s: %d, and does not name the site", place, got.Code)
		}
	}
	if got := d.get("/?site=oslo"); got.Code != http.StatusNotFound || !strings.Contains(got.body, "hamburg") {
		t.Errorf("a site that is not there: %d", got.Code)
	}
}
