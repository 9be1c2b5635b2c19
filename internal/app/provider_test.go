package app_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"candor/internal/app"
	"candor/internal/assure"
	"candor/internal/cli"
	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/ledger"
	"candor/internal/people"
	"candor/internal/policy"
	"candor/internal/provider"
	"candor/internal/provider/providertest"
	"candor/internal/token"
)

// federated is a house at which people sign in through a provider, too.
type federated struct {
	*house
	// name is that of the provider here.
	name    string
	corp    *providertest.Provider
	service *provider.Service
	// now is what every clock says; that of the provider is behind by late.
	now  time.Time
	late time.Duration
}

// configuration is that of the provider, in the file that whoever runs the server writes.
const configuration = `kind: candor-provider
version: 1
name: %s
title: Example Corp
issuer: %s
client_id: candor
secret_file: secret
address: http://localhost
scopes: [profile, groups]
session: 2h
roles:
  - {group: candor-admins, role: admin}
  - {group: soc, role: analyst}
  - {group: /audit/outside, role: auditor}
  - {group: everyone, role: reader}
`

// fed is what the tests of providers share: a house takes longer than most of them. Each has a
// provider of a name of its own.
var fed struct {
	once  sync.Once
	desk  *cli.Desk
	n     int
	close func()
}

// shared opens the house.
func shared(t *testing.T) {
	data := filepath.Join(filepath.Dir(demonstration(t)), "data")
	dir, err := os.MkdirTemp("", "candor-fed-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	d, err := app.Open(context.Background(), dir, cli.Mode{Write: true, Serve: true, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := d.Intake.Start(time.Hour, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d.People.Cost = people.Cost{Memory: 64, Passes: 1}
	fed.desk = d
	fed.close = func() { stop(); _ = d.Close(); _ = os.RemoveAll(dir) }
}

// through returns the house with a provider of its own; more lines are added to its
// configuration.
func through(t *testing.T, more ...string) *federated {
	t.Helper()
	fed.once.Do(func() { shared(t) })
	fed.n++
	f := &federated{house: &house{t: t, desk: fed.desk, tokens: token.In(filepath.Join(t.TempDir(), "tokens"))}, name: fmt.Sprint("corp", fed.n), now: today}
	clock := func() time.Time { return f.now }
	f.corp = providertest.New(t, "http://localhost", func() time.Time { return f.now.Add(-f.late) })
	f.is("4711", "ann", "soc")
	dir := t.TempDir()
	for name, text := range map[string]string{"p.yaml": fmt.Sprintf(configuration, f.name, f.corp.URL) + strings.Join(more, "\n"), "secret": providertest.Secret + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := provider.Read(filepath.Join(dir, "p.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if f.service, err = provider.New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.service.Close)
	log := slog.New(slog.NewTextHandler(&f.log, nil))
	f.service.Arrive, f.service.Now, f.service.Log = f.desk.People.Arrive, clock, log
	f.desk.Provider = f.service.Standing
	f.door = door.New(door.Config{Tokens: f.tokens, Accounts: f.desk.People, Provider: f.service, Noted: f.desk.Visits.Note, Now: clock})
	f.Handler = f.desk.Handler(f.door, func() (assure.Policy, error) { return policy.Default(), nil }, log)
	return f
}

// account makes an account of this server, or puts it back as it was made.
func (f *federated) account(name string, role identity.Role) {
	f.t.Helper()
	if _, err := f.desk.People.Get(name); err != nil {
		f.house.account(name, role)
		return
	}
	if _, _, err := f.desk.People.SetRole(f.t.Context(), people.Changing{Name: name}, role); err != nil {
		f.t.Fatal(err)
	}
}

// its is the name of the account of a person of the provider.
func (f *federated) its(name string) string { return f.name + "+" + name }

// is says who signs in at the provider from now on.
func (f *federated) is(subject, name string, groups ...string) {
	f.corp.With(func(p *providertest.Provider) {
		p.Person = map[string]any{"sub": subject, "preferred_username": name, "groups": groups}
	})
}

// goesOn is where a page leads a browser by itself.
var goesOn = regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=([^"]+)">`)

// begin begins to sign in, in a browser with cookies or none, and returns the address at the
// provider and the cookie of the browser.
func (f *federated) begin(to, cookie string) (address, flow string) {
	f.t.Helper()
	w := f.send("/sign-in/provider", url.Values{"to": {to}}, "Cookie", cookie)
	m := goesOn.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusOK || m == nil {
		f.t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, c := range w.Result().Cookies() {
		if c.Name == "candor_flow" {
			flow = c.Name + "=" + c.Value
		}
	}
	return html.UnescapeString(m[1]), flow
}

// round signs in through the provider, and returns the answer to whoever comes back.
func (f *federated) round(headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	address, flow := f.begin("", "")
	return f.look(f.corp.Follow(f.t, address), append(headers, "Cookie", flow)...)
}

// enters signs in through the provider and returns the cookie of the session.
func (f *federated) enters() string {
	f.t.Helper()
	w := f.round()
	if c := cookieOf(w); c != "" && w.Code == http.StatusSeeOther {
		return c
	}
	f.t.Fatalf("nobody is signed in: %d %s\n%s", w.Code, w.Body, f.log.String())
	return ""
}

// away checks that nobody came in, and that the page says why.
func (f *federated) away(about string, w *httptest.ResponseRecorder, status int, says string) {
	f.t.Helper()
	if w.Code != status || cookieOf(w) != "" || !strings.Contains(w.Body.String(), says) || w.Header().Get("Cache-Control") != "no-store" {
		f.t.Errorf("%s: %d, cookie %q, want %d with %q:\n%s", about, w.Code, cookieOf(w), status, says, w.Body)
	}
}

func TestWhoComesThroughAProviderHasAnAccountOfTheirOwn(t *testing.T) {
	f := through(t)
	f.account("ann", identity.Admin)
	f.account("root", identity.Admin)
	if page := f.look("/sign-in").Body.String(); !strings.Contains(page, `action="/sign-in/provider"`) || !strings.Contains(page, "Sign in through Example Corp") || strings.Contains(page, "<script") {
		t.Error("the page does not offer it without scripts")
	}
	w := f.round("User-Agent", "a browser")
	ann := cookieOf(w)
	if w.Header().Get("Location") != "/" || !f.in(ann) {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for _, path := range []string{"/people", "/audit"} {
		if got := f.look(path, "Cookie", ann).Code; got != http.StatusForbidden {
			t.Errorf("who has the name of an admin here is one: %s %d", path, got)
		}
	}
	page := f.look("/account", "Cookie", ann).Body.String()
	if !strings.Contains(page, f.name+"&#43;ann") || strings.Contains(page, `name="new"`) || !strings.Contains(page, "You sign in through "+f.name) {
		t.Errorf("the page of the account:\n%s", page)
	}
	if w := f.send("/account/password", url.Values{"current": {word}, "new": {word + " x"}, "again": {word + " x"}}, "Cookie", ann); w.Code == http.StatusSeeOther {
		t.Error("who comes through a provider has a password here")
	}
	root := f.signedIn("root")
	for _, do := range []string{"recover", "role"} {
		if w := f.send("/people", url.Values{"do": {do}, "name": {f.its("ann")}, "role": {"admin"}}, "Cookie", root); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", do, w.Code)
		}
	}
	if page := f.look("/people", "Cookie", root).Body.String(); !strings.Contains(page, "the provider "+f.name) || strings.Contains(page, `aria-label="Role of `+f.name) {
		t.Error("the page of accounts does not say where a person comes from, or offers what the provider says")
	}
	f.wrote(ann)
	f.overheard(ann, root)
	two := f.enters()
	if f.send("/account/sign-out-everywhere", nil, "Cookie", ann); f.in(ann) || f.in(two) || !f.in(root) {
		t.Error("signing out everywhere does not")
	}
	three := f.enters()
	if f.send("/people", url.Values{"do": {"disable"}, "name": {f.its("ann")}}, "Cookie", root); f.in(three) {
		t.Error("a disabled account reads")
	}
	f.away("disabled", f.round(), http.StatusForbidden, "is not active here")
	audit := f.look("/audit/table.csv", "Cookie", root).Body.String()
	for _, want := range []string{"signed in," + f.its("ann"), people.NotActive, "account disabled," + f.its("ann"), "provider:" + f.name} {
		if !strings.Contains(audit, want) {
			t.Errorf("%q is not in the audit log:\n%s", want, audit)
		}
	}
}

// wrote checks under which name a person writes.
func (f *federated) wrote(cookie string) {
	f.t.Helper()
	f.is("4712", "lea", "candor-admins", "soc")
	lea := f.enters()
	f.is("4711", "ann", "soc")
	form := url.Values{"id": {"T1589.003"}, "decision": {"accept"}, "owner": {"CISO"}, "until": {"2027-01-31"}, "why": {"It happens elsewhere."}, "do": {"set"}, "by": {"ann"}}
	if w := f.send("/gap", form, "Cookie", cookie); w.Code != http.StatusForbidden {
		f.t.Errorf("an analyst states a gap: %d", w.Code)
	}
	if w := f.send("/gap", form, "Cookie", lea); w.Code != http.StatusSeeOther {
		f.t.Fatalf("%d %s", w.Code, w.Body)
	}
	entries, err := f.desk.Custody.Log().Where(f.t.Context(), func(k ledger.Kind, _ string) bool { return k == ledger.Batch })
	if err != nil || entries[len(entries)-1].By != "account:"+f.its("lea") {
		f.t.Errorf("it is recorded as of %q %v", entries[len(entries)-1].By, err)
	}
}

// overheard checks that nothing of what the provider gave is told to anybody.
func (f *federated) overheard(cookies ...string) {
	f.t.Helper()
	f.corp.With(func(p *providertest.Provider) {
		for _, secret := range append(p.Given, providertest.Secret) {
			for _, cookie := range cookies {
				for _, path := range []string{"/", "/account", "/people", "/people/sessions", "/audit", "/operation"} {
					if w := f.look(path, "Cookie", cookie); strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), secret) {
						f.t.Errorf("%s tells what the provider gave", path)
					}
				}
			}
			if strings.Contains(f.log.String(), secret) {
				f.t.Error("the log tells what the provider gave")
			}
		}
	})
}

func TestAnAnswerOfAProviderCountsOnceInItsBrowser(t *testing.T) {
	f := through(t)
	address, flow := f.begin("", "")
	back := f.corp.Follow(t, address)
	stranger := "candor_flow=" + strings.Repeat("a", 52)
	if w := f.asked(httptest.NewRequest(http.MethodHead, "http://localhost"+back, http.NoBody), "Cookie", flow); w.Code != http.StatusNoContent || cookieOf(w) != "" {
		t.Errorf("a preview used the answer up: %d", w.Code)
	}
	first := f.look(back, "Cookie", flow)
	if first.Code != http.StatusSeeOther || !strings.Contains(fmt.Sprint(first.Header()["Set-Cookie"]), "candor_flow=; ") {
		t.Fatalf("%d %v %s", first.Code, first.Header(), first.Body)
	}
	f.away("replayed", f.look(back, "Cookie", flow), http.StatusForbidden, "no sign-in that was begun")
	// A code that was used, with a state that was not.
	again, flow2 := f.begin("", "")
	code := between(back, "code=", "&")
	fresh := f.corp.Follow(t, again)
	f.away("a used code", f.look(strings.Replace(fresh, between(fresh, "code=", "&"), code, 1), "Cookie", flow2), http.StatusForbidden, "cannot be proven")
	f.away("and its state", f.look(fresh, "Cookie", flow2), http.StatusForbidden, "no sign-in that was begun")
	for about, how := range map[string]func(back, flow string) *httptest.ResponseRecorder{
		"no cookie":       func(back, _ string) *httptest.ResponseRecorder { return f.look(back) },
		"another browser": func(back, _ string) *httptest.ResponseRecorder { return f.look(back, "Cookie", stranger) },
		"no state": func(back, flow string) *httptest.ResponseRecorder {
			return f.look(strings.Replace(back, "state=", "x=", 1), "Cookie", flow)
		},
		"an empty state": func(_, flow string) *httptest.ResponseRecorder {
			return f.look("/sign-in/return?code=x&state=", "Cookie", flow)
		},
		"two states": func(back, flow string) *httptest.ResponseRecorder { return f.look(back+"&state=x", "Cookie", flow) },
		"late": func(back, flow string) *httptest.ResponseRecorder {
			f.now = f.now.Add(door.FlowLasts)
			return f.look(back, "Cookie", flow)
		},
	} {
		address, flow := f.begin("", "")
		f.away(about, how(f.corp.Follow(t, address), flow), http.StatusForbidden, "no sign-in that was begun")
	}
	// The answer to somebody else's sign-in, which its owner would have another one follow.
	theirs, _ := f.begin("", "")
	_, own := f.begin("", "")
	f.away("somebody else's", f.look(f.corp.Follow(t, theirs), "Cookie", own), http.StatusForbidden, "no sign-in that was begun")
	f.account("root", identity.Admin)
	if log := f.look("/audit/table.csv", "Cookie", f.signedIn("root")).Body.String(); !strings.Contains(log, people.NotBegun) || !strings.Contains(log, people.WrongEvidence) {
		t.Errorf("what was refused is not noted:\n%s", log)
	}
}

// between is the part of a text between two others.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	part, _, _ := strings.Cut(rest, after)
	return part
}

func TestTwoTabsSignInAtOnce(t *testing.T) {
	f := through(t)
	one, flow := f.begin("/policy", "")
	two, same := f.begin("/gaps", flow)
	if flow != same {
		t.Fatal("a second tab takes the browser's first away")
	}
	for address, to := range map[string]string{one: "/policy", two: "/gaps"} {
		w := f.look(f.corp.Follow(t, address), "Cookie", flow)
		if w.Header().Get("Location") != to || !f.in(cookieOf(w)) {
			t.Errorf("%s: %d %s", to, w.Code, w.Body)
		}
	}
}

func TestOnlyWhatAProviderSignedForThisSignInIsTaken(t *testing.T) {
	f := through(t)
	claim := func(name string, v any) func(map[string]any) {
		return func(c map[string]any) {
			if c[name] = v; v == nil {
				delete(c, name)
			}
		}
	}
	later := func(name string, by time.Duration) func(map[string]any) { return claim(name, f.now.Add(by).Unix()) }
	for about, spoil := range map[string]func(map[string]any){
		"another audience":         claim("aud", "other"),
		"no audience":              claim("aud", nil),
		"several and no party":     claim("aud", []string{"candor", "other"}),
		"another party":            claim("azp", "other"),
		"a party that is no text":  claim("azp", 7),
		"another issuer":           claim("iss", "https://login.evil.example"),
		"no issuer":                claim("iss", nil),
		"another nonce":            claim("nonce", "x"),
		"no nonce":                 claim("nonce", nil),
		"an empty nonce":           claim("nonce", ""),
		"ended":                    later("exp", -3*time.Minute),
		"no end":                   claim("exp", nil),
		"made later":               later("iat", 3*time.Minute),
		"never made":               claim("iat", nil),
		"not yet":                  later("nbf", 3*time.Minute),
		"nobody":                   claim("sub", ""),
		"no subject":               claim("sub", nil),
		"a long subject":           claim("sub", strings.Repeat("x", 256)),
		"another token's":          claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"groups elsewhere, unsafe": claim("_claim_names", map[string]any{"groups": "nowhere"}),
	} {
		f.corp.With(func(p *providertest.Provider) { p.Spoil = spoil })
		f.away(about, f.round(), http.StatusForbidden, "cannot be proven")
	}
	f.corp.With(func(p *providertest.Provider) { p.Spoil = nil })
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for about, sign := range map[string]func([]byte, *rsa.PrivateKey, string) string{
		"none": func(c []byte, _ *rsa.PrivateKey, _ string) string {
			return encode(`{"alg":"none","typ":"JWT"}`) + "." + encode(string(c)) + "."
		},
		"a shared key that is the public one": func(c []byte, k *rsa.PrivateKey, id string) string {
			return providertest.Signed(c, jose.HS256, providertest.Public(k), id)
		},
		"the secret of the client": func(c []byte, _ *rsa.PrivateKey, id string) string {
			return providertest.Signed(c, jose.HS256, []byte(providertest.Secret+strings.Repeat("x", 32)), id)
		},
		"another key": func(c []byte, _ *rsa.PrivateKey, id string) string {
			return providertest.Signed(c, jose.RS256, stranger(), id)
		},
		"a key that it brings":   func(c []byte, _ *rsa.PrivateKey, id string) string { return providertest.Bringing(c, stranger(), id) },
		"nothing":                func([]byte, *rsa.PrivateKey, string) string { return "" },
		"what is no token":       func([]byte, *rsa.PrivateKey, string) string { return "<script>alert(1)</script>" },
		"a part of another":      func(c []byte, k *rsa.PrivateKey, id string) string { return spliced(c, k, id) },
		"what is longer than it": func([]byte, *rsa.PrivateKey, string) string { return strings.Repeat("a.", 1<<20) },
	} {
		f.corp.With(func(p *providertest.Provider) { p.Sign = sign })
		w := f.round()
		if w.Code != http.StatusForbidden && w.Code != http.StatusServiceUnavailable || cookieOf(w) != "" || strings.Contains(w.Body.String(), "<script>alert") {
			t.Errorf("%s: %d %s", about, w.Code, w.Body)
		}
	}
	if a, err := f.desk.People.Get(f.its("ann")); err == nil {
		t.Errorf("somebody has an account: %+v", a)
	}
}

func TestClocksMayDifferALittle(t *testing.T) {
	f := through(t)
	for late, comes := range map[time.Duration]bool{0: true, 90 * time.Second: true, -90 * time.Second: true, 6 * time.Minute: true, 7 * time.Minute: false, -150 * time.Second: false, -time.Hour: false, 24 * time.Hour: false} {
		if f.late = late; comes {
			f.enters()
		} else {
			f.away(late.String(), f.round(), http.StatusForbidden, "is the clock right")
		}
	}
}

func TestKeysOfAProviderChangeWhileItServes(t *testing.T) {
	f := through(t)
	f.enters()
	f.corp.Rotate()
	f.enters()
	f.corp.With(func(p *providertest.Provider) {
		if p.Asked["/keys"] != 2 {
			t.Errorf("the keys were asked for %d times", p.Asked["/keys"])
		}
		p.Sign = func(c []byte, _ *rsa.PrivateKey, _ string) string {
			return providertest.Signed(c, jose.RS256, providertest.Old(), "first")
		}
	})
	f.away("a key that is gone", f.round(), http.StatusForbidden, "cannot be proven")
}

func TestGroupsGiveARoleAnewAtEachSignIn(t *testing.T) {
	f := through(t)
	role := func(want identity.Role) string {
		t.Helper()
		cookie := f.enters()
		if a, err := f.desk.People.Get(f.its("ann")); err != nil || a.Role != want {
			t.Errorf("%+v %v, want %s", a, err, want)
		}
		return cookie
	}
	before := role(identity.Analyst)
	f.is("4711", "Ann", "everyone", "candor-admins", "soc")
	after := role(identity.Admin)
	if f.look("/people", "Cookie", before).Code != http.StatusOK || f.look("/people", "Cookie", after).Code != http.StatusOK {
		t.Error("a group that was given does not count")
	}
	f.is("4711", "ann", "everyone")
	role(identity.Reader)
	if got := f.look("/people", "Cookie", after).Code; got != http.StatusForbidden {
		t.Errorf("a group that was taken counts in another session: %d", got)
	}
	for _, groups := range [][]string{nil, {"others"}, {"SOC"}, {"soc "}, {"candor-admins,soc"}, {""}} {
		f.is("4711", "ann", groups...)
		f.away(fmt.Sprint(groups), f.round(), http.StatusForbidden, "one of your groups has a role here")
	}
	if f.in(before) || f.in(after) {
		t.Error("who may do nothing any more reads on in a session from before")
	}
	f.is("4713", "eve", "others")
	f.away("somebody new", f.round(), http.StatusForbidden, "one of your groups has a role here")
	if _, err := f.desk.People.Get(f.its("eve")); err == nil {
		t.Error("who may do nothing has an account")
	}
	for _, groups := range []any{map[string]any{"soc": true}, []any{"soc", 7}, 7, true, nil, []any{[]string{"soc"}}} {
		f.corp.With(func(p *providertest.Provider) { p.Person["sub"], p.Person["groups"] = "4711", groups })
		f.away(fmt.Sprint(groups), f.round(), http.StatusForbidden, "one of your groups")
	}
	f.corp.With(func(p *providertest.Provider) {
		p.Person = map[string]any{"sub": "4711", "preferred_username": "ann", "groups": "/audit/outside"}
	})
	role(identity.Auditor)
	// A provider that says it elsewhere, as some do.
	f.corp.With(func(p *providertest.Provider) {
		p.Person, p.Info = map[string]any{"sub": "4711"}, map[string]any{"sub": "4711", "preferred_username": "ann", "groups": []string{"soc"}}
	})
	role(identity.Analyst)
	f.corp.With(func(p *providertest.Provider) { p.Info["sub"] = "4712" })
	f.away("of somebody else", f.round(), http.StatusForbidden, "cannot be proven")
}

func TestAProviderThatIsDownKeepsNobodyElseOut(t *testing.T) {
	f := through(t)
	f.account("root", identity.Admin)
	f.corp.With(func(p *providertest.Provider) { p.Down = true })
	away := func(about string, w *httptest.ResponseRecorder) {
		t.Helper()
		f.away(about, w, http.StatusServiceUnavailable, "Example Corp cannot be asked now")
		if strings.Contains(w.Body.String(), "<h1>down") {
			t.Error("the page shows what the provider answered")
		}
	}
	alarm := func() string {
		f.now = f.now.Add(time.Minute) // what was found out is asked for again
		for _, a := range f.desk.Operate(func() (assure.Policy, error) { return policy.Default(), nil })(t.Context()).Alarms {
			if a.Code == "provider_down" {
				return a.What
			}
		}
		return ""
	}
	away("at the start", f.send("/sign-in/provider", nil))
	if what := alarm(); !strings.Contains(what, "cannot be asked") || strings.Contains(what, "\x1b") {
		t.Errorf("the alarm: %q", what)
	}
	root := f.signedIn("root")
	if !f.in(root) {
		t.Error("an account of this server does not read")
	}
	f.corp.With(func(p *providertest.Provider) { p.Down = false })
	ann := f.enters()
	if what := alarm(); what != "" {
		t.Errorf("the alarm goes on: %q", what)
	}
	address, flow := f.begin("", "")
	back := f.corp.Follow(t, address)
	f.corp.With(func(p *providertest.Provider) { p.Down = true })
	away("later", f.look(back, "Cookie", flow))
	if !f.in(ann) || !f.in(root) || alarm() == "" {
		t.Error("who was in is out, or nobody is told")
	}
	f.signedIn("root")
}

func TestNobodyIsLedElsewhereThroughAProvider(t *testing.T) {
	f := through(t)
	for _, to := range []string{"https://evil.test/", "//evil.test/", `/\evil.test/`, "javascript:alert(1)", "/\t/evil.test", "evil.test", "///evil.test", "/x\r\nSet-Cookie: a=b"} {
		address, flow := f.begin(to, "")
		if strings.Contains(address, "evil") {
			t.Errorf("%q is told to the provider", to)
		}
		if at := f.look(f.corp.Follow(t, address), "Cookie", flow).Header().Get("Location"); at != "/" {
			t.Errorf("%q leads to %q", to, at)
		}
	}
	address, flow := f.begin("/verdicts?rung=noisy", "")
	if at := f.look(f.corp.Follow(t, address)+"&to=//evil.test&redirect_uri=//evil.test", "Cookie", flow).Header().Get("Location"); at != "/verdicts?rung=noisy" {
		t.Errorf("nobody is led where they came from: %q", at)
	}
}

func TestASessionThroughAProviderCannotBeFixed(t *testing.T) {
	f := through(t)
	chosen := "candor_account=" + strings.Repeat("A", 43)
	first := cookieOf(f.round("Cookie", chosen))
	if first == chosen || f.in(chosen) || !f.in(first) {
		t.Fatalf("the name of a session was chosen by somebody else: %s", first)
	}
	if second := cookieOf(f.round("Cookie", first)); second == first || f.in(first) || !f.in(second) {
		t.Error("who signs in again keeps the session before")
	}
	planted := "candor_flow=" + strings.Repeat("a", 52)
	if _, flow := f.begin("", planted); flow == planted {
		t.Error("a browser keeps the name that somebody planted")
	}
	for _, from := range [][]string{{"Origin", "http://evil.test"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		if w := f.send("/sign-in/provider", url.Values{}, from...); w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
			t.Errorf("a page of another site begins a sign-in: %v %d", from, w.Code)
		}
	}
	if w := f.look("/sign-in/provider"); goesOn.MatchString(w.Body.String()) {
		t.Error("a link begins a sign-in")
	}
	w := f.send("/sign-in/provider", nil, "X-Forwarded-Proto", "https")
	if c := w.Header().Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-candor_flow=") || !strings.Contains(c, "; Secure") || !strings.Contains(c, "; HttpOnly") || !strings.Contains(c, "; SameSite=Lax") {
		t.Errorf("%s", c)
	}
	if s := f.door.Sittings(f.its("ann")); len(s) == 0 || s[0].Ends.Sub(s[0].Begun) > 2*time.Hour+time.Second {
		t.Errorf("it lasts longer than set: %+v", s)
	}
}

