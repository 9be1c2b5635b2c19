package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/people"
	"candor/internal/token"
	"candor/internal/web"
)

// staffed returns an empty data folder at whose server people sign in, seen by ann, an
// admin. With ?posed= it answers what forms led to on the way, which cannot be asked for again.
func staffed(t *testing.T) *desk {
	t.Helper()
	var book *people.Book
	d := openDesk(t, t.TempDir(), func(d *desk, deps *web.Deps) {
		files := people.In(filepath.Join(d.dir, people.Name))
		book = people.NewBook(files, d.keeper, clock)
		book.Cost = people.Cost{Memory: 64, Passes: 1}
		visits := must(people.NewVisits(t.Context(), files, d.keeper, clock))(t)
		d.tokens = token.In(filepath.Join(d.dir, "tokens"))
		deps.People, deps.Visits, deps.Tokens = book, visits, d.tokens
		deps.Door = door.New(door.Config{Tokens: d.tokens, Accounts: book, Noted: visits.Note, Now: clock})
	})
	_, once, err := book.Add(t.Context(), people.New{Name: "ann", Role: identity.Admin})
	if err != nil {
		t.Fatal(err)
	}
	pages, cookies := d.Handler, map[string]string{}
	ask := func(r *http.Request) *httptest.ResponseRecorder {
		if r.Header.Del("Cookie"); r.URL.Path != "/sign-in" || r.Method != http.MethodGet {
			for name, value := range cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
		}
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		return w
	}
	d.posed = map[string]*httptest.ResponseRecorder{}
	send := func(path string, form ...string) {
		f := url.Values{}
		for i := 0; i < len(form); i += 2 {
			f.Add(form[i], form[i+1])
		}
		r := httptest.NewRequest(http.MethodPost, "http://localhost:8080"+path, strings.NewReader(f.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := ask(r)
		for _, c := range w.Result().Cookies() {
			cookies[c.Name] = c.Value
		}
		if to := w.Header().Get("Location"); to != "" {
			w, path = ask(httptest.NewRequest(http.MethodGet, "http://localhost:8080"+to, http.NoBody)), to
		}
		path = strings.ReplaceAll(fmt.Sprintf("%s?posed=%d", path, len(d.posed)), "?done=password?", "?done=password&")
		d.posed[path] = w // what pages load they name from where they are
	}
	send("/sign-in", "name", "ann", "password", "wrong")
	send("/sign-in", "name", "ann", "password", once)
	send("/account/password", "new", "password", "again", "password")
	send("/account/password", "new", "four words that match", "again", "four words that match")
	send("/people", "do", "add", "name", "ben", "role", "analyst")
	send("/people", "do", "add", "name", "Ben", "role", "analyst")
	send("/people", "do", "disable", "name", "ben")
	send("/people/tokens", "do", "make", "name", "edr", "scope", "alerts", "days", "90")
	send("/people/tokens", "do", "make", "name", "edr", "days", "90")
	d.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := d.posed[r.URL.RequestURI()]
		if !ok {
			a = ask(r)
		}
		for name, values := range a.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(a.Code)
		_, _ = w.Write(a.Body.Bytes())
	})
	return d
}

// TestPagesOfThoseWhoSignInAreWhatFormsLedTo looks at what staffed has left: each page is the
// one that its form leads to.
func TestPagesOfThoseWhoSignInAreWhatFormsLedTo(t *testing.T) {
	d := staffed(t)
	for place, want := range map[string]string{
		"/sign-in?posed=0": "name or the password is wrong", "/account/password?posed=1": "Choose a password", "/account/password?posed=2": "shorter than 12",
		"/account?done=password&posed=3": "Change the password", "/people?posed=4": "A one-time password for ben", "/people?posed=5": "Nothing was changed", "/people?posed=6": "Enable ben",
		"/people/tokens?posed=7": "The secret of edr", "/people/tokens?posed=8": "Nothing was",
		"/sign-in": "You cannot sign in?", "/account": "recorded as", "/people": "What each role may", "/people/tokens": "Make a token", "/people/sessions": "Sessions", "/audit": "Audit log",
	} {
		if a := d.get(place); !strings.Contains(a.body, want) {
			t.Errorf("%s: %d, and %q is not there; there are %q", place, a.Code, want, slices.Sorted(maps.Keys(d.posed)))
		}
	}
}
