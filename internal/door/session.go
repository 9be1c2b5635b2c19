package door

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/token"
)

// Bounds of what a browser may do that a token was shown in.
const (
	// SessionIdle ends one from which nothing is asked for so long, and SessionLongest
	// one that is older, whatever is asked.
	SessionIdle    = time.Hour
	SessionLongest = 12 * time.Hour
	// mostSessions is how many are kept; of more, the one that was used longest ago ends.
	mostSessions = 256
	// tries is how many wrong tokens are looked at in a row, and tryEvery how long it
	// takes until one more is.
	tries    = 10
	tryEvery = 6 * time.Second
)

// ErrHurried is the cause of refusing to look at a token because too many were wrong.
var ErrHurried = errors.New("too many wrong tokens")

// Session is what a browser may do after a token was shown in it.
type Session struct {
	// Token is the one that was shown; the session ends when it does.
	Token token.Token
	// Begun is when it was shown, and Ends when the session ends at the latest.
	Begun, Ends time.Time
	// Key tells sessions apart within the server. It opens nothing.
	Key string
}

// sessions are those of one door.
type sessions struct {
	mu   sync.Mutex
	open map[digest]*seat
	// wrong is how many wrong tokens count, as of when.
	wrong int
	as    time.Time
}

// seat is a session with when it was used last.
type seat struct {
	Session
	used time.Time
}

// SignIn begins a session for a browser that shows the secret of a token, under a new
// name that only its cookie has; the session that the browser had before ends. A secret
// of no token is fault.Refused, and so is any, with ErrHurried as cause, while too many
// were wrong.
func (d *Door) SignIn(w http.ResponseWriter, r *http.Request, shown string) (Session, error) {
	if d.Tokens == nil {
		return Session{}, fault.New(fault.Refused, "this server knows no tokens").Next("ask whoever runs the server")
	}
	now := d.Now()
	if wait := d.seats.hurried(now); wait > 0 {
		return Session{}, fault.New(fault.Refused, "too many wrong tokens were shown").Because(ErrHurried).Next("wait %s and try again", wait.Round(time.Second))
	}
	t, err := d.Tokens.Verify(strings.TrimSpace(shown), now)
	if err != nil {
		if fault.KindOf(err) == fault.Refused {
			d.seats.missed(now)
		}
		return Session{}, err
	}
	d.SignOut(w, r)
	name, sum := secret()
	s := &seat{Session: Session{Token: t, Begun: now, Ends: now.Add(SessionLongest), Key: hex.EncodeToString(sum[:8])}, used: now}
	d.seats.add(sum, s, now)
	http.SetCookie(w, sessionCookie(r, name, 0))
	return s.Session, nil
}

// SignOut ends the session of a browser and takes its cookie back.
func (d *Door) SignOut(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie(sessionName(r))
	if err != nil {
		return
	}
	d.seats.end(sha256.Sum256([]byte(c.Value)))
	http.SetCookie(w, sessionCookie(r, "", -1))
}

// Session returns the session of the browser that makes a request, while it lasts and
// its token does.
func (d *Door) Session(r *http.Request) (Session, bool) {
	c, err := r.Cookie(sessionName(r))
	if err != nil || d.Tokens == nil {
		return Session{}, false
	}
	sum, now := sha256.Sum256([]byte(c.Value)), d.Now()
	s, ok := d.seats.use(sum, now)
	if !ok {
		return Session{}, false
	}
	if s.Token, err = d.Tokens.Current(s.Token, now); err != nil {
		d.seats.end(sum)
		return Session{}, false
	}
	return s, true
}

// seated returns who makes a request, with what the session of the browser adds.
func (d *Door) seated(who identity.Who, r *http.Request) identity.Who {
	if s, ok := d.Session(r); ok {
		who.Name, who.Scopes = s.Token.Name, s.Token.Scopes
	}
	return who
}

// sessionName is the name of the cookie of a session; see cookieName.
func sessionName(r *http.Request) string { return cookieName(r) + "_session" }

// sessionCookie makes the cookie of a session. It goes over encrypted connections alone
// where the browser came over one: a proxy in front ends that, and says so.
func sessionCookie(r *http.Request, value string, age int) *http.Cookie {
	secure := encrypted(r) || strings.HasPrefix(r.Header.Get("Origin"), "https://")
	return &http.Cookie{Name: sessionName(r), Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure}
}

// hurried returns how long no token is looked at.
func (s *sessions) hurried(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	if s.wrong < tries {
		return 0
	}
	return max(time.Second, tryEvery-now.Sub(s.as))
}

// forget takes off what enough time has passed since.
func (s *sessions) forget(now time.Time) {
	past := int(now.Sub(s.as) / tryEvery)
	if past < 0 || past >= s.wrong {
		s.wrong, s.as = 0, now
		return
	}
	s.wrong, s.as = s.wrong-past, s.as.Add(time.Duration(past)*tryEvery)
}

func (s *sessions) missed(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	s.wrong++
}

// add keeps a session, and ends what is over.
func (s *sessions) add(sum digest, of *seat, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[digest]*seat{}
	}
	var oldest digest
	for k, o := range s.open {
		if o.over(now) {
			delete(s.open, k)
		} else if first := s.open[oldest]; first == nil || o.used.Before(first.used) {
			oldest = k
		}
	}
	if len(s.open) >= mostSessions {
		delete(s.open, oldest)
	}
	s.open[sum] = of
}

// over reports whether a session has ended by itself. A clock that was put back ends none.
func (s *seat) over(now time.Time) bool {
	return now.Sub(s.used) >= SessionIdle || !now.Before(s.Ends)
}

// use returns a session that lasts, and notes that it was used.
func (s *sessions) use(sum digest, now time.Time) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.open[sum]
	if of == nil {
		return Session{}, false
	}
	if of.over(now) {
		delete(s.open, sum)
		return Session{}, false
	}
	of.used = now
	return of.Session, true
}

func (s *sessions) end(sum digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sum)
}
