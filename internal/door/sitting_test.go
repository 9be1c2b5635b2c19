package door_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/people"
)

// ann is the one account there is, whose password is any.
type ann struct{}

func (ann) Any() bool { return true }
func (ann) Get(string) (people.Account, error) {
	return people.Account{Name: "ann", Role: identity.Reader, State: people.Active}, nil
}
func (a ann) Check(context.Context, string, string) (people.Account, error) { return a.Get("ann") }

// TestSittingsEndByThemselves: after an hour in which nothing is asked for, and after twelve
// whatever is.
func TestSittingsEndByThemselves(t *testing.T) {
	d := door.New(door.Config{Accounts: ann{}, Now: time.Now})
	synctest.Test(t, func(t *testing.T) {
		begin := func() func() bool {
			w := httptest.NewRecorder()
			if _, err := d.SignInAs(w, httptest.NewRequest(http.MethodPost, "http://localhost/sign-in", nil), "ann", "any"); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
			r.AddCookie(w.Result().Cookies()[0])
			return func() bool { _, in := d.Sitting(r); return in }
		}
		idle, busy := begin(), begin()
		for at := time.Duration(0); at < door.SittingLongest-30*time.Minute; at += 30 * time.Minute {
			time.Sleep(30 * time.Minute)
			if !busy() {
				t.Fatalf("what is used every half hour ended before %v", at)
			}
		}
		if idle() {
			t.Error("what nobody uses goes on")
		}
		time.Sleep(31 * time.Minute)
		if busy() {
			t.Error("it goes on after twelve hours")
		}
		again := begin()
		time.Sleep(door.SittingIdle + time.Second)
		if again() {
			t.Error("it goes on after an idle hour")
		}
	})
}
