package assessment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"sync"
	"time"

	"candor/internal/correlate"
	"candor/internal/correlate/worth"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/store"
)

// lookback is what a look at the window leaves behind, so that the next one reads the days
// alone in which something arrived since. Nothing of it is kept on disk, and a look without
// it finds the same.
type lookback struct {
	mu      sync.Mutex
	key     string            // all that findings hang on, but alerts and signals
	batches map[string]string // of alerts: what each was, by its id
	marks   []mark            // by time
}

// mark is how far a run had come by the beginning of a day: whatever is of before is in it.
type mark struct {
	at      time.Time
	signals string // a hash of those of before
	state   []byte
	found   []correlate.Finding
}

// lookedBack is how many days a look leaves a mark at the beginning of, the last ones of the
// window, and mostMark how large one is at most: of what is larger every look reads all.
const (
	lookedBack = 3
	mostMark   = 128 << 20
)

// looked is what the definitions of a question find in the window, as Correlate does, and how
// many observations had to be read for it.
func (s *Service) looked(ctx context.Context, c Correlation) (found []correlate.Finding, read int64, err error) {
	s.back.mu.Lock()
	defer s.back.mu.Unlock()
	batches, err := s.alerts.Batches(ctx)
	if err != nil {
		return nil, 0, err
	}
	h, err := s.observing(ctx, &c)
	if err != nil {
		return nil, 0, err
	}
	key, err := s.hangsOn(ctx, h)
	if err != nil {
		return nil, 0, err
	}
	if key != s.back.key || !s.back.holds(batches, h) {
		s.back.marks = nil
	}
	s.back.key, s.back.batches = key, kinds(batches)
	r, from := s.back.begin(&c)
	due := h.due(from)
	pass := func(next time.Time) {
		for ; len(due) > 0 && !next.Before(due[0]); due = due[1:] {
			s.back.leave(r, h, due[0])
		}
	}
	err = s.observe(ctx, h, h.first(from), func(o *worth.Seen) {
		if !o.Time.Before(from) {
			pass(o.Time)
			read++
			r.see(&o.Observation)
		}
	})
	if err != nil {
		s.back.marks = nil
		return nil, 0, err
	}
	pass(h.end())
	found, _ = r.end()
	return found, read, nil
}

// hangsOn is a hash of all that findings hang on but alerts, signals and the plan, whose
// state knows it.
func (s *Service) hangsOn(ctx context.Context, h *observing) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %q\n", h.window.From, h.window.To, h.c.Site)
	for _, name := range slices.Sorted(maps.Keys(h.c.Aliases)) {
		fmt.Fprintf(sum, "%q %q\n", name, h.c.Aliases[name])
	}
	if h.lib != nil {
		rel, err := s.release(ctx, h.c.Release.Or(h.c.Policy.Release))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%q\n", libraryKey(rel))
		decisions, err := s.decisions(ctx)
		if err != nil {
			return "", err
		}
		for i := range decisions {
			fmt.Fprintf(sum, "%q %q %t\n", decisions[i].Key(), decisions[i].To, decisions[i].Withdrawn)
		}
	}
	for i := range h.ev.Rules {
		r := &h.ev.Rules[i].Value
		fmt.Fprintf(sum, "%q %q %q %q\n", r.ID, r.Techniques, r.Tactics, r.Analytics)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// kinds says of batches what each was.
func kinds(batches []store.Batch) map[string]string {
	of := make(map[string]string, len(batches))
	for i := range batches {
		b := &batches[i]
		of[b.ID] = fmt.Sprint(b.RowsHash, b.Withdrawn != nil, b.Expired, b.Names)
	}
	return of
}

// holds drops the marks that what arrived since is of before, and reports whether any of the
// rest can hold: not where a batch that was there is another one now, or is gone, and not
// where one changed alerts that were there.
func (l *lookback) holds(batches []store.Batch, h *observing) bool {
	now := kinds(batches)
	for id, was := range l.batches {
		if now[id] != was {
			return false
		}
	}
	for i := range batches {
		b := &batches[i]
		if _, had := l.batches[b.ID]; had {
			continue
		}
		switch {
		case b.Moved > 0 || b.Kind != evidence.Dispositions && b.Updated > 0:
			return false
		case b.Kind == evidence.Dispositions:
			continue // labels move no chain
		case b.First.IsZero():
			return false
		}
		l.marks = slices.DeleteFunc(l.marks, func(m mark) bool { return m.at.After(b.First) })
	}
	l.marks = slices.DeleteFunc(l.marks, func(m mark) bool { return m.signals != h.signalsBefore(m.at) })
	return len(l.marks) > 0
}

// signalsBefore is a hash of the signals of before a time.
func (h *observing) signalsBefore(at time.Time) string {
	sum := sha256.New()
	for i := range h.signals {
		o := &h.signals[i].Observation
		if !o.Time.Before(at) {
			break
		}
		write(sum, o)
	}
	return string(sum.Sum(nil))
}

func write(to hash.Hash, o *correlate.Observation) {
	fmt.Fprintf(to, "%q %d %q %q %q %q %q %q\n", o.ID, o.Time.UnixNano(), o.Sort.Signal, o.Sort.Techniques, o.Sort.Tactics, o.Site, o.Entity, o.Fields)
}

// begin returns a run that goes on from the last mark, and from when: without one, a new run.
func (l *lookback) begin(c *Correlation) (*engineRun, time.Time) {
	for n := len(l.marks) - 1; n >= 0; n-- {
		m := &l.marks[n]
		if st, err := correlate.Load(c.Plan, correlate.Limits{}, m.state); err == nil {
			return &engineRun{st, slices.Clone(m.found)}, m.at
		}
		l.marks = l.marks[:n]
	}
	return newRun(c.Plan), time.Time{}
}

// leave leaves a mark behind, where the next observation is of that time or later.
func (l *lookback) leave(r *engineRun, h *observing, at time.Time) {
	if state := r.state.Save(); len(state) <= mostMark {
		l.marks = append(l.marks, mark{at, h.signalsBefore(at), state, slices.Clone(r.found)})
	}
	if over := len(l.marks) - lookedBack; over > 0 {
		l.marks = slices.Delete(l.marks, 0, over)
	}
}

// due are the beginnings of the last days of the window, those after a time.
func (h *observing) due(after time.Time) (list []time.Time) {
	end := h.end()
	for back := lookedBack; back > 0; back-- {
		if at := end.AddDate(0, 0, -back); at.After(after) {
			list = append(list, at)
		}
	}
	return list
}

// end is the beginning of the day after the window.
func (h *observing) end() time.Time { return h.window.To.Add(1).Time() }

// first is the day that a run reads first which goes on from a time.
func (h *observing) first(from time.Time) day.Date { return max(h.window.From, day.Of(from)) }