func TestWhatAProviderWritesObeysNobody(t *testing.T) {
	f := through(t)
	evil := "<script>alert(1)</script>\x1b[31m\nlevel=INFO msg=\"all is well\""
	for _, code := range []string{"access_denied", evil, ""} {
		address, flow := f.begin("", "")
		q := url.Values{"state": {between(address, "state=", "&")}, "iss": {f.corp.URL}, "error": {code}, "error_description": {evil}, "error_uri": {"https://evil.test/"}}
		w := f.look("/sign-in/return?"+q.Encode(), "Cookie", flow)
		f.away(code, w, http.StatusForbidden, "did not let you in")
		if body := w.Body.String(); strings.Contains(body, "alert(1)") || strings.Contains(body, "evil.test") {
			t.Errorf("the page shows what anybody can write:\n%s", body)
		}
	}
	for about, q := range map[string]url.Values{"no issuer": {}, "another issuer": {"iss": {"https://login.evil.example"}}, "two": {"iss": {f.corp.URL, f.corp.URL}}, "no code": {"iss": {f.corp.URL}}, "two codes": {"iss": {f.corp.URL}, "code": {"a", "b"}}} {
		address, flow := f.begin("", "")
		q.Set("state", between(address, "state=", "&"))
		if about == "another issuer" || about == "no issuer" {
			q.Set("code", between(f.corp.Follow(t, address), "code=", "&"))
		}
		f.away(about, f.look("/sign-in/return?"+q.Encode(), "Cookie", flow), http.StatusForbidden, "cannot be proven")
	}
	for _, name := range []string{evil, strings.Repeat("a", 1<<16), "../../root", "corp+ann", "", "ann\u202e", "DOMAIN\\ann"} {
		f.is("4711", name, "soc")
		w := f.round()
		if body := w.Body.String(); w.Code != http.StatusForbidden || cookieOf(w) != "" || strings.Contains(body, "<script>alert") || len(body) > 10_000 {
			t.Errorf("%.30q: %d", name, w.Code)
		}
	}
	f.is("4711", "ann", "soc")
	f.enters()
	f.is("4712", "ANN", "candor-admins")
	f.away("the name of somebody else", f.round(), http.StatusForbidden, "was the name of somebody else")
	for line := range strings.Lines(f.log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.Contains(line, "\x1b") || len(line) > 2000 {
			t.Errorf("the log obeys: %.200q", line)
		}
	}
}

