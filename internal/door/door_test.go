package door_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/token"
)

// hall is a door whose clock a test turns, with a route of pages and one of programs.
type hall struct {
	t      *testing.T
	now    time.Time
	tokens *token.Folder
	*door.Door
	pages, programs *door.Router
	who             identity.Who
}

func newHall(t *testing.T) *hall {
	h := &hall{t: t, now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), tokens: token.In(filepath.Join(t.TempDir(), "tokens"))}
	h.Door = door.New(door.Config{Tokens: h.tokens, Now: func() time.Time { return h.now }})
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { w.WriteHeader(door.Refuse(w, r, err)) }
	h.pages, h.programs = h.Router(refuse).ForPeople(), h.Router(refuse)
	in := func(w http.ResponseWriter, r *http.Request) { h.who = door.Who(r.Context()) }
	h.pages.Handle("POST /gap", identity.Push, identity.Gaps, in)
	h.programs.Handle("POST /api/gap", identity.Push, identity.Gaps, in)
	return h
}

func (h *hall) token(name string, scopes ...string) string {
	h.t.Helper()
	_, secret, err := h.tokens.Create(token.Request{Name: name, Scopes: scopes}, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

// show shows a secret, and returns the cookie that came of it.
func (h *hall) show(secret string, headers ...string) (*http.Cookie, error) {
	h.t.Helper()
	r, w := httptest.NewRequest(http.MethodPost, "http://localhost:8080/session", nil), httptest.NewRecorder()
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	_, err := h.SignIn(w, r, secret)
	var last *http.Cookie
	for _, c := range w.Result().Cookies() {
		last = c
	}
	return last, err
}

// post asks a route for something with a cookie.
func (h *hall) post(to http.Handler, path string, c *http.Cookie) int {
	r, w := httptest.NewRequest(http.MethodPost, "http://localhost:8080"+path, nil), httptest.NewRecorder()
	if c != nil {
		r.AddCookie(c)
	}
	to.ServeHTTP(w, r)
	return w.Code
}

func TestASessionDoesWhatItsTokenMay(t *testing.T) {
	h := newHall(t)
	secret := h.token("ann-0", "gaps")
	c, err := h.show(secret)
	if err != nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.MaxAge != 0 || c.Path != "/" || c.Name != "candor_8080_session" {
		t.Fatalf("%+v, %v", c, err)
	}
	if strings.Contains(secret, c.Value) || strings.Contains(c.Value, "ann-0") || len(c.Value) < 50 {
		t.Errorf("the cookie says something of the token, or can be guessed: %q", c.Value)
	}
	if got := h.post(h.pages, "/gap", c); got != http.StatusOK || h.who.Name != "ann-0" {
		t.Errorf("with the session: %d, %+v", got, h.who)
	}
	if got := h.post(h.programs, "/api/gap", c); got != http.StatusUnauthorized {
		t.Errorf("the session opens what is for programs: %d", got)
	}
	if got := h.post(h.pages, "/gap", nil); got != http.StatusUnauthorized {
		t.Errorf("without one: %d", got)
	}
	reader, err := h.show(h.token("bob", "read"))
	if got := h.post(h.pages, "/gap", reader); err != nil || got != http.StatusForbidden {
		t.Errorf("who may only read: %d, %v", got, err)
	}
}

func TestSessionsEnd(t *testing.T) {
	for name, end := range map[string]func(h *hall, c *http.Cookie){
		"idle":   func(h *hall, _ *http.Cookie) { h.now = h.now.Add(door.SessionIdle) },
		"revoke": func(h *hall, _ *http.Cookie) { _, _, _ = h.tokens.Revoke("ann", "", h.now) },
		"age": func(h *hall, c *http.Cookie) {
			for range int(door.SessionLongest / (door.SessionIdle / 2)) {
				if h.now = h.now.Add(door.SessionIdle / 2); h.now.Before(time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)) {
					if got := h.post(h.pages, "/gap", c); got != http.StatusOK {
						h.t.Fatalf("it ended at %v: %d", h.now, got)
					}
				}
			}
		},
		"out": func(h *hall, c *http.Cookie) {
			r, w := httptest.NewRequest(http.MethodPost, "http://localhost:8080/session/end", nil), httptest.NewRecorder()
			r.AddCookie(c)
			h.SignOut(w, r)
			if got := w.Result().Cookies(); len(got) != 1 || got[0].MaxAge >= 0 {
				h.t.Errorf("the cookie stays: %+v", got)
			}
		},
		"again": func(h *hall, c *http.Cookie) { // the session that the browser had ends with a new one
			if _, err := h.show(h.token("eve", "read"), "Cookie", c.Name+"="+c.Value); err != nil {
				h.t.Error(err)
			}
		},
	} {
		h := newHall(t)
		c, err := h.show(h.token("ann", "gaps"))
		if err != nil || h.post(h.pages, "/gap", c) != http.StatusOK {
			t.Fatal(name, err)
		}
		end(h, c)
		if got := h.post(h.pages, "/gap", c); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestNoSessionIsBegunUnderANameThatSomebodyChose(t *testing.T) {
	h := newHall(t)
	chosen := &http.Cookie{Name: "candor_8080_session", Value: strings.Repeat("a", 52)}
	c, err := h.show(h.token("ann", "gaps"), "Cookie", chosen.Name+"="+chosen.Value)
	if err != nil || c.Value == chosen.Value {
		t.Fatalf("%v, %v", c, err)
	}
	if got := h.post(h.pages, "/gap", chosen); got != http.StatusUnauthorized {
		t.Errorf("the chosen name opens: %d", got)
	}
}

func TestWrongTokensAreLookedAtSlowly(t *testing.T) {
	h := newHall(t)
	good := h.token("ann", "gaps")
	wrong := strings.TrimRight(good, "abcdefghijklmnopqrstuvwxyz234567") + strings.Repeat("a", 52)
	looked := 0
	for ; looked < 50; looked++ {
		c, err := h.show(wrong)
		if errors.Is(err, door.ErrHurried) {
			break
		}
		if fault.KindOf(err) != fault.Refused || c != nil {
			t.Fatalf("a wrong token: %v, %v", c, err)
		}
	}
	if looked != 10 {
		t.Errorf("%d wrong ones were looked at", looked)
	}
	if _, err := h.show(good); !errors.Is(err, door.ErrHurried) {
		t.Errorf("a right one is looked at among them: %v", err)
	}
	h.now = h.now.Add(6 * time.Second)
	if _, err := h.show(good); err != nil {
		t.Errorf("a right one later: %v", err)
	}
}

func TestACookieOfAnEncryptedConnectionStaysOnThose(t *testing.T) {
	h := newHall(t)
	c, err := h.show(h.token("ann", "gaps"), "X-Forwarded-Proto", "https")
	if err != nil || !c.Secure || c.Name != "__Host-candor_8080_session" || c.Path != "/" || c.Domain != "" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := h.show(h.token("ben", "gaps"), "Origin", "https://candor.example.org"); err != nil || !c.Secure {
		t.Errorf("behind a proxy that does not say how it was asked: %+v, %v", c, err)
	}
	for over, want := range map[string]string{"https": "__Host-candor_8080", "": "candor_8080"} {
		r, w := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+h.Link(), nil), httptest.NewRecorder()
		r.Header.Set("X-Forwarded-Proto", over)
		if err := h.Enter(w, r); err != nil {
			t.Fatal(err)
		}
		if c := w.Result().Cookies()[0]; c.Name != want || c.Secure != (over != "") || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
			t.Errorf("the link over %q: %+v", over, c)
		}
	}
}
