package answer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"candor/internal/token"
)

// reply is an answer. It is immutable once it is made.
type reply struct {
	status int
	header http.Header
	body   []byte
	// tag is the SHA-256 of the body before it was compressed, in hexadecimal; empty for
	// what is no whole answer.
	tag string
	// lasts says that it may be kept, until a time if that is not zero.
	lasts bool
	until time.Time
}

// whole reports whether it is an answer to keep, and not an error, a part or a place to
// go to.
func (p *reply) whole() bool {
	return p.status == http.StatusOK && !strings.Contains(p.header.Get("Cache-Control"), "no-store") && p.header.Get("Set-Cookie") == ""
}

// write answers a request, and sends no body that the client has.
func (p *reply) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	maps.Copy(h, p.header)
	if p.tag != "" && known(r.Header["If-None-Match"], p.header.Get("ETag")) {
		h.Del("Content-Type")
		h.Del("Content-Encoding")
		h.Del("Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(p.status)
	if r.Method == http.MethodHead {
		return
	}
	if c, ok := w.(Covering); ok {
		_, _ = c.WriteCovered(p.body)
		return
	}
	_, _ = w.Write(p.body)
}

// Covering is a writer that covers secrets in what it is given.
type Covering interface {
	// WriteCovered writes a whole body in which secrets are covered already.
	WriteCovered(b []byte) (int, error)
}

// known reports whether the If-None-Match headers of a request hold a tag, weakly
// compared (RFC 9110, 13.1.2).
func known(headers []string, tag string) bool {
	for _, header := range headers {
		for have := range strings.SplitSeq(header, ",") {
			have = strings.TrimPrefix(strings.TrimSpace(have), "W/")
			if have == tag || have == "*" {
				return true
			}
		}
	}
	return false
}

// recorder takes an answer instead of a client.
type recorder struct {
	header http.Header
	sent   http.Header // as it was when the status was sent
	status int
	body   bytes.Buffer
}

// Header returns the headers that will be sent.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader takes the status, once.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status, r.sent = status, r.header.Clone()
	}
}

// Write takes a part of the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// reply returns what was taken, with its secrets covered.
func (r *recorder) reply() *reply {
	r.WriteHeader(http.StatusOK)
	p := &reply{status: r.status, header: r.sent, body: token.Cover(r.body.Bytes())}
	for _, values := range p.header {
		for i, v := range values {
			values[i] = string(token.Cover([]byte(v)))
		}
	}
	if p.header.Get("Content-Type") == "" && len(p.body) > 0 {
		p.header.Set("Content-Type", http.DetectContentType(p.body))
	}
	if !p.whole() {
		return p
	}
	sum := sha256.Sum256(p.body)
	p.tag = hex.EncodeToString(sum[:])
	p.header.Set("ETag", `"`+p.tag+`"`)
	p.header.Add("Vary", "Accept-Encoding")
	p.header.Set("Content-Length", strconv.Itoa(len(p.body)))
	p.header.Del("Accept-Ranges")
	return p
}
