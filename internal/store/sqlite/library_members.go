package sqlite

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
)

// members is the snapshots that a release carries, in the order of its bundle,
// as runs of consecutive ids: what stays the same between releases stays in its
// order, so that a release of 25,000 objects has a few hundred runs.
type members struct {
	runs   []run // in the order of the bundle
	byID   []run // in the order of ids
	length int
}

// run is snapshots with consecutive ids. at is the ordinal, within the release,
// of the first. reach is the id after the highest one of this run and those
// before it in byID; runs overlap when a bundle repeats the bytes of an object.
type run struct {
	first, count, at, reach uint32
}

// packMembers writes snapshot ids in the order of the bundle.
func packMembers(ids []uint32) []byte {
	var b []byte
	next := int64(0)
	for i := 0; i < len(ids); {
		j := i + 1
		for j < len(ids) && ids[j] == ids[j-1]+1 {
			j++
		}
		b = binary.AppendVarint(b, int64(ids[i])-next)
		b = binary.AppendUvarint(b, uint64(j-i))
		next = int64(ids[j-1]) + 1
		i = j
	}
	return b
}

// unpackMembers reads what packMembers wrote, and reports whether it could.
func unpackMembers(b []byte) (members, bool) {
	var m members
	next := int64(0)
	for len(b) > 0 {
		delta, n := binary.Varint(b)
		if n <= 0 {
			return members{}, false
		}
		count, k := binary.Uvarint(b[n:])
		if k <= 0 || count == 0 || next+delta < 0 {
			return members{}, false
		}
		b = b[n+k:]
		m.runs = append(m.runs, run{first: uint32(next + delta), count: uint32(count), at: uint32(m.length)})
		next += delta + int64(count)
		m.length += int(count)
	}
	m.byID = slices.Clone(m.runs)
	slices.SortFunc(m.byID, func(a, b run) int { return cmp.Compare(a.first, b.first) })
	reach := uint32(0)
	for i := range m.byID {
		r := &m.byID[i]
		reach = max(reach, r.first+r.count)
		r.reach = reach
	}
	return m, true
}

// ordinal returns where in the bundle a snapshot is, the last place if it is
// there more than once, and whether it is there.
func (m *members) ordinal(id uint32) (at int, ok bool) {
	i := sort.Search(len(m.byID), func(i int) bool { return m.byID[i].first > id })
	for i--; i >= 0 && m.byID[i].reach > id; i-- {
		if r := m.byID[i]; id-r.first < r.count {
			at, ok = max(at, int(r.at+id-r.first)), true
		}
	}
	return at, ok
}

// ids returns the snapshot of every ordinal.
func (m *members) ids() []uint32 {
	ids := make([]uint32, 0, m.length)
	for _, r := range m.runs {
		for i := range r.count {
			ids = append(ids, r.first+i)
		}
	}
	return ids
}
