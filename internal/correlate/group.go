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
	def int
	// items are those that can still matter, by time: of event_count the last ones, of
	// value_count the last of each value, of temporal the last ones of each set of stages,
	// of value_sum all, and of temporal_ordered those of the time that is being read.
	items []item
	sum   int64
	// chains are, of temporal_ordered, for each stage the chain of one item a stage up to it
	// that began last.
	chains [][]item
	run    *run
	// touched is its place among those that are asked about, if it has one.
	touched int
}

// run is a finding as long as it lasts.
type run struct {
	from, at, last int64
	amount, most   int64
	seen           int64
	coming         int64 // seen at the time that is being asked about, when it may be over
	members        []item
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
	case TemporalOrdered:
		g.items = append(g.items, it)
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
// reached. All items of t have been added.
func (g *group) amountAt(d *compiled, t int64) (amount int64, holds bool) {
	if d.Type == TemporalOrdered {
		holds = g.advance(d, t)
		if holds {
			amount = int64(len(d.Stages))
		}
		return amount, holds
	}
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

// advance carries chains on by the items of time t, and reports whether one of all stages
// lies in the window. Two items of one time are in no order, so every chain is carried on
// from where it was before.
func (g *group) advance(d *compiled, t int64) bool {
	k := len(d.Stages)
	if g.chains == nil {
		g.chains = make([][]item, k)
	}
	var at uint64
	for _, it := range g.items {
		at |= it.stages
	}
	for s := k - 1; s >= 0 && at != 0; s-- {
		if at&(1<<s) == 0 {
			continue
		}
		last := g.items[slices.IndexFunc(g.items, func(it item) bool { return it.stages&(1<<s) != 0 })]
		switch {
		case s == 0:
			g.chains[0] = []item{last}
		case g.chains[s-1] != nil && g.chains[s-1][0].at >= t-d.span:
			if have := g.chains[s]; have == nil || have[0].at < g.chains[s-1][0].at {
				g.chains[s] = append(slices.Clone(g.chains[s-1]), last)
			}
		}
	}
	g.items = g.items[:0]
	for s := range g.chains {
		if g.chains[s] != nil && g.chains[s][0].at < t-d.span {
			g.chains[s] = nil
		}
	}
	return g.chains[k-1] != nil
}

// members returns the items by which the definition holds.
func (g *group) members(d *compiled) []item {
	if d.Type == TemporalOrdered {
		return g.chains[len(d.Stages)-1]
	}
	return g.items
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
