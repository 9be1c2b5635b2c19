package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/assure"
)

// offered is what the search suggests.
type offered struct {
	Text, Title, Kind, URL string
	Rung                   *struct{ Code, Name, Class string }
}

func (d *desk) suggested(query string) []offered {
	d.t.Helper()
	a := d.get("/suggest?" + query)
	var said struct{ Suggestions []offered }
	if err := json.Unmarshal([]byte(a.body), &said); err != nil || a.Code != http.StatusOK || a.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		d.t.Fatalf("%s: %d, %v, %s", query, a.Code, err, a.body)
	}
	return said.Suggestions
}

func TestTheSearchSuggestsObjectsAndRules(t *testing.T) {
	d := demonstration(t)
	rules := must(d.assess.Rules(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}))(t).Rules
	rule := rules[len(rules)-1]
	for text, want := range map[string]offered{
		"an1989": {Text: "AN1989", Kind: "analytic", URL: "/objects/AN1989"}, "t1589.003": {Text: "T1589.003", Kind: "sub-technique", URL: "/objects/T1589.003"},
		"employee n": {Text: "T1589.003", Kind: "sub-technique", URL: "/objects/T1589.003"}, "  NAMES employee ": {Text: "T1589.003", Kind: "sub-technique", URL: "/objects/T1589.003"},
		rule.ID: {Text: rule.Name, Kind: "rule", URL: "/measurements/rules/" + url.PathEscape(rule.ID)},
	} {
		list := d.suggested("text=" + url.QueryEscape(text))
		if len(list) == 0 || list[0].Text != want.Text || list[0].Kind != want.Kind || list[0].URL != want.URL || list[0].Rung != nil {
			t.Errorf("%q suggests %+v", text, list)
			continue
		}
		if a := d.get(list[0].URL); a.Code != http.StatusOK {
			t.Errorf("%q leads to %s: %d", text, list[0].URL, a.Code)
		}
	}
	for _, nothing := range []string{"", "text=", "text=+", "text=zzzzzz", "text=" + strings.Repeat("e", 101)} {
		if list := d.suggested(nothing); len(list) > 0 {
			t.Errorf("%q suggests %+v", nothing, list)
		}
	}
	if list := d.suggested("text=e"); len(list) > 12 {
		t.Errorf("%d at once", len(list))
	}
	if list := d.suggested("text=AN1989&as_of=2026-10-01"); list[0].URL != "/objects/AN1989?as_of=2026-10-01" {
		t.Errorf("the day is lost: %+v", list)
	}
}

func TestSuggestionsSayHowTheyStandWhereThatIsAsked(t *testing.T) {
	d := demonstration(t)
	a := d.assessment()
	for _, id := range []string{"AN1989", "T1589.003"} {
		list := d.suggested("rungs=yes&text=" + id)
		worst := assure.Rung("")
		for i := range a.Verdicts {
			v := &a.Verdicts[i]
			if v.Analytic.ATTACKID == id || len(v.Techniques) > 0 && v.Techniques[0].ATTACKID == id {
				if worst == "" || assure.CompareWorst(v.Rung, worst) < 0 {
					worst = v.Rung
				}
			}
		}
		if list[0].Text != id || list[0].Rung == nil || list[0].Rung.Class != "r-"+string(worst) || list[0].Rung.Code == "" {
			t.Errorf("%s stands as %+v, want %s", id, list[0].Rung, worst)
		}
	}
}

func TestWithoutALibraryNothingIsSuggestedAndWrongSelectionsAreRefused(t *testing.T) {
	if list := newDesk(t).suggested("text=AN1989"); len(list) > 0 {
		t.Errorf("%+v", list)
	}
	for query, want := range map[string]int{"text=a&as_of=yesterday": 400, "text=a&release=99": 404} {
		if a := demonstration(t).get("/suggest?" + query); a.Code != want {
			t.Errorf("%s: %d, want %d", query, a.Code, want)
		}
	}
}
