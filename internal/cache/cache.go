// Package cache keeps what was made under a key that says all that it depends on, and
// makes it once for all who ask at the same time.
//
// It never looks whether something is still right: what is made of things that change
// has in its key which state of them it was made of. What nobody asks for any more goes
// when there is too much. The package refuses to keep what failed.
package cache

import (
	"cmp"
	"container/list"
	"context"
	"sync"
)

// usual is how many values a cache keeps where nothing else is said.
const usual = 4

// Cache keeps the values that were used last. The zero Cache is empty, and keeps four.
// It is safe for concurrent use; its fields are set before it is used.
type Cache[V any] struct {
	// Most bounds what all values together cost. Zero means four.
	Most int64
	// Cost is what keeping a value costs, in units of Most. Without it each costs one.
	Cost func(V) int64
	// Keep reports whether a value may be kept. It is asked again when the value is asked
	// for, and what may be kept no more is forgotten. Without it each may.
	Keep func(V) bool

	mu     sync.Mutex
	at     map[string]*list.Element
	order  list.List // of entries, used last first
	cost   int64     // of all entries
	making Flight[V]
}

// slot is a value that is kept.
type slot[V any] struct {
	key   string
	value V
	cost  int64
}

// Of returns what is kept under a key, and otherwise what work makes, which it keeps.
// Those who ask at the same time wait for one and the same work; see Flight.Do.
func (c *Cache[V]) Of(ctx context.Context, key string, work func(context.Context) (V, error)) (V, error) {
	if v, ok := c.Get(key); ok {
		return v, nil
	}
	return c.making.Do(ctx, key, func(ctx context.Context) (V, error) {
		if v, ok := c.Get(key); ok { // made since it was looked for
			return v, nil
		}
		v, err := work(ctx)
		if err == nil {
			c.Put(key, v)
		}
		return v, err
	})
}

// Get returns the value that is kept under a key, if one is.
func (c *Cache[V]) Get(key string) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[key]
	if e == nil {
		return value, false
	}
	have := e.Value.(*slot[V]).value
	if !c.keeps(have) {
		c.drop(e)
		return value, false
	}
	c.order.MoveToFront(e)
	return have, true
}

func (c *Cache[V]) keeps(v V) bool { return c.Keep == nil || c.Keep(v) }

// Put keeps a value under a key, in place of what was kept there. A value that may not
// be kept, or costs more than there may be, is not.
func (c *Cache[V]) Put(key string, value V) {
	cost, most := int64(1), cmp.Or(c.Most, usual)
	if c.Cost != nil {
		cost = c.Cost(value)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.at[key])
	if cost > most || !c.keeps(value) {
		return
	}
	if c.at == nil {
		c.at = map[string]*list.Element{}
	}
	c.at[key] = c.order.PushFront(&slot[V]{key, value, cost})
	c.cost += cost
	for c.cost > most {
		c.drop(c.order.Back())
	}
}

// drop forgets a value; nil is none.
func (c *Cache[V]) drop(e *list.Element) {
	if e == nil {
		return
	}
	gone := c.order.Remove(e).(*slot[V])
	c.cost -= gone.cost
	delete(c.at, gone.key)
}
