package correlate

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bucket is observations of one stretch of time that wait for late ones.
type bucket struct {
	arrivals []arrival
	hits     []hit
}

// arrival is an observation that waits; its hits are those of its bucket from..to.
type arrival struct {
	at       int64
	id, of   string
	from, to int32
}

// hit is what an arrival bears on.
type hit struct {
	def, from int32
	stages    uint64
	key       string
	sum       uint32 // of the key, in its space
	near      int32  // which holder had the key when the bucket was begun; 0 for none
	value     string
	amount    int64
}

// ids is a heap of the numbers of buckets.
type ids []int64

func (h ids) Len() int           { return len(h) }
func (h ids) Less(i, j int) bool { return h[i] < h[j] }
func (h ids) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a number; package heap calls it.
func (h *ids) Push(x any) { *h = append(*h, x.(int64)) }

// Pop takes the last; package heap calls it.
func (h *ids) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// known is a bucket by its number. The last few are found without the map.
type known struct {
	number int64
	of     *bucket
}

// mostSpare bounds the buckets that are kept to be used again.
const mostSpare = 64

// bucket returns the one of a number, a new one if need be.
func (s *State) bucket(number int64) *bucket {
	k := &s.known[uint64(number)%uint64(len(s.known))]
	if k.of != nil && k.number == number {
		return k.of
	}
	b := s.buckets[number]
	if b == nil {
		if last := len(s.spare) - 1; last >= 0 {
			b, s.spare = s.spare[last], s.spare[:last]
		} else {
			b = &bucket{}
		}
		s.buckets[number] = b
		heap.Push(&s.waiting, number)
	}
	k.number, k.of = number, b
	return b
}

// putBack keeps a bucket that was read to be used again, without what was in it.
func (s *State) putBack(b *bucket) {
	if len(s.spare) >= mostSpare || cap(b.arrivals) > 1024 {
		return
	}
	clear(b.arrivals)
	clear(b.hits)
	b.arrivals, b.hits = b.arrivals[:0], b.hits[:0]
	s.spare = append(s.spare, b)
}

// take puts an observation with those of its time.
func (s *State) take(o *Observation, t, number int64) {
	ms := s.matches(o.Sort)
	if len(ms) == 0 {
		return
	}
	b := s.bucket(number)
	from := len(b.hits)
	space, key, sum := -1, "", uint32(0)
	for i := range ms {
		m, d := &ms[i], &s.plan.defs[ms[i].def]
		if d.space != space || len(d.Aliases) > 0 {
			space, key = d.space, groupKey(o, m.groups)
			sum = s.sum(space, key)
		}
		if key == "" {
			s.amiss(Ungrouped, o.ID, o.Time, d.Key())
			continue
		}
		b.hits = append(b.hits, hit{def: int32(m.def), from: int32(m.from), stages: m.stages, key: key, sum: sum})
		if d.Type.Valued() && !b.hits[len(b.hits)-1].read(d, o) {
			b.hits = b.hits[:len(b.hits)-1]
			s.amiss(NoValue, o.ID, o.Time, d.Key())
		}
	}
	if len(b.hits) > from {
		s.stats.Fitting++
		b.arrivals = append(b.arrivals, arrival{at: t, id: bounded(o.ID), of: o.Sort.label(), from: int32(from), to: int32(len(b.hits))})
	}
}

// groupKey joins the values of the fields that a definition groups by, folded; empty
// where one has none.
func groupKey(o *Observation, fields []string) string {
	if len(fields) == 1 {
		return fold(o.field(fields[0]))
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		if parts[i] = fold(o.field(f)); parts[i] == "" {
			return ""
		}
	}
	return strings.Join(parts, "\x1f")
}

// fold is the form in which two spellings of a host or an account are the same.
func fold(s string) string {
	if folded(s) {
		return s
	}
	return bounded(strings.ToLower(strings.TrimSpace(s)))
}

// folded reports whether a text surely is in that form.
func folded(s string) bool {
	if s == "" || len(s) > longest || s[0] <= ' ' || s[len(s)-1] <= ' ' {
		return false
	}
	for len(s) >= 8 {
		if x := eight(s); (x|capitals(x))&high != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c-'A' <= 'Z'-'A' {
			return false
		}
	}
	return true
}

