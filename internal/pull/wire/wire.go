// Package wire sends the requests of package question to the addresses of one source,
// and waits where the source asks for it.
//
// It refuses to send a secret to another host than the one that it is for, to follow a
// redirect or a link there, to read an answer without end, and to say a secret in an
// error.
package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/inert"
	"candor/internal/pull/question"
)

// Config is what a client is made from.
type Config struct {
	// Name is what the source is called, for messages.
	Name string
	// Addresses are where the source is asked, by service; that of "" is its own.
	Addresses map[string]string
	Auth      Auth
	// CA are the certificates, in PEM, of those who vouch for the source; nil for those
	// that the system trusts.
	CA []byte
	// Timeout is how long one answer may take, to its last byte; Most is how long it may
	// be, in bytes.
	Timeout time.Duration
	Most    int64
	// PerMinute is how many requests a minute are sent at most; 0 for no bound.
	PerMinute int
	Now       func() time.Time
	// Wait waits so long, or until ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
}

// Later is the cause of giving up where the source said when to ask again.
type Later struct{ At time.Time }

// Error says when.
func (l Later) Error() string { return "not before " + l.At.UTC().Format(time.RFC3339) }

// tries is how often a request is sent before it is given up, and patience how long is
// waited at most between two.
const (
	tries    = 5
	patience = 2 * time.Minute
)

// Client asks one source. It is not safe for concurrent use.
type Client struct {
	Config
	http   *http.Client
	last   time.Time // when the last request was sent
	tokens map[string]bought
	// Requests and Throttled count what was sent, and how often the source asked to wait.
	Requests, Throttled int
}

// New returns a client. It fails with fault.Invalid where the certificates are none.
func New(c Config) (*Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone() // proxies from the environment
	t.ResponseHeaderTimeout = c.Timeout
	t.MaxResponseHeaderBytes = 1 << 20
	if c.CA != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(c.CA) {
			return nil, fault.New(fault.Invalid, "the file of certificates holds none in PEM").At("%s", c.Name).Next("name the certificate of who vouches for the source")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &Client{Config: c, http: &http.Client{Transport: t, CheckRedirect: redirect}, tokens: map[string]bought{}}, nil
}

// Close lets the connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// errElsewhere says that what an address leads to is not what was asked.
var errElsewhere = errors.New("another place than the one asked")

// redirect follows a few redirects within one host: what a request bears is for no other.
func redirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) >= 5:
		return errors.New("more than 5 redirects")
	case req.URL.Scheme != first.Scheme || req.URL.Host != first.Host:
		return fmt.Errorf("a redirect to %s://%s, %w, is not followed", req.URL.Scheme, req.URL.Host, errElsewhere)
	}
	return nil
}

// Do sends a request, again where the source is busy or does not answer, and returns the
// answer. Faults: Refused where the source does not let whoever asks read; Invalid for a
// request that it does not understand, or for an answer that is too long; Unavailable,
// with Later as cause where the source said when to ask again.
func (c *Client) Do(ctx context.Context, ask *question.Ask) (question.Answer, error) {
	at, err := c.address(ask)
	if err != nil {
		return question.Answer{}, err
	}
	var answer question.Answer
	var failed error
	renewed := false
	for n := 0; ; n++ {
		var wait time.Duration
		answer, wait, failed = c.once(ctx, ask, at)
		if err := ctx.Err(); err != nil {
			return question.Answer{}, err
		}
		if answer.Status == http.StatusUnauthorized && c.Auth.Kind == question.OAuth && !renewed {
			renewed, n = true, n-1
			clear(c.tokens)
			continue
		}
		switch {
		case failed == nil:
			return answer, c.status(ask, at, answer)
		case wait < 0:
			return question.Answer{}, failed
		case wait > patience:
			return question.Answer{}, fault.New(fault.Unavailable, "the source asks to be left alone for %s", wait.Round(time.Second)).At("%s", place(at)).
				Because(Later{c.Now().Add(wait)}).Next("it is asked again after that; fewer requests a minute (per_minute) keep it from happening")
		case n+1 >= tries:
			return question.Answer{}, failed
		}
		if wait == 0 {
			wait = time.Second << n
		}
		if err := c.Wait(ctx, wait); err != nil {
			return question.Answer{}, err
		}
	}
}

// address returns where a request goes. A link is followed to the host of the service
// alone.
func (c *Client) address(ask *question.Ask) (*url.URL, error) {
	base, err := url.Parse(c.Addresses[ask.Service])
	if err != nil || base.Host == "" {
		return nil, fault.New(fault.Invalid, "the source has no address of %s", ask.Service).At("%s", c.Name).Next("say in the configuration where it is")
	}
	at := base
	if ask.Path != "" {
		if at, err = base.Parse(ask.Path); err != nil {
			return nil, fault.New(fault.Unavailable, "the source names a link that is no address").At("%s", c.Name)
		}
		if !ask.Linked {
			raw := strings.TrimSuffix(base.EscapedPath(), "/") + ask.Path
			plain, query, _ := strings.Cut(raw, "?")
			if at.Path, err = url.PathUnescape(plain); err != nil {
				return nil, fault.New(fault.Unavailable, "the source names a link that is no address").At("%s", c.Name)
			}
			at.RawPath, at.RawQuery = plain, query
		}
	}
	if at.Scheme != base.Scheme || at.Host != base.Host || at.User != nil {
		return nil, fault.New(fault.Unavailable, "the source names a link to %s://%s, another place than its own, which is not followed", at.Scheme, at.Host).At("%s", c.Name).
			Next("check the address in the configuration; nothing was sent there")
	}
	if len(ask.Query) > 0 {
		q := at.Query()
		for k, v := range ask.Query {
			q[k] = v
		}
		at.RawQuery = q.Encode()
	}
	return at, nil
}

