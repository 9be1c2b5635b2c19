package door

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
)

// Accounts tells whose a name and a password are.
type Accounts interface {
	// Any reports whether there are accounts: people sign in as soon as there are.
	Any() bool
	// Get returns an account as it is now.
	Get(name string) (people.Account, error)
	// Check returns the account of a name and a password; every other pair is fault.Refused.
	Check(ctx context.Context, name, password string) (people.Account, error)
}

// Bounds of a sitting, which is what a browser has after somebody signed in.
const (
	// SittingIdle ends one from which nothing is asked for so long, to a minute, and
	// SittingLongest one that is older, whatever is asked.
	SittingIdle    = time.Hour
	SittingLongest = 12 * time.Hour
	// mostWaiting is how many passwords wait to be looked at.
	mostWaiting = 16
)

// Sitting is what a browser has after somebody signed in with an account.
type Sitting struct {
	// Account is as it is now.
	Account people.Account
	// Begun is when the person signed in, Used when something was last asked for, to a
	// minute, and Ends when it ends at the latest.
	Begun, Used, Ends time.Time
	// From is the address that they signed in from, and Browser what the browser calls
	// itself.
	From, Browser string
	// Key tells sittings apart within the server. It opens nothing.
	Key string
}

// SignsIn reports whether people sign in here: there is an account, or the server was told so.
func (d *Door) SignsIn() bool {
	return d.Rules.SignIn || d.Provider != nil || d.Accounts != nil && d.Accounts.Any()
}

// InForce returns the rules that are in force now.
func (d *Door) InForce() identity.Rules {
	rules := d.Rules
	rules.SignIn = d.SignsIn()
	return rules
}

// SignInAs begins a sitting for a browser in which somebody shows the name and the password
// of an account, under a new name that only its cookie has; the one that the browser had
// ends. Every other pair is fault.Refused, and so is any, with ErrHurried as cause, while
// too many were wrong for the name, or from the address.
func (d *Door) SignInAs(w http.ResponseWriter, r *http.Request, name, password string) (people.Account, error) {
	if d.Accounts == nil {
		return people.Account{}, fault.New(fault.Refused, "this server knows no accounts").Next("ask whoever runs the server")
	}
	name, from := strings.ToLower(strings.TrimSpace(name)), from(r)
	now := d.Now()
	keys := [][2]string{{"name", name}, {"address", from}}
	if wait := d.tried.take(now, keys); wait > 0 {
		d.note(people.Visit{What: people.Hurried, Account: d.known(name), From: from})
		return people.Account{}, fault.New(fault.Refused, "too many wrong passwords were shown").Because(ErrHurried).Next("wait %s and try again", wait.Round(time.Second))
	}
	if d.waiting.Add(1) > mostWaiting {
		d.waiting.Add(-1)
		d.tried.give(now, keys)
		return people.Account{}, fault.New(fault.Refused, "too many people sign in at once").Because(ErrHurried).Next("wait a few seconds and try again")
	}
	a, err := d.Accounts.Check(r.Context(), name, password)
	d.waiting.Add(-1)
	if err != nil {
		if fault.KindOf(err) == fault.Refused {
			d.note(people.Visit{What: people.WrongPassword, Account: d.known(name), From: from})
		}
		return people.Account{}, err
	}
	d.tried.give(now, keys)
	return a, d.sit(w, r, a)
}

// Confirm looks at the password of whoever has signed in already, under the same bounds.
func (d *Door) Confirm(r *http.Request, name, password string) error {
	now, from := d.Now(), from(r)
	keys := [][2]string{{"name", name}, {"address", from}}
	if wait := d.tried.take(now, keys); wait > 0 {
		return fault.New(fault.Refused, "too many wrong passwords were shown").Because(ErrHurried).Next("wait %s and try again", wait.Round(time.Second))
	}
	if _, err := d.Accounts.Check(r.Context(), name, password); err != nil {
		d.note(people.Visit{What: people.WrongPassword, Account: name, From: from})
		return fault.New(fault.Refused, "the current password is wrong").Next("type the one that you signed in with")
	}
	d.tried.give(now, keys)
	return nil
}

// known returns a name if an account has it: what else is typed there may be a password.
func (d *Door) known(name string) string {
	if _, err := d.Accounts.Get(name); err != nil {
		return ""
	}
	return name
}

// sit begins a sitting of an account.
func (d *Door) sit(w http.ResponseWriter, r *http.Request, a people.Account) error {
	d.leave(r)
	ctx, err := d.sittings.Load(r.Context(), "")
	if err != nil {
		return err
	}
	browser := r.UserAgent()
	for k, v := range map[string]string{keyAccount: a.Name, keyFrom: from(r), keyBrowser: strings.ToValidUTF8(browser[:min(len(browser), 200)], "")} {
		d.sittings.Put(ctx, k, v)
	}
	now := time.Now()
	d.sittings.Put(ctx, keyBegun, now)
	d.sittings.Put(ctx, keyUsed, now)
	if err := d.sittings.RenewToken(ctx); err != nil {
		return err
	}
	if a.Provider != "" && d.Provider != nil {
		d.sittings.SetDeadline(ctx, now.Add(min(d.Provider.Lasts(), SittingLongest)))
	}
	secret, _, err := d.sittings.Commit(ctx)
	if err != nil {
		return err
	}
	http.SetCookie(w, sittingCookie(r, secret, 0))
	d.note(people.Visit{What: people.SignedIn, Account: a.Name, From: from(r)})
	return nil
}

