package web

import (
	"cmp"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// failureView is the page of an error.
type failureView struct {
	frame
	Heading string
	Message string
	Where   string
	Hint    string
	// Search says that searching may help.
	Search bool
	// Without is the address without the parameter that is wrong, if one is.
	Without string
}

// failure returns the page of an error. What is the server's own goes to the log,
// and an internal error is not shown.
func (s *site) failure(r *http.Request, err error) view {
	status := fault.HTTPStatus(err)
	if errors.Is(err, errMethod) {
		status = http.StatusMethodNotAllowed
	}
	var f *fault.Error
	known := errors.As(err, &f) && fault.KindOf(err) != fault.Internal
	if status >= http.StatusInternalServerError && r.Context().Err() == nil {
		s.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
	}
	sel, _ := selected(r) // a selection that cannot be read is what the error is about
	if _, err := s.Objects.Release(r.Context(), sel.ref()); err != nil {
		sel.Domain, sel.Release = "", "" // its links would lead here again
	}
	fr, frameErr := s.frame(r, sel, attack.Release{})
	if frameErr != nil {
		fr = frame{Sel: sel, Path: r.URL.Path, Version: s.Version}
	}
	v := failureView{frame: fr, Heading: sentence(strings.ToLower(http.StatusText(status)))}
	v.Title = v.Heading
	if known {
		v.Message, v.Where, v.Hint = f.What, f.Where, forPages(fault.HintOf(err))
		v.Without = without(r, f.Where)
		if status >= http.StatusInternalServerError && filepath.IsAbs(f.Where) { // a file of the server's
			v.Where = evidence.FileName(f.Where)
		}
	} else {
		v.Message, v.Hint = "The page could not be made, for a reason of the server's own.", "The server's log says why."
	}
	if status == http.StatusNotFound {
		v.Search, v.Words = true, cmp.Or(r.PathValue("id"), r.PathValue("rest"))
	}
	return view{name: "error", status: status, data: v}
}

// forPages returns of a next step what a reader of pages can take. What is a command,
// or speaks of its flags, is none: the page offers links instead.
func forPages(hint string) string {
	parts := strings.Split(hint, "; ")
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool {
		return strings.Contains(part, "candor ") || strings.Contains(part, "--")
	}), "; ")
}

// without returns the address of a request without a parameter, empty when the
// request has none of that name.
func without(r *http.Request, parameter string) string {
	q := r.URL.Query()
	if !q.Has(parameter) {
		return ""
	}
	q.Del(parameter)
	q.Del("offset")
	if len(q) == 0 {
		return r.URL.EscapedPath()
	}
	return r.URL.EscapedPath() + "?" + q.Encode()
}

// errMethod is the cause of refusing a method that an address does not take.
var errMethod = errors.New("method not allowed")

// missing answers for every path that has no page.
func (s *site) missing(r *http.Request) (view, error) {
	if !reads(r) {
		return view{}, fault.New(fault.Usage, "there is nothing here that takes %s", r.Method).Because(errMethod).Next("programs push evidence to /api/v1, with a token")
	}
	return view{}, fault.New(fault.NotFound, "there is no page %s", r.URL.Path).Next("search for what you are looking for, or start from the overview")
}

// reads reports whether a request is of a kind that pages answer.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }
