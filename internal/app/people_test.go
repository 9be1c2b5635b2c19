package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"candor/internal/identity"
	"candor/internal/people"
)

// word is the password of every account in these tests.
const word = "four words that match"

// account makes an account that has chosen its password.
func (h *house) account(name string, role identity.Role) {
	h.t.Helper()
	_, _, err := h.desk.People.Add(h.t.Context(), people.New{Name: name, Role: role})
	if err == nil {
		_, err = h.desk.People.SetPassword(h.t.Context(), people.Changing{Name: name}, word)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// send sends a form to a path, with headers given as names and values in turn.
func (h *house) send(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.asked(r, headers...)
}

// look asks for a path.
func (h *house) look(path string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.asked(httptest.NewRequest(http.MethodGet, "http://localhost"+path, http.NoBody), headers...)
}

func (h *house) asked(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// signedIn signs in and returns the cookie, as a browser sends it.
func (h *house) signedIn(name string, headers ...string) string {
	h.t.Helper()
	w := h.send("/sign-in", url.Values{"name": {name}, "password": {word}}, headers...)
	for _, c := range w.Result().Cookies() {
		if strings.HasSuffix(c.Name, "_account") && c.Value != "" {
			return c.Name + "=" + c.Value
		}
	}
	h.t.Fatalf("%s is not signed in: %d %s", name, w.Code, w.Body)
	return ""
}

// staff is a house with an account of each role, named after it, and their cookies.
func staff(t *testing.T) (*house, map[identity.Role]string) {
	t.Helper()
	h, cookies := newHouse(t, identity.Rules{}), map[identity.Role]string{}
	for _, role := range slices.Backward(identity.Roles()) {
		h.account(string(role), role)
		cookies[role] = h.signedIn(string(role))
	}
	return h, cookies
}

// routesFile says what each route asks for: "anyone", a scope that a role may have, or
// "token SCOPE", which no browser does. A route that is not in it fails the test.
const routesFile = "testdata/routes.txt"

// needs reads the file.
func needs(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(routesFile)
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for line := range strings.Lines(string(b)) {
		pattern, need, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || list[pattern] != "" {
			t.Fatalf("%q says nothing, or is there twice", line)
		}
		list[pattern] = need
	}
	return list
}

// granted is what the roles may, written down apart from the code that decides it.
func granted() map[string][]identity.Role {
	all := []identity.Role{identity.Reader, identity.Analyst, identity.Lead, identity.Auditor, identity.Admin}
	work := []identity.Role{identity.Analyst, identity.Lead, identity.Admin}
	lead := []identity.Role{identity.Lead, identity.Admin}
	return map[string][]identity.Role{
		"read": all, "dispositions": work, "evidence": work, "notes": work, "reviews": work,
		"gaps": lead, "profiles": lead, "upgrades": lead, "retention": {identity.Admin},
		"oversight": {identity.Auditor, identity.Admin}, "people": {identity.Admin},
	}
}

func TestEveryRouteAsksWhoHasSignedIn(t *testing.T) {
	h, cookies := staff(t)
	need, may := needs(t), granted()
	h.gone = true
	for role := range may {
		if !slices.Contains(append(identity.AccountScopes(), identity.Scopes()...), role) {
			t.Errorf("there is no scope %s", role)
		}
	}
	seen := map[string]bool{}
	for _, r := range h.door.Routes() {
		seen[r.Pattern] = true
		asks, told := need[r.Pattern]
		if !told {
			t.Errorf("%s is not in %s: say who may ask for it", r.Pattern, routesFile)
			continue
		}
		if asks == "anyone" {
			if r.Do != identity.Enter {
				t.Errorf("%s: anyone may, and it lets them %s", r.Pattern, r.Do)
			}
			continue
		}
		ask := func(headers ...string) int {
			if r.Pattern == "POST /people" || r.Pattern == "POST /people/sessions" || r.Pattern == "POST /people/tokens" {
				headers = append(headers, "Content-Type", "application/x-www-form-urlencoded") // an empty form, which asks for nothing
			}
			return h.request(r, "AN1989", "", headers...).Code
		}
		if got := ask(); got != http.StatusUnauthorized {
			t.Errorf("%s: nobody signed in: %d", r.Pattern, got)
		}
		if got := ask("Cookie", "candor_account="+strings.Repeat("x", 43)); got != http.StatusUnauthorized {
			t.Errorf("%s: a cookie that is none: %d", r.Pattern, got)
		}
		scope, token := strings.CutPrefix(asks, "token ")
		for role, cookie := range cookies {
			want := !token && slices.Contains(may[scope], role)
			if got := ask("Cookie", cookie); refused(got) == want {
				t.Errorf("%s as %s: %d, may %v", r.Pattern, role, got, want)
			}
		}
	}
	for pattern := range need {
		if !seen[pattern] {
			t.Errorf("%s is in %s, and no route", pattern, routesFile)
		}
	}
}

func TestRolesMayWhatIsWrittenDown(t *testing.T) {
	for scope, roles := range granted() {
		for _, role := range identity.Roles() {
			if has := slices.Contains(role.Scopes(), scope); has != slices.Contains(roles, role) {
				t.Errorf("%s may %s: %v", role, scope, has)
			}
		}
	}
	for _, role := range append(identity.Roles(), "", "boss") {
		for _, scope := range role.Scopes() {
			if granted()[scope] == nil {
				t.Errorf("%s may %s, which is not written down", role, scope)
			}
		}
	}
}
