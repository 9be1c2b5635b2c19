package edge_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/fault"
)

// clock is one that a test turns.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) turn(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// pair writes a certificate for a host, and its key, into a folder.
func pair(t *testing.T, dir, host string, serial int64, end time.Time) (cert, key string) {
	t.Helper()
	private := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	of := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: end.Add(-90 * 24 * time.Hour), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der := must(x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private))(t)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(private))(t)}))
	return cert, key
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// encrypted is a server with a certificate.
type encrypted struct {
	*edge.Place
	log       record
	clock     clock
	dir, addr string
}

func encryptedServer(t *testing.T, h http.HandlerFunc) *encrypted {
	t.Helper()
	e := &encrypted{dir: t.TempDir()}
	e.clock.at = time.Now()
	cert, key := pair(t, e.dir, "candor.example.org", 1, e.clock.at.Add(60*24*time.Hour))
	c := must(edge.LoadCertificate(cert, key, e.clock.now, slog.New(slog.NewTextHandler(&e.log, nil))))(t)
	e.Place = &edge.Place{Certificate: c, Known: true}
	l := must(e.Listen(t.Context(), "0.0.0.0:0"))(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l, h, slog.New(slog.NewTextHandler(&e.log, nil)), func() {}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	e.addr = "127.0.0.1:" + port
	return e
}

// ask asks for a page under a name, with a client of its own, and returns the answer and
// the number of the certificate that it came with.
func (e *encrypted) ask(t *testing.T, host string, most uint16) (*http.Response, int64, error) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: most}, // the names are what is tested
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", e.addr)
		}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("https://" + host + "/")
	if err != nil {
		return nil, 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp, resp.TLS.PeerCertificates[0].SerialNumber.Int64(), resp.Body.Close()
}

func TestWhatOthersReachIsEncryptedAndNamed(t *testing.T) {
	e := encryptedServer(t, func(http.ResponseWriter, *http.Request) {})
	resp, _, err := e.ask(t, "candor.example.org", tls.VersionTLS13)
	if err != nil || resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.TLS.Version != tls.VersionTLS13 || !strings.Contains(resp.Header.Get("Strict-Transport-Security"), "max-age") {
		t.Errorf("%+v, %v", resp, err)
	}
	if resp, _, err = e.ask(t, "localhost", 0); err != nil || resp.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("localhost, which other servers are called too: %+v, %v", resp, err)
	}
	if resp, _, err = e.ask(t, "other.example.org", 0); err != nil || resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("another name: %+v, %v", resp, err)
	}
	if _, _, err = e.ask(t, "candor.example.org", tls.VersionTLS11); err == nil {
		t.Error("an old version of TLS is spoken")
	}
	if resp, err := http.Get("http://" + e.addr + "/"); err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("without encryption: %d", resp.StatusCode)
		}
	}
}

func TestACertificateIsReadAgain(t *testing.T) {
	e := encryptedServer(t, func(http.ResponseWriter, *http.Request) {})
	end := e.clock.at.Add(60 * 24 * time.Hour)
	want := func(serial int64, when string) {
		t.Helper()
		if _, got, err := e.ask(t, "candor.example.org", 0); err != nil || got != serial {
			t.Errorf("%s: certificate %d, %v; want %d", when, got, err, serial)
		}
	}
	want(1, "at first")
	pair(t, e.dir, "candor.example.org", 20, end) // its files differ in length from those before
	want(1, "at once after it changed")
	e.clock.turn(10 * time.Second)
	want(20, "seconds later")
	write(t, filepath.Join(e.dir, "key.pem"), []byte("half a ke"))
	for range 3 {
		e.clock.turn(10 * time.Second)
		want(20, "while the key is half written")
	}
	if n := strings.Count(e.log.String(), "is used on"); n != 1 {
		t.Errorf("told %d times that the new one cannot be used", n)
	}
	if err := e.Certificate.Check(); err == nil {
		t.Error("nothing is wrong with half a key")
	}
	pair(t, e.dir, "candor.example.org", 300, e.clock.now().Add(10*24*time.Hour))
	e.Certificate.Look()
	want(300, "when told to look")
	if err := e.Certificate.Check(); err == nil || !strings.Contains(err.Error(), "ends on") {
		t.Errorf("of one that ends in ten days: %v", err)
	}
	pair(t, e.dir, "candor.example.org", 4000, e.clock.now().Add(-time.Hour))
	e.Certificate.Look()
	want(300, "when the new one has ended already")
}

