// Package edge is where a server meets the network: the address that it listens at, its
// certificate, the names that it answers to, the proxies that it believes, and what stands
// around every handler: panics that are outlived, secrets that are covered, pages of other
// sites that are refused.
//
// It refuses to listen where others can reach it without encryption, and knows nothing of
// what is served.
package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"candor/internal/crew"
	"candor/internal/door"
	"candor/internal/fault"
)

// The times that a server grants. A whole assessment of the largest release
// takes seconds, so an answer has a minute.
const (
	headerTime = 10 * time.Second
	answerTime = time.Minute
	idleTime   = 2 * time.Minute
	graceTime  = 10 * time.Second
)

// mostStreams is how many requests of one HTTP/2 connection are answered at once.
const mostStreams = 100

// Place is where a server stands in the network. The zero Place is on this machine alone:
// it answers to localhost and loopback addresses, is not encrypted and believes no proxy.
type Place struct {
	// Names are the hosts, without ports, that it answers to besides; so it does to those
	// that its certificate is for.
	Names []string
	// Proxies are the addresses whose word on who asks is taken. One that comes through
	// the Unix socket is among them where Socket is set.
	Proxies []netip.Prefix
	Socket  bool
	// Certificate encrypts what is said; nil for none.
	Certificate *Certificate
	// Known says that everyone who asks for anything has to say who they are.
	Known bool
	// refused tells what is refused.
	refused refusals
}

// Listen takes an address, before there is anything to serve: port 0 picks a free one.
// One that others can reach is fault.Refused where what is said there would not be
// encrypted, or where who asks would not be known.
func (p *Place) Listen(ctx context.Context, addr string) (net.Listener, error) {
	if err := p.open(addr); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the server cannot listen").At("%s", addr).Because(err).
			Next("choose another port with --addr; port 0 picks a free one")
	}
	return l, nil
}

// open refuses an address that others can reach without encryption or without saying who
// they are. A name is one unless it is localhost, because what it stands for can change.
func (p *Place) open(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return fault.New(fault.Usage, "%q is no address to listen on", addr).Because(err).Next("write host and port, for example 127.0.0.1:8080")
	case !p.Known && len(p.Proxies) > 0:
		return fault.New(fault.Refused, "a proxy brings others here, and nobody is asked who they are").At("%s", addr).
			Next("ask everyone: candor account add makes people sign in; --require-token asks for a token")
	case isLocal(host):
		return nil
	case p.Certificate == nil:
		return fault.New(fault.Refused, "%q is not a loopback address, and what is said there is not encrypted: whoever is on the way could read it", host).
			At("%s", addr).Next("name a certificate with --tls-cert and --tls-key, or listen on 127.0.0.1, [::1] or with --socket, and let a proxy or an SSH tunnel in front")
	case !p.Known:
		return fault.New(fault.Refused, "%q is not a loopback address, and nobody is asked who they are there", host).
			At("%s", addr).Next("ask everyone: candor account add makes people sign in; --require-token asks for a token")
	}
	return nil
}

// Scheme is how addresses of the place begin.
func (p *Place) Scheme() string {
	if p.Certificate != nil {
		return "https"
	}
	return "http"
}

// Serve answers requests that come in at l until ctx ends, and then lets those under
// way finish. It closes l, and calls ready before the first request.
func (p *Place) Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, ready func()) error {
	p.refused.log = log
	s := &http.Server{
		Handler: p.Handler(h), ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: 1 << 16, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: mostStreams},
	}
	answer := func() error { return s.Serve(l) }
	if p.Certificate != nil && l.Addr().Network() != "unix" {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: suites(), GetCertificate: p.Certificate.get}
		answer = func() error { return s.ServeTLS(l, "", "") }
	}
	done := crew.Go(answer)
	ready()
	select {
	case err := <-done:
		return fault.New(fault.Internal, "the server stopped").At("%s", l.Addr()).Because(err)
	case <-ctx.Done():
	}
	return shutdown(s)
}

// suites are those that are spoken under TLS 1.2: with forward secrecy and with the proof of
// what was said in the cipher itself. Under TLS 1.3 there are no others.
func suites() []uint16 {
	return []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}
}

func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fault.New(fault.Unavailable, "requests did not end within %s of the order to stop", graceTime).Because(err), s.Close())
	}
	return nil
}

// isLocal reports whether a host is localhost or a loopback address.
func isLocal(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// year is for how long browsers are told to ask for nothing that is not encrypted.
const year = "max-age=31536000"

// bare are the headers of every answer, whoever makes it: what comes to a browser that should
// not have asked loads nothing, is in nobody's frame and is taken for nothing else. Handlers
// say otherwise of what they answer themselves.
func bare(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// Handler returns what answers at the place: h, of which requests are kept that name the
// server as another site could make a browser do, by a name of its own that it points
// here, and those that say they come from elsewhere through a proxy that is not one of
// the place's.
func (p *Place) Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bare(w.Header())
		if !p.forwarded(w, r) {
			p.refused.tell(r, unknownProxy)
			http.Error(w, strangeProxy, http.StatusForbidden)
			return
		}
		if !p.named(r) {
			p.refused.tell(r, unknownName)
			http.Error(w, "This server answers to localhost, to loopback addresses and to the names that it was given, and to no other.", http.StatusMisdirectedRequest)
			return
		}
		if p.encrypted(r) && !isLocal(hostOf(r)) {
			w.Header().Set("Strict-Transport-Security", year)
		}
		h.ServeHTTP(w, r)
	})
}

// named reports whether a request names the server. A name cannot be pointed at a socket.
func (p *Place) named(r *http.Request) bool {
	host := hostOf(r)
	if isLocal(host) || door.Private(r) {
		return true
	}
	for _, n := range p.Names {
		if strings.EqualFold(strings.Trim(n, "[]"), host) {
			return true
		}
	}
	return p.Certificate != nil && p.Certificate.isFor(host)
}

// hostOf is the host that a request names, without its port.
func hostOf(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.Trim(host, "[]")
}
