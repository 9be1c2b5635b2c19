package correlate

import (
	"math/bits"
	"slices"
)

// mostSummed is how many observations a group of value_sum holds; of more, the oldest are
// dropped, and counted.
const mostSummed = 4096

// item is an observation as a group holds it.
type item struct {
	at     int64
	id, of string
	value  string
	amount int64
	stages uint64
}

// group is what is held of one definition for one group of observations.
type group struct {
	def int32
	// touched is its place among those that are asked about, if it has one.
	touched int32
	run     *run
	*held   // of all but an order of two stages
	// first and then are, of temporal_ordered, for each stage but the last the chain of one
	// item a stage up to it that began last, and whole is when that of all stages began.
	first *link
	whole int64
}

// none is the whole of a group that has no chain of all stages: nothing is read that is
// from before 1970.
const none = -1

// held are the items of a group that can still matter, by time: of event_count the last
// ones, of value_count the last of each value, of temporal the last ones of each set of
// stages, and of value_sum all.
type held struct {
	items []item
	sum   int64
	then  []*link
}

// newGroup returns what is held of a definition of which nothing came yet.
func newGroup(d *compiled, def int32) group {
	g := group{def: def, whole: none}
	switch n := len(d.Stages) - 2; {
	case d.Type != TemporalOrdered:
		g.held = &held{}
	case n > 0:
		g.held = &held{then: make([]*link, n)}
	}
	return g
}

// chain is where the chain of a stage but the last stands.
func (g *group) chain(stage int) **link {
	if stage == 0 {
		return &g.first
	}
	return &g.then[stage-1]
}

// chains calls a function with all chains of an order but the whole.
func (g *group) chains(d *compiled, do func(**link)) {
	for i := range max(1, len(d.Stages)-1) {
		do(g.chain(i))
	}
}

// run is a finding as long as it lasts.
type run struct {
	from, at, last int64
	amount, most   int64
	seen           int64
	coming         int64 // seen at the time that is being asked about, when it may be over
	members        []item
	chain          *link // what the members are, of temporal_ordered
	more           int
}

// add takes an item in. They come in the order of time.
func (g *group) add(d *compiled, it item) (dropped int) {
	switch d.Type {
	case EventCount:
		g.items = append(g.items, it)
		if len(g.items) > d.hold {
			g.items = g.items[1:]
		}
	case ValueCount:
		if i := slices.IndexFunc(g.items, func(o item) bool { return o.value == it.value }); i >= 0 {
			g.items = slices.Delete(g.items, i, i+1)
		}
		g.items = append(g.items, it)
		if len(g.items) > d.hold {
			g.items = g.items[1:]
		}
	case ValueSum:
		g.items, g.sum = append(g.items, it), g.sum+it.amount
		g.expire(it.at - d.span)
		for len(g.items) > d.hold {
			g.sum -= g.items[0].amount
			g.items, dropped = g.items[1:], dropped+1
		}
	case Temporal:
		g.lastOf(it)
	}
	return dropped
}

// lastOf holds, of items that fit the same stages, as many of the last ones as there are
// such stages: an item counts for one stage, and of two that fit the same the later one
// stays in the window longer.
func (g *group) lastOf(it item) {
	same, oldest := 0, -1
	for i := range g.items {
		if g.items[i].stages == it.stages {
			if same++; oldest < 0 {
				oldest = i
			}
		}
	}
	if same >= bits.OnesCount64(it.stages) {
		g.items = slices.Delete(g.items, oldest, oldest+1)
	}
	g.items = append(g.items, it)
}

// expire drops the items from before a time.
func (g *group) expire(before int64) {
	n := 0
	for n < len(g.items) && g.items[n].at < before {
		g.sum -= g.items[n].amount
		n++
	}
	g.items = g.items[n:]
}

// amountAt returns what the window that ends at t comes to, and whether the lower bound is
// reached. All items of t have been added. An order has its own advance.
func (g *group) amountAt(d *compiled, t int64) (amount int64, holds bool) {
	g.expire(t - d.span)
	switch d.Type {
	case ValueSum:
		amount, holds = g.sum, len(g.items) > 0
	case Temporal:
		amount, holds = different(g.items), true
	default:
		amount, holds = int64(len(g.items)), true
	}
	return amount, holds && amount >= d.Condition.Lower
}

// different returns how many stages can be seen in items when each counts for one: the
// size of a largest matching.
func different(items []item) int64 {
	var singles uint64
	plain := true
	for i := range items {
		singles |= items[i].stages
		plain = plain && items[i].stages&(items[i].stages-1) == 0
	}
	if plain {
		return int64(bits.OnesCount64(singles))
	}
	var by [MostStages]int
	for i := range by {
		by[i] = -1
	}
	n := int64(0)
	for i := range items {
		tried := uint64(0)
		if augment(items, i, &by, &tried) {
			n++
		}
	}
	return n
}

// augment finds an item a stage, and others for those that have to give way (H. W. Kuhn,
// Naval Research Logistics Quarterly 2, 1955).
func augment(items []item, i int, by *[MostStages]int, tried *uint64) bool {
	for free := items[i].stages &^ *tried; free != 0; free = items[i].stages &^ *tried {
		s := bits.TrailingZeros64(free)
		*tried |= 1 << s
		if by[s] < 0 || augment(items, by[s], by, tried) {
			by[s] = i
			return true
		}
	}
	return false
}
