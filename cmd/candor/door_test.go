package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"candor/internal/fault"
)

// announced starts a server and returns what it says of itself, and a client for it.
func announced(t *testing.T, p place, args ...string) (s *server, said struct{ Serving, Reading, Link string }, client *http.Client) {
	t.Helper()
	s, line := p.start(append(args, "--json")...)
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	client = &http.Client{}
	if path, ok := strings.CutPrefix(said.Serving, "unix:"); ok {
		client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}}
	}
	return s, said, client
}

// status asks for an address with a token, if it has one.
func status(t *testing.T, c *http.Client, at, secret string) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestReadingAsksForATokenWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var made struct{ Secret string }
	if err := json.Unmarshal([]byte(p.ok("token", "create", "siem", "--scope", "read", "--json")), &made); err != nil {
		t.Fatal(err)
	}
	s, said, client := announced(t, p, "--addr", "127.0.0.1:0", "--require-token")
	if said.Reading != "token" {
		t.Errorf("%+v", said)
	}
	for _, path := range []string{"", "healthz", "api/v1/openapi.json", "evidence"} {
		if with, without := status(t, client, said.Serving+path, made.Secret), status(t, client, said.Serving+path, ""); with != 200 || without != 401 {
			t.Errorf("/%s: %d with a token, %d without", path, with, without)
		}
	}
	// The page on which a token is shown, and what it looks like, tell nothing of the folder.
	for _, path := range []string{"session", "static/candor.css"} {
		if got := status(t, client, said.Serving+path, ""); got != 200 {
			t.Errorf("/%s without a token: %d", path, got)
		}
	}
	if first, second := status(t, client, said.Link, ""), status(t, client, said.Link, ""); first != 200 || second != 403 {
		t.Errorf("the link: %d, then %d", first, second)
	}
	if out := p.ok("evidence", "list"); !strings.Contains(out, "vidence") { // a command of the owner's needs no token
		t.Errorf("%s", out)
	}
	p.ok("token", "revoke", "siem")
	if got := status(t, client, said.Serving, made.Secret); got != 401 {
		t.Errorf("a revoked token: %d", got)
	}
	s.stop(t)
}

func TestAServerListensAtASocket(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s, said, client := announced(t, p, "--socket", "web.sock")
	if said.Reading != "open" || said.Serving != "unix:"+p.path("web.sock") {
		t.Errorf("%+v", said)
	}
	if info, err := os.Stat(p.path("web.sock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if got := status(t, client, "http://localhost/healthz", ""); got != 200 {
		t.Errorf("answered %d", got)
	}
	p.ok("evidence", "list")
	p.fails([]string{"served already", "web.sock"}, "serve", "--addr", "127.0.0.1:0")
	if s := p.run("serve", "--addr", "127.0.0.1:0", "--socket", "x"); s.code != fault.ExitCode(fault.New(fault.Usage, "")) || !strings.Contains(s.err, "only one of --addr, --socket") {
		t.Errorf("both: %d %s", s.code, s.err)
	}
	s.stop(t)
	if _, err := os.Lstat(p.path("web.sock")); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}
