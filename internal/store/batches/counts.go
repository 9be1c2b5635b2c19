package batches

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"maps"
	mathbits "math/bits"
	"reflect"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// counts is what package history makes of the rows of all files, in a form that does not
// grow with them: of each rule and day a number of alerts, and a sum over what each counts
// as. An ID of which one row tells is counted at once; the rows of the others are
// gathered, so many at a time.
type counts struct {
	seed    maphash.Seed
	gather  int // how many IDs are gathered at a time, about
	rows    int64
	twice   []uint64 // the hashes of the IDs of which several rows tell, in order
	waiting map[string][]history.Arrival

	ruleDays  map[ruleDay]*sum
	hours     bits
	durations map[wait]*sum
	rules     history.Rules
	last      time.Time // of the batches
	sample    map[alert.Identity]*alert.Alert
	key       []byte // space
	salt      uint64 // of what is no text
}

// ruleDay is what counts are compared by.
type ruleDay struct{ rule, day string }

// wait is what durations are compared by.
type wait struct {
	rule    string
	to      alert.Milestone
	reached bool
}

// sum is a number of alerts, and the sum over them of a hash of what each counts as.
type sum struct {
	n    int64
	what uint64
}

// add adds n alerts of one hash to those of a key.
func add[K comparable](to map[K]*sum, k K, n int64, h uint64) {
	s := to[k]
	if s == nil {
		s = &sum{}
		to[k] = s
	}
	s.n, s.what = s.n+n, s.what+h*uint64(n)
}

// of returns what is summed of a key.
func of[K comparable](sums map[K]*sum, k K) sum {
	if s := sums[k]; s != nil {
		return *s
	}
	return sum{}
}

// bits is a set of hashes, in which one of a few million is found by chance once in a
// hundred times.
type bits []uint64

const bitsLen = 1 << 22

func (b bits) add(h uint64) { b[h>>6%bitsLen] |= 1 << (h & 63) }

func newCounts(gather int) *counts {
	seed := maphash.MakeSeed()
	return &counts{seed: seed, salt: maphash.String(seed, "a number") | 1, gather: gather, waiting: map[string][]history.Arrival{}, ruleDays: map[ruleDay]*sum{}, hours: make(bits, bitsLen),
		durations: map[wait]*sum{}, rules: history.Rules{}, sample: map[alert.Identity]*alert.Alert{}}
}

// ids finds the IDs of which several rows tell. A file that cannot be read is left out.
func (c *counts) ids(ctx context.Context, f folder, files []Held) error {
	for _, h := range files {
		c.rows += h.Rows
		if h.Batch.Last.After(c.last) {
			c.last = h.Batch.Last
		}
	}
	all := make([]uint64, 0, c.rows)
	for _, l := range filesOf(files) {
		file, err := batchfile.Open(f.path(l.name))
		if err != nil {
			continue
		}
		_ = file.IDs(ctx, func(id []byte) { all = append(all, maphash.Bytes(c.seed, id)) })
		if err := file.Close(); err != nil || ctx.Err() != nil {
			return cmp.Or(ctx.Err(), err)
		}
	}
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] && (len(c.twice) == 0 || c.twice[len(c.twice)-1] != all[i]) {
			c.twice = append(c.twice, all[i])
		}
	}
	return nil
}

// gathered is what counts gather at a time.
const gathered = 500_000

// parts is in how many parts the rows are to be added.
func (c *counts) parts() int { return 1 + len(c.twice)/c.gather }

// add takes in a row of a batch, which was said to be of a source, if it is of a part.
func (c *counts) add(part int, batch *Held, r *batchfile.Row) {
	if !r.Partial() {
		r.Origin = batch.Batch.Source
	}
	if i, found := slices.BinarySearch(c.twice, maphash.String(c.seed, r.ID)); found {
		if i%c.parts() == part {
			a := r.Copied()
			c.waiting[a.ID] = append(c.waiting[a.ID], history.Arrival{Batch: batch.Number, Place: r.Place, Alert: a})
		}
	} else if part == 0 {
		s := history.One(batch.Number, r.Alert)
		if c.samples(&s) {
			s = history.One(batch.Number, r.Copied())
		}
		c.state(&s)
	}
}

