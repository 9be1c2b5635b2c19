package provider_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
	"candor/internal/provider"
	"candor/internal/provider/providertest"
)

// good is a configuration with which nothing is wrong.
const good = `kind: candor-provider
version: 1
name: corp
issuer: https://login.example.org/realms/soc
client_id: candor
secret_env: CORP_SECRET
address: https://candor.example.org
roles:
  - {group: soc, role: analyst}
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAConfigurationOfAProviderSaysWhatItShould(t *testing.T) {
	c, err := provider.Read(write(t, good))
	if err != nil || c.Title != "corp" || c.GroupsFrom != "groups" || c.Session != 12*time.Hour || strings.Join(c.Scopes, " ") != "openid profile email" || c.Roles[0].Role != identity.Analyst {
		t.Fatalf("%+v %v", c, err)
	}
	for about, change := range map[string][2]string{
		"client_secret: a secret":        {"client_id: candor", "client_id: candor\nclient_secret: hunter2"},
		"name: is no name":               {"name: corp", "name: Corp+"},
		"name: is missing":               {"name: corp", "name: ''"},
		"issuer: is no address":          {"https://login.example.org", "http://login.example.org"},
		"issuer: is no address of":       {"/realms/soc", "/realms/soc?tenant=x"},
		"address: is no address":         {"address: https://candor.example.org", "address: http://candor.example.org"},
		"address: is more":               {"candor.example.org", "candor.example.org/x"},
		"secret_file: is missing":        {"secret_env: CORP_SECRET\n", ""},
		"one place":                      {"secret_env: CORP_SECRET", "secret_env: X\nsecret_file: y"},
		"none goes with no secret":       {"secret_env: CORP_SECRET", "secret_env: X\nclient_auth: none"},
		"no way to show":                 {"secret_env: CORP_SECRET", "secret_env: X\nclient_auth: jwt"},
		"no group gives":                 {"roles:\n  - {group: soc, role: analyst}", ""},
		"there is no role":               {"role: analyst", "role: boss"},
		"has a role already":             {"role: analyst}", "role: analyst}\n  - {group: soc, role: admin}"},
		"is no setting here":             {"role: analyst}", "role: analyst, user: x}"},
		"roles: not a list":              {"roles:\n  - {group: soc, role: analyst}", "roles: soc"},
		"session: \"13h\" is no time":    {"client_id: candor", "client_id: candor\nsession: 13h"},
		"title: is no line":              {"client_id: candor", "client_id: candor\ntitle: \"a\\nb\""},
		"issuers: is no setting":         {"client_id: candor", "client_id: candor\nissuers: x"},
		"group: is missing":              {"group: soc, ", ""},
		"address: is no address of http": {"address: https://candor.example.org", "address: candor.example.org"},
	} {
		_, err := provider.Read(write(t, strings.Replace(good, change[0], change[1], 1)))
		about = strings.Replace(about, "name: is no name", "is no name for a provider", 1)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), about[strings.LastIndex(about, ": ")+1:]) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", about, err)
		}
	}
	if _, err := provider.Read(filepath.Join(t.TempDir(), "none")); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

// service returns one that asks a provider, whose configuration has more lines.
func service(t *testing.T, p *providertest.Provider, more string) *provider.Service {
	t.Helper()
	c, err := provider.Read(write(t, strings.Replace(good, "https://login.example.org/realms/soc", p.URL, 1)+more))
	if err != nil {
		t.Fatal(err)
	}
	s, err := provider.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.Now, s.Log, s.Getenv = time.Now, slog.New(slog.DiscardHandler), func(string) string { return providertest.Secret }
	s.Arrive = func(_ context.Context, p people.Person) (people.Account, error) {
		name, err := p.Account()
		return people.Account{Name: name, Role: p.Role}, err
	}
	return s
}

func TestAProviderIsWhoItWas(t *testing.T) {
	p := providertest.New(t, "https://candor.example.org", time.Now)
	for about, m := range map[string]map[string]any{
		"another issuer":            {"issuer": "https://login.evil.example"},
		"no issuer":                 {"issuer": ""},
		"a slash more":              {"issuer": p.URL + "/"},
		"no address of https for w": {"authorization_endpoint": "http://login.evil.example/authorize"},
		"for where tokens":          {"token_endpoint": "ftp://x"},
		"for where its keys are":    {"jwks_uri": "http://login.evil.example/keys"},
		"does not take PKCE":        {"code_challenge_methods_supported": []string{"plain"}},
		"cannot be asked":           {"token_endpoint": 7},
	} {
		p.With(func(p *providertest.Provider) {
			p.Meta = func(all map[string]any) {
				for k, v := range m {
					all[k] = v
				}
			}
		})
		s := service(t, p, "")
		_, err := s.Ask(t.Context(), "state", "nonce", strings.Repeat("v", 52))
		if fault.KindOf(err) != fault.Unavailable || s.Standing() == nil {
			t.Errorf("%s: %v", about, err)
		}
		if strings.Contains(about, "for ") || strings.Contains(about, "PKCE") {
			if !strings.Contains(s.Standing().Error(), about) {
				t.Errorf("%s: %v", about, s.Standing())
			}
		}
	}
	p.With(func(p *providertest.Provider) { p.Meta, p.Elsewhere = nil, "https://login.evil.example/" })
	if _, err := service(t, p, "").Ask(t.Context(), "state", "nonce", "verifier"); err == nil || !strings.Contains(err.Error(), "302 Found") {
		t.Errorf("it is followed elsewhere: %v", err)
	}
}

func TestWhatIsAskedHoldsOnlyInItsFlow(t *testing.T) {
	p := providertest.New(t, "https://candor.example.org", time.Now)
	p.Person = map[string]any{"sub": "1", "preferred_username": "ann", "groups": []string{"soc"}}
	s := service(t, p, "")
	verifier := strings.Repeat("v", 52)
	come := func(spoil func(q url.Values)) url.Values {
		t.Helper()
		address, err := s.Ask(t.Context(), "state", "nonce", verifier)
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(address)
		q := u.Query()
		if q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" || q.Get("nonce") != "nonce" || strings.Contains(address, verifier) {
			t.Errorf("%s", address)
		}
		spoil(q)
		u.RawQuery = q.Encode()
		back, err := url.Parse(p.Follow(t, u.String()))
		if err != nil {
			t.Fatal(err)
		}
		return back.Query()
	}
	as := func(url.Values) {}
	if a, err := s.Answer(t.Context(), "nonce", verifier, come(as)); err != nil || a.Name != "corp+ann" {
		t.Fatalf("%+v %v", a, err)
	}
	for about, how := range map[string]func() error{
		"another proof": func() error {
			_, err := s.Answer(t.Context(), "nonce", strings.Repeat("w", 52), come(as))
			return err
		},
		"no proof": func() error { _, err := s.Answer(t.Context(), "nonce", "", come(as)); return err },
		"no PKCE": func() error {
			_, err := s.Answer(t.Context(), "nonce", verifier, come(func(q url.Values) { q.Del("code_challenge") }))
			return err
		},
		"plain PKCE": func() error {
			_, err := s.Answer(t.Context(), "nonce", verifier, come(func(q url.Values) { q.Set("code_challenge_method", "plain") }))
			return err
		},
		"another nonce": func() error { _, err := s.Answer(t.Context(), "other", verifier, come(as)); return err },
	} {
		if err := how(); fault.KindOf(err) != fault.Refused {
			t.Errorf("%s: %v", about, err)
		}
	}
}

func TestNamesAndGroupsAreWhereTheConfigurationSays(t *testing.T) {
	p := providertest.New(t, "https://candor.example.org", time.Now)
	s := map[string]*provider.Service{}
	for about, c := range map[string]struct {
		more   string
		person map[string]any
		want   string
	}{
		"the usual name":         {"", map[string]any{"preferred_username": "ann", "email": "a@x.org", "email_verified": true}, "corp+ann"},
		"an address":             {"", map[string]any{"email": "a@x.org", "email_verified": true}, "corp+a@x.org"},
		"one that nobody proved": {"", map[string]any{"email": "boss@x.org"}, "corp+1"},
		"one that is not":        {"name_from: email\n", map[string]any{"email": "boss@x.org", "email_verified": false, "preferred_username": "boss"}, ""},
		"of two answers":         {"name_from: email\n", map[string]any{"email": "boss@x.org", "preferred_username": "boss"}, ""},
		"another claim":          {"name_from: upn\n", map[string]any{"upn": "Ann", "preferred_username": "boss"}, "corp+ann"},
		"groups within":          {"groups_from: realm_access.roles\n", map[string]any{"preferred_username": "ann", "groups": nil, "realm_access": map[string]any{"roles": []string{"x", "soc"}}}, "corp+ann"},
		"groups of a full name":  {"groups_from: https://x.org/groups\n", map[string]any{"preferred_username": "ann", "groups": nil, "https://x.org/groups": "soc"}, "corp+ann"},
	} {
		p.With(func(p *providertest.Provider) {
			p.Person = map[string]any{"sub": "1", "groups": []string{"soc"}}
			for k, v := range c.person {
				p.Person[k] = v
			}
			p.Info = map[string]any{"sub": "1", "email_verified": true, "email": "ann@x.org"}
			if about != "of two answers" {
				p.Info = map[string]any{"sub": "1"}
			}
		})
		s[about] = service(t, p, c.more)
		address, err := s[about].Ask(t.Context(), "state", "nonce", strings.Repeat("v", 52))
		if err != nil {
			t.Fatal(err)
		}
		back, _ := url.Parse(p.Follow(t, address))
		a, err := s[about].Answer(t.Context(), "nonce", strings.Repeat("v", 52), back.Query())
		if a.Name != c.want || c.want != "" && a.Role != identity.Analyst || (err == nil) != (c.want != "") {
			t.Errorf("%s: %+v %v", about, a, err)
		}
	}
}

// TestAServerLooksAfterItsProvider: it begins while the provider is down, and finds that it is
// back.
func TestAServerLooksAfterItsProvider(t *testing.T) {
	p := providertest.New(t, "https://candor.example.org", time.Now)
	p.With(func(p *providertest.Provider) { p.Down = true })
	s := service(t, p, "")
	end := s.Watch(t.Context())
	wait := func(well bool) {
		t.Helper()
		for range 2000 {
			if asked := p.Times("/.well-known/openid-configuration"); asked > 0 && (s.Standing() == nil) == well {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Errorf("it stands: %v", s.Standing())
	}
	wait(false)
	p.With(func(p *providertest.Provider) { p.Down = false })
	if _, err := s.Ask(t.Context(), "a", "b", "c"); err != nil {
		t.Error(err)
	}
	wait(true)
	if at := s.Farewell(); !strings.HasPrefix(at, p.URL+"/leave?client_id=candor&post_logout_redirect_uri=") {
		t.Error(at)
	}
	end()
	if fmt.Sprint(s.Hosts()) != "[candor.example.org]" {
		t.Error(s.Hosts())
	}
}
