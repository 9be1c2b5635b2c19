// Package crew starts goroutines whose panic does not end the process: it becomes
// the error, or the panic, of whoever waits for them. A panic that nobody recovers
// ends a server with all that it is doing, and above a goroutine there is nobody.
//
// Every goroutine of Candor is started here. The package refuses to hide a panic:
// its value and its stack are told.
package crew

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"candor/internal/fault"
)

// Do returns what f returns. A panic of f is an error of kind fault.Internal with the
// value and the stack as its cause.
func Do(f func() error) (err error) {
	defer func() {
		if what := recover(); what != nil {
			err = failed(what)
		}
	}()
	return f()
}

func failed(what any) error {
	return fault.New(fault.Internal, "the work failed for a reason of its own").Because(fmt.Errorf("panic: %v\n%s", what, debug.Stack()))
}

// Go runs f in a goroutine. What comes of it, as Do returns it, can be received once.
func Go(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- Do(f) }()
	return done
}

// Group is a group of goroutines that work on parts of one thing. The zero Group is
// ready for use.
type Group struct{ group *errgroup.Group }

// WithContext returns a group, and a context that ends with the first of its errors.
func WithContext(ctx context.Context) (*Group, context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	return &Group{g}, ctx
}

// Go runs f in a goroutine.
func (g *Group) Go(f func() error) {
	if g.group == nil {
		g.group = &errgroup.Group{}
	}
	g.group.Go(func() error { return Do(f) })
}

// Wait waits for the goroutines to end, and returns their first error.
func (g *Group) Wait() error {
	if g.group == nil {
		return nil
	}
	return g.group.Wait()
}

// Workers are goroutines that return nothing. The zero Workers are ready for use.
type Workers struct {
	all   sync.WaitGroup
	once  sync.Once
	panic any
}

// Go runs f in a goroutine.
func (w *Workers) Go(f func()) { w.all.Go(func() { w.Do(f) }) }

// Do runs f within one of the goroutines. A panic of f is told by Wait, and the
// goroutine goes on: what others send to it is still received.
func (w *Workers) Do(f func()) {
	if err := Do(func() error { f(); return nil }); err != nil {
		w.once.Do(func() { w.panic = err })
	}
}

// Wait waits for the goroutines to end. It panics if one of them did.
func (w *Workers) Wait() {
	w.all.Wait()
	if w.panic != nil {
		panic(w.panic)
	}
}
