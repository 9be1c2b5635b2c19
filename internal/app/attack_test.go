package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/ledger"
	"candor/internal/people"
)

// manned is a house with an admin and a reader.
func manned(t *testing.T) *house {
	t.Helper()
	h := newHouse(t, identity.Rules{})
	h.account("root", identity.Admin)
	h.account("ann", identity.Reader)
	return h
}

// in reports whether a cookie reads.
func (h *house) in(cookie string) bool {
	h.t.Helper()
	return h.look("/policy", "Cookie", cookie).Code == http.StatusOK
}

func TestASessionCannotBeFixed(t *testing.T) {
	h := manned(t)
	chosen := "candor_account=" + strings.Repeat("A", 43)
	first := h.signedIn("ann", "Cookie", chosen)
	if first == chosen || h.in(chosen) || !h.in(first) {
		t.Fatalf("the name of a session was chosen by somebody else: %s", first)
	}
	second := h.signedIn("ann", "Cookie", first)
	if second == first || h.in(first) || !h.in(second) {
		t.Error("who signs in again keeps the session before")
	}
	w := h.send("/account/password", url.Values{"current": {word}, "new": {word + " better"}, "again": {word + " better"}}, "Cookie", second)
	if w.Code != http.StatusSeeOther || h.in(second) {
		t.Errorf("a session outlives its password: %d", w.Code)
	}
	third := cookieOf(w)
	if !h.in(third) {
		t.Fatal("who changed the password is out")
	}
	if w := h.send("/sign-out", nil, "Cookie", third); h.in(third) || w.Header().Get("Clear-Site-Data") != `"cache", "storage"` {
		t.Errorf("a session outlives its end, or the browser keeps its pages: %v", w.Header())
	}
}

// cookieOf is the cookie of a sitting that an answer sets, as a browser sends it.
func cookieOf(w *httptest.ResponseRecorder) string {
	for _, c := range w.Result().Cookies() {
		if strings.HasSuffix(c.Name, "_account") {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

func TestAnotherSiteSignsNobodyInAndChangesNothing(t *testing.T) {
	h := manned(t)
	root := h.signedIn("root")
	forms := map[string]url.Values{
		"/sign-in":                     {"name": {"ann"}, "password": {word}},
		"/sign-out":                    {},
		"/account/password":            {"current": {word}, "new": {"another four words"}, "again": {"another four words"}},
		"/account/sign-out-everywhere": {},
		"/account/sessions":            {"key": {h.door.Sittings("root")[0].Key}},
		"/people":                      {"do": {"add"}, "name": {"eve"}, "role": {"admin"}},
		"/people/tokens":               {"do": {"make"}, "name": {"eve"}, "scope": {"read"}, "days": {"9"}},
		"/people/sessions":             {"key": {h.door.Sittings("root")[0].Key}},
		"/gap":                         {"id": {"T1589.003"}, "do": {"set"}},
	}
	for path, form := range forms {
		for _, from := range [][]string{{"Origin", "http://evil.test"}, {"Origin", "null"}, {"Origin", "http://localhost:81"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			w := h.send(path, form, append(from, "Cookie", root)...)
			if w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
				t.Errorf("%s from %v: %d %v", path, from, w.Code, w.Header())
			}
		}
	}
	if all, err := h.desk.People.List(); err != nil || len(all) != 2 || !h.in(root) {
		t.Errorf("something was changed: %+v %v", all, err)
	}
}

func TestNobodyIsLedElsewhereAfterSigningIn(t *testing.T) {
	h := manned(t)
	for _, to := range []string{"https://evil.test/", "//evil.test/", `/\evil.test/`, `\\evil.test`, "javascript:alert(1)", "/\t/evil.test", "evil.test", "http:evil.test", "/%0d%0aX: y\r\nX: y", "///evil.test"} {
		w := h.send("/sign-in", url.Values{"name": {"ann"}, "password": {word}, "to": {to}})
		if at := w.Header().Get("Location"); w.Code != http.StatusSeeOther || at != "/" {
			t.Errorf("%q leads to %d %q", to, w.Code, at)
		}
		cookie := cookieOf(w)
		if at := h.look("/sign-in?to="+url.QueryEscape(to), "Cookie", cookie).Header().Get("Location"); at != "/account" {
			t.Errorf("who is in is led to %q", at)
		}
	}
	if at := h.send("/sign-in", url.Values{"name": {"ann"}, "password": {word}, "to": {"/verdicts?rung=noisy"}}).Header().Get("Location"); at != "/verdicts?rung=noisy" {
		t.Errorf("nobody is led where they came from: %q", at)
	}
}

func TestNoPageGivesASessionAway(t *testing.T) {
	h := manned(t)
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	w := h.send("/sign-in", url.Values{"name": {evil}, "password": {evil}, "to": {"/x?" + evil}, "at": {"/gap"}, "form": {"why=" + url.QueryEscape(evil)}})
	if body := w.Body.String(); strings.Contains(body, "<script>") || strings.Contains(body, "<img") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("what was typed is not inert:\n%s", body)
	}
	w = h.send("/sign-in", url.Values{"name": {"root"}, "password": {word}}, "User-Agent", evil)
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if c := w.Header().Get("Set-Cookie"); !strings.Contains(c, want) || strings.Contains(c, "Domain") {
			t.Errorf("%s: want %s", c, want)
		}
	}
	cookie := cookieOf(w)
	_, secret, _ := strings.Cut(cookie, "=")
	for _, path := range []string{"/", "/account", "/people", "/people/tokens", "/people/sessions", "/audit", "/audit/table.csv", "/ledger", "/policy", "/api/v1/openapi.json", "/nowhere"} {
		w := h.look(path, "Cookie", cookie)
		body := w.Body.String()
		if strings.Contains(body, secret) || strings.Contains(fmt.Sprint(w.Header()), secret) || strings.Contains(body, "argon2") || strings.Contains(body, "<script>alert") || strings.Contains(body, "<img") {
			t.Errorf("%s gives something away", path)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self'") && !strings.HasPrefix(path, "/api/") {
			t.Errorf("%s: %q", path, csp)
		}
	}
	if page := h.look("/people/sessions", "Cookie", cookie).Body.String(); !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("the page does not say what the browser called itself")
	}
}

