package assessment

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// kept is how many values a cache keeps: a few releases, days and policies in
// turn. A view of Enterprise is some tens of megabytes.
const kept = 4

// cache keeps the values used last: kept of them, or most where that is set. The
// zero cache is empty. It is safe for concurrent use.
type cache[V any] struct {
	most    int
	mu      sync.Mutex
	entries []entry[V] // used last, first
	making  flight[V]
}

// of returns what is kept under a key, and otherwise what work makes, which it keeps.
// Those who ask at the same time wait for one and the same work.
func (c *cache[V]) of(ctx context.Context, key string, work func(context.Context) (V, error)) (V, error) {
	if v, ok := c.get(key); ok {
		return v, nil
	}
	return c.making.do(ctx, key, func(ctx context.Context) (V, error) {
		if v, ok := c.get(key); ok { // made since it was looked for
			return v, nil
		}
		v, err := work(ctx)
		if err == nil {
			c.put(key, v)
		}
		return v, err
	})
}

type entry[V any] struct {
	key   string
	value V
}

func (c *cache[V]) get(key string) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.entries, func(e entry[V]) bool { return e.key == key })
	if i < 0 {
		return value, false
	}
	e := c.entries[i]
	c.entries = slices.Insert(slices.Delete(c.entries, i, i+1), 0, e)
	return e.value, true
}

func (c *cache[V]) put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = slices.DeleteFunc(c.entries, func(e entry[V]) bool { return e.key == key })
	c.entries = slices.Insert(c.entries, 0, entry[V]{key, value})
	c.entries = slices.Delete(c.entries, min(cmp.Or(c.most, kept), len(c.entries)), len(c.entries))
}
