//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// certify writes a certificate for candor.example.org, and its key.
func (p place) certify(serial int64) {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"candor.example.org"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Duration(serial) * 24 * time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		p.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	p.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	if err := os.Chmod(p.path("key.pem"), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// TestAServerThatOthersReach: with a certificate, asking everyone who they are; the server
// reads a new certificate when it is told to look, and says what is amiss with the old one.
func TestAServerThatOthersReach(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
	p.certify(2) // which ends in two days
	tlsFlags := []string{"--tls-cert", "cert.pem", "--tls-key", "key.pem"}
	for _, c := range []struct{ args, says []string }{
		{[]string{"--addr", "0.0.0.0:0"}, []string{"not encrypted", "--tls-cert"}},
		{[]string{"--addr", "0.0.0.0:0", "--require-token"}, []string{"not encrypted"}},
		{append([]string{"--addr", "0.0.0.0:0"}, tlsFlags...), []string{"nobody is asked who they are", "--require-token"}},
		{[]string{"--addr", "127.0.0.1:0", "--proxy", "127.0.0.1"}, []string{"nobody is asked who they are"}},
		{[]string{"--proxy", "everybody"}, []string{"no address of a proxy"}},
		{[]string{"--limit", "-1"}, []string{"no number of requests"}},
		{[]string{"--log", "xml"}, []string{"no form of a log"}},
	} {
		p.fails(c.says, append([]string{"serve"}, c.args...)...)
	}
	s, at, _ := announced(t, p, append([]string{"--addr", "0.0.0.0:0", "--require-token", "--limit", "1", "--log", "json", "--log-level", "info"}, tlsFlags...)...)
	if !strings.HasPrefix(at.Serving, "https://") || at.Reading != "token" {
		t.Fatalf("%+v", at)
	}
	ask := func(path, name string) (*http.Response, string) {
		t.Helper()
		client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // it has signed itself
		defer client.CloseIdleConnections()
		r, err := http.NewRequest(http.MethodGet, strings.Replace(at.Serving, "[::]", "127.0.0.1", 1)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = name
		r.Header.Set("X-Request-Id", "from-a-proxy-1")
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp, string(b)
	}
	// The library is empty, which is wrong and stops nothing.
	if resp, body := ask("readyz", "candor.example.org"); resp.StatusCode != http.StatusOK || body != "{\"ready\":true}\n" || resp.Header.Get("X-Request-Id") != "from-a-proxy-1" {
		t.Errorf("ready: %d %s %v", resp.StatusCode, body, resp.Header)
	}
	if resp, _ := ask("healthz", "candor.example.org"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %d", resp.StatusCode)
	}
	if resp, _ := ask("readyz", "other.example.org"); resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("by another name: %d", resp.StatusCode)
	}
	if d := p.run("doctor"); d.code == 0 || !strings.Contains(d.out, "certificate: ") || !strings.Contains(d.out, "library_empty: ") {
		t.Errorf("doctor: %d %s%s", d.code, d.out, d.err)
	}
	late := 0
	for range 10 { // six after a pause, one a second: those before are counted too
		if resp, _ := ask("readyz", "candor.example.org"); resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "1" {
			late++
		}
	}
	if late == 0 {
		t.Error("one asker is bounded by nothing")
	}
	p.certify(300)
	if err := s.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, _ := ask("readyz", "candor.example.org")
		if resp.TLS.PeerCertificates[0].SerialNumber.Int64() == 300 {
			break
		}
		if time.Now().After(until) {
			t.Fatal("the new certificate is not used")
		}
	}
	s.stop(t)
	if log := s.errs.String(); !strings.Contains(log, `"msg":"told to look again`) || !strings.Contains(log, `"path":"/readyz","status":200`) || !strings.Contains(log, `"request":"from-a-proxy-1"`) {
		t.Errorf("the log: %s", log)
	}
}
