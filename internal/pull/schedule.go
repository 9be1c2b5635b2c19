package pull

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"candor/internal/crew"
	"candor/internal/fault"
)

// Status is how the pulls of a source stand.
type Status struct {
	Name    string   `json:"name"`
	Product string   `json:"product"`
	Address string   `json:"address"`
	Parts   []string `json:"parts"`
	Every   string   `json:"every"`
	// State is one of States.
	State string `json:"state"`
	// Tried and Succeeded are the times of the last pull, and of the last one that
	// collected all it asked for.
	Tried     time.Time `json:"tried,omitzero"`
	Succeeded time.Time `json:"succeeded,omitzero"`
	// Next is the earliest time of the next pull by a server.
	Next time.Time `json:"next,omitzero"`
	// Failed says what the last pull met, and Failing since when none succeeded.
	Failed  string    `json:"failed,omitempty"`
	Failing time.Time `json:"failing,omitzero"`
	// Records is how many records pulls of it brought or changed in all.
	Records int64 `json:"records"`
	// Collected is up to when each part was collected.
	Collected map[string]time.Time `json:"collected,omitempty"`
	// Pulling says that it is being pulled now, by this process.
	Pulling bool `json:"pulling,omitempty"`
	// Ended is when the last pull ended, and Last what came of each part of it.
	Ended time.Time    `json:"ended,omitzero"`
	Last  []PulledPart `json:"last,omitempty"`
}

// The states of a source.
const (
	Never   = "never pulled"
	Works   = "answers"
	Partly  = "incomplete" // the last pull did not collect all
	Stopped = "stopped"    // none succeeded for a day, and for three times the time between two
	Refused = "not pulled" // how far it had come cannot be read, or is of another source
)

// States lists the states of a source.
func States() []string { return []string{Never, Works, Partly, Stopped, Refused} }

// Status says how the pulls of a source stand.
func (s *Service) Status(of *Source) Status {
	out := s.nothing(of)
	st, err := s.State(of)
	if err != nil {
		out.State, out.Failed = Refused, err.Error()+": "+fault.HintOf(err)
		return out
	}
	out.Tried, out.Succeeded, out.Failed, out.Failing, out.Records = st.Tried, st.Succeeded, st.Failed, st.Failing, st.Records
	out.Ended, out.Last = st.Ended, slices.Clone(st.Last)
	for _, p := range of.Parts {
		if c := st.Parts[p.Name]; c != nil {
			out.Collected[p.Name] = c.To
		}
	}
	switch {
	case st.Tried.IsZero(), st.Succeeded.IsZero() && st.Failed == "": // or its first pull is not at its end
	case st.Failed == "":
		out.State = Works
	case s.Now().Sub(st.Failing) > max(3*of.Every, 24*time.Hour):
		out.State = Stopped
	default:
		out.State = Partly
	}
	if !st.Tried.IsZero() {
		out.Next = due(st, of)
	}
	return out
}

// nothing is the status of a source of which is not known whether it ever answered.
func (s *Service) nothing(of *Source) Status {
	out := Status{Name: of.Name, Product: of.Product.Name, Address: of.Addresses[""], Every: shown(of.Every), State: Never, Parts: []string{}, Collected: map[string]time.Time{}}
	for _, p := range of.Parts {
		out.Parts = append(out.Parts, p.Name)
	}
	_, out.Pulling = s.busy.Load(of.Name)
	return out
}

// due is when a source is to be asked again: the zero time for one that never was.
func due(st *State, of *Source) time.Time {
	if st.Tried.IsZero() {
		return time.Time{}
	}
	next := st.Tried.Add(of.Every)
	if st.Later.After(next) {
		return st.Later
	}
	return next
}

// watching is the pulling of the sources of a book.
type watching struct {
	*Service
	book *Book
	in   Adder
	tell func(name string, err error)
	all  crew.Workers

	mu      sync.Mutex
	running map[string]bool
	// valid ends when another configuration holds, so that nobody waits as the last one said.
	valid context.Context
	over  context.CancelFunc
}

// renew has what the book says now hold from here on.
func (w *watching) renew(ctx context.Context) {
	valid, over := context.WithCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over != nil {
		defer w.over()
	}
	w.valid, w.over = valid, over
	for _, of := range w.book.Sources() {
		if !w.running[of.Name] {
			w.running[of.Name] = true
			w.all.Go(func() { w.watch(ctx, of.Name) })
		}
	}
}

// source returns what the book says of a source, and a context that ends with that; no
// source where it says nothing any more, and then nobody runs for it.
func (w *watching) source(name string) (*Source, context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := w.book.find(name)
	if of == nil {
		delete(w.running, name)
	}
	return of, w.valid
}

// pause is how long is waited at least between two pulls of a source, whatever it says.
const pause = 10 * time.Second

func (w *watching) watch(ctx context.Context, name string) {
	for ctx.Err() == nil {
		of, valid := w.source(name)
		if of == nil {
			return
		}
		left, err := w.left(of)
		if err != nil {
			w.tell(name, err)
		}
		if w.Wait(valid, left) != nil {
			continue
		}
		if err == nil {
			err = crew.Do(func() error { _, err := w.Pull(ctx, of, w.in, Options{}); return err })
			if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) && fault.KindOf(err) != fault.Conflict {
				w.tell(name, err)
			}
		}
		_ = w.Wait(valid, pause) // ended before, the source is asked when it is due all the same
	}
}

// left is how long is waited until a source is asked.
func (w *watching) left(of *Source) (time.Duration, error) {
	st, err := w.State(of)
	if err != nil {
		return of.Every, err
	}
	at := due(st, of)
	if at.IsZero() {
		return 0, nil
	}
	// Sources that were begun together are not asked together for ever.
	jitter := time.Duration(rand.Int64N(int64(of.Every)/10 + 1))
	return max(at.Add(jitter).Sub(w.Now()), 0), nil
}
