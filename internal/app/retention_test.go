package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/retention"
	"candor/internal/store"
)

// TestAlertsExpireOverTheAPI removes alerts of the demonstration through requests.
func TestAlertsExpireOverTheAPI(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	may, edr := "Bearer "+h.token("lawyer", identity.Retention), "Bearer "+h.token("edr", "alerts", "notes")
	route := door.Route{Pattern: "POST /api/v1/retention"}
	ask := func(code int, body, auth string) (gone retention.Expired, text string) {
		t.Helper()
		w := h.request(route, "", body, "Authorization", auth, "Content-Type", "application/json")
		text = w.Body.String()
		if w.Code != code {
			t.Fatalf("%s: %d, want %d: %s", body, w.Code, code, text)
		}
		if err := json.Unmarshal([]byte(text), &gone); code == http.StatusOK && err != nil {
			t.Fatal(err)
		}
		return gone, text
	}
	listed := func() (list struct{ Expiries []store.Expiry }) {
		w := h.request(door.Route{Pattern: "GET /api/v1/retention"}, "", "")
		if err := json.Unmarshal(w.Body.Bytes(), &list); w.Code != http.StatusOK || err != nil || list.Expiries == nil {
			t.Fatal(w.Code, w.Body, err)
		}
		return list
	}
	for body, want := range map[string]string{
		`{"before":"2026-11-01"}`:                                 "needs a reason",
		`{"before":"2026-11-01","reason":"  "}`:                   "needs a reason",
		`{"before":"soon","reason":"law"}`:                        `\"soon\" is not a day`,
		`{"reason":"law"}`:                                        "is not a day",
		`{"before":"2999-01-01","reason":"law"}`:                  "yet to come",
		`{"before":"2026-11-01","reason":"law","entitiy":"jdoe"}`: "entitiy",
	} {
		if _, text := ask(http.StatusBadRequest, body, may); !strings.Contains(text, want) {
			t.Errorf("%s: %s", body, text)
		}
	}
	const all = `{"before":"2026-11-01","reason":"one year"`
	ask(http.StatusForbidden, all+`}`, edr)
	ask(http.StatusUnauthorized, all+`}`, "")
	dry, _ := ask(http.StatusOK, all+`,"dry_run":true}`, may)
	if !dry.Dry || dry.Alerts == 0 || len(listed().Expiries) != 0 {
		t.Errorf("a dry run: %+v", dry)
	}
	if none, _ := ask(http.StatusOK, all+`,"entity":"nobody"}`, may); none.Rows != 0 || len(listed().Expiries) != 0 {
		t.Errorf("about nobody: %+v", none)
	}
	gone, _ := ask(http.StatusOK, all+`}`, may)
	if list := listed().Expiries; gone.Dry || gone.Alerts != dry.Alerts || len(list) != 1 || list[0].By != "token:lawyer" || list[0].Reason != "one year" || list[0].Alerts != dry.Alerts {
		t.Errorf("%+v, listed as %+v", gone.Expiry, list)
	}
	if again, _ := ask(http.StatusOK, all+`}`, may); again.Rows != 0 || len(listed().Expiries) != 1 {
		t.Errorf("once more: %+v", again)
	}
}