func TestOverTLSTheCookieIsOfThisHostAlone(t *testing.T) {
	h := manned(t)
	for _, over := range [][]string{{"X-Forwarded-Proto", "https"}} {
		w := h.send("/sign-in", url.Values{"name": {"ann"}, "password": {word}}, over...)
		c := w.Header().Get("Set-Cookie")
		if !strings.HasPrefix(c, "__Host-candor_account=") || !strings.Contains(c, "; Secure") {
			t.Errorf("%s", c)
		}
		name, value, _ := strings.Cut(cookieOf(w), "=")
		if got := h.look("/policy", append(over, "Cookie", name+"="+value)...).Code; got != http.StatusOK {
			t.Errorf("the cookie does not read: %d", got)
		}
		plain := strings.TrimPrefix(name, "__Host-")
		if got := h.look("/policy", append(over, "Cookie", plain+"="+value)...).Code; got != http.StatusUnauthorized {
			t.Errorf("a cookie that an unencrypted answer can set reads: %d", got)
		}
	}
}

func TestNoHeaderGivesRights(t *testing.T) {
	h := manned(t)
	ann := h.signedIn("ann")
	for _, name := range []string{"X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Auth-Request-User", "X-User", "X-Role", "X-Forwarded-Email", "X-WEBAUTH-USER", "Tailscale-User-Login"} {
		if got := h.look("/policy", name, "root").Code; got != http.StatusUnauthorized {
			t.Errorf("%s: reads: %d", name, got)
		}
		if got := h.look("/people", name, "root", "Cookie", ann).Code; got != http.StatusForbidden {
			t.Errorf("%s: governs: %d", name, got)
		}
	}
	for _, pair := range [][2]string{{"X-Original-URL", "/policy"}, {"X-Rewrite-URL", "/policy"}, {"X-HTTP-Method-Override", "POST"}, {"X-Forwarded-For", "127.0.0.1"}, {"X-Real-IP", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1"}} {
		if got := h.look("/people", pair[0], pair[1], "Cookie", ann).Code; got != http.StatusForbidden {
			t.Errorf("%v: %d", pair, got)
		}
	}
	for _, auth := range []string{"Basic cm9vdDpmb3VyIHdvcmRzIHRoYXQgbWF0Y2g=", "Bearer root", "Bearer " + strings.TrimPrefix(ann, "candor_account="), "Negotiate x"} {
		if got := h.look("/policy", "Authorization", auth).Code; got != http.StatusUnauthorized {
			t.Errorf("%s: %d", auth, got)
		}
	}
	for _, path := range []string{"/people/", "//people", "/PEOPLE", "/people%2f", "/./people", "/people/../people", "/audit/"} {
		if w := h.look(path, "Cookie", ann); strings.Contains(w.Body.String(), "root") {
			t.Errorf("%s shows accounts: %d", path, w.Code)
		}
	}
}

func TestNoFormGivesRightsOrAnotherName(t *testing.T) {
	h := manned(t)
	h.account("lea", identity.Lead)
	extra := url.Values{"role": {"admin"}, "name": {"root"}, "account": {"root"}, "state": {"active"}, "scopes": {"people"}, "do": {"role"}, "by": {"root"}, "recorded_by": {"account:root"}, "author": {"root"}}
	with := func(f url.Values) url.Values {
		for k, v := range extra {
			if f[k] == nil {
				f[k] = v
			}
		}
		return f
	}
	ann := h.signedIn("ann")
	h.send("/account/password", with(url.Values{"current": {word}, "new": {word + " two"}, "again": {word + " two"}}), "Cookie", ann)
	for _, path := range []string{"/people", "/people?role=admin", "/people/tokens"} {
		if w := h.send(path, with(url.Values{}), "Cookie", ann); !refused(w.Code) {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if a, err := h.desk.People.Get("ann"); err != nil || a.Role != identity.Reader {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := h.desk.People.Check(t.Context(), "root", word); err != nil {
		t.Error("the password of another account was changed:", err)
	}
	if _, err := h.desk.People.Check(t.Context(), "ann", word+" two"); err != nil {
		t.Error(err)
	}
	w := h.send("/gap", with(url.Values{"id": {"T1589.003"}, "decision": {"accept"}, "owner": {"CISO"}, "until": {"2027-01-31"}, "why": {"It happens elsewhere."}, "do": {"set"}}), "Cookie", h.signedIn("lea"))
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	entries, err := h.desk.Custody.Log().Where(t.Context(), func(k ledger.Kind, _ string) bool { return k == ledger.Batch })
	if err != nil {
		t.Fatal(err)
	}
	if last := entries[len(entries)-1]; last.By != "account:lea" {
		t.Errorf("it is recorded as of %q", last.By)
	}
}

// apart takes out of a page what is of the moment.
var apart = regexp.MustCompile(`\d+`)

func TestNobodyLearnsWhichAccountsThereAre(t *testing.T) {
	h := manned(t)
	h.account("gone", identity.Lead)
	if _, _, err := h.desk.People.SetState(t.Context(), people.Changing{Name: "gone"}, people.Disabled); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, name := range []string{"ann", "gone", "nobody", "../root", "", strings.Repeat("x", 5000), "ann\x00"} {
		for try := range 13 {
			w := h.from("198.51.100."+fmt.Sprint(len(name)%200)+":1", "/sign-in", url.Values{"name": {name}, "password": {"wrong words"}})
			answer := fmt.Sprint(w.Code, w.Header()["Retry-After"], apart.ReplaceAllString(w.Body.String(), "N"))
			key := fmt.Sprint(try >= 10)
			if said[key] == "" {
				said[key] = answer
			}
			if answer != said[key] {
				t.Fatalf("the answer of try %d for %.20q is another one:\n%s\n%s", try, name, answer, said[key])
			}
		}
	}
	if len(said) != 2 || said["true"] == said["false"] {
		t.Errorf("%d kinds of answers", len(said))
	}
	h.token("reads", "read")
	for _, bearer := range []string{"candor_reads_" + strings.Repeat("a", 52), "candor_nobody_" + strings.Repeat("a", 52), "x"} {
		w := h.look("/policy", "Authorization", "Bearer "+bearer)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", bearer, w.Code)
		}
		said["t"+w.Body.String()] = ""
	}
	if len(said) != 3 {
		t.Error("a token that there is and one that there is not are answered differently")
	}
}

// from sends a form from an address.
func (h *house) from(address, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = address
	return h.asked(r)
}

func TestPasswordsCannotBeTried(t *testing.T) {
	h := manned(t)
	try := func(address, name, password string) int {
		return h.from(address, "/sign-in", url.Values{"name": {name}, "password": {password}}).Code
	}
	for i := range 10 {
		if got := try(fmt.Sprintf("203.0.113.%d:9", i), "ann", "wrong"); got != http.StatusForbidden {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	for _, name := range []string{"ann", "ANN", " ann "} {
		if got := try("203.0.113.99:9", name, word); got != http.StatusTooManyRequests {
			t.Errorf("%q: the right password is told from wrong ones while too many were: %d", name, got)
		}
	}
	for i := range 30 {
		if got := try(fmt.Sprintf("[2001:db8::%x]:9", i), fmt.Sprintf("x%d", i), "wrong"); got != http.StatusForbidden {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	if got := try("[2001:db8::ffff]:9", "root", word); got != http.StatusTooManyRequests {
		t.Errorf("one network tries on: %d", got)
	}
	if got := try("192.0.2.7:9", "root", word); got != http.StatusSeeOther {
		t.Errorf("somebody else cannot sign in: %d", got)
	}
	waiting := h.desk.Visits.Waiting()
	n := int64(0)
	for _, v := range waiting {
		n += v.Times
		if v.Account != "" && v.Account != "ann" && v.Account != "root" {
			t.Errorf("a name that is none is noted: %+v", v)
		}
	}
	if len(waiting) > 50 || n < 44 {
		t.Errorf("%d tries in %d lines", n, len(waiting))
	}
}

func TestASessionDoesNotOutliveItsRights(t *testing.T) {
	h := manned(t)
	ann, root := h.signedIn("ann"), h.signedIn("root")
	change := func(do, name, role string) {
		t.Helper()
		if w := h.send("/people", url.Values{"do": {do}, "name": {name}, "role": {role}}, "Cookie", root); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", do, w.Code, w.Body)
		}
	}
	if got := h.look("/people", "Cookie", ann).Code; got != http.StatusForbidden {
		t.Fatal(got)
	}
	change("role", "ann", "auditor")
	if got := h.look("/people", "Cookie", ann).Code; got != http.StatusOK {
		t.Errorf("the role does not count: %d", got)
	}
	if page := h.look("/people", "Cookie", ann).Body.String(); strings.Contains(page, `name="do"`) {
		t.Error("what an auditor may not do is offered")
	}
	change("disable", "ann", "")
	if h.in(ann) {
		t.Error("a disabled account reads")
	}
	change("enable", "ann", "")
	if h.in(ann) {
		t.Error("the session is back")
	}
	ann = h.signedIn("ann")
	if h.send("/people/sessions", url.Values{"key": {h.door.Sittings("ann")[0].Key}}, "Cookie", root); h.in(ann) {
		t.Error("a session that an admin ended goes on")
	}
	one, two := h.signedIn("ann"), h.signedIn("ann")
	if w := h.send("/account/sign-out-everywhere", nil, "Cookie", one); h.in(one) || h.in(two) || !h.in(root) || w.Header().Get("Clear-Site-Data") == "" {
		t.Error("signing out everywhere does not")
	}
	one = h.signedIn("ann")
	w := h.send("/people", url.Values{"do": {"recover"}, "name": {"ann"}}, "Cookie", root)
	secret := regexp.MustCompile(`[a-z2-7]{8}-[a-z2-7]{8}-[a-z2-7]{8}-[a-z2-7]{8}`).FindString(w.Body.String())
	if w.Code != http.StatusOK || secret == "" || h.in(one) || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, %q", w.Code, secret)
	}
	h.oneTime(secret)
}

// oneTime checks that whoever signs in with a one-time password can do nothing else but
// choose another.
func (h *house) oneTime(secret string) {
	t := h.t
	t.Helper()
	w := h.send("/sign-in", url.Values{"name": {"ann"}, "password": {secret}, "to": {"/verdicts"}})
	cookie := cookieOf(w)
	if w.Header().Get("Location") != "/account/password" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/", "/people", "/api/v1/verdicts", "/bring"} {
		if got := h.look(path, "Cookie", cookie).Code; got != http.StatusSeeOther && !refused(got) {
			t.Errorf("%s opens with a one-time password: %d", path, got)
		}
	}
	w = h.send("/account/password", url.Values{"new": {word}, "again": {word + "x"}}, "Cookie", cookie)
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("two that differ: %d", w.Code)
	}
	w = h.send("/account/password", url.Values{"new": {word}, "again": {word}}, "Cookie", cookie)
	if w.Code != http.StatusSeeOther || !h.in(cookieOf(w)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if again := h.send("/sign-in", url.Values{"name": {"ann"}, "password": {secret}}); again.Code != http.StatusForbidden {
		t.Errorf("it opens twice: %d", again.Code)
	}
}

func TestCookiesOfAnySizeAreBorne(t *testing.T) {
	h := manned(t)
	ann := h.signedIn("ann")
	for _, cookie := range []string{"candor_account=" + strings.Repeat("A", 60_000), "candor_account=", "candor_account=\x00\xff", strings.Repeat("a=b; ", 5000) + "x=y", ann + "x", ann[:len(ann)-1], "candor_account=" + strings.Repeat("%", 43)} {
		if got := h.look("/policy", "Cookie", cookie).Code; got != http.StatusUnauthorized {
			t.Errorf("%.30q: %d", cookie, got)
		}
	}
	if !h.in(strings.Repeat("a=b; ", 1000) + ann) {
		t.Error("others' cookies hide the session")
	}
}

func TestTokensStayWhatTheyAre(t *testing.T) {
	h := manned(t)
	secret := h.token("siem", "read", "gaps")
	ann := h.signedIn("ann")
	if got := h.look("/policy", "Authorization", "Bearer "+secret).Code; got != http.StatusOK {
		t.Errorf("a program does not read: %d", got)
	}
	for _, path := range []string{"/people", "/audit"} {
		if got := h.look(path, "Authorization", "Bearer "+secret).Code; got != http.StatusForbidden {
			t.Errorf("%s with a token: %d", path, got)
		}
	}
	if w := h.send("/session", url.Values{"token": {secret}}, "Cookie", ann); w.Code != http.StatusForbidden {
		t.Errorf("a person writes under a second name: %d", w.Code)
	}
	w := h.request(door.Route{Pattern: "POST /api/v1/gaps"}, "", `{}`, "Authorization", "Bearer "+secret, "Cookie", ann, "Content-Type", "application/json")
	if refused(w.Code) {
		t.Errorf("a token is hidden by a cookie: %d", w.Code)
	}
	if w := h.request(door.Route{Pattern: "POST /api/v1/gaps"}, "", `{}`, "Cookie", h.signedIn("root"), "Content-Type", "application/json"); w.Code != http.StatusForbidden {
		t.Errorf("a cookie writes where programs do: %d", w.Code)
	}
}

func TestWhoCameInIsInTheLedger(t *testing.T) {
	h := manned(t)
	root := h.signedIn("root")
	h.signedIn("ann")
	h.send("/sign-in", url.Values{"name": {"ann"}, "password": {"wrong"}})
	h.send("/sign-in", url.Values{"name": {"my secret password"}, "password": {"wrong"}})
	h.look("/people", "Cookie", h.signedIn("ann"))
	h.look("/policy", "Authorization", "Bearer candor_x_"+strings.Repeat("a", 52))
	h.send("/people/tokens", url.Values{"do": {"make"}, "name": {"edr"}, "scope": {"alerts"}, "days": {"30"}}, "Cookie", root)
	page := h.look("/audit", "Cookie", root).Body.String()
	if err := h.desk.Visits.Keep(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	after := h.look("/audit/table.csv", "Cookie", root).Body.String()
	for _, want := range []string{people.SignedIn, people.WrongPassword, people.NotAllowed, people.WrongToken, people.TokenMade, "account added", "GET /people", "edr", "account:root"} {
		if !strings.Contains(page, want) || !strings.Contains(after, want) {
			t.Errorf("%q is not in the log:\n%s", want, after)
		}
	}
	if strings.Contains(page+after, "my secret password") || strings.Contains(page, "not yet") == strings.Contains(after, "not yet") {
		t.Error("what was typed is noted, or nothing became an entry")
	}
	entries, err := h.desk.Custody.Log().Where(t.Context(), func(k ledger.Kind, _ string) bool { return k == ledger.Access })
	if err != nil || len(entries) != 1 || !json.Valid([]byte(entries[0].Note)) || entries[0].Counts[people.SignedIn] != 3 {
		t.Errorf("%+v %v", entries, err)
	}
}

// TestPeopleEndTheirSessionsOneByOne: their own alone.
func TestPeopleEndTheirSessionsOneByOne(t *testing.T) {
	h := manned(t)
	one := h.signedIn("ann")
	mine := h.door.Sittings("ann")[0].Key
	two, root := h.signedIn("ann"), h.signedIn("root")
	if page := h.look("/account", "Cookie", two).Body.String(); strings.Count(page, `action="/account/sessions"`) != 1 || !strings.Contains(page, mine) {
		t.Errorf("the page does not offer it:\n%s", page)
	}
	for _, key := range []string{"", "x", h.door.Sittings("root")[0].Key} {
		if h.send("/account/sessions", url.Values{"key": {key}}, "Cookie", two); !h.in(one) || !h.in(two) || !h.in(root) {
			t.Errorf("%q ended another session", key)
		}
	}
	if w := h.send("/account/sessions", url.Values{"key": {mine}}, "Cookie", two); w.Code != http.StatusSeeOther || h.in(one) || !h.in(two) || !h.in(root) {
		t.Errorf("%d", w.Code)
	}
	if w := h.send("/account/sessions", url.Values{"key": {mine}}); w.Code != http.StatusUnauthorized {
		t.Errorf("who has not signed in: %d", w.Code)
	}
	if log := h.look("/audit/table.csv", "Cookie", root).Body.String(); !strings.Contains(log, people.OwnEnded+",ann") {
		t.Errorf("it is not noted:\n%s", log)
	}
}

// TestEveryPageLeadsOut: whoever has signed in signs out on the page where they are.
func TestEveryPageLeadsOut(t *testing.T) {
	h := manned(t)
	ann := h.signedIn("ann")
	for _, path := range []string{"/", "/verdicts", "/matrix", "/objects/AN1989", "/evidence", "/policy", "/ledger", "/account", "/operation", "/people", "/nowhere", "/objects/T9999", "/reports", "/chains", "/gaps", "/next", "/compare"} {
		if w := h.look(path, "Cookie", ann); !strings.Contains(w.Body.String(), `<form action="/sign-out" method="post">`) {
			t.Errorf("%s: %d: no way out", path, w.Code)
		}
	}
}

// TestAPasswordIsChangedByWhoKnowsIt: a browser that somebody left open gives no account away.
func TestAPasswordIsChangedByWhoKnowsIt(t *testing.T) {
	h := manned(t)
	ann := h.signedIn("ann")
	for _, current := range []string{"", "wrong words", word + " two", strings.ToUpper(word)} {
		w := h.send("/account/password", url.Values{"current": {current}, "new": {word + " two"}, "again": {word + " two"}}, "Cookie", ann)
		if w.Code != http.StatusUnprocessableEntity || !h.in(ann) {
			t.Errorf("with %q as the current one: %d", current, w.Code)
		}
	}
	if _, err := h.desk.People.Check(t.Context(), "ann", word); err != nil {
		t.Error("the password was changed:", err)
	}
	if w := h.send("/account/password", url.Values{"current": {word}, "new": {word + " two"}, "again": {word + " two"}}, "Cookie", ann); w.Code != http.StatusSeeOther {
		t.Errorf("with the right one: %d", w.Code)
	}
}
