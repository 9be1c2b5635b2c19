package mcp

import (
	"context"

	"candor/internal/crew"
)

// Warm begins to compute what the first calls would, and returns what ends that and waits for
// it. Who calls meanwhile waits for the same work and not for a second one.
func Warm(ctx context.Context, d Deps) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	done := crew.Go(func() error {
		d.warm(ctx)
		return nil
	})
	return func() {
		stop()
		<-done // what goes wrong here is told to whoever asks
	}
}

// warm asks what every tool rests on, of the first technique that has a verdict. What goes
// wrong is told to whoever asks.
func (d *Deps) warm(ctx context.Context) {
	_, _, _ = search(ctx, d, asked{Words: "a", Limit: 1})
	r, err := d.request(asked{})
	if err != nil {
		return
	}
	a, err := d.Assessment.Assess(ctx, r)
	if err != nil || len(a.Verdicts) == 0 || len(a.Verdicts[0].Techniques) == 0 {
		return
	}
	of := asked{ID: a.Verdicts[0].Techniques[0].ATTACKID, Limit: 1}
	for _, ask := range []func(context.Context, *Deps, asked) (any, []string, error){object, adjacent, takeOf, next} {
		if ctx.Err() != nil {
			return
		}
		_, _, _ = ask(ctx, d, of)
	}
	_, _, _ = measurements(ctx, d, asked{Limit: 1})
}