// high is the highest bit of each of eight letters, and each the lowest one.
const (
	high uint64 = 0x8080808080808080
	each uint64 = 0x0101010101010101
)

// eight is the first eight letters of a text as a number.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// capitals has the highest bit of each of eight letters set that is from A to Z, if no
// letter has it already.
func capitals(x uint64) uint64 { return (x + (0x80-'A')*each) &^ (x + (0x7f-'Z')*each) }

// mostAmount bounds a summed value: as many as are summed cannot overflow.
const mostAmount = 1e12

// read reads what a definition counts or sums, and reports whether there is any.
func (h *hit) read(d *compiled, o *Observation) bool {
	var parts []string
	for _, f := range d.Field {
		if v := o.field(f); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) < len(d.Field) {
		return false
	}
	h.value = bounded(strings.Join(parts, "\x1f"))
	if d.Type == ValueSum {
		x, err := strconv.ParseFloat(strings.TrimSpace(h.value), 64)
		if err != nil || !(math.Abs(x) <= mostAmount) {
			return false
		}
		h.amount = int64(math.Round(x * Milli))
	}
	return true
}

// release reads the buckets before a number, in the order of time.
func (s *State) release(before int64) {
	if before <= s.edge {
		return
	}
	s.edge = before
	for len(s.waiting) > 0 && s.waiting[0] < before {
		number := heap.Pop(&s.waiting).(int64)
		b := s.buckets[number]
		delete(s.buckets, number)
		if k := &s.known[uint64(number)%uint64(len(s.known))]; k.of == b {
			k.of = nil
		}
		s.read(b)
		s.putBack(b)
	}
	if before != math.MaxInt64 && before > math.MinInt64/s.quantum {
		s.pass(before * s.quantum)
	}
}

// ranked is an arrival by its time.
type ranked struct {
	at int64
	of int32
}

// order returns the arrivals of a bucket in the order in which they are read: by time,
// and what is of one time by what it says, whenever it came.
func (s *State) order(b *bucket) []ranked {
	s.ranks = s.ranks[:0]
	for i := range b.arrivals {
		s.ranks = append(s.ranks, ranked{b.arrivals[i].at, int32(i)})
	}
	slices.SortFunc(s.ranks, func(x, y ranked) int {
		if x.at != y.at {
			return cmp.Compare(x.at, y.at)
		}
		return compareArrivals(b, &b.arrivals[x.of], &b.arrivals[y.of])
	})
	return s.ranks
}

func compareArrivals(b *bucket, x, y *arrival) int {
	return cmp.Or(strings.Compare(x.id, y.id), strings.Compare(x.of, y.of), slices.CompareFunc(b.hits[x.from:x.to], b.hits[y.from:y.to], func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.def, b.def), strings.Compare(a.key, b.key), strings.Compare(a.value, b.value))
	}))
}

// read reads a bucket.
func (s *State) read(b *bucket) {
	s.warm(b)
	ranks := s.order(b)
	for i := 0; i < len(ranks); {
		t := ranks[i].at
		var before *arrival
		for ; i < len(ranks) && ranks[i].at == t; i++ {
			a := &b.arrivals[ranks[i].of]
			if before != nil && a.id != "" && a.id == before.id && a.of == before.of {
				s.amiss(Duplicate, a.id, time.Unix(0, a.at), "")
			} else {
				s.direct(b, a)
			}
			before = a
		}
		s.conclude(b, t)
	}
}

// direct queues what an arrival bears on by itself.
func (s *State) direct(b *bucket, a *arrival) {
	for i := a.from; i < a.to; i++ {
		if h := &b.hits[i]; h.from < 0 {
			s.queue(h, a)
		}
	}
}

// queued is a hit whose turn has come, and the arrival that it came with.
type queued struct {
	of     *hit
	source *arrival
}

func (s *State) queue(h *hit, a *arrival) {
	level := s.plan.defs[h.def].level
	s.queued[level] = append(s.queued[level], queued{h, a})
}

// item is what a group holds of it.
func (q *queued) item() item {
	return item{at: q.source.at, id: q.source.id, of: q.source.of, value: q.of.value, amount: q.of.amount, stages: q.of.stages}
}
