//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

// digest returns what an alert is found by: FNV-1a of its id in 64 bits. Two ids
// may share one.
func digest[T string | []byte](id T) int64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * prime
	}
	return int64(h)
}

// digests is a set of digests, in a table with open addressing. It is several
// times faster than a map, and each alert goes through it.
type digests struct {
	table []int64 // 0 where there is none; its length is a power of two
	n     int
	zero  bool // 0 is in the set
}

// clear empties the set.
func (d *digests) clear() {
	clear(d.table)
	d.n, d.zero = 0, false
}

// add adds v and reports whether it was there.
func (d *digests) add(v int64) (there bool) {
	if v == 0 {
		there, d.zero = d.zero, true
		return there
	}
	if 2*d.n >= len(d.table) {
		d.grow()
	}
	return d.put(v)
}

// has reports whether v is in the set.
func (d *digests) has(v int64) bool {
	if v == 0 || d.n == 0 {
		return v == 0 && d.zero
	}
	return d.table[d.place(v)] == v
}

// put puts v, which is not 0, where it belongs.
func (d *digests) put(v int64) (there bool) {
	i := d.place(v)
	if d.table[i] == v {
		return true
	}
	d.table[i] = v
	d.n++
	return false
}

// place returns where v, which is not 0, is, or belongs.
func (d *digests) place(v int64) uint64 {
	mask := uint64(len(d.table) - 1)
	i := uint64(v) & mask
	for d.table[i] != v && d.table[i] != 0 {
		i = (i + 1) & mask
	}
	return i
}

// grow makes the table twice as large.
func (d *digests) grow() {
	before := d.table
	d.table, d.n = make([]int64, max(1024, 2*len(before))), 0
	for _, v := range before {
		if v != 0 {
			d.put(v)
		}
	}
}

// filter is a set of digests that may err: it can have one that was not added.
// With a million blocks it errs about once in a hundred times when it has fifty
// million, and hardly ever when it has ten. It is a Bloom filter in blocks (Putze, Sanders, Singler,
// "Cache-, Hash- and Space-Efficient Bloom Filters", 2007): a digest sets one bit
// in each word of one block.
type filter struct {
	blocks [][8]uint64
}

// newFilter returns an empty filter of a number of blocks, 64 bytes each.
func newFilter(blocks int) *filter { return &filter{blocks: make([][8]uint64, blocks)} }

// add adds v and reports whether it was there, or seems to have been.
func (f *filter) add(v int64) (there bool) {
	const odd = 0x9e3779b97f4a7c15
	h := uint64(v) * odd
	block := &f.blocks[h>>32*uint64(len(f.blocks))>>32]
	there = true
	for i := range block {
		bit := uint64(1) << (h & 63)
		there = there && block[i]&bit != 0
		block[i] |= bit
		h = h>>5 ^ h*odd
	}
	return there
}
