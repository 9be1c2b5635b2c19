package edge

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
)

// Combine returns the handler of a whole server: api under /api/, under /services/ (where
// Splunk's HTTP Event Collector is looked for), under /taxii2/, and for /mcp, /healthz, /readyz and /metrics,
// pages everywhere else. It logs requests, outlives a handler that
// panics, answers with no secret, and refuses requests that come from other sites.
func Combine(pages, api http.Handler, log *slog.Logger) http.Handler {
	whole := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/services/") || strings.HasPrefix(p, "/taxii2/") || p == "/mcp" || p == "/healthz" || p == "/readyz" || p == "/metrics" {
			api.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
	refused := &refusals{log: log}
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refused.tell(r, otherOrigin)
		http.Error(w, "cross-origin request detected, and it would write something", http.StatusForbidden)
	}))
	return logged(log, recovered(log, discreet(ours(guard.Handler(whole), refused))))
}

// recovered turns a panic into an internal error; what it was goes to the log. Where
// a part of the answer is sent already, the connection is cut, so that nobody takes
// that part for the whole.
func recovered(log *slog.Logger, h http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w := &watcher{ResponseWriter: out}
		defer func() {
			what := recover()
			if what == nil {
				return
			}
			if what == http.ErrAbortHandler {
				panic(what)
			}
			log.ErrorContext(r.Context(), "panic", "path", r.URL.Path, "panic", what, "stack", string(debug.Stack()))
			if w.status != 0 {
				panic(http.ErrAbortHandler)
			}
			http.Error(w, "The request failed for a reason of the server's own; its log says why, under "+Request(r.Context())+".", http.StatusInternalServerError)
		}()
		h.ServeHTTP(w, r)
	})
}

// watcher remembers the status of an answer.
type watcher struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and passes it on.
func (w *watcher) WriteHeader(code int) {
	if w.status == 0 {
		w.status = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write notes that an answer without a status is 200, and passes the bytes on.
func (w *watcher) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap returns the writer below, for http.ResponseController.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
