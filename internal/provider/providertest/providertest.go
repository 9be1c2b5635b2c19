// Package providertest is a small strict provider of OpenID Connect on loopback, for tests:
// it takes a code once, from whom it gave it to, with the proof of PKCE and the secret of the
// client, and signs what it says. What it signs, and with what, a test can spoil.
package providertest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that the provider knows.
const (
	Client = "candor"
	Secret = "the secret of the client"
)

// Provider is one.
type Provider struct {
	*httptest.Server
	mu sync.Mutex
	// Now is its clock.
	Now func() time.Time
	// Home is where it sends people back to.
	Home string
	// Person are the claims of whoever signs in, and Info those that it says of them when it
	// is asked alone.
	Person, Info map[string]any
	// Spoil changes what it is about to sign, and Sign signs in another way; nil for neither.
	Spoil func(map[string]any)
	Sign  func(claims []byte, key *rsa.PrivateKey, id string) string
	// Meta changes what it says of itself.
	Meta func(map[string]any)
	// Down says that it answers nothing that makes sense.
	Down bool
	// Elsewhere is where it leads whoever asks it anything; empty for nowhere.
	Elsewhere string

	key   *rsa.PrivateKey
	id    string
	codes map[string]url.Values
	// Asked counts what it was asked for, by path.
	Asked map[string]int
	// Given are the tokens that it gave.
	Given []string
}

// keys are made once: that takes longer than most tests.
var keys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var both [2]*rsa.PrivateKey
	for i := range both {
		both[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return both
})

// New starts a provider that sends people back to a server.
func New(t testing.TB, home string, now func() time.Time) *Provider {
	t.Helper()
	p := &Provider{Now: now, Home: home, key: keys()[0], id: "first", codes: map[string]url.Values{}, Asked: map[string]int{}}
	ways := map[string]http.HandlerFunc{
		"GET /.well-known/openid-configuration": p.says, "GET /keys": p.shows, "GET /authorize": p.authorize, "POST /token": p.gives, "GET /userinfo": p.tells,
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.Asked[r.URL.Path]++
		if p.Down {
			http.Error(w, "<h1>down\x1b[31m</h1>", http.StatusBadGateway)
			return
		}
		if p.Elsewhere != "" {
			http.Redirect(w, r, p.Elsewhere, http.StatusFound)
			return
		}
		if way := ways[r.Method+" "+r.URL.Path]; way != nil {
			way(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// With changes the provider while nobody asks it.
func (p *Provider) With(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Times is how often something was asked for.
func (p *Provider) Times(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Asked[path]
}

// Rotate has the provider sign with another key from now on, and forget the one before.
func (p *Provider) Rotate() {
	p.With(func(p *Provider) { p.key, p.id = keys()[1], "second" })
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) says(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo",
		"end_session_endpoint": p.URL + "/leave", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, "code_challenge_methods_supported": []string{"S256"},
		"authorization_response_iss_parameter_supported": true, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"}}
	if p.Meta != nil {
		p.Meta(m)
	}
	answer(w, http.StatusOK, m)
}

func (p *Provider) shows(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.id, Algorithm: "RS256", Use: "sig"}}})
}

// authorize lets whoever asks in at once, as a provider does at which they have signed in.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != Client || q.Get("redirect_uri") != p.Home+"/sign-in/return" || q.Get("response_type") != "code" {
		http.Error(w, "not a client of this provider", http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {q.Get("state")}, "iss": {p.URL}}
	if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || q.Get("nonce") == "" || q.Get("state") == "" {
		back.Set("error", "invalid_request")
	} else {
		code := rand.Text()
		p.codes[code] = q
		back.Set("code", code)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *Provider) gives(w http.ResponseWriter, r *http.Request) {
	name, secret, ok := r.BasicAuth()
	if !ok {
		name, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	} else {
		name, _ = url.QueryUnescape(name)
		secret, _ = url.QueryUnescape(secret)
	}
	if name != Client || secret != Secret {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": "not " + secret})
		return
	}
	code := r.PostFormValue("code")
	asked := p.codes[code]
	delete(p.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if asked == nil || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "<script>alert(1)</script>"})
		return
	}
	now := p.Now()
	claims := map[string]any{"iss": p.URL, "aud": Client, "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	maps.Copy(claims, p.Person)
	if p.Spoil != nil {
		p.Spoil(claims)
	}
	access := "access-" + rand.Text()
	said := p.signed(claims)
	p.Given = append(p.Given, access, said)
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": said})
}

func (p *Provider) signed(claims map[string]any) string {
	b, _ := json.Marshal(claims)
	if p.Sign != nil {
		return p.Sign(b, p.key, p.id)
	}
	return Signed(b, jose.RS256, p.key, p.id)
}

// Signed signs claims with a key.
func Signed(claims []byte, how jose.SignatureAlgorithm, key any, id string) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: how, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", id).WithType("JWT"))
	if err != nil {
		return err.Error()
	}
	o, err := s.Sign(claims)
	if err != nil {
		return err.Error()
	}
	text, _ := o.CompactSerialize()
	return text
}

// Public is the public half of a key, as bytes that someone who has it could take for a
// shared one.
func Public(key *rsa.PrivateKey) []byte { return x509.MarshalPKCS1PublicKey(&key.PublicKey) }

func (p *Provider) tells(w http.ResponseWriter, r *http.Request) {
	if len(p.Given) == 0 || r.Header.Get("Authorization") != "Bearer "+p.Given[len(p.Given)-2] {
		http.Error(w, "not yours", http.StatusUnauthorized)
		return
	}
	answer(w, http.StatusOK, p.Info)
}

// Follow goes to the address of a sign-in as a browser does, and returns where it is sent back
// to: path and query at the server.
func (p *Provider) Follow(t testing.TB, address string) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	at, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound {
		t.Fatalf("the provider answers %d %v", resp.StatusCode, err)
	}
	return at.RequestURI()
}

// Old is the key that is in use before Rotate.
func Old() *rsa.PrivateKey { return keys()[0] }

// Bringing signs claims with a key that the token brings along, as if that made it good.
func Bringing(claims []byte, key *rsa.PrivateKey, id string) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		return err.Error()
	}
	o, err := s.Sign(claims)
	if err != nil {
		return err.Error()
	}
	text, _ := o.CompactSerialize()
	return text
}
