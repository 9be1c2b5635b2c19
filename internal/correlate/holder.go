package correlate

import (
	"hash/maphash"
	"time"
)

// index finds the holder of a group by the hash of its key.
type index map[uint64]*holder

// holder is what is held of one group of observations, for all definitions that group so.
type holder struct {
	space      int
	key        string
	last       int64
	groups     []group
	prev, next *holder
	twin       *holder // another whose key has the same hash
	gone       bool    // given up
	own        [1]group
}

// place is where the group of a definition stands, or -1.
func (h *holder) place(def int) int {
	if h == nil {
		return -1
	}
	for i := range h.groups {
		if int(h.groups[i].def) == def {
			return i
		}
	}
	return -1
}

// room adds the group of a definition.
func (h *holder) room(d *compiled, def int) int {
	n := len(h.groups)
	if n == len(h.own) && cap(h.groups) == n {
		h.groups = append(make([]group, 0, 4), h.groups...)
		clear(h.own[:])
	}
	h.groups = append(h.groups, newGroup(d, def))
	return n
}

// find returns what is held of a group, or nil.
func (s *State) find(space int, key string) *holder {
	if h := s.recent; h != nil && h.space == space && h.key == key {
		return h
	}
	h := s.indices[space][maphash.String(s.seed, key)]
	for h != nil && h.key != key {
		h = h.twin
	}
	s.recent = h
	return h
}

// observed makes a holder the one that was observed last; a nil one is made first.
func (s *State) observed(h *holder, space int, key string, t int64) *holder {
	switch {
	case h == nil:
		h = s.hold(space, key)
	case h == s.newest:
		h.last = t
		return h
	default:
		s.unlink(h)
	}
	h.last, h.prev, h.next = t, s.newest, nil
	if s.newest != nil {
		s.newest.next = h
	} else {
		s.oldest = h
	}
	s.newest = h
	return h
}

// holders is how many holders are made at once.
const holders = 64

// hold makes the holder of a group, and gives the oldest up where there are too many.
func (s *State) hold(space int, key string) *holder {
	if s.count >= s.limits.Groups {
		s.amiss(Evicted, s.oldest.key, time.Unix(0, s.oldest.last), "")
		s.give(s.oldest, true)
	}
	if s.free == nil {
		more := make([]holder, holders)
		for i := range more {
			more[i].next, s.free = s.free, &more[i]
		}
	}
	h := s.free
	s.free = h.next
	sum := maphash.String(s.seed, key)
	*h = holder{space: space, key: key, twin: s.indices[space][sum]}
	h.groups = h.own[:0]
	s.indices[space][sum] = h
	s.recent = h
	s.count++
	s.stats.Peak = max(s.stats.Peak, s.count)
	return h
}

// drop takes a holder out of the index.
func (s *State) drop(h *holder) {
	in, sum := s.indices[h.space], maphash.String(s.seed, h.key)
	if first := in[sum]; first != h {
		for first.twin != h {
			first = first.twin
		}
		first.twin = h.twin
	} else if h.twin != nil {
		in[sum] = h.twin
	} else {
		delete(in, sum)
	}
	if s.recent == h {
		s.recent = nil
	}
}

func (s *State) unlink(h *holder) {
	if h.prev != nil {
		h.prev.next = h.next
	} else {
		s.oldest = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	} else {
		s.newest = h.prev
	}
}

// pass gives up what no observation at t or later can add to.
func (s *State) pass(t int64) {
	for s.oldest != nil && s.oldest.last < t-s.span {
		s.give(s.oldest, false)
	}
}

// give gives a group up, and ends what goes on in it.
func (s *State) give(h *holder, cut bool) {
	for i := range h.groups {
		if h.groups[i].run != nil {
			s.end(&h.groups[i], h.key, cut)
		}
	}
	s.unlink(h)
	s.drop(h)
	h.gone = true
	s.count--
	s.given = append(s.given, h)
}

// recycle makes the holders that were given up ready to be used again.
func (s *State) recycle() {
	for i, h := range s.given {
		*h = holder{next: s.free}
		s.free, s.given[i] = h, nil
	}
	s.given = s.given[:0]
}
