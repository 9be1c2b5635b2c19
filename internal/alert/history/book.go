package history

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
)

// Book is the histories of alerts. Its answers are those of store.Alerts, where they
// are described. It is not safe for concurrent use.
type Book struct {
	lives map[string]*life // by ID
	void  map[int]bool     // batches
	under *Book            // of a draft: what it does not change
	// rules are the states that count by rule, in the order of Each; nil when that is to
	// be worked out anew.
	rules map[string][]*State
}

// life is the history of one ID, and what follows from it.
type life struct {
	arrivals []Arrival
	Family
}

// NewBook returns a book without arrivals.
func NewBook() *Book { return &Book{lives: map[string]*life{}, void: map[int]bool{}} }

// Draft returns a book that begins with what b holds and in which arrivals are added
// without changing b, until Apply. A draft has no answers but those about one ID.
func (b *Book) Draft() *Book {
	d := NewBook()
	d.under, d.void = b, maps.Clone(b.void)
	return d
}

// Apply takes over what a draft of b changed.
func (b *Book) Apply(draft *Book) {
	maps.Copy(b.lives, draft.lives)
	b.void, b.rules = draft.void, nil
}

// Drafted yields the states of the alerts that a draft changes: as they were, of those that
// are known to the book that it is of, and as they are.
func (b *Book) Drafted() iter.Seq[*State] {
	return func(yield func(*State) bool) {
		for id, p := range b.lives {
			states := p.States
			if was := b.under.life(id); was != nil {
				states = slices.Concat(states, was.States)
			}
			for i := range states {
				if !yield(&states[i]) {
					return
				}
			}
		}
	}
}

// life returns the life of an ID, nil when nothing arrived of it.
func (b *Book) life(id string) *life {
	if p := b.lives[id]; p != nil || b.under == nil {
		return p
	}
	return b.under.life(id)
}

// own returns the life of an ID to be changed.
func (b *Book) own(id string) *life {
	p := b.lives[id]
	if p != nil {
		return p
	}
	p = &life{}
	if known := b.life(id); known != nil {
		p.arrivals, p.Of, p.States = slices.Clone(known.arrivals), slices.Clone(known.Of), slices.Clone(known.States)
		for i := range p.States {
			s := &p.States[i]
			s.Statements, s.Behind = slices.Clone(s.Statements), slices.Clone(s.Behind)
		}
	}
	b.lives[id] = p
	return p
}

// Fits reports whether an arrival is one that a batch may bring: a partial one needs
// an alert that counts, and no more than one.
func (b *Book) Fits(a *alert.Alert) bool {
	if !a.Partial() {
		return true
	}
	p := b.life(a.ID)
	if p == nil {
		return false
	}
	one, _ := p.Finds(a)
	return one
}

// Counting lists what the alerts that count and have an ID are known by.
func (b *Book) Counting(id string) (list []alert.Identity) {
	if p := b.life(id); p != nil {
		for _, s := range p.Counting() {
			list = append(list, s.Alert.Identity())
		}
	}
	slices.SortFunc(list, alert.Identity.Compare)
	return list
}

// Add adds an arrival behind those that are there.
func (b *Book) Add(batch int, place int64, a *alert.Alert) Outcome {
	p := b.own(a.ID)
	b.rules = nil
	v := Arrival{Batch: batch, Place: place, Void: b.void[batch], Alert: a}
	p.arrivals = append(p.arrivals, v)
	return p.Family.Add(&v)
}

// Withdraw makes the arrivals of a batch void, those included that are yet to come.
func (b *Book) Withdraw(batch int) {
	b.void[batch], b.rules = true, nil
	for id, p := range b.all() {
		if !slices.ContainsFunc(p.arrivals, func(a Arrival) bool { return a.Batch == batch }) {
			continue
		}
		p = b.own(id)
		for i := range p.arrivals {
			p.arrivals[i].Void = b.void[p.arrivals[i].Batch]
		}
		p.Family = *FamilyOf(p.arrivals)
	}
}

