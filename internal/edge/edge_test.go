package edge_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"candor/internal/edge"
	"candor/internal/fault"
)

// record is a log that several may write to.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// must returns a value, and fails the test if it came with an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestServeRefusesWhatOthersCanReach(t *testing.T) {
	for addr, want := range map[string]fault.Kind{
		"0.0.0.0:0":        fault.Refused,
		":0":               fault.Refused,
		"[::]:0":           fault.Refused,
		"192.168.1.4:8080": fault.Refused,
		"example.org:80":   fault.Refused,
		"localhost.evil:0": fault.Refused,
		"8080":             fault.Usage,
		"127.0.0.1:99999":  fault.Unavailable,
	} {
		l, err := (&edge.Place{}).Listen(t.Context(), addr)
		if err == nil {
			t.Errorf("%s: listening", addr)
			l.Close()
		}
		if fault.KindOf(err) != want {
			t.Errorf("%s: %v, want kind %s", addr, err, want)
		}
		if fault.HintOf(err) == "" {
			t.Errorf("%s: no next step", addr)
		}
	}
}

func TestServeAnswersUntilItsContextEnds(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	l := must((&edge.Place{}).Listen(ctx, "127.0.0.1:0"))(t)
	ready, done := make(chan bool, 1), make(chan error, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	go func() {
		done <- (&edge.Place{}).Serve(ctx, l, h, slog.New(slog.DiscardHandler), func() { ready <- true })
	}()
	<-ready
	resp := must(http.Get("http://" + l.Addr().String() + "/healthz"))(t)
	defer resp.Body.Close()
	if b := must(io.ReadAll(resp.Body))(t); string(b) != "ok" {
		t.Errorf("answered %q", b)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func TestForeignNamesAndSitesAreRefused(t *testing.T) {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) {})
	at := &edge.Place{Names: []string{"candor.example.org"}}
	d := at.Handler(edge.Combine(pages, pages, slog.New(slog.DiscardHandler)))
	for _, c := range []struct {
		host, method, site string
		want               int
	}{
		{"localhost:8080", "GET", "", 200},
		{"127.0.0.1:8080", "GET", "", 200},
		{"[::1]:8080", "GET", "", 200},
		{"127.9.9.9", "GET", "", 200},
		{"Candor.example.ORG:8443", "GET", "", 200},
		{"evil.example:8080", "GET", "", 421},
		{"a.candor.example.org", "GET", "", 421},
		{"localhost.evil.example", "GET", "", 421},
		{"10.0.0.1", "GET", "", 421},
		{"", "GET", "", 421},
		{"localhost:8080", "POST", "cross-site", 403},
		{"localhost:8080", "POST", "same-origin", 405},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.Host = c.host
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s from %q: %d, want %d", c.method, c.host, c.site, w.Code, c.want)
		}
	}
}

func TestPanicIsLoggedAndHidden(t *testing.T) {
	var log record
	h := edge.Combine(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") }), http.NotFoundHandler(),
		slog.New(slog.NewTextHandler(&log, nil)))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("the panic was answered with %d %q", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), "status=500") {
		t.Errorf("the log does not hold the panic: %s", &log)
	}
}

// TestAnAnswerThatIsBrokenOffIsNoAnswer asks a server for what a handler gives up on,
// and for what one panics in the middle of: the client must not take a part for the
// whole, and only the second is told by the log.
func TestAnAnswerThatIsBrokenOffIsNoAnswer(t *testing.T) {
	var log record
	h := edge.Combine(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/abort" {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, strings.Repeat("half an answer ", 1000))
		panic("boom")
	}), http.NotFoundHandler(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	ctx, stop := context.WithCancel(t.Context())
	l := must((&edge.Place{}).Listen(ctx, "127.0.0.1:0"))(t)
	done := make(chan error, 1)
	go func() { done <- (&edge.Place{}).Serve(ctx, l, h, slog.New(slog.DiscardHandler), func() {}) }()
	for path, logged := range map[string]bool{"/abort": false, "/half": true} {
		resp, err := http.Get("http://" + l.Addr().String() + path)
		if err == nil {
			var b []byte
			if b, err = io.ReadAll(resp.Body); strings.Contains(string(b), "reason of the server's own") {
				t.Errorf("%s: the answer goes on: %.100s", path, b)
			}
			resp.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the answer is taken for whole", path)
		}
		if strings.Contains(log.String(), "panic") != logged {
			t.Errorf("%s: logged %.200s", path, log.String())
		}
		log.mu.Lock()
		log.b.Reset()
		log.mu.Unlock()
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
