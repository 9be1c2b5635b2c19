package batches

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/cache"
	"candor/internal/day"
	"candor/internal/store"
)

// nearby remembers what lay around times: what was answered, and what it is put together from
// by the day, so that what touches one day is asked of that alone. Its lock is that
// of the memory.
type nearby struct {
	whole  cache.Cache[*answered[[]alert.Near]] // by question
	pieces cache.Cache[*pieces]                 // by question, whatever time it asks about
	rules  map[string]string                    // the text of each rule that is named, once
}

// pieces are answers about times.
type pieces struct {
	of   map[span]*answered[[]alert.Near]
	cost int64
}

// span is a time from one nanosecond since 1970 to another, both included.
type span struct{ from, to int64 }

// What lay around takes about so many bytes at most.
const (
	memoryOfNear   = 16 << 20
	memoryOfPieces = 40 << 20
)

func costOfNear(a *answered[[]alert.Near]) int64 { return 200 + 128*int64(len(a.value)) }

func (n *nearby) limit() {
	n.whole.Most, n.whole.Cost = memoryOfNear, costOfNear
	n.pieces.Most, n.pieces.Cost = memoryOfPieces, func(p *pieces) int64 { return p.cost }
	n.rules = map[string]string{}
}

// named returns the text of a rule that others share.
func (n *nearby) named(rule string) string {
	if have, ok := n.rules[rule]; ok {
		return have
	}
	if len(n.rules) > memoryOfTouches {
		clear(n.rules)
	}
	n.rules[rule] = rule
	return rule
}

// Pieces are of a day each, or in longer times of some days.
const (
	daysOfPieces = 120
	longPieces   = 8
)

// spans cuts the time of a question at midnights.
func spans(q *alert.Around) (list []span) {
	piece := 24 * time.Hour
	if q.To.Sub(q.From) > daysOfPieces*24*time.Hour {
		piece *= longPieces
	}
	from, end := q.From.UnixNano(), q.To.UnixNano()
	for from <= end {
		past := from % int64(piece)
		if past < 0 {
			past += int64(piece)
		}
		to := min(end, from-past+int64(piece)-1)
		list = append(list, span{from, to})
		from = to + 1
	}
	return list
}

// within is the question about a part of its time.
func (s span) within(q *alert.Around) alert.Around {
	part := *q
	part.From, part.To = time.Unix(0, s.from).UTC(), time.Unix(0, s.to).UTC()
	return part
}

// Near answers what lay around times; see store.AroundReader.
func (m *memory) Near(ctx context.Context, asked []alert.Around) ([]alert.Near, error) {
	if err := store.CheckAround(asked...); err != nil {
		return nil, err
	}
	for range attempts {
		if slices.ContainsFunc(asked, func(q alert.Around) bool { return q.From.Year() < 1700 || q.To.Year() > 2200 }) {
			break // their nanoseconds have no number
		}
		x := &looking{memory: m, asked: asked, keys: make([]string, len(asked)), parts: map[part]int{}, late: map[since][]string{}}
		if out, ok, err := x.try(ctx); ok || err != nil {
			return out, err
		}
	}
	return m.index.Near(ctx, asked)
}

// looking is questions of what lay around on their way to their answers.
type looking struct {
	*memory
	asked []alert.Around
	at    int64
	names []string // of what cases say, by question
	keys  []string // of the questions

	recalled [][]alert.Near // by question, where all of it is remembered
	has      map[int][]alert.Near
	fresh    []alert.Around // what the index is asked
	of       []part         // by what it is asked
	kept     [][]alert.Near // by the same, what is remembered of the other rules
	parts    map[part]int
	wants    map[int][]int // by question, the places of what is asked for it
	late     map[since][]string
}

// since is some days, and after which change something was answered.
type since struct {
	at       int64
	from, to day.Date
}

// part is a piece of a question, by the pieces that it belongs to.
type part struct {
	pieces *pieces
	span   span
	cases  string
}

