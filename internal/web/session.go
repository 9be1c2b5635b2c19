package web

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/door"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/pseudonym"
)

// The addresses at which a browser is given a token, and leaves.
const (
	sessionPath    = "/session"
	sessionEndPath = "/session/end"
)

// maxForm bounds what is typed into a form, in bytes.
const maxForm = 1 << 20

// sessionView is the page on which a person shows a token, once for each time that a
// browser is opened. It has no frame, which would tell what the library holds, and
// nothing of the token.
type sessionView struct {
	Title string
	// Session is that of the browser; nil without one.
	Session *door.Session
	// May are what its token is for, in words.
	May []string
	// Message says what was wrong, and Hint what to do.
	Message, Hint string
	// To is where the person goes on to; empty for the overview.
	To string
	// Kept is what was sent without a session that may do so, to be sent again: the names
	// and values of a form, encoded in Form, that go to At.
	At, Form string
	Kept     []field
}

// session shows whether a browser has a session, and takes a token.
func (s *site) session(w http.ResponseWriter, r *http.Request) {
	if s.Door.SignsIn() { // what is written here is written by an account
		http.Redirect(w, r, accountPath, http.StatusSeeOther)
		return
	}
	v := sessionView{Title: "Write from this browser", To: within(r.URL.Query().Get("to"))}
	if now, ok := s.Door.Session(r); ok {
		v.Title = "This browser writes as " + now.Token.Name
		v.Session, v.May = &now, mayWords(now.Token.Scopes)
	}
	s.atSession(w, r, http.StatusOK, v)
}

// signIn takes a token that a person shows, and leads on to where they came from.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	if s.Door.SignsIn() {
		s.shut(w, r, http.StatusForbidden, fault.New(fault.Refused, "people sign in here with an account, and not with a token").Next("sign in at "+signInPath))
		return
	}
	f, err := formOf(w, r)
	if err != nil {
		s.shut(w, r, fault.HTTPStatus(err), err)
		return
	}
	v := sessionView{Title: "Write from this browser", To: within(f.Get("to")), At: within(f.Get("at")), Form: f.Get("form")}
	v.keep()
	now, err := s.Door.SignIn(w, r, f.Get("token"))
	switch {
	case errors.Is(err, door.ErrHurried):
		w.Header().Set("Retry-After", "6")
		s.refuseToken(w, r, http.StatusTooManyRequests, v, err)
	case fault.KindOf(err) == fault.Refused:
		s.refuseToken(w, r, http.StatusForbidden, v, err)
	case err != nil:
		s.shut(w, r, fault.HTTPStatus(err), err)
	case len(v.Kept) > 0:
		v.Title, v.Session, v.May = "Send it now?", &now, mayWords(now.Token.Scopes)
		s.atSession(w, r, http.StatusOK, v)
	default:
		to := v.To
		if to == "" {
			to = sessionPath
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

func (s *site) refuseToken(w http.ResponseWriter, r *http.Request, status int, v sessionView, err error) {
	var f *fault.Error
	if errors.As(err, &f) {
		v.Message, v.Hint = sentence(f.What), f.Hint
	}
	s.atSession(w, r, status, v)
}

// signOut ends the session of a browser.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	s.Door.SignOut(w, r)
	forgotten(w)
	http.Redirect(w, r, sessionPath, http.StatusSeeOther)
}

// unseated answers what asks for more than the browser may do: it says what it takes, and
// keeps what was typed until a token was shown.
func (s *site) unseated(w http.ResponseWriter, r *http.Request, err error) {
	v := sessionView{Title: "This needs a token", Message: "Nothing was written: this browser has no session, or it has ended.",
		Hint: "show a token that may do this, and what you sent is offered to be sent again"}
	var f *fault.Error
	if errors.Is(err, identity.ErrScope) && errors.As(err, &f) {
		v.Message = "Nothing was written: " + f.What + "."
	}
	if r.Method == http.MethodGet {
		v.Message, v.Hint, v.To = strings.TrimPrefix(v.Message, "Nothing was written: "), "show a token that may do this", r.URL.RequestURI()
		v.Message = sentence(v.Message)
	} else if typed, wrong := formOf(w, r); wrong == nil {
		v.At, v.Form = r.URL.RequestURI(), typed.Encode()
		v.keep()
	} else {
		v.Hint = "show a token that may do this, go back, and choose the files again: they were not kept"
	}
	s.atSession(w, r, door.Refuse(w, r, err), v)
}

// keep reads what was sent before, and drops what cannot be sent again.
func (v *sessionView) keep() {
	values, err := url.ParseQuery(v.Form)
	if err != nil || v.At == "" {
		v.At, v.Form = "", ""
		return
	}
	for name, list := range values {
		for _, text := range list {
			v.Kept = append(v.Kept, field{name, text})
		}
	}
	slices.SortStableFunc(v.Kept, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
}

// within returns an address if it is one of this server's, and nothing otherwise.
func within(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return ""
	}
	return to
}

// formOf returns what a form sends.
func formOf(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return nil, fault.New(fault.Usage, "what was sent is not what a form of these pages sends").Next("use the form on the page")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, fault.New(fault.Usage, "what was sent cannot be read, or is longer than %s", size(maxForm)).Because(err).Next("use the form on the page, with fewer words")
	}
	return r.PostForm, nil
}

