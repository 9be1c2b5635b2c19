package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
)

// The addresses at which people sign in and out, and see to their own account.
const (
	signInPath     = "/sign-in"
	signOutPath    = "/sign-out"
	accountPath    = "/account"
	passwordPath   = "/account/password"
	everywherePath = "/account/sign-out-everywhere"
	ownPath        = "/account/sessions"
)

// People changes accounts.
type People interface {
	List() ([]people.Account, error)
	Get(name string) (people.Account, error)
	Add(ctx context.Context, n people.New) (people.Account, string, error)
	SetRole(ctx context.Context, c people.Changing, r identity.Role) (people.Account, bool, error)
	SetState(ctx context.Context, c people.Changing, state string) (people.Account, bool, error)
	SetPassword(ctx context.Context, c people.Changing, password string) (people.Account, error)
	Recover(ctx context.Context, c people.Changing) (people.Account, string, error)
	SignOut(ctx context.Context, c people.Changing) (people.Account, error)
}

// signInView is the page on which a person signs in. It has no frame, which would tell
// what the library holds, and nothing of the password.
type signInView struct {
	Title string
	// Message says what was wrong, and Hint what to do.
	Message, Hint string
	// To is where the person goes on to; empty for the overview.
	To string
	// Kept is what was sent by a browser in which nobody had signed in, to be sent again.
	At, Form string
	Kept     []field
	// In says that somebody has signed in now.
	In bool
	// None says that there is no account to sign in with.
	None bool
	// Through is what the provider is called through which people sign in, and Farewell where
	// one who did signs out there.
	Through, Farewell string
}

// peoples registers the routes of those who sign in.
func (s *site) peoples(mux *door.Router) {
	if s.People == nil || s.Door.Accounts == nil {
		return
	}
	mux.Handle("GET "+signInPath, identity.Enter, signInPath, s.signInPage)
	mux.Handle("POST "+signInPath, identity.Enter, signInPath, s.takeSignIn)
	mux.Handle("POST "+providerPath, identity.Enter, providerPath, s.takeElsewhere)
	mux.Handle("GET "+returnPath, identity.Enter, returnPath, s.fromElsewhere)
	mux.Handle("POST "+signOutPath, identity.Enter, signOutPath, s.takeSignOut)
	mux.Handle("GET "+accountPath, identity.Enter, accountPath, s.own((*site).account))
	mux.Handle("GET "+passwordPath, identity.Enter, passwordPath, s.own((*site).account))
	mux.Handle("POST "+passwordPath, identity.Enter, passwordPath, s.own((*site).takePassword))
	mux.Handle("POST "+everywherePath, identity.Enter, everywherePath, s.own((*site).signOutEverywhere))
	mux.Handle("POST "+ownPath, identity.Enter, ownPath, s.own((*site).endOwn))
	s.governs(mux)
}

// signInPage asks who somebody is.
func (s *site) signInPage(w http.ResponseWriter, r *http.Request) {
	to := within(r.URL.Query().Get("to"))
	if _, in := s.Door.Sitting(r); in {
		http.Redirect(w, r, cmp.Or(to, accountPath), http.StatusSeeOther)
		return
	}
	s.atSignIn(w, r, http.StatusOK, signInView{To: to})
}

// takeSignIn takes a name and a password, and leads on to where the person came from.
func (s *site) takeSignIn(w http.ResponseWriter, r *http.Request) {
	f, err := formOf(w, r)
	if err != nil {
		s.shut(w, r, fault.HTTPStatus(err), err)
		return
	}
	v := signInView{To: within(f.Get("to")), At: within(f.Get("at")), Form: f.Get("form")}
	v.keep()
	a, err := s.Door.SignInAs(w, r, f.Get("name"), f.Get("password"))
	switch {
	case fault.KindOf(err) == fault.Refused:
		status := http.StatusForbidden
		if errors.Is(err, door.ErrHurried) {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", "30")
		}
		v.say(err)
		s.atSignIn(w, r, status, v)
	case err != nil:
		s.shut(w, r, fault.HTTPStatus(err), err)
	case a.OneTime != nil:
		http.Redirect(w, r, passwordPath, http.StatusSeeOther)
	case len(v.Kept) > 0:
		v.Title, v.In = "Send it now?", true
		s.atSignIn(w, r, http.StatusOK, v)
	default:
		http.Redirect(w, r, cmp.Or(v.To, "/"), http.StatusSeeOther)
	}
}

