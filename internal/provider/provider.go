package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"candor/internal/crew"
	"candor/internal/fault"
	"candor/internal/inert"
	"candor/internal/people"
)

// The bounds of asking the provider.
const (
	// askTime is how long one question takes at most, and mostAnswer how long an answer is.
	askTime    = 10 * time.Second
	mostAnswer = 1 << 20
	// lookOften is how often is looked whether the provider answers again, and lookAgain
	// whether it still says what it said.
	lookOften = 15 * time.Second
	lookAgain = 5 * time.Minute
)

// Service lets people sign in through one provider. It is safe for concurrent use.
type Service struct {
	Config
	// Arrive returns the account of a person.
	Arrive func(ctx context.Context, p people.Person) (people.Account, error)
	Now    func() time.Time
	Getenv func(string) string
	Log    *slog.Logger

	client *http.Client
	mu     sync.Mutex
	// known is what the provider says of itself; nil before it was asked.
	known *metadata
	// wrong says why people cannot sign in through it now: that it cannot be asked what it says
	// of itself, and that it does not take what this server asks.
	wrong [2]string
}

// What can be wrong.
const (
	asking = iota
	taking
)

// metadata is what a provider says of itself.
type metadata struct {
	provider *oidc.Provider
	// AuthMethods are how clients may show their secret, and Challenges how they may prove
	// that a code is theirs.
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	Challenges  []string `json:"code_challenge_methods_supported"`
	// NamesItself says that each answer has the issuer (RFC 9207).
	NamesItself bool   `json:"authorization_response_iss_parameter_supported"`
	Keys        string `json:"jwks_uri"`
	Farewell    string `json:"end_session_endpoint"`
}

// New returns what lets people sign in as a configuration says. It asks nobody.
func New(c Config) (*Service, error) {
	how := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		how.RootCAs = x509.NewCertPool()
		if err != nil || !how.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault.New(fault.Unavailable, "the certificate of the provider's authority cannot be used").At("%s", c.CAFile).Because(err).Next("name a file with certificates in PEM with ca_file")
		}
	}
	base := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: how, TLSHandshakeTimeout: askTime, ResponseHeaderTimeout: askTime, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true}
	return &Service{Config: c, client: &http.Client{Transport: bounded{base}, Timeout: askTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// bounded reads of each answer as much as one should be.
type bounded struct{ http.RoundTripper }

// RoundTrip asks, and bounds the answer.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, mostAnswer), resp.Body}
	}
	return resp, err
}

// Close lets connections go that are kept for the next question.
func (s *Service) Close() { s.client.CloseIdleConnections() }

// Title is what people call the provider.
func (s *Service) Title() string { return s.Config.Title }

// Home is where people reach this server.
func (s *Service) Home() string { return s.Address }

// Hosts are the names under which people reach this server; none without a provider.
func (s *Service) Hosts() []string {
	if s == nil {
		return nil
	}
	u, err := url.Parse(s.Address)
	if err != nil {
		return nil
	}
	return []string{u.Hostname()}
}

// Lasts is how long a session of a person lasts at most.
func (s *Service) Lasts() time.Duration { return s.Session }

// Farewell is where a person signs out at the provider, if it says where.
func (s *Service) Farewell() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || !safe(s.known.Farewell) {
		return ""
	}
	u, err := url.Parse(s.known.Farewell)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", s.ClientID)
	q.Set("post_logout_redirect_uri", s.Address+"/sign-in")
	u.RawQuery = q.Encode()
	return u.String()
}

// Standing returns what keeps people from signing in through the provider now.
func (s *Service) Standing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what := cmp.Or(s.wrong[asking], s.wrong[taking]); what != "" {
		return errors.New(what)
	}
	return nil
}

// say notes how the provider stands in one respect, and tells the log when that changes.
func (s *Service) say(in int, err error) {
	now := ""
	if err != nil {
		now = brief(err)
	}
	s.mu.Lock()
	was := s.wrong[in]
	s.wrong[in] = now
	s.mu.Unlock()
	switch {
	case now == was:
	case now == "":
		s.Log.Info("the provider can be asked again", "provider", s.Name)
	default:
		s.Log.Warn("nobody can sign in through the provider; other accounts can", "provider", s.Name, "error", now, "next", fault.HintOf(err))
	}
}

// mostBrief is how long a reason is at most, in bytes.
const mostBrief = 300

// brief is an error in one line that is not long, in which nothing obeys what a provider
// wrote, nor what it sent of secrets is told.
func brief(err error) string {
	var of *oauth2.RetrieveError
	if errors.As(err, &of) { // its text is the provider's whole answer
		status := "no status"
		if of.Response != nil {
			status = of.Response.Status
		}
		return inert.Line("the provider answers " + cut(status, 60) + " " + cut(of.ErrorCode, 60))
	}
	return inert.Line(cut(err.Error(), mostBrief))
}

