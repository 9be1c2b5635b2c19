package intake

import (
	"strings"

	"candor/internal/identity"
	"candor/internal/store"
)

// Enough is how many small batches of one kind and token are merged by themselves: a
// server makes a batch of each every few seconds. A file takes at most a thousand.
const (
	Enough = 256
	most   = 1000
)

// Merging says which batches of alerts and dispositions are merged with each other: those
// of one kind that were pushed with one token, once there are so many.
func Merging(least int) store.Merging {
	return store.Merging{Least: least, Most: most, Of: func(b *store.Batch) string {
		if !strings.HasPrefix(b.By, identity.OfToken) && !strings.HasPrefix(b.By, identity.OfAccount) {
			return ""
		}
		return b.Kind + " " + b.By
	}}
}