func (v *signInView) say(err error) {
	var f *fault.Error
	if errors.As(err, &f) {
		v.Message, v.Hint = sentence(f.What)+".", f.Hint
	}
}

// keep reads what was sent before, and drops what cannot be sent again.
func (v *signInView) keep() {
	old := sessionView{At: v.At, Form: v.Form}
	old.keep()
	v.At, v.Form, v.Kept = old.At, old.Form, old.Kept
}

// unsigned answers whoever may not what they asked for, where people sign in.
func (s *site) unsigned(w http.ResponseWriter, r *http.Request, err error) {
	sat, in := s.Door.Sitting(r)
	switch {
	case in && sat.Account.OneTime != nil:
		http.Redirect(w, r, passwordPath, http.StatusSeeOther)
	case in:
		v := doorView{Title: "Your role may not do this", Back: true}
		var f *fault.Error
		if errors.As(err, &f) {
			v.Message, v.Hint = sentence(f.What), sentence(f.Hint)
		}
		s.atDoor(w, r, door.Refuse(w, r, err), v)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.atSignIn(w, r, door.Refuse(w, r, err), signInView{To: r.URL.RequestURI()})
	default:
		v := signInView{Message: "Nothing was written: nobody has signed in here, or not lately.", Hint: "sign in, and what you sent is offered to be sent again"}
		if typed, wrong := formOf(w, r); wrong == nil && !strings.HasPrefix(r.URL.Path, accountPath) {
			v.At, v.Form = r.URL.RequestURI(), typed.Encode()
			v.keep()
		} else {
			v.Hint = "sign in, go back, and do it again: it was not kept"
		}
		s.atSignIn(w, r, door.Refuse(w, r, err), v)
	}
}

