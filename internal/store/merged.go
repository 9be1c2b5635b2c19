package store

import "context"

// Batched lists the batches of a store in the order in which they arrived.
type Batched interface {
	Batches(ctx context.Context) ([]Batch, error)
}

// Merged lists the batches of two stores by the time when they were added, as every
// face shows them. Each store's keep their order, which is that of arrival: a clock may
// have been put back.
func Merged(ctx context.Context, a, b Batched) ([]Batch, error) {
	x, err := a.Batches(ctx)
	if err != nil {
		return nil, err
	}
	y, err := b.Batches(ctx)
	if err != nil {
		return nil, err
	}
	return merge(x, y), nil
}

// merge takes the earlier head of the two, and that of a when they are equal.
func merge(a, b []Batch) []Batch {
	merged := make([]Batch, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0].Added.Before(a[0].Added) {
			merged, b = append(merged, b[0]), b[1:]
		} else {
			merged, a = append(merged, a[0]), a[1:]
		}
	}
	return append(append(merged, a...), b...)
}
