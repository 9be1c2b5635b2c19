//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"unicode/utf8"

	"candor/internal/alert"
	"candor/internal/crew"
	"candor/internal/fault"
	"candor/internal/store/stamp"
)

// stage takes the alerts of a batch in. They wait until they are a slice, which
// is merged into what is there, so that a batch of any size needs the same
// memory. While one slice is merged, the next one is taken in.
type stage struct {
	*entry
	limits limits
	terms  *terms
	slice  *slice
	spare  *slice       // the one that is being merged, or was
	merged <-chan error // nil when none is being merged
	slices int          // that were filled so far
	known  *filter      // what the store has; nil while any alert may be known
	aside  *slice       // what arrived of alerts that may be known, as the filter says

	place       int64    // alerts read so far
	first, last int64    // times
	leaf        []byte   // space that every alert uses anew
	keys        []string // and this
}

func newStage(ctx context.Context, e *entry, l limits) (*stage, error) {
	g := &stage{entry: e, limits: l, first: math.MaxInt64, last: math.MinInt64}
	g.slice, g.spare = newSlice(e), newSlice(e)
	var err error
	g.terms, err = newTerms(ctx, e, l.terms)
	return g, err
}

// add takes one alert in. It keeps nothing of al itself.
func (g *stage) add(ctx context.Context, al *alert.Alert) error {
	g.place++
	g.slice.arrivals = append(g.slice.arrivals, arrival{})
	v := &g.slice.arrivals[len(g.slice.arrivals)-1]
	if err := g.arrive(v, al); err != nil {
		return fmt.Errorf("alert %d of batch %s, id %q: %w", g.place, g.ID, al.ID, err)
	}
	at := v.time
	if v.partial() && v.news.class != 0 {
		at = v.news.time
	}
	if at != stamp.Unknown {
		g.first, g.last = min(g.first, at), max(g.last, at)
	}
	if len(g.slice.arrivals) >= g.size(v) || len(g.slice.text) >= g.limits.text || g.terms.full() {
		return g.flush(ctx)
	}
	return nil
}

// size is how many alerts the slice may have that v is the last of. The first slices
// are small, so that there is soon one to merge, and each has twice as many as the
// one before. Statements about known alerts are looked up at once.
func (g *stage) size(v *arrival) int {
	if v.partial() {
		return g.limits.slice
	}
	return g.limits.slice >> max(0, 5-g.slices)
}

// arrive checks al and puts it into stored form.
func (g *stage) arrive(v *arrival, al *alert.Alert) (err error) {
	if al.ID == "" || (al.RuleID == "") != al.Time.IsZero() {
		return fault.New(fault.Invalid, "an alert needs an id, a rule and a time, and a statement about one neither rule nor time")
	}
	if !utf8.ValidString(al.ID) {
		return notText("id", al.ID)
	}
	v.seq, v.digest = g.base+g.place, digest(al.ID)
	if v.time, err = stamp.Of(al.Time); err != nil {
		return err
	}
	v.score = math.NaN()
	if al.Score != nil {
		v.score = *al.Score + 0 // 0 for -0
	}
	text, keys, err := appendFields(g.slice.text, g.keys[:0], al.Fields)
	if err != nil {
		return err
	}
	v.fields, g.keys = g.slice.keep(text), keys
	v.id = g.slice.keepString(al.ID)
	g.leaf = sealHead(g.leaf[:0], g.place, al.ID, &v.saying)
	if err := g.words(v, al); err != nil {
		return err
	}
	g.leaf = sealText(g.leaf, g.slice.of(v.fields))
	if al.Disposition != nil {
		if err := g.statement(&v.news, al.Disposition); err != nil {
			return err
		}
	}
	g.seal.Write(g.leaf)
	return nil
}

// words sets the numbers of al's terms.
func (g *stage) words(v *arrival, al *alert.Alert) error {
	var techniques string
	if len(al.Techniques) > 0 {
		b, err := json.Marshal(al.Techniques)
		if err != nil {
			return err
		}
		techniques = string(b)
	}
	// In the order of the word constants.
	for i, w := range [...][2]string{{"rule_id", al.RuleID}, {"rule_name", al.RuleName}, {"site", al.Site}, {"entity", al.Entity},
		{"severity", al.Severity}, {"case_id", al.CaseID}, {"techniques", techniques}, {"tactic", al.Tactic}, {"source", al.Source}} {
		var err error
		if v.words[i], err = g.terms.id(i, w[0], w[1]); err != nil {
			return err
		}
		g.leaf = sealText(g.leaf, w[1])
	}
	return nil
}

