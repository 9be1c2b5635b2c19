package door_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
)

// desk knows one account, and its password.
type desk struct{ people.Account }

func (d *desk) Any() bool { return true }

func (d *desk) Get(name string) (people.Account, error) {
	if name != d.Name {
		return people.Account{}, fault.New(fault.NotFound, "there is none")
	}
	return d.Account, nil
}

func (d *desk) Check(_ context.Context, name, password string) (people.Account, error) {
	if name != d.Name || password != "right" {
		return people.Account{}, people.ErrWrong()
	}
	return d.Account, nil
}

// sat returns a door that ann has signed in at, and her cookie.
func sat(t *testing.T) (*door.Door, *desk, *http.Cookie) {
	t.Helper()
	d := &desk{people.Account{Name: "ann", Role: identity.Reader, State: people.Active}}
	at := door.New(door.Config{Accounts: d, Now: time.Now})
	return at, d, signIn(t, at)
}

func signIn(t *testing.T, at *door.Door) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if _, err := at.SignInAs(w, httptest.NewRequest(http.MethodPost, "http://localhost/sign-in", nil), " Ann ", "right"); err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

// with is a request with a cookie.
func with(c *http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	r.AddCookie(c)
	return r
}

func TestASittingEndsWhenNothingIsAskedForAndAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, _, c := sat(t)
		for passed := time.Duration(0); passed < door.SittingLongest-time.Hour; passed += 50 * time.Minute {
			if _, in := at.Sitting(with(c)); !in {
				t.Fatalf("it ended after %s", passed)
			}
			time.Sleep(50 * time.Minute)
		}
		time.Sleep(50 * time.Minute)
		if s, in := at.Sitting(with(c)); in && !time.Now().Before(s.Ends) {
			t.Error("it lasts longer than it may")
		}
		time.Sleep(door.SittingLongest)
		if _, in := at.Sitting(with(c)); in {
			t.Error("it lasts longer than it may")
		}
		c = signIn(t, at)
		time.Sleep(door.SittingIdle - time.Minute)
		if _, in := at.Sitting(with(c)); !in {
			t.Error("it ended too soon")
		}
		time.Sleep(door.SittingIdle + time.Second)
		if _, in := at.Sitting(with(c)); in || len(at.Sittings("")) != 0 {
			t.Error("it lasts although nothing was asked for")
		}
	})
}

func TestASittingEndsAtItsLongestHoweverBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, _, c := sat(t)
		for range int(door.SittingLongest / (10 * time.Minute)) {
			if _, in := at.Sitting(with(c)); !in {
				t.Fatal("it ended too soon")
			}
			time.Sleep(10 * time.Minute)
		}
		if _, in := at.Sitting(with(c)); in {
			t.Error("it lasts longer than it may")
		}
	})
}

func TestNoAccountHasMoreThanSoManySittings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, d, first := sat(t)
		for range 40 {
			time.Sleep(time.Second)
			signIn(t, at)
		}
		if n := len(at.Sittings("ann")); n != 16 {
			t.Errorf("%d sittings", n)
		}
		if _, in := at.Sitting(with(first)); in {
			t.Error("the one that was used longest ago is kept")
		}
		last := signIn(t, at)
		d.Since = time.Now().Add(time.Second)
		if _, in := at.Sitting(with(last)); in || len(at.Sittings("ann")) != 0 {
			t.Error("a sitting from before the account had to sign in anew counts")
		}
	})
}

func TestTriesAreLookedAtAgainAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, _, _ := sat(t)
		try := func(password string) error {
			r := httptest.NewRequest(http.MethodPost, "http://localhost/sign-in", nil)
			_, err := at.SignInAs(httptest.NewRecorder(), r, "ann", password)
			return err
		}
		for range 50 {
			if err := try("right"); err != nil {
				t.Fatal("who is right is counted:", err)
			}
		}
		for range 10 {
			_ = try("wrong")
		}
		err := try("right")
		if err == nil || !strings.Contains(fault.HintOf(err), "wait 30s") {
			t.Fatal(err, fault.HintOf(err))
		}
		time.Sleep(30 * time.Second)
		if err := try("right"); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkSitting is what signing in adds to every request.
func BenchmarkSitting(b *testing.B) {
	d := &desk{people.Account{Name: "ann", Role: identity.Reader, State: people.Active}}
	at := door.New(door.Config{Accounts: d, Now: time.Now})
	w := httptest.NewRecorder()
	if _, err := at.SignInAs(w, httptest.NewRequest(http.MethodPost, "http://localhost/sign-in", nil), "ann", "right"); err != nil {
		b.Fatal(err)
	}
	r := with(w.Result().Cookies()[0])
	b.ReportAllocs()
	for b.Loop() {
		if _, in := at.Sitting(r); !in {
			b.Fatal("out")
		}
	}
}
