package sqlite

import (
	"slices"
	"sync"
)

// cache keeps the values used last. It is safe for concurrent use.
type cache[K comparable, V any] struct {
	mu     sync.Mutex
	size   int
	values map[K]V
	used   []K // the one used last is last
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	return &cache[K, V]{size: size, values: map[K]V{}}
}

// find returns the value of the key that fits, and whether there is one.
func (c *cache[K, V]) find(fits func(K, V) bool) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, k := range slices.Backward(c.used) {
		if v := c.values[k]; fits(k, v) {
			c.used = append(slices.Delete(c.used, i, i+1), k)
			return v, true
		}
	}
	return v, false
}

// put keeps a value and lets go of the one not used for longest.
func (c *cache[K, V]) put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.values[k]; !ok {
		c.used = append(c.used, k)
	}
	c.values[k] = v
	if len(c.used) > c.size {
		delete(c.values, c.used[0])
		c.used = slices.Delete(c.used, 0, 1)
	}
}

// clear lets go of all values.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.values)
	c.used = nil
}
