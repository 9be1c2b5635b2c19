package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/door"
	"candor/internal/identity"
)

// TestAlertsAreTiedOverTheAPI says of untied alerts of the demonstration what they are.
func TestAlertsAreTiedOverTheAPI(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	may, edr := "Bearer "+h.token("ir", identity.Reviews), "Bearer "+h.token("edr", "alerts", "notes")
	ask := func(code int, id, body, auth string) (tied assessment.Tied, text string) {
		t.Helper()
		w := h.request(door.Route{Pattern: "POST /api/v1/reviews/{id}/ties"}, id, body, "Authorization", auth, "Content-Type", "application/json")
		text = w.Body.String()
		if w.Code != code {
			t.Fatalf("%s: %d, want %d: %s", body, w.Code, code, text)
		}
		if err := json.Unmarshal([]byte(text), &tied); code == http.StatusCreated && err != nil {
			t.Fatal(err)
		}
		return tied, text
	}
	review := func() (r assure.Review) {
		w := h.request(door.Route{Pattern: "GET /api/v1/reviews/{id}"}, untiedCase, "")
		if err := json.Unmarshal(w.Body.Bytes(), &r); w.Code != http.StatusOK || err != nil {
			t.Fatal(w.Code, w.Body, err)
		}
		return r
	}
	before := review()
	if len(before.Untied) < 2 {
		t.Fatalf("the demonstration's incident %s has %d untied alerts", untiedCase, len(before.Untied))
	}
	first := before.Untied[0].ID
	for body, want := range map[string]string{
		`{}`:                        "no alert is named",
		`{"not":["` + first + `"]}`: "needs a reason",
		`{"not":["` + first + `"],"because":"no"}`: "because",
	} {
		if _, text := ask(http.StatusBadRequest, untiedCase, body, may); !strings.Contains(text, want) {
			t.Errorf("%s: %s", body, text)
		}
	}
	apart := `{"not":["` + first + `"],"why":"a drill of another team","by":"ann"}`
	ask(http.StatusUnauthorized, untiedCase, apart, "")
	ask(http.StatusForbidden, untiedCase, apart, edr)
	ask(http.StatusNotFound, "no-such-case", apart, may)
	ask(http.StatusNotFound, untiedCase, `{"tie":["no-such-alert"]}`, may)
	if got := review(); len(got.Untied) != len(before.Untied) || len(got.Ties) != 0 {
		t.Fatalf("what was refused was recorded: %+v", got.Ties)
	}
	tied, _ := ask(http.StatusCreated, untiedCase, apart, may)
	if got := review(); tied.Batch == "" || tied.Alerts != "" || len(got.Untied) != len(before.Untied)-1 || len(got.Ties) != 1 || got.Ties[0].By != "ann, by token:ir" || got.Ties[0].Why != "a drill of another team" {
		t.Errorf("one that is no part of it: %+v, %d untied, %+v", tied, len(got.Untied), got.Ties)
	}
	tied, _ = ask(http.StatusCreated, untiedCase, `{"tie":["all"]}`, may)
	if got := review(); tied.Alerts == "" || len(tied.Ties) != len(before.Untied)-1 || len(got.Untied) != 0 || len(got.Alerts) == 0 {
		t.Errorf("the others are part of it: %+v, %d untied, %+v", tied, len(got.Untied), got.Alerts)
	}
	// What was said is in the ledger, under who said it.
	w := h.request(door.Route{Pattern: "GET /api/v1/batches"}, "", "")
	if text := w.Body.String(); strings.Count(text, `"ann, by token:ir"`) != 2 || !strings.Contains(text, `"token:ir"`) {
		t.Errorf("the batches do not say who said it: %s", text)
	}
}

// untiedCase is the incident of the demonstration beside which alerts lie that nobody tied.
const untiedCase = "MF-rev-019"