// all returns the life of every ID.
func (b *Book) all() map[string]*life {
	if b.under == nil {
		return maps.Clone(b.lives)
	}
	all := b.under.all()
	maps.Copy(all, b.lives)
	return all
}

// counting yields the states that count of the alerts of some days.
func (b *Book) counting(from, to day.Date) iter.Seq[*State] {
	return func(yield func(*State) bool) {
		within := days(from, to)
		for _, p := range b.lives {
			for i := range p.States {
				if s := &p.States[i]; s.Counts && within(s.Alert.Time) && !yield(s) {
					return
				}
			}
		}
	}
}

// days reports whether a time is of the days from from to to; an unknown day is no bound.
func days(from, to day.Date) func(time.Time) bool {
	first, end := from.Time(), to.Add(1).Time()
	return func(t time.Time) bool { return !t.Before(first) && (end.IsZero() || t.Before(end)) }
}

// Tallies counts what the alerts of a question's rules count as.
func (b *Book) Tallies(q *alert.Question) []alert.Tally {
	type count struct {
		n     int64
		hours alert.Hours
	}
	counts := map[alert.Tally]count{}
	for s := range b.counting(q.From, q.To) {
		t := s.Tally()
		if !q.About(&t) {
			continue
		}
		hours := t.Hours
		t.N, t.Hours = 0, 0
		c := counts[t]
		counts[t] = count{c.n + 1, c.hours | hours}
	}
	var list []alert.Tally
	for t, c := range counts {
		t.N, t.Hours = c.n, c.hours
		list = append(list, t)
	}
	slices.SortFunc(list, func(x, y alert.Tally) int {
		return cmp.Or(cmp.Compare(x.RuleID, y.RuleID), cmp.Compare(x.Cluster, y.Cluster), cmp.Compare(x.Day, y.Day),
			cmp.Compare(x.Class, y.Class), cmp.Compare(x.Provenance, y.Provenance), x.Opened.Compare(y.Opened), cmp.Compare(x.Site, y.Site))
	})
	return list
}

// Sums answers a question from the single alerts.
func (b *Book) Sums(q *alert.Question) []alert.Sums { return q.Sums(b.tallies(q)) }

// Shares answers it day by day.
func (b *Book) Shares(q *alert.Question) alert.Shares { return q.Shares(b.tallies(q)) }

// CaseCounts counts the alerts of a question's cases.
func (b *Book) CaseCounts(q *alert.Question) []alert.CaseCount { return q.CaseCounts(b.tallies(q)) }

// tallies yields what each alert of a question's days counts as.
func (b *Book) tallies(q *alert.Question) iter.Seq[alert.Tally] {
	return func(yield func(alert.Tally) bool) {
		for s := range b.counting(q.From, q.To) {
			if !yield(s.told(q, b.original)) {
				return
			}
		}
	}
}

// original reports whether an ID is that of an alert that another can repeat: one that
// counts, and is no duplicate itself.
func (b *Book) original(id string) bool {
	p := b.life(id)
	return p != nil && slices.ContainsFunc(p.Counting(), func(s *State) bool {
		d := s.InForce()
		return d == nil || d.Class != alert.Duplicate
	})
}

// Durations counts how long the alerts that are asked about took.
func (b *Book) Durations(q *alert.Waits) []alert.Duration {
	counts := map[alert.Duration]int64{}
	for s := range b.counting(q.From, q.To) {
		if !q.At(s.Alert.Site) {
			continue
		}
		taken, fired := s.Durations(q.Until)
		for _, d := range taken {
			if d.N = 0; fired {
				counts[d]++
			}
		}
	}
	var list []alert.Duration
	for d, n := range counts {
		d.N = n
		list = append(list, d)
	}
	reached := map[bool]int{true: 1}
	slices.SortFunc(list, func(x, y alert.Duration) int {
		return cmp.Or(cmp.Compare(x.RuleID, y.RuleID), cmp.Compare(x.To, y.To), cmp.Compare(reached[x.Reached], reached[y.Reached]), cmp.Compare(x.Minutes, y.Minutes))
	})
	return list
}

