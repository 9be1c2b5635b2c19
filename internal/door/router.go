package door

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/identity"
)

// Route is a way in, with what it lets someone do.
type Route struct {
	// Pattern is as http.ServeMux has it.
	Pattern string
	Do      identity.Verb
	Thing   string
}

// Routes lists the routes of all routers of a door, in the order in which they were
// registered.
func (d *Door) Routes() []Route {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.routes)
}

// Router takes requests to handlers, once it is clear that who asks may.
type Router struct {
	door   *Door
	mux    *http.ServeMux
	refuse func(w http.ResponseWriter, r *http.Request, err error)
	wrap   func(pattern string, h http.HandlerFunc) http.HandlerFunc
	pages  bool
}

// Router returns a router without routes. Who may not is answered by refuse, which
// gets what to say; status and challenge are set by Refuse.
func (d *Door) Router(refuse func(w http.ResponseWriter, r *http.Request, err error)) *Router {
	return &Router{door: d, mux: http.NewServeMux(), refuse: refuse}
}

// Through has what is registered with HandleFunc from now on answered through what wrap
// makes of each handler, after it is clear that who asks may read.
func (t *Router) Through(wrap func(pattern string, h http.HandlerFunc) http.HandlerFunc) *Router {
	t.wrap = wrap
	return t
}

// ForPeople has the session of a browser count on every route of the router.
func (t *Router) ForPeople() *Router {
	t.pages = true
	return t
}

// Handle registers a handler for a pattern, and what it lets someone do.
func (t *Router) Handle(pattern string, do identity.Verb, thing string, h http.HandlerFunc) {
	way := Route{pattern, do, thing}
	t.door.mu.Lock()
	t.door.routes = append(t.door.routes, way)
	t.door.mu.Unlock()
	t.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		w, seen := t.door.observed(w, pattern)
		defer seen()
		who, err := t.door.ask(r, way, t.pages)
		heard(r.Context(), who)
		if err != nil {
			t.refuse(w, r, err)
			return
		}
		leave, wait := t.door.admit(r, who)
		if leave == nil {
			hurry(w, wait)
			return
		}
		defer leave()
		h(w, r.WithContext(context.WithValue(r.Context(), asker{}, who)))
	})
}

// observed returns a writer that sees what is answered, and what is called when it was.
func (d *Door) observed(w http.ResponseWriter, pattern string) (http.ResponseWriter, func()) {
	if d.Observe == nil {
		return w, func() {}
	}
	o, began := &observer{ResponseWriter: w, status: http.StatusOK}, time.Now()
	return o, func() { d.Observe(pattern, o.status, time.Since(began)) }
}

// observer notes the status of an answer.
type observer struct {
	http.ResponseWriter
	status int
	sent   bool
}

// WriteHeader notes the status and passes it on.
func (o *observer) WriteHeader(code int) {
	if !o.sent {
		o.status, o.sent = code, true
	}
	o.ResponseWriter.WriteHeader(code)
}

// Write passes the bytes on; an answer without a status is 200.
func (o *observer) Write(b []byte) (int, error) {
	o.sent = true
	return o.ResponseWriter.Write(b)
}

// Unwrap returns the writer below, for http.ResponseController.
func (o *observer) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// HandleFunc registers a handler that lets someone read what its pattern names.
func (t *Router) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	path := pattern
	if _, after, ok := strings.Cut(pattern, " "); ok {
		path = after
	}
	if t.wrap != nil {
		h = t.wrap(pattern, h)
	}
	t.Handle(pattern, identity.Read, path, h)
}

// ServeHTTP answers a request.
func (t *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) { t.mux.ServeHTTP(w, r) }

// Pattern returns the pattern of the route that a request would take.
func (t *Router) Pattern(r *http.Request) string {
	_, pattern := t.mux.Handler(r)
	return pattern
}

// asker is the key of who asks, and listener that of whoever wants to know it afterwards.
type (
	asker    struct{}
	listener struct{}
)

// Listening returns a context in which a router notes who makes the request, and what tells
// afterwards: whoever logs an answer says whose it was. It is empty for nobody in particular.
func Listening(ctx context.Context) (context.Context, func() string) {
	heard := new(string)
	return context.WithValue(ctx, listener{}, heard), func() string { return *heard }
}

// heard notes who makes a request, for who listens.
func heard(ctx context.Context, who identity.Who) {
	if to, ok := ctx.Value(listener{}).(*string); ok && who.Name != "" {
		*to = who.Author()
	}
}

// Who returns who makes a request that a router let through.
func Who(ctx context.Context) identity.Who {
	who, _ := ctx.Value(asker{}).(identity.Who)
	return who
}

// Refuse returns the status that answers a refusal, and sets the challenge that goes
// with it (RFC 6750): 401 for someone unknown, 403 for someone who is known and may
// not.
func Refuse(w http.ResponseWriter, r *http.Request, err error) int {
	switch {
	case fault.KindOf(err) != fault.Refused:
		return fault.HTTPStatus(err)
	case errors.Is(err, identity.ErrScope):
		w.Header().Set("WWW-Authenticate", `Bearer realm="candor", error="insufficient_scope"`)
		return http.StatusForbidden
	case r.Header.Get("Authorization") != "":
		w.Header().Set("WWW-Authenticate", `Bearer realm="candor", error="invalid_token"`)
	default:
		w.Header().Set("WWW-Authenticate", `Bearer realm="candor"`)
	}
	return http.StatusUnauthorized
}
