// Package scan is an index of batch files in memory: it reads the files whenever it is
// opened, and answers from package history alone. It is the engine of builds that have no
// other, and what others are compared with: simple and slower, and as large as what the
// files hold.
package scan

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/batchfile"
	"candor/internal/store/stamp"
)

// Index is an index in memory. It implements batches.Index, and is safe for concurrent
// use.
type Index struct {
	mu    sync.Mutex
	book  *history.Book
	held  map[int]batches.Held
	rows  map[int]int64
	tip   batches.Tip
	texts texts
}

var _ batches.Index = (*Index)(nil)

// Engine is the engine whose index is in memory.
func Engine() batches.Engine {
	return batches.Engine{Open: func(context.Context, bool) (batches.Index, error) { return New(), nil }}
}

// Open opens the store whose batch files lie in dir with an index in memory.
func Open(ctx context.Context, dir string, o batches.Options) (*batches.Store, error) {
	return batches.Open(ctx, dir, Engine(), o)
}

// New returns an index that has taken in nothing.
func New() *Index {
	return &Index{book: history.NewBook(), held: map[int]batches.Held{}, rows: map[int]int64{}, texts: texts{}}
}

// Tip returns how far the index has come.
func (x *Index) Tip(context.Context) (batches.Tip, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.tip, nil
}

// Held lists what has been taken in.
func (x *Index) Held(context.Context) ([]batches.Held, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []batches.Held
	for _, n := range slices.Sorted(maps.Keys(x.held)) {
		list = append(list, x.held[n])
	}
	return list, nil
}

// Newest lists the batches that were taken in last.
func (x *Index) Newest(ctx context.Context, upTo, n int) ([]batches.Held, int, error) {
	held, err := x.Held(ctx)
	return batches.Part(held, upTo, n), len(held), err
}

// Packs lists what has been taken in, as one by file.
func (x *Index) Packs(ctx context.Context) ([]store.Pack, error) {
	held, err := x.Held(ctx)
	return batches.PacksOf(held), err
}

// Rows counts the arrivals of each batch.
func (x *Index) Rows(context.Context) (map[int]int64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return maps.Clone(x.rows), nil
}

// Begin begins a change.
func (x *Index) Begin(context.Context) (batches.Change, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return &change{index: x, draft: x.book.Draft(), held: map[int]batches.Held{}, rows: map[int]int64{}}, nil
}

// Close does nothing: there is no file.
func (x *Index) Close() error { return nil }

// Known returns which alerts that count have IDs; see store.AlertReader.
func (x *Index) Known(_ context.Context, ids []string) (map[string][]alert.Identity, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	known := map[string][]alert.Identity{}
	for _, id := range ids {
		if list := x.book.Counting(id); len(list) > 0 {
			known[id] = list
		}
	}
	return known, nil
}

// Tallies counts the alerts of some days; see store.AlertReader.
func (x *Index) Tallies(_ context.Context, q *alert.Question) ([]alert.Tally, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.book.Tallies(q), nil
}

// Shares answers a question day by day; see batches.Index.
func (x *Index) Shares(_ context.Context, q *alert.Question) (alert.Shares, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.book.Shares(q), nil
}

// CaseCounts counts the alerts of cases; see store.AlertReader.
func (x *Index) CaseCounts(_ context.Context, q *alert.Question) ([]alert.CaseCount, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.book.CaseCounts(q), nil
}

// Durations counts how long alerts took; see store.AlertReader.
func (x *Index) Durations(_ context.Context, q *alert.Waits) ([]alert.Duration, error) {
	if _, err := stamp.Of(q.Until); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.book.Durations(q), nil
}

// Rules lists the rules that alerts name; see store.AlertReader.
func (x *Index) Rules(ctx context.Context) ([]store.AlertRule, error) { return x.RulesOf(ctx, nil) }

// RulesOf lists some of them; see batches.Index.
func (x *Index) RulesOf(_ context.Context, keys []string) ([]store.AlertRule, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []store.AlertRule
	for _, r := range x.book.Rules() {
		if keys != nil && !slices.Contains(keys, alert.RuleKey(r.Source, r.ID)) {
			continue
		}
		rule := store.AlertRule{ID: r.ID, Source: r.Source, Name: r.Name, Alerts: r.Alerts, First: r.First, Last: r.Last, Sites: r.Sites}
		for _, n := range r.Batches {
			h := x.held[n]
			if name := h.Name(); !slices.Contains(rule.Batches, name) {
				rule.Batches = append(rule.Batches, name)
			}
		}
		list = append(list, rule)
	}
	return list, nil
}

// Find returns the alert that an identity names; see store.AlertReader.
func (x *Index) Find(_ context.Context, of alert.Identity) (*alert.Alert, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return batches.Only(of, x.book.Find(of))
}

// Dispositions lists what was said of an alert; see store.AlertReader.
func (x *Index) Dispositions(_ context.Context, of alert.Identity) ([]alert.Disposition, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	list, known := x.book.Told(of, func(n int) string { return x.held[n].Batch.ID })
	if !known {
		return nil, batches.NoAlert(of)
	}
	return list, nil
}

// Each yields the alerts of a rule; see store.AlertReader.
func (x *Index) Each(ctx context.Context, rule string, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return x.each(ctx, func() []*history.State { return x.book.Each(rule, from, to) })
}

// All yields the alerts of all rules; see store.AlertReader.
func (x *Index) All(ctx context.Context, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	return x.each(ctx, func() []*history.State { return x.book.All(from, to) })
}

