package cache

import (
	"context"
	"sync"

	"candor/internal/crew"
)

// Flight does a piece of work once for all who ask for it at the same time. The zero
// Flight is empty. It is safe for concurrent use.
type Flight[V any] struct {
	mu    sync.Mutex
	calls map[string]*call[V]
}

// call is one piece of work under way.
type call[V any] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int // guarded by the Flight's mu
	value   V
	err     error
}

// Do returns what work returns for a key. Who gives up leaves the work to those who
// still wait; when nobody does, the work is cancelled.
func (f *Flight[V]) Do(ctx context.Context, key string, work func(context.Context) (V, error)) (V, error) {
	f.mu.Lock()
	c := f.calls[key]
	if c == nil {
		inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
		c = &call[V]{done: make(chan struct{}), cancel: cancel}
		if f.calls == nil {
			f.calls = map[string]*call[V]{}
		}
		f.calls[key] = c
		crew.Go(func() error { f.run(inner, key, c, work); return nil })
	}
	c.waiting++
	f.mu.Unlock()
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		f.leave(key, c)
		var none V
		return none, ctx.Err()
	}
}

// run does the work. A panic is its error.
func (f *Flight[V]) run(ctx context.Context, key string, c *call[V], work func(context.Context) (V, error)) {
	c.err = crew.Do(func() (err error) {
		c.value, err = work(ctx)
		return err
	})
	f.forget(key, c)
	close(c.done)
	c.cancel()
}

func (f *Flight[V]) leave(key string, c *call[V]) {
	f.mu.Lock()
	c.waiting--
	last := c.waiting == 0
	if last && f.calls[key] == c {
		delete(f.calls, key) // who comes now begins anew
	}
	f.mu.Unlock()
	if last {
		c.cancel()
	}
}

func (f *Flight[V]) forget(key string, c *call[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}

// Waiting returns how many wait for the work that the most wait for.
func (f *Flight[V]) Waiting() (most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		most = max(most, c.waiting)
	}
	return most
}
