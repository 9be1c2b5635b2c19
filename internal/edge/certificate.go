package edge

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"candor/internal/fault"
)

// Certificate is a certificate with its key, in two files of PEM that are read again when
// they changed: whoever renews them need not tell. It is safe for concurrent use.
type Certificate struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	loaded *tls.Certificate
	state  [2]fileState
	looked time.Time
	told   string
}

// fileState is what tells that a file changed.
type fileState struct {
	changed time.Time
	size    int64
}

// lookEvery is how long the files are not looked at again.
const lookEvery = 5 * time.Second

// certificateSoon is how long before its end a certificate is spoken of.
const certificateSoon = 14 * 24 * time.Hour

// LoadCertificate reads a certificate with its chain and its key. One that cannot be read,
// whose key is another's, or that has ended is refused; what is wrong with a later one is
// told the log, and the one before is used on.
func LoadCertificate(cert, key string, now func() time.Time, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log, now: now}
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// read reads the files.
func (c *Certificate) read() error {
	state, err := c.files()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fault.New(fault.Invalid, "the certificate and its key cannot be used together: %s", strings.TrimPrefix(err.Error(), "tls: ")).At("%s, %s", c.cert, c.key).
			Next("name two PEM files: --tls-cert has the certificate and its chain, --tls-key the key that it was made with")
	}
	if end := pair.Leaf.NotAfter; !c.now().Before(end) {
		return fault.New(fault.Invalid, "the certificate ended on %s", end.UTC().Format(time.DateTime)).At("%s", c.cert).Next("renew it")
	}
	c.loaded, c.state = &pair, state
	return nil
}

// files returns how the files are. A key that others can read is refused.
func (c *Certificate) files() (state [2]fileState, err error) {
	for i, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return state, fault.New(fault.NotFound, "the file cannot be read").At("%s", path).Because(err).Next("name it with %s", []string{"--tls-cert", "--tls-key"}[i])
		}
		if i == 1 && exposed(info) {
			return state, fault.New(fault.Refused, "everybody on this machine can read the key").At("%s", path).Next("chmod o= %s", path)
		}
		state[i] = fileState{info.ModTime(), info.Size()}
	}
	return state, nil
}

// Look reads the files again if they changed, however short ago they were looked at.
func (c *Certificate) Look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
}

func (c *Certificate) look() {
	c.looked = c.now()
	state, err := c.files()
	if err == nil && state == c.state {
		c.told = ""
		return
	}
	if err == nil {
		err = c.read()
	}
	if err == nil {
		c.told = ""
		c.log.Info("the certificate was read again", "file", c.cert, "ends", c.loaded.Leaf.NotAfter.UTC())
		return
	}
	if c.told != err.Error() {
		c.told = err.Error()
		c.log.Error("the certificate that changed cannot be used, and the one before is used on", "error", err)
	}
}

// get returns the certificate as it is now, for a handshake.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if since := c.now().Sub(c.looked); since >= lookEvery || since < 0 {
		c.look()
	}
	return c.loaded, nil
}

// isFor reports whether the certificate is for a host.
func (c *Certificate) isFor(host string) bool {
	c.mu.Lock()
	leaf := c.loaded.Leaf
	c.mu.Unlock()
	return leaf.VerifyHostname(host) == nil
}

// Ends is when the certificate ends.
func (c *Certificate) Ends() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loaded.Leaf.NotAfter
}

// ErrEnds is the cause of what Check says of a certificate that ends soon.
var ErrEnds = errors.New("the certificate ends soon")

// Check says what is wrong with the certificate in use, or will be within two weeks.
func (c *Certificate) Check() error {
	c.mu.Lock()
	leaf, told := c.loaded.Leaf, c.told
	c.mu.Unlock()
	if left := leaf.NotAfter.Sub(c.now()); left < certificateSoon {
		return fault.New(fault.Invalid, "the certificate ends on %s", leaf.NotAfter.UTC().Format(time.DateTime)).At("%s", c.cert).Because(ErrEnds).Next("renew it: the server reads the new one by itself")
	}
	if told != "" {
		return fault.New(fault.Invalid, "%s", told)
	}
	return nil
}