// place is an address as errors say it: without what was asked.
func place(at *url.URL) string { return at.Scheme + "://" + at.Host + at.EscapedPath() }

// once sends a request one time. Where it failed, wait says how long the source asks to
// wait: 0 where it says nothing, less where it is not to be sent again.
func (c *Client) once(ctx context.Context, ask *question.Ask, at *url.URL) (a question.Answer, wait time.Duration, err error) {
	header, err := c.authorise(ctx, ask.Service)
	if err != nil {
		return a, giveUp(err), err
	}
	if err := c.pace(ctx); err != nil {
		return a, -1, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, ask.Method, at.String(), bytes.NewReader(ask.Body))
	if err != nil {
		return a, -1, fault.New(fault.Invalid, "this is not an address").At("%s", place(at))
	}
	req.Header = header
	req.Header.Set("User-Agent", "candor")
	req.Header.Set("Accept", "application/json")
	switch {
	case ask.Form:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case ask.Body != nil:
		req.Header.Set("Content-Type", "application/json")
	}
	return c.send(req, at)
}

// giveUp returns how long to wait after an error of what comes before a request.
func giveUp(err error) time.Duration {
	if fault.KindOf(err) == fault.Unavailable {
		return 0
	}
	return -1
}

func (c *Client) send(req *http.Request, at *url.URL) (a question.Answer, wait time.Duration, err error) {
	c.Requests++
	resp, err := c.http.Do(req)
	if errors.Is(err, errElsewhere) {
		return a, -1, c.unreachable(at, err)
	}
	if err != nil {
		return a, 0, c.unreachable(at, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.Most+1))
	if err != nil {
		return a, 0, c.unreachable(at, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err))
	}
	if int64(len(body)) > c.Most {
		return a, -1, fault.New(fault.Invalid, "the answer is longer than %d MiB", c.Most>>20).At("%s", place(at)).Next("ask for fewer records at once (size)")
	}
	a = question.Answer{Status: resp.StatusCode, Link: strings.Join(resp.Header.Values("Link"), ", "), Body: body}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
		wait = after(resp.Header.Get("Retry-After"), c.Now())
		if resp.StatusCode == http.StatusTooManyRequests || wait > 0 {
			c.Throttled++
		}
		return a, wait, c.said(at, a, fault.Unavailable).Next("it is asked again at the next time; candor pull NAME asks now")
	}
	return a, 0, nil
}

// after reads Retry-After: seconds, or a time; 0 where it says neither.
func after(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n >= 0 && n < 1<<31 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// pace waits until the next request may be sent.
func (c *Client) pace(ctx context.Context) error {
	now := c.Now()
	if c.PerMinute > 0 && !c.last.IsZero() {
		if left := c.last.Add(time.Minute / time.Duration(c.PerMinute)).Sub(now); left > 0 {
			if err := c.Wait(ctx, left); err != nil {
				return err
			}
			now = now.Add(left)
		}
	}
	c.last = now
	return nil
}

// status returns an error unless an answer may be read.
func (c *Client) status(ask *question.Ask, at *url.URL, a question.Answer) error {
	switch {
	case a.Status >= 200 && a.Status < 300, slices.Contains(ask.Also, a.Status):
		return nil
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		return c.said(at, a, fault.Refused).Next("check the secret and what it may read: candor pull products says which rights are needed")
	case a.Status >= 500:
		return c.said(at, a, fault.Unavailable).Next("the source's own log says why")
	}
	return c.said(at, a, fault.Invalid).Next("check the source's address and settings: candor pull products lists them")
}

// said is an error with what the source answered, as far as that is short text.
func (c *Client) said(at *url.URL, a question.Answer, kind fault.Kind) *fault.Error {
	text := strings.Join(strings.Fields(c.covered(string(a.Body))), " ") // before it is cut, so that no part of a secret is left
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	if text != "" {
		text = ": " + inert.Line(strings.ToValidUTF8(text, "?"))
	}
	return fault.New(kind, "the source answered %d %s%s", a.Status, http.StatusText(a.Status), text).At("%s", place(at))
}

func (c *Client) unreachable(at *url.URL, err error) *fault.Error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // which says the address with all that was asked
	}
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = fmt.Sprintf("nothing more came within %s", c.Timeout)
	}
	return fault.New(fault.Unavailable, "the source does not answer: %s", c.covered(text)).At("%s", place(at)).
		Next("check the address and the network (a proxy is taken from HTTPS_PROXY, certificates from ca_file)")
}
