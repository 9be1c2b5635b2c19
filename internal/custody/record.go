package custody

import (
	"context"
	"iter"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/store"
)

// Evidence returns s with every batch that lands recorded.
func (k *Keeper) Evidence(s store.Evidence) store.Evidence { return evidence{s, k} }

// Alerts returns s with every batch that lands recorded.
func (k *Keeper) Alerts(s store.Alerts) store.Alerts {
	if t, ok := s.(teller); ok {
		return telling{alerts{s, k}, t}
	}
	return alerts{s, k}
}

// Library is what importing bundles needs of a library.
type Library interface {
	store.LibraryWriter
	store.LibraryHashes
	Releases(ctx context.Context) ([]attack.Release, error)
}

// Library returns l with every release that lands recorded.
func (k *Keeper) Library(l Library) Library { return library{l, k} }

type evidence struct {
	store.Evidence
	keeper *Keeper
}

// Append lands a batch and records it.
func (e evidence) Append(ctx context.Context, b store.Batch, records iter.Seq2[store.Record, error]) (landed store.Batch, fresh bool, err error) {
	err = e.keeper.land(ctx, func() error {
		landed, fresh, err = e.Evidence.Append(ctx, b, records)
		landed, fresh, err = e.keeper.landed(ctx, landed, fresh, err)
		return err
	})
	return landed, fresh, err
}

type alerts struct {
	store.Alerts
	keeper *Keeper
}

// teller tells what became of batches whose files were written anew.
type teller interface {
	Expiries(ctx context.Context) ([]store.Expiry, error)
	Packs(ctx context.Context) ([]store.Pack, error)
}

// telling is alerts of a store that tells it.
type telling struct {
	alerts
	teller
}

// Append lands a batch and records it.
func (a alerts) Append(ctx context.Context, b store.Batch, list iter.Seq2[*alert.Alert, error]) (landed store.Batch, fresh bool, err error) {
	err = a.keeper.land(ctx, func() error {
		landed, fresh, err = a.Alerts.Append(ctx, b, list)
		landed, fresh, err = a.keeper.landed(ctx, landed, fresh, err)
		return err
	})
	return landed, fresh, err
}

// landed records a batch. It does so even when ctx has ended meanwhile, because
// the batch is there.
func (k *Keeper) landed(ctx context.Context, b store.Batch, fresh bool, err error) (store.Batch, bool, error) {
	if err != nil || !fresh {
		return b, fresh, err
	}
	if err := k.record(context.WithoutCancel(ctx), b); err != nil {
		return b, fresh, unrecorded("batch "+b.ID+" has landed", err)
	}
	return b, fresh, nil
}

type library struct {
	Library
	keeper *Keeper
}

// Begin starts an import whose release is recorded.
func (l library) Begin(ctx context.Context) (store.ReleaseWriter, error) {
	w, err := l.Library.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return releaseWriter{w, l.keeper}, nil
}

type releaseWriter struct {
	store.ReleaseWriter
	keeper *Keeper
}

// Add adds a snapshot.
func (w releaseWriter) Add(ctx context.Context, s *attack.Snapshot) error {
	return w.keeper.roomy(w.ReleaseWriter.Add(ctx, s))
}

// Commit lands the release and records it.
func (w releaseWriter) Commit(ctx context.Context, r attack.Release, odd []store.Oddity) (landed bool, err error) {
	err = w.keeper.land(ctx, func() error {
		landed, err = w.commit(ctx, r, odd)
		return err
	})
	return landed, err
}

func (w releaseWriter) commit(ctx context.Context, r attack.Release, odd []store.Oddity) (bool, error) {
	landed, err := w.ReleaseWriter.Commit(ctx, r, odd)
	if err != nil || !landed {
		return landed, err
	}
	if err := w.keeper.CatchUp(context.WithoutCancel(ctx), ReleaseID(r)); err != nil {
		return landed, unrecorded(r.String()+" is imported", err)
	}
	return landed, nil
}