// Rule is a rule as its alerts tell of it.
type Rule struct {
	ID string
	// Source is whose rule it is, empty where its alerts name none.
	Source string
	// Name is that of the alert that fired last, of those that give one; of those of
	// one time, the last in byte order.
	Name        string
	Alerts      int64
	First, Last time.Time
	Batches     []int    // behind one of its alerts, in their order
	Sites       []string // that its alerts name, in byte order
	named       time.Time
}

// Rules are what states tell of their rules.
type Rules map[string]*Rule

// Add takes in a state that counts.
func (l Rules) Add(s *State) {
	a := &s.Alert
	r := l[a.Rule()]
	if r == nil {
		r = &Rule{ID: a.RuleID, Source: a.Source, First: a.Time}
		l[a.Rule()] = r
	}
	r.Alerts++
	r.First, r.Last = earlier(r.First, a.Time), later(r.Last, a.Time)
	if a.RuleName != "" && cmp.Or(a.Time.Compare(r.named), cmp.Compare(a.RuleName, r.Name)) > 0 {
		r.Name, r.named = a.RuleName, a.Time
	}
	for _, n := range s.Behind {
		if i, found := slices.BinarySearch(r.Batches, n); !found {
			r.Batches = slices.Insert(r.Batches, i, n)
		}
	}
	if i, found := slices.BinarySearch(r.Sites, a.Site); !found && a.Site != "" {
		r.Sites = slices.Insert(r.Sites, i, a.Site)
	}
}

// List lists the rules by their keys.
func (l Rules) List() []Rule {
	var list []Rule
	for _, id := range slices.Sorted(maps.Keys(l)) {
		r := *l[id]
		r.named = time.Time{}
		list = append(list, r)
	}
	return list
}

// Rules lists the rules of the alerts that count, by their keys.
func (b *Book) Rules() []Rule {
	rules := Rules{}
	for s := range b.counting("", "") {
		rules.Add(s)
	}
	return rules.List()
}

func earlier(x, y time.Time) time.Time {
	if y.Before(x) {
		return y
	}
	return x
}

func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}

// Find returns the alerts that count and that an identity can mean, as they are shown.
func (b *Book) Find(of alert.Identity) (list []*alert.Alert) {
	p := b.life(of.ID)
	if p == nil {
		return nil
	}
	for _, s := range p.Named(of) {
		list = append(list, s.Shown())
	}
	return list
}

// Told lists the statements about the alerts that an identity can mean, and whether anything
// arrived of any.
func (b *Book) Told(of alert.Identity, name func(batch int) string) (list []alert.Disposition, known bool) {
	p := b.life(of.ID)
	if p == nil {
		return nil, false
	}
	about := p.About(of, p.arrivals)
	return Told(of.ID, about, name), len(about) > 0
}

// Compare orders alerts by time, then ID, source and site, in byte order.
func Compare(x, y *alert.Alert) int {
	if n := x.Time.Compare(y.Time); n != 0 {
		return n
	}
	return x.Identity().Compare(y.Identity())
}

// byTime orders states as Compare does their alerts.
func byTime(x, y *State) int { return Compare(&x.Alert, &y.Alert) }

// All lists the states of all alerts of some days, in the order of Compare.
func (b *Book) All(from, to day.Date) []*State {
	return slices.SortedFunc(b.counting(from, to), byTime)
}

// Each lists the states of the alerts of a rule of some days, in the order of Compare.
func (b *Book) Each(rule string, from, to day.Date) []*State {
	if b.rules == nil {
		b.rules = map[string][]*State{}
		for s := range b.counting("", "") {
			b.rules[s.Alert.Rule()] = append(b.rules[s.Alert.Rule()], s)
		}
		for _, list := range b.rules {
			slices.SortFunc(list, byTime)
		}
	}
	within, list := days(from, to), []*State(nil)
	for _, s := range b.rules[rule] {
		if within(s.Alert.Time) {
			list = append(list, s)
		}
	}
	return list
}
