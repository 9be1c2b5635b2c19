package edge

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOtherSitesCannotMakeABrowserAsk(t *testing.T) {
	answers := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	whole := Combine(answers, answers, slog.New(slog.DiscardHandler))
	for _, tt := range []struct {
		path, site, mode, dest string
		want                   int
	}{
		{"/verdicts", "", "", "", 200}, {"/api/v1/verdicts", "none", "navigate", "document", 200},
		{"/verdicts", "same-origin", "cors", "empty", 200}, {"/verdicts", "cross-site", "navigate", "document", 200},
		{"/verdicts", "cross-site", "navigate", "iframe", 403}, {"/verdicts", "cross-site", "no-cors", "image", 403},
		{"/verdicts", "same-site", "no-cors", "script", 403}, {"/api/v1/verdicts", "cross-site", "navigate", "document", 403},
		{"/api/v1/verdicts", "same-site", "no-cors", "image", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, tt.path, nil)
		for k, v := range map[string]string{"Sec-Fetch-Site": tt.site, "Sec-Fetch-Mode": tt.mode, "Sec-Fetch-Dest": tt.dest} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		r.Host = "127.0.0.1"
		w := httptest.NewRecorder()
		whole.ServeHTTP(w, r)
		if w.Code != tt.want || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%+v: %d", tt, w.Code)
		}
	}
}
