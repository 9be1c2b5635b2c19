package web

import (
	"bytes"
	"errors"
	"net/http"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
)

// doorView is the page of someone who has not been let in, or has been just now. It
// has no frame, which would tell what the library holds.
type doorView struct {
	Title, Message, Hint string
	// Onward leads to the pages. A browser goes there by itself, from here and not by a
	// redirect: a strict cookie is not sent on a redirect that another site began.
	Onward bool
	// Away is where a browser goes on to that is not this server.
	Away string
	// Back leads to the pages that somebody may see who has signed in.
	Back bool
}

// enter gives the browser that follows the server's link what it reads with.
func (s *site) enter(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // whoever previews a link does not use it up
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err := s.Door.Enter(w, r); err != nil {
		s.shut(w, r, http.StatusForbidden, err)
		return
	}
	s.atDoor(w, r, http.StatusOK, doorView{Title: "You are in", Message: "This browser reads from now on, until the server stops.", Onward: true})
}

// locked answers a request of someone who may not read.
func (s *site) locked(w http.ResponseWriter, r *http.Request, err error) {
	if s.People != nil && s.Door.SignsIn() && fault.KindOf(err) == fault.Refused && r.Header.Get("Authorization") == "" {
		s.unsigned(w, r, err)
		return
	}
	if s.Writing.any() && s.Door.Tokens != nil && fault.KindOf(err) == fault.Refused && (r.Method == http.MethodPost || s.Door.InForce().May(door.Who(r.Context()), identity.Read, r.URL.Path) == nil) {
		s.unseated(w, r, err)
		return
	}
	s.shut(w, r, door.Refuse(w, r, err), err)
}

func (s *site) shut(w http.ResponseWriter, r *http.Request, status int, err error) {
	v := doorView{Title: "This server asks for a token", Message: "The request failed for a reason of the server's own.", Hint: "The server's log says why."}
	var f *fault.Error
	switch {
	case status < http.StatusInternalServerError && errors.As(err, &f):
		v.Message, v.Hint = sentence(f.What), sentence("A browser opens the link that candor serve printed when it started, once. "+f.Hint)
	default:
		s.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
	}
	s.atDoor(w, r, status, v)
}

func (s *site) atDoor(w http.ResponseWriter, r *http.Request, status int, v doorView) {
	var b bytes.Buffer
	if err := s.pages["door"].ExecuteTemplate(&b, "door", v); err != nil {
		s.Log.ErrorContext(r.Context(), "render page", "page", "door", "path", r.URL.Path, "error", err)
		http.Error(w, "The page could not be rendered; the server's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(isolated(b.Bytes()))
}
