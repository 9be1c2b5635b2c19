package correlate

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// holder is what is held of one group of observations, for all definitions that group so.
type holder struct {
	key    string
	last   int64 // when it was observed last
	groups []group
	own    [1]group
	space  int32
	sum    uint32 // of its key
	number int32  // its own, from 1
	gone   bool   // given up
}

// block is how many holders are made at once.
const block = 1024

// holder returns the one of a number.
func (s *State) holder(number int32) *holder {
	return &s.blocks[(number-1)/block][(number-1)%block]
}

// place is where the group of a definition stands, or -1.
func (h *holder) place(def int32) int {
	if h == nil {
		return -1
	}
	for i := range h.groups {
		if h.groups[i].def == def {
			return i
		}
	}
	return -1
}

// classes is how many sizes of room for groups there are: 4, 8, 16 and so on.
const classes = 24

// room adds the group of a definition.
func (s *State) room(h *holder, def int32) int {
	n := len(h.groups)
	if n == cap(h.groups) {
		more := s.array(max(4, 2*n))[:n]
		copy(more, h.groups)
		s.putArray(h.groups)
		h.groups = more
	}
	h.groups = append(h.groups, newGroup(&s.plan.defs[def], def))
	return n
}

// class is which size of room for groups has so many.
func class(n int) int { return bits.Len(uint(n)) - 3 }

func (s *State) array(n int) []group {
	of := &s.arrays[class(n)]
	if last := len(*of) - 1; last >= 0 {
		a := (*of)[last]
		*of = (*of)[:last]
		return a
	}
	return make([]group, 0, n)
}

// putArray keeps room for groups to be used again. That of one group is a holder's own.
func (s *State) putArray(a []group) {
	clear(a)
	if n := cap(a); n > 1 && len(s.arrays[class(n)]) < block {
		s.arrays[class(n)] = append(s.arrays[class(n)], a[:0])
	}
}

// table finds the holder of a group by the hash of its key: a slot is the hash and the
// number of the holder, 0 where there is none, and what has no room in its slot stands in
// one of the next.
type table struct {
	slots []uint64
	used  int
	seed  maphash.Seed
}

func newTable() table { return table{slots: make([]uint64, 1024), seed: maphash.MakeSeed()} }

// sum is the hash of a key in its space.
func (s *State) sum(space int, key string) uint32 {
	return uint32(maphash.String(s.table.seed, key)) + uint32(space)*0x9e3779b1
}

func (t *table) add(sum uint32, number int32) {
	if t.used++; t.used*8 > len(t.slots)*5 {
		old := t.slots
		t.slots = make([]uint64, 2*len(old))
		for _, slot := range old {
			if slot != 0 {
				t.put(slot)
			}
		}
	}
	t.put(uint64(sum)<<32 | uint64(number))
}

func (t *table) put(slot uint64) {
	mask := uint64(len(t.slots) - 1)
	at := slot >> 32 & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = slot
}

// drop takes a holder out. What stands behind it because its slot was taken moves up.
func (t *table) drop(sum uint32, number int32) {
	mask := uint64(len(t.slots) - 1)
	at := uint64(sum) & mask
	for uint32(t.slots[at]) != uint32(number) {
		at = (at + 1) & mask
	}
	t.used--
	for next := (at + 1) & mask; t.slots[next] != 0; next = (next + 1) & mask {
		if home := t.slots[next] >> 32 & mask; (next-home)&mask >= (next-at)&mask {
			t.slots[at], at = t.slots[next], next
		}
	}
	t.slots[at] = 0
}

// find returns what is held of the group of a hit, or nil.
func (s *State) find(space int, of *hit) *holder {
	if of.near > 0 {
		if h := s.holder(of.near); h.key == of.key && int(h.space) == space && !h.gone {
			return h
		}
	}
	mask := uint64(len(s.table.slots) - 1)
	for at := uint64(of.sum) & mask; s.table.slots[at] != 0; at = (at + 1) & mask {
		slot := s.table.slots[at]
		if uint32(slot>>32) != of.sum {
			continue
		}
		if h := s.holder(int32(uint32(slot))); h.key == of.key && int(h.space) == space {
			of.near = int32(uint32(slot))
			return h
		}
	}
	return nil
}

// warm looks the holders of a bucket up before they are needed, one by one: none of these
// look-ups waits for another, so that the processor has many under way at once, where
// what is read in the order of time waits for each.
func (s *State) warm(b *bucket) {
	mask := uint64(len(s.table.slots) - 1)
	for i := range b.hits {
		of := &b.hits[i]
		if i > 0 && of.sum == b.hits[i-1].sum {
			of.near = b.hits[i-1].near
			continue
		}
		for at := uint64(of.sum) & mask; s.table.slots[at] != 0; at = (at + 1) & mask {
			if slot := s.table.slots[at]; uint32(slot>>32) == of.sum {
				of.near = int32(uint32(slot))
				break
			}
		}
	}
	for i := range b.hits {
		if near := b.hits[i].near; near > 0 {
			if h := s.holder(near); len(h.groups) > 0 && h.groups[0].first != nil {
				s.touches += h.groups[0].first.at
			}
		}
	}
}

