package store

import (
	"context"
	"fmt"

	"candor/internal/fault"
)

// Batched lists the batches of a store in the order in which they arrived.
type Batched interface {
	Batches(ctx context.Context) ([]Batch, error)
}

// Recent lists the batches of a store that arrived last.
type Recent interface {
	// Newest lists, oldest first, the last n of the first upTo batches, of all where upTo
	// is below 0, and returns how many there are in all. It takes no longer however many
	// others there are.
	Newest(ctx context.Context, upTo, n int) (list []Batch, all int, err error)
}

// Latest is some of the batches of two stores, the newest first.
type Latest struct {
	Batches []Batch `json:"batches"`
	// Total is how many batches there are in all.
	Total int `json:"total"`
	// Next is where the next older ones begin, for NewestOf; empty where there are none.
	Next string `json:"next,omitempty"`
}

// NewestOf lists the n newest batches of two stores from a place on, which is the Next of
// an earlier answer, or empty to begin with the newest. Each store's keep the order of
// their arrival: a clock may have been put back. Batches that arrive meanwhile move no
// place. A text that is no place is fault.Usage.
func NewestOf(ctx context.Context, a, b Recent, place string, n int) (Latest, error) {
	atA, atB := -1, -1
	if place != "" {
		if _, err := fmt.Sscanf(place, "%d.%d", &atA, &atB); err != nil || atA < 0 || atB < 0 || fmt.Sprintf("%d.%d", atA, atB) != place {
			return Latest{}, fault.New(fault.Usage, "%q is no place in the list of batches", place).Next("use the place that the list before said, or none for the newest")
		}
	}
	x, allX, err := a.Newest(ctx, atA, n)
	if err != nil {
		return Latest{}, err
	}
	y, allY, err := b.Newest(ctx, atB, n)
	if err != nil {
		return Latest{}, err
	}
	if atA < 0 {
		atA, atB = allX, allY
	}
	list, ofX, ofY := latest(x, y, n)
	l := Latest{Batches: list, Total: allX + allY}
	if atA, atB = min(atA, allX)-ofX, min(atB, allY)-ofY; atA+atB > 0 {
		l.Next = fmt.Sprintf("%d.%d", atA, atB)
	}
	return l, nil
}

// latest lists the n newest of the ends of two lists, and how many are of each.
func latest(x, y []Batch, n int) (list []Batch, ofX, ofY int) {
	list = []Batch{}
	for len(list) < n && ofX+ofY < len(x)+len(y) {
		i, j := len(x)-ofX-1, len(y)-ofY-1
		if j < 0 || i >= 0 && y[j].Added.Before(x[i].Added) {
			list, ofX = append(list, x[i]), ofX+1
		} else {
			list, ofY = append(list, y[j]), ofY+1
		}
	}
	return list, ofX, ofY
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
