// Package pull collects rules, alerts, closures and rule health from products that are
// asked for them, by a configuration, and lands what came as batches, through the door
// that files come in by.
//
// Each question goes back behind the last one, so that late changes come; what comes
// again as it was is left out, and what is known by its id alone changes nothing. A cursor
// moves when the batch has landed and not before. The package refuses to write anywhere
// but into its own folder, to keep a secret anywhere, and to take a part of an answer for
// all of it.
package pull

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/pull/question"
	"candor/internal/pull/wire"
)

// Adder lands a batch. The same input again must change nothing.
type Adder interface {
	Add(ctx context.Context, r ingest.Request) (ingest.Result, error)
}

// Checker says what landing a batch would come to.
type Checker interface {
	Check(ctx context.Context, r ingest.Request) (ingest.Check, error)
}

// Service pulls for one data folder. It is safe for concurrent use.
type Service struct {
	// Dir is the folder of the states, and RejectsDir that of the rejects files; both are
	// whole paths.
	Dir, RejectsDir string
	Now             func() time.Time
	// Getenv reads the environment, for secrets.
	Getenv func(string) string
	// Wait waits so long, or until ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
	// Most bounds one answer, and Held what one question may bring, in bytes.
	Most, Held int64
	Check      Checker

	// book is what Watch pulls, and busy the names of the sources that are being pulled.
	book atomic.Pointer[Book]
	busy sync.Map
}

// New returns a service with the usual bounds.
func New(dir, rejects string, now func() time.Time, check Checker) *Service {
	return &Service{Dir: dir, RejectsDir: rejects, Now: now, Getenv: os.Getenv, Wait: wait, Most: 64 << 20, Held: 1 << 30, Check: check}
}

// wait waits so long, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Options are how a source is to be pulled.
type Options struct {
	// Since begins the questions there instead of where the last ended.
	Since time.Time
	// Dry asks, and lands nothing.
	Dry bool
	// Look asks for the first records of each part, and lands nothing.
	Look bool
	// Tell is told what is being done; it may be nil.
	Tell func(part string, records int64)
}

// Pulled is what came of a pull.
type Pulled struct {
	Name    string `json:"name"`
	Product string `json:"product"`
	// Dry says that nothing was landed.
	Dry   bool         `json:"dry_run,omitempty"`
	Parts []PulledPart `json:"parts"`
	// Requests is how many were sent, and Throttled how often the source asked to wait.
	Requests  int `json:"requests"`
	Throttled int `json:"throttled,omitempty"`
	// Failed says what kept the pull from collecting all.
	Failed string `json:"failed,omitempty"`
}

