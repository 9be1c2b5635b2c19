package edge_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/identity"
	"candor/internal/token"
)

// TestTheLogSaysWhoAsked: by the name of the token or the account, and under which name of
// the request; what is no name cannot stand in a log.
func TestTheLogSaysWhoAsked(t *testing.T) {
	tokens, now := token.In(t.TempDir()), time.Now()
	_, secret, err := tokens.Create(token.Request{Name: "siem", Scopes: []string{"read"}}, now)
	if err != nil {
		t.Fatal(err)
	}
	d := door.New(door.Config{Rules: identity.Rules{TokenToRead: true}, Tokens: tokens, Now: func() time.Time { return now }})
	pages := d.Router(func(w http.ResponseWriter, r *http.Request, err error) { w.WriteHeader(door.Refuse(w, r, err)) })
	pages.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if edge.Request(r.Context()) != w.Header().Get("X-Request-Id") {
			t.Error("the handler knows the request under another name")
		}
		w.WriteHeader(http.StatusOK)
	})
	var log record
	h := edge.Combine(pages, http.NotFoundHandler(), slog.New(edge.Named(slog.NewTextHandler(&log, nil))))
	for _, c := range []struct{ secret, given, status, by string }{
		{secret, "from-a-proxy:1", "status=200", "by=token:siem"},
		{"", "a b\nlevel=ERROR", "status=401", `by=""`},
		{"", strings.Repeat("x", 65), "status=401", `by=""`},
	} {
		r, w := httptest.NewRequest(http.MethodGet, "http://localhost/", nil), httptest.NewRecorder()
		r.Header.Set("X-Request-Id", c.given)
		if c.secret != "" {
			r.Header.Set("Authorization", "Bearer "+c.secret)
		}
		h.ServeHTTP(w, r)
		line, name := log.String(), w.Header().Get("X-Request-Id")
		if kept := name == c.given; kept != (c.secret != "") || len(name) < 10 {
			t.Errorf("given %q, it is called %q", c.given, name)
		}
		for _, want := range []string{c.status, c.by, "request=" + name, "path=/"} {
			if !strings.Contains(line, want) {
				t.Errorf("%q is not in %s", want, line)
			}
		}
		if strings.Count(line, "\n") != 1 || c.secret != "" && strings.Contains(line, c.secret) {
			t.Errorf("the log: %s", line)
		}
		log.mu.Lock()
		log.b.Reset()
		log.mu.Unlock()
	}
}
