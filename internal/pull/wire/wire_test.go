package wire

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/pull/question"
)

const secret = `s3cr"et<&>+/ value`

// answers is a transport that answers everything with the same, and fails where something
// is asked of another host than the source's or the tokens'.
type answers struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
	token  []byte // what a token is answered with
	asked  int
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	a.asked++
	body, status := a.body, a.status
	switch req.URL.Host {
	case "source.example":
	case "tokens.example":
		body, status = a.token, http.StatusOK
	default:
		a.t.Errorf("%s was asked", req.URL)
	}
	return &http.Response{StatusCode: status, Header: a.header, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
}

// client is one whose answers come from a, and whose waits are counted and not waited.
func client(t testing.TB, kind string, a *answers, waited *time.Duration) *Client {
	t.Helper()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c, err := New(Config{Name: "corp", Addresses: map[string]string{"": "https://source.example/base"}, Timeout: time.Minute, Most: 1 << 12,
		Auth: Auth{Kind: kind, User: "me", Header: "X-Key", Secret: secret, Tokens: "https://tokens.example/t", Scopes: map[string]string{"": "read"}},
		Now:  func() time.Time { return now },
		Wait: func(_ context.Context, d time.Duration) error { *waited += d; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	c.http = &http.Client{Transport: a, CheckRedirect: redirect}
	return c
}

func TestASecretThatIsSaidBackIsCoveredHoweverItIsWritten(t *testing.T) {
	for name, said := range map[string]string{
		"as it is": secret, "in an address": url.QueryEscape(secret), "in a path": url.PathEscape(secret), "in JSON": `{"key":"s3cr\"et\u003c\u0026\u003e+/ value"}`, "on a page": "s3cr&#34;et&lt;&amp;&gt;+/ value",
	} {
		for pad := range 310 { // where the text is cut, too
			var waited time.Duration
			c := client(t, question.Header, &answers{t: t, status: http.StatusForbidden, body: []byte(strings.Repeat("x", pad) + said)}, &waited)
			_, err := c.Do(t.Context(), &question.Ask{Method: "GET", Path: "/x"})
			if err == nil || strings.Contains(err.Error(), "s3c") {
				t.Fatalf("%s after %d: %v", name, pad, err)
			}
		}
	}
}

// FuzzClient hands whatever a source may answer to a client: it asks nobody else, waits no
// longer than it may, reads no more than it may and says no secret.
func FuzzClient(f *testing.F) {
	f.Add(200, "", "", "", []byte(`{}`), []byte(`{"access_token":"tok-123456","expires_in":3600}`), uint8(0))
	f.Add(429, "3", "", "", []byte(secret), []byte(`{"access_token":"tok-123456","expires_in":-1}`), uint8(1))
	f.Add(503, "Mon, 23 Nov 2026 12:00:30 GMT", "", "", []byte("busy"), []byte(`{}`), uint8(2))
	f.Add(302, "", "https://other.example/", "", []byte(""), []byte(`[]`), uint8(3))
	f.Add(307, "", "/again", `<https://source.example/?p=2>; rel="next"`, []byte(url.QueryEscape(secret)), []byte(``), uint8(4))
	f.Add(401, "99999999999", "", "", []byte("tok-123456"), []byte(`{"access_token":"tok-123456","expires_in":99999999999}`), uint8(4))
	f.Add(500, "-1", "//other.example", "", bytes.Repeat([]byte("x"), 5000), []byte(`{"access_token":1}`), uint8(1))
	kinds := question.Auths()
	f.Fuzz(func(t *testing.T, status int, later, location, link string, body, token []byte, kind uint8) {
		if status < 200 || status > 599 {
			return
		}
		a := &answers{t: t, status: status, header: http.Header{"Retry-After": {later}, "Location": {location}, "Link": {link}}, body: body, token: token}
		var waited time.Duration
		c := client(t, kinds[int(kind)%len(kinds)], a, &waited)
		got, err := c.Do(t.Context(), &question.Ask{Method: "GET", Path: "/x?y=1"})
		if waited > (tries-1)*patience || a.asked > 100 {
			t.Errorf("waited %s for %d answers", waited, a.asked)
		}
		if int64(len(got.Body)) > c.Most || err == nil && (status < 200 || status > 299) {
			t.Errorf("%d bytes of %d, %v", len(got.Body), status, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Error(err)
		}
	})
}

// FuzzAddress hands whatever an answer may name as a link to what says where it leads.
func FuzzAddress(f *testing.F) {
	for _, link := range []string{"/x", "x?y#z", "//other.example/", "https://other.example/x", "https://source.example/base/x?y=1", "https://me:pw@source.example/", "http://source.example/", "https://source.example:443/", "\\\\other.example", "/%2e%2e/x%zz", "?page=2", "mailto:x", "https:other.example", "/x\r\nHost: y"} {
		f.Add(link, true)
		f.Add(link, false)
	}
	c := client(f, question.Bearer, nil, new(time.Duration))
	f.Fuzz(func(t *testing.T, link string, linked bool) {
		at, err := c.address(&question.Ask{Path: link, Linked: linked, Query: url.Values{"q": {"1"}}})
		if err != nil {
			return
		}
		req, err := http.NewRequest("GET", at.String(), nil)
		if err != nil {
			return // which is a fault of its own when it is sent
		}
		if req.URL.Scheme != "https" || req.URL.Host != "source.example" || req.URL.User != nil || req.Host != "source.example" {
			t.Errorf("%q leads to %s", link, req.URL)
		}
	})
}

// FuzzAfter hands whatever a source says of when to ask again to what reads it.
func FuzzAfter(f *testing.F) {
	for _, text := range []string{"", "3", " 120 ", "-1", "99999999999999999999", "Mon, 23 Nov 2026 12:00:30 GMT", "Sun, 01 Jan 1600 00:00:00 GMT", "1e3", "soon"} {
		f.Add(text)
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if d := after(text, now); d < 0 {
			t.Errorf("%q: %s", text, d)
		}
	})
}
