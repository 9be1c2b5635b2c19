package measure

import (
	"bytes"
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Draw takes a simple random sample without replacement of what it is shown:
// those whose ids have the n least keys, where a key is the SHA-256 of seed and
// id. So the sample depends on the seed and on the ids alone and not on their
// order; a larger n keeps what a smaller one drew and adds to it, and drawing
// again after some were labelled goes on where the first sample ended. The ids
// must differ. The zero Draw draws nothing.
type Draw[T any] struct {
	seed uint64
	most int
	kept draws[T]
	seen int64
}

// Drawing says how many to draw at most, and by which seed.
type Drawing struct {
	N    int
	Seed uint64
}

// NewDraw returns the draw that by describes.
func NewDraw[T any](by Drawing) *Draw[T] { return &Draw[T]{seed: by.Seed, most: by.N} }

type drawn[T any] struct {
	key   [sha256.Size]byte
	id    string
	value T
}

// draws is a heap with the greatest key on top.
type draws[T any] []drawn[T]

// Len is for package heap.
func (h draws[T]) Len() int { return len(h) }

// Less is for package heap.
func (h draws[T]) Less(i, j int) bool { return compareDrawn(h[i], h[j]) > 0 }

// Swap is for package heap.
func (h draws[T]) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push adds x, a drawn[T]; it is for package heap.
func (h *draws[T]) Push(x any) { *h = append(*h, x.(drawn[T])) }

// Pop takes the last off; it is for package heap.
func (h *draws[T]) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func compareDrawn[T any](a, b drawn[T]) int {
	return cmp.Or(bytes.Compare(a.key[:], b.key[:]), cmp.Compare(a.id, b.id))
}

// Show offers one.
func (d *Draw[T]) Show(id string, value T) {
	d.seen++
	x := drawn[T]{key: drawKey(d.seed, id), id: id, value: value}
	switch {
	case len(d.kept) < d.most:
		heap.Push(&d.kept, x)
	case d.most > 0 && compareDrawn(x, d.kept[0]) < 0:
		d.kept[0] = x
		heap.Fix(&d.kept, 0)
	}
}

func drawKey(seed uint64, id string) [sha256.Size]byte {
	return sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, seed), id...))
}

// Seen is how many were offered.
func (d *Draw[T]) Seen() int64 { return d.seen }

// Sample returns the sample in the order in which it was drawn.
func (d *Draw[T]) Sample() []T {
	sorted := slices.Clone(d.kept)
	slices.SortFunc(sorted, compareDrawn)
	values := make([]T, len(sorted))
	for i, x := range sorted {
		values[i] = x.value
	}
	return values
}

// Prefix is what the first alerts in the order of a draw come to: those before the first
// that is not labelled. Whichever alerts were labelled for other reasons than the draw,
// which does not know what they are, these are a simple random sample of all. The zero
// Prefix is of no alerts.
type Prefix struct {
	end   *[sha256.Size]byte // the least key without a label
	drawn []prefixed         // labelled, before that, as far as it is known
}

type prefixed struct {
	key [sha256.Size]byte
	hit bool
}

// Show offers an alert.
func (p *Prefix) Show(seed uint64, id string, labelled, hit bool) {
	key := drawKey(seed, id)
	switch {
	case p.end != nil && p.behind(key):
	case labelled:
		p.drawn = append(p.drawn, prefixed{key, hit})
	default:
		p.end = &key
		if len(p.drawn) > 2*maxPrefixSlack {
			p.trim()
		}
	}
}

// maxPrefixSlack is how many may be held beyond those that count before they are let go.
const maxPrefixSlack = 1 << 12

// behind reports whether an alert is at the first without a label, as one that shares its id
// is, or behind.
func (p *Prefix) behind(key [sha256.Size]byte) bool { return bytes.Compare(key[:], p.end[:]) >= 0 }

func (p *Prefix) trim() {
	p.drawn = slices.DeleteFunc(p.drawn, func(x prefixed) bool { return p.end != nil && p.behind(x.key) })
}

// Count returns how many alerts there are before the first that is not labelled, and how
// many of them are hits.
func (p *Prefix) Count() (drawn, hits int64) {
	p.trim()
	for _, x := range p.drawn {
		if drawn++; x.hit {
			hits++
		}
	}
	return drawn, hits
}
