package web

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"candor/internal/crew"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/relay"
)

// The times that a server grants. A whole assessment of the largest release
// takes seconds, so an answer has a minute.
const (
	headerTime = 10 * time.Second
	answerTime = time.Minute
	idleTime   = 2 * time.Minute
	graceTime  = 10 * time.Second
)

// Combine returns the handler of a whole server: api under /api/, under /services/ (where
// Splunk's HTTP Event Collector is looked for), under /taxii2/, and for /mcp, /healthz and /metrics,
// pages everywhere else. It logs requests, outlives a handler that
// panics, answers with no secret, and refuses requests that come from other sites or
// by other names.
func Combine(pages, api http.Handler, log *slog.Logger) http.Handler {
	whole := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/services/") || strings.HasPrefix(p, "/taxii2/") || p == "/mcp" || p == "/healthz" || p == "/metrics" {
			api.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
	guarded := http.NewCrossOriginProtection().Handler(whole)
	return logged(log, recovered(log, discreet(local(ours(guarded)))))
}

// Listen takes an address, before there is anything to serve: port 0 picks a free
// one. An address that is not loopback is fault.Refused.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	if err := loopback(addr); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the server cannot listen").At("%s", addr).Because(err).
			Next("choose another port with --addr; port 0 picks a free one")
	}
	return l, nil
}

// ListenPrivately listens at a Unix socket that its owner alone can open. A socket
// that a killed server left is replaced; one that is answered at is fault.Conflict,
// and so is a file that is no socket.
func ListenPrivately(ctx context.Context, path string) (net.Listener, error) {
	switch info, err := os.Lstat(path); {
	case err != nil:
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fault.New(fault.Conflict, "there is a file that is no socket").At("%s", path).Next("name another path with --socket")
	default:
		if c, err := (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
			return nil, errors.Join(fault.New(fault.Conflict, "another server listens there").At("%s", path).Next("end that server, or name another path with --socket"), c.Close())
		}
	}
	l, err := relay.Bind(filepath.Dir(path), path)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the server cannot listen").At("%s", path).Because(err).
			Next("name a short path with --socket, in a folder that you may write to")
	}
	return private{l, path}, nil
}

// private is a Unix socket that is gone once it is closed.
type private struct {
	net.Listener
	path string
}

// Close stops listening and removes the socket.
func (p private) Close() error {
	err := p.Listener.Close()
	if errors.Is(err, net.ErrClosed) {
		return err // what lies there now may be another's
	}
	if gone := os.Remove(p.path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// Serve answers requests that come in at l until ctx ends, and then lets those under
// way finish. It closes l, and calls ready before the first request.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, ready func()) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: 1 << 16, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	done := crew.Go(func() error { return s.Serve(l) })
	ready()
	select {
	case err := <-done:
		return fault.New(fault.Internal, "the server stopped").At("%s", l.Addr()).Because(err)
	case <-ctx.Done():
	}
	return shutdown(s)
}

func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fault.New(fault.Unavailable, "requests did not end within %s of the order to stop", graceTime).Because(err), s.Close())
	}
	return nil
}

// loopback refuses an address that others can reach. A name is refused unless it
// is localhost, because what it stands for can change.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fault.New(fault.Usage, "%q is no address to listen on", addr).Because(err).Next("write host and port, for example 127.0.0.1:8080")
	}
	if isLocal(host) {
		return nil
	}
	return fault.New(fault.Refused, "%q is not a loopback address, and what is said there is not encrypted: whoever is on the way could read it", host).
		At("%s", addr).Next("listen on 127.0.0.1, [::1] or with --socket, and let an authenticating proxy or an SSH tunnel in front")
}

// isLocal reports whether a host is localhost or a loopback address.
func isLocal(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// local refuses requests that name the server in a way that another site could
// make a browser use: a name of its own that it points at this machine.
func local(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if !isLocal(strings.Trim(host, "[]")) && !door.Private(r) { // a name cannot be pointed at a socket
			http.Error(w, "This server answers to localhost and loopback addresses alone.", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
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
			http.Error(w, "The request failed for a reason of the server's own; its log says why.", http.StatusInternalServerError)
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

// logged logs every request once it is answered.
func logged(log *slog.Logger, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &watcher{ResponseWriter: w}
		defer func() {
			log.InfoContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "status", seen.status,
				"milliseconds", time.Since(start).Milliseconds())
		}()
		h.ServeHTTP(seen, r)
	})
}
