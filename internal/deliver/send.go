package deliver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"strconv"
	"strings"
	"time"
)

// logged is the priority of what is logged: facility local0, severity notice.
const logged = 16*8 + 5

// line is a message as RFC 5424 has it, in one line: ends of lines are written as \n.
func (m *Message) line() string {
	host, err := os.Hostname()
	if err != nil || host == "" || strings.ContainsAny(host, " \t") {
		host = "-"
	}
	text := strings.ReplaceAll(strings.TrimSuffix(m.Text, "\n")+"\n", "\n", `\n`)
	return fmt.Sprintf("<%d>1 %s %s candor %d %s - \ufeff%s", logged, m.Time.UTC().Format("2006-01-02T15:04:05.000Z"), host, os.Getpid(), "head", text)
}

// sendLog sends a message to a log server: over TCP with its length before it (RFC 6587).
func (p *Place) sendLog(ctx context.Context, m Message) error {
	line := m.line()
	var d net.Dialer
	network, at := p.URL.Scheme, p.URL.Host
	if p.Path != "" {
		network, at = "unixgram", p.Path
	}
	c, err := d.DialContext(ctx, network, at)
	if err != nil && network == "unixgram" {
		network = "unix"
		c, err = d.DialContext(ctx, network, at)
	}
	if err != nil {
		return err
	}
	if until, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(until)
	}
	if network == "tcp" || network == "unix" {
		line = strconv.Itoa(len(line)) + " " + line
	}
	_, err = io.WriteString(c, line)
	return errors.Join(err, c.Close())
}

// Signature is that of a webhook as the Standard Webhooks specification has it: HMAC-SHA256
// over id, time and body. A secret that begins with whsec_ is Base64.
func Signature(secret, id string, at time.Time, body []byte) string {
	key := []byte(secret)
	if text, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
			key = raw
		}
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// post sends a webhook. Where it is sent on to is not followed.
func (p *Place) post(ctx context.Context, m Message, secret string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL.String(), bytes.NewReader(m.JSON))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "candor")
	r.Header.Set("webhook-id", m.ID)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(m.Time.Unix(), 10))
	if secret != "" {
		r.Header.Set("webhook-signature", Signature(secret, m.ID, m.Time, m.JSON))
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	_ = answer.Body.Close()
	if answer.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("it answered %d", answer.StatusCode)
	if wait, bad := strconv.Atoi(answer.Header.Get("Retry-After")); bad == nil && wait > 0 {
		return errors.Join(err, &ErrLater{min(time.Duration(wait)*time.Second, 24*time.Hour)})
	}
	return err
}

// sendMail sends a mail, encrypted unless the server is on this machine.
func (p *Place) sendMail(ctx context.Context, m Message, secret string) (err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.URL.Host)
	if err != nil {
		return err
	}
	if until, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(until)
	}
	c, err := smtp.NewClient(conn, p.URL.Hostname())
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); ok {
		err = c.StartTLS(&tls.Config{ServerName: p.URL.Hostname(), MinVersion: tls.VersionTLS12})
	} else if !loopback(p.URL.Hostname()) {
		err = errors.New("it does not encrypt what is sent to it")
	}
	if user := p.URL.User.Username(); err == nil && user != "" {
		err = c.Auth(smtp.PlainAuth("", user, secret, p.URL.Hostname()))
	}
	q := p.URL.Query()
	if err == nil {
		err = c.Mail(q.Get("from"))
	}
	for _, to := range q["to"] {
		if err == nil {
			err = c.Rcpt(to)
		}
	}
	if err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err = w.Write(letter(q.Get("from"), q["to"], m)); err != nil {
		return err
	}
	return errors.Join(w.Close(), c.Quit())
}

// letter is a mail.
func letter(from string, to []string, m Message) []byte {
	var b bytes.Buffer
	_, domain, _ := strings.Cut(from, "@")
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		from, strings.Join(to, ", "), mime.QEncoding.Encode("utf-8", m.Subject), m.Time.UTC().Format(time.RFC1123Z), m.ID, domain)
	w := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(w, m.Text) // to memory
	_ = w.Close()
	return b.Bytes()
}