func TestCertificatesThatCannotBeUsedAreRefused(t *testing.T) {
	now, dir, other := time.Now(), t.TempDir(), t.TempDir()
	cert, key := pair(t, dir, "candor.example.org", 1, now.Add(time.Hour))
	_, stranger := pair(t, other, "candor.example.org", 2, now.Add(time.Hour))
	load := func(cert, key string) error {
		_, err := edge.LoadCertificate(cert, key, func() time.Time { return now }, slog.New(slog.DiscardHandler))
		return err
	}
	for name, c := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"none":            {load(filepath.Join(dir, "none"), key), fault.NotFound},
		"another's key":   {load(cert, stranger), fault.Invalid},
		"the wrong way":   {load(key, cert), fault.Invalid},
		"one that may be": {load(cert, key), ""},
	} {
		if (c.err == nil) != (c.want == "") || c.err != nil && (fault.KindOf(c.err) != c.want || fault.HintOf(c.err) == "") {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := load(cert, key); fault.KindOf(err) != fault.Refused {
		t.Errorf("a key that everybody can read: %v", err)
	}
}

func TestNobodyListensToTheWorldOpenly(t *testing.T) {
	now, dir := time.Now(), t.TempDir()
	cert, key := pair(t, dir, "candor.example.org", 1, now.Add(time.Hour))
	c := must(edge.LoadCertificate(cert, key, time.Now, slog.New(slog.DiscardHandler)))(t)
	proxied := &edge.Place{}
	if err := proxied.Believe([]string{"127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*edge.Place{
		"neither": {}, "known, in clear": {Known: true}, "encrypted, to all": {Certificate: c},
	} {
		if l, err := p.Listen(t.Context(), "0.0.0.0:0"); fault.KindOf(err) != fault.Refused || fault.HintOf(err) == "" {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	if l, err := proxied.Listen(t.Context(), "127.0.0.1:0"); fault.KindOf(err) != fault.Refused {
		t.Errorf("behind a proxy, to all: %v, %v", l, err)
	}
	for _, bad := range []string{"0.0.0.0/0", "::/0", "proxy.example.org", "", "10.0.0.0/33"} {
		if err := (&edge.Place{}).Believe([]string{bad}); fault.KindOf(err) != fault.Usage {
			t.Errorf("the proxy %q: %v", bad, err)
		}
	}
}

func TestWhoAsksThroughAProxy(t *testing.T) {
	type asked struct{ addr, proto, user string }
	for name, c := range map[string]struct {
		peer    string
		headers []string
		want    asked
		status  int
	}{
		"nobody's word, none given":      {"127.0.0.1:5", nil, asked{"127.0.0.1:5", "", ""}, 200},
		"a proxy that is not known":      {"127.0.0.9:5", []string{"X-Forwarded-For", "192.0.2.1"}, asked{}, 403},
		"one that says it otherwise":     {"127.0.0.9:5", []string{"Forwarded", "for=192.0.2.1"}, asked{}, 403},
		"somebody who says encrypted":    {"127.0.0.9:5", []string{"X-Forwarded-Proto", "https"}, asked{"127.0.0.9:5", "", ""}, 200},
		"a user's name by header":        {"127.0.0.9:5", []string{"X-Forwarded-User", "admin", "Remote-User", "admin"}, asked{"127.0.0.9:5", "", ""}, 200},
		"a known one":                    {"10.0.0.1:5", []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https", "X-Forwarded-User", "admin"}, asked{"192.0.2.1:0", "https", ""}, 200},
		"what stood before is not":       {"10.0.0.1:5", []string{"X-Forwarded-For", "127.0.0.1, 192.0.2.1"}, asked{"192.0.2.1:0", "", ""}, 200},
		"through two known ones":         {"10.0.0.1:5", []string{"X-Forwarded-For", "192.0.2.1, 10.0.0.2"}, asked{"192.0.2.1:0", "", ""}, 200},
		"two headers are one":            {"10.0.0.1:5", []string{"X-Forwarded-For", "127.0.0.1", "X-Forwarded-For", "192.0.2.1"}, asked{"192.0.2.1:0", "", ""}, 200},
		"with a port":                    {"10.0.0.1:5", []string{"X-Forwarded-For", "[2001:db8::1]:77"}, asked{"[2001:db8::1]:0", "", ""}, 200},
		"no address":                     {"10.0.0.1:5", []string{"X-Forwarded-For", "192.0.2.1, unknown"}, asked{"10.0.0.1:5", "", ""}, 200},
		"the last word on how counts":    {"10.0.0.1:5", []string{"X-Forwarded-Proto", "https, http"}, asked{"10.0.0.1:5", "", ""}, 200},
		"an address spelled as one of 6": {"[::ffff:10.0.0.1]:5", []string{"X-Forwarded-For", "::ffff:192.0.2.1"}, asked{"192.0.2.1:0", "", ""}, 200},
	} {
		p := &edge.Place{Known: true}
		if err := p.Believe([]string{"10.0.0.0/24"}); err != nil {
			t.Fatal(err)
		}
		var got asked
		h := p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = asked{r.RemoteAddr, r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-User") + r.Header.Get("Remote-User")}
		}))
		r, w := httptest.NewRequest(http.MethodGet, "http://localhost/", nil), httptest.NewRecorder()
		r.RemoteAddr = c.peer
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		if h.ServeHTTP(w, r); w.Code != c.status || got != c.want {
			t.Errorf("%s: %d %+v, want %d %+v", name, w.Code, got, c.status, c.want)
		}
	}
}

// TestNoRequestIsSmuggledIn sends what a proxy in front and a server behind it are known to
// take for different requests. What comes after the first must never be answered as one that
// was hidden in its body.
func TestNoRequestIsSmuggledIn(t *testing.T) {
	var mu sync.Mutex
	var paths []string
	e := &edge.Place{Known: true}
	if err := e.Believe([]string{"127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	l := must(e.Listen(t.Context(), "127.0.0.1:0"))(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- e.Serve(ctx, l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			mu.Lock()
			defer mu.Unlock()
			paths = append(paths, r.URL.Path)
		}), slog.New(slog.DiscardHandler), func() {})
	}()
	const hidden = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for name, head := range map[string]string{
		"two lengths":                        "Content-Length: 0\r\nContent-Length: 43\r\n\r\n",
		"a length with a sign":               "Content-Length: +0\r\n\r\n",
		"a length that is a list":            "Content-Length: 0, 43\r\n\r\n",
		"a transfer encoding with a space":   "Transfer-Encoding : chunked\r\nContent-Length: 43\r\n\r\n0\r\n\r\n",
		"one that is not known":              "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"two of them":                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"one on a folded line":               "Transfer-Encoding:\r\n chunked\r\nContent-Length: 43\r\n\r\n0\r\n\r\n",
		"a header with a bare return":        "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a chunk whose length is no number":  "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
		"a chunk whose length is too long":   "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n",
		"a chunk that ends with a bare line": "Transfer-Encoding: chunked\r\n\r\n1\nZ\n0\n\n",
		"a null in a header":                 "X: a\x00b\r\n\r\n",
		"a length and an encoding":           "Transfer-Encoding: chunked\r\nContent-Length: 43\r\n\r\n0\r\n\r\n",
		"two hosts":                          "Host: localhost\r\n\r\n",
	} {
		c := must(net.Dial("tcp", l.Addr().String()))(t)
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(c, "POST /first HTTP/1.1\r\nHost: localhost\r\n"+head+hidden)
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode < 400 && answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %v, %v", name, answer, err)
		}
		_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond)) // what was hidden would be answered now
		rest, _ := io.ReadAll(c)
		c.Close()
		mu.Lock()
		for _, p := range paths {
			if p == "/hidden" {
				t.Errorf("%s: a request was hidden in it, answered after %d: %q", name, answer.StatusCode, bytes.TrimSpace(rest))
			}
		}
		paths = nil
		mu.Unlock()
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestWhatComesThroughASocketIsBelievedWhereItIsNamed: a proxy that runs here may come
// through the Unix socket.
func TestWhatComesThroughASocketIsBelievedWhereItIsNamed(t *testing.T) {
	for _, named := range []bool{false, true} {
		p := &edge.Place{Socket: named}
		var got string
		h := p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if !door.Private(r) {
				t.Error("it did not come through the socket")
			}
			got = r.RemoteAddr
		}))
		r := httptest.NewRequest(http.MethodGet, "http://candor.example.org/", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.UnixAddr{Name: "s", Net: "unix"}))
		r.RemoteAddr = "@"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if want := map[bool]string{false: "@", true: "192.0.2.1:0"}[named]; got != want {
			t.Errorf("named %v: %q, want %q", named, got, want)
		}
	}
}