func TestSignInsThatAreBegunAreBounded(t *testing.T) {
	f := through(t)
	late := 0
	for range 40 {
		if w := f.send("/sign-in/provider", nil); w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "" {
			late++
		}
	}
	if late == 0 {
		t.Error("one address begins as many sign-ins as it likes")
	}
	r := httptest.NewRequest(http.MethodPost, "http://localhost/sign-in/provider", strings.NewReader(""))
	r.RemoteAddr = "198.51.100.7:1"
	if w := f.asked(r, "Content-Type", "application/x-www-form-urlencoded"); w.Code != http.StatusOK {
		t.Errorf("somebody else cannot begin: %d", w.Code)
	}
}

func TestWhoSignsOutIsToldThatTheProviderKnowsThemStill(t *testing.T) {
	f := through(t, "acr: [mfa]")
	f.away("with a password alone", f.round(), http.StatusForbidden, "more strongly")
	f.corp.With(func(p *providertest.Provider) { p.Person["acr"] = "mfa" })
	address, _ := f.begin("", "")
	if !strings.Contains(address, "acr_values=mfa") {
		t.Errorf("it is not asked how strongly: %s", address)
	}
	ann := f.enters()
	w := f.send("/sign-out", nil, "Cookie", ann)
	if body := w.Body.String(); f.in(ann) || !strings.Contains(body, f.corp.URL+"/leave?client_id=candor&amp;post_logout_redirect_uri=") || w.Header().Get("Clear-Site-Data") == "" {
		t.Errorf("%d %s", w.Code, body)
	}
	f.account("root", identity.Admin)
	if w := f.send("/sign-out", nil, "Cookie", f.signedIn("root")); w.Code != http.StatusSeeOther {
		t.Errorf("who has an account here: %d", w.Code)
	}
}

