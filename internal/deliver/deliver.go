// Package deliver sends a message to where a user says: to the end of a file, to a log server,
// to a receiver of webhooks, by mail.
//
// It tries once and says what came of it; whoever calls tries again. It refuses to name in an
// error what may be secret: of an address it tells no more than the host.
package deliver

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/durable"
	"candor/internal/fault"
)

// Message is what is sent.
type Message struct {
	// ID tells one message from another: one that comes twice has the same.
	ID   string
	Time time.Time
	// Subject is the line above a mail.
	Subject string
	// Text is for files, logs and mails, and JSON for webhooks.
	Text string
	JSON []byte
}

// The kinds of places.
const (
	File    = "file"
	Syslog  = "syslog"
	Webhook = "webhook"
	Mail    = "mail"
)

// Place is where messages go.
type Place struct {
	// Kind is "file", "syslog", "webhook" or "mail".
	Kind string
	// Path is a file's, or that of a Unix socket.
	Path string
	// URL is of everything else.
	URL *url.URL
}

// Forms says how places are written.
const Forms = "file:PATH, syslog:udp://HOST:PORT (or tcp://, or unix:///PATH), webhook:https://HOST/PATH, mail:smtp://[USER@]HOST:PORT?from=ADDRESS&to=ADDRESS"

// Parse reads a place. It is fault.Usage for what is none.
func Parse(text string) (Place, error) {
	kind, rest, _ := strings.Cut(text, ":")
	p := Place{Kind: kind}
	bad := func(why string) (Place, error) {
		return Place{}, fault.New(fault.Usage, "%q is no place to write to: %s", kind+":…", why).Next("write it as one of: %s", Forms)
	}
	if kind == File {
		if p.Path = rest; rest == "" {
			return bad("it names no file")
		}
		return p, nil
	}
	u, err := url.Parse(rest)
	if err != nil {
		return bad("what follows is no address")
	}
	p.URL = u
	var why string
	switch kind {
	case Syslog:
		why = p.syslog()
	case Webhook:
		why = p.webhook()
	case Mail:
		why = p.mail()
	default:
		why = "that kind is not known"
	}
	if why != "" {
		return bad(why)
	}
	return p, nil
}

func (p *Place) syslog() string {
	switch {
	case p.URL.Scheme == "unix" && p.URL.Path != "":
		p.Path = p.URL.Path
	case (p.URL.Scheme == "udp" || p.URL.Scheme == "tcp") && p.URL.Port() != "":
	default:
		return "a log server is udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH"
	}
	return ""
}

func (p *Place) webhook() string {
	switch {
	case p.URL.Host == "" || p.URL.Scheme != "https" && p.URL.Scheme != "http":
		return "a webhook is https://HOST/PATH"
	case p.URL.User != nil:
		return "an address has no user or secret in it"
	case p.URL.Scheme == "http" && !loopback(p.URL.Hostname()):
		return "what is sent over http can be read on its way: use https"
	}
	return ""
}

func (p *Place) mail() string {
	q := p.URL.Query()
	_, secret := p.URL.User.Password()
	switch {
	case p.URL.Scheme != "smtp" || p.URL.Port() == "":
		return "a mail server is smtp://HOST:PORT"
	case secret:
		return "an address has no secret in it"
	case !address(q.Get("from")) || len(q["to"]) == 0:
		return "a mail has one sender and somebody who gets it: ?from=ADDRESS&to=ADDRESS"
	}
	for _, to := range q["to"] {
		if !address(to) {
			return "a mail has one sender and somebody who gets it: ?from=ADDRESS&to=ADDRESS"
		}
	}
	return ""
}

// address reports whether a text can stand as an address in a mail: it ends no line.
func address(s string) bool {
	return strings.Count(s, "@") == 1 && !strings.ContainsAny(s, "\r\n<>,; \t")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String names the place as people are told: without what may be secret of an address.
func (p Place) String() string {
	switch {
	case p.Kind == File:
		return File + ":" + p.Path
	case p.Path != "":
		return p.Kind + ":unix://" + p.Path
	case p.URL == nil:
		return p.Kind
	}
	return p.Kind + ":" + p.URL.Scheme + "://" + p.URL.Host
}

// ErrLater is the cause of a failure after which whoever sends was asked to wait.
type ErrLater struct{ Wait time.Duration }

// Error says how long.
func (e *ErrLater) Error() string { return "it asks to be asked again in " + e.Wait.String() }

// patience bounds one try.
const patience = 15 * time.Second

// Send sends a message once. The secret signs a webhook, and is the password of a mail server;
// it may be empty. It is fault.Unavailable when the place did not take it.
func Send(ctx context.Context, p Place, m Message, secret string) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	var err error
	switch p.Kind {
	case File:
		err = Append(p.Path, m.Text, 0o640)
	case Syslog:
		err = p.sendLog(ctx, m)
	case Webhook:
		err = p.post(ctx, m, secret)
	case Mail:
		err = p.sendMail(ctx, m, secret)
	default:
		err = errors.New("nothing can be sent there")
	}
	if err != nil {
		return fault.New(fault.Unavailable, "it was not taken").At("%s", p).Because(discreet(err)).Next("check that it is there and takes what is sent; candor tries again where it serves")
	}
	return nil
}

// discreet is an error without the address that the standard library puts in it.
func discreet(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Append puts a text at the end of a file, on a line of its own even if the last writer was
// killed within one, and returns when it is on the disk.
func Append(path, text string, perm fs.FileMode) error {
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, perm)
	if err != nil {
		return err
	}
	if info, bad := f.Stat(); bad == nil && info.Mode().IsRegular() && info.Size() > 0 {
		last := []byte{0}
		if _, bad := f.ReadAt(last, info.Size()-1); bad == nil && last[0] != '\n' {
			text = "\n" + text
		}
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil || missing == nil {
		return err
	}
	return durable.Names(filepath.Dir(path))
}
