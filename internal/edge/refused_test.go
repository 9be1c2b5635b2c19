package edge_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"candor/internal/edge"
)

// TestAttemptsToGetAroundAreLogged: each kind as a warning, with where it came from, and not
// each time.
func TestAttemptsToGetAroundAreLogged(t *testing.T) {
	var log record
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(edge.Named(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- (&edge.Place{}).Serve(ctx, l, edge.Combine(page, page, logger), logger, func() {}) }()
	defer func() { stop(); <-done }()
	ask := func(method string, headers ...string) int {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+l.Addr().String()+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			if r.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
				r.Host = headers[i+1]
			}
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for want, headers := range map[string][]string{
		"through a proxy that is not named": {http.MethodGet, "X-Forwarded-For", "203.0.113.7"},
		"under a name that is not ours":     {http.MethodGet, "Host", "evil.test"},
		"for a page of another site":        {http.MethodGet, "Sec-Fetch-Site", "cross-site"},
		"to write, from another origin":     {http.MethodPost, "Origin", "http://evil.test"},
	} {
		for range 3 {
			if got := ask(headers[0], headers[1:]...); got < 400 {
				t.Errorf("%s: %d", want, got)
			}
		}
		if n := strings.Count(log.String(), want); n != 1 || !strings.Contains(log.String(), "from=127.0.0.1") {
			t.Errorf("%s is told %d times:\n%s", want, n, log.String())
		}
	}
	before := log.String()
	if ask(http.MethodGet); log.String() != before {
		t.Errorf("what is let in is told: %s", log.String())
	}
}

// TestARefusalIsToldAgainLater: with how many there were meanwhile.
func TestARefusalIsToldAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log record
		page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		h := edge.Combine(page, page, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
		for range 100 {
			h.ServeHTTP(&nowhere{}, crossSite())
			time.Sleep(time.Second)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), fmt.Sprint("untold_before=", 59)) {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
	})
}

// nowhere is where nobody reads an answer.
type nowhere struct{ h http.Header }

func (n *nowhere) Header() http.Header {
	if n.h == nil {
		n.h = http.Header{}
	}
	return n.h
}
func (*nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (*nowhere) WriteHeader(int)             {}

func crossSite() *http.Request {
	r, _ := http.NewRequest(http.MethodGet, "http://localhost/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.RemoteAddr = "198.51.100.1:9"
	return r
}
