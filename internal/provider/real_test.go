package provider_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
	"candor/internal/provider"
)

// grouped is the storage of a provider that others wrote, whose users are in groups.
type grouped struct {
	*storage.Storage
	groups []string
}

// SetUserinfoFromRequest says what an ID token says of somebody.
func (g *grouped) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	err := g.Storage.SetUserinfoFromRequest(ctx, info, token, scopes)
	info.AppendClaims("groups", g.groups)
	return err
}

// SetUserinfoFromToken says what the provider says of somebody when it is asked alone.
func (g *grouped) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	err := g.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin)
	info.AppendClaims("groups", g.groups)
	return err
}

// TestARealProviderLetsPeopleIn: with a page on which they type a name and a password.
func TestARealProviderLetsPeopleIn(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the provider logs each request there
	defer slog.SetDefault(was)
	var handler http.Handler
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	defer at.Close()
	back := "https://candor.example.org" + provider.ReturnPath
	store := &grouped{storage.NewStorageWithClients(storage.NewUserStore(at.URL), map[string]*storage.Client{"candor": storage.WebClient("candor", "a secret", back)}), []string{"soc"}}
	handler = exampleop.SetupServer(at.URL, store, nil, false)
	c, err := provider.Read(write(t, strings.Replace(good, "https://login.example.org/realms/soc", at.URL, 1)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := provider.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	secret := "a secret"
	s.Now, s.Log, s.Getenv = time.Now, slog.New(slog.DiscardHandler), func(string) string { return secret }
	s.Arrive = func(_ context.Context, p people.Person) (people.Account, error) {
		name, err := p.Account()
		return people.Account{Name: name, Role: p.Role}, err
	}
	verifier := strings.Repeat("v", 52)
	come := func() url.Values {
		t.Helper()
		address, err := s.Ask(t.Context(), "state", "nonce", verifier)
		if err != nil {
			t.Fatal(err)
		}
		return typed(t, at.URL, address, back)
	}
	answer := come()
	if a, err := s.Answer(t.Context(), "nonce", verifier, answer); err != nil || a.Name != "corp+test-user@127.0.0.1" || a.Role != identity.Analyst {
		t.Fatalf("%+v %v", a, err)
	}
	if _, err := s.Answer(t.Context(), "nonce", verifier, answer); fault.KindOf(err) != fault.Refused {
		t.Errorf("a code counts twice: %v", err)
	}
	if _, err := s.Answer(t.Context(), "nonce", strings.Repeat("w", 52), come()); fault.KindOf(err) != fault.Refused {
		t.Errorf("without the proof: %v", err)
	}
	store.groups = nil
	if a, err := s.Answer(t.Context(), "nonce", verifier, come()); err != nil || a.Role != "" {
		t.Errorf("who is in no group: %+v %v", a, err)
	}
	secret = "another"
	if _, err := s.Answer(t.Context(), "nonce", verifier, come()); fault.KindOf(err) != fault.Unavailable || s.Standing() == nil {
		t.Errorf("with another secret: %v", err)
	}
}

// typed signs in at the provider as a person does, and returns what it sends back.
func typed(t *testing.T, at, address, back string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var came *url.URL
	client := http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			came = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	form := url.Values{"username": {"test-user@127.0.0.1"}, "password": {"verysecure"}, "id": {resp.Request.URL.Query().Get("authRequestID")}}
	if resp, err = client.PostForm(at+"/login/username", form); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if came == nil {
		t.Fatalf("the provider answers %d at %s", resp.StatusCode, resp.Request.URL)
	}
	return came.Query()
}
