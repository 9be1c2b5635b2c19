package door

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"candor/internal/fault"
	"candor/internal/people"
)

// Provider is where people sign in that is not this server.
type Provider interface {
	// Title is what people call it, and Home where this server is for those whom it sends
	// back.
	Title() string
	Home() string
	// Lasts is how long a sitting of a person from there lasts at most.
	Lasts() time.Duration
	// Farewell is where a person signs out there; empty where it does not say.
	Farewell() string
	// Ask returns the address to send a browser to: what comes back carries state, and what
	// it says nonce. Only who has verifier can have it said.
	Ask(ctx context.Context, state, nonce, verifier string) (string, error)
	// Answer returns the account of whom the provider sends back with an answer. One that
	// does not hold is fault.Refused, with a *people.Turned as cause.
	Answer(ctx context.Context, nonce, verifier string, answer url.Values) (people.Account, error)
}

// The bounds of signing in elsewhere.
const (
	// FlowLasts is how long a person may take to sign in there.
	FlowLasts = 10 * time.Minute
	// mostFlows is how many are under way at most: of more, the one that was begun first ends.
	mostFlows = 4096
)

// flow is one sign-in that was begun and has not come back. It comes back once.
type flow struct {
	browser         digest
	nonce, verifier string
	to              string
	ends            time.Time
}

// flows are those under way, by the digest of their state.
type flows struct {
	mu   sync.Mutex
	open map[digest]flow
}

// begin notes one, as of now.
func (s *flows) begin(state string, f flow, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[digest]flow{}
	}
	var first digest
	for key, o := range s.open {
		if !now.Before(o.ends) {
			delete(s.open, key)
		} else if first == (digest{}) || o.ends.Before(s.open[first].ends) {
			first = key
		}
	}
	if len(s.open) >= mostFlows {
		delete(s.open, first)
	}
	s.open[sha256.Sum256([]byte(state))] = f
}

// take ends the one with a state and returns it, if it is under way in that browser.
func (s *flows) take(state, browser string, now time.Time) (flow, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := digest(sha256.Sum256([]byte(state)))
	f, ok := s.open[key]
	delete(s.open, key)
	return f, ok && now.Before(f.ends) && same(browser, f.browser)
}

// of reports whether one is under way in a browser.
func (s *flows) of(browser string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.open {
		if now.Before(f.ends) && same(browser, f.browser) {
			return true
		}
	}
	return false
}

// flowName is the name of the cookie of a browser in which somebody signs in elsewhere; see
// cookieName. It opens nothing, and tells that it is the same browser which comes back.
func flowName(r *http.Request) string { return cookieName(r) + "_flow" }

// SignInElsewhere begins a sign-in at the provider, for a browser that is led to a path of
// this server afterwards, and returns the address where it goes on.
func (d *Door) SignInElsewhere(w http.ResponseWriter, r *http.Request, to string) (string, error) {
	if d.Provider == nil || d.Accounts == nil {
		return "", noProvider()
	}
	now := d.Now()
	if wait := d.tried.take(now, elsewhereKeys(r)); wait > 0 {
		return "", fault.New(fault.Refused, "too many sign-ins were begun and not ended").Because(ErrHurried).Next("wait %s and try again", wait.Round(time.Second))
	}
	state, _ := secret()
	nonce, _ := secret()
	verifier, _ := secret()
	address, err := d.Provider.Ask(r.Context(), state, nonce, verifier)
	if err != nil {
		return "", err
	}
	browser := ""
	if c, err := r.Cookie(flowName(r)); err == nil && d.flows.of(c.Value, now) {
		browser = c.Value // in another of its tabs
	} else {
		browser, _ = secret()
	}
	d.flows.begin(state, flow{sha256.Sum256([]byte(browser)), nonce, verifier, to, now.Add(FlowLasts)}, now)
	http.SetCookie(w, flowCookie(r, browser, int(FlowLasts/time.Second)))
	return address, nil
}

func flowCookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: flowName(r), Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: encrypted(r)}
}

func elsewhereKeys(r *http.Request) [][2]string { return [][2]string{{"elsewhere", from(r)}} }

func noProvider() error {
	return fault.New(fault.NotFound, "people sign in here with an account of this server alone").Next("whoever runs the server can name a provider: doc/people.md")
}

// FromElsewhere begins a sitting for a browser that the provider sent back, and returns where
// it is led to. What it comes back with counts once, in the browser in which it was begun.
func (d *Door) FromElsewhere(w http.ResponseWriter, r *http.Request) (to string, err error) {
	if d.Provider == nil || d.Accounts == nil {
		return "", noProvider()
	}
	answer, browser := r.URL.Query(), ""
	if c, err := r.Cookie(flowName(r)); err == nil {
		browser = c.Value
	}
	f, ok := d.flows.take(answer.Get("state"), browser, d.Now())
	if !ok || len(answer["state"]) != 1 {
		return "", d.turnedAway(r, fault.New(fault.Refused, "this is the answer to no sign-in that was begun in this browser, or it was used already, or came too late").
			Because(&people.Turned{What: people.NotBegun}).Next("sign in again"))
	}
	if !d.flows.of(browser, d.Now()) {
		http.SetCookie(w, flowCookie(r, "", -1))
	}
	a, err := d.Provider.Answer(r.Context(), f.nonce, f.verifier, answer)
	if err != nil {
		return "", d.turnedAway(r, err)
	}
	d.tried.give(d.Now(), elsewhereKeys(r))
	return f.to, d.sit(w, r, a)
}

// turnedAway notes that somebody was turned away whom the provider sent. Who may do nothing any
// more has no sitting left.
func (d *Door) turnedAway(r *http.Request, err error) error {
	var t *people.Turned
	if !errors.As(err, &t) {
		return err
	}
	d.note(people.Visit{What: t.What, Account: t.Account, From: from(r)})
	if t.Account != "" && t.What != people.NameTaken {
		d.EndSittings(func(s Sitting) bool { return s.Account.Name == t.Account })
	}
	return err
}
