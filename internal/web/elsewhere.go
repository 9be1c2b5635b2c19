package web

import (
	"cmp"
	"errors"
	"net/http"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/people"
)

// The addresses at which people begin to sign in through a provider, and come back from it.
const (
	providerPath = "/sign-in/provider"
	returnPath   = "/sign-in/return"
)

// takeElsewhere leads whoever asks for it to the provider. It does so by a page and not by a
// redirect, which the policy of the page with the form would hold up, and anything that the
// provider leads on to.
func (s *site) takeElsewhere(w http.ResponseWriter, r *http.Request) {
	f, err := formOf(w, r)
	if err != nil {
		s.shut(w, r, fault.HTTPStatus(err), err)
		return
	}
	to := within(f.Get("to"))
	address, err := s.Door.SignInElsewhere(w, r, to)
	if err != nil {
		s.turnedAway(w, r, err, signInView{To: to})
		return
	}
	s.atDoor(w, r, http.StatusOK, doorView{Title: "Sign in through " + s.Door.Provider.Title(), Message: "Your browser goes on there by itself.", Away: address})
}

// fromElsewhere takes whoever comes back from the provider, and leads on to where they came
// from.
func (s *site) fromElsewhere(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // whoever previews an address does not use it up
		w.WriteHeader(http.StatusNoContent)
		return
	}
	to, err := s.Door.FromElsewhere(w, r)
	if err != nil {
		s.turnedAway(w, r, err, signInView{})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, cmp.Or(to, "/"), http.StatusSeeOther)
}

// turnedAway says why somebody did not come in through the provider; the log says more.
func (s *site) turnedAway(w http.ResponseWriter, r *http.Request, err error, v signInView) {
	kind := fault.KindOf(err)
	var t *people.Turned
	if errors.As(err, &t) || kind == fault.Unavailable {
		s.Log.WarnContext(r.Context(), "nobody came in through the provider", "path", r.URL.Path, "error", err)
	}
	status := fault.HTTPStatus(err)
	switch {
	case kind != fault.Refused && kind != fault.Unavailable && kind != fault.NotFound:
		s.shut(w, r, status, err)
		return
	case errors.Is(err, door.ErrHurried):
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", "30")
	}
	v.say(err)
	s.atSignIn(w, r, status, v)
}
