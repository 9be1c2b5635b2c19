package edge

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"candor/internal/door"
)

// requestHeader is the header with the name of a request, which answers carry.
const requestHeader = "X-Request-Id"

// request is the key of the name of a request.
type request struct{}

// Request returns the name of the request that a context is of, by which the log and the
// answer speak of it; empty where there is none.
func Request(ctx context.Context) string {
	name, _ := ctx.Value(request{}).(string)
	return name
}

// longestName is the longest name of a request that is taken from outside.
const longestName = 64

// nameOf returns the name of a request: that under which a proxy already speaks of it, if
// it can stand in a log, or else a new one.
func nameOf(r *http.Request) string {
	given := r.Header.Get(requestHeader)
	if given == "" || len(given) > longestName || strings.Trim(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") != "" {
		return rand.Text()
	}
	return given
}

// logged gives every request a name and logs it once it is answered.
func logged(log *slog.Logger, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, name := time.Now(), nameOf(r)
		ctx, by := door.Listening(context.WithValue(r.Context(), request{}, name))
		r = r.WithContext(ctx)
		w.Header().Set(requestHeader, name)
		seen := &watcher{ResponseWriter: w}
		defer func() {
			log.InfoContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "status", seen.status,
				"by", by(), "milliseconds", time.Since(start).Milliseconds())
		}()
		h.ServeHTTP(seen, r)
	})
}

// Named returns a handler of logs that says of what is logged which request it is about.
func Named(h slog.Handler) slog.Handler { return naming{h} }

type naming struct{ slog.Handler }

// Handle adds the name of the request.
func (n naming) Handle(ctx context.Context, r slog.Record) error {
	if name := Request(ctx); name != "" {
		r.AddAttrs(slog.String("request", name))
	}
	return n.Handler.Handle(ctx, r)
}

// WithAttrs keeps what is added to every line.
func (n naming) WithAttrs(a []slog.Attr) slog.Handler { return naming{n.Handler.WithAttrs(a)} }

// WithGroup keeps the group of what is added.
func (n naming) WithGroup(name string) slog.Handler { return naming{n.Handler.WithGroup(name)} }
