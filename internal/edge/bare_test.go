package edge_test

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"candor/internal/edge"
)

// TestEveryAnswerIsBareUnlessItsHandlerSaysOtherwise: what is answered at the edge, before any
// handler of pages or programs, is locked down as theirs are.
func TestEveryAnswerIsBareUnlessItsHandlerSaysOtherwise(t *testing.T) {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			panic("boom")
		case "/page":
			w.Header().Set("Content-Security-Policy", "a page's")
		}
		_, _ = io.WriteString(w, "answered")
	})
	whole := (&edge.Place{}).Handler(edge.Combine(inner, inner, slog.New(slog.DiscardHandler)))
	for name, c := range map[string]struct {
		path    string
		headers []string
		want    int
	}{
		"answered":                        {"/", nil, http.StatusOK},
		"another name":                    {"/", []string{"Host", "evil.test"}, http.StatusMisdirectedRequest},
		"a proxy that is not known":       {"/", []string{"X-Forwarded-For", "192.0.2.1"}, http.StatusForbidden},
		"asked by a page of another site": {"/", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"sent by a page of another site":  {"/", []string{"Origin", "http://evil.test"}, http.StatusForbidden},
		"a panic":                         {"/panic", nil, http.StatusInternalServerError},
		"a page":                          {"/page", nil, http.StatusOK},
	} {
		r, w := httptest.NewRequest(http.MethodPost, "http://localhost"+c.path, nil), httptest.NewRecorder()
		for i := 0; i < len(c.headers); i += 2 {
			if r.Header.Set(c.headers[i], c.headers[i+1]); c.headers[i] == "Host" {
				r.Host = c.headers[i+1]
			}
		}
		whole.ServeHTTP(w, r)
		h := w.Result().Header
		if w.Code != c.want || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" ||
			!strings.HasPrefix(h.Get("Content-Type"), "text/plain; charset=utf-8") || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", name, w.Code, h)
		}
		policy := h.Get("Content-Security-Policy")
		if own := name == "a page"; own != (policy == "a page's") || !own && (!strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "base-uri 'none'")) {
			t.Errorf("%s: %q", name, policy)
		}
	}
}

// TestOnlyCiphersThatProveWhatWasSaidAreSpoken asks for each cipher that this machine's
// library has.
func TestOnlyCiphersThatProveWhatWasSaidAreSpoken(t *testing.T) {
	e := encryptedServer(t, func(http.ResponseWriter, *http.Request) {})
	spoken := 0
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if len(s.SupportedVersions) == 1 && s.SupportedVersions[0] == tls.VersionTLS13 {
			continue
		}
		c, err := tls.Dial("tcp", e.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{s.ID}}) // which ciphers is what is tested
		good := strings.HasPrefix(s.Name, "TLS_ECDHE_") && (strings.Contains(s.Name, "_GCM_") || strings.Contains(s.Name, "_CHACHA20_POLY1305"))
		if err == nil {
			spoken++
			_ = c.Close()
		}
		if err == nil && !good || err != nil && good && strings.Contains(s.Name, "_ECDSA_") { // the certificate is of that kind
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	if spoken != 3 {
		t.Errorf("%d ciphers are spoken", spoken)
	}
}