func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// Watch asks the provider what it says of itself, and again from time to time, until ctx ends
// or what it returns is called, which waits for the end.
func (s *Service) Watch(ctx context.Context) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	done := crew.Go(func() error {
		for {
			_, err := s.discover(ctx)
			wait := lookAgain
			if err != nil {
				wait = lookOften
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(wait):
			}
		}
	})
	return func() {
		stop()
		if err := <-done; err != nil {
			s.Log.Error("the provider is not looked after", "error", err)
		}
		s.Close()
	}
}

// discover asks the provider what it says of itself, and notes how it stands.
func (s *Service) discover(ctx context.Context) (*metadata, error) {
	m, err := s.ask(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err() // the server stops, or nobody waits
	}
	s.say(asking, err)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = m
	return m, nil
}

func (s *Service) ask(ctx context.Context) (*metadata, error) {
	if _, err := s.secret(); err != nil {
		return nil, err
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, s.client), s.Issuer)
	var other *oidc.IssuerMismatchError
	if errors.As(err, &other) {
		return nil, fault.New(fault.Unavailable, "who answers at the issuer's address is another issuer").At("%s", s.Issuer).Next("write issuer as the provider does, with or without a slash at its end")
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the provider cannot be asked").At("%s", s.Issuer).Because(err).Next("check the address and the network; it is asked again by itself")
	}
	m := &metadata{provider: p}
	if err := p.Claims(m); err != nil {
		return nil, fault.New(fault.Unavailable, "what the provider says of itself cannot be read").At("%s", s.Issuer).Because(err)
	}
	for what, at := range map[string]string{"where people sign in": p.Endpoint().AuthURL, "where tokens are asked for": p.Endpoint().TokenURL, "where its keys are": m.Keys} {
		if !safe(at) {
			return nil, fault.New(fault.Unavailable, "the provider names no address of https for %s", what).At("%s", s.Issuer).Next("tell whoever runs the provider")
		}
	}
	if len(m.Challenges) > 0 && !slices.Contains(m.Challenges, "S256") {
		return nil, fault.New(fault.Unavailable, "the provider does not take PKCE with S256").At("%s", s.Issuer).Next("have whoever runs the provider turn it on")
	}
	return m, nil
}

// now returns what the provider says of itself, and asks it if nobody did.
func (s *Service) now(ctx context.Context) (*metadata, error) {
	s.mu.Lock()
	m := s.known
	s.mu.Unlock()
	if m != nil {
		return m, nil
	}
	m, err := s.discover(ctx)
	if err != nil {
		return nil, s.away(err)
	}
	return m, nil
}

// away says that people cannot sign in through the provider now.
func (s *Service) away(err error) error {
	return fault.New(fault.Unavailable, "%s cannot be asked now who you are", s.Config.Title).Because(errors.New(brief(err))).
		Next("try again later, or sign in with a name and a password if you have one here; whoever runs this server finds the reason on the page Operation")
}

// config returns how the provider is asked.
func (s *Service) config(m *metadata) (oauth2.Config, error) {
	secret, err := s.secret()
	if err != nil {
		return oauth2.Config{}, err
	}
	at := m.provider.Endpoint()
	switch {
	case s.ClientAuth == Post, s.ClientAuth == None,
		s.ClientAuth == "" && len(m.AuthMethods) > 0 && !slices.Contains(m.AuthMethods, "client_secret_basic") && slices.Contains(m.AuthMethods, "client_secret_post"):
		at.AuthStyle = oauth2.AuthStyleInParams
	default:
		at.AuthStyle = oauth2.AuthStyleInHeader
	}
	return oauth2.Config{ClientID: s.ClientID, ClientSecret: secret, Endpoint: at, RedirectURL: s.Address + ReturnPath, Scopes: s.Scopes}, nil
}

// maxSecret is how long a secret may be, in bytes.
const maxSecret = 4096

// secret reads the secret of the client from where it is, each time, so that another one
// counts at once; it is in no error.
func (s *Service) secret() (string, error) {
	if s.SecretEnv != "" {
		if v := strings.TrimSpace(s.Getenv(s.SecretEnv)); v != "" {
			return v, nil
		}
		return "", fault.New(fault.Unavailable, "the variable of the environment that has the secret is not set").At("%s", s.SecretEnv).Next("set it for whoever runs the server")
	}
	if s.SecretFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(s.SecretFile)
	v := strings.TrimSpace(string(text))
	if err != nil || v == "" || len(text) > maxSecret || strings.ContainsAny(v, "\r\n\x00") {
		return "", fault.New(fault.Unavailable, "the file of the secret does not hold one line, or cannot be read").At("%s", s.SecretFile).Next("write the secret into it, and nothing else; whoever runs candor must be able to read it")
	}
	return v, nil
}

// Ask returns the address to which a browser goes to sign in.
func (s *Service) Ask(ctx context.Context, state, nonce, verifier string) (string, error) {
	m, err := s.now(ctx)
	if err != nil {
		return "", err
	}
	c, err := s.config(m)
	if err != nil {
		s.say(taking, err)
		return "", s.away(err)
	}
	how := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)}
	if len(s.ACR) > 0 {
		how = append(how, oauth2.SetAuthURLParam("acr_values", strings.Join(s.ACR, " ")))
	}
	return c.AuthCodeURL(state, how...), nil
}