// try answers the questions; ok is false where something changed meanwhile.
func (x *looking) try(ctx context.Context) (out []alert.Near, ok bool, err error) {
	var under bool
	if x.at, under = x.now(); under {
		return nil, false, nil
	}
	x.names = x.legacies(x.asked)
	x.recalled, x.has, x.wants = make([][]alert.Near, len(x.asked)), map[int][]alert.Near{}, map[int][]int{}
	var lacking []int
	for i := range x.asked {
		x.keys[i] = nearKey(&x.asked[i])
		whole := fmt.Sprint(x.asked[i].From.UnixNano(), x.asked[i].To.UnixNano(), x.keys[i])
		have, _ := x.nearby.whole.Get(whole)
		fits, err := x.fitsNear(ctx, have, &x.asked[i], x.names[i])
		if err != nil {
			return nil, false, err
		}
		if !fits {
			lacking = append(lacking, i)
			continue
		}
		if have.cases != x.names[i] {
			x.nearby.whole.Put(whole, &answered[[]alert.Near]{have.value, x.at, x.names[i]})
		}
		x.recalled[i] = have.value
	}
	for _, i := range lacking {
		if err := x.look(ctx, i); err != nil {
			return nil, false, err
		}
	}
	var got []alert.Near
	if len(x.fresh) > 0 {
		if got, err = x.index.Near(ctx, x.fresh); err != nil {
			return nil, false, err
		}
	}
	if then, under := x.now(); then != x.at || under {
		return nil, false, nil
	}
	x.takeOver(got, lacking)
	for i, list := range x.recalled {
		for _, n := range list {
			n.Asked = i
			out = append(out, n)
		}
	}
	slices.SortFunc(out, history.CompareNear)
	return out, true, nil
}

// look finds which pieces of a question are remembered.
func (x *looking) look(ctx context.Context, i int) error {
	q := &x.asked[i]
	p, _ := x.nearby.pieces.Get(x.keys[i])
	if p == nil {
		p = &pieces{of: map[span]*answered[[]alert.Near]{}}
		x.nearby.pieces.Put(x.keys[i], p)
	}
	for _, s := range spans(q) {
		piece := s.within(q)
		x.mu.Lock()
		have := p.of[s]
		x.mu.Unlock()
		fits, err := x.fitsNear(ctx, have, &piece, x.names[i])
		if err != nil {
			return err
		}
		if fits {
			if have.cases != x.names[i] {
				x.mu.Lock()
				p.of[s] = &answered[[]alert.Near]{have.value, have.at, x.names[i]}
				x.mu.Unlock()
			}
			x.has[i] = append(x.has[i], have.value...)
			continue
		}
		k := part{p, s, x.names[i]}
		n, known := x.parts[k]
		if !known {
			kept, rules, err := x.lately(ctx, have, &piece, x.names[i])
			if err != nil {
				return err
			}
			if rules != nil {
				piece.Rules = rules
			}
			n = len(x.fresh)
			x.parts[k], x.fresh, x.of, x.kept = n, append(x.fresh, piece), append(x.of, k), append(x.kept, kept)
		}
		x.wants[i] = append(x.wants[i], n)
	}
	return nil
}

