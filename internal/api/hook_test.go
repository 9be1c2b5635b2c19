package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/door"
	"candor/internal/intake"
	"candor/internal/pull"
)

func TestHooksTakeWhatProductsSend(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	send := func(path, authorization, kind, body string) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	secret := d.secrets["all"]
	const event = `{"time":1772359200,"host":"h","event":{"id":"a","rule_id":"r"}}`
	for _, c := range []struct {
		path, authorization, kind, body string
		want                            int
	}{
		{"/services/collector/event?channel=x", "Splunk " + secret, "", event, 200},
		{"/services/collector", "Splunk " + secret, "application/json", event, 200},
		{"/api/v1/alerts/from/splunk-hec", "Bearer " + secret, "text/plain", event, 200},
		{"/api/v1/alerts/from/cloudevents", "Bearer " + secret, "application/cloudevents+json", `{"id":"b","time":"2026-03-01","data":{"rule_id":"r"}}`, 200},
		{"/api/v1/alerts/from/wazuh", "Bearer " + secret, "application/json", `{"timestamp":"2026-03-01","rule":{"id":"1"}}`, 422},
		{"/services/collector/event", "Splunk nobody", "", event, 401},
		{"/services/collector/event", "", "", event, 401},
		{"/api/v1/alerts/from/nobody", "Bearer " + secret, "application/json", event, 404},
	} {
		if got := send(c.path, c.authorization, c.kind, c.body); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.path, c.kind, got, c.want)
		}
	}
}

// TestTheDocumentNamesEveryRouteThatExists holds the description against the routes of the
// door: each is described, but for the description and what answers for all that is unknown,
// and what is described is a route.
func TestTheDocumentNamesEveryRouteThatExists(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	at := door.New(door.Config{Tokens: d.tokens, Now: func() time.Time { return d.now }})
	h := New(Deps{Intake: d.intake, Door: at, Clock: func() time.Time { return d.now }, Version: "test", Pulls: func() pull.Standing { return pull.Standing{} }})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, documentPath, nil))
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err, w.Body)
	}
	described, ids := map[string]bool{}, map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			described[strings.ToUpper(method)+" "+path] = true
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s has the name of no operation, or of another: %q", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
		}
	}
	routes := at.Routes()
	for _, r := range routes {
		if pattern := strings.TrimSuffix(r.Pattern, "{$}"); !described[pattern] && pattern != "GET "+documentPath && pattern != "/api/" {
			t.Errorf("%s is a route, and the document does not describe it", r.Pattern)
		}
	}
	for way := range described {
		if !slices.ContainsFunc(routes, func(r door.Route) bool { return r.Pattern == way }) {
			t.Errorf("%s is described, and there is no such route", way)
		}
	}
	for _, format := range intake.Hooks() {
		if !described["POST /api/v1/alerts/from/"+format] {
			t.Errorf("the address for alerts of %s is not described", format)
		}
	}
}
