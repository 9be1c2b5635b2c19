package batches

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"maps"
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

	cells     map[cell]sum
	hours     bits
	durations map[alert.Duration]int64
	rules     history.Rules
	last      time.Time // of the batches
	sample    map[string]*alert.Alert
}

// cell is what counts are compared by.
type cell struct{ rule, day string }

// sum is a number of alerts, and the sum over them of a hash of what each counts as.
type sum struct {
	n    int64
	what uint64
}

// bits is a set of hashes, in which one of a few million is found by chance once in a
// hundred times.
type bits []uint64

const bitsLen = 1 << 22

func (b bits) add(h uint64) { b[h>>6%bitsLen] |= 1 << (h & 63) }

func newCounts(gather int) *counts {
	return &counts{seed: maphash.MakeSeed(), gather: gather, waiting: map[string][]history.Arrival{}, cells: map[cell]sum{}, hours: make(bits, bitsLen),
		durations: map[alert.Duration]int64{}, rules: history.Rules{}, sample: map[string]*alert.Alert{}}
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

// add takes in a row if it is of a part.
func (c *counts) add(part, batch int, r *batchfile.Row) {
	h := maphash.String(c.seed, r.ID)
	a := history.Arrival{Batch: batch, Place: r.Place, Alert: r.Alert}
	if i, found := slices.BinarySearch(c.twice, h); found {
		if i%c.parts() == part {
			c.waiting[r.ID] = append(c.waiting[r.ID], a)
		}
	} else if part == 0 {
		c.state(history.Of(r.ID, []history.Arrival{a}))
	}
}

// merge counts what has been gathered.
func (c *counts) merge() {
	for id, list := range c.waiting {
		slices.SortFunc(list, func(x, y history.Arrival) int {
			return cmp.Or(cmp.Compare(x.Batch, y.Batch), cmp.Compare(x.Place, y.Place))
		})
		c.state(history.Of(id, list))
	}
	clear(c.waiting)
}

// sampled is of how many alerts the index is asked one by one.
const sampled = 16

// state counts an alert.
func (c *counts) state(s history.State) {
	if !s.Counts {
		return
	}
	t := s.Tally()
	c.tally(c.cells, t, c.hours)
	for _, d := range s.Durations(c.last) {
		d.N = 0
		c.durations[d]++
	}
	c.rules.Add(&s)
	if len(c.sample) < sampled/2 || len(c.sample) < sampled && len(s.Statements) > 0 {
		c.sample[s.Alert.ID] = s.Shown()
	}
}

// tally adds a tally to sums, and its hours to a set.
func (c *counts) tally(to map[cell]sum, t alert.Tally, hours bits) {
	h := c.hash(t, alert.Hours(0))
	k := cell{t.RuleID, t.Day}
	s := to[k]
	to[k] = sum{s.n + t.N, s.what + h*uint64(t.N)}
	for x := range 24 {
		if hour := alert.HourSet(x); t.Hours&hour != 0 {
			hours.add(c.hash(t, hour))
		}
	}
}

// hash is of what one alert counts as that a tally is of, in an hour.
func (c *counts) hash(t alert.Tally, hour alert.Hours) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, s := range [...]string{t.RuleID, t.Cluster, t.Day, string(t.Class), string(t.Provenance), t.Site} {
		maphash.WriteComparable(&h, len(s))
		h.WriteString(s)
	}
	maphash.WriteComparable(&h, t.Opened.UnixNano())
	maphash.WriteComparable(&h, hour)
	return h.Sum64()
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
	for k, s := range c.cells {
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
	got, hours, wrong := map[cell]sum{}, make(bits, bitsLen), cell{}
	for _, w := range c.windows() {
		list, err := a.index.Tallies(ctx, &alert.Question{From: w[0], To: w[1]})
		if err != nil {
			return err
		}
		for _, t := range list {
			c.tally(got, t, hours)
		}
	}
	differ := 0
	for _, k := range slices.SortedFunc(maps.Keys(union(c.cells, got)), func(x, y cell) int {
		return cmp.Or(cmp.Compare(x.rule, y.rule), cmp.Compare(x.day, y.day))
	}) {
		if c.cells[k] != got[k] {
			if differ++; differ == 1 {
				wrong = k
			}
		}
	}
	switch want, is := c.cells[wrong], got[wrong]; {
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
	list, err := a.index.Durations(ctx, "", "", a.count.last)
	if err != nil {
		return err
	}
	got := map[alert.Duration]int64{}
	for _, d := range list {
		n := d.N
		d.N = 0
		got[d] = n
	}
	for d := range union(a.count.durations, got) {
		if want, is := a.count.durations[d], got[d]; want != is {
			a.amiss("", "the index counts %d alerts of rule %q that took %d minutes to be %s, and the files have %d", is, d.RuleID, d.Minutes, d.To, want)
			return nil
		}
	}
	return nil
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
	ids := slices.Sorted(maps.Keys(a.count.sample))
	known, err := a.index.Known(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		got, err := a.index.Find(ctx, id)
		if !known[id] || err != nil || !reflect.DeepEqual(got, a.count.sample[id]) {
			a.amiss("", "the index says something else of alert %q than the files", id)
			break
		}
	}
	return nil
}
