package report

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"candor/internal/assessment"
	"candor/internal/fault"
)

// Where another report is being made, a second one waits as long as the counter is patient and
// is then told to come again; when the counter is free, it is made.
func TestABusyCounterSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := 0
		c := NewCounter(&Service{}, nil, func(context.Context) { made++; panic("it is made") })
		ask := func() (err error) {
			defer func() {
				if recover() != nil {
					err = nil
				}
			}()
			_, err = c.Report(t.Context(), assessment.Request{}, Wanted{Report: OfExecutive}, ".html")
			return err
		}
		<-c.free // somebody else's report is being made
		began := time.Now()
		err := ask()
		if fault.KindOf(err) != fault.Unavailable || fault.HTTPStatus(err) != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "one at a time") || made != 0 {
			t.Errorf("%v, made %d", err, made)
		}
		if waited := time.Since(began); waited != counterPatience {
			t.Errorf("it waited %s", waited)
		}
		c.free <- struct{}{}
		for range 2 { // what goes wrong while one is made leaves the counter free
			if err := ask(); err != nil {
				t.Errorf("the counter is free: %v", err)
			}
		}
		if made != 2 {
			t.Errorf("made %d", made)
		}
	})
}
