package hold

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// Turn lets one command at a time write within a process that holds a data folder.
type Turn struct {
	taken chan struct{}
	who   atomic.Pointer[Holder]
}

// NewTurn returns a turn that nobody has.
func NewTurn() *Turn { return &Turn{taken: make(chan struct{}, 1)} }

// Take takes the turn that is asked for, and returns what gives it back. It waits
// for whoever has it, and fails, as Acquire does.
func (t *Turn) Take(ctx context.Context, a Asking) (release func(), err error) {
	err = await(ctx, a.Patience, t.holder, func() error {
		select {
		case t.taken <- struct{}{}:
			return nil
		default:
			return ErrHeld
		}
	})
	switch {
	case errors.Is(err, ErrHeld):
		return nil, t.holder().conflict(a.Dir)
	case err != nil:
		return nil, fmt.Errorf("wait for data folder %s: %w", a.Dir, err)
	}
	who := a.holder()
	t.who.Store(&who)
	return func() {
		t.who.Store(nil)
		<-t.taken
	}, nil
}

// holder returns who has the turn; the zero Holder when nobody has.
func (t *Turn) holder() Holder {
	if h := t.who.Load(); h != nil {
		return *h
	}
	return Holder{}
}
