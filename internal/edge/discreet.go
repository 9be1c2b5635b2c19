package edge

import (
	"net/http"
	"time"

	"candor/internal/token"
)

// discreet lets no secret of a token into an answer, whoever put it where it is
// echoed from: an address, a header, a record that is wrong.
func discreet(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := &discreetWriter{ResponseWriter: w}
		h.ServeHTTP(d, r)
		d.finish()
	})
}

// discreetWriter covers secrets in what it passes on. It keeps back the last bytes of
// every write, in which a secret may begin that the next one ends.
type discreetWriter struct {
	http.ResponseWriter
	begun bool
	kept  []byte
}

// begin covers the secrets in the headers before they are sent.
func (d *discreetWriter) begin() {
	if d.begun {
		return
	}
	d.begun = true
	for _, values := range d.Header() {
		for i, v := range values {
			if covered := string(token.Cover([]byte(v))); covered != v { // what has none may be shared
				values[i] = covered
			}
		}
	}
}

// WriteHeader passes on the headers.
func (d *discreetWriter) WriteHeader(code int) {
	d.begin()
	d.ResponseWriter.WriteHeader(code)
}

// Write takes b and passes on what cannot be a part of a secret.
func (d *discreetWriter) Write(b []byte) (int, error) {
	text := append(d.kept, b...)
	covered := token.Cover(text)
	keep := min(len(covered), token.SecretSize-1)
	d.kept = append([]byte(nil), covered[len(covered)-keep:]...)
	return len(b), d.pass(covered[:len(covered)-keep])
}

// SetReadDeadline and SetWriteDeadline let a handler that takes files wait for them; see
// http.ResponseController.
func (d *discreetWriter) SetReadDeadline(at time.Time) error {
	return http.NewResponseController(d.ResponseWriter).SetReadDeadline(at)
}

// SetWriteDeadline sets until when an answer may be written.
func (d *discreetWriter) SetWriteDeadline(at time.Time) error {
	return http.NewResponseController(d.ResponseWriter).SetWriteDeadline(at)
}

// WriteCovered passes on a whole body whose secrets are covered already.
func (d *discreetWriter) WriteCovered(b []byte) (int, error) {
	d.begin()
	return d.ResponseWriter.Write(b)
}

func (d *discreetWriter) pass(b []byte) error {
	if len(b) == 0 {
		return nil // which would send the headers
	}
	d.begin()
	_, err := d.ResponseWriter.Write(b)
	return err
}

// finish passes on what is kept back.
func (d *discreetWriter) finish() {
	_ = d.pass(d.kept)
	d.kept = nil
}
