package ingest

import (
	"cmp"
	"context"
	"strings"

	"candor/internal/alert"
	"candor/internal/store"
)

// twins counts the alerts of a batch that is checked whose id an alert of another source or
// site has: in the batch, as far as it remembers, or in the store.
type twins struct {
	known  func(ctx context.Context, ids []string) (map[string][]alert.Identity, error) // nil without a store
	source string                                                                       // whose statements the batch has
	seen   map[string][]alert.Identity
	some   []alert.Identity // that are yet to be compared with the store
	found  store.Batch      // of which Shared and FirstShared are set
}

// Bounds of what is compared at a time, and of the ids that are remembered.
const (
	twinsAtOnce    = 8192
	twinsRemembers = 1 << 18
)

// add takes in an alert.
func (t *twins) add(ctx context.Context, a *alert.Alert) error {
	if a.Partial() {
		return nil
	}
	i := alert.Identity{Source: cmp.Or(a.Source, t.source), Site: a.Site, ID: strings.Clone(a.ID)}
	switch before := t.seen[i.ID]; {
	case len(before) > 0 && !fitsOne(i, before):
		t.count(i)
		t.seen[i.ID] = append(before, i)
		return nil
	case len(before) > 0:
		return nil
	}
	if t.seen == nil {
		t.seen = map[string][]alert.Identity{}
	}
	if len(t.seen) < twinsRemembers {
		t.seen[i.ID] = []alert.Identity{i}
	}
	if t.known == nil {
		return nil
	}
	if t.some = append(t.some, i); len(t.some) < twinsAtOnce {
		return nil
	}
	return t.compare(ctx)
}

func fitsOne(i alert.Identity, list []alert.Identity) bool {
	for _, j := range list {
		if i.Fits(j) {
			return true
		}
	}
	return false
}

func (t *twins) count(i alert.Identity) {
	t.found.Shared, t.found.FirstShared = t.found.Shared+1, cmp.Or(t.found.FirstShared, i)
}

// compare compares what waits with the store.
func (t *twins) compare(ctx context.Context) error {
	if t.known == nil || len(t.some) == 0 {
		return nil
	}
	ids := make([]string, len(t.some))
	for n, i := range t.some {
		ids[n] = i.ID
	}
	known, err := t.known(ctx, ids)
	if err != nil {
		return err
	}
	for _, i := range t.some {
		if list := known[i.ID]; len(list) > 0 && !fitsOne(i, list) {
			t.count(i)
		}
	}
	t.some = t.some[:0]
	return nil
}