// observed makes a holder one that was observed at t; a nil one is made first.
func (s *State) observed(h *holder, space int, of *hit, t int64) *holder {
	if h != nil {
		h.last = t
		return h
	}
	h = s.make(space, of, t)
	s.age.put(h.number, t)
	return h
}

// make makes the holder of a group, and gives the oldest up where there are too many.
func (s *State) make(space int, of *hit, t int64) *holder {
	if s.count >= s.limits.Groups {
		old := s.oldest(none)
		s.amiss(Evicted, old.key, time.Unix(0, old.last), "")
		s.give(old, true)
	}
	if len(s.free) == 0 {
		s.blocks = append(s.blocks, make([]holder, block))
		for n := len(s.blocks) * block; n > (len(s.blocks)-1)*block; n-- {
			s.free = append(s.free, int32(n))
		}
	}
	number := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	h := s.holder(number)
	h.space, h.key, h.sum, h.number, h.last, h.gone = int32(space), of.key, of.sum, number, t, false
	h.groups = h.own[:0]
	s.table.add(of.sum, number)
	of.near = number
	s.count++
	s.stats.Peak = max(s.stats.Peak, s.count)
	return h
}

// give gives a group up, and ends what goes on in it. It is the oldest.
func (s *State) give(h *holder, cut bool) {
	for i := range h.groups {
		if h.groups[i].run != nil {
			s.end(&h.groups[i], h.key, cut)
		}
	}
	s.age.next++
	s.table.drop(h.sum, h.number)
	h.gone = true
	s.count--
	s.given = append(s.given, h)
}

// recycle makes the holders that were given up ready to be used again.
func (s *State) recycle() {
	for i, h := range s.given {
		for k := range h.groups {
			if d := &s.plan.defs[h.groups[k].def]; d.Type == TemporalOrdered {
				h.groups[k].chains(d, func(c **link) { s.let(*c) })
			}
		}
		s.putArray(h.groups)
		h.key, h.groups = "", nil
		s.free, s.given[i] = append(s.free, h.number), nil
	}
	s.given = s.given[:0]
}

// ages is how many stretches of time the longest timespan is divided into.
const ages = 1024

// age has the holders by when they were observed last. A holder that is observed again
// stays where it is, and is moved to where it belongs only when its turn comes.
type age struct {
	width int64
	slots []aged // by number
	front []old  // those of the oldest slot, in order, from next on
	next  int
	spare [][]int32
}

// aged are the holders of a stretch of time.
type aged struct {
	number int64
	of     []int32
}

// old is a holder that was last observed then, when it was looked at.
type old struct {
	last int64
	of   int32
}

// put adds a holder that was observed last at t.
func (a *age) put(number int32, t int64) {
	n := floor(t, a.width)
	at := len(a.slots) - 1
	if at < 0 || a.slots[at].number != n {
		var have bool
		at, have = slices.BinarySearchFunc(a.slots, n, func(s aged, n int64) int { return cmp.Compare(s.number, n) })
		if !have {
			var of []int32
			if last := len(a.spare) - 1; last >= 0 {
				of, a.spare = a.spare[last], a.spare[:last]
			}
			a.slots = slices.Insert(a.slots, at, aged{number: n, of: of})
		}
	}
	a.slots[at].of = append(a.slots[at].of, number)
}

// oldest returns the holder that was observed longest ago, the least key of several, and
// puts it first; nil if there is none, or surely none from before a time, if one is given.
func (s *State) oldest(before int64) *holder {
	a := &s.age
	for {
		if a.next < len(a.front) {
			h := s.holder(a.front[a.next].of)
			if h.last == a.front[a.next].last {
				return h
			}
			a.next++
			a.put(h.number, h.last)
			continue
		}
		if len(a.slots) == 0 || before != none && a.slots[0].number*a.width >= before {
			return nil
		}
		s.sift()
	}
}

// sift puts the oldest slot in order.
func (s *State) sift() {
	a := &s.age
	slot := a.slots[0]
	a.slots = slices.Delete(a.slots, 0, 1)
	a.front, a.next = a.front[:0], 0
	for _, number := range slot.of {
		if h := s.holder(number); floor(h.last, a.width) > slot.number {
			a.put(number, h.last)
		} else {
			a.front = append(a.front, old{h.last, number})
		}
	}
	a.spare = append(a.spare, slot.of[:0])
	slices.SortFunc(a.front, s.older)
}

func (s *State) older(x, y old) int {
	if x.last != y.last {
		return cmp.Compare(x.last, y.last)
	}
	h, o := s.holder(x.of), s.holder(y.of)
	return cmp.Or(strings.Compare(h.key, o.key), cmp.Compare(h.space, o.space))
}

// pass gives up what no observation at t or later can add to.
func (s *State) pass(t int64) {
	for h := s.oldest(t - s.span); h != nil && h.last < t-s.span; h = s.oldest(t - s.span) {
		s.give(h, false)
	}
}