func (s *site) atSignIn(w http.ResponseWriter, r *http.Request, status int, v signInView) {
	if v.Title == "" {
		v.Title = "Sign in"
	}
	if s.Door.Provider != nil {
		v.Through = s.Door.Provider.Title()
	}
	v.None = v.Through == "" && (v.None || !s.Door.Accounts.Any())
	var b bytes.Buffer
	if err := s.pages["signin"].ExecuteTemplate(&b, "signin", v); err != nil {
		s.Log.ErrorContext(r.Context(), "render page", "page", "signin", "path", r.URL.Path, "error", err)
		http.Error(w, "The page could not be rendered; the server's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(isolated(b.Bytes()))
}

// takeSignOut ends what the browser has of somebody who signed in.
func (s *site) takeSignOut(w http.ResponseWriter, r *http.Request) {
	sat, _ := s.Door.Sitting(r)
	s.Door.Leave(w, r)
	forgotten(w)
	if s.Door.Provider != nil && sat.Account.Provider != "" && s.Door.Provider.Farewell() != "" {
		s.atSignIn(w, r, http.StatusOK, signInView{Title: "You are signed out here", Farewell: s.Door.Provider.Farewell()})
		return
	}
	http.Redirect(w, r, signInPath, http.StatusSeeOther)
}

// forgotten has a browser forget the pages that it kept of somebody who leaves: whoever sits
// there next finds none. Browsers do so over encrypted connections.
func forgotten(w http.ResponseWriter) { w.Header().Set("Clear-Site-Data", `"cache", "storage"`) }

// accountView is the page on which people see to their own account.
type accountView struct {
	frame
	Sitting door.Sitting
	// May are what the role lets the person do, in words.
	May []string
	// Others are the person's other sessions.
	Others []door.Sitting
	// Wrong says why nothing was changed, and Done what was.
	Wrong, Hint, Done string
}

// own returns the handler of a page that is of whoever has signed in.
func (s *site) own(page func(*site, http.ResponseWriter, *http.Request, accountView) (done, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sat, in := s.Door.Sitting(r)
		if !in {
			s.unsigned(w, r, fault.New(fault.Refused, "nobody has signed in"))
			return
		}
		s.uncached(func(now *site, w http.ResponseWriter, r *http.Request) (done, error) {
			v := accountView{Sitting: sat}
			var err error
			if v.frame, err = now.bare(r, "account", "Your account"); err != nil {
				return done{}, err
			}
			for _, scope := range sat.Account.Role.Scopes() {
				v.May = append(v.May, identity.Words(scope))
			}
			for _, o := range now.Door.Sittings(sat.Account.Name) {
				if o.Key != sat.Key {
					v.Others = append(v.Others, o)
				}
			}
			return page(now, w, r, v)
		})(w, r)
	}
}

// bare returns the frame of a page that is about nothing in the library.
func (s *site) bare(r *http.Request, here, title string) (frame, error) {
	sel, err := selected(r)
	if err != nil {
		return frame{}, err
	}
	fr := frame{Sel: sel, Here: here, Title: title, Policy: s.inForce.Ref(), Version: s.Version, Path: r.URL.EscapedPath(), Self: r.URL.RequestURI(), Sign: s.signOf(r)}
	return fr, nil
}

// account shows the account of whoever has signed in.
func (s *site) account(_ http.ResponseWriter, r *http.Request, v accountView) (done, error) {
	switch r.URL.Query().Get("done") {
	case "password":
		v.Done = "The password is changed, and every other session of yours has ended."
	}
	return done{view: view{name: "account", data: v}}, nil
}

// takePassword takes the password that a person chose.
func (s *site) takePassword(w http.ResponseWriter, r *http.Request, v accountView) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	again := func(err error) (done, error) {
		k := fault.KindOf(err)
		if k != fault.Usage && k != fault.Refused && k != fault.Conflict {
			return done{}, err
		}
		var x *fault.Error
		if errors.As(err, &x) {
			v.Wrong, v.Hint = sentence(x.What), x.Hint
		}
		return done{view: view{name: "account", status: http.StatusUnprocessableEntity, data: v}}, nil
	}
	if f.Get("new") != f.Get("again") {
		return again(fault.New(fault.Usage, "the two are not the same").Next("type the new password twice"))
	}
	me := v.Sitting.Account
	if me.OneTime == nil {
		if err := s.Door.Confirm(r, me.Name, f.Get("current")); err != nil {
			return again(err)
		}
	}
	a, err := s.People.SetPassword(r.Context(), people.Changing{Name: me.Name, By: identity.OfAccount + me.Name}, f.Get("new"))
	if err != nil {
		return again(err)
	}
	if err := s.Door.Again(w, r, a); err != nil {
		return done{}, err
	}
	return done{to: accountPath + "?done=password"}, nil
}

// signOutEverywhere ends every session of whoever has signed in.
func (s *site) signOutEverywhere(w http.ResponseWriter, r *http.Request, v accountView) (done, error) {
	s.Door.LeaveEverywhere(w, r, v.Sitting.Account.Name)
	forgotten(w)
	return done{to: signInPath}, nil
}

// endOwn ends one of the other sessions of whoever has signed in, and nobody else's.
func (s *site) endOwn(w http.ResponseWriter, r *http.Request, v accountView) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	key, me := f.Get("key"), v.Sitting.Account.Name
	n := s.Door.EndSittings(func(x door.Sitting) bool { return x.Key == key && x.Account.Name == me })
	if n > 0 {
		s.Visits.Note(people.Visit{What: people.OwnEnded, Account: me, By: identity.OfAccount + me})
	}
	return done{to: accountPath}, nil
}
