package custody

import (
	"context"

	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/store"
)

// Compaction is a merging of batches of alerts to be done.
type Compaction struct {
	store.Merging
	// By is who asked for it, for the record; empty when nobody did.
	By string
	// Now says not to wait for a backup that is being made, but to do nothing.
	Now bool
}

// Compact merges batches of alerts, and records each merged file. What was merged it
// returns also with an error.
func (k *Keeper) Compact(ctx context.Context, c Compaction) (list []store.Merge, err error) {
	release, err := k.rewrite(ctx, c.Now)
	if err != nil || release == nil {
		return nil, err
	}
	defer release()
	m, done := c.Merging, 0
	m.Files = 1 // so that each has its entry before the next begins
	m.Done = func(merged, left int) {
		if done += merged; c.Done != nil {
			c.Done(done, left)
		}
	}
	for _, s := range k.Batches {
		r, ok := s.(store.Rewriter)
		for n := 1; ok && n > 0; {
			err := k.land(ctx, func() error {
				some, err := r.Merge(ctx, m)
				list, n = append(list, some...), len(some)
				for _, one := range some {
					if err := k.recordAs(context.WithoutCancel(ctx), mergeEntry(one, c.By)); err != nil {
						return unrecorded("batches are merged into "+one.File, err)
					}
				}
				return err
			})
			if err != nil || len(list) == c.Files {
				return list, err
			}
		}
	}
	return list, nil
}

// Expire removes rows of alerts for retention, and records it. It fails as
// store.Rewriter.Expire does.
func (k *Keeper) Expire(ctx context.Context, e store.Expiring) (gone store.Expiry, err error) {
	release, err := k.rewrite(ctx, false)
	if err != nil {
		return gone, err
	}
	defer release()
	for _, s := range k.Batches {
		r, ok := s.(store.Rewriter)
		if !ok {
			continue
		}
		err = k.land(ctx, func() error {
			if gone, err = r.Expire(ctx, e); err != nil || gone.Rows == 0 || e.Dry {
				return err
			}
			entry, err := expiryEntry(gone)
			if err != nil {
				return err
			}
			if err := k.recordAs(context.WithoutCancel(ctx), entry); err != nil {
				return unrecorded("the alerts have expired", err)
			}
			return nil
		})
		return gone, err
	}
	return gone, fault.New(fault.Unavailable, "the alerts of this folder cannot expire")
}

// Expiries lists what expired, oldest first.
func (k *Keeper) Expiries(ctx context.Context) ([]store.Expiry, error) {
	list := []store.Expiry{}
	for _, s := range k.Batches {
		if r, ok := s.(store.Rewriter); ok {
			some, err := r.Expiries(ctx)
			if err != nil {
				return nil, err
			}
			list = append(list, some...)
		}
	}
	return list, nil
}

// rewrite waits until nobody copies the files of batches, and keeps everybody from it until
// release is called. It returns none if that is not to be waited for.
func (k *Keeper) rewrite(ctx context.Context, now bool) (release func(), err error) {
	if now && !k.copying.TryAcquire(whole) {
		return nil, nil
	}
	if !now {
		if err := k.copying.Acquire(ctx, whole); err != nil {
			return nil, err
		}
	}
	return func() { k.copying.Release(whole) }, nil
}

// Copying keeps the files of batches as they are, for whoever copies them, until release
// is called: what lands meanwhile lands beside them.
func (k *Keeper) Copying(ctx context.Context) (release func(), err error) {
	if err := k.copying.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { k.copying.Release(1) }, nil
}

// recordAs writes an entry of what has happened just now.
func (k *Keeper) recordAs(ctx context.Context, e ledger.Entry) error {
	k.mu.Lock()
	caughtUp := k.caughtUp
	if caughtUp {
		defer k.mu.Unlock()
		known, err := k.recorded(ctx)
		if err == nil && !known.has(e) {
			err = k.enter(ctx, e)
		}
		return err
	}
	k.mu.Unlock()
	return k.CatchUp(ctx, e.ID)
}

// mergeEntry returns the entry of a merged file, but for place and time.
func mergeEntry(m store.Merge, by string) ledger.Entry {
	return ledger.Entry{Kind: ledger.Merge, ID: clean(m.File), SHA256: m.SHA256, Batches: m.Batches, By: clean(by),
		Counts: map[string]int64{"batches": int64(len(m.Batches)), "rows": m.Rows}}
}

// expiryEntry returns the entry of an expiry, but for place and time. Its hash is of the
// record that the folder keeps.
func expiryEntry(e store.Expiry) (ledger.Entry, error) {
	text, err := e.Encode()
	if err != nil {
		return ledger.Entry{}, err
	}
	rows := make(map[string]string, len(e.Batches))
	for id, left := range e.Batches {
		rows[id] = left.RowsHash
	}
	return ledger.Entry{Kind: ledger.Expiry, ID: clean(e.ID), SHA256: sum(text), By: clean(e.By), Reason: clean(e.Reason), Batches: rows, Files: e.Files,
		Counts: map[string]int64{"batches": int64(len(e.Batches)), "rows": e.Rows, "alerts": e.Alerts}}, nil
}

// rewritten returns an entry for each merged file and each expiry of a store.
func rewritten(ctx context.Context, s Batches) (list []due, err error) {
	r, ok := s.(store.Rewriter)
	if !ok {
		return nil, nil
	}
	merges, err := r.Merges(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range merges {
		list = append(list, due{Entry: mergeEntry(m, ""), at: m.At})
	}
	expiries, err := r.Expiries(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range expiries {
		e, err := expiryEntry(x)
		if err != nil {
			return nil, err
		}
		list = append(list, due{Entry: e, at: x.At})
	}
	return list, nil
}
