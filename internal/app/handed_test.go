package app_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/assure"
	"candor/internal/cli"
	"candor/internal/door"
	"candor/internal/engine"
	"candor/internal/identity"
	"candor/internal/policy"
)

const controls = "kind: control-mapping\nversion: 1\nstandard: Example\nby: Ann\ncontrols:\n- {id: a, techniques: [T1566, T1078]}\n- {id: b, analytics: [AN1336]}\n"

// TestAServerHandsOverTheBytesOfTheCommand asks the command for every report, and then API and pages of a server on the same folder, by the same clock.
func TestAServerHandsOverTheBytesOfTheCommand(t *testing.T) {
	data := demonstration(t)
	f := &folder{t: t, dir: filepath.Dir(data), engine: engine.Scan, now: today}
	f.write("controls.yaml", controls)
	f.ok("assess", "--keep", "earlier", "--summary", "--quiet")
	asked := []struct{ args, query, path string }{
		{"verdict AN1336 --by ann", "of=AN1336&by=ann", "a.html"}, {"executive", "", "b.json"}, {"markdown --platform Linux --as-of 2026-11-19", "platform=Linux&as_of=2026-11-19", "c.md"},
		{"engineering --table rules", "table=rules", "d.csv"}, {"navigator difference --before earlier", "of=difference&before=earlier", "e.json"},
		{"detect --under rules", "under=rules", "f.sarif"}, {"dettect data-sources", "of=data-sources", "g.yaml"}, {"compliance --mapping controls.yaml", "file=controls.yaml", "h.json"},
	}
	for _, a := range asked {
		f.ok(append(append([]string{"report"}, strings.Fields(a.args)...), "--to", a.path)...)
	}
	d, err := app.Open(t.Context(), data, cli.Mode{Write: true, Serve: true, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	h := d.Handler(door.New(door.Config{Rules: identity.Rules{}, Now: func() time.Time { return today }}), func() (assure.Policy, error) { return policy.Default(), nil }, slog.New(slog.DiscardHandler))
	for _, x := range asked {
		want, err := os.ReadFile(filepath.Join(f.dir, x.path))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(x.args, " ")
		q, _ := url.ParseQuery(x.query)
		q.Set("form", filepath.Ext(x.path)[1:])
		r := httptest.NewRequest(http.MethodGet, "http://localhost/api/v1/reports/"+kind+"?"+q.Encode(), nil)
		if kind == "compliance" {
			r = httptest.NewRequest(http.MethodPost, r.URL.String(), strings.NewReader(controls))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), want) {
			t.Errorf("API, %s: %d, %d bytes instead of %d: %.300s", x.args, w.Code, w.Body.Len(), len(want), w.Body)
		}
		if kind == "compliance" {
			continue
		}
		page := httptest.NewRecorder()
		h.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "http://localhost/reports/"+kind+"?"+q.Encode(), nil))
		if page.Code != http.StatusOK || !bytes.Equal(page.Body.Bytes(), want) || page.Header().Get("Content-Type") != w.Header().Get("Content-Type") {
			t.Errorf("page, %s: %d, %d bytes instead of %d", x.args, page.Code, page.Body.Len(), len(want))
		}
		again := httptest.NewRequest(http.MethodGet, r.URL.String(), nil)
		again.Header.Set("If-None-Match", w.Header().Get("ETag"))
		unchanged := httptest.NewRecorder()
		if h.ServeHTTP(unchanged, again); unchanged.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", x.args, unchanged.Code)
		}
	}
}