// lately returns, where few rules make a piece other than what was answered, those, of which
// alone it is asked again, and what was answered of the others; no rules where it is asked
// for whole.
func (x *looking) lately(ctx context.Context, have *answered[[]alert.Near], q *alert.Around, cases string) (kept []alert.Near, rules []string, err error) {
	if have == nil {
		return nil, nil, nil
	}
	other, known, err := x.differing(ctx, have.cases, cases)
	if err != nil || !known {
		return nil, nil, err
	}
	of := since{have.at, day.Of(q.From), day.Of(q.To)}
	late, ok := x.late[of]
	if !ok {
		x.mu.Lock()
		late = x.stale(of.at, of.from, of.to)
		x.mu.Unlock()
		x.late[of] = late
	}
	if late == nil || len(late)+len(other) > fewRules {
		return nil, nil, nil
	}
	rules = slices.AppendSeq(slices.Clone(late), maps.Keys(other))
	slices.Sort(rules)
	rules = slices.Compact(rules)
	if len(q.Rules) > 0 {
		rules = slices.DeleteFunc(rules, func(r string) bool { return !slices.Contains(q.Rules, r) })
	}
	if len(rules) == 0 { // to ask of none would be to ask of all
		return nil, nil, nil
	}
	for _, n := range have.value {
		if !slices.Contains(rules, n.RuleID) {
			kept = append(kept, n)
		}
	}
	return kept, rules, nil
}

// takeOver takes over what the index answered, and puts together the answers that were
// lacking.
func (x *looking) takeOver(got []alert.Near, lacking []int) {
	by := x.kept
	x.mu.Lock()
	for _, n := range got {
		place := n.Asked
		n.Asked, n.RuleID = 0, x.nearby.named(n.RuleID)
		by[place] = append(by[place], n)
	}
	for n, k := range x.of {
		fresh := &answered[[]alert.Near]{slices.Clip(by[n]), x.at, k.cases}
		if old := k.pieces.of[k.span]; old != nil {
			k.pieces.cost -= costOfNear(old)
		}
		k.pieces.of[k.span] = fresh
		k.pieces.cost += costOfNear(fresh)
	}
	x.mu.Unlock()
	for _, i := range lacking {
		rules := map[string]*alert.Near{}
		add := func(list []alert.Near) {
			for _, n := range list {
				if have := rules[n.RuleID]; have != nil {
					have.Add(n)
					continue
				}
				rules[n.RuleID] = &n
			}
		}
		add(x.has[i])
		for _, n := range x.wants[i] {
			add(by[n])
		}
		list := make([]alert.Near, 0, len(rules))
		for _, n := range rules {
			list = append(list, *n)
		}
		x.recalled[i] = list
		x.nearby.whole.Put(fmt.Sprint(x.asked[i].From.UnixNano(), x.asked[i].To.UnixNano(), x.keys[i]), &answered[[]alert.Near]{list, x.at, x.names[i]})
		x.mu.Lock()
		if p, ok := x.nearby.pieces.Get(x.keys[i]); ok {
			x.nearby.pieces.Put(x.keys[i], p) // for what it costs now
		}
		x.mu.Unlock()
	}
}

// nearKey is under what answers to a question are remembered, whatever its time.
func nearKey(q *alert.Around) string {
	return fmt.Sprintf("%q %q %q %t %t %q %q %t %t %t", q.Rules, q.Sites, q.Entities, q.Hosts, q.Untied, q.Except, q.Case, q.Refuting != nil, q.Benign, q.Counted)
}

// legacies returns the names of what cases say by question, most of which share it.
func (m *memory) legacies(asked []alert.Around) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	names, known := make([]string, len(asked)), map[uintptr]string{}
	for i := range asked {
		l := asked[i].Refuting
		at := reflect.ValueOf(l).Pointer()
		if _, ok := known[at]; !ok {
			known[at] = m.named(l)
		}
		names[i] = known[at]
	}
	return names
}

// fitsNear reports whether what was answered is what would be answered now.
func (m *memory) fitsNear(ctx context.Context, have *answered[[]alert.Near], q *alert.Around, cases string) (bool, error) {
	if have == nil {
		return false, nil
	}
	other, known, err := m.differing(ctx, have.cases, cases)
	if err != nil || !known {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	from, to := day.Of(q.From), day.Of(q.To)
	if len(q.Rules) == 0 {
		return len(other) == 0 && m.holds(have.at, "", from, to), nil
	}
	for _, r := range q.Rules {
		if other[r] || !m.holds(have.at, r, from, to) {
			return false, nil
		}
	}
	return true, nil
}
