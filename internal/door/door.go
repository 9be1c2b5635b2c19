// Package door is where requests come in over HTTP: it finds out who asks, by a
// bearer token, by the cookie of someone who signed in, of a session or of a server's link,
// or by the socket that they came through, and lets package identity say whether they may.
//
// A person shows a token once in a browser, which has a session from then on: its cookie
// opens the routes of pages, and those of programs never.
//
// A route cannot be registered without saying what it lets someone do. The package
// refuses secrets in addresses, where logs and histories keep them, but for the key
// of the link, which opens once.
package door

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"

	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
	"candor/internal/token"
)

// Tokens tells whose a secret is.
type Tokens interface {
	Verify(secret string, now time.Time) (token.Token, error)
	// Current returns a token that was verified before as it is now; what was revoked or
	// has expired meanwhile is fault.Refused.
	Current(t token.Token, now time.Time) (token.Token, error)
}

// Config is what a door is made from.
type Config struct {
	Rules identity.Rules
	// Tokens knows the tokens; nil knows none.
	Tokens Tokens
	// Accounts knows those who sign in; nil knows none.
	Accounts Accounts
	// Provider is where people sign in elsewhere; nil where they do not.
	Provider Provider
	// Noted is told of who came in and who was refused; nil is told nothing.
	Noted func(people.Visit)
	Now   func() time.Time
	// Limits bound what one asker has the server do.
	Limits Limits
	// Observe is told of every request that a route answered, by the route's pattern; nil is
	// told nothing. It is set before the first request.
	Observe func(pattern string, status int, took time.Duration)
}

// Door is the way into one server. It is safe for concurrent use.
type Door struct {
	Config
	mu     sync.Mutex
	routes []Route
	// link is the SHA-256 of the key of the link while it opens, and pass that of the
	// cookie that it gave. The zero digest is of none.
	link, pass digest
	seats      sessions
	// What browsers have in which somebody signed in.
	seating  *seating
	sittings *scs.SessionManager
	tried    counted
	flows    flows
	waiting  atomic.Int32
	queues   queues
}

type digest [sha256.Size]byte

// New returns a door.
func New(c Config) *Door {
	in := &seating{open: map[string]*place{}}
	return &Door{Config: c, seating: in, sittings: newSittings(in)}
}

// EnterPath is the route of the link that opens the pages once.
const EnterPath = "/enter"

// Link returns the path and query of a link that opens the pages once to a browser.
// A link that was made before opens no more.
func (d *Door) Link() string {
	key, sum := secret()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.link = sum
	return EnterPath + "?key=" + key
}

// secret returns 256 random bits as text, and their digest.
func secret() (string, digest) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // cannot fail: the program ends if there is no randomness
	text := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
	return text, sha256.Sum256([]byte(text))
}

// Enter gives a browser that shows the key of the link the cookie that reads from
// now on, for as long as the server runs. The link is dead then. Another key is
// fault.Refused.
func (d *Door) Enter(w http.ResponseWriter, r *http.Request) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !same(r.URL.Query().Get("key"), d.link) {
		return fault.New(fault.Refused, "this link does not open anything: it opens once, to the first browser that follows it").
			Next("start candor serve again for a new link; programs send a token with the scope read")
	}
	pass, sum := secret()
	d.link, d.pass = digest{}, sum
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: pass, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: encrypted(r)})
	return nil
}

// same reports whether a text has a digest.
func same(text string, sum digest) bool {
	has := sha256.Sum256([]byte(text))
	return sum != digest{} && subtle.ConstantTimeCompare(has[:], sum[:]) == 1
}

// cookieName is the name of the cookie: browsers send a cookie to every port of a
// host, so that the servers of one machine must not overwrite each other's. Over an encrypted
// connection no other host, and no unencrypted answer, can set one of that name.
func cookieName(r *http.Request) string {
	name := "candor"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		name += "_" + port
	}
	if encrypted(r) {
		return "__Host-" + name
	}
	return name
}

// Private reports whether a request came through a Unix socket, which its owner
// alone can open.
func Private(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && at.Network() == "unix"
}

// ask returns who makes a request, if they may do what they want. The session of a
// browser counts where the route is one of pages.
func (d *Door) ask(r *http.Request, w Route, pages bool) (identity.Who, error) {
	rules, who := d.InForce(), identity.Who{Owner: Private(r)}
	if s, ok := d.Sitting(r); ok && (pages || r.Header.Get("Authorization") == "") {
		who = s.who(who, pages)
	} else if pages && !rules.SignIn {
		who = d.seated(who, r)
	}
	err := rules.May(who, w.Do, w.Thing)
	if err == nil {
		return who, nil // whatever else they show need not be looked at
	}
	if who.Role == "" {
		if who, err = d.who(r, who); err == nil {
			err = rules.May(who, w.Do, w.Thing)
		}
	}
	if err != nil {
		d.refusedTo(r, w, who, err)
	}
	return who, err
}

// who returns who makes a request, by what they show.
func (d *Door) who(r *http.Request, anyone identity.Who) (identity.Who, error) {
	given, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if (strings.EqualFold(given, "Bearer") || strings.EqualFold(given, "Splunk")) && d.Tokens != nil { // the latter as senders to an HTTP Event Collector say it
		t, err := d.Tokens.Verify(strings.TrimSpace(shown), d.Now())
		anyone.Name, anyone.Scopes = t.Name, t.Scopes
		return anyone, err
	}
	if c, err := r.Cookie(cookieName(r)); err == nil && d.passes(c.Value) {
		anyone.Name, anyone.Scopes = cmp.Or(anyone.Name, "of this browser"), append(slices.Clone(anyone.Scopes), string(identity.Read))
	}
	return anyone, nil
}

func (d *Door) passes(shown string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return same(shown, d.pass)
}