// mayWords says what scopes let a person do in the pages.
func mayWords(scopes []string) []string {
	all := map[string]string{"dispositions": "label alerts", identity.Gaps: "state gaps and take on next steps", identity.Profiles: "state threat profiles", identity.Upgrades: "decide what IDs of another release are read as", identity.Evidence: "bring files of evidence", string(identity.Read): "read"}
	var may []string
	for _, scope := range scopes {
		if w := all[scope]; w != "" {
			may = append(may, w)
		}
	}
	return may
}

func (s *site) atSession(w http.ResponseWriter, r *http.Request, status int, v sessionView) {
	var b bytes.Buffer
	if err := s.pages["session"].ExecuteTemplate(&b, "session", v); err != nil {
		s.Log.ErrorContext(r.Context(), "render page", "page", "session", "path", r.URL.Path, "error", err)
		http.Error(w, "The page could not be rendered; the server's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(isolated(b.Bytes()))
}

// sign says what the head of a page offers about writing: nothing where nothing can be
// written, else the page of the session. It says nothing of who the person is, as pages
// are kept for all who may do the same.
type sign struct {
	// Offered says that something can be written, Writes that the browser has a session
	// that may.
	Offered, Writes bool
	// SignsIn says that people sign in here, and Oversees that this one may see accounts,
	// tokens, sessions and who came in.
	SignsIn, Oversees bool
	scopes            []string
}

// Asks reports whether the page may say that showing a token lets one write.
func (g sign) Asks() bool { return g.Offered && !g.SignsIn }

// May reports whether the page may offer what needs a scope.
func (g sign) May(scope string) bool { return g.Offered && slices.Contains(g.scopes, scope) }

// signOf says so of a request.
func (s *site) signOf(r *http.Request) sign {
	g := sign{Offered: s.Writing.any() && s.Door.Tokens != nil, SignsIn: s.People != nil && s.Door.SignsIn()}
	g.Oversees = g.SignsIn && slices.Contains(door.Who(r.Context()).Scopes, identity.Oversight)
	for _, scope := range door.Who(r.Context()).Scopes {
		if g.Offered && slices.Contains(s.Writing.scopes(), scope) {
			g.scopes = append(g.scopes, scope)
		}
	}
	g.Writes = len(g.scopes) > 0
	return g
}

// Writing is what people write through in pages. What is nil takes nothing, and is not
// offered.
type Writing struct {
	Gaps     Registrar
	Profiles ProfileKeeper
	Upgrades Decider
	Labels   Labeller
	Bring    Bringer
	// Chains is who may bring files too: what is turned on and off is what files say.
	Chains Switcher
	// Veil returns the key by which names are kept; nil, and returning nil, keeps them as
	// they are.
	Veil func() (*pseudonym.Key, error)
}

// Key is the key by which names are kept; nil where they are kept as they are.
func (w Writing) Key() (*pseudonym.Key, error) {
	if w.Veil == nil {
		return nil, nil
	}
	return w.Veil()
}

func (w Writing) any() bool { return len(w.scopes()) > 0 }

// scopes lists what can be done with a token.
func (w Writing) scopes() []string {
	var list []string
	if w.Gaps != nil {
		list = append(list, identity.Gaps)
	}
	if w.Profiles != nil {
		list = append(list, identity.Profiles)
	}
	if w.Upgrades != nil {
		list = append(list, identity.Upgrades)
	}
	if w.Bring != nil {
		list = append(list, identity.Evidence)
	}
	if w.Labels != nil {
		list = append(list, evidence.Dispositions)
	}
	return list
}

// writes registers what people write with.
func (s *site) writes(mux *door.Router) {
	if !s.Writing.any() || s.Door.Tokens == nil {
		return
	}
	mux.Handle("GET "+sessionPath, identity.Enter, sessionPath, s.session)
	mux.Handle("POST "+sessionPath, identity.Enter, sessionPath, s.signIn)
	mux.Handle("POST "+sessionEndPath, identity.Enter, sessionEndPath, s.signOut)
	if s.Writing.Labels != nil {
		mux.Handle("GET "+labelPath, identity.Read, labelPath, s.uncached((*site).label))
		mux.Handle("POST "+labelPath, identity.Push, evidence.Dispositions, s.uncached((*site).takeLabels))
		mux.Handle("POST "+labelUndoPath, identity.Push, evidence.Dispositions, s.uncached((*site).undoLabels))
	}
	if s.Writing.Bring != nil {
		mux.Handle("GET "+bringPath, identity.Push, identity.Evidence, s.uncached((*site).bring))
		mux.Handle("POST "+bringPath, identity.Push, identity.Evidence, s.uncached((*site).takeFiles))
		mux.Handle("GET "+bringPath+"/{id}", identity.Push, identity.Evidence, s.uncached((*site).broughtPage))
		mux.Handle("POST "+bringPath+"/{id}", identity.Push, identity.Evidence, s.uncached((*site).askBrought))
	}
	if s.Writing.Chains != nil {
		mux.Handle("POST "+chainsPath, identity.Push, identity.Evidence, s.uncached((*site).switchChain))
	}
	if s.Writing.Gaps != nil {
		mux.Handle("POST "+gapPath, identity.Push, identity.Gaps, s.uncached((*site).stateGap))
	}
	if s.Writing.Profiles != nil {
		mux.Handle("POST "+profilesPath, identity.Push, identity.Profiles, s.uncached((*site).stateProfile))
		mux.Handle("POST "+profilesPath+"/{id}", identity.Push, identity.Profiles, s.uncached((*site).changeProfile))
	}
	if s.Writing.Upgrades != nil {
		mux.Handle("POST "+upgradePath, identity.Push, identity.Upgrades, s.uncached((*site).takeDecision))
	}
}

// done is what came of something that was sent: the page to go on to, or the one that
// says what is wrong.
type done struct {
	to string
	view
}

// uncached returns the handler of a form or of a page that is of one person.
func (s *site) uncached(page func(*site, http.ResponseWriter, *http.Request) (done, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		var to string
		v := s.view(func(now *site, r *http.Request) (view, error) {
			d, err := page(now, w, r)
			to = d.to
			return d.view, err
		}, r)
		if to != "" {
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
		s.show(w, r, v)
	}
}
