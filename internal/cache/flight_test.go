package cache

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"candor/internal/fault"
)

// waiters returns how many wait for a key.
func (f *Flight[V]) waiters(key string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.calls[key]; c != nil {
		return c.waiting
	}
	return 0
}

func TestTwelveAskAndOneWorks(t *testing.T) {
	var f Flight[int]
	var worked atomic.Int32
	release := make(chan struct{})
	work := func(ctx context.Context) (int, error) {
		worked.Add(1)
		<-release
		return 7, ctx.Err()
	}
	leaver, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { // the first, whose leaving must not fail the others
		_, err := f.Do(leaver, "k", work)
		left <- err
	}()
	for f.waiters("k") < 1 {
		runtime.Gosched()
	}
	var all sync.WaitGroup
	for range 11 {
		all.Go(func() {
			if v, err := f.Do(t.Context(), "k", work); v != 7 || err != nil {
				t.Errorf("%d, %v, want 7", v, err)
			}
		})
	}
	for f.waiters("k") < 12 {
		runtime.Gosched()
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(release)
	all.Wait()
	if n := worked.Load(); n != 1 {
		t.Errorf("the work was done %d times", n)
	}
}

func TestWorkThatNobodyWaitsForIsCancelled(t *testing.T) {
	var f Flight[int]
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		for f.waiters("k") < 1 {
			runtime.Gosched()
		}
		cancel()
	}()
	if _, err := f.Do(ctx, "k", func(ctx context.Context) (int, error) {
		<-ctx.Done()
		close(ended)
		return 0, ctx.Err()
	}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-ended
	if v, err := f.Do(t.Context(), "k", func(context.Context) (int, error) { return 3, nil }); v != 3 || err != nil {
		t.Errorf("who came later got %d, %v", v, err)
	}
}

func TestAPanicOfTheWorkIsItsError(t *testing.T) {
	var f Flight[int]
	if _, err := f.Do(t.Context(), "k", func(context.Context) (int, error) { panic("boom") }); fault.KindOf(err) != fault.Internal {
		t.Errorf("%v, want an internal error", err)
	}
}
