package app_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/ingest"
	"candor/internal/sample"
)

// A newer release has another number for what rules of the demonstration claim, and nobody
// says so but who decides it over HTTP.
func TestUpgradesAreDecidedOverHTTP(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	secret, gaps := h.token("cti", "upgrades"), h.token("wiki", "gaps")
	newer := bytes.ReplaceAll(sample.Bundle(), []byte("T1190"), []byte("T2190"))
	at := bytes.LastIndex(newer, []byte(`"x_mitre_version": "`+sample.Version+`"`))
	if at < 0 {
		t.Fatal("the collection has another spelling")
	}
	newer = append(bytes.Clone(newer[:at]), bytes.Replace(newer[at:], []byte(sample.Version), []byte("18.1"), 1)...)
	file := filepath.Join(t.TempDir(), "newer.json")
	if err := os.WriteFile(file, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.desk.Bundles.Import(t.Context(), ingest.BundleRequest{Source: file, StandsIn: true, Now: today}); err != nil {
		t.Fatal(err)
	}
	plan := func(query string) (int, string) {
		w := h.request(door.Route{Pattern: "GET /api/v1/upgrade"}, "", "", "query", query)
		return w.Code, w.Body.String()
	}
	const asked = "from=" + sample.Version + "&release=18.1"
	code, before := plan(asked)
	if code != http.StatusOK || !strings.Contains(before, `"id":"T1190"`) || !strings.Contains(before, `"state":"ambiguous"`) || !strings.Contains(before, `"judged":true`) {
		t.Fatalf("%d %.600s", code, before)
	}
	for query, want := range map[string]int{"release=18.1": http.StatusBadRequest, "from=7.0&release=18.1": http.StatusNotFound} {
		if code, said := plan(query); code != want {
			t.Errorf("%s: %d %s, want %d", query, code, said, want)
		}
	}
	mapped := func(query, mapping string) (int, string) {
		w := h.request(door.Route{Pattern: "POST /api/v1/upgrade/mapped"}, "", mapping, "query", query)
		return w.Code, w.Body.String()
	}
	for _, tt := range []struct {
		query, mapping string
		code           int
		says           string
	}{
		{asked + "&file=ours.csv", "old,new\nT1190,T2190\n", http.StatusOK, "ours.csv: T1190 became T2190"},
		{"from=18.1&release=99.0", "old,new\nT2190,T2191\n", http.StatusOK, `"judged":false`},
		{"from=18.1&release=2.0", "old,new\nT2190,T2191\n", http.StatusBadRequest, "is not later than"},
		{asked, "old,new\nT1190,G0001\n", http.StatusUnprocessableEntity, "G0001"},
		{asked, strings.Repeat("x", 1<<20+1), http.StatusRequestEntityTooLarge, "longer than"},
		{"release=18.1", "old,new\nT1190,T2190\n", http.StatusBadRequest, "in force now"},
		{asked + "&to=x", "old,new\nT1190,T2190\n", http.StatusBadRequest, "to"},
	} {
		if code, said := mapped(tt.query, tt.mapping); code != tt.code || !strings.Contains(said, tt.says) {
			t.Errorf("%s: %d %.300s, want %d and %q", tt.query, code, said, tt.code, tt.says)
		}
	}
	if _, now := plan(asked); now != before {
		t.Error("a mapping was kept")
	}
	body := func(decision string) string {
		return `{"from":"` + sample.Version + `","release":"18.1","by":"Ann","decisions":[` + decision + `]}`
	}
	const good = `{"id":"T1190","to":["t2190"],"why":"the same behaviour under another number"}`
	for _, tt := range []struct {
		secret, body string
		code         int
		says         string
	}{
		{"", body(good), http.StatusUnauthorized, "no bearer token"},
		{gaps, body(good), http.StatusForbidden, "not for upgrades"},
		{secret, body(`{"id":"T1190","to":["T1190"],"why":"x"}`), http.StatusBadRequest, "T1190"},
		{secret, body(`{"id":"T1190","to":["T2190"],"why":""}`), http.StatusBadRequest, "why"},
		{secret, body(`{"id":"T1190","too":["T2190"],"why":"x"}`), http.StatusBadRequest, "too"},
		{secret, body(good + `,{"id":"T2190","to":["T2190"],"why":"x"}`), http.StatusBadRequest, "T2190 is in force"},
		{secret, body(good), http.StatusCreated, `"recorded_by":"token:cti"`},
		{secret, body(good), http.StatusOK, `"recorded":[]`},
	} {
		headers := []string{"Content-Type", "application/json"}
		if tt.secret != "" {
			headers = append(headers, "Authorization", "Bearer "+tt.secret)
		}
		w := h.request(door.Route{Pattern: "POST /api/v1/upgrade"}, "", tt.body, headers...)
		if said := w.Body.String(); w.Code != tt.code || !strings.Contains(said, tt.says) {
			t.Errorf("%s: %d %s, want %d and %q", tt.body, w.Code, said, tt.code, tt.says)
		}
		if _, now := plan(asked); tt.code != http.StatusCreated && tt.code != http.StatusOK && now != before {
			t.Errorf("%s was refused and changed what there is", tt.body)
		}
	}
	if _, after := plan(asked); !strings.Contains(after, `"state":"decided"`) || !strings.Contains(after, "T1190 is read as T2190 by decision of Ann") {
		t.Errorf("it is not decided: %.600s", after)
	}
}