func (x *Index) each(ctx context.Context, of func() []*history.State) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		x.mu.Lock()
		states := of()
		x.mu.Unlock()
		for _, s := range states {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(s.Shown(), nil) {
				return
			}
		}
	}
}

// change is a change of an index.
type change struct {
	index *Index
	draft *history.Book
	held  map[int]batches.Held
	rows  map[int]int64
	gone  []batches.Gone
}

// Take takes in files. A merged file is read once, and what of it is meant is kept until
// its turn comes.
func (c *change) Take(ctx context.Context, files []batches.File) (out batches.Outcomes, err error) {
	wanted, read := map[string]map[string]bool{}, map[string]map[string][]batchfile.Row{}
	for _, f := range files {
		if wanted[f.Path] == nil {
			wanted[f.Path] = map[string]bool{}
		}
		wanted[f.Path][f.Batch] = true
	}
	for _, f := range files {
		if read[f.Path] == nil {
			if read[f.Path], err = c.read(ctx, f.Path, wanted[f.Path]); err != nil {
				return out, err
			}
		}
		c.takeRows(f, read[f.Path][f.Batch], &out)
		delete(read[f.Path], f.Batch)
	}
	return out, nil
}

// read reads the rows of some batches of a file, in the order in which they arrived. The
// batch that has no name is all there is.
func (c *change) read(ctx context.Context, path string, wanted map[string]bool) (map[string][]batchfile.Row, error) {
	file, err := batchfile.OpenRows(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows := map[string][]batchfile.Row{}
	for r, err := range file.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		if wanted[""] {
			r.Batch = ""
		}
		if wanted[r.Batch] {
			r.Alert = c.index.texts.once(r.Alert)
			rows[r.Batch] = append(rows[r.Batch], r)
		}
	}
	for _, of := range rows {
		slices.SortFunc(of, func(x, y batchfile.Row) int { return cmp.Compare(x.Place, y.Place) })
	}
	return rows, nil
}

// takeRows takes in the rows of a batch.
func (c *change) takeRows(f batches.File, rows []batchfile.Row, out *batches.Outcomes) {
	c.rows[f.Number] = int64(len(rows))
	if f.Void {
		c.draft.Withdraw(f.Number)
	}
	for _, r := range rows {
		if !r.Partial() {
			r.Origin = f.Source
		}
		if o := c.draft.Add(f.Number, r.Place, r.Alert); !f.Void {
			out.Count(o, &history.Arrival{Batch: f.Number, Place: r.Place, Alert: r.Alert})
		}
	}
}

// Drop takes out arrivals.
func (c *change) Drop(_ context.Context, gone []batches.Gone) ([]store.ExpiredSum, error) {
	c.gone = append(c.gone, gone...)
	var states []history.State
	for i := range gone {
		states = append(states, c.index.book.Of(gone[i].ID, gone[i].Goes)...)
	}
	return batches.ExpiredSums(nil, states), nil
}

// Forget makes the arrivals of a batch void.
func (c *change) Forget(_ context.Context, number int) error {
	c.draft.Withdraw(number)
	return nil
}

// Touched lists what the change touches; see batches.Change.
func (c *change) Touched(context.Context) ([]batches.Touch, error) {
	c.index.mu.Lock()
	defer c.index.mu.Unlock()
	touched := map[batches.Touch]bool{}
	for s := range c.draft.Drafted() {
		if s.Alert.Time.IsZero() { // nothing is known of it
			continue
		}
		touched[batches.Touch{Rule: s.Alert.Rule(), Day: day.Of(s.Alert.Time)}] = true
	}
	return slices.Collect(maps.Keys(touched)), nil
}

// Enter notes what the index holds of batches.
func (c *change) Enter(_ context.Context, held ...batches.Held) error {
	for _, h := range held {
		c.held[h.Number] = h
	}
	return nil
}

// Commit makes the change seen.
func (c *change) Commit(_ context.Context, at batches.Tip) error {
	x := c.index
	x.mu.Lock()
	defer x.mu.Unlock()
	x.book.Apply(c.draft)
	for i := range c.gone {
		for _, a := range x.book.Forget(c.gone[i].ID, c.gone[i].Goes) {
			x.rows[a.Batch]--
		}
	}
	maps.Copy(x.held, c.held)
	maps.Copy(x.rows, c.rows)
	x.tip = at
	return nil
}

// Rollback forgets the change.
func (c *change) Rollback() {}

// texts keeps each text that many alerts share once. Only the one change under way uses
// it.
type texts map[string]string

// once makes a share its texts with others.
func (t texts) once(a *alert.Alert) *alert.Alert {
	for _, s := range [...]*string{&a.RuleID, &a.RuleName, &a.Site, &a.Entity, &a.Severity, &a.CaseID, &a.Tactic, &a.Source} {
		*s = t.of(*s)
	}
	for i, s := range a.Techniques {
		a.Techniques[i] = t.of(s)
	}
	for i := range a.Others {
		e := &a.Others[i]
		e.Name = t.of(e.Name)
	}
	if d := a.Disposition; d != nil {
		d.AlertID, d.Class, d.Provenance = a.ID, alert.Class(t.of(string(d.Class))), alert.Provenance(t.of(string(d.Provenance)))
		d.Word, d.By, d.DuplicateOf = t.of(d.Word), t.of(d.By), t.of(d.DuplicateOf)
	}
	if len(a.Fields) > 0 {
		fields := make(map[string]string, len(a.Fields))
		for k, v := range a.Fields {
			fields[t.of(k)] = v
		}
		a.Fields = fields
	}
	return a
}

func (t texts) of(s string) string {
	if known, ok := t[s]; ok {
		return known
	}
	t[s] = s
	return s
}