// TestTheSecretOfTheClientIsShownNowhere: a wrong one is an alarm that says so, and not itself.
func TestTheSecretOfTheClientIsShownNowhere(t *testing.T) {
	f := through(t)
	if err := os.WriteFile(f.service.SecretFile, []byte("another secret that is wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.away("a wrong secret", f.round(), http.StatusServiceUnavailable, "cannot be asked now")
	err := f.service.Standing()
	if err == nil || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("no alarm: %v", err)
	}
	if all := f.log.String() + fmt.Sprint(err); strings.Contains(all, "another secret") {
		t.Errorf("the secret is told:\n%s", all)
	}
	b, _ := json.Marshal(f.service.Config)
	if strings.Contains(string(b), "another secret") {
		t.Error("the secret is kept")
	}
	if err := os.WriteFile(f.service.SecretFile, []byte(providertest.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if f.enters(); f.service.Standing() != nil {
		t.Error("the alarm goes on")
	}
}

// stranger is a key that the provider does not have.
var stranger = sync.OnceValue(func() *rsa.PrivateKey {
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	return key
})

// spliced is a token whose claims were changed after they were signed.
func spliced(claims []byte, key *rsa.PrivateKey, id string) string {
	parts := strings.Split(providertest.Signed(claims, jose.RS256, key, id), ".")
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), `"soc"`, `"candor-admins"`, 1)))
	return strings.Join(parts, ".")
}