// merge counts what has been gathered.
func (c *counts) merge() {
	for _, list := range c.waiting {
		slices.SortFunc(list, func(x, y history.Arrival) int {
			return cmp.Or(cmp.Compare(x.Batch, y.Batch), cmp.Compare(x.Place, y.Place))
		})
		f := history.FamilyOf(list)
		for i := range f.States {
			c.state(&f.States[i])
		}
	}
	clear(c.waiting)
}

// sampled is of how many alerts the index is asked one by one.
const sampled = 16

// samples reports whether the index is asked about an alert.
func (c *counts) samples(s *history.State) bool {
	return s.Counts && (len(c.sample) < sampled/2 || len(c.sample) < sampled && len(s.Statements) > 0)
}

// state counts an alert.
func (c *counts) state(s *history.State) {
	if !s.Counts {
		return
	}
	t := s.Tally()
	c.tally(c.ruleDays, &t, c.hours)
	if taken, fired := s.Durations(c.last); fired {
		for i := range taken {
			c.duration(c.durations, &taken[i])
		}
	}
	c.rules.Add(s)
	if c.samples(s) {
		c.sample[s.Alert.Identity()] = s.Shown()
	}
}

// duration adds how long alerts took to sums.
func (c *counts) duration(to map[wait]*sum, d *alert.Duration) {
	add(to, wait{d.RuleID, d.To, d.Reached}, d.N, spread(c.salt*uint64(d.Minutes+2)))
}

// tally adds a tally to sums, and its hours to a set.
func (c *counts) tally(to map[ruleDay]*sum, t *alert.Tally, hours bits) {
	h := c.hash(t)
	add(to, ruleDay{t.RuleID, t.Day}, t.N, h)
	for rest := t.Hours; rest != 0; rest &= rest - 1 {
		hours.add(spread(h + c.salt*uint64(mathbits.TrailingZeros32(uint32(rest))+1)))
	}
}

// spread makes a hash of a number: numbers that differ in few bits come to ones that differ
// in many. It multiplies by the golden ratio's part of 64 bits, and folds the product.
func spread(n uint64) uint64 {
	high, low := mathbits.Mul64(n, 0x9e3779b97f4a7c15)
	return high ^ low
}

// hash is of what one alert counts as that a tally is of.
func (c *counts) hash(t *alert.Tally) uint64 {
	key := c.key[:0]
	for _, s := range [...]string{t.RuleID, t.Cluster, t.Day, string(t.Class), string(t.Provenance), t.Site} {
		key = append(binary.AppendUvarint(key, uint64(len(s))), s...)
	}
	if !t.Opened.IsZero() {
		key = binary.BigEndian.AppendUint64(key, uint64(t.Opened.UnixNano()))
	}
	c.key = key
	return maphash.Bytes(c.seed, key)
}

// answers compares every count that the index gives with what follows from the rows.
func (a *audit) answers(ctx context.Context) error {
	for _, compare := range []func(context.Context) error{a.tallies, a.durations, a.rules, a.alerts} {
		if err := compare(ctx); err != nil {
			return err
		}
	}
	return nil
}

// windowed is about how many alerts the index is asked to count at a time.
const windowed = 500_000

// windows cuts the days into windows; the first and the last have no bound.
func (c *counts) windows() (list [][2]day.Date) {
	days := map[string]int64{}
	for k, s := range c.ruleDays {
		days[k.day] += s.n
	}
	from, n := day.Date(""), int64(0)
	for _, d := range slices.Sorted(maps.Keys(days)) {
		if n > 0 && n+days[d] > windowed {
			list = append(list, [2]day.Date{from, day.Date(d).Add(-1)})
			from, n = day.Date(d), 0
		}
		n += days[d]
	}
	return append(list, [2]day.Date{from, ""})
}

