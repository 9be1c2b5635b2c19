package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"candor/internal/attack/stix"
)

// remake makes anew what is derived from the bytes of objects, the index of words and
// the views, where a migration dropped them because an earlier candor made them
// otherwise. It lands whole or not at all, so that whoever opens the file next tries
// again.
func (l *Library) remake(ctx context.Context) error {
	if stale, err := l.stale(ctx, l.db); err != nil || !stale {
		return err
	}
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("index the library anew: %w", err)
	}
	defer tx.Rollback() // does nothing after the commit
	if stale, err := l.stale(ctx, tx); err != nil || !stale {
		return err // another process was faster
	}
	d, err := newDepot(ctx, l, tx)
	if err != nil {
		return fmt.Errorf("index the library anew: %w", err)
	}
	es, err := l.readReleases(ctx, 0)
	if err != nil {
		return fmt.Errorf("index the library anew: %w", err)
	}
	again := &remaker{l: l, tx: tx, depot: d, proceeded: map[uint32]bool{}}
	for _, e := range es {
		if err := again.release(ctx, e); err != nil {
			return fmt.Errorf("index %s anew: %w", e.release, err)
		}
	}
	if err := d.flush(ctx); err != nil {
		return fmt.Errorf("index the library anew: %w", err)
	}
	return tx.Commit()
}

// oneRow is a database or a transaction.
type oneRow interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// stale reports whether all that is derived is gone while there are releases, as
// migrations leave it. Less than all is damage, which an audit tells.
func (l *Library) stale(ctx context.Context, q oneRow) (stale bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM release)
		AND NOT EXISTS (SELECT 1 FROM release_view) AND NOT EXISTS (SELECT 1 FROM wording)`).Scan(&stale)
	if err != nil {
		return false, fmt.Errorf("look for the views of releases: %w", err)
	}
	return stale, nil
}

// remaker indexes the objects of one release after another.
type remaker struct {
	l         *Library
	tx        *sql.Tx
	depot     *depot
	proceeded map[uint32]bool // snapshots whose procedure is indexed
}

// release indexes the objects of a release in the order of its bundle, and stores the
// view.
func (r *remaker) release(ctx context.Context, e *edition) error {
	all, err := r.l.decode(ctx, e)
	if err != nil {
		return err
	}
	items := make([]*item, len(all))
	for i := range all {
		it := all[i].item
		items[i] = it
		if err := r.depot.word(ctx, &all[i], 0); err != nil {
			return err
		}
		if r.proceeded[it.snapshot] {
			continue
		}
		r.proceeded[it.snapshot] = true
		if err := r.depot.proceed(ctx, it); err != nil {
			return err
		}
	}
	_, err = r.tx.ExecContext(ctx, `INSERT OR REPLACE INTO release_view (release, data) VALUES (?, ?)`, e.id, r.l.zip.EncodeAll(newView(items).write(), nil))
	return err
}

// decode returns what is derived from the objects of a release, in the order of its
// bundle.
func (l *Library) decode(ctx context.Context, e *edition) ([]newcomer, error) {
	v := &view{ids: e.members.ids()}
	all := make([]newcomer, len(v.ids))
	wanted := make([]int32, len(v.ids))
	for i := range wanted {
		wanted[i] = int32(i)
	}
	decoders := sync.Pool{New: func() any { return &stix.Decoder{} }}
	err := l.visit(ctx, v, wanted, func(p *pack, wanted []int32) error {
		d := decoders.Get().(*stix.Decoder)
		defer decoders.Put(d)
		for _, n := range wanted {
			s, _, err := d.Decode(p.object(v.ids[n]))
			if err != nil {
				return l.damaged("an object of %s: %v", e.release, err)
			}
			all[n].item = newItem(s)
			all[n].item.snapshot = v.ids[n]
			all[n].say(&s.Object)
		}
		return nil
	})
	return all, err
}
