package crew

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"candor/internal/fault"
)

var errWork = errors.New("work")

// told checks that an error tells the panic and where it was.
func told(t *testing.T, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "crew_test.go") {
		t.Errorf("%v", err)
	}
}

func boom() error { panic("boom") }

func TestAPanicIsAnError(t *testing.T) {
	told(t, Do(boom))
	told(t, <-Go(boom))
	for _, want := range []error{nil, errWork} {
		if err := Do(func() error { return want }); err != want {
			t.Errorf("%v, want %v", err, want)
		}
		if err := <-Go(func() error { return want }); err != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

func TestAPanicEndsItsGroup(t *testing.T) {
	g, ctx := WithContext(t.Context())
	g.Go(boom)
	g.Go(func() error { <-ctx.Done(); return ctx.Err() })
	told(t, g.Wait())
	var zero Group
	if err := zero.Wait(); err != nil {
		t.Error(err)
	}
	zero.Go(func() error { return errWork })
	if err := zero.Wait(); !errors.Is(err, errWork) {
		t.Error(err)
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Error("the context goes on")
	}
}

func TestAPanicOfAWorkerIsThatOfWhoWaits(t *testing.T) {
	var w Workers
	work, done := make(chan int), atomic.Int32{}
	w.Go(func() {
		for n := range work {
			w.Do(func() {
				if n == 0 {
					panic("boom")
				}
				done.Add(1)
			})
		}
	})
	for n := range 10 {
		work <- n
	}
	close(work)
	err := Do(func() error { w.Wait(); return nil })
	if told(t, err); done.Load() != 9 {
		t.Errorf("%d done", done.Load())
	}
	var well Workers
	well.Go(func() {})
	well.Wait()
}
