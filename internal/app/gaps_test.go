package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
)

func TestGapsAreStatedOverHTTP(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	secret, notes := h.token("grc", "gaps"), h.token("wiki", "notes")
	state := func(secret, body string) (int, string) {
		headers := []string{"Content-Type", "application/json"}
		if secret != "" {
			headers = append(headers, "Authorization", "Bearer "+secret)
		}
		w := h.request(door.Route{Pattern: "POST /api/v1/gaps"}, "", body, headers...)
		return w.Code, w.Body.String()
	}
	const one = `{"id":"an1989","why":"outside our network","decision":"accept","owner":"CISO","until":"2027-06-30","by":"Ann"}`
	for _, tt := range []struct {
		secret, body string
		code         int
		says         string
	}{
		{"", one, http.StatusUnauthorized, "no bearer token"},
		{notes, one, http.StatusForbidden, "not for gaps"},
		{secret, `{"id":"AN1989","why":"x","decision":"accept","by":"Ann"}`, http.StatusBadRequest, "nobody owns"},
		{secret, `{"id":"AN9999","why":"x","by":"Ann"}`, http.StatusNotFound, "AN9999"},
		{secret, `{"id":"AN1989","wyh":"x","by":"Ann"}`, http.StatusBadRequest, "wyh"},
		{secret, one, http.StatusCreated, `"recorded_by":"token:grc"`},
		{secret, one, http.StatusOK, `"owner":"CISO"`},
		{secret, `{"id":"AN1989","owner":"Head of IT","by":"Ann"}`, http.StatusCreated, `"decision":"accept"`},
	} {
		if code, said := state(tt.secret, tt.body); code != tt.code || !strings.Contains(said, tt.says) {
			t.Errorf("%s: %d %s, want %d and %q", tt.body, code, said, tt.code, tt.says)
		}
	}
	var plan struct {
		Steps []struct {
			Parts []struct {
				Action  string
				Targets []string
			}
		}
	}
	next := h.request(door.Route{Pattern: "GET /api/v1/next"}, "", "")
	if err := json.Unmarshal(next.Body.Bytes(), &plan); err != nil || len(plan.Steps) == 0 {
		t.Fatalf("next: %v", err)
	}
	part := plan.Steps[0].Parts[0]
	step := func(target string) string {
		body, _ := json.Marshal(map[string]string{"action": part.Action, "target": target, "owner": "Ann", "until": "2027-01-31", "by": "Ann"})
		return string(body)
	}
	for _, tt := range []struct {
		body string
		code int
		says string
	}{
		{step(part.Targets[0]), http.StatusCreated, `"why":"It is a next step of `},
		{step(part.Targets[0]), http.StatusOK, `"decision":"fix"`},
		{step("nowhere"), http.StatusNotFound, "no verdict"},
		{`{"target":"nowhere","owner":"Ann","by":"Ann"}`, http.StatusBadRequest, "action"},
	} {
		if code, said := state(secret, tt.body); code != tt.code || !strings.Contains(said, tt.says) {
			t.Errorf("%s: %d %s, want %d and %q", tt.body, code, said, tt.code, tt.says)
		}
	}
	list := h.request(door.Route{Pattern: "GET /api/v1/gaps"}, "", "")
	if body := list.Body.String(); list.Code != http.StatusOK || strings.Count(body, `"id":"AN1989"`) != 1 || !strings.Contains(body, "Head of IT") {
		t.Errorf("the register: %d %s", list.Code, body)
	}
}
