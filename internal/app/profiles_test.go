package app_test

import (
	"net/http"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
)

func TestProfilesAreStatedOverHTTP(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	secret, notes := h.token("cti", "profiles"), h.token("wiki", "notes")
	const one = `{"name":"Retail","groups":["APT28"],"techniques":["T1543"],"layer":"plan","owner":"Ann","by":"Bob"}`
	for _, tt := range []struct {
		secret, body string
		code         int
		says         string
	}{
		{"", one, http.StatusUnauthorized, "no bearer token"},
		{notes, one, http.StatusForbidden, "not for profiles"},
		{secret, `{"name":"Retail","groups":["Nobody"],"owner":"Ann","by":"Bob"}`, http.StatusNotFound, "Nobody"},
		{secret, `{"name":"Retail","gruops":["APT28"],"owner":"Ann","by":"Bob"}`, http.StatusBadRequest, "gruops"},
		{secret, one, http.StatusCreated, `"recorded_by":"token:cti"`},
		{secret, one, http.StatusOK, `"owner":"Ann"`},
		{secret, `{"name":"retail","groups":["APT28","G0034"],"by":"Bob"}`, http.StatusCreated, `"layer":"plan"`},
	} {
		headers := []string{"Content-Type", "application/json"}
		if tt.secret != "" {
			headers = append(headers, "Authorization", "Bearer "+tt.secret)
		}
		w := h.request(door.Route{Pattern: "POST /api/v1/profiles"}, "", tt.body, headers...)
		if said := w.Body.String(); w.Code != tt.code || !strings.Contains(said, tt.says) {
			t.Errorf("%s: %d %s, want %d and %q", tt.body, w.Code, said, tt.code, tt.says)
		}
	}
	get := func(pattern, id, query string) string {
		w := h.request(door.Route{Pattern: "GET " + pattern}, id, "", "query", query)
		if w.Code != http.StatusOK {
			t.Errorf("%s %s?%s: %d %s", pattern, id, query, w.Code, w.Body)
		}
		return w.Body.String()
	}
	for _, tt := range []struct{ pattern, id, query, says string }{
		{"/api/v1/profiles", "", "", `"name":"Retail"`},
		{"/api/v1/profiles/{name}", "retail", "", `"first_reliable":{"tactic"`},
		{"/api/v1/verdicts", "", "profile=retail", "Narrowed to profile Retail (2 groups and 1 layer)"},
		{"/api/v1/matrix", "", "profile=retail", `"profile":"Retail"`},
		{"/api/v1/next", "", "profile=retail", "Narrowed to profile Retail"},
		{"/api/v1/objects/{id}/take", "T1589.003", "profile=retail", `"used":[{"technique"`},
		{"/profiles", "", "", "owned by|Ann"},
		{"/profiles/{id}", "Retail", "", "First reliable chance to see them"},
		{"/objects/{id}", "T1589.003", "profile=retail", "members of it use 1 of the 1 technique"},
		{"/verdicts", "", "profile=retail", "profile <strong>retail</strong>"},
	} {
		body, found := get(tt.pattern, tt.id, tt.query), false
		for _, says := range strings.Split(tt.says, "|") {
			found = found || strings.Contains(body, says)
		}
		if !found {
			t.Errorf("%s %s?%s does not say %q", tt.pattern, tt.id, tt.query, tt.says)
		}
	}
	whole, read := get("/api/v1/verdicts", "", ""), get("/api/v1/verdicts", "", "profile=retail")
	if len(read) >= len(whole) || strings.Contains(whole, "Narrowed to profile") {
		t.Errorf("%d bytes for the profile, %d for all", len(read), len(whole))
	}
	w := h.request(door.Route{Pattern: "GET /verdicts"}, "", "", "query", "profile=nobody")
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "no profile") {
		t.Errorf("a profile that there is not: %d", w.Code)
	}
}
