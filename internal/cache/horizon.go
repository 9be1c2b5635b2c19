package cache

import (
	"context"
	"sync"
	"time"
)

// horizon is until when something holds that is being made.
type horizon struct {
	mu sync.Mutex
	at time.Time
}

// horizonKey is the key of a horizon in a context.
type horizonKey struct{}

// WithHorizon returns a context under which something is made, and what tells until
// when that holds: the earliest time that Until was called with, the zero time when it
// holds for as long as its key says.
func WithHorizon(ctx context.Context) (context.Context, func() time.Time) {
	h := &horizon{}
	return context.WithValue(ctx, horizonKey{}, h), func() time.Time {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.at
	}
}

// Until says that what is made under ctx holds until a time and no longer, whatever is
// in its key. It is for what follows from the clock by less than a day.
func Until(ctx context.Context, at time.Time) {
	h, ok := ctx.Value(horizonKey{}).(*horizon)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at.IsZero() || at.Before(h.at) {
		h.at = at
	}
}
