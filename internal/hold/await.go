package hold

import (
	"context"
	"errors"
	"time"

	"candor/internal/flock"
)

// ErrHeld says that another process has what is asked for.
var ErrHeld = flock.ErrHeld

// Patience says how long to wait for another process, and what to do meanwhile.
type Patience struct {
	// Limit is how long to try again.
	Limit time.Duration
	// Tell, which may be nil, is told once who has the folder, when that has taken
	// a second. Without anyone named the holder is the zero Holder.
	Tell func(Holder)
	// Meet, which may be nil, is asked before each try; an error of it ends the wait.
	Meet func(context.Context) error
}

// pause is how long to wait between two tries, and quiet how long to wait without
// a word.
const (
	pause = 20 * time.Millisecond
	quiet = time.Second
)

// Await tries until try returns something else than ErrHeld, for as long as p
// says: then it returns ErrHeld, or ctx's error if ctx ends first. Holders are
// those of the data folder dir.
func Await(ctx context.Context, dir string, p Patience, try func() error) error {
	return await(ctx, p, func() Holder {
		who, _ := Read(dir)
		return who
	}, try)
}

func await(ctx context.Context, p Patience, holder func() Holder, try func() error) error {
	err := p.attempt(ctx, try)
	if !errors.Is(err, ErrHeld) || p.Limit <= 0 {
		return err
	}
	ticker, end, speak := time.NewTicker(pause), time.NewTimer(p.Limit), time.NewTimer(quiet)
	defer ticker.Stop()
	defer end.Stop()
	defer speak.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return p.attempt(ctx, try)
		case <-speak.C:
			if p.Tell != nil {
				p.Tell(holder())
			}
		case <-ticker.C:
			if err := p.attempt(ctx, try); !errors.Is(err, ErrHeld) {
				return err
			}
		}
	}
}

func (p Patience) attempt(ctx context.Context, try func() error) error {
	if p.Meet != nil {
		if err := p.Meet(ctx); err != nil {
			return &meeting{err}
		}
	}
	return try()
}

// meeting is an error of Patience.Meet.
type meeting struct{ error }

// Unwrap returns the error.
func (m *meeting) Unwrap() error { return m.error }