// Again gives the browser that makes a request another sitting of its account in place of
// the one that it has, for whoever has chosen another password.
func (d *Door) Again(w http.ResponseWriter, r *http.Request, a people.Account) error {
	return d.sit(w, r, a)
}

// Sitting returns what a browser has that makes a request, while it lasts and its account
// is active. Each request asks, so that it is looked up without being unpacked.
func (d *Door) Sitting(r *http.Request) (Sitting, bool) {
	if d.Accounts == nil {
		return Sitting{}, false
	}
	c, err := r.Cookie(sittingName(r))
	if err != nil || len(c.Value) != secretSize {
		return Sitting{}, false
	}
	s, lasts := d.seating.look(keyOf(c.Value))
	if !lasts {
		return Sitting{}, false
	}
	a, err := d.Accounts.Get(s.Account.Name)
	if err != nil || a.State != people.Active || s.Begun.Before(a.Since) {
		_ = d.seating.Delete(s.Key)
		return Sitting{}, false
	}
	s.Account = a
	if now := time.Now(); now.Sub(s.Used) >= time.Minute {
		d.used(r.Context(), c.Value, now)
	}
	return s, true
}

// used notes that a sitting was used, which puts off when it ends for want of it.
func (d *Door) used(ctx context.Context, secret string, now time.Time) {
	ctx, err := d.sittings.Load(ctx, secret)
	if err != nil || d.sittings.Token(ctx) == "" {
		return
	}
	d.sittings.Put(ctx, keyUsed, now)
	_, _, _ = d.sittings.Commit(ctx) // in memory: it cannot fail
}

// keyOf returns the key of a sitting, by the secret that its cookie has, as the store has it.
func keyOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Sittings lists those that last, of one account, or of all where none is named, the one that
// was used last first.
func (d *Door) Sittings(account string) []Sitting {
	var list []Sitting
	if d.Accounts == nil {
		return nil
	}
	for _, s := range d.seating.list(account) {
		a, err := d.Accounts.Get(s.Account.Name)
		if err == nil && a.State == people.Active && !s.Begun.Before(a.Since) {
			s.Account = a
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Sitting) int { return b.Used.Compare(a.Used) })
	return list
}

// Leave ends the sitting of a browser and takes its cookie back.
func (d *Door) Leave(w http.ResponseWriter, r *http.Request) {
	s, sat := d.Sitting(r)
	d.leave(r)
	http.SetCookie(w, sittingCookie(r, "", -1))
	if sat {
		d.note(people.Visit{What: people.SignedOut, Account: s.Account.Name, From: from(r)})
	}
}

// LeaveEverywhere ends every sitting of an account, and takes the cookie of this browser
// back.
func (d *Door) LeaveEverywhere(w http.ResponseWriter, r *http.Request, account string) {
	d.EndSittings(func(s Sitting) bool { return s.Account.Name == account })
	http.SetCookie(w, sittingCookie(r, "", -1))
	d.note(people.Visit{What: people.EverywhereOut, Account: account, From: from(r)})
}

func (d *Door) leave(r *http.Request) {
	c, err := r.Cookie(sittingName(r))
	if err != nil || len(c.Value) != secretSize {
		return
	}
	if ctx, err := d.sittings.Load(r.Context(), c.Value); err == nil && d.sittings.Token(ctx) != "" {
		_ = d.sittings.Destroy(ctx)
	}
}

// EndSittings ends those of which is is true, and returns how many there were.
func (d *Door) EndSittings(is func(Sitting) bool) int { return d.seating.end(is) }

// who adds what a sitting lets someone do: everything that the role may on pages, and to
// read elsewhere. A one-time password lets nobody do anything before another was chosen.
func (s Sitting) who(w identity.Who, pages bool) identity.Who {
	w.Name, w.Role, w.Scopes = s.Account.Name, s.Account.Role, nil
	switch all := s.Account.Role.Scopes(); {
	case s.Account.OneTime != nil:
	case pages:
		w.Scopes = all
	default:
		w.Scopes = slices.DeleteFunc(all, func(scope string) bool { return scope != string(identity.Read) })
	}
	return w
}

// from names the address that a request comes from, as tries are counted: of the sixth
// version the network that one subscriber has.
func from(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip, errIP := netip.ParseAddr(host)
	switch {
	case err != nil || errIP != nil:
		return "socket"
	case ip.Unmap().Is4():
		return ip.Unmap().String()
	}
	net, _ := ip.WithZone("").Prefix(64)
	return net.String()
}

// note tells of who came in, and who was refused.
func (d *Door) note(v people.Visit) {
	if d.Noted != nil && d.SignsIn() {
		d.Noted(v)
	}
}

// refusedTo notes who was refused what: someone who is known, or who showed what is wrong.
func (d *Door) refusedTo(r *http.Request, way Route, who identity.Who, err error) {
	switch {
	case errors.Is(err, identity.ErrScope) && who.Role != "":
		d.note(people.Visit{What: people.NotAllowed, Account: who.Name, From: from(r), Route: way.Pattern})
	case errors.Is(err, identity.ErrScope):
		d.note(people.Visit{What: people.TokenNotFor, Token: who.Name, From: from(r), Route: way.Pattern})
	case r.Header.Get("Authorization") != "" && fault.KindOf(err) == fault.Refused:
		d.note(people.Visit{What: people.WrongToken, From: from(r)})
	}
}