func (a *audit) tallies(ctx context.Context) error {
	c := a.count
	got, hours, wrong := map[ruleDay]*sum{}, make(bits, bitsLen), ruleDay{}
	for _, w := range c.windows() {
		list, err := a.index.Tallies(ctx, &alert.Question{From: w[0], To: w[1]})
		if err != nil {
			return err
		}
		for i := range list {
			c.tally(got, &list[i], hours)
		}
	}
	differ := 0
	for _, k := range slices.SortedFunc(maps.Keys(union(c.ruleDays, got)), func(x, y ruleDay) int {
		return cmp.Or(cmp.Compare(x.rule, y.rule), cmp.Compare(x.day, y.day))
	}) {
		if of(c.ruleDays, k) != of(got, k) {
			if differ++; differ == 1 {
				wrong = k
			}
		}
	}
	switch want, is := of(c.ruleDays, wrong), of(got, wrong); {
	case differ > 0 && want.n != is.n:
		a.amiss("", "the index counts %d alerts of rule %q on %s, and the files have %d%s", is.n, wrong.rule, wrong.day, want.n, more(differ))
	case differ > 0:
		a.amiss("", "the index counts the %d alerts of rule %q on %s under other clusters, classes, provenances or sites than the files%s", is.n, wrong.rule, wrong.day, more(differ))
	case !slices.Equal(c.hours, hours):
		a.amiss("", "the index has alerts in other hours of the day than the files")
	}
	return nil
}

// more says that others differ, too.
func more(differ int) string {
	if differ == 1 {
		return ""
	}
	return fmt.Sprintf("; so it is with %d other rules and days", differ-1)
}

func union[K comparable, V any](x, y map[K]V) map[K]V {
	all := maps.Clone(x)
	maps.Copy(all, y)
	return all
}

func (a *audit) durations(ctx context.Context) error {
	list, err := a.index.Durations(ctx, &alert.Waits{Until: a.count.last})
	if err != nil {
		return err
	}
	got := map[wait]*sum{}
	for i := range list {
		a.count.duration(got, &list[i])
	}
	for w := range union(a.count.durations, got) {
		switch want, is := of(a.count.durations, w), of(got, w); {
		case want.n != is.n:
			a.amiss("", "the index counts %d alerts of rule %q that %s %s, and the files have %d", is.n, w.rule, w.came(), w.to, want.n)
			return nil
		case want != is:
			a.amiss("", "the index says something else than the files of how long the %d alerts of rule %q took that %s %s", is.n, w.rule, w.came(), w.to)
			return nil
		}
	}
	return nil
}

// came says whether alerts came to a milestone.
func (w wait) came() string {
	if w.reached {
		return "were"
	}
	return "were not"
}

func (a *audit) rules(ctx context.Context) error {
	got, err := a.index.Rules(ctx)
	if err != nil {
		return err
	}
	var want []store.AlertRule
	for _, r := range a.count.rules.List() {
		rule := store.AlertRule{ID: r.ID, Source: r.Source, Name: r.Name, Alerts: r.Alerts, First: r.First, Last: r.Last, Sites: r.Sites}
		for _, n := range r.Batches {
			h := a.heads[n]
			if name := h.Name(); !slices.Contains(rule.Batches, name) {
				rule.Batches = append(rule.Batches, name)
			}
		}
		want = append(want, rule)
	}
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || !reflect.DeepEqual(want[i], got[i]) {
			a.amiss("", "the index says something else of the rules of the alerts than the files: %s", firstOf(want, got, i))
			break
		}
	}
	return nil
}

func firstOf(want, got []store.AlertRule, i int) string {
	if i < len(want) {
		return "first of " + want[i].ID
	}
	return "it has " + got[i].ID
}

// alerts asks the index for some of the alerts.
func (a *audit) alerts(ctx context.Context) error {
	sampled := slices.SortedFunc(maps.Keys(a.count.sample), alert.Identity.Compare)
	ids := make([]string, len(sampled))
	for i, of := range sampled {
		ids[i] = of.ID
	}
	known, err := a.index.Known(ctx, ids)
	if err != nil {
		return err
	}
	for _, of := range sampled {
		got, err := a.index.Find(ctx, of)
		if !slices.Contains(known[of.ID], of) || err != nil || !reflect.DeepEqual(got, a.count.sample[of]) {
			a.amiss("", "the index says something else of alert %q than the files", of)
			break
		}
	}
	return nil
}
