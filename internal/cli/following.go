package cli

import (
	"log/slog"
	"net/http"
	"os"
	"sync"

	"candor/internal/assure"
)

// following is a handler that judges by the policy in force, which may change while
// the server runs: candor policy set is run by the server itself. A policy that
// cannot be read changes nothing but the log.
type following struct {
	file    string // of the policy, whether or not there is one
	read    func() (assure.Policy, error)
	handler func(assure.Policy) http.Handler
	log     *slog.Logger

	mu  sync.Mutex
	is  os.FileInfo // of the file that now was read from; nil without one
	now http.Handler
}

// following returns the pages and the API of d, by the policy of a file or, when it
// is empty, of the data folder.
func (p *program) following(d *Desk, file string, log *slog.Logger) http.Handler {
	return &following{file: p.path(p.policyFile(file)), log: log,
		read:    func() (assure.Policy, error) { return p.policyInForce(file) },
		handler: func(pol assure.Policy) http.Handler { return d.Handler(pol, log) }}
}

func (f *following) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.current().ServeHTTP(w, r) }

// current returns the handler of the policy in force.
func (f *following) current() http.Handler {
	is, err := os.Stat(f.file)
	if err != nil {
		is = nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != nil && same(f.is, is) {
		return f.now
	}
	pol, err := f.read()
	switch {
	case err == nil:
		f.now = f.handler(pol)
	case f.now == nil:
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "The policy in force cannot be read; candor policy show says why.", http.StatusServiceUnavailable)
		})
	default:
		f.log.Warn("the policy in force cannot be read, the one before stays", "error", err)
	}
	f.is = is
	return f.now
}

// same reports whether two looks at a file, nil where there was none, found the same.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