// PulledPart is what came of one part.
type PulledPart struct {
	Name string `json:"part"`
	Kind string `json:"kind"`
	// From and To are the time that was asked for; they are zero where all there is was.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Came is how many records the source sent, and Known how many of them were as they
	// had been before.
	Came  int64 `json:"came"`
	Known int64 `json:"known"`
	// Batches are what landed.
	Batches []string `json:"batches"`
	// New + Updated + Unchanged + Rejected are the records of the batches, and Retired
	// what a complete answer no longer held. Of a dry run New counts all that is good.
	New       int64 `json:"new"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Rejected  int64 `json:"rejected"`
	Retired   int64 `json:"retired,omitempty"`
	// Anew is how often the source forgot where the question was, which was then asked
	// anew from there.
	Anew int `json:"anew,omitempty"`
	// Partial says what is missing of what was asked for.
	Partial  string   `json:"partial,omitempty"`
	Failed   string   `json:"failed,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// Pull collects what a source has that was not collected before, and lands it through in.
// It goes on with other parts where one cannot be had, and returns the first error. Faults:
// Conflict where somebody pulls it already, otherwise those of package wire and of
// landing.
func (s *Service) Pull(ctx context.Context, of *Source, in Adder, o Options) (Pulled, error) {
	p := Pulled{Name: of.Name, Product: of.Product.Name, Dry: o.Dry || o.Look, Parts: []PulledPart{}}
	if !p.Dry {
		release, err := s.alone(of.Name)
		if err != nil {
			return p, err
		}
		defer release()
		s.busy.Store(of.Name, true)
		defer s.busy.Delete(of.Name)
	}
	st, err := s.State(of)
	if err != nil {
		return p, err
	}
	st.Tried = s.Now().UTC().Truncate(time.Second)
	r := &run{Service: s, of: of, in: in, o: o, st: st}
	err = r.parts(ctx, &p)
	if p.Dry || ctx.Err() != nil {
		return p, err
	}
	return p, errors.Join(err, r.ended(ctx, p, err))
}

// run is one pull.
type run struct {
	*Service
	of     *Source
	in     Adder
	o      Options
	st     *State
	client *wire.Client
}

// connect makes the client of a pull.
func (r *run) connect() error {
	c := wire.Config{Name: r.of.Name, Addresses: r.of.Addresses, Auth: r.of.Auth, Timeout: r.of.Timeout, Most: r.Most,
		PerMinute: r.of.PerMinute, Now: r.Now, Wait: r.Wait}
	var err error
	if c.Auth.Secret, err = r.secret(r.of); err != nil {
		return err
	}
	if r.of.CAFile != "" {
		if c.CA, err = os.ReadFile(r.of.CAFile); err != nil {
			return fault.New(fault.Unavailable, "the file of certificates cannot be read").At("%s", r.of.CAFile).Because(err).Next("check the path")
		}
	}
	r.client, err = wire.New(c)
	return err
}

// parts collects every part. Where the source does not answer for one, it is not asked for
// the others.
func (r *run) parts(ctx context.Context, p *Pulled) error {
	if err := r.connect(); err != nil {
		p.Failed = err.Error()
		return err
	}
	defer r.client.Close()
	var first error
	for _, part := range r.of.Parts {
		one := PulledPart{Name: part.Name, Kind: part.Kind, Batches: []string{}}
		err := r.part(ctx, part, &one)
		if err != nil {
			one.Failed = err.Error()
		}
		p.Parts = append(p.Parts, one)
		first = cmp.Or(first, err)
		if ctx.Err() != nil || fault.KindOf(err) == fault.Unavailable {
			break
		}
	}
	p.Requests, p.Throttled = r.client.Requests, r.client.Throttled
	if first != nil {
		p.Failed = first.Error()
	}
	return first
}

// least is how short a time is asked for at least where the source says that one is too long.
const least = 5 * time.Minute

// part collects one part: all there is of it, or one time after the other up to now.
func (r *run) part(ctx context.Context, part question.Part, one *PulledPart) error {
	cursor := r.st.Parts[part.Name]
	if cursor == nil {
		cursor = &Cursor{}
	}
	now := r.Now().UTC().Truncate(time.Millisecond)
	if part.Whole {
		return r.stretch(ctx, part, question.Window{To: now}, cursor, one)
	}
	from, span := cursor.To.Add(-r.of.Overlap), r.of.Span
	switch {
	case !r.o.Since.IsZero(): // all of it again, what is remembered included
		from, cursor = r.o.Since, &Cursor{}
	case cursor.To.IsZero():
		from = r.of.Since
	}
	if r.o.Look {
		from = now.Add(-24 * time.Hour)
	}
	for one.From = from; from.Before(now); {
		w := question.Window{From: from, To: now}
		if end := from.Add(r.of.Overlap + span); end.Before(now) {
			w.To = end
		}
		err := r.stretch(ctx, part, w, cursor, one)
		if errors.Is(err, errLong) {
			span = max(least, w.To.Sub(w.From)/2-r.of.Overlap)
			continue
		}
		if err != nil {
			return err
		}
		one.To = w.To
		if w.To.Equal(now) {
			return nil
		}
		from = w.To.Add(-r.of.Overlap)
	}
	return nil
}

// errLong says that the source cannot answer for so long a time.
var errLong = errors.New("the time asked for is too long")

// stretch asks for a time, lands what came and moves the cursor.
func (r *run) stretch(ctx context.Context, part question.Part, w question.Window, cursor *Cursor, one *PulledPart) error {
	c, err := r.collect(ctx, part, w, cursor, one, part.Whole || w.To.Sub(w.From) <= r.of.Overlap+least)
	if err != nil {
		return err
	}
	defer c.drop()
	one.Came, one.Known, one.Anew = one.Came+c.came, one.Known+c.known, one.Anew+c.anew
	if err := r.land(ctx, part, c, one); err != nil {
		return err
	}
	if c.partial != "" {
		one.Partial = c.partial
		return fault.New(fault.Unavailable, "the source answered in part: %s", c.partial).At("%s: %s", r.of.Name, part.Name).
			Next("what came was taken; the same time is asked for again at the next pull")
	}
	if r.o.Dry || r.o.Look {
		return nil
	}
	r.st.Parts[part.Name] = &Cursor{To: w.To, Seen: c.seen}
	if part.Whole {
		r.st.Parts[part.Name].Seen = nil
	}
	return r.save(r.st)
}

// land makes a batch of what was collected. Where nothing is new, none is made.
func (r *run) land(ctx context.Context, part question.Part, c *collected, one *PulledPart) error {
	path, err := c.close(part)
	if err != nil || path == "" {
		return err
	}
	req := ingest.Request{Kind: part.Kind, Paths: []string{path}, Dir: c.folder.Path(), Format: part.Format, Mapping: r.of.Mapping,
		Source: r.of.Of, By: Author + r.of.Name, RejectsDir: r.RejectsDir}
	if part.Whole && c.partial == "" {
		req.Source, req.Whole = cmp.Or(r.of.Of, r.of.Name), true
	} else if part.Whole {
		req.Source = cmp.Or(r.of.Of, r.of.Name)
	}
	if req.Mapping != "" {
		req.Format = ""
	}
	if r.o.Dry || r.o.Look {
		found, err := r.Check.Check(ctx, req)
		if err != nil {
			return err
		}
		one.New, one.Rejected = one.New+found.Good, one.Rejected+found.Rejected
		one.Warnings = append(one.Warnings, found.Warnings...)
		return nil
	}
	res, err := r.in.Add(ctx, req)
	if err != nil {
		return err
	}
	one.Warnings = append(one.Warnings, res.Warnings...)
	if !res.Fresh {
		one.Known += c.fresh
		return nil
	}
	one.add(&res)
	r.st.Records += res.New + res.Updated
	return nil
}

// add counts a batch that landed.
func (p *PulledPart) add(res *ingest.Result) {
	p.Batches = append(p.Batches, res.ID)
	if res.Linked != nil && res.Links {
		p.Batches = append(p.Batches, res.Linked.ID)
	}
	p.New, p.Updated, p.Unchanged = p.New+res.New, p.Updated+res.Updated, p.Unchanged+res.Unchanged
	p.Rejected, p.Retired = p.Rejected+res.Rejected, p.Retired+res.Retired
}

// ended writes down how a pull ended, and says on the record once a day whether the source
// answers.
func (r *run) ended(ctx context.Context, p Pulled, failed error) error {
	now, st := r.Now().UTC().Truncate(time.Second), r.st
	st.Later, st.Ended, st.Last = time.Time{}, now, lasting(p.Parts)
	if failed == nil {
		st.Succeeded, st.Failed, st.Failing = now, "", time.Time{}
	} else {
		st.Failed = failed.Error()
		if st.Failing.IsZero() {
			st.Failing = now
		}
		if later := (wire.Later{}); errors.As(failed, &later) {
			st.Later = later.At.UTC()
		}
	}
	return errors.Join(r.heartbeat(ctx, p, failed == nil), r.save(st))
}

// shownBatches is how many batches of each part a state keeps.
const shownBatches = 10

// lasting is what a state keeps of what came: counts, the last batches and what failed.
// Warnings may hold what records say, and stay with the batches.
func lasting(parts []PulledPart) (kept []PulledPart) {
	for _, p := range parts {
		p.Warnings, p.Batches = nil, p.Batches[max(0, len(p.Batches)-shownBatches):]
		kept = append(kept, p)
	}
	return kept
}

// fileName is what a file of what came is called: whose, what, and of which time.
func fileName(of *Source, part question.Part, w question.Window) string {
	const form = "20060102T150405Z"
	name := part.Name
	if !part.Whole {
		name += "-" + w.From.UTC().Format(form) + "-" + w.To.UTC().Format(form)
	}
	return fmt.Sprintf("%s/%s%s", of.Name, name, part.Ending)
}
