package main

import (
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/provider/providertest"
)

// TestPeopleSignInThroughAProvider: the program as it is, beside a provider that is there and
// one that is not.
func TestPeopleSignInThroughAProvider(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
	p.write("wrong.yaml", "kind: candor-provider\nversion: 1\nclient_secret: x\n")
	p.fails([]string{"a secret does not stand in the configuration"}, "serve", "--provider", "wrong.yaml")
	p.fails([]string{"there is no configuration of a provider"}, "serve", "--provider", "none.yaml")
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String() // which the provider has to know before the server begins
	free.Close()
	corp := providertest.New(t, "http://"+addr, time.Now)
	corp.Person = map[string]any{"sub": "4711", "preferred_username": "ann", "groups": []string{"soc"}}
	corp.Down = true
	p.write("secret", providertest.Secret)
	p.write("p.yaml", fmt.Sprintf("kind: candor-provider\nversion: 1\nname: corp\ntitle: Example Corp\nissuer: %s\nclient_id: candor\nsecret_file: secret\naddress: http://%s\nroles:\n  - {group: soc, role: auditor}\n", corp.URL, addr))
	s, at, _ := announced(t, p, "--addr", addr, "--provider", "p.yaml")
	if at.Reading != "sign-in" {
		t.Fatalf("%+v", at)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	read := func(resp *http.Response, err error) (int, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	begin := func() (int, string) {
		return read(client.PostForm(at.Serving+"sign-in/provider", url.Values{"to": {"/audit"}}))
	}
	if code, page := begin(); code != http.StatusServiceUnavailable || !strings.Contains(page, "cannot be asked now") {
		t.Errorf("while it is down: %d", code)
	}
	if d := p.run("doctor"); !strings.Contains(d.out, "provider_down: ") {
		t.Errorf("doctor: %s%s", d.out, d.err)
	}
	corp.With(func(c *providertest.Provider) { c.Down = false })
	code, page := begin()
	m := regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("%d %s", code, page)
	}
	if code, page = read(client.Get(html.UnescapeString(m[1]))); code != http.StatusOK || !strings.Contains(page, "corp&#43;ann") || !strings.Contains(page, "Audit log") {
		t.Errorf("who comes back: %d %s", code, page)
	}
	if out := p.ok("account", "list"); !strings.Contains(out, "corp+ann") || !strings.Contains(out, "provider corp") {
		t.Error(out)
	}
	if out := p.ok("audit"); !strings.Contains(out, "signed in") || !strings.Contains(out, "corp+ann") {
		t.Error(out)
	}
	p.fails([]string{"signs in through corp"}, "account", "recover", "corp+ann")
	p.ok("account", "sign-out", "corp+ann")
	if code, _ = read(client.Get(at.Serving + "audit")); code != http.StatusUnauthorized {
		t.Errorf("who was signed out reads: %d", code)
	}
	p.ok("ledger", "verify")
	s.stop(t)
	if log := s.errs.String(); !strings.Contains(log, "nobody can sign in through the provider") || strings.Contains(log, providertest.Secret) {
		t.Errorf("the log: %s", log)
	}
	if b, err := os.ReadFile(p.path("data/people/corp+ann.json")); err != nil || strings.Contains(string(b), "4711") {
		t.Errorf("%s %v", b, err)
	}
}
