package door_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/token"
)

// counter is a server that bounds what one asker has it do, whose clock a test turns.
type counter struct {
	now    time.Time
	tokens *token.Folder
	*door.Router
	during func()
}

func newCounter(t *testing.T, l door.Limits) *counter {
	c := &counter{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), tokens: token.In(t.TempDir())}
	d := door.New(door.Config{Rules: identity.Rules{}, Tokens: c.tokens, Limits: l, Now: func() time.Time { return c.now }})
	c.Router = d.Router(func(w http.ResponseWriter, r *http.Request, err error) { w.WriteHeader(door.Refuse(w, r, err)) })
	c.Handle("GET /", identity.Read, "/", func(http.ResponseWriter, *http.Request) {
		if c.during != nil {
			c.during()
		}
	})
	c.Handle("POST /push", identity.Push, "feeds", func(http.ResponseWriter, *http.Request) {})
	return c
}

// ask asks from an address, and returns status and after how many seconds to ask again.
func (c *counter) ask(from string) (int, string) {
	r, w := httptest.NewRequest(http.MethodGet, "http://localhost/", nil), httptest.NewRecorder()
	r.RemoteAddr = from + ":1"
	c.ServeHTTP(w, r)
	return w.Code, w.Header().Get("Retry-After")
}

func TestWhoAsksWithoutEndStarvesNobody(t *testing.T) {
	c := newCounter(t, door.Limits{Rate: 2, Burst: 5})
	let := 0
	for range 50 {
		if status, after := c.ask("192.0.2.1"); status == http.StatusOK {
			let++
		} else if status != http.StatusTooManyRequests || after != "1" {
			t.Fatalf("%d, again after %q", status, after)
		}
	}
	if let != 5 {
		t.Errorf("%d of 50 at once were let in", let)
	}
	if status, _ := c.ask("192.0.2.2"); status != http.StatusOK {
		t.Errorf("somebody else: %d", status)
	}
	c.now = c.now.Add(time.Second)
	for i, want := range []int{200, 200, 429} {
		if status, _ := c.ask("192.0.2.1"); status != want {
			t.Errorf("a second later, %d: %d, want %d", i, status, want)
		}
	}
}

func TestWhoIsKnownIsBoundedByName(t *testing.T) {
	c := newCounter(t, door.Limits{Rate: 1, Burst: 1})
	_, secret, err := c.tokens.Create(token.Request{Name: "collector", Scopes: []string{"feeds"}}, c.now)
	if err != nil {
		t.Fatal(err)
	}
	push := func(from string) int {
		r, w := httptest.NewRequest(http.MethodPost, "http://localhost/push", nil), httptest.NewRecorder()
		r.RemoteAddr = from + ":1"
		r.Header.Set("Authorization", "Bearer "+secret)
		c.ServeHTTP(w, r)
		return w.Code
	}
	if first, second := push("192.0.2.1"), push("192.0.2.2"); first != 200 || second != 429 {
		t.Errorf("from two addresses: %d, %d", first, second)
	}
	if status, _ := c.ask("192.0.2.1"); status != 200 {
		t.Errorf("nobody in particular, from the same address: %d", status)
	}
}

func TestRequestsAtTheSameTimeAreBounded(t *testing.T) {
	c := newCounter(t, door.Limits{Together: 2})
	depth, refused := 0, 0
	c.during = func() {
		if depth++; depth < 4 {
			if status, _ := c.ask("192.0.2.1"); status == http.StatusTooManyRequests {
				refused++
			}
		}
		depth--
	}
	c.ask("192.0.2.1")
	if refused != 1 {
		t.Errorf("%d were refused of those within", refused)
	}
	c.during = nil
	if status, _ := c.ask("192.0.2.1"); status != http.StatusOK {
		t.Errorf("after they ended: %d", status)
	}
}

// TestAskersAreForgotten: many addresses hold no more memory than a bound.
func TestAskersAreForgotten(t *testing.T) {
	c := newCounter(t, door.Limits{Rate: 1, Burst: 1})
	for i := range 30_000 {
		c.now = c.now.Add(time.Millisecond)
		if status, _ := c.ask(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)); status != http.StatusOK {
			t.Fatalf("address %d: %d", i, status)
		}
	}
	if n := c.Askers(); n > 10_000 {
		t.Errorf("%d are remembered", n)
	}
}