// statement checks d and puts it into stored form.
func (g *stage) statement(s *statement, d *alert.Disposition) (err error) {
	if !d.Class.Valid() {
		return fault.New(fault.Invalid, "disposition has unknown class %q", d.Class)
	}
	if _, ok := alert.ParseProvenance(string(d.Provenance)); !ok && (d.Class.Labels() || d.Provenance != "") {
		return fault.New(fault.Invalid, "disposition %s has unknown provenance %q", d.Class, d.Provenance)
	}
	if s.time, err = stamp.Of(d.Time); err != nil {
		return err
	}
	g.leaf = sealStatement(g.leaf, s.time)
	for i, w := range [...]struct {
		to          *int32
		field, text string
	}{{&s.class, "disposition", string(d.Class)}, {&s.word, "disposition", d.Word},
		{&s.author, "disposition_by", d.By}, {&s.provenance, "provenance", string(d.Provenance)}} {
		if *w.to, err = g.terms.id(numWords+i, w.field, w.text); err != nil {
			return err
		}
		g.leaf = sealText(g.leaf, w.text)
	}
	return nil
}

// flush begins to merge what waits, once what waited before is merged.
func (g *stage) flush(ctx context.Context) error {
	if err := g.wait(); err != nil {
		return g.because(ctx, err)
	}
	first, numbers, err := g.terms.settle(ctx, g.entry)
	if err != nil {
		return g.because(ctx, err)
	}
	if err := g.know(ctx); err != nil {
		return g.because(ctx, err)
	}
	g.slice.renumber(first, numbers)
	g.slice, g.spare = g.spare, g.slice
	g.slice.clear()
	full := g.spare
	g.merged = crew.Go(func() error { return g.merge(ctx, full) })
	return nil
}

// merge merges a slice into what is there. To look one alert up in all that there
// are takes as long as to look up many: those that may be known wait until they
// are as many as a slice.
func (g *stage) merge(ctx context.Context, full *slice) error {
	if g.known == nil {
		return full.merge(ctx, false)
	}
	full.part(g.known, g.aside)
	if err := full.merge(ctx, true); err != nil {
		return err
	}
	if len(g.aside.arrivals) < g.limits.slice && len(g.aside.text) < g.limits.text {
		return nil
	}
	return g.mergeAside(ctx)
}

// mergeAside merges what was put aside.
func (g *stage) mergeAside(ctx context.Context) error {
	if g.aside == nil {
		return nil
	}
	defer g.aside.clear()
	return g.aside.merge(ctx, false)
}

// know fills the filter of what is known, once a batch turns out to be of many
// slices. To look up slice after slice in all alerts that there are would take
// longer.
func (g *stage) know(ctx context.Context) error {
	if g.slices++; g.slices == g.limits.long {
		g.memory = memoryOfLong
		g.change(ctx, 0)
	}
	if g.known != nil || g.slices < g.limits.patience {
		return nil
	}
	known := newFilter(g.limits.filter)
	g.known, g.aside = known, newSlice(g.entry)
	starts, err := pages(ctx, g.conn, "alert", g.limits.reach)
	for _, first := range starts {
		err = errors.Join(err, scan(ctx, g.conn, 1, func(v []value) { known.add(v[0].(int64)) },
			`SELECT digest FROM alert WHERE seq >= ? AND seq < ?`, first, first+g.limits.reach))
	}
	return err
}

// wait waits for the slice that is being merged, if there is one.
func (g *stage) wait() error {
	if g.merged == nil {
		return nil
	}
	err := <-g.merged
	g.merged = nil
	return err
}

// finish merges what is left.
func (g *stage) finish(ctx context.Context) error {
	if g.place == 0 {
		return nil
	}
	if g.first <= g.last {
		g.First, g.Last = stamp.Time(g.first), stamp.Time(g.last)
	}
	if err := g.flush(ctx); err != nil {
		return err
	}
	if err := g.wait(); err != nil {
		return g.because(ctx, err)
	}
	if g.slices >= g.limits.long {
		g.yield()
	}
	return g.because(ctx, g.mergeAside(ctx))
}

// yield gives back the memory of what is merged. To look up what was put aside, and
// to commit, the engine needs more than before, and cannot use what Go keeps.
func (g *stage) yield() {
	g.slice, g.spare, g.known = nil, nil, nil
	debug.FreeOSMemory()
}
