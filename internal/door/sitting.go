package door

import (
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// What a sitting holds.
const (
	keyAccount = "account"
	keyFrom    = "from"
	keyBrowser = "browser"
	keyBegun   = "begun"
	keyUsed    = "used"
)

// secretSize is how long the secret of a sitting is, in bytes: 256 random bits in Base64.
const secretSize = 43

// The most that are kept: of more, of one account or of all, the one that was used longest
// ago ends.
const (
	mostOfOne = 16
	mostOfAll = 4096
)

// newSittings returns what keeps sittings, in memory: the end of the server ends them all,
// whoever has a copy of the data folder finds none in it, and to read a page writes nothing.
func newSittings(in *seating) *scs.SessionManager {
	// scs.New would begin a store of its own, and a goroutine that cleans it up for good.
	return &scs.SessionManager{Store: in, Codec: plain{}, IdleTimeout: SittingIdle, Lifetime: SittingLongest, HashTokenInStore: true}
}

// seating is the store of sittings, by the digests of their secrets. It implements
// scs.Store.
type seating struct {
	mu   sync.Mutex
	open map[string]*place
}

// place is a sitting as it is kept.
type place struct {
	data    []byte
	sitting Sitting
	expires time.Time
}

// Find returns what was committed under a token, unless it has ended.
func (s *seating) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.open[token]
	if p == nil {
		return nil, false, nil
	}
	if !time.Now().Before(p.expires) {
		delete(s.open, token)
		return nil, false, nil
	}
	return p.data, true, nil
}

// look returns the sitting under a token, unless it has ended.
func (s *seating) look(token string) (Sitting, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.open[token]
	if p == nil || !time.Now().Before(p.expires) {
		return Sitting{}, false
	}
	return p.sitting, true
}

// Commit keeps data under a token.
func (s *seating) Commit(token string, b []byte, expires time.Time) error {
	ends, values, err := plain{}.Decode(b)
	if err != nil {
		return err
	}
	text := func(key string) string { t, _ := values[key].(string); return t }
	moment := func(key string) time.Time { t, _ := values[key].(time.Time); return t }
	of := Sitting{Begun: moment(keyBegun), Used: moment(keyUsed), Ends: ends, From: text(keyFrom), Browser: text(keyBrowser), Key: token}
	of.Account.Name = text(keyAccount)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[token] == nil {
		s.makeRoom(of.Account.Name)
	}
	s.open[token] = &place{data: b, sitting: of, expires: expires}
	return nil
}

// makeRoom drops what has ended, and of too many those that were used longest ago.
func (s *seating) makeRoom(account string) {
	var all, own int
	var oldest, oldestOwn string
	older := func(than, key string) bool {
		return than == "" || s.open[key].sitting.Used.Before(s.open[than].sitting.Used)
	}
	for key, p := range s.open {
		if !time.Now().Before(p.expires) {
			delete(s.open, key)
			continue
		}
		if all++; older(oldest, key) {
			oldest = key
		}
		if p.sitting.Account.Name != account {
			continue
		}
		if own++; older(oldestOwn, key) {
			oldestOwn = key
		}
	}
	switch {
	case own >= mostOfOne:
		delete(s.open, oldestOwn)
	case all >= mostOfAll:
		delete(s.open, oldest)
	}
}

// Delete forgets a token.
func (s *seating) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, token)
	return nil
}

// list returns the sittings of one account, or of all where none is named.
func (s *seating) list(account string) []Sitting {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Sitting
	for _, p := range s.open {
		if time.Now().Before(p.expires) && (account == "" || p.sitting.Account.Name == account) {
			list = append(list, p.sitting)
		}
	}
	return list
}

// end forgets those of which is is true.
func (s *seating) end(is func(Sitting) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for key, p := range s.open {
		if is(p.sitting) {
			delete(s.open, key)
			n++
		}
	}
	return n
}

// plain writes sittings plainly: each request reads one.
type plain struct{}

// Encode writes a sitting.
func (plain) Encode(ends time.Time, values map[string]any) ([]byte, error) {
	b := binary.AppendVarint(nil, ends.UnixNano())
	for _, key := range []string{keyBegun, keyUsed} {
		t, _ := values[key].(time.Time)
		b = binary.AppendVarint(b, t.UnixNano())
	}
	for _, key := range []string{keyAccount, keyFrom, keyBrowser} {
		t, _ := values[key].(string)
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	return b, nil
}

// Decode reads what Encode wrote.
func (plain) Decode(b []byte) (ends time.Time, values map[string]any, err error) {
	values = make(map[string]any, 5)
	whole := true
	moment := func() time.Time {
		n, size := binary.Varint(b)
		if whole = whole && size > 0; !whole {
			return time.Time{}
		}
		b = b[size:]
		return time.Unix(0, n).UTC()
	}
	ends = moment()
	for _, key := range []string{keyBegun, keyUsed} {
		values[key] = moment()
	}
	for _, key := range []string{keyAccount, keyFrom, keyBrowser} {
		n, size := binary.Uvarint(b)
		if whole = whole && size > 0 && n <= uint64(len(b)-size); !whole {
			return ends, nil, errors.New("a sitting is damaged")
		}
		values[key] = string(b[size : size+int(n)])
		b = b[size+int(n):]
	}
	return ends, values, nil
}

// encrypted reports whether a browser came over an encrypted connection: to this server, or
// to a proxy in front that says so.
func encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// sittingName is the name of the cookie of a sitting; see cookieName.
func sittingName(r *http.Request) string { return cookieName(r) + "_account" }

// sittingCookie makes the cookie of a sitting, which ends with the browser. A link from
// elsewhere leads to a page with it, and a form of elsewhere sends it nowhere.
func sittingCookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: sittingName(r), Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: encrypted(r)}
}
